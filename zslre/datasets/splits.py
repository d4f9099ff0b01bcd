"""Which relations are unseen, which choose the model, and which rows are kept for a test."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from zslre.exceptions import InputError
from zslre.relation import suggestion

ROWS_FOR_TEST = 5  # one row in so many


@dataclass(frozen=True, slots=True)
class Split:
    """Relations by id or name: `test` is unseen in training; `dev`, unseen as well, chooses the model."""

    name: str
    test: tuple[str, ...]
    dev: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        every = (*self.test, *self.dev)
        if not self.test or len(set(every)) != len(every):
            raise InputError(f"split {self.name!r}: needs test relations, and each relation in one place only")


@lru_cache(maxsize=1)
def published_splits() -> dict[str, Split]:
    """The splits of the literature by name, such as `re_matching/m15/40`; zslre/assets/SPLITS.md has their origin."""
    data = json.loads((resources.files("zslre") / "assets" / "splits.json").read_text(encoding="utf-8"))
    return {name: Split(name, tuple(split["test"]), tuple(split["dev"])) for name, split in data.items()}


def published_split(name: str) -> Split:
    """The split of this name. Raises InputError naming the nearest ones, or the groups of them.

    >>> published_split("re_matching/m5/40").test
    ('P403', 'P1411', 'P135', 'P105', 'P101')
    """
    splits = published_splits()
    if name not in splits:
        groups = sorted({known.rpartition("/")[0] + "/…" for known in splits})
        raise InputError(f"no split {name!r}{suggestion(name, splits)} (there are {', '.join(groups)})")
    return splits[name]


def random_split(labels: Iterable[str], m: int, seed: int) -> Split:
    """`m` of the labels, drawn by the seed whatever their order. Raises InputError if there are not more than m."""
    pool = sorted(set(labels))
    if not 1 <= m < len(pool):
        raise InputError(
            f"{m} unseen relations cannot be drawn from {len(pool)}: give a number from 1 to {len(pool) - 1}"
        )
    drawn = np.random.default_rng(seed).choice(pool, size=m, replace=False)
    return Split(f"random/m{m}/{seed}", tuple(sorted(map(str, drawn))))


def is_test_row(text: str) -> bool:
    """Whether the sentence is in the fixed fifth of rows that is never trained on where one file serves both.

    Decided by the sentence's letters and digits alone: the same in every file and order, no sentence on both sides.
    """
    return int.from_bytes(hashlib.sha256(normal_text(text).encode()).digest()[:8], "big") % ROWS_FOR_TEST == 0


def normal_text(text: str) -> str:
    """Letters and digits only, without case and accents: the same sentence under another tokenisation compares equal.

    Accents go, because copies of NYT differ in them.
    """
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())
