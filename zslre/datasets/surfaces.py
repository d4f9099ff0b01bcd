"""Finding the mentions of a fact that names its head and tail but does not say where they stand."""

from __future__ import annotations

from itertools import product

from zslre.exceptions import InputError
from zslre.types import Mention


def nearest_pair(text: str, head: str, tail: str) -> tuple[Mention, Mention]:
    """Head and tail where they stand nearest to each other in `text`; of equally near places, the first.

    A surface string must not be a part of a longer word ("_" is part of words), and the two must not overlap. That the
    nearest ones are meant is a guess, and a good one; the dataset does not say. Raises InputError if there is no place.

    >>> nearest_pair("Rome , Italy : Ann left Rome for Oslo", "Ann", "Rome")
    (Mention(text='Ann', start=15, end=18, type=None), Mention(text='Rome', start=24, end=28, type=None))
    """
    heads, tails = _places(text, "head", head), _places(text, "tail", tail)
    apart = [(a, b) for a, b in product(heads, tails) if a.end <= b.start or b.end <= a.start]
    if not apart:
        raise InputError(f"head {head!r} and tail {tail!r} overlap wherever they stand in the text")
    return min(apart, key=lambda pair: max(pair[0].start, pair[1].start) - min(pair[0].end, pair[1].end))


def _places(text: str, role: str, surface: str) -> list[Mention]:
    found = []
    start = text.find(surface) if surface else -1
    while start >= 0:
        end = start + len(surface)
        if not (_within_word(text, start) or _within_word(text, end)):
            found.append(Mention(surface, start, end))
        start = text.find(surface, start + 1)
    if not found:
        raise InputError(f"{role} {surface!r} does not stand in the text as words of its own")
    return found


def _within_word(text: str, place: int) -> bool:
    return 0 < place < len(text) and all(char.isalnum() or char == "_" for char in text[place - 1 : place + 1])
