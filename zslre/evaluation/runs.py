"""One run: a model, a task and options to an `Outcome`, whatever the setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from zslre.datasets.annotated import group_examples
from zslre.encoder import FloatArray
from zslre.evaluation.extraction import extraction_outcome, with_pair_mentions
from zslre.evaluation.leaks import dev_relations
from zslre.evaluation.outcome import Outcome
from zslre.evaluation.scenarios import (
    EpisodeSettings,
    best_rejection,
    combined,
    few_shot,
    supervised,
    zero_shot,
)
from zslre.evaluation.tasks import Dataset, Task
from zslre.evaluation.vectors import encode_examples
from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.types import Example

DEV_ROWS = 100  # of each held-out relation, for choosing a threshold


@dataclass(frozen=True, slots=True)
class RunOptions:
    """`threshold` None: the model's. `shown` and `transductive`: see `zero_shot`. `predicted_mentions`: in extraction,
    those that are recognised, not the gold ones. `cache`: folder for pair vectors."""

    seed: int = 0
    threshold: float | None = None
    episodes: EpisodeSettings = field(default_factory=EpisodeSettings)
    shown: tuple[Example, ...] = ()
    transductive: bool = False
    predicted_mentions: bool = False
    cache: Path | None = None
    progress: Callable[[str], None] = lambda state: None

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise InputError(f"threshold must lie in [0, 1], got {self.threshold}")


def run_task(extractor: RelationExtractor, task: Task, options: RunOptions, *, dev: Dataset | None = None) -> Outcome:
    """The outcome of a task.

    Where episodes ask for rejection and no threshold is given, it is chosen on episodes of the `dev_relations` of
    `dev`, if that is given: the model's own one is for sentences in which most pairs have no relation.
    """

    def encode(examples: Sequence[Example]) -> FloatArray:
        return encode_examples(
            extractor.encoder,
            extractor.packer,
            examples,
            folder=options.cache,
            on_pairs=lambda done, of: options.progress(f"encoded {done} of {of} pairs"),
        )

    rng = np.random.default_rng(options.seed)
    threshold = options.threshold
    if threshold is None:
        threshold = extractor.threshold if task.setting == "extraction" else extractor.pair_threshold
    if task.setting == "zero-shot":
        return zero_shot(extractor, task, encode, shown=options.shown, transductive=options.transductive)
    if task.setting == "supervised":
        return supervised(extractor, task, encode, threshold)
    if task.setting == "combined":
        return combined(extractor, task, encode, rng)
    if task.setting == "few-shot":
        chosen_by: list[str] = []
        in_episodes = partial(
            few_shot,
            extractor,
            on_episode=lambda done: options.progress(f"episode {done} of {options.episodes.episodes}"),
        )
        if options.threshold is None and options.episodes.na_rate > 0 and dev is not None:
            chosen_by = dev_relations(extractor, dev.relations, task.relations)
            others = dev_task(dev, chosen_by)
            n_way = min(options.episodes.n_way, len(others.relations) - 1)
            settings = replace(options.episodes, n_way=n_way)
            of_others = [example for example in options.shown if example.relation in chosen_by]
            tried = in_episodes(others, encode, settings, 0.0, np.random.default_rng(0), shown=of_others)
            threshold = best_rejection(tried)
        outcome = in_episodes(task, encode, options.episodes, threshold, rng, shown=options.shown)
        return replace(outcome, details={**outcome.details, "threshold_by": chosen_by}) if chosen_by else outcome
    sentences = [with_pair_mentions(annotated) for annotated in group_examples(task.examples)]
    return extraction_outcome(
        extractor.with_relations(task.relations),
        sentences,
        threshold=threshold,
        detect=extractor.detector.detect if options.predicted_mentions else None,
        on_sentence=lambda done: options.progress(f"sentence {done} of {len(sentences)}"),
    )


def dev_task(data: Dataset, names: Sequence[str]) -> Task:
    """Episodes of these relations' first rows. Raises InputError unless there are two relations at least."""
    if len(names) < 2:
        raise InputError(
            f"{data.name}: has fewer than two relations beside the tested ones, too few to choose a threshold: "
            "give one (--threshold), or other files"
        )
    counts = dict.fromkeys(names, 0)
    rows = []
    for example in data.examples:
        if example.relation is not None and counts.get(example.relation, DEV_ROWS) < DEV_ROWS:
            counts[example.relation] += 1
            rows.append(example)
    return Task("few-shot", tuple(rows), data.relations.select(names), ())
