"""Dates are no names, names and times of day no dates, continents no countries: which mentions can be a tail at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from zslre.candidates import ANYTHING, LITERAL_KINDS, LITERALS
from zslre.encoder import FloatArray
from zslre.packing import Pair
from zslre.relations import Relation, catalogue

WHEN_KINDS = frozenset(["date", "time", "year", "day", "point in time"])
# Not America, which is said for the United States.
_CONTINENT = re.compile(
    "(?:afric|antarctic|asi|oceani|(?:north|south|latin) americ)an?|antarctic|europe(?:an)?", re.IGNORECASE
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_SHORT = "jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec"
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|yesterday|tomorrow|tonight|eve|christmas|easter"
_PARTS = "morning|afternoon|evening|night|noon|midnight|spring|summer|autumn|fall|winter|century|centuries|ago|later"
_RELATIVE = "(?:last|next|this|same|previous|following) (?:year|month|week|day|decade)"
# A year, a day of a month, or a word for a time; not an age, as "91", nor how long, as "ten minutes".
_WHEN = re.compile(
    r"\d{4}|\b\d{3}s?\b(?! (?:years|months|weeks|days|hours|minutes))|\b\d\d?(?:(?:st|nd|rd|th)\b|[./-]\d)"
    r"|\b\d{1,4}s?\s?(?:BCE?|CE|AD)\b|\bAD\s?\d|(?<!\d)(?<!his )(?<!her )(?<!their )\d0s\b"
    r"|\b\d\d?:\d\d\b|(?<![\d.])\d\d?\s?[ap]\.?m\b"
    rf"|\b(?:{_MONTHS}|{_SHORT}|{_DAYS}|{_PARTS}|{_RELATIVE})\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\W*\d\d?(?:(?::\d\d){1,2}(?:\s?[ap]\.?m)?|\s?[ap]\.?m)\.?(?: (?:GMT|UTC|[A-Z]{1,3}T))?\W*", re.IGNORECASE
)


class Tails:
    """What the `relations` take for tails, by the kinds that their authors want of them.

    What a user marks without a type, or with one that has no label, may be any tail, but a continent is no country.
    """

    def __init__(self, relations: Iterable[Relation]) -> None:
        relations = list(relations)
        self._names = np.flatnonzero([takes_names_only(relation) for relation in relations])
        self._times = np.flatnonzero([takes_times_only(relation) for relation in relations])
        self._days = np.flatnonzero([takes_days_only(relation) for relation in relations])
        self._countries = np.flatnonzero([takes_countries_only(relation) for relation in relations])

    def forbid(self, pairs: Sequence[Pair], margins: FloatArray) -> None:
        """Set margins (P, R) to -inf where the tail of the pair is none of the relation."""
        literal = np.flatnonzero([tail.label in LITERALS for _, tail in pairs])
        margins[np.ix_(literal, self._names)] = -np.inf
        if self._times.size:
            timeless = {text for text in {tail.text for _, tail in pairs} if not tells_when(text)}
            rows = np.flatnonzero([tail.label is not None and tail.text in timeless for _, tail in pairs])
            margins[np.ix_(rows, self._times)] = -np.inf
        if self._days.size:
            rows = np.flatnonzero([_CLOCK.fullmatch(tail.text) is not None for _, tail in pairs])
            margins[np.ix_(rows, self._days)] = -np.inf
        if self._countries.size:
            rows = np.flatnonzero([_CONTINENT.fullmatch(tail.name) is not None for _, tail in pairs])
            margins[np.ix_(rows, self._countries)] = -np.inf


def takes_names_only(relation: Relation) -> bool:
    """Whether no date or number can be the relation's tail, by the kinds that its author wants of tails.

    That is said of the kinds that the catalogue names, all of them: of another, such as a price, it is not known. Of
    Re-DocRED's triples one in a thousand is lost (dev documents 1-250: 6 of 5,109).

    >>> from zslre.relations import resolve
    >>> [takes_names_only(resolve(name)) for name in ("employer", "date of birth", "part of", "supplies")]
    [True, False, False, False]
    """
    kinds = set(relation.own_part.side.tail_hypernyms)
    return bool(kinds) and kinds <= _kinds_of_names()


def takes_times_only(relation: Relation) -> bool:
    """Whether only a point in time can be the relation's tail, by the kinds that its author wants of tails.

    >>> from zslre.relations import resolve
    >>> [takes_times_only(resolve(name)) for name in ("employer", "date of birth", "part of")]
    [False, True, False]
    """
    kinds = set(relation.own_part.side.tail_hypernyms)
    return bool(kinds) and kinds <= WHEN_KINDS


def takes_days_only(relation: Relation) -> bool:
    """Whether no time of day can be the relation's tail, by the kinds that its author wants of tails.

    >>> from zslre.relations import Relation, SideInformation, resolve
    >>> starts = Relation("starts at", side=SideInformation(tail_hypernyms=("time",)))
    >>> [takes_days_only(relation) for relation in (resolve("date of birth"), starts, resolve("employer"))]
    [True, False, False]
    """
    return takes_times_only(relation) and {"time", "point in time"}.isdisjoint(relation.own_part.side.tail_hypernyms)


def takes_countries_only(relation: Relation) -> bool:
    """Whether only a country can be the relation's tail, by the kinds that its author wants of tails.

    Of Re-DocRED's triples (dev documents 1-250) and the facts of our own texts none with such a relation has a
    continent for its tail.

    >>> from zslre.relations import resolve
    >>> [takes_countries_only(resolve(name)) for name in ("country of citizenship", "continent", "location")]
    [True, False, False]
    """
    return set(relation.own_part.side.tail_hypernyms) == {"country"}


def tells_when(text: str) -> bool:
    """Whether the words name a point in time: a year, a day, a season; not an age and not how long something took.

    Of Re-DocRED's 449 triples with a date (dev documents 1-250) none is lost, of 1,063 dates there 71 are ruled out.

    >>> [tells_when(text) for text in ("4 May", "the 1990s", "last week", "91", "ten minutes")]
    [True, True, True, False, False]
    """
    return _WHEN.search(text) is not None


@lru_cache(maxsize=1)
def _kinds_of_names() -> frozenset[str]:
    sides = [relation.side for relation in catalogue()]
    named = {kind for side in sides for kinds in (side.head_hypernyms, side.tail_hypernyms) for kind in kinds}
    return frozenset(named) - LITERAL_KINDS - ANYTHING
