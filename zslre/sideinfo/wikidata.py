"""The Wikidata property that says what a relation says, and what it is called."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from zslre.encoder import FloatArray
from zslre.exceptions import InputError
from zslre.relations import Relation
from zslre.sideinfo.vectors import PhraseVectors

PATH = Path(__file__).parents[1] / "assets" / "wikidata_properties.json.gz"
READ_ALIASES = 6  # of a property's text, as many as a prototype reads
# Below this similarity, or with another property nearer than this to the best one, none is taken: the aliases of a
# wrong property harm more than those of the right one help. Chosen by scripts/bench/property_match.py on aliases as
# names, of properties that the built-in model neither learned nor is tested on, the alias itself unknown: 36 % are
# matched, 88 % of them right; with the right property left out 12 % are. (0.70 and 0.03: 68 %, 77 % right, and 41 %.)
LEAST_SIMILARITY = 0.80
LEAST_LEAD = 0.06


@dataclass(frozen=True, slots=True)
class Property:
    """A property of Wikidata; `names` are its label and aliases."""

    id: str
    names: tuple[str, ...]
    description: str

    @property
    def label(self) -> str:
        return self.names[0]


@dataclass(frozen=True, slots=True)
class Match:
    """A property and its similarity to a relation, a cosine; `turned`: its head is the relation's tail."""

    property: Property
    similarity: float
    turned: bool = False


@lru_cache(maxsize=1)
def properties() -> tuple[Property, ...]:
    """The properties that ship with zslre. Raises InputError where an installation lacks them."""
    try:
        entries = json.loads(gzip.decompress(PATH.read_bytes()))
    except (OSError, EOFError, ValueError) as error:
        raise InputError(f"{PATH} cannot be read ({error}): install zslre again") from error
    return tuple(Property(e["id"], (e["label"], *e["aliases"]), e["description"]) for e in entries)


class PropertyIndex:
    """Finds the property nearest to a relation."""

    def __init__(
        self, vectors: PhraseVectors, *, known: Sequence[Property] | None = None, exclude: Iterable[str] = ()
    ) -> None:
        """`exclude`: ids and labels of properties to leave out. Raises InputError for one that there is not."""
        known = known if known is not None else properties()
        self._vectors = vectors
        names = [name for p in known for name in p.names]
        texts = [_text(p) for p in known]
        rows = vectors.kept_on_disk([*names, *texts])
        owners = np.repeat(np.arange(len(known)), [len(p.names) for p in known])
        kept = _kept(known, exclude)
        self._known = [p for p, keep in zip(known, kept, strict=True) if keep]
        self._names = rows[: len(names)][kept[owners]]
        self._starts = np.concatenate([[0], np.cumsum([len(p.names) for p in self._known])[:-1]])
        self._texts = rows[len(names) :][kept]

    def get(self, key: str) -> Property | None:
        """The property with this id."""
        return next((known for known in self._known if known.id == key), None)

    def nearest(self, relation: Relation) -> Match | None:
        """The property that stands out as the nearest, whichever way round; None where none does.

        The similarity is the mean of two cosines: of the relation's text with the property's, and of the nearest two of
        their names.
        """
        scores = self._similarities(relation)
        if len(scores) == 0:
            return None
        best = int(scores.argmax())
        label = relation.name.casefold()
        exact = [i for i, p in enumerate(self._known) if p.label.casefold() == label or p.id == relation.id]
        if exact:
            return Match(self._known[exact[0]], 1.0)
        second = float(np.partition(scores, -2)[-2]) if len(scores) > 1 else -1.0
        if scores[best] < LEAST_SIMILARITY or scores[best] - second < LEAST_LEAD:
            return None
        return Match(self._known[best], min(float(scores[best]), 1.0))

    def _similarities(self, relation: Relation) -> FloatArray:
        """(properties,)"""
        if not self._known:
            return np.zeros(0, np.float32)
        names = [relation.name, *relation.side.synonyms]
        rows = self._vectors([*names, relation_text(relation)])
        by_name = np.maximum.reduceat((self._names @ rows[:-1].T).max(axis=1), self._starts)
        return np.asarray((by_name + self._texts @ rows[-1]) / 2, dtype=np.float32)


def relation_text(relation: Relation) -> str:
    """Name, synonyms and description as one text.

    >>> relation_text(Relation("founded by", "founder of this organization"))
    'founded by: founder of this organization'
    """
    names = ", ".join([relation.name, *relation.side.synonyms[:READ_ALIASES]])
    return f"{names}: {relation.description}" if relation.description else names


def _text(known: Property) -> str:
    return f"{', '.join(known.names[: READ_ALIASES + 1])}: {known.description}"


def _kept(known: Sequence[Property], exclude: Iterable[str]) -> np.ndarray:
    names = {name.casefold(): name for name in exclude}
    keys = [{p.id.casefold(), p.label.casefold()} for p in known]
    if unknown := set(names).difference(*keys):
        raise InputError(f"no property {names[min(unknown)]!r} to exclude; give a Wikidata id or label")
    return np.array([names.keys().isdisjoint(key) for key in keys], dtype=np.bool_)
