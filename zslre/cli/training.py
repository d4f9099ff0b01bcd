"""What the verbs that train have in common: options, the place of checkpoints, and a run that Ctrl-C ends in order."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zslre.cli.numbers import positive, whole
from zslre.cli.progress import Progress
from zslre.cli.stopping import stop_after_step
from zslre.exceptions import InputError, MissingDependencyError
from zslre.training.checkpoints import other_files, remove
from zslre.training.observer import Observer

MARKER_PLACES = ("levitated", "text")
MARKERS_HELP = (
    "of head and tail: levitated, so that a sentence is read once for all its pairs (the default), or in the text, "
    "which takes a pass for each pair and suits large encoders such as all-mpnet-base-v2"
)


def add_training_options(parser: argparse.ArgumentParser, *, eval_every: int) -> None:
    """Add the options that `zslre train` and `zslre distill` share."""
    parser.add_argument("--eval-every", type=positive, default=eval_every, metavar="STEPS", help="default: %(default)s")
    parser.add_argument("--no-bf16", action="store_true", help="compute in float32 even where the CPU has bfloat16")
    parser.add_argument("--seed", type=whole, default=0, help="default: %(default)s")
    parser.add_argument("--threads", type=positive, help="CPU threads (default: all)")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    parser.add_argument("--skip-bad", action="store_true", help="report rows that cannot be used and go on")
    noise = parser.add_mutually_exclusive_group()
    noise.add_argument("-q", "--quiet", action="store_true", help="no progress")
    noise.add_argument("-v", "--verbose", action="store_true", help="each step's loss, in log files too")


def check_output(output: Path) -> None:
    """Raise InputError where a model would be written over something, or has a name that model files cannot hold."""
    try:
        os.path.realpath(output).encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"{str(output)!r} is no name in UTF-8: choose another place for the model") from error
    if output.exists():
        raise InputError(f"{output} exists already: choose another place for the model, or delete it")


def data_names(paths: Iterable[Path]) -> list[str]:
    """Names of files for config.json, which is UTF-8; where a name is not, a sign stands for what is none."""
    return [os.fsencode(path.name).decode("utf-8", errors="replace") for path in paths]


def checkpoint_folder(args: argparse.Namespace) -> Path:
    """Beside the output; raises InputError where a run was stopped and is not to be resumed, or other files lie."""
    work: Path = args.output.with_name(args.output.name + ".training")
    if other_files(work):
        raise InputError(
            f"{work} is where checkpoints go, and holds other files ({', '.join(other_files(work)[:3])}): move it, or "
            "choose another place for the model"
        )
    if work.exists() and not args.resume:
        raise InputError(f"{work} holds a run that was stopped: add --resume to go on with it, or delete the folder")
    return work


@contextmanager
def needing_torch(what: str, instead: str = "") -> Iterator[None]:
    """Imports that are part of the `train` extra; raises MissingDependencyError where it is not installed."""
    try:
        yield
    except ImportError as error:
        raise MissingDependencyError(
            f"{what} needs torch and transformers ({error}): pip install 'zslre[train]'{instead}"
        ) from error


def loop_settings(args: argparse.Namespace) -> dict[str, Any]:
    """The fields of a `LoopConfig` that options set; sets torch's threads as well."""
    import torch

    from zslre.encoder.transformer import bf16_is_fast

    if args.threads is not None:
        torch.set_num_threads(args.threads)
    given = {name: getattr(args, name) for name in ("steps", "learning_rate", "eval_every", "seed")}
    return {**given, "bf16": bf16_is_fast() and not args.no_bf16}


@contextmanager
def watched(progress: Progress, say: Callable[[str], None]) -> Iterator[Observer]:
    """A run inside shows its steps; the first Ctrl-C lets it finish one and write a checkpoint."""
    with stop_after_step() as stopped:
        try:
            yield Observer(say, lambda state: progress.update(lambda: state), stopped)
        finally:
            progress.clear()


def finish(output: Path, work: Path, say: Callable[[str], None]) -> int:
    """Delete the checkpoints of a run that is done, and say where the model is; returns the exit status."""
    remove(work)
    say(f"the model is in {output}: zslre predict -m {output} FILE")
    return 0
