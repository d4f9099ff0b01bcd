"""Tokens to text: datasets of token lists become sentences with character offsets."""

from __future__ import annotations

from collections.abc import Sequence

from zslre.exceptions import InputError
from zslre.types import Mention


class TokenText:
    """Tokens joined by blanks, and where each of them went."""

    def __init__(self, tokens: Sequence[str]) -> None:
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
