"""Sentences that training data lacks: of somebody who is told by a name, and not of the name.

Whomever "Ann Reed's brother was born in Rome" is about, it is not Ann Reed. It is made of "Ann Reed was born in Rome",
and in half of the draws the brother gets a name, and with it what she had.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from zslre.datasets.annotated import AnnotatedSentence
from zslre.packing import Pair
from zslre.sideinfo.entity_types import words_of_label
from zslre.training.builtin.augmentation import Edit
from zslre.types import Mention, Sentence

_NOUNS = {
    "person": "brother sister father mother son daughter wife husband widow uncle aunt cousin nephew niece grandfather "
    "friend partner rival assistant lawyer teacher tutor pupil predecessor successor neighbour colleague agent "
    "biographer deputy secretary driver doctor translator supporter critic namesake",
    "organization": "rival competitor supplier customer landlord auditor partner predecessor neighbour critic lender",
    "work": "sequel prequel translator remake illustrator trailer heroine producer",
    "place": "neighbour rival airport mayor cathedral harbour",
}
NOUNS = {owner: nouns.split() for owner, nouns in _NOUNS.items()}
ADJECTIVES = ("", "", "", "late ", "former ", "younger ", "old ")
_VERBS = (
    "was is has had became won wrote led left took began built made ran held met sold bought taught grew spoke drew "
    "gave came went fell lost kept set put read rose sang sat stood told wore"
)
VERB = re.compile(rf" (?:{'|'.join(_VERBS.split())}|[a-z]{{2,}}ed|[a-z]{{2,}}s) ")
JOINED = re.compile(r"(?:\b(?:and|or|nor|of|with|than)|&|,|['\u2019]s?) $")  # "Bob and Ann were", "the firm of Ann"
PRONOUN = re.compile(r"\b(?:he|him|his|she|hers?|it|its|they|them|their)\b", re.IGNORECASE)


def with_owner(annotated: AnnotatedSentence, names: Sequence[str], rng: np.random.Generator) -> AnnotatedSentence:
    """The sentence with somebody or something of a name that is its subject in that name's place.

    The name itself has nothing any more of what follows; what precedes it, and what follows a pronoun, which may mean
    it, is not known. `names`: of people, one of which a person's brother gets in half of the draws, unless the sentence
    has it. Left as it is where no name is the subject.
    """
    text = annotated.sentence.text
    subjects = {m: kind for m in annotated.sentence.mentions if (kind := _kind(m)) and _is_subject(m, annotated)}
    if not subjects:
        return annotated
    owner = list(subjects)[int(rng.integers(len(subjects)))]
    kind = subjects[owner]
    noun = f"{rng.choice(ADJECTIVES)}{rng.choice(NOUNS[kind])}"
    name = names[int(rng.integers(len(names)))] if names and kind == "person" and rng.random() < 0.5 else ""
    name = "" if name in text else name
    if owner.start == 0 and rng.random() < 0.5:
        before, behind, close = f"The {noun} of ", ", " if name else "", "," if name else ""
    else:
        before, behind, close = "", f"'s {noun} " if name else f"'s {noun}", ""
    front, back = Edit(owner.start, owner.start, before), Edit(owner.end, owner.end, behind + name + close)
    moved = {m: front.mention(back.mention(m)) for m in annotated.sentence.mentions}
    place = moved[owner].end + len(behind)
    somebody = Mention(name, place, place + len(name), owner.type) if name else None
    pronoun = PRONOUN.search(text, owner.end)
    last = pronoun.start() if pronoun else len(text)
    found = dict[Pair, frozenset[str]]()
    for pair, labels in zip(annotated.pairs, annotated.labels, strict=True):
        head, tail = (moved[m] for m in pair)
        other = pair[1] if pair[0] == owner else pair[0]
        if owner not in pair:
            found[head, tail] = labels
        elif owner.end <= other.start < last:
            found[head, tail] = frozenset()
            if somebody:
                found[(somebody, tail) if pair[0] == owner else (head, somebody)] = labels
    mentions = (*moved.values(), *([somebody] if somebody else []))
    return AnnotatedSentence(Sentence(front.edited(back.edited(text)), mentions), tuple(found), tuple(found.values()))


def full_names(sentences: Iterable[AnnotatedSentence]) -> list[str]:
    """Names of people in two words or more, each once."""
    people = (m.text for one in sentences for m in one.sentence.mentions if _kind(m) == "person" and " " in m.text)
    return list(dict.fromkeys(people))


def _kind(mention: Mention) -> str:
    return next((kind for kind in words_of_label(mention.type) if kind in NOUNS), "")


def _is_subject(mention: Mention, annotated: AnnotatedSentence) -> bool:
    text, mentions = annotated.sentence.text, annotated.sentence.mentions
    return (
        mention.text[0].isupper()
        and PRONOUN.fullmatch(mention.text) is None
        and VERB.match(text, mention.end) is not None
        and JOINED.search(text[: mention.start]) is None
        and not any(m != mention and m.start < mention.end and mention.start < m.end for m in mentions)
    )
