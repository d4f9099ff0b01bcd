"""One relation: its name, what is known about it, and the entry of a relation-set file that describes it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from zslre.exceptions import InputError

_LISTS = ("synonyms", "head_hypernyms", "tail_hypernyms", "keywords")
_KEYS = ("name", "id", "description", *_LISTS, "symmetric", "inverse")
# What other tools call our keys: too unlike for difflib to find.
_FOREIGN_KEYS = {"aliases": "synonyms", "label": "name", "relation": "name",
                 "allowed_head": "head_hypernyms", "allowed_tail": "tail_hypernyms",
                 "head_types": "head_hypernyms", "tail_types": "tail_hypernyms"}  # fmt: skip


def text(value: object, what: str) -> str:
    """`value` with its white space collapsed. Raises InputError where it is not text that UTF-8 can hold."""
    if not isinstance(value, str):
        raise InputError(f"{what} must be text, got {value!r:.60}; put it in quotes")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"{what} holds half a surrogate pair at character {error.start}; remove it") from error
    return " ".join(value.split())


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
    """Phrases about a relation: synonyms read from head to tail; hypernyms say what head and tail usually are."""

    synonyms: tuple[str, ...] = ()
    head_hypernyms: tuple[str, ...] = ()
    tail_hypernyms: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, phrases(getattr(self, field.name), field.name))

    def __bool__(self) -> bool:
        """False when there is none at all."""
        return any(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation from a head to a tail entity. Runs of white space in its texts become single spaces.

    `inverse` holds names or ids of relations that say the same from tail to head; they need not be in the same set.
    Raises InputError for an empty name and for texts that are not strings.
    """

    name: str
    description: str = ""
    side: SideInformation = SideInformation()
    symmetric: bool = False
    id: str | None = None
    inverse: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", text(self.name, "name"))
        if not self.name:
            raise InputError("a relation's name is empty; give it one")
        object.__setattr__(self, "description", text(self.description, "description"))
        if not isinstance(self.side, SideInformation):
            raise InputError(f"relation {self.name!r}: side must be a SideInformation, got {self.side!r}")
        if not isinstance(self.symmetric, bool):
            raise InputError(f"relation {self.name!r}: symmetric must be true or false, got {self.symmetric!r}")
        if self.id is not None:
            object.__setattr__(self, "id", text(self.id, "id"))
            if not self.id:
                raise InputError(f"relation {self.name!r}: id is empty; fill it in or leave it out")
        object.__setattr__(self, "inverse", phrases(self.inverse, "inverse"))
        if self.inverse and self.symmetric:
            raise InputError(f"relation {self.name!r}: is symmetric and has an inverse; keep one of the two")
        if {key.casefold() for key in self.inverse} & self.keys:
            raise InputError(f"relation {self.name!r}: is its own inverse; write symmetric = true instead")

    @property
    def keys(self) -> frozenset[str]:
        """The name and the id, case-folded: what the relation can be looked up by."""
        return frozenset(key.casefold() for key in (self.name, self.id) if key is not None)

    def called(self, synonym: str) -> Relation:
        """The same relation by one of its synonyms, the name among the synonyms instead."""
        others = tuple(other for other in self.side.synonyms if other.casefold() != synonym.casefold())
        return replace(self, name=synonym, side=replace(self.side, synonyms=(self.name, *others)))

    @classmethod
    def from_dict(cls, entry: Mapping[str, object]) -> Relation:
        """The relation that an entry of a relation-set file describes. Raises InputError."""
        for key in entry:
            if key not in _KEYS:
                raise InputError(f"unknown key {key!r}{suggestion(key, _KEYS)} (known: {', '.join(_KEYS)})")
        if "name" not in entry:
            raise InputError("has no name; add one (an entry with an id and nothing else is the catalogue's relation)")
        values = dict(entry)
        side = SideInformation(**{key: values.pop(key) for key in _LISTS if key in values})  # type: ignore[arg-type]
        return cls(side=side, **values)  # type: ignore[arg-type]  # checked at construction

    def to_dict(self) -> dict[str, object]:
        """The entry of a relation-set file that describes this relation; what is empty is left out."""
        side = {key: list(getattr(self.side, key)) for key in _LISTS}
        values: dict[str, object] = {"name": self.name, "id": self.id, "description": self.description, **side,
                                     "symmetric": self.symmetric, "inverse": list(self.inverse)}  # fmt: skip
        return {key: value for key, value in values.items() if value}
