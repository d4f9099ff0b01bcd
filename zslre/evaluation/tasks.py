"""What a setting asks: which rows are tested, among which relations, and which of those must be unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zslre.datasets.formats import read_dataset
from zslre.datasets.labels import relation_of
from zslre.datasets.splits import Split, is_test_row
from zslre.exceptions import InputError
from zslre.relations import Relation, RelationSet
from zslre.types import Example

SETTINGS = ("zero-shot", "few-shot", "supervised", "combined", "extraction")
UNSEEN_SETTINGS = ("zero-shot", "few-shot", "combined", "extraction")  # those that a split chooses relations for


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Rows of some files, labelled with the names of `relations`, which are all that occur, in order of first row."""

    name: str
    examples: tuple[Example, ...]
    relations: RelationSet


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """The rows that are asked, and the candidates for each; `unseen`: those a model must not have been trained on."""

    setting: str
    examples: tuple[Example, ...]
    relations: RelationSet
    unseen: tuple[Relation, ...]


def read_labelled(
    paths: Sequence[Path],
    relations: RelationSet | None,
    *,
    on_bad: Callable[[InputError], None] | None = None,
    read: Callable[..., Iterable[Example]] = read_dataset,
) -> Dataset:
    """The rows of files; a label is looked up, by name or id, in `relations`, then in the catalogue, else it is a name.

    Raises InputError for files in which no row has a relation.
    """
    found: dict[str, Relation] = {}
    examples = []
    for path in paths:
        for example in read(path, on_bad=on_bad):
            if example.relation is not None:
                if example.relation not in found:
                    found[example.relation] = relation_of(example.relation, relations)
                example = replace(example, relation=found[example.relation].name)
            examples.append(example)
    name = " + ".join(path.name for path in paths)
    if not found:
        raise InputError(f"{name}: no row has a relation, so that there is nothing to test or to train on")
    return Dataset(name, tuple(examples), RelationSet(dict.fromkeys(found.values())))


def make_task(setting: str, data: Dataset, split: Split | None, *, row_split: bool) -> Task:
    """The task of a setting; `split` chooses the unseen relations, by default all of the data are.

    `row_split`: rows of seen relations come from the fixed fifth that is kept for tests. Rows without a relation are
    asked in the supervised setting and in extraction, where a model may find that there is none.
    Raises InputError where rows or relations are missing.
    """
    unseen = _chosen(data, split) if split is not None else data.relations
    names = set(unseen.names)
    examples: Iterable[Example] = data.examples
    if setting == "supervised":
        kept = tuple(e for e in examples if not row_split or is_test_row(e.sentence.text))
        return _checked(Task(setting, kept, data.relations, ()))
    if setting == "combined":
        if split is None or len(unseen) == len(data.relations):
            raise InputError(
                "the combined setting needs seen relations beside the unseen ones: choose those by a split"
            )
        kept = tuple(
            e
            for e in examples
            if e.relation is not None and (e.relation in names or not row_split or is_test_row(e.sentence.text))
        )
        return _checked(Task(setting, kept, data.relations, tuple(unseen)))
    kept = tuple(examples) if setting == "extraction" else tuple(e for e in examples if e.relation in names)
    return _checked(Task(setting, kept, unseen, tuple(unseen)))


def _chosen(data: Dataset, split: Split) -> RelationSet:
    missing = [key for key in split.test if data.relations.get(key) is None]
    if missing:
        raise InputError(
            f"split {split.name} tests {', '.join(missing)}, of which {data.name} has no rows: give the files "
            "that hold them (FewRel's splits are of train_wiki.json and val_wiki.json together)"
        )
    return data.relations.select(split.test)


def _checked(task: Task) -> Task:
    if not any(example.relation is not None for example in task.examples):
        raise InputError(f"no row is left to test in the {task.setting} setting: give more data")
    return task
