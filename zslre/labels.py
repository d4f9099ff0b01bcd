"""Taggers' labels, and which of them a mention's type is where a person wrote it in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

# The labels of OntoNotes (spaCy's English pipelines), CoNLL and DocRED, and the words that they stand for.
WORDS_OF_LABELS: Mapping[str, tuple[str, ...]] = {
    "PERSON": ("person",), "PER": ("person",),
    "ORG": ("organization",),
    "GPE": ("place", "administrative region"), "LOC": ("place", "location"), "FAC": ("building", "place"),
    "NORP": ("group", "nationality"), "PRODUCT": ("product",), "EVENT": ("event",), "WORK_OF_ART": ("work",),
    "LAW": ("law",), "LANGUAGE": ("language",), "DATE": ("date", "time"), "TIME": ("time", "date"),
    "MONEY": ("amount of money",), "PERCENT": ("percentage",), "QUANTITY": ("quantity",), "CARDINAL": ("number",),
    "NUM": ("number",), "ORDINAL": ("number",), "MISC": (),
}  # fmt: skip
# What people write for them, singular and in lower case.
_PLAIN: Mapping[str, str] = {
    "PERSON": "human, individual, man, woman, people, pers",
    "ORG": "organization, organisation, company, corporation, business, firm, institution, agency, bank, university, "
    "college, school, team, club, sports team, band, musical group, political party, newspaper, publisher",
    "GPE": "place, country, nation, city, town, village, state, province, county, capital, municipality, settlement, "
    "administrative region, state or province, geopolitical entity",
    "LOC": "location, region, continent, river, lake, sea, ocean, mountain, island, geographic feature",
    "FAC": "facility, building, bridge, airport, station, stadium, street",
    "NORP": "nationality, religion, ethnic group",
    "PRODUCT": "vehicle, ship, aircraft, software",
    "EVENT": "war, battle, tournament, election, festival",
    "WORK_OF_ART": "work, creative work, book, novel, film, movie, song, album, painting, play, television series",
    "DATE": "year, month, day, point in time, period",
    "MONEY": "amount of money, price",
    "PERCENT": "percentage",
    "QUANTITY": "amount",
    "CARDINAL": "number",
    "MISC": "miscellaneous, other",
}
_LABELS = {word: label for label, words in _PLAIN.items() for word in words.split(", ")}


def plain_words(type: str) -> str:
    """In lower case, with single blanks between the words."""
    return " ".join(type.replace("_", " ").lower().split())


@lru_cache(maxsize=10_000)
def label_of(type: str | None) -> str | None:
    """The tagger's label that a type is, or says in plain words; None for other words, which tell no label.

    >>> [label_of(type) for type in ("ORG", "org", "company", "Work of art", "PER", "gadget", "", None)]
    ['ORG', 'ORG', 'ORG', 'WORK_OF_ART', 'PER', None, None, None]
    """
    if type is None:
        return None
    words = plain_words(type)
    label = words.upper().replace(" ", "_")
    return label if label in WORDS_OF_LABELS else _LABELS.get(words)
