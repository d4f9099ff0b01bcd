"""What a setting asks: which rows are tested, among which relations, and which of those must be unseen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from zslre.datasets.formats import read_dataset
from zslre.datasets.labels import read_known, relations_of
from zslre.datasets.splits import Split, is_test_row, normal_text
from zslre.exceptions import InputError
from zslre.meanings import training_leaks
from zslre.relations import Relation, RelationSet
from zslre.types import Example


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
    strict: bool = False,
) -> Dataset:
    """The rows of files; what relations their labels mean, `relations_of` says.

    If `strict`, a label that `relations` lack makes a row a bad one. Raises InputError for files in which no row has a
    relation.
    """
    read: Callable[..., Iterable[Example]] = read_dataset
    if strict and relations is not None:
        read = partial(read_known, relations=relations)
    examples = [example for path in paths for example in read(path, on_bad=on_bad)]
    found = relations_of((e.relation for e in examples if e.relation is not None), relations)
    examples = [e if e.relation is None else replace(e, relation=found[e.relation].name) for e in examples]
    name = " + ".join(path.name for path in paths)
    if not found:
        raise InputError(f"{name}: no row has a relation, so that there is nothing to test or to train on")
    return Dataset(name, tuple(examples), RelationSet(dict.fromkeys(found.values())))


def make_task(setting: str, data: Dataset, split: Split | None, *, row_split: bool) -> Task:
    """The task of a setting; `split` chooses the unseen relations, by default all of the data are.

    `row_split`: rows of seen relations come from the fixed fifth that is kept for tests. Rows without a relation are
    asked in the supervised setting and in extraction, where a model may find that there is none. In the combined
    setting, relations that mean an unseen one or its inverse are neither seen nor unseen, and are left out.
    Raises InputError where rows or relations are missing, and where one relation is all that there is to choose from.
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
        # Not unseen, and no training may see them: an unseen relation under another name, or its inverse.
        neither = training_leaks(unseen, data.relations) - names
        relations = data.relations.without(neither)
        asked = set(relations.names)
        if asked == names:
            raise InputError("every other relation means the same as an unseen one, or its inverse: none is seen")
        kept = tuple(
            e
            for e in examples
            if e.relation in asked and (e.relation in names or not row_split or is_test_row(e.sentence.text))
        )
        return _checked(Task(setting, kept, relations, tuple(unseen)))
    kept = tuple(examples) if setting == "extraction" else tuple(e for e in examples if e.relation in names)
    return _checked(Task(setting, kept, unseen, tuple(unseen)))


def check_not_tested(shown: Dataset, data: Dataset) -> None:
    """Raise InputError if an example that is shown to the model has a text that is tested."""
    tested = {normal_text(example.sentence.text) for example in data.examples}
    both = [example.sentence.text for example in shown.examples if normal_text(example.sentence.text) in tested]
    if both:
        raise InputError(
            f"{shown.name}: {len(both)} of {len(shown.examples)} examples have a text that {data.name} has as well "
            f"({both[0]!r:.60}): what is shown must not be tested, leave them out"
        )


def without_unseen(task: Task, data: Dataset, names: Collection[str], *, row_split: bool) -> Task:
    """The task without these of its unseen relations. Raises InputError if none is left."""
    left = tuple(relation.name for relation in task.unseen if relation.name not in names)
    if not left:
        raise InputError(
            "the model has seen every relation that is to be unseen: nothing is left to test. Train one without them "
            "(--train), test others, or say that they may be seen (--allow-seen)"
        )
    if task.setting == "combined":  # else they would be asked about as seen ones
        gone = {relation.name for relation in task.unseen} - set(left)
        rows = tuple(e for e in data.examples if e.relation not in gone)
        data = Dataset(data.name, rows, data.relations.without(gone))
    return make_task(task.setting, data, Split("left", left), row_split=row_split)


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
    # Extraction finds none in most pairs, episodes are checked when they are known, and rows without a relation can be
    # rejected: else the one answer is right, whatever the model.
    choosing = task.setting == "zero-shot" or (task.setting == "supervised" and all(e.relation for e in task.examples))
    if choosing and len(task.relations) == 1:
        raise InputError(
            f"{task.relations.names[0]!r} is the only relation left to choose in the {task.setting} setting, and every "
            "answer would be right: test two at least"
        )
    return task
