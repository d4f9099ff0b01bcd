"""The files of a run that can be resumed: what they are called, and how they are taken away."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from zslre.paths import partial_of

CHECKPOINT = "checkpoint.safetensors"
BEST = "best.safetensors"
LAYERS = "layers.safetensors"  # of a ternary student, those that are settled


def other_files(work: Path) -> list[str]:
    """Names of what lies in the folder of a run and is none of its files."""
    own = {path.name for path in _files(work)}
    return sorted(path.name for path in work.iterdir() if path.name not in own) if work.is_dir() else []


def remove(work: Path) -> None:
    """Delete a run's files, and its folder if nothing else is in it."""
    with suppress(OSError):  # the model is there; what cannot be deleted is in nobody's way
        for path in _files(work):
            path.unlink(missing_ok=True)
        work.rmdir()


def _files(work: Path) -> list[Path]:
    whole = [work / name for name in (CHECKPOINT, BEST, LAYERS)]
    return [*whole, *map(partial_of, whole)]
