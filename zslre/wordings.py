"""What else a relation may be called that is named by a verb: "sues" is "sued", and the other way round "sued by".

Of a relation named "sued by" texts say "Oracle sued Google" more often than "Google was sued by Oracle", and the name
alone does not tell the encoder that head and tail change places then: it finds the verb, in either direction. So the
verb's other tense and its other voice are compared as well, the latter with the reversed pair; what that is worth,
`scripts/bench/voices.py` says.

"Is the birthplace of" the encoder reads as "birthplace", which the tail is: of 74 pairs of our own in sentences such as
"Salzburg is the birthplace of Mozart" 57 % scored higher the right way round and 30 % were printed reversed. So the
reversed pair is compared with "has birthplace" instead: 96 % and none. "Is a member of" is read the right way as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np

from zslre.encoder import Encoder, FloatArray
from zslre.packing import IntArray
from zslre.prototypes import build_prototypes
from zslre.relation import in_words
from zslre.relations import Relation
from zslre.scoring import Scorer
from zslre.sideinfo.grammar import in_the_past, noun_of, passive_of, verb_of
from zslre.sideinfo.wordnet import wordnet
from zslre.sideinfo.words import Form, inflect

FORMS: tuple[Form, ...] = ("past", "third")


@dataclass(frozen=True, slots=True, eq=False)
class Wordings:
    """W further wordings of some relations: `columns` (W,), whose each is, `converse` (W,) bool, whether it is said
    from tail to head, and the weighted prototypes `rows` (W, D + 3T); `misread`: the columns of relations whose own
    prototype does not count where the reversed pair is there."""

    columns: IntArray
    converse: np.ndarray
    rows: FloatArray
    misread: IntArray

    @classmethod
    def of(
        cls, encoder: Encoder, scorer: Scorer, relations: Iterable[Relation], support: Collection[str | None] = ()
    ) -> Wordings | None:
        """Those of the relations that are not the catalogue's; None where there are none.

        `support`: which relations have examples, which say better how they are told, and None for pairs without a
        relation, which count against all: neither moves a wording, so that these have none.
        """
        known = list(relations)
        found = [
            (column, converse, wording)
            for column, relation in enumerate(known)
            if relation.name not in support and None not in support
            for converse, wording in other_wordings(relation)
        ]
        if not found:
            return None
        columns, converse, wordings = zip(*found, strict=True)
        rows = build_prototypes(encoder, scorer, wordings).weighted(scorer)
        misread = [column for column in dict.fromkeys(columns) if is_misread(known[column])]
        return cls(np.array(columns), np.array(converse, dtype=np.bool_), rows, np.array(misread, dtype=np.int64))

    def raise_margins(self, margins: FloatArray, features: FloatArray, none: FloatArray, back: IntArray) -> None:
        """Raise margins (P, R) to the best wording's; misread ones do not count.

        `features` (P, D + 3T) and `none` (P,) of the pairs; `back` (P,): the place of the reversed pair, -1 for none.
        """
        margins[np.ix_(back >= 0, self.misread)] = -np.inf
        for converse, places in ((False, np.arange(len(features))), (True, back)):
            wanted = self.converse == converse
            there = np.flatnonzero(places >= 0)
            asked = places[there]
            found = features[asked] @ self.rows[wanted].T - none[asked, None]
            raised = margins[there]
            np.maximum.at(raised.T, self.columns[wanted], found.T)
            margins[there] = raised


def other_wordings(relation: Relation) -> list[tuple[bool, Relation]]:
    """Further wordings, and whether each is said from tail to head; none unless the name is a verb or "is the … of".

    The catalogue's relations have none: what they are called was trained.

    >>> [(converse, r.name) for converse, r in other_wordings(Relation("supplies"))]
    [(False, 'supplied'), (True, 'supplied by')]
    >>> [(converse, r.name) for converse, r in other_wordings(Relation("sued by", "the tail took the head to court"))]
    [(False, 'sued by'), (True, 'sued'), (True, 'sues')]
    >>> [(converse, r.name) for converse, r in other_wordings(Relation("reports to"))]
    [(False, 'reported to')]
    >>> [(converse, r.name) for converse, r in other_wordings(Relation("is the birthplace of"))]
    [(True, 'has birthplace')]
    """
    if relation.id is not None or relation.symmetric:
        return []
    name, words = in_words(relation.name), wordnet()
    same: list[str] = []
    other: list[str] = []
    if (verb := verb_of(name, words)) is not None:
        lemma, passive = verb
        active = [inflect(lemma, form, words) for form in FORMS]
        by = [passive_of(lemma, words)]
        same, other = (by, active) if passive else (active, by)
    elif (past := in_the_past(name, words)) is not None:
        same = [past]
    elif (noun := noun_of(name)) is not None:
        other = [f"has {noun}"]
    if not same and not other:
        return []
    there = replace(relation.own_part.side, synonyms=())  # what was found would count as if it had been written
    back = replace(there, head_hypernyms=there.tail_hypernyms, tail_hypernyms=there.head_hypernyms)
    bare = not relation.description and not relation.side.synonyms
    forward = [wording for wording in dict.fromkeys([name, *same]) if same and not (bare and wording == name)]
    return [(False, Relation(wording, side=there)) for wording in forward] + [
        (True, Relation(wording, side=back)) for wording in other
    ]


def is_misread(relation: Relation) -> bool:
    """Whether its own prototype is read from tail to head: of "is the … of", unless it has synonyms by its author."""
    return noun_of(in_words(relation.name)) is not None and not relation.own_part.side.synonyms
