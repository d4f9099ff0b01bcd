"""Sentences and their mention pairs, packed with levitated markers.

A sentence is encoded once; four marker tokens a pair share the positions of the ends of head and tail (PL-Marker,
Ye et al. 2022; PURE, Zhong & Chen 2021). `PackedBatch.in_text` gives the dearer form that suits large encoders: a pass
for each pair, with the markers in the text. Pure NumPy.

Dimension letters: B rows, L text tokens, P pairs a row (both padded), T = L + 4P.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from zslre.plain import plain
from zslre.types import Mention, Sentence

Pair = tuple[Mention, Mention]
Item = tuple[Sentence, Sequence[Pair]]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MARKERS_PER_PAIR = 4
PHRASE_TOKENS = 128  # that are read of a phrase at most


@dataclass(frozen=True, slots=True, eq=False)
class PackedBatch:
    """One pass of the encoder: the texts, and behind them the markers of their pairs."""

    text_ids: IntArray  # (B, L): [CLS] … [SEP], with a text behind it … [SEP] again, then padding
    text_mask: BoolArray  # (B, L): True at real tokens
    marker_positions: IntArray  # (B, P, 4): index into L of head first, head last, tail first and tail last token
    pair_mask: BoolArray  # (B, P): True at real pairs, which come first in a row

    def token_ids(self, marker_ids: Sequence[int]) -> IntArray:
        """Text and marker token ids, (B, T)."""
        rows, pairs = self.pair_mask.shape
        markers = np.tile(np.asarray(marker_ids, dtype=np.int64), (rows, pairs))
        return np.concatenate([self.text_ids, markers], axis=1)

    def position_ids(self) -> IntArray:
        """Positions of text tokens (0 … L-1) and of markers (those of the span ends they stand for), (B, T)."""
        rows, length = self.text_ids.shape
        text = np.broadcast_to(np.arange(length, dtype=np.int64), (rows, length))
        return np.concatenate([text, self.marker_positions.reshape(rows, -1)], axis=1)

    def attention_mask(self) -> BoolArray:
        """Who may look at whom, (B, T, T): everyone sees the real text; a marker also sees its own pair's markers.

        Padding sees the text as well, so that no row of the softmax is empty.
        """
        rows, length = self.text_ids.shape
        markers = MARKERS_PER_PAIR * self.pair_mask.shape[1]
        mask = np.zeros((rows, length + markers, length + markers), dtype=np.bool_)
        mask[:, :, :length] = self.text_mask[:, None, :]
        pair_of_marker = np.arange(markers) // MARKERS_PER_PAIR
        mask[:, length:, length:] = pair_of_marker[:, None] == pair_of_marker[None, :]
        return mask

    def in_text(self, marker_ids: Sequence[int]) -> PackedBatch:
        """A row for each real pair, in order, with its markers among the text's tokens: [HS] before the head's first,
        [HE] behind its last, and so for the tail. `marker_positions` tell where they stand; nothing levitates.
        """
        rows, pairs = self.pair_mask.nonzero()
        ends, length = self.marker_positions[rows, pairs], self.text_ids.shape[1]
        # What closes comes first: where one mention ends and the other begins, the markers do not cross.
        before = ends[:, [1, 3, 0, 2]] + np.array([1, 1, 0, 0])
        order = before.argsort(axis=1, kind="stable")
        places = before + order.argsort(axis=1)
        tokens = np.arange(length) + (before[:, :, None] <= np.arange(length)).sum(axis=1)  # where each token moves to
        every = np.arange(len(rows))[:, None]
        text_ids = np.zeros((len(rows), length + MARKERS_PER_PAIR), dtype=np.int64)
        text_mask = np.ones(text_ids.shape, dtype=np.bool_)
        text_ids[every, tokens], text_mask[every, tokens] = self.text_ids[rows], self.text_mask[rows]
        starts_and_ends = places[:, [2, 0, 3, 1]]
        text_ids[every, starts_and_ends] = np.asarray(marker_ids)
        return PackedBatch(text_ids, text_mask, starts_and_ends[:, None], np.ones((len(rows), 1), dtype=np.bool_))

    def parts(self, size: int) -> Iterator[PackedBatch]:
        """The batch, `size` rows at a time."""
        for first in range(0, len(self.text_ids), size):
            rows = slice(first, first + size)
            yield PackedBatch(
                self.text_ids[rows], self.text_mask[rows], self.marker_positions[rows], self.pair_mask[rows]
            )


@dataclass(slots=True)
class _Row:
    ids: list[int]
    markers: list[tuple[int, int, int, int]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)  # which input pair each marker group belongs to

    @property
    def width(self) -> int:
        return len(self.ids) + MARKERS_PER_PAIR * len(self.markers)


class Packer:
    """Cuts sentences and pairs into batches of bounded size.

    `max_text_tokens`: a longer sentence is read through a window around each pair, never cut silently.
    `max_pairs`: pairs a row holds at most; more of them are spread over several rows.
    `max_tokens`: B·T of a batch at most (a single row may exceed it).
    `max_padding`: B·T of a batch at most, for each real token.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        max_text_tokens: int = 192,
        max_pairs: int = 64,
        max_tokens: int = 8192,
        max_padding: float = 1.2,
    ) -> None:
        self.tokenizer = tokenizer
        self.first_id, self.last_id = tokenizer.encode("").ids
        self.room = max_text_tokens - 2
        self.max_pairs = max_pairs
        self.max_tokens = max_tokens
        self.max_padding = max_padding

    def pack(
        self, items: Sequence[Item], followed_by: Sequence[str] | None = None
    ) -> Iterator[tuple[PackedBatch, IntArray]]:
        """Yield batches, each with the numbers (n_pairs_in_batch,) of its pairs in the order of the encoder's output.

        Pairs are numbered through all items, in order. Rows of similar length and number of pairs share a batch.
        `followed_by`: a text for each item, read behind its sentence in one row ([CLS] sentence [SEP] text [SEP]); of a
        text that would take more than half of the row, what goes beyond is not read.
        """
        rows: list[_Row] = []
        first = 0
        texts = [plain(s.text, chain(s.mentions, chain.from_iterable(pairs))) for s, pairs in items]
        encodings = self.tokenizer.encode_batch(texts, add_special_tokens=False)
        for (_, pairs), encoding, more in zip(items, encodings, self._endings(len(items), followed_by), strict=True):
            rows.extend(self._rows(encoding.ids, np.asarray(encoding.offsets).reshape(-1, 2), pairs, first, more))
            first += len(pairs)
        rows.sort(key=lambda row: (len(row.markers).bit_length(), len(row.ids)))
        batch: list[_Row] = []
        real = 0
        for row in rows:
            grown = [*batch, row]
            width = max(len(r.ids) for r in grown) + MARKERS_PER_PAIR * max(len(r.markers) for r in grown)
            real += row.width
            if batch and (len(grown) * width > self.max_tokens or len(grown) * width > self.max_padding * real):
                yield self._batch(batch)
                grown, real = [row], row.width
            batch = grown
        if batch:
            yield self._batch(batch)

    def _endings(self, count: int, texts: Sequence[str] | None) -> list[list[int]]:
        """What follows each sentence's [SEP], token ids."""
        if texts is None:
            return [[] for _ in range(count)]
        encodings = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [[*encoding.ids[: self.room // 2 - 1], self.last_id] for encoding in encodings]

    def _rows(
        self, ids: list[int], offsets: IntArray, pairs: Sequence[Pair], first: int, more: list[int]
    ) -> list[_Row]:
        windows: dict[tuple[tuple[int, int], ...], list[_Row]] = {}
        for number, (head, tail) in enumerate(pairs, start=first):
            head_span, tail_span = token_span(offsets, head), token_span(offsets, tail)
            pieces = window(len(ids), self.room - len(more), head_span, tail_span)
            rows = windows.setdefault(pieces, [])
            if not rows or len(rows[-1].markers) == self.max_pairs:
                text = [token for start, end in pieces for token in ids[start:end]]
                rows.append(_Row([self.first_id, *text, self.last_id, *more]))
            ends = (head_span[0], head_span[1] - 1, tail_span[0], tail_span[1] - 1)
            a, b, c, d = (1 + _place(pieces, token) if ids else 0 for token in ends)  # 1: [CLS]
            rows[-1].markers.append((a, b, c, d))
            rows[-1].numbers.append(number)
        return [row for rows in windows.values() for row in rows]

    def _batch(self, rows: list[_Row]) -> tuple[PackedBatch, IntArray]:
        length, pairs = max(len(r.ids) for r in rows), max(len(r.markers) for r in rows)
        text_ids = np.zeros((len(rows), length), dtype=np.int64)  # masked, so that any id may pad
        text_mask = np.zeros((len(rows), length), dtype=np.bool_)
        positions = np.zeros((len(rows), pairs, MARKERS_PER_PAIR), dtype=np.int64)
        pair_mask = np.zeros((len(rows), pairs), dtype=np.bool_)
        for i, row in enumerate(rows):
            text_ids[i, : len(row.ids)] = row.ids
            text_mask[i, : len(row.ids)] = True
            positions[i, : len(row.markers)] = row.markers
            pair_mask[i, : len(row.markers)] = True
        numbers = np.asarray([n for row in rows for n in row.numbers], dtype=np.int64)
        return PackedBatch(text_ids, text_mask, positions, pair_mask), numbers


def plain_tokenizer(json: str) -> Tokenizer:
    """The tokenizer of a tokenizer.json text, with the padding and truncation switched off that many files ask for."""
    tokenizer = Tokenizer.from_str(json)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def token_span(offsets: IntArray, mention: Mention) -> tuple[int, int]:
    """First and one past the last token that shares a character with the mention; the nearest token if none does.

    >>> token_span(np.array([[0, 3], [4, 8], [8, 9]]), Mention("Rome", 4, 8))
    (1, 2)
    """
    if len(offsets) == 0:
        return 0, 1
    start = int(np.searchsorted(offsets[:, 1], mention.start, side="right"))
    end = int(np.searchsorted(offsets[:, 0], mention.end, side="left"))
    start = min(start, len(offsets) - 1)
    return start, max(end, start + 1)


def window(n_tokens: int, room: int, head: tuple[int, int], tail: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """The stretch of text to read for a pair, as token ranges in text order: all of it, one window, or one per mention.

    It depends on this pair alone, so that company changes nothing; windows start on a coarse grid, so that
    neighbouring pairs mostly share one. A pair wider than `room` keeps the surroundings of either mention.

    >>> window(100, 20, (50, 52), (55, 56))
    ((40, 60),)
    >>> window(100, 20, (10, 11), (90, 91))
    ((5, 15), (85, 95))
    """
    if n_tokens <= room:
        return ((0, n_tokens),)
    low, high = min(head[0], tail[0]), max(head[1], tail[1])
    if high - low <= room:
        step = max(room // 4, 1)
        start = _clip((low + high - room) // 2 // step * step, 0, n_tokens - room)
        if not (start <= low and high <= start + room):
            start = _clip((low + high - room) // 2, 0, n_tokens - room)
        return ((start, start + room),)
    pieces = []
    for first, last in sorted((head, tail)):
        half = room // 2
        middle = (first + last - half) // 2 if last - first <= half else first
        start = _clip(middle, 0, n_tokens - half)
        pieces.append((start, start + half))
    (a, b), (c, d) = pieces
    return ((a, b), (max(b, c), max(b, d)))


def _clip(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def _place(pieces: Sequence[tuple[int, int]], token: int) -> int:
    """Where a token of the sentence stands in the text that is read; the nearest place if it was left out."""
    before = 0
    for start, end in pieces:
        if token < end:
            return before + max(token - start, 0)
        before += end - start
    return before - 1


def pack_phrases(tokenizer: Tokenizer, phrases: Sequence[str]) -> tuple[IntArray, BoolArray]:
    """Token ids and mask of phrases, both (N, L); of a very long description only PHRASE_TOKENS are read."""
    encodings = tokenizer.encode_batch(list(phrases))
    rows = [e.ids if len(e.ids) <= PHRASE_TOKENS else [*e.ids[: PHRASE_TOKENS - 1], e.ids[-1]] for e in encodings]
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    mask = np.zeros(ids.shape, dtype=np.bool_)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = True
    return ids, mask
