"""Relation-set files as plain data: JSON or TOML text to and from lists of entries. Meaning is relations.py's job."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from zslre.exceptions import InputError
from zslre.paths import aside

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Entry = Mapping[str, object]
SUFFIXES = (".json", ".toml")


def read(path: str | os.PathLike[str]) -> object:
    """What the file holds, as Python data. Raises InputError naming the file, and the line where there is one."""
    path = Path(path)
    _check_suffix(path, "read")
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; give the path of a relation set (.json or .toml)") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from error
    try:
        if path.suffix.lower() == ".json":
            return json.loads(text, object_pairs_hook=_without_repeats)
        return tomllib.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: not valid JSON ({error.msg}); correct that line") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}; correct that line") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except RecursionError:
        raise InputError(f"{path}: nested too deeply for a relation set; give a list of relations") from None
    except ValueError as error:  # a number of too many digits
        raise InputError(f"{path}: cannot be read ({error}); correct it") from error


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises InputError if `write` would refuse the path: to be asked before long work."""
    path = Path(path)
    _check_suffix(path, "write")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}; create it first")


def write(entries: Sequence[Entry], path: str | os.PathLike[str]) -> None:
    """Write `entries` as JSON or TOML, whichever the path's suffix says. Raises InputError when it cannot.

    Whoever reads the file meanwhile, or after a failure, has the old one. A TOML file's comments are not kept.
    """
    path = Path(path)
    _check_suffix(path, "write")
    text = to_json(entries) if path.suffix.lower() == ".json" else to_toml(entries)
    try:
        with aside(path) as partial:
            partial.write_bytes(text.encode("utf-8"))  # bytes: no line-end translation
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); check the folder and its permissions"
        ) from error


def to_json(entries: Sequence[Entry]) -> str:
    """One relation a line, so that a change to one relation is one line of a diff."""
    lines = ",\n".join("  " + json.dumps(entry, ensure_ascii=False) for entry in entries)
    return f'{{"relations": [\n{lines}\n]}}\n'


def to_toml(entries: Sequence[Entry]) -> str:
    """The entries as [[relations]] tables.

    >>> print(to_toml([{"name": "owned by", "synonyms": ["belongs to"]}]), end="")
    [[relations]]
    name = "owned by"
    synonyms = ["belongs to"]
    """
    tables = ["".join(f"{key} = {_toml_value(value)}\n" for key, value in entry.items()) for entry in entries]
    return "\n".join(f"[[relations]]\n{table}" for table in tables)


def _toml_value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return "[\n" + "".join(f"  {_toml_value(item)},\n" for item in value) + "]"
    # TOML's strings, arrays and booleans are JSON's, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _check_suffix(path: Path, verb: str) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path}: cannot {verb} a relation set here; the file name must end in .json or .toml")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object's members; the json module would keep the last of two equal keys and say nothing."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(f"the key {key!r} stands twice in one object; remove or rename one")
        found[key] = value
    return found
