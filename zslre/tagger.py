"""The mentions that a model's own tagger finds: the same encoder that later sees their pairs, and no other model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from zslre.encoder import Encoder, FloatArray
from zslre.encoder.loading import load_encoder
from zslre.encoder.runtime import RuntimeEncoder
from zslre.mentions import MentionDetector, trim
from zslre.packing import IntArray
from zslre.plain import FILL, NOTHING, plain
from zslre.serialization import BUILTIN, load_model
from zslre.tagging import NO_WORD, Words, best_tags, closed, spans, uncut, without_titles, words_of
from zslre.types import Mention, Sentence

MAX_PADDING = 1.2  # tokens of a batch for each real one
# As in a table, and where markup was: no name goes on behind it. Of a line that is indented it is none.
_COLUMN_END = re.compile(r"(?<!\s)[^\S\r\n]*(?:\t|[^\S\r\n]{3}|\s[\u00b7\u2022|]\s)[^\S\r\n]*(?=\S)")
_LETTERS = re.compile(r"(?:[A-Z]\.){3,}|M\.D\.")  # "C.E.O." is no person; "P.J." is one
_LOW = np.float32(-1e9)  # a score that no path of tags takes


class _Row(NamedTuple):
    """A stretch of a sentence's tokens that is read at once; `start` … `end` of its scores are used."""

    sentence: int
    first: int
    last: int
    start: int
    end: int


def _behind_emphasis(text: str, start: int, end: int) -> int:
    """Where the name begins, if what is before it in the span is not emphasised with it: "Ring **Ann Lee**" at Ann."""
    opened = text.find("**", start, end)
    closed = text.startswith("**", end) and text.count("**", start, end) == 1
    return opened + 2 if closed and opened > start else start


class TaggerDetector:
    """`MentionDetector` on the tagger of an encoder; InputError if it has none.

    `max_text_tokens`: a longer sentence is read through windows that overlap by half of their length, and each token is
    tagged where it stands farthest from a window's ends.
    """

    def __init__(self, encoder: RuntimeEncoder, *, max_text_tokens: int = 192) -> None:
        self.encoder, self.types = encoder, encoder.start_tagger().types
        self.room = max_text_tokens - 2
        self.first_id, self.last_id = encoder.tokenizer.encode("").ids

    def detect(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        """See `MentionDetector`."""
        texts = [plain(sentence.text) for sentence in sentences]
        encodings = self.encoder.tokenizer.encode_batch(texts, add_special_tokens=False)
        words = [words_of(encoding, text) for encoding, text in zip(encodings, texts, strict=True)]
        scores = self._scores([np.array(e.ids, dtype=np.int64) for e in encodings], [w.shapes for w in words])
        tags = _tags([s[w.tokens] for s, w in zip(scores, words, strict=True)])
        return [
            replace(sentence, mentions=self._mentions(sentence.text, text, w, t))
            for sentence, text, w, t in zip(sentences, texts, words, tags, strict=True)
        ]

    def _mentions(self, text: str, read: str, words: Words, tags: IntArray) -> tuple[Mention, ...]:
        """Of a text, and of what was `read` of it."""
        found = []
        spellings = [text[start:end] for start, end in zip(words.starts, words.ends, strict=True)]
        whole = without_titles(closed(spans(tags, len(self.types)), spellings, self.types), self.types)
        for start, stop, type in uncut(read, [(words.starts[a], words.ends[b - 1], t) for a, b, t in whole]):
            gaps = [place for gap in _COLUMN_END.finditer(read, start, stop) for place in gap.span()]
            places = [start, *gaps, stop]
            for begin, finish in zip(places[::2], places[1::2], strict=True):
                left, right = trim(read, begin, finish, self.types[type])
                left += len(read[left:right]) - len(read[left:right].lstrip(NOTHING))  # behind a bullet
                # A reference begins before the character that it is read as.
                left, right = len(read[:left].rstrip(FILL)), len(read[:right].rstrip(FILL))
                left = _behind_emphasis(text, left, right)
                if left < right:
                    label = self.types[type]
                    label = "MISC" if label == "PERSON" and _LETTERS.fullmatch(text, left, right) else label
                    found.append(Mention(text[left:right], left, right, label))
        return tuple(found)

    def _scores(self, ids: Sequence[IntArray], shapes: Sequence[IntArray]) -> list[FloatArray]:
        """The scores of each sentence's tokens, (L, 1 + 2K)."""
        tags = 1 + 2 * len(self.types)
        scores = [np.zeros((len(row), tags), dtype=np.float32) for row in ids]
        rows = [row for number, tokens in enumerate(ids) for row in _windows(number, len(tokens), self.room)]
        for batch in _batches(sorted(rows, key=lambda row: row.last - row.first), self.encoder.tokens_a_pass):
            length = 2 + max(row.last - row.first for row in batch)
            text = np.zeros((len(batch), length), dtype=np.int64)
            mask = np.zeros((len(batch), length), dtype=np.bool_)
            shape = np.full((len(batch), length), NO_WORD, dtype=np.int64)
            for place, row in enumerate(batch):
                end = 1 + row.last - row.first
                text[place, : end + 1] = [self.first_id, *ids[row.sentence][row.first : row.last], self.last_id]
                mask[place, : end + 1] = True
                shape[place, 1:end] = shapes[row.sentence][row.first : row.last]
            found = self.encoder.tag_scores(text, mask, shape)
            for place, row in enumerate(batch):
                used = slice(1 + row.start - row.first, 1 + row.end - row.first)
                scores[row.sentence][row.start : row.end] = found[place, used]
        return scores


def own_detector(encoder: Encoder, config: Mapping[str, Any]) -> TaggerDetector | None:
    """The detector on the tagger of a model, of which this is the config.json; None where it has no tagger."""
    if not isinstance(encoder, RuntimeEncoder) or encoder.tagger is None:
        return None
    return TaggerDetector(encoder, max_text_tokens=config["encoder"]["max_text_tokens"])


def builtin_detector(threads: int | None = None) -> MentionDetector:
    """That of the built-in model, for a model that has none of its own; `threads`: see `RuntimeEncoder`."""
    files = load_model(BUILTIN)
    detector = own_detector(load_encoder(files, threads=threads), files.config)
    assert detector is not None
    return detector


def _windows(sentence: int, length: int, room: int) -> Iterator[_Row]:
    """What is read of a sentence of `length` tokens, at most `room` at once.

    >>> [tuple(row) for row in _windows(0, 10, 4)]
    [(0, 0, 4, 0, 3), (0, 2, 6, 3, 5), (0, 4, 8, 5, 7), (0, 6, 10, 7, 10)]
    """
    half = max(room // 2, 1)
    first = start = 0
    while start < length:
        last = min(first + room, length)
        end = length if last == length else last - half // 2
        yield _Row(sentence, first, last, start, end)
        first, start = min(first + half, max(length - room, 0)), end


def _batches(rows: Sequence[_Row], most: int) -> Iterator[list[_Row]]:
    """Rows in order of length → batches of at most so many tokens."""
    batch: list[_Row] = []
    real = 0
    for row in rows:
        width = row.last - row.first + 2
        real += width
        padded = width * (len(batch) + 1)
        if batch and (padded > most or padded > MAX_PADDING * real):
            yield batch
            batch, real = [], width
        batch.append(row)
    if batch:
        yield batch


def _tags(scores: Sequence[FloatArray]) -> list[IntArray]:
    """The best tags of each sentence's words: (W, 1 + 2K) → (W,); sentences of like length are worked on together."""
    tags: list[IntArray] = [np.zeros(0, dtype=np.int64)] * len(scores)
    order = sorted(range(len(scores)), key=lambda i: len(scores[i]))
    for first in range(0, len(order), 64):
        chosen = order[first : first + 64]
        padded = np.full((len(chosen), len(scores[chosen[-1]]), scores[chosen[-1]].shape[1]), _LOW, dtype=np.float32)
        padded[:, :, 0] = 0.0
        for place, number in enumerate(chosen):
            padded[place, : len(scores[number])] = scores[number]
        for number, row in zip(chosen, best_tags(padded), strict=True):
            tags[number] = row[: len(scores[number])]
    return tags
