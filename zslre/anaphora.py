"""What "he", "her" and "the company" mean: a name in one of the sentences before.

By rule: among the names before in the sentence and in the last three, the nearest that its sentence is about, or else
the nearest of all, that fits. A pronoun wants a person of its gender, which a title, a common given name or a pronoun
before tells; "It", where it begins a sentence or clause, any other thing; a noun behind "the" a name of its kind.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path

from zslre.candidates import beside
from zslre.sideinfo.entity_types import words_of_label
from zslre.sideinfo.wordnet import wordnet
from zslre.types import Mention, Sentence

NAMES = Path(__file__).parent / "assets" / "given_names.txt"
SENTENCES = 3  # before the anaphor's own, in which names are looked for
PRONOUN = re.compile(r"\b(?:[Hh]e|[Ss]he|[Hh]is|[Hh]er)\b")
# Nouns that stand for a name, by the word for what a tagger's label means; those of a line may stand for each other.
_LINES = {
    "organization": (
        "company firm group corporation manufacturer retailer publisher brewery airline bank insurer agency start-up "
        "startup broadcaster label studio",
        "band group duo trio quartet orchestra choir ensemble",
        "club team",
        "university college school institute academy museum gallery hospital library",
        "charity foundation trust organisation organization association society union federation",
        "party movement",
        "newspaper magazine journal publisher",
    ),
    "work": (
        "film movie documentary", "book novel memoir", "album", "song", "series show sitcom", "game", "opera musical",
    ),
    "product": ("ship ferry vessel", "aircraft", "car", "game"),
    "building": (
        "bridge", "stadium", "museum gallery library", "school hospital", "church cathedral", "castle", "theatre",
    ),
    "event": ("battle", "war", "festival", "tournament", "race"),
}  # fmt: skip
NOUNS = {kind: [frozenset(line.split()) for line in lines] for kind, lines in _LINES.items()}
NOUN = re.compile(rf"\b(?:[Tt]he|[Tt]his) ({'|'.join(sorted(set().union(*chain(*NOUNS.values()))))})\b(?!-)")
# A noun may be the first word of a compound ("the company car") and not stand for a name. These tell that it ends.
AFTER_NOUN = re.compile(
    "also|and|are|as|at|before|but|by|can|could|did|does|first|for|from|had|has|have|in|is|later|may|might|must|never|"
    "now|on|only|or|since|soon|still|then|to|under|until|was|were|when|while|will|with|would"
)
NEXT_WORD = re.compile(r" (\w+)")
NEAR = 60  # characters before a name that may tell of it
TITLE = re.compile(r"\b(\w+)\.? $")
# Behind a preposition, or in a list with what stands there, a name is no subject: "the son of the painter Bo Lee".
NO_SUBJECT = re.compile(r"\b(?:about|against|by|for|from|in|of|on|than|to|under|with)\b[^,;:.()]*$")
FEMALE_TITLES, MALE_TITLES = frozenset(["mrs", "ms", "miss", "lady", "dame"]), frozenset(["mr", "sir", "lord"])


@dataclass(slots=True)
class _Named:
    mention: Mention  # offsets into the document
    female: bool | None  # of a person
    subject: bool  # of its sentence, as it seems

    def fits(self, anaphor: Mention) -> bool:
        kinds = words_of_label(self.mention.type)
        if PRONOUN.fullmatch(anaphor.text):
            return "person" in kinds and self.female in (_of_woman(anaphor), None)
        groups = [nouns for kind in kinds for nouns in NOUNS.get(kind, ())]
        alike = frozenset[str]().union(*(nouns for nouns in groups if anaphor.text in nouns))
        others = frozenset[str]().union(*groups) - alike
        return anaphor.text in kinds or (bool(alike) and others.isdisjoint(self.mention.text.lower().split()))


class AnaphorResolver:
    """Reads the sentences of one document in order, and remembers what they name."""

    def __init__(self) -> None:
        self._before: deque[list[_Named]] = deque(maxlen=SENTENCES)

    def resolve(self, sentence: Sentence) -> Sentence:
        """The sentence with a mention more for each anaphor whose antecedent only sentences before it name."""
        named = [self._named(sentence, mention) for mention in sentence.mentions]
        names = {m.text for m in sentence.mentions}
        meant: list[_Named] = []
        found: list[Mention] = []
        for anaphor in _anaphors(sentence):
            earlier = [name for name in named if name.mention.end <= sentence.start + anaphor.start]
            name = next((name for name in self._candidates(earlier, meant) if name.fits(anaphor)), None)
            if name is None:
                continue
            if PRONOUN.fullmatch(anaphor.text):
                name.female = _of_woman(anaphor)
            if name not in [*earlier, *meant]:
                meant.append(name)
            if name.mention.text not in names:  # a name says it better than an anaphor
                found.append(replace(anaphor, type=name.mention.type, antecedent=name.mention))
        self._before.append([*meant, *named])
        return replace(sentence, mentions=tuple(sorted([*sentence.mentions, *found], key=lambda m: m.start)))

    def _candidates(self, earlier: list[_Named], meant: list[_Named]) -> list[_Named]:
        """The likeliest first."""
        nearest_first = [name for names in [earlier, meant, *reversed(self._before)] for name in names]
        return sorted(nearest_first, key=lambda name: not name.subject)

    def _named(self, sentence: Sentence, mention: Mention) -> _Named:
        """What is named, and the gender of a person: a longer or shorter name before, with the same words, may tell."""
        subject = not NO_SUBJECT.search(_just_before(sentence.text, mention))
        if "person" not in words_of_label(mention.type):
            return _Named(mention.shifted(sentence.start), None, subject)
        words = set(mention.text.split())
        known = ((set(n.mention.text.split()), n.female) for names in reversed(self._before) for n in names)
        alike = (female for others, female in known if words <= others or others <= words)
        told = chain([_is_female(sentence.text, mention)], alike)
        female = next((said for said in told if said is not None), None)
        return _Named(mention.shifted(sentence.start), female, subject)


def _anaphors(sentence: Sentence) -> Iterator[Mention]:
    """Those that are no part of a mention, in text order."""
    starts = {mention.start for mention in sentence.mentions}
    found = [Mention(match[0], *match.span()) for match in PRONOUN.finditer(sentence.text)]
    for match in NOUN.finditer(sentence.text):
        word = NEXT_WORD.match(sentence.text, match.end())
        if word is None or (word.start(1) not in starts and _ends_noun(word[1])):
            found.append(Mention(match[1], *match.span(1)))
    for anaphor in sorted(found, key=lambda mention: mention.start):
        if beside([anaphor], sentence.mentions):
            yield anaphor


def _of_woman(pronoun: Mention) -> bool:
    return pronoun.text.lower() in ("she", "her")


def _ends_noun(word: str) -> bool:
    """Whether the word, behind a noun, tells that no compound goes on: a particle, an auxiliary, an inflected verb."""
    return AFTER_NOUN.fullmatch(word) is not None or any(base != word for base in wordnet().base_forms(word, "v"))


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
