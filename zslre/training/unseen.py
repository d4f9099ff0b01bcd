"""A model for a test: trained on all that gives nothing of the test away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zslre.datasets.annotated import examples_of, group_examples
from zslre.datasets.splits import normal_text
from zslre.evaluation.leaks import seen_in_training
from zslre.evaluation.tasks import Dataset, Task
from zslre.exceptions import InputError
from zslre.serialization import load_model, read_config
from zslre.training.checkpoints import remove
from zslre.training.observer import Observer
from zslre.training.run import train_model
from zslre.training.sources import without_leaks
from zslre.training.trainer import TrainingConfig
from zslre.types import Example

HELD_OUT = 5  # relations that choose the model where a split names none, as zero-shot papers have it


def fit_for_training(data: Dataset, task: Task) -> list[Example]:
    """The rows of `data` without the task's sentences, and without its unseen relations and their inverses.

    Raises InputError if no labelled row is left.
    """
    texts = {normal_text(example.sentence.text) for example in task.examples}
    kept = without_leaks(group_examples(data.examples), data.relations, task.unseen, texts)
    examples = list(examples_of(kept))
    if not any(example.relation is not None for example in examples):
        raise InputError(f"{data.name}: nothing is left to train on without what the test must not have seen")
    return examples


def train_for(
    data: Dataset,
    task: Task,
    output: Path,
    config: TrainingConfig,
    *,
    dev: Sequence[str],
    base: str | None,
    in_text: bool,
    start: Path | None = None,
    resume: bool,
    facts: Mapping[str, Any],
    observer: Observer,
) -> None:
    """Train for `task` and write a model folder to `output`; while it lasts, checkpoints lie beside it.

    The relations of `dev` (names or ids), as far as they may be trained on at all, choose the model; where there are
    none, those that chose the model to `start` from do, or up to `HELD_OUT` drawn ones. Seen relations that the test
    asks for are trained on in any case.
    """
    examples = fit_for_training(data, task)
    free = {example.relation for example in examples if example.relation is not None} - set(task.relations.names)
    if start is not None and not dev:
        dev = read_config(start).get("held_out", {}).get("checkpoint", ())
    chosen = sorted({found.name for key in dev if (found := data.relations.get(key)) is not None} & free)
    if not chosen:
        if start is not None:
            free -= set(seen_in_training(load_model(start), data.relations))
        count = min(HELD_OUT, len(free) // 5)
        count = count if count > 1 else 0  # among one relation each pair's is found
        drawn = np.random.default_rng(config.seed).choice(sorted(free), count, replace=False)
        chosen = sorted(map(str, drawn))
    work = output.with_name(output.name + ".training")
    train_model(
        examples,
        data.relations,
        output,
        config,
        base=base,
        in_text=in_text,
        start=start,
        hold_out=chosen,
        work=work,
        resume=resume,
        facts={"data": [data.name], **facts},
        observer=observer,
    )
    remove(work)
