"""What kind of thing a mention is, in words, from what is known without a model.

That is its tagger's type, a table of hypernyms, and the names that WordNet knows (countries, cities, rivers, well-known
people) and a short list of places that it lacks, which serve as the offline gazetteer.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from zslre.labels import WORDS_OF_LABELS, label_of, plain_words
from zslre.sideinfo.hypernyms import HypernymTable
from zslre.sideinfo.wordnet import LEAST_INFORMATION, wordnet
from zslre.types import Mention

PLACES = Path(__file__).parents[1] / "assets" / "places.txt"
_WORDS_OF_PLACES: Mapping[str, tuple[str, ...]] = {
    "country": ("country",), "national capital": ("national capital", "capital", "city"),
    "city": ("city", "municipality"),
}  # fmt: skip
MAX_FROM_TABLE = 3
MAX_FROM_GAZETTEER = 4
# The crawler gives as much to what one site says once and nothing else supports; WordNet's rarer senses (Berlin, the
# songwriter) and the third step upwards from its first (urban area) have less.
LEAST_CONFIDENCE = 0.3

# Common types and the wider ones that people name when they mean them; wider than WordNet's chains, which put a city
# under "location" but not under "place", and a film under "show".
WIDER: Mapping[str, tuple[str, ...]] = {
    "place": ("location", "geographic feature", "region", "area"),
    "location": ("place",),
    "administrative region": ("place", "location", "region", "territory"),
    "country": ("place", "location", "administrative region", "state", "nation", "territory", "government"),
    "city": ("place", "location", "administrative region", "town", "settlement", "municipality"),
    "town": ("place", "location", "administrative region", "city", "settlement", "municipality"),
    "state": ("place", "location", "administrative region", "territory"),
    "river": ("place", "location", "geographic feature", "body of water", "watercourse"),
    "lake": ("place", "location", "geographic feature", "body of water"),
    "sea": ("place", "location", "geographic feature", "body of water"),
    "ocean": ("place", "location", "geographic feature", "body of water"),
    "mountain": ("place", "location", "geographic feature"),
    "island": ("place", "location", "geographic feature"),
    "continent": ("place", "location", "geographic feature", "region"),
    "building": ("place", "location", "structure", "facility"),
    "company": ("organization", "business"), "business": ("organization", "company"),
    "organization": ("organisation", "group", "institution"),
    "group": ("people", "organization", "ethnic group", "religion"),
    "nationality": ("people", "country", "ethnic group"),
    "politician": ("person",), "writer": ("person",), "actor": ("person",), "athlete": ("person",),
    "band": ("organization", "group", "musical group"), "sports team": ("organization", "group"),
    "film": ("work", "movie"), "book": ("work", "publication"), "song": ("work", "musical work"),
    "work": ("creative work", "film", "book", "song", "album", "painting", "play", "television series", "video game"),
    "product": ("device", "vehicle", "software", "asset", "aircraft", "weapon"),
    "event": ("competition", "war", "battle", "tournament", "disaster", "conflict"),
    "date": ("time", "year", "day", "point in time", "period"), "time": ("date", "year", "point in time", "period"),
    "number": ("quantity", "amount"), "quantity": ("number", "amount"), "amount of money": ("quantity", "amount"),
}  # fmt: skip
# Senses of a type's word that count: the third of "company" is a visitor, who is a person. Of the common words above
# only the first does: the second of "date" is a person as well.
_SENSES = 2
_COMMON = frozenset([*WIDER, *(word for words in WORDS_OF_LABELS.values() for word in words)])
_SAME = {"place": "location", "organisation": "organization", "geographic feature": "geographical area"}


def type_words(
    mention: Mention, table: HypernymTable | None = None, *, offline_default: bool = True
) -> tuple[str, ...]:
    """What the mention is, the most telling first: by the table, the gazetteer, and its type.

    A type without a label is unknown: it stands among the words, but rules out nothing that the gazetteer says.

    >>> type_words(Mention("Paris", 0, 5, "GPE"))[:2]
    ('national capital', 'town')
    """
    of_type = words_of_type(mention.type)
    found = list(types_in(table, mention.name))
    if not found and offline_default:
        known = gazetteer(mention.name)
        of_label = of_type if mention.label is not None else ()
        found = [w for w in known if not of_label or any(compatible(w, label) for label in of_label)]
    return tuple(dict.fromkeys([*found, *of_type]))


def types_in(table: HypernymTable | None, name: str) -> tuple[str, ...]:
    """What the table says that the name is, best first, as far as it is sure of it."""
    known = table.get(name, ()) if table is not None else ()
    return tuple(h.name for h in known if h.confidence >= LEAST_CONFIDENCE)[:MAX_FROM_TABLE]


def words_of_type(type: str | None) -> tuple[str, ...]:
    """The words for a mention's type: the plain word that a person wrote, and those of the label that it says.

    Both, because WordNet knows some of the plain words in another sense: "capital" is money, "human" no person.

    >>> words_of_type("ORG"), words_of_type("university"), words_of_type("SportsTeam"), words_of_type("other")
    (('organization',), ('university', 'organization'), ('sportsteam',), ())
    """
    label = label_of(type)
    if type is None or label is None:
        return words_of_label(type)
    of_label, word = words_of_label(label), plain_words(type)
    is_plain = of_label and word.upper().replace(" ", "_") != label
    return tuple(dict.fromkeys([word, *of_label])) if is_plain else of_label


def words_of_label(label: str | None) -> tuple[str, ...]:
    """The words that a tagger's label stands for; an unknown label is taken for a word itself.

    >>> words_of_label("ORG"), words_of_label("SportsTeam"), words_of_label(None)
    (('organization',), ('sportsteam',), ())
    """
    if label is None:
        return ()
    return WORDS_OF_LABELS.get(label.upper(), (label.replace("_", " ").lower(),))


@lru_cache(maxsize=20_000)
def gazetteer(name: str) -> tuple[str, ...]:
    """What WordNet and the list of places say the things of this name are, over all of them; nothing for unknown ones.

    >>> gazetteer("Danube")[:2], gazetteer("Zürich"), gazetteer("South Sudan"), gazetteer("turkey sandwich")
    (('river', 'stream'), ('city', 'municipality'), ('country',), ())
    """
    words = wordnet()
    senses = words.senses(name, "n") or words.senses(_without_accents(name), "n")
    named = [number for number in senses if words.is_instance(number)]
    found = dict.fromkeys(_places().get(_without_accents(" ".join(name.split())).casefold(), ()))
    level = list(dict.fromkeys(parent for number in named for parent in words.parents(number)))
    for _ in range(2):
        for number in level:
            if words.information(number) > LEAST_INFORMATION:
                found.setdefault(words.words(number)[0])
        level = list(dict.fromkeys(parent for number in level for parent in words.parents(number)))
    return tuple(found)[:MAX_FROM_GAZETTEER]


@lru_cache(maxsize=1)
def _places() -> Mapping[str, tuple[str, ...]]:
    """Name → kinds, of places.txt: "city: Bengaluru, Shenzhen"."""
    lines = (line.split(": ", 1) for line in PLACES.read_text("utf-8").splitlines())
    return {
        _without_accents(name).casefold(): _WORDS_OF_PLACES[kind] for kind, names in lines for name in names.split(", ")
    }


def _without_accents(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


@lru_cache(maxsize=100_000)
def compatible(known: str, wanted: str) -> bool:
    """Whether a thing of type `known` may be of type `wanted`: the same, or one a kind of the other.

    Types are coarse (a tagger says "organization" of a bank), so the wider of the two proves nothing against it.
    A phrase counts as its last word: a car company is a company. What WordNet lacks is compatible with itself only.

    >>> compatible("organization", "company"), compatible("city", "place"), compatible("person", "company")
    (True, True, False)
    """
    known, wanted = known.casefold(), wanted.casefold()
    if known == wanted or wanted in WIDER.get(known, ()) or known in WIDER.get(wanted, ()):
        return True
    words = wordnet()
    first, second = _senses(known), _senses(wanted)
    return any(b in words.ancestors(a) or a in words.ancestors(b) for a in first for b in second)


def _senses(phrase: str) -> tuple[int, ...]:
    """The common senses of a type: of the whole phrase, else of its last word."""
    words = wordnet()
    phrase = _SAME.get(phrase, phrase)
    for text in dict.fromkeys((phrase, phrase.split(" ")[-1])):
        for lemma in words.base_forms(text, "n"):
            if senses := words.senses(lemma, "n"):
                return senses[: 1 if lemma in _COMMON else _SENSES]
    return ()
