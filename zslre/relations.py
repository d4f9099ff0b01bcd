"""Sets of relations and the built-in catalogue: look up, combine, read and write."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import overload

from zslre import relation_files
from zslre.exceptions import InputError
from zslre.paths import fingerprint
from zslre.relation import KEYS, Relation, SideInformation, Source, suggestion, text

__all__ = [
    "Relation",
    "RelationSet",
    "RelationSource",
    "SideInformation",
    "Source",
    "catalogue",
    "resolve",
]

_CATALOGUE_ID = re.compile(r"[Pp][0-9]+")


class RelationSet(Sequence[Relation]):
    """An immutable, non-empty sequence of relations, found by place, or by name or id whatever their case.

    >>> relations = RelationSet.of(["P169", "supplies"])
    >>> relations.names
    ('chief executive officer', 'supplies')
    """

    __slots__ = ("_places", "_relations")

    def __init__(self, relations: Iterable[Relation]) -> None:
        self._relations = tuple(relations)
        self._places: dict[str, int] = {}
        if not self._relations:
            raise InputError("a relation set needs at least one relation; add one")
        for place, relation in enumerate(self._relations):
            if not isinstance(relation, Relation):
                raise InputError(f"relation {place + 1}: {relation!r} is not a Relation; RelationSet.of makes them")
            for key in sorted(relation.keys):
                if (place_before := self._places.setdefault(key, place)) != place:
                    other = self._relations[place_before]
                    # Two names may be synonyms of one relation of the catalogue.
                    one_id = relation.id is not None and relation.id == other.id
                    alike = f"both being {relation.id}" if one_id else "upper and lower case being one"
                    raise InputError(
                        f"relation {place + 1} ({relation.name!r}): its name or id is that of relation "
                        f"{place_before + 1} ({other.name!r}), {alike}; rename or remove one"
                    )

    @classmethod
    def of(cls, source: RelationSource) -> RelationSet:
        """A relation set from a file's path, a list of names, ids, entries or Relations, or {name: description}.

        A string in a list that is an id or label of the catalogue is the catalogue's relation; any other is a new
        relation (see `resolve`). Raises InputError.
        """
        if isinstance(source, RelationSet):
            return source
        if isinstance(source, (str, os.PathLike)):
            try:
                return cls.from_file(source)
            except InputError as error:
                if isinstance(source, os.PathLike) or _is_file_name(source):
                    raise
                raise InputError(f"{error}; a single name goes in a list: [{source!r:.60}]") from None
        return cls(_relations(source))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> RelationSet:
        """Read a .json or .toml file. Raises InputError naming the file, the entry and what to do."""
        data = relation_files.read(path)
        try:
            if Path(path).suffix.lower() == ".toml" and not _is_layout(data):
                raise InputError("has no [[relations]] tables; write one for every relation")
            return cls(_relations(data))
        except InputError as error:
            raise InputError(f"{Path(path)}: {error}") from error

    @property
    def fingerprint(self) -> str:
        """Tells these relations from others, and from the same with other side information."""
        return fingerprint(relation.to_dict() for relation in self)

    def to_file(self, path: str | os.PathLike[str]) -> None:
        """Write JSON or TOML, by the path's suffix; `from_file` gives the same set back."""
        relation_files.write([relation.to_dict() for relation in self], path)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(relation.name for relation in self._relations)

    def merge(self, other: RelationSource) -> RelationSet:
        """This set, then what is new in `other`. A name or id with two meanings is an InputError."""
        new = [relation for relation in RelationSet.of(other) if relation not in self._relations]
        return RelationSet([*self._relations, *new])

    def select(self, keys: Iterable[str]) -> RelationSet:
        """The relations with these names or ids, in their order here. Raises InputError for one that is not here."""
        places = self._places_of(keys)
        return RelationSet(relation for place, relation in enumerate(self) if place in places)

    def without(self, keys: Iterable[str]) -> RelationSet:
        """The other relations than those with these names or ids. Raises InputError for one that is not here."""
        places = self._places_of(keys)
        return RelationSet(relation for place, relation in enumerate(self) if place not in places)

    def _places_of(self, keys: Iterable[str]) -> set[int]:
        if isinstance(keys, str):
            raise InputError(f"expected a list of names or ids, got the text {keys!r}; write [{keys!r}]")
        return {self._place(key) for key in keys}

    def _place(self, key: str) -> int:
        try:
            return self._places[_folded(key)]
        except KeyError:
            raise InputError(f"no relation {key!r} here{suggestion(key, self.names)}") from None

    def __len__(self) -> int:
        return len(self._relations)

    def __iter__(self) -> Iterator[Relation]:
        return iter(self._relations)

    @overload
    def __getitem__(self, key: int | str) -> Relation: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Relation, ...]: ...
    def __getitem__(self, key: int | str | slice) -> Relation | tuple[Relation, ...]:
        """By place, or by name or id, which raises InputError where there is none."""
        return self._relations[self._place(key) if isinstance(key, str) else key]

    def get(self, key: str) -> Relation | None:
        """The relation with this name or id, None where there is none."""
        place = self._places.get(_folded(key))
        return None if place is None else self._relations[place]

    def meant(self, key: str) -> Relation | None:
        """As `get`; for a name that is not here, the relation whose id the catalogue gives that label or synonym."""
        if (found := self.get(key)) is not None:
            return found
        known = catalogue().get(key) or of_synonym(key)
        return self.get(known.id) if known is not None and known.id is not None else None

    def __contains__(self, key: object) -> bool:
        return key.casefold() in self._places if isinstance(key, str) else key in self._relations

    def __eq__(self, other: object) -> bool:
        return self._relations == other._relations if isinstance(other, RelationSet) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._relations)

    def __repr__(self) -> str:
        return f"RelationSet({list(self.names)})"


RelationSource = (
    RelationSet | str | os.PathLike[str] | Mapping[str, object] | Iterable[str | Relation | Mapping[str, object]]
)


def _folded(key: str) -> str:
    if not isinstance(key, str):
        raise InputError(f"expected a relation's name or id, got {key!r:.60}; relations[0] is the first by its place")
    return key.casefold()


def _is_file_name(source: str) -> bool:
    return source.lower().endswith(relation_files.SUFFIXES) or os.path.exists(source)


@lru_cache(maxsize=1)
def catalogue() -> RelationSet:
    """The built-in relations, from Wikidata's properties (CC0)."""
    with resources.as_file(resources.files("zslre") / "assets" / "catalogue.json") as path:
        return RelationSet.from_file(path)


def resolve(name: str) -> Relation:
    """The catalogue's relation with this id or label, or a new relation with this name.

    The new one is told all about the catalogue's relation that has the name as a synonym, if there is just one. A verb
    is not ("employs", "acquired by"): it says more than that, and is compared in its other tense and voice.

    >>> resolve("p26").name, resolve("supplies").name
    ('spouse', 'supplies')
    >>> resolve("works for").side.tail_hypernyms, resolve("acquired by").side.tail_hypernyms
    (('company', 'organization', 'university'), ())
    """
    name = text(name, "name")
    if _CATALOGUE_ID.fullmatch(name):
        return _from_catalogue(name)
    if (known := catalogue().get(name)) is not None:
        return known
    meant = of_synonym(name)
    if meant is None:
        return Relation(name)
    from zslre.sideinfo.grammar import is_a_verb  # these need NumPy, and a command's --help does not
    from zslre.sideinfo.wordnet import wordnet

    return Relation(name) if is_a_verb(name, wordnet()) else meant.called(name)


def of_synonym(name: str) -> Relation | None:
    """The catalogue's relation of which this is a synonym, whatever the case, where one alone has it."""
    meant = _by_synonym().get(name.casefold(), [])
    return meant[0] if len(meant) == 1 else None


@lru_cache(maxsize=1)
def _by_synonym() -> dict[str, list[Relation]]:
    """The catalogue's relations by their case-folded synonyms."""
    owners: dict[str, list[Relation]] = {}
    for relation in catalogue():
        for synonym in {synonym.casefold() for synonym in relation.side.synonyms}:
            owners.setdefault(synonym, []).append(relation)
    return owners


def _relations(source: object) -> list[Relation]:
    """The relations in parsed data or a list; errors name the entry by its number and name."""
    if isinstance(source, Mapping):
        if not _is_layout(source):
            if "name" in source and len(source) > 1 and source.keys() <= set(KEYS):
                raise InputError(f"is one relation, {source['name']!r:.60}: write it in a list, [{{...}}]")
            source = [{"name": name, "description": description} for name, description in source.items()]
        elif unknown := [key for key in source if key != "relations"]:
            raise InputError(f"unknown key {unknown[0]!r} beside 'relations'; remove it or move it into a relation")
        else:
            source = source["relations"]
    if hasattr(source, "columns"):  # a data frame, which gives the names of its columns
        kind = type(source).__name__
        raise InputError(f"expected a list of relations, got {kind}; give its rows, such as data.to_dict('records')")
    if isinstance(source, (str, bytes, Relation)) or not isinstance(source, Iterable):
        raise InputError(f"expected a list of relations or an object of names and descriptions, got {source!r:.60}")
    found = []
    for number, item in enumerate(source, start=1):
        try:
            found.append(_relation(item))
        except InputError as error:
            name = item.get("name", item.get("id")) if isinstance(item, Mapping) else item
            place = f"relation {number}" if name is None else f"relation {number} ({name!r:.60})"
            raise InputError(f"{place}: {str(error).removeprefix(f'relation {name!r}: ')}") from error
    return found


def _relation(item: object) -> Relation:
    if isinstance(item, Relation):
        return item
    if isinstance(item, str):
        return resolve(item)
    if isinstance(item, Mapping):
        given = {key for key, value in item.items() if value is not None}
        return _from_catalogue(text(item["id"], "id")) if given == {"id"} else Relation.from_dict(item)
    raise InputError(f"expected a name, an id or an object (a dict) with a name, got {item!r:.60}")


def _is_layout(data: object) -> bool:
    """Whether `data` is {"relations": [...]} rather than {name: description}."""
    return isinstance(data, Mapping) and isinstance(data.get("relations"), (list, tuple))


def _from_catalogue(key: str) -> Relation:
    relation = catalogue().get(key) if _CATALOGUE_ID.fullmatch(key) else None
    if relation is None:
        raise InputError(
            f"{key!r} is not an id of the built-in catalogue; give the relation a name and a description instead "
            "(`zslre relations list` shows the catalogue)"
        )
    return relation
