"""A relation as other users might have written it."""

from __future__ import annotations

import numpy as np

from zslre.relations import Relation, SideInformation


def vary(relation: Relation, rng: np.random.Generator, *, rate: float = 0.3, bare: float = 0.2) -> Relation:
    """The relation as another user might have written it: parts left out, a synonym for a name; `bare`: just a name.

    Teaches the model to do with what side information there is.
    """
    side = relation.side
    names = [relation.name, *rng.permutation(side.synonyms)] if side.synonyms else [relation.name]
    if rng.random() < bare:
        return Relation(str(rng.choice(names)))
    if len(names) > 1 and rng.random() < rate:
        names[0], names[1] = names[1], names[0]
    keep = int(rng.integers(0, len(names))) if rng.random() < rate else len(names) - 1
    synonyms = tuple(str(name) for name in names[1 : 1 + keep])
    keywords = side.keywords
    if not keywords and len(synonyms) > 2 and rng.random() < rate:
        synonyms, keywords = synonyms[:-2], synonyms[-2:]
    return Relation(
        str(names[0]),
        relation.description if rng.random() >= rate else "",
        SideInformation(
            synonyms,
            side.head_hypernyms if rng.random() >= rate else (),
            side.tail_hypernyms if rng.random() >= rate else (),
            keywords if rng.random() >= rate else (),
        ),
    )
