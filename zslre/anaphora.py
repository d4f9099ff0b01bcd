"""What "he", "its" and "the company" mean: a name in the sentence or in one of the three before, or nothing known.

The likeliest of the names that fit, by gender, type or kind of noun (`zslre.antecedents`); how sure that is counts in
the scores of its triples.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

from zslre.antecedents import (
    NOUNS,
    PRONOUNS,
    Discourse,
    Entity,
    Name,
    fitted_weights,
    likeliest,
    name_words,
    options,
    pronoun_of,
    told_nouns,
)
from zslre.candidates import LITERALS, beside
from zslre.gender import is_female
from zslre.sideinfo.entity_types import words_of_label
from zslre.sideinfo.wordnet import wordnet
from zslre.surroundings import at_start, is_subject, role_of
from zslre.types import Mention, Sentence

SENTENCES = 3  # before the anaphor's own, in which names are looked for
SURE = 0.8  # probability of what a pronoun means, for its gender to be what it means
LEAST = 0.4  # probability of what an anaphor is taken to mean; below it nothing is known
PRONOUN = re.compile(rf"\b(?:{'|'.join([*PRONOUNS, *map(str.capitalize, PRONOUNS)])})\b")
NOUN = re.compile(rf"\b(?:[Tt]he|[Tt]his) ({'|'.join(sorted(set().union(*chain(*NOUNS.values()))))})\b(?!-)")
# A noun may be the first word of a compound ("the company car") and not stand for a name. These tell that it ends.
AFTER_NOUN = re.compile(
    "after|again|already|also|always|and|are|as|at|because|before|but|by|can|could|currently|did|does|during|first|for|"
    "from|had|has|have|if|in|into|is|itself|later|may|might|must|never|no|not|now|on|once|only|or|over|recently|since|"
    "soon|still|then|through|to|today|under|until|was|were|when|while|will|with|would"
)
NEXT_WORD = re.compile(r" (\w+)")
BEGINNING = re.compile(r"\W*(?:(?:The|A|An) )?")


class AnaphorReader:
    """Reads the sentences of one document in order: for each anaphor its options, and then what it is taken to mean."""

    def __init__(self) -> None:
        self.discourse = Discourse()
        self._before: deque[list[Name]] = deque(maxlen=SENTENCES)
        self._number = 0
        self.names: list[Name] = []  # of the sentence being read

    def read(self, sentence: Sentence) -> Iterator[tuple[Mention, list[tuple[Name, dict[str, float]]]]]:
        """Anaphors in text order; `take` has to follow before the next one, unless its antecedent is unknown."""
        if sentence.paragraph:
            self._begin_paragraph(sentence)
        self.names = self._named(sentence)
        self._meant: list[Name] = []
        self._subject: Entity | None = None
        for anaphor in _anaphors(sentence):
            here = [name for name in self.names if name.mention.end <= sentence.start + anaphor.start]
            known = [names for names in (here, self._meant, *reversed(self._before)) if names]
            nearest_first = [name for names in known for name in reversed(names)]
            yield anaphor, options(anaphor, sentence.text, self._number, nearest_first, self.discourse)
        for name in self.names:
            name.entity.named += 1
        subjects = (name.entity for name in self.names[:1] if name.subject)
        self.discourse.last_subject = self._subject if self._subject is not None else next(subjects, None)
        self._before.append([*self.names, *self._meant])
        self._number += 1

    def _begin_paragraph(self, sentence: Sentence) -> None:
        """What was before is farther off, and if it begins with a name, it is about that."""
        self._before.append([])
        self._number += 1
        beginning = BEGINNING.match(sentence.text)
        if beginning is not None and any(mention.start == beginning.end() for mention in sentence.mentions):
            self.discourse.topic = None

    def take(self, anaphor: Mention, name: Name, text: str, probability: float = 1.0) -> None:
        """The anaphor of the sentence being read means what the name does, as likely as that."""
        pronoun, discourse = pronoun_of(anaphor), self.discourse
        discourse.last_meant[pronoun] = name.entity
        name.entity.meant += 1
        if pronoun in ("he", "she") and probability >= SURE:
            name.entity.female = pronoun == "she"
        first = at_start(anaphor, text)
        if first:
            self._subject = name.entity
        if name.sentence != self._number:
            role = "meant at the start" if first else "meant"
            subject = is_subject(text, anaphor.start)
            end = anaphor.end
            self._meant.append(replace(name, sentence=self._number, role=role, subject=subject, first=first, end=end))

    def _named(self, sentence: Sentence) -> list[Name]:
        names: list[Name] = []
        named: dict[Entity, frozenset[str]] = {}
        persons = {m.start for m in sentence.mentions if "person" in words_of_label(m.label)}
        for mention in sentence.mentions:
            if mention.label == "MISC" and mention.end + 1 in persons:
                continue  # a title: "Chief executive Ann Lee"
            entity = self.discourse.entity(mention, named)
            named.setdefault(entity, name_words(mention))
            if "person" in words_of_label(mention.label):
                surname = len(entity.words) > 1
                entity.female = is_female(sentence.text, mention, entity.female, surname=surname)
            if self.discourse.topic is None and mention.label not in LITERALS:
                self.discourse.topic = entity
            entity.nouns |= told_nouns(sentence.text, mention)
            role, subject = role_of(sentence.text, mention), is_subject(sentence.text, mention.start)
            placed = mention.shifted(sentence.start)
            first = all(other.mention.label != mention.label for other in names)
            names.append(Name(placed, entity, self._number, role, subject, first, mention.end))
        return names


class AnaphorResolver:
    """Reads the sentences of one document in order, and adds to each the anaphors that stand for a name."""

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        self._reader = AnaphorReader()
        self._weights = fitted_weights() if weights is None else weights

    def resolve(self, sentence: Sentence) -> Sentence:
        """The sentence with a mention more for each anaphor whose antecedent only sentences before it name."""
        found: list[Mention] = []
        for anaphor, may_mean in self._reader.read(sentence):
            name, probability = likeliest(may_mean, self._weights)
            if name is None or probability < LEAST:
                continue
            self._reader.take(anaphor, name, sentence.text, probability)
            if all(name.entity is not named.entity for named in self._reader.names):  # which say it better
                meant = replace(anaphor, type=name.mention.type, antecedent=name.mention, certainty=probability)
                found.append(meant)
        return replace(sentence, mentions=tuple(sorted([*sentence.mentions, *found], key=lambda m: m.start)))


def _anaphors(sentence: Sentence) -> Iterator[Mention]:
    """Those that are no part of a mention, in text order."""
    starts = {mention.start for mention in sentence.mentions}
    text = sentence.text.lower() if sentence.text.isupper() else sentence.text
    text = text if len(text) == len(sentence.text) else sentence.text
    found = [Mention(sentence.text[match.start() : match.end()], *match.span()) for match in PRONOUN.finditer(text)]
    for match in NOUN.finditer(text):
        word = NEXT_WORD.match(text, match.end())
        if word is None or (word.start(1) not in starts and _ends_noun(word[1])):
            found.append(Mention(sentence.text[match.start(1) : match.end(1)], *match.span(1)))
    for anaphor in sorted(found, key=lambda mention: mention.start):
        if beside([anaphor], sentence.mentions):
            yield anaphor


def _ends_noun(word: str) -> bool:
    """Whether the word, behind a noun, tells that no compound goes on: a particle, an auxiliary, an inflected verb."""
    return AFTER_NOUN.fullmatch(word) is not None or any(base != word for base in wordnet().base_forms(word, "v"))
