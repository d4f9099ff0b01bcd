"""Tokens to text and back: datasets of token lists become sentences with character offsets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from zslre.exceptions import InputError
from zslre.types import Mention


class TokenText:
    """Tokens joined by blanks, and where each of them went."""

    def __init__(self, tokens: Sequence[str]) -> None:
        if isinstance(tokens, str):
            raise InputError(f"tokens must be a list of strings, not the string {tokens!r:.60}")
        self.text = " ".join(tokens)
        self.starts: list[int] = []
        place = 0
        for token in tokens:
            self.starts.append(place)
            place += len(token) + 1
        self.ends = [start + len(token) for start, token in zip(self.starts, tokens, strict=True)]

    def mention(self, first: int, end: int, type: str | None = None) -> Mention:
        """The mention of tokens first … end-1; raises InputError if there are none such.

        >>> TokenText(["Ann", "lives", "in", "Rome"]).mention(3, 4)
        Mention(text='Rome', start=13, end=17, type=None)
        """
        if not 0 <= first < end <= len(self.starts):
            raise InputError(f"token span {first}:{end} is outside a sentence of {len(self.starts)} tokens")
        start, stop = self.starts[first], self.ends[end - 1]
        return Mention(self.text[start:stop], start, stop, type)


def split_tokens(text: str, spans: Sequence[tuple[int, int]]) -> tuple[list[str], list[tuple[int, int]]]:
    """Tokens of `text`, and the places (first, end) among them of `spans` (start, end in characters).

    Text is cut at blanks, and where a span begins or ends within a word. So joined by blanks the tokens are `text`
    again, with a blank more at each cut within a word; and each span's tokens are that span's text, unless a
    boundary of another span cuts a word in it.

    >>> split_tokens("Ann's in Rome.", [(0, 3), (9, 13)])
    (['Ann', "'s", 'in', 'Rome', '.'], [(0, 1), (3, 4)])
    """
    starts, ends = {start for start, _ in spans}, {end for _, end in spans}
    tokens: list[str] = []
    first_token: dict[int, int] = {}
    end_token: dict[int, int] = {}
    for start, end in pairwise(sorted({0, len(text), *starts, *ends})):
        piece = text[start:end]
        # A cut stands for one blank of the text; a span keeps the blanks that it begins or ends with.
        left = start in ends - starts and piece.startswith(" ")
        right = end in starts - ends and piece.endswith(" ")
        first_token[start] = len(tokens)
        if not (piece == " " and left and right):
            tokens += piece[left : len(piece) - right].split(" ")
        end_token[end] = len(tokens)
    return tokens, [(first_token[start], end_token[end]) for start, end in spans]
