"""Plain sentences written from side information: "Ann Ruiz works for Acme, while Bo Lee is the founder of Zeta."

Encyclopedias seldom put a fact so plainly, and say nothing of most relations; people who name a relation of their own
mean sentences like these. Names are taken from real examples of relations whose head or tail has the same hypernym.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zslre.datasets.annotated import AnnotatedSentence
from zslre.exceptions import InputError
from zslre.mentions import DEFAULT_PIPELINE
from zslre.packing import Pair
from zslre.relations import Relation, RelationSet
from zslre.types import Mention, Sentence


def word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


PREPOSITIONS = word_set("about after against as at before by during for from in into of on over since to under with")
# Verbs whose past form no "was" goes with, though a preposition follows.
INTRANSITIVE = word_set(
    "appeared began belonged came competed contributed died ended flowed fought graduated joined lived moved performed "
    "played ran resided served starred started studied took went worked"
)
# Of the single words in -s among the catalogue's synonyms, those that are verbs: a tagger cannot tell without context.
VERBS = word_set(
    "borders carries causes circles contains controls crosses describes directs employs encodes ends enumerates "
    "follows honors honours houses includes inhibits joins leads lists makes manages manufactures orbits owns plays "
    "practises precedes produces replaces runs serves spans speaks succeeds supersedes treats uses"
)
FRAMES = (
    (("{0}", "."), 4),
    (("In {year} ,", "{0}", "."), 1),
    (("According to {person} ,", "{0}", "."), 1),
    (("{person} said that", "{0}", "."), 1),
    (("{0}", ", {person} told reporters in {place} ."), 1),
    (("{0}", ", and {person} arrived in {place} ."), 1),
    (("{0}", ". {person} , {person} and {person} were there ."), 1),
    (("{person} , {person} and {person} heard that", "{0}", "."), 1),
    (("{0}", ", as people in {place} , {place} and {place} know ."), 1),
)
JOINTS = (", while", "and", ";", ", but", ". Meanwhile ,")
MOST_NAMES = 7  # in one sentence: two clauses and a frame
DENIED = 0.3  # share of clauses that say the contrary, or what may be
UNCERTAIN = (
    "if",
    "it is not true that",
    "it was rumoured that",
    "nobody knows whether",
    "some wonder whether",
    "there is no proof that",
    "it has been suggested that",
)
BE_SOMETIME = ("may be", "might be", "could be", "would be", "is expected to be", "wants to be", "was nearly")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A name of a relation and the `shape` of the clause it goes into; see `clause`."""

    words: str
    shape: str


class Writer:
    """Writes sentences for `relations`, with names from `examples`; parses the synonyms once, with a spaCy pipeline."""

    def __init__(self, relations: RelationSet, examples: Iterable[AnnotatedSentence]) -> None:
        self.relations = relations
        self.names = names_by_hypernym(relations, examples)
        self.everything = sorted({name for names in self.names.values() for name in names})
        if len(self.everything) < MOST_NAMES:
            raise InputError(
                f"the examples name {len(self.everything)} heads and tails of the relations; writing about them needs "
                f"at least {MOST_NAMES}"
            )
        self.phrases = shaped_phrases(relations)

    def write(
        self, relations: Sequence[Relation], rng: np.random.Generator
    ) -> tuple[AnnotatedSentence, frozenset[Pair]]:
        """A sentence with one clause for each of the `relations`, all of its mentions and all of their pairs.

        Only what is known of these relations and their inverses is labelled. Second, the pairs that share a clause.
        """
        taken: set[str] = set()
        pieces: list[tuple[str, int | None]] = []  # text, and the number of the mention that it is
        truths: dict[tuple[int, int], str] = {}
        count = 0
        for number, relation in enumerate(relations):
            head = self._name(relation.side.head_hypernyms, taken, rng)
            tail = self._name(relation.side.tail_hypernyms, taken, rng)
            phrase = self.phrases[relation.name][int(rng.integers(len(self.phrases[relation.name])))]
            denied = rng.random() < DENIED
            if number:
                pieces.append((str(rng.choice(JOINTS)), None))
            for word in clause(phrase, denied, rng):
                if word in ("HEAD", "TAIL"):
                    pieces.append((head, count) if word == "HEAD" else (tail, count + 1))
                else:
                    pieces.append((word, None))
            if not denied:
                truths[count, count + 1] = relation.name
            count += 2
        return self._assemble(self._framed(pieces, count, taken, rng), truths, count)

    def _framed(
        self, pieces: list[tuple[str, int | None]], count: int, taken: set[str], rng: np.random.Generator
    ) -> list[tuple[str, int | None]]:
        weights = np.array([weight for _, weight in FRAMES], dtype=float)
        frame = FRAMES[int(rng.choice(len(FRAMES), p=weights / weights.sum()))][0]
        framed: list[tuple[str, int | None]] = []
        for part in frame:
            if part == "{0}":
                framed += pieces
                continue
            for word in part.split():
                kind = word.strip("{}")
                if word == kind:
                    framed.append((word, None))
                else:
                    framed.append((self._name((kind,), taken, rng), count))
                    count += 1
        return framed

    def _name(self, hypernyms: Sequence[str], taken: set[str], rng: np.random.Generator) -> str:
        """A name that is not `taken`, of one of the hypernyms if there are any such."""
        known = [kind for kind in hypernyms if kind in self.names]
        names = self.names[known[int(rng.integers(len(known)))]] if known else self.everything
        name = names[int(rng.integers(len(names)))]
        while name in taken:
            name = self.everything[int(rng.integers(len(self.everything)))]
        taken.add(name)
        return name

    @staticmethod
    def _assemble(
        pieces: Sequence[tuple[str, int | None]], truths: Mapping[tuple[int, int], str], in_clauses: int
    ) -> tuple[AnnotatedSentence, frozenset[Pair]]:
        text, mentions = "", dict[int, Mention]()
        for words, number in pieces:
            text += " " if text else ""
            if number is not None:
                mentions[number] = Mention(words, len(text), len(text) + len(words))
            text += words
        text = text[0].upper() + text[1:] if 0 not in {m.start for m in mentions.values()} else text
        places = [(a, b) for a in mentions for b in mentions if a != b]
        annotated = AnnotatedSentence(
            Sentence(text, tuple(sorted(mentions.values(), key=lambda m: m.start))),
            tuple((mentions[a], mentions[b]) for a, b in places),
            tuple(frozenset([truths[place]] if place in truths else []) for place in places),
        )
        together = [(a, b) for a, b in places if a // 2 == b // 2 and a < in_clauses]
        return annotated, frozenset((mentions[a], mentions[b]) for a, b in together)


def names_by_hypernym(relations: RelationSet, examples: Iterable[AnnotatedSentence]) -> dict[str, list[str]]:
    """What the examples' heads and tails are called, by the hypernyms of their relations' heads and tails."""
    names: dict[str, dict[str, None]] = {}
    for annotated in examples:
        for (head, tail), labels in zip(annotated.pairs, annotated.labels, strict=True):
            for relation in filter(None, map(relations.get, sorted(labels))):
                for mention, hypernyms in ((head, relation.side.head_hypernyms), (tail, relation.side.tail_hypernyms)):
                    if hypernyms:  # the first one fits most of them
                        names.setdefault(hypernyms[0], {})[mention.text] = None
    return {hypernym: list(found) for hypernym, found in names.items()}


def shaped_phrases(relations: RelationSet) -> dict[str, list[Phrase]]:
    """The names and synonyms of each relation, with the shape that its first word's part of speech asks for."""
    import spacy

    nlp = spacy.load(DEFAULT_PIPELINE, exclude=["ner", "parser"])
    asked = [(r.name, words) for r in relations for words in (r.name, *r.side.synonyms) if not set(words) & set("(),/")]
    shaped: dict[str, list[Phrase]] = {r.name: [] for r in relations}
    for (name, words), doc in zip(asked, nlp.pipe(f"It {words} them ." for _, words in asked), strict=True):
        shaped[name].append(Phrase(words, shape_of(words, doc[1].tag_)))
    return shaped


def shape_of(words: str, tag: str) -> str:
    """The shape of the clause for a synonym whose first word has the given Penn Treebank tag.

    >>> shape_of("works for", "VBZ"), shape_of("founded by", "VBN"), shape_of("owner", "NN")
    ('active', 'passive', 'noun')
    """
    first, last = words.lower().split()[0], words.lower().split()[-1]
    if first in ("is", "was", "are", "has", "had"):
        return "active"
    if last == "is":
        return "whose"
    if first in VERBS if first == last else tag == "VBZ" and first not in ("sports", "languages", "doubles"):
        return "active"
    if tag in ("VBD", "VBN") and (first != last or first.endswith("ed") or first in INTRANSITIVE):
        return "passive" if last in PREPOSITIONS and first not in INTRANSITIVE else "active"
    if first in PREPOSITIONS or tag == "VBG":
        return "is"
    return "is a" if last in PREPOSITIONS else "noun"


def clause(phrase: Phrase, denied: bool, rng: np.random.Generator) -> list[str]:
    """Words of a clause, HEAD and TAIL standing for the mentions."""
    if denied and rng.random() < 0.3:
        return [*str(rng.choice(UNCERTAIN)).split(), *clause(phrase, False, rng)]
    words = phrase.words.removeprefix("its ")
    no = str(rng.choice(["not", "never"])) if denied else ""
    never = "never" if denied else ""
    possible = denied and rng.random() < 0.5
    present, past = (str(rng.choice(BE_SOMETIME)),) * 2 if possible else (f"is {no}", f"was {no}")
    forms = {
        "active": [
            f"HEAD {never} {words} TAIL",
            f"HEAD , which {never} {words} TAIL , grew quickly",
            f"TAIL , which HEAD {never} {words} , grew quickly",
            f"it is HEAD that {never} {words} TAIL",
        ],
        "passive": [
            f"HEAD {past} {words} TAIL",
            f"HEAD , {no} {words} TAIL , grew quickly",
            f"it was {no} HEAD that was {words} TAIL",
        ],
        "is": [f"HEAD {present} {words} TAIL"],
        "is a": [f"HEAD {present} {article(words)} {words} TAIL", f"HEAD {past} {article(words)} {words} TAIL"],
        "whose": [f"HEAD 's {words} {no} TAIL"],
        "noun": [
            f"TAIL {present} the {words} of HEAD",
            f"the {words} of HEAD {present} TAIL",
            f"TAIL {past} HEAD 's {words}",
            f"TAIL , {no} the {words} of HEAD , was seen",
            f"HEAD 's {words} , TAIL , was seen" if not denied else f"TAIL , not HEAD 's {words} , was seen",
            f"HEAD does not have TAIL as its {words}" if denied else f"with TAIL as its {words} , HEAD grew quickly",
            f"it is {no} TAIL who is the {words} of HEAD",
        ],
    }
    if phrase.words.split()[0] in ("is", "was", "are") and denied:
        verb, _, rest = phrase.words.partition(" ")
        return f"HEAD {verb} {no} {rest} TAIL".split()
    chosen = forms[phrase.shape]
    return chosen[int(rng.integers(len(chosen)))].split()


def article(words: str) -> str:
    return "an" if words[0].lower() in "aeio" else "a"
