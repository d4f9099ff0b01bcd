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

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zslre.encoder import Encoder, FloatArray
from zslre.packing import IntArray, Item
from zslre.prototypes import build_prototypes
from zslre.relations import Relation
from zslre.scoring import Scorer
from zslre.sideinfo.merging import own_part
from zslre.sideinfo.wordnet import WordNet, wordnet
from zslre.sideinfo.words import FUNCTION_WORDS, Form, inflect

PASSIVE = ("is", "was", "been")
AUXILIARIES = ("be", "have", "do")
FORMS: tuple[Form, ...] = ("past", "third")
_NOUN = re.compile(r"(?:is|was) the (\S.*) of", re.IGNORECASE)


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
    def of(cls, encoder: Encoder, scorer: Scorer, relations: Iterable[Relation]) -> Wordings | None:
        """Those of the relations that are not the catalogue's; None where there are none."""
        known = list(relations)
        found = [
            (column, converse, wording)
            for column, relation in enumerate(known)
            for converse, wording in other_wordings(relation)
        ]
        if not found:
            return None
        columns, converse, wordings = zip(*found, strict=True)
        rows = build_prototypes(encoder, scorer, wordings).weighted(scorer)
        misread = [column for column in dict.fromkeys(columns) if is_misread(known[column])]
        return cls(np.array(columns), np.array(converse, dtype=np.bool_), rows, np.array(misread, dtype=np.int64))

    def raise_margins(
        self, margins: FloatArray, features: FloatArray, none: FloatArray, rows: slice, back: IntArray
    ) -> None:
        """Raise margins (n, R), those of the pairs `rows` of all P, to the best wording's; misread ones do not count.

        `features` (P, D + 3T) and `none` (P,) of all pairs; `back` (P,): the place of the reversed pair, -1 for none.
        """
        own = np.arange(len(features))[rows]
        margins[np.ix_(back[rows] >= 0, self.misread)] = -np.inf
        for converse, places in ((False, own), (True, back[rows])):
            wanted = self.converse == converse
            there = np.flatnonzero(places >= 0)
            asked = places[there]
            found = features[asked] @ self.rows[wanted].T - none[asked, None]
            raised = margins[there]
            np.maximum.at(raised.T, self.columns[wanted], found.T)
            margins[there] = raised


def reversed_places(items: Sequence[Item]) -> IntArray:
    """For each pair of all items, in order, the place of the one with head and tail swapped, (P,); -1 for none."""
    places: list[int] = []
    for _, pairs in items:
        first = len(places)
        own = {pair: first + number for number, pair in enumerate(pairs)}
        places += [own.get((tail, head), -1) for head, tail in pairs]
    return np.array(places, dtype=np.int64)


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
    name, words = relation.name, wordnet()
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
    there = replace(own_part(relation).side, synonyms=())  # what was found would count as if it had been written
    back = replace(there, head_hypernyms=there.tail_hypernyms, tail_hypernyms=there.head_hypernyms)
    bare = not relation.description and not relation.side.synonyms
    forward = [wording for wording in dict.fromkeys([name, *same]) if same and not (bare and wording == name)]
    return [(False, Relation(wording, side=there)) for wording in forward] + [
        (True, Relation(wording, side=back)) for wording in other
    ]


def is_misread(relation: Relation) -> bool:
    """Whether its own prototype is read from tail to head: of "is the … of", unless it has synonyms by its author."""
    return noun_of(relation.name) is not None and not own_part(relation).side.synonyms


def noun_of(name: str) -> str | None:
    """What the head is by the relation's name.

    >>> [noun_of(name) for name in ("is the birthplace of", "was the CEO of", "is a member of", "birthplace")]
    ['birthplace', 'CEO', None, None]
    """
    found = _NOUN.fullmatch(name)
    return found[1] if found is not None else None


def verb_of(name: str, words: WordNet) -> tuple[str, bool] | None:
    """The verb that a relation is named by, and whether in the passive voice; None for another name.

    >>> [verb_of(name, wordnet()) for name in ("was written by", "took over", "mentors", "author", "works for")]
    [('write', True), ('take over', False), ('mentor', False), None, None]
    """
    said = name.casefold().split()
    passive = len(said) > 1 and said[-1] == "by"
    said = said[:-1] if passive else said
    while said and (said[0] == "has" or (passive and said[0] in PASSIVE)):
        said = said[1:]
    if not 1 <= len(said) <= 2:
        return None
    for base in words.base_forms(said[0], "v"):
        lemma = " ".join([base, *said[1:]])
        forms = {inflect(base, "participle", words)} if passive else {inflect(base, "past", words)}
        if words.senses(lemma, "v") and (said[0] in forms or (not passive and in_the_present(said[0], base, words))):
            return lemma, passive
    return None


def passive_of(verb: str, words: WordNet) -> str:
    return f"{inflect(verb, 'participle', words)} by"


def in_the_past(name: str, words: WordNet) -> str | None:
    """The name with its first word in the past tense; None unless that is a verb in the present.

    >>> [in_the_past(name, wordnet()) for name in ("sits on the board of", "hails from", "sat on", "parts of")]
    ['sat on the board of', 'hailed from', None, None]
    """
    verb, *others = name.casefold().split()
    if not others or others[0] == "of":
        return None
    for base in words.base_forms(verb, "v"):
        noun = bool(words.senses(base, "n")) and others[0] not in FUNCTION_WORDS  # "sports discipline"
        if base not in AUXILIARIES and not noun and in_the_present(verb, base, words):
            return " ".join([inflect(base, "past", words), *others])
    return None


def in_the_present(word: str, base: str, words: WordNet) -> bool:
    """Whether the word is the third person of a verb, or the verb itself and no noun, as "author" is."""
    return word == inflect(base, "third", words) or (word == base and not words.senses(base, "n"))
