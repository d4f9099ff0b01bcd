"""Text for a terminal: what it shows safely, how wide that is, and columns that stand under each other."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

_CELL_WIDTH = 40  # columns; what is longer ends in "…"
_NO_WIDTH = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))  # soft hyphens and the like
_JOINERS = "\u200c\u200d"


def printable(text: str) -> str:
    """On one line, without characters that would steer a terminal; what joins or parts letters is left out or stays."""
    shown = " ".join(text.split()).translate(_NO_WIDTH)
    return "".join(c if c.isprintable() or c in _JOINERS else "\ufffd" for c in shown)


def shortened(text: str) -> str:
    """`printable`, and cut where it is wider than a table's cell, with "…" for the rest."""
    text = printable(text)
    if columns(text) <= _CELL_WIDTH:
        return text
    while columns(text) > _CELL_WIDTH - 1:
        text = text[: _CELL_WIDTH - 1] if len(text) >= _CELL_WIDTH else text[:-1]
    return f"{text}…"


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    narrow = (c for c in text if c not in _JOINERS and not unicodedata.combining(c))
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in narrow)


def aligned(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """A line for each row, its cells made `printable` and set in columns; those numbered in `right` end together.

    >>> aligned([["東京", "9"], ["Rome", "10"], ["Ur", ""]], right=[1])
    ['東京   9', 'Rome  10', 'Ur']
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    wide = [max(map(columns, column)) for column in zip(*rows, strict=True)]

    def placed(at: int, cell: str) -> str:
        space = " " * (wide[at] - columns(cell))
        return space + cell if at in right else cell + space

    return ["  ".join(placed(at, cell) for at, cell in enumerate(row)).rstrip() for row in rows]
