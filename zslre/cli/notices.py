"""What is said of labelled data and of a model beside figures, because users may not expect it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from zslre.cli.progress import counted

if TYPE_CHECKING:
    from zslre.evaluation.tasks import Dataset

# What other formats write where our JSON Lines have null; in words, without underscores.
NONE_NAMES = ("na", "n/a", "nil", "none", "null", "no relation", "other")


def none_names(names: Iterable[str], say: Callable[[str], None]) -> None:
    """Say which relations have a name that means none elsewhere: each is a relation like any other."""
    found = [name for name in names if name.casefold().replace("_", " ") in NONE_NAMES]
    if found:
        say(f"taken for relations like any other: {', '.join(found)}; for pairs without any write null")


def about_data(data: Dataset, setting: str, say: Callable[[str], None]) -> None:
    """Say which relations are known by name alone or seem to mean none, and how many rows this setting leaves out."""
    bare = [relation.name for relation in data.relations if not relation.description and not relation.side]
    if bare:
        say(f"known by name alone, which a relation file (-r) would change: {', '.join(bare)}")
    none_names(data.relations.names, say)
    without = sum(example.relation is None for example in data.examples)
    if without and setting == "supervised":
        say(f"{counted(without, 'row')} without a relation: any row that scores below the threshold counts as rejected")
    elif without and setting != "extraction":
        say(f"{counted(without, 'row')} without a relation left out: {setting} asks which relation a pair has")


def trained_on(model: Path, paths: Iterable[Path], say: Callable[[str], None]) -> None:
    """Say which of these files have the name of one that the model was trained on, unless it kept rows for tests."""
    from zslre.serialization import read_config

    config = read_config(model)
    same = [path.name for path in paths if path.name in config.get("data", ())]
    if same and not config.get("row_split"):
        name = config.get("name", "the model")
        say(f"{name} was trained on a file of this name: {', '.join(same)}; rows that it has seen flatter it")
