"""From the labels of a dataset to relations: a relation set's, the catalogue's, or what the label itself says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from zslre.datasets.formats import read_dataset
from zslre.datasets.rows import OnBad, numbered_lines
from zslre.exceptions import InputError
from zslre.freebase import readable_name
from zslre.relation import in_words, suggestion
from zslre.relations import Relation, RelationSet, SideInformation, catalogue
from zslre.types import Example


def relations_of(labels: Iterable[str], relations: RelationSet | None = None) -> dict[str, Relation]:
    """For each label the relation with this name or id, of `relations` or the catalogue; else `readable_relation`.

    Labels whose readable name is that of another relation here keep the label for a name.

    >>> found = relations_of(["P26", "/business/company/founders", "/organization/company/founders"])
    >>> [relation.name for relation in found.values()]
    ['spouse', '/business/company/founders', '/organization/company/founders']
    """
    sets = (relations, catalogue()) if relations is not None else (catalogue(),)
    found = {label: next((r for known in sets if (r := known.get(label)) is not None), None) for label in labels}
    made = {label: readable_relation(label) for label, relation in found.items() if relation is None}
    known = {label: relation for label, relation in found.items() if relation is not None}
    shared = Counter(key for relation in {*known.values(), *made.values()} for key in relation.keys)
    for label, relation in made.items():
        if shared[relation.name.casefold()] > 1:
            made[label] = replace(relation, name=label)
    return {label: known[label] if label in known else made[label] for label in found}


def read_known(path: Path, relations: RelationSet, on_bad: OnBad) -> Iterator[Example]:
    """Examples of a file, labelled with the names of `relations`; a label may be what `RelationSet.meant` knows.

    Another label raises InputError, or each example with it is handed to `on_bad` and left out.
    """
    unknown: dict[str, str] = {}  # to what is wrong with it
    for example in read_dataset(path, on_bad=on_bad):
        label = example.relation
        relation = relations.meant(label) if label is not None else None
        if label is None or relation is not None:
            yield replace(example, relation=relation.name if relation is not None else None)
            continue
        line = ""
        if label not in unknown:
            line = _line_of(path, label)  # of the first example with it
            unknown[label] = (
                f"labelled {label!r}, which is not in the relation file: add it there, by name or id"
                f"{suggestion(label, relations.names)}"
            )
        error = InputError(f"{path}{line}: {unknown[label]}")
        if on_bad is None:
            raise error
        on_bad(error)


def _line_of(path: Path, label: str) -> str:
    written = json.dumps(label, ensure_ascii=False).encode()
    return next((f", {place}" for place, text in numbered_lines(path) if written in text), "")


def readable_relation(label: str) -> Relation:
    """A relation with the label as its id and a name made readable by rule.

    Freebase's labels, which NYT has, name a domain, the type of the head, and a property.

    >>> readable_relation("/business/company/founders").name
    'company founders'
    >>> readable_relation("gene_found_in_organism").name, readable_relation("foundedBy").name
    ('gene found in organism', 'founded by')
    """
    parts = [in_words(part) for part in label.split("/")]
    if len(parts) > 3 and not parts[0] and all(parts[1:]):
        head, means = parts[-2:]
        return Relation(readable_name(label), "", SideInformation((means,), (head,)), id=label)
    name = in_words(label) or label
    return Relation(name, id=label if name != label else None)
