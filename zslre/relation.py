"""One relation: its name, what is known about it, and the entry of a relation-set file that describes it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date as Date

from zslre.exceptions import InputError

LISTS = ("synonyms", "head_hypernyms", "tail_hypernyms", "keywords")
KEYS = ("name", "id", "description", *LISTS, "symmetric", "inverse", "strict_types", "sources")
CAMEL_JOINT = re.compile(r"(?<=[a-z])(?=[A-Z])")  # in "foundedBy"
# What other tools call our keys: too unlike for difflib to find.
_FOREIGN_KEYS = {"aliases": "synonyms", "label": "name", "relation": "name",
                 "allowed_head": "head_hypernyms", "allowed_tail": "tail_hypernyms",
                 "head_types": "head_hypernyms", "tail_types": "tail_hypernyms", "strict": "strict_types"}  # fmt: skip


def text(value: object, what: str) -> str:
    """`value` with its white space collapsed. Raises InputError where it is not text that UTF-8 can hold."""
    if not isinstance(value, str):
        raise InputError(f"{what} must be text, got {value!r:.60}; put it in quotes")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"{what} holds half a surrogate pair at character {error.start}; remove it") from error
    return " ".join(value.split())


def in_words(name: str) -> str:
    """A name as a program writes it, in words, "" if it has none; any other as it is.

    >>> in_words("gene_found_in_organism"), in_words("foundedBy"), in_words("maker of YouTube")
    ('gene found in organism', 'founded by', 'maker of YouTube')
    >>> in_words("per:city_of_birth")  # TACRED's, which says of what the head is before the colon
    'city of birth'
    """
    name = re.sub(r"^(?:per|org|loc|gpe):(?=\S)", "", name)
    if " " in name or not re.search(r"_|[a-z][A-Z]", name):
        return name
    return " ".join(CAMEL_JOINT.sub(" ", name).replace("_", " ").lower().split())


def phrases(value: object, what: str) -> tuple[str, ...]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise InputError(f"{what} must be a list of texts, got {value!r:.60}; put it in square brackets")
    found = tuple(text(phrase, f"each of {what}") for phrase in value)
    if "" in found:
        raise InputError(f"{what} holds an empty text; remove it")
    return found


def suggestion(word: str, known: Iterable[str]) -> str:
    """'; did you mean ...?', or nothing when no known word is near."""
    known = tuple(known)
    near = [_FOREIGN_KEYS[word]] if _FOREIGN_KEYS.get(word) in known else difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


@dataclass(frozen=True, slots=True)
class SideInformation:
    """Phrases about a relation: synonyms read from head to tail; hypernyms say what head and tail usually are.

    Lists are taken as well, and become tuples; a type checker wants tuples.
    """

    synonyms: tuple[str, ...] = ()
    head_hypernyms: tuple[str, ...] = ()
    tail_hypernyms: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in LISTS:
            object.__setattr__(self, name, phrases(getattr(self, name), name))

    def __bool__(self) -> bool:
        """False when there is none at all."""
        return any(getattr(self, name) for name in LISTS)


@dataclass(frozen=True, slots=True)
class Source:
    """Where `zslre side-info build` has an item of side information from.

    `field`: the list that the item is for, such as "synonyms". `source`: "wikidata", say, and in `detail` what exactly.
    `date`: YYYY-MM-DD. `confidence`: in [0, 1]. An item that its list no longer has was taken out by the user.
    """

    field: str
    item: str
    source: str
    date: str
    confidence: float
    detail: str = ""

    def __post_init__(self) -> None:
        if self.field not in LISTS:
            raise InputError(f"sources: unknown field {self.field!r:.60}; use one of {', '.join(LISTS)}")
        for name in ("item", "source", "date", "detail"):
            object.__setattr__(self, name, text(getattr(self, name), f"sources: {name}"))
            if not getattr(self, name) and name != "detail":
                raise InputError(f"sources: {name} is empty; fill it in or remove the entry")
        try:
            Date.fromisoformat(self.date)
        except ValueError:
            raise InputError(f"sources: {self.item!r}: date must be as in 2025-12-31, got {self.date!r:.60}") from None
        number = isinstance(self.confidence, (int, float)) and not isinstance(self.confidence, bool)
        if not number or not 0.0 <= self.confidence <= 1.0:
            raise InputError(f"sources: {self.item!r}: confidence must be from 0 to 1, got {self.confidence!r:.60}")

    @property
    def key(self) -> tuple[str, str]:
        """What it is a source of, whatever the case."""
        return self.field, self.item.casefold()

    @classmethod
    def from_dict(cls, entry: object) -> Source:
        """The source that an entry of a relation's `sources` describes. Raises InputError."""
        known = tuple(f.name for f in fields(cls))
        if not isinstance(entry, Mapping):
            raise InputError(f"sources: each must be a table with {', '.join(known)}, got {entry!r:.60}")
        for key in entry:
            if key not in known:
                raise InputError(
                    f"sources: unknown key {key!r}{suggestion(str(key), known)} (known: {', '.join(known)})"
                )
        if missing := [name for name in known if name not in entry and name != "detail"]:
            raise InputError(f"sources: an entry has no {missing[0]}; add it or remove the entry")
        return cls(**entry)

    def to_dict(self) -> dict[str, object]:
        return {key: value for key, value in asdict(self).items() if value != ""}


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation from a head to a tail entity. Runs of white space in its texts become single spaces.

    `inverse` holds names or ids of relations that say the same from tail to head; they need not be in the same set.
    Lists are taken as well, and become tuples; a type checker wants tuples.
    `strict_types`: its hypernyms rule pairs out instead of being evidence. `sources` say where side information came
    from: what was found counts less than what its author wrote. Relations that differ in nothing else are equal.
    Raises InputError for an empty name and for texts that are not strings.
    """

    name: str
    description: str = ""
    side: SideInformation = SideInformation()
    symmetric: bool = False
    id: str | None = None
    inverse: tuple[str, ...] = ()
    strict_types: bool = False
    sources: tuple[Source, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", text(self.name, "name"))
        if not self.name:
            raise InputError("a relation's name is empty; give it one")
        object.__setattr__(self, "description", text(self.description, "description"))
        if not isinstance(self.side, SideInformation):
            raise InputError(f"relation {self.name!r}: side must be a SideInformation, got {self.side!r}")
        for name in ("symmetric", "strict_types"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(
                    f"relation {self.name!r}: {name} must be true or false, got {getattr(self, name)!r:.60}"
                )
        if self.id is not None:
            object.__setattr__(self, "id", text(self.id, "id"))
            if not self.id:
                raise InputError(f"relation {self.name!r}: id is empty; fill it in or leave it out")
        object.__setattr__(self, "inverse", phrases(self.inverse, "inverse"))
        if self.inverse and self.symmetric:
            raise InputError(f"relation {self.name!r}: is symmetric and has an inverse; keep one of the two")
        if {key.casefold() for key in self.inverse} & self.keys:
            raise InputError(f"relation {self.name!r}: is its own inverse; write symmetric = true instead")
        if not isinstance(self.sources, Iterable):
            raise InputError(f"relation {self.name!r}: sources must be a list of Source, got {self.sources!r:.60}")
        object.__setattr__(self, "sources", tuple(self.sources))
        for source in self.sources:
            if not isinstance(source, Source):
                raise InputError(f"relation {self.name!r}: each of sources must be a Source, got {source!r:.60}")
        keys = [source.key for source in self.sources]
        if repeated := [key for key in keys if keys.count(key) > 1]:
            raise InputError(f"relation {self.name!r}: sources has {repeated[0][1]!r} twice; remove one")

    @property
    def keys(self) -> frozenset[str]:
        """The name and the id, case-folded: what the relation can be looked up by."""
        return frozenset(key.casefold() for key in (self.name, self.id) if key is not None)

    @property
    def own_part(self) -> Relation:
        """The relation with the user's own items only: those without a source."""
        if not self.sources:
            return self
        known = {source.key for source in self.sources}
        lists = {
            name: tuple(item for item in getattr(self.side, name) if (name, item.casefold()) not in known)
            for name in LISTS
        }
        return replace(self, side=SideInformation(**lists), sources=())

    def called(self, synonym: str) -> Relation:
        """The same relation by one of its synonyms, the name among the synonyms instead."""
        others = tuple(other for other in self.side.synonyms if other.casefold() != synonym.casefold())
        return replace(self, name=synonym, side=replace(self.side, synonyms=(self.name, *others)))

    @classmethod
    def from_dict(cls, entry: Mapping[str, object]) -> Relation:
        """The relation that an entry of a relation-set file describes; None, JSON's null, is as if the key were not
        there. Raises InputError."""
        for key in entry:
            if key not in KEYS:
                raise InputError(f"unknown key {key!r}{suggestion(str(key), KEYS)} (known: {', '.join(KEYS)})")
        values = {key: value for key, value in entry.items() if value is not None}
        if "name" not in values:
            raise InputError("has no name; add one (an entry with an id and nothing else is the catalogue's relation)")
        side = SideInformation(**{key: values.pop(key) for key in LISTS if key in values})  # type: ignore[arg-type]
        if "sources" in values:
            if isinstance(values["sources"], (str, Mapping)) or not isinstance(values["sources"], Iterable):
                raise InputError(f"sources must be a list of tables, got {values['sources']!r:.60}")
            values["sources"] = tuple(Source.from_dict(entry) for entry in values["sources"])
        return cls(side=side, **values)  # type: ignore[arg-type]  # checked at construction

    def to_dict(self) -> dict[str, object]:
        """The entry of a relation-set file that describes this relation; what is empty is left out."""
        side = {key: list(getattr(self.side, key)) for key in LISTS}
        values: dict[str, object] = {"name": self.name, "id": self.id, "description": self.description, **side,
                                     "symmetric": self.symmetric, "inverse": list(self.inverse),
                                     "strict_types": self.strict_types,
                                     "sources": [source.to_dict() for source in self.sources]}  # fmt: skip
        return {key: value for key, value in values.items() if value}
