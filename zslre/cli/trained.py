"""The model that `zslre evaluate --train` tests: trained now, or by an earlier run that --resume finds."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from zslre.cli.progress import Progress
from zslre.cli.training import needing_torch, watched
from zslre.exceptions import InputError
from zslre.paths import fingerprint

if TYPE_CHECKING:
    from zslre.datasets.splits import Split
    from zslre.evaluation.tasks import Dataset, Task
    from zslre.types import Example


def trained_model(
    args: argparse.Namespace,
    train: Dataset,
    task: Task,
    split: Split | None,
    seed: int,
    start: Path | None,
    *,
    row_split: bool,
    say: Callable[[str], None],
    progress: Progress,
) -> Path:
    """The folder of the model for this task, in `--work`; training goes on from `start`, or begins with a base.

    Raises InputError for a folder that is there without --resume, or was made otherwise, and for a start that has seen
    what the test calls unseen.
    """
    from zslre.evaluation.leaks import check_unseen
    from zslre.serialization import load_model, read_config

    with needing_torch("training"):
        from zslre.encoder.transformer import bf16_is_fast
        from zslre.training.run import named_weights
        from zslre.training.trainer import TrainingConfig
        from zslre.training.unseen import train_for

    name = f"{args.setting}-{split.name.replace('/', '-') if split is not None else 'all'}-seed{seed}"
    output = args.work / name
    given = {name: getattr(args, name) for name in ("steps", "learning_rate") if getattr(args, name) is not None}
    config = TrainingConfig(**given, bf16=bf16_is_fast(), seed=seed)
    made = {
        "setting": args.setting,
        "tested": list(task.relations.names),
        "test_rows": len(task.examples),
        "test_data": _fingerprint(task.examples),
        "train": train.name,
        "train_data": _fingerprint(train.examples),
        "relations": train.relations.fingerprint,
        "steps": config.steps,
        "learning_rate": config.learning_rate,
        "seed": seed,
    }
    begun: dict[str, object] = {"base": args.base, "markers": args.markers or "levitated"}
    made.update({"start": named_weights(read_config(start))} if start is not None else begun)
    if not args.resume and (output.exists() or output.with_name(output.name + ".training").exists()):
        raise InputError(f"{output} or its checkpoint exists: add --resume to use it, or choose another --work")
    if output.exists():
        if read_config(output).get("evaluation") != made:
            raise InputError(f"{output} was trained for another test or otherwise: choose another --work")
        say(f"{output}: finished before, used again")
        return Path(output)
    if start is not None:
        check_unseen(load_model(start), task.unseen)
    say(f"training {output} on {train.name}")
    keeps_apart = row_split and args.setting in ("supervised", "combined")
    with watched(progress, say) as observer:
        train_for(
            train,
            task,
            output,
            config,
            dev=split.dev if split is not None else (),
            base=args.base,
            in_text=args.markers == "text",
            start=start,
            resume=bool(args.resume),
            facts={"evaluation": made, **({"row_split": True} if keeps_apart else {})},
            observer=observer,
        )
    return Path(output)


def _fingerprint(examples: Iterable[Example]) -> str:
    return fingerprint((e.sentence.text, e.head.start, e.tail.start, e.relation) for e in examples)
