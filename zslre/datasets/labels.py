"""From the labels of a dataset to relations: a relation set's, the catalogue's, or what the label itself says."""

from __future__ import annotations

import re

from zslre.datasets.nyt import readable_name
from zslre.relations import Relation, RelationSet, SideInformation, catalogue


def relation_of(label: str, relations: RelationSet | None = None) -> Relation:
    """The relation of `relations`, else of the catalogue, with this name or id; else `readable_relation`."""
    for known in (relations, catalogue()):
        if known is not None and (found := known.get(label)) is not None:
            return found
    return readable_relation(label)


def readable_relation(label: str) -> Relation:
    """A relation with the label as its id and a name made readable by rule.

    Freebase's labels, which NYT has, name a domain, the type of the head, and a property.

    >>> readable_relation("/business/company/founders").name
    'company founders'
    >>> readable_relation("gene_found_in_organism").name, readable_relation("foundedBy").name
    ('gene found in organism', 'founded by')
    """
    parts = [_words(part) for part in label.split("/")]
    if len(parts) > 3 and not parts[0] and all(parts[1:]):
        head, means = parts[-2:]
        return Relation(readable_name(label), "", SideInformation((means,), (head,)), id=label)
    name = " ".join(_words(label).split()) or label
    return Relation(name, id=label if name != label else None)


def _words(text: str) -> str:
    return (
        re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).replace("_", " ").lower()
        if re.search(r"_|[a-z][A-Z]", text)
        else text
    )
