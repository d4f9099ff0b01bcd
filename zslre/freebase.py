"""Freebase's relations, which NYT's datasets have as labels: paths such as /business/company/founders.

Names that can be read, and what the relations mean in Wikidata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

# The types of administrative divisions begin with the code of their country: br_state, fr_region.
_COUNTRIES = {
    "ar": "Argentine",
    "au": "Australian",
    "br": "Brazilian",
    "ca": "Canadian",
    "cn": "Chinese",
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "in": "Indian",
    "it": "Italian",
    "jp": "Japanese",
    "mx": "Mexican",
    "nl": "Dutch",
    "ru": "Russian",
    "uk": "British",
    "us": "US",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a path means: Wikidata ids, or paths, of the same relation, and of those that it is the inverse of."""

    path: str
    same: tuple[str, ...] = ()
    inverse: tuple[str, ...] = ()


def meaning(key: str) -> Meaning | None:
    """The meaning of a Freebase path, or of its readable name, whatever the case; None where it is not known.

    >>> meaning("/business/company/founders").same == meaning("company founders").same == ("P112",)
    True
    """
    return _meanings().get(key.casefold())


@lru_cache(maxsize=1)
def _meanings() -> Mapping[str, Meaning]:
    """By path and by readable name; zslre/assets/FREEBASE.md has the origin."""
    data = json.loads((resources.files("zslre") / "assets" / "freebase.json").read_text(encoding="utf-8"))
    found = [Meaning(path, *(tuple(entry.get(key, ())) for key in ("same", "inverse"))) for path, entry in data.items()]
    return {key.casefold(): known for known in found for key in (known.path, readable_name(known.path))}


def readable_name(path: str) -> str:
    """The type of the head and the property, in words; the type is left out where the property says it.

    What is no Freebase path stays as it is.

    >>> readable_name("/business/company/founders")
    'company founders'
    >>> readable_name("/location/br_state/capital")
    'Brazilian state capital'
    >>> readable_name("/film/film/featured_film_locations")
    'featured film locations'
    """
    if not path.startswith("/"):
        return path
    # A path through a node without a name of its own: /people/person/education./education/education/institution
    first, *further = [[part for part in step.split("/") if part] for step in path.split("./")]
    if len(first) < 2 or not all(further):
        return path
    kind, properties = first[-2].split("_"), [step[-1].split("_") for step in (first, *further)]
    if kind[0] in _COUNTRIES and len(kind) > 1:
        kind[0] = _COUNTRIES[kind[0]]
    words = [word for part in properties for word in part]
    said = {_stem(word) for word in words}
    if all(_stem(word) in said for word in kind):
        kind = []
    elif _stem(kind[-1]) == _stem(words[0]):
        del kind[-1]
    return " ".join(kind + words)


def _stem(word: str) -> str:
    """The word without the ending of a plural: companies and company, films and film are one."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word.removesuffix("s")
