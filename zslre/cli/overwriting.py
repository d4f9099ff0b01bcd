"""Keeping what a command reads from being overwritten by what it writes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zslre.documents import STDIN, SUFFIXES
from zslre.exceptions import InputError


def refuse_overwriting(output: str | Path | None, paths: Iterable[str | Path]) -> None:
    """Raise InputError where the output is one of the files, or lies where it would be read in one of the folders."""
    if output is None:
        return
    target = Path(output).resolve()
    for path in paths:
        source = Path(path).resolve()
        inside = source.is_dir() and source in target.parents and target.suffix.lower() in SUFFIXES
        if path != STDIN and (source == target or inside):
            raise InputError(f"{output}: the output lies in the input {path}: give another file to -o")
