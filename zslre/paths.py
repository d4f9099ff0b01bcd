"""Where zslre keeps what it can make again (the cache folder), and whether files and data are what they should be."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

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


def keep_array(array: np.ndarray, path: Path) -> None:
    """Write to the cache, aside and renamed. What cannot be written is no error: the next run takes its time again."""
    import numpy as np

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        np.save(partial, array)
        partial.replace(path)
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
