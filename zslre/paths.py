"""Where zslre keeps what it can make again (the cache folder), how files are read and replaced, and whether files and
data are what they should be."""

from __future__ import annotations

import glob
import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from zslre.exceptions import InputError

if TYPE_CHECKING:
    import numpy as np


def cache_dir() -> Path:
    """The cache folder: `$ZSLRE_CACHE` if set, else `zslre` in the platform's place for caches. It is not created."""
    if chosen := os.environ.get("ZSLRE_CACHE"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base) / "zslre" if base else Path.home() / "AppData" / "Local" / "zslre"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "zslre"
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(base) / "zslre" if base else Path.home() / ".cache" / "zslre"


def partials_of(path: str | Path) -> list[Path]:
    """What processes that were killed while they wrote a file have left beside it."""
    place = Path(path).resolve()
    return sorted(place.parent.glob(f"{glob.escape(_begin(place))}*.partial"))


@contextmanager
def aside(path: str | Path) -> Iterator[Path]:
    """The place to write a file at, which is renamed to `path` if the block ends well, and else removed.

    Whoever reads `path` meanwhile, or after a failure, sees the old file. Links stay links, and permissions are kept.
    """
    place = Path(path).resolve()  # beside what a link leads to
    # A name that nobody has; the block makes the file, for tempfile's could be read by its owner alone.
    partial = place.with_name(f"{_begin(place)}{secrets.token_hex(4)}.partial")
    try:
        yield partial
        if place.exists():
            shutil.copymode(place, partial)
        partial.replace(place)
    finally:
        with suppress(OSError):  # gone in most cases
            partial.unlink()


def _begin(place: Path) -> str:
    return f".{place.name[:40]}."  # a file's name may have 255 bytes


@contextmanager
def opened(path: str | Path, *, give: str) -> Iterator[TextIO]:
    """A UTF-8 file to read. Raises InputError for one that cannot be read or is none, and says what to `give`."""
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            yield file
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give {give}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 ({error}); convert it, for instance with iconv") from error


def keep_array(array: np.ndarray, path: Path) -> None:
    """Write to the cache, aside and renamed. What cannot be written is no error: the next run takes its time again."""
    import numpy as np

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside(path) as partial, partial.open("wb") as file:
            np.save(file, array)
    except OSError:
        return


def sha256(path: Path) -> str:
    """Of a file's content, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def fingerprint(parts: Iterable[object]) -> str:
    """A few digits that differ where the parts do, by how these print."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr(part).encode())
    return digest.hexdigest()[:12]
