"""Whom "he", "she", "his" and "her" mean: the name of a person in one of the sentences before.

By rule: among the persons named before in the sentence and in the last three, the nearest that its sentence is about,
or else the nearest of all, whom the pronoun's gender fits. A title, a common given name or a pronoun before tells it.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path

from zslre.candidates import beside
from zslre.sideinfo.entity_types import words_of_label
from zslre.types import Mention, Sentence

NAMES = Path(__file__).parent / "assets" / "given_names.txt"
SENTENCES = 3  # before the pronoun's own, in which names are looked for
PRONOUN = re.compile(r"\b(?:[Hh]e|[Ss]he|[Hh]is|[Hh]er)\b")
NEAR = 60  # characters before a name that may tell of it
TITLE = re.compile(r"\b(\w+)\.? $")
# Behind a preposition, or in a list with what stands there, a name is no subject: "the son of the painter Bo Lee".
NO_SUBJECT = re.compile(r"\b(?:about|against|by|for|from|in|of|on|than|to|under|with)\b[^,;:.()]*$")
FEMALE_TITLES, MALE_TITLES = frozenset(["mrs", "ms", "miss", "lady", "dame"]), frozenset(["mr", "sir", "lord"])


@dataclass(slots=True)
class _Person:
    mention: Mention  # offsets into the document
    female: bool | None
    subject: bool  # of its sentence, as it seems


class PronounResolver:
    """Reads the sentences of one document in order, and remembers whom they name."""

    def __init__(self) -> None:
        self._before: deque[list[_Person]] = deque(maxlen=SENTENCES)

    def resolve(self, sentence: Sentence) -> Sentence:
        """The sentence with a mention more for each pronoun whose antecedent only sentences before it name."""
        named = [self._person(sentence, m) for m in sentence.mentions if "person" in words_of_label(m.type)]
        names = {m.text for m in sentence.mentions}
        meant: list[_Person] = []
        found: list[Mention] = []
        for match in PRONOUN.finditer(sentence.text):
            female = match[0].lower() in ("she", "her")
            pronoun = Mention(match[0], *match.span())
            if not beside([pronoun], sentence.mentions):
                continue
            earlier = [p for p in named if p.mention.end <= sentence.start + match.start()]
            person = next((p for p in self._candidates(earlier, meant) if p.female in (female, None)), None)
            if person is None:
                continue
            person.female = female
            if person not in [*earlier, *meant]:
                meant.append(person)
            if person.mention.text not in names:  # a name says it better than a pronoun
                found.append(replace(pronoun, type=person.mention.type, antecedent=person.mention))
        self._before.append([*meant, *named])
        return replace(sentence, mentions=tuple(sorted([*sentence.mentions, *found], key=lambda m: m.start)))

    def _candidates(self, earlier: list[_Person], meant: list[_Person]) -> list[_Person]:
        """The likeliest first."""
        nearest_first = [person for persons in [earlier, meant, *reversed(self._before)] for person in persons]
        return sorted(nearest_first, key=lambda person: not person.subject)

    def _person(self, sentence: Sentence, mention: Mention) -> _Person:
        """The person of a name, with the gender of a longer or shorter name before that has its words."""
        words = set(mention.text.split())
        known = ((set(p.mention.text.split()), p.female) for persons in reversed(self._before) for p in persons)
        alike = (female for others, female in known if words <= others or others <= words)
        told = chain([_is_female(sentence.text, mention)], alike)
        female = next((said for said in told if said is not None), None)
        subject = not NO_SUBJECT.search(_just_before(sentence.text, mention))
        return _Person(mention.shifted(sentence.start), female, subject)


def _is_female(text: str, mention: Mention) -> bool | None:
    """What a title says, before the name or with it, or the given name; None if they do not."""
    before = TITLE.search(_just_before(text, mention))
    given = next(iter(mention.text.split()), "").strip(".").lower()
    for title in (before[1].lower() if before else "", given):
        if title in FEMALE_TITLES or title in MALE_TITLES:
            return title in FEMALE_TITLES
    return _given_names().get(given)


def _just_before(text: str, mention: Mention) -> str:
    return text[max(0, mention.start - NEAR) : mention.start]


@lru_cache(maxsize=1)
def _given_names() -> dict[str, bool]:
    """Whether a common given name, in lower case, is a woman's."""
    female, male = NAMES.read_text(encoding="utf-8").splitlines()
    return dict.fromkeys(male.split(), False) | dict.fromkeys(female.split(), True)
