"""The runs that one `zslre evaluate` asks for: a split, a seed, a model and options each."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zslre.datasets.splits import Split
    from zslre.evaluation.runs import RunOptions
    from zslre.evaluation.tasks import Dataset, Task
    from zslre.types import Example


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A split and a seed, the model for them, in whose place --train puts another, and what is asked."""

    split: Split | None
    seed: int
    model: Path
    task: Task
    row_split: bool
    options: RunOptions


def planned_runs(
    args: argparse.Namespace, data: Dataset, train: Dataset | None, shown: tuple[Example, ...]
) -> list[Run]:
    """Every split with every seed. Raises InputError where one cannot be asked, before the first is trained for."""
    from zslre.evaluation.scenarios import check_episodes
    from zslre.evaluation.tasks import make_task
    from zslre.serialization import read_config

    same_files = bool({path.resolve() for path in args.data} & {path.resolve() for path in args.train or ()})
    runs = []
    for split, seed, model in _choices(args, data):
        options = replace(_run_options(args, seed), shown=shown)
        begun = train is None or args.model is not None
        row_split = (train is not None and same_files) or (begun and bool(read_config(model).get("row_split")))
        task = make_task(args.setting, data, split, row_split=row_split)
        if args.setting == "few-shot" and not args.drop_seen:  # which may leave out relations with few rows
            check_episodes(task, options.episodes)
        runs.append(Run(split, seed, model, task, row_split, options))
    return runs


def _choices(args: argparse.Namespace, data: Dataset) -> Iterator[tuple[Split | None, int, Path]]:
    """Every split with every seed, and the model for it."""
    from zslre.datasets.splits import published_split, random_split
    from zslre.serialization import BUILTIN

    models = args.model if args.model is not None else [BUILTIN]
    seeds = args.seeds if args.seeds is not None else [0]
    splits = [published_split(name) for name in args.split] if args.split is not None else [None]
    for seed in seeds:
        if args.unseen is not None:
            yield random_split(data.relations.names, args.unseen, seed), seed, models[0]
        else:
            of_each = models if len(models) > 1 else models * len(splits)
            yield from ((split, seed, model) for split, model in zip(splits, of_each, strict=True))


def _run_options(args: argparse.Namespace, seed: int) -> RunOptions:
    from zslre.evaluation.runs import RunOptions
    from zslre.evaluation.scenarios import EpisodeSettings
    from zslre.paths import cache_dir

    given = {name: getattr(args, name) for name in ("n_way", "k_shot", "episodes", "na_rate")}
    chosen = {name: value for name, value in given.items() if value is not None}
    return RunOptions(
        seed=seed,
        threshold=args.threshold,
        episodes=EpisodeSettings(**chosen, side_information=not args.no_side_info),
        transductive=bool(args.transductive),
        predicted_mentions=args.mentions == "predicted",
        cache=cache_dir() / "vectors",
    )
