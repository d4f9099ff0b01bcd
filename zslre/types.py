"""The data that flows through the package: frozen, validated once, at construction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import index
from os import PathLike

from zslre.exceptions import InputError
from zslre.labels import label_of


@dataclass(frozen=True, slots=True)
class Mention:
    """A span of characters that names an entity, a date or a number, or stands for a name.

    `start` and `end` (exclusive) count characters of the text that holds the mention: the sentence's inside a
    `Sentence`, the document's inside a `Triple`. `antecedent`: the name that "she" or "company" stands for, which a
    sentence before has; offsets index the document. A triple has that name in its place. `certainty`: the probability
    that it stands for it.

    `type` is free text, kept as it is given; "" is None. `label`: the tagger's label that it is, whatever its case, or
    says in plain words: PERSON (person), ORG (organization, company), GPE (place, country, city), LOC (river, region),
    FAC (building), NORP (nationality), PRODUCT, EVENT, WORK_OF_ART (film, book), LAW, LANGUAGE, DATE (year), TIME,
    MONEY, PERCENT, QUANTITY, CARDINAL (number), ORDINAL, or PER, NUM and MISC. Any other type has none, and counts as
    none. See `zslre.labels`.
    """

    text: str
    start: int
    end: int
    type: str | None = None
    antecedent: Mention | None = field(default=None, repr=False)
    certainty: float = field(default=1.0, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise InputError(f"a mention's text must be a string, got {self.text!r:.60}")
        if self.type is not None and not isinstance(self.type, str):
            raise InputError(f"mention {self.text!r}: type must be a string or None, got {self.type!r:.60}")
        try:
            start, end = index(self.start), index(self.end)  # NumPy's whole numbers become Python's
        except TypeError:
            places = f"{self.start!r:.60} and {self.end!r:.60}"
            raise InputError(f"mention {self.text!r}: start and end must be whole numbers, got {places}") from None
        for name, value in (("start", start), ("end", end), ("type", self.type or None)):
            object.__setattr__(self, name, value)
        if not 0 <= self.start < self.end:
            raise InputError(f"mention {self.text!r}: needs 0 <= start < end, got start={self.start}, end={self.end}")

    def shifted(self, by: int) -> Mention:
        """The same mention `by` characters further on.

        >>> Mention("Rome", 3, 7).shifted(10)
        Mention(text='Rome', start=13, end=17, type=None)
        """
        return replace(self, start=self.start + by, end=self.end + by)

    @property
    def label(self) -> str | None:
        """The tagger's label that the type is or says, see `zslre.labels`."""
        return label_of(self.type)

    @property
    def name(self) -> str:
        """The text, or the antecedent's where there is one."""
        return self.text if self.antecedent is None else self.antecedent.text

    def in_document(self, sentence: Sentence) -> Mention:
        """What a triple has for this mention of the sentence; offsets index the document."""
        return self.shifted(sentence.start) if self.antecedent is None else self.antecedent


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, its mentions (offsets into `text`), and its place in the document (`start`, characters).

    Mentions in a list or another iterable become a tuple. `paragraph`: whether it begins one, by which a pronoun's name
    is sought.
    """

    text: str
    mentions: tuple[Mention, ...] = ()
    start: int = 0
    paragraph: bool = field(default=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise InputError(f"a sentence's text must be a string, got {self.text!r:.60}")
        object.__setattr__(self, "mentions", checked_mentions(self.mentions))
        try:
            object.__setattr__(self, "start", index(self.start))
        except TypeError:
            said = f"start must be a whole number, got {self.start!r:.60}"
            raise InputError(f"sentence {self.text[:40]!r}: {said}") from None
        if self.start < 0:
            raise InputError(f"sentence {self.text[:40]!r}: start must not be negative, got {self.start}")
        for mention in self.mentions:
            found = self.text[mention.start : mention.end]
            if found != mention.text:
                raise InputError(
                    f"mention {mention.text!r} at {mention.start}:{mention.end} does not match the sentence, "
                    f"which has {found!r} there"
                )


@dataclass(frozen=True, slots=True)
class Example:
    """An ordered pair of mentions in a sentence and the relation it expresses; `relation=None`: none.

    The two may be one span: Wiki-ZSL, for one, has such rows. Raises InputError for arguments of other types, and for
    mentions that the sentence does not hold.
    """

    sentence: Sentence
    head: Mention
    tail: Mention
    relation: str | None

    def __post_init__(self) -> None:
        if not isinstance(self.sentence, Sentence):
            raise InputError(f"an example's sentence must be a Sentence(text), got {self.sentence!r:.60}")
        if self.relation is not None and not isinstance(self.relation, str):
            raise InputError(f"an example's relation must be a relation's name or None, got {self.relation!r:.60}")
        for role, mention in (("head", self.head), ("tail", self.tail)):
            if not isinstance(mention, Mention):
                raise InputError(f"an example's {role} must be a Mention(text, start, end), got {mention!r:.60}")
            found = self.sentence.text[mention.start : mention.end]
            if found != mention.text:
                raise InputError(
                    f"{role} {mention.text!r} at {mention.start}:{mention.end} does not match the sentence, "
                    f"which has {found!r} there"
                )


@dataclass(frozen=True, slots=True)
class Triple:
    """An extracted relation. Mention offsets index the document; `score` is a calibrated probability in [0, 1].

    `explanation` maps each part of the score, see `Matcher.explain`, to what it adds to the score's log odds,
    log(score / (1 - score)); it is None unless asked for.
    """

    head: Mention
    relation: str
    tail: Mention
    score: float
    explanation: Mapping[str, float] | None = field(default=None, hash=False)


def checked_mentions(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """The mentions as a tuple. Raises InputError for what is no mention."""
    if not isinstance(mentions, Iterable):
        raise InputError(f"mentions must be a list of Mention, got {mentions!r:.60}")
    found = tuple(mentions)
    for number, mention in enumerate(found):
        if not isinstance(mention, Mention):
            raise InputError(f"mentions[{number}] must be a Mention(text, start, end), got {mention!r:.60}")
    return found


def checked_examples(examples: Iterable[Example]) -> Iterator[Example]:
    """The examples, one at a time. Raises InputError for what is no list, and for an item that is none in its turn."""
    if isinstance(examples, (str, PathLike)):
        raise InputError(f"expected a list of Example, got {examples!r:.60}; zslre.datasets.read_dataset reads a file")
    if not isinstance(examples, Iterable):
        raise InputError(f"examples must be a list of Example, got {examples!r:.60}")
    for number, example in enumerate(examples):
        if not isinstance(example, Example):
            raise InputError(
                f"examples[{number}] must be an Example(sentence, head, tail, relation), got {example!r:.60}"
            )
        yield example
