"""Names that can be read for the relations of NYT, which are Freebase paths such as /business/company/founders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from zslre.exceptions import InputError

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


def readable_name(label: str) -> str:
    """The type of the head and the property, in words; the type is left out where the property says it.

    A label that is no Freebase path stays as it is. See `readable_names` for several labels.

    >>> readable_name("/business/company/founders")
    'company founders'
    >>> readable_name("/location/br_state/capital")
    'Brazilian state capital'
    >>> readable_name("/film/film/featured_film_locations")
    'featured film locations'
    """
    if not label.startswith("/"):
        return label
    # A path through a node without a name of its own: /people/person/education./education/education/institution
    first, *further = [[part for part in path.split("/") if part] for path in label.split("./")]
    if len(first) < 2 or not all(further):
        return label
    kind, properties = first[-2].split("_"), [path[-1].split("_") for path in (first, *further)]
    if kind[0] in _COUNTRIES and len(kind) > 1:
        kind[0] = _COUNTRIES[kind[0]]
    words = [word for part in properties for word in part]
    said = {_stem(word) for word in words}
    if all(_stem(word) in said for word in kind):
        kind = []
    elif _stem(kind[-1]) == _stem(words[0]):
        del kind[-1]
    return " ".join(kind + words)


def readable_names(labels: Iterable[str]) -> dict[str, str]:
    """A name for each label, no two alike: those that `readable_name` would give one name to keep the whole path.

    Names are compared as `RelationSet` does it, whatever their case. Raises InputError for a label that comes twice.

    >>> readable_names(["/business/company/founders", "/organization/company/founders"])["/business/company/founders"]
    'company founders (business company founders)'
    """
    labels = list(labels)
    if len(set(labels)) < len(labels):
        raise InputError(f"the label {Counter(labels).most_common(1)[0][0]!r} comes twice; name it once")
    names = {label: readable_name(label) for label in labels}
    shared = Counter(name.casefold() for name in names.values())
    for label, name in names.items():
        if shared[name.casefold()] > 1:
            names[label] = f"{name} ({' '.join(re.findall(r'[^/_.]+', label))})"
    shared = Counter(name.casefold() for name in names.values())
    return {label: name if shared[name.casefold()] == 1 else label for label, name in names.items()}


def _stem(word: str) -> str:
    """The word without the ending of a plural: companies and company, films and film are one."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word.removesuffix("s")
