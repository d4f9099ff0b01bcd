"""The files of a run that can be resumed: what they are called, and how they are taken away."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from zslre.paths import partials_of

CHECKPOINT = "checkpoint.safetensors"
BEST = "best.safetensors"
LAYERS = "layers.safetensors"  # of a ternary student, those that are settled


def other_files(work: Path) -> list[str]:
    """Names of what lies in the folder of a run and is none of its files, nor left by the system (.DS_Store)."""
    own = {path.name for path in _files(work)}
    found = [path.name for path in work.iterdir()] if work.is_dir() else []
    return sorted(name for name in found if name not in own and not name.startswith("."))


def remove(work: Path) -> None:
    """Delete a run's files, and its folder if nothing else is in it."""
    with suppress(OSError):  # the model is there; what cannot be deleted is in nobody's way
        for path in _files(work):
            path.unlink(missing_ok=True)
        work.rmdir()


def _files(work: Path) -> list[Path]:
    whole = [work / name for name in (CHECKPOINT, BEST, LAYERS)]
    partials = [partial for path in whole for partial in partials_of(path)]
    killed = work.glob(".tmp??????")  # what safetensors, killed as it writes, leaves
    return [*whole, *partials, *killed]
