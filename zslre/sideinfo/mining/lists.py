"""What names in one list lend one another: of "Xbox, Wii and Switch", if Wii is a platform, so may the others be.

Snow, Jurafsky and Ng (2006, ACL, "Semantic taxonomy induction from heterogenous evidence") join hypernyms with such
coordinate terms. It also tells senses apart: of "organ", what it shares with "piano and violin" is the instrument.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

# What is said once is believed by so much, as 1 - (1 - this)^weight.
BELIEF = 0.5
# A list beside one ordinary sentence that says what a name is; for what else has been said of it, and for news.
LIST_WEIGHT = 1.5
NEWS_WEIGHT = 0.3
# Of a list, below which a kind that few of its names have is left out.
_LEAST = 0.02


def lent(
    weights: Mapping[str, Mapping[str, float]], lists: Iterable[Sequence[str]]
) -> Iterator[list[tuple[str, str, float]]]:
    """For each list the kinds that its names get from the others, as (name, kind, weight).

    `weights`: name → kind → how often that was said. What the others are believed to be, on average, counts in full
    where the name is said to be that too, or nothing is known of it; else little: "director and writer" are two kinds.

    >>> list(lent({"wii": {"platform": 1.0}}, [["wii", "xbox"]]))
    [[('xbox', 'platform', 0.75)]]
    """
    believed = {
        name: {kind: 1.0 - (1.0 - BELIEF) ** weight for kind, weight in kinds.items()}
        for name, kinds in weights.items()
    }
    for names in lists:
        total: dict[str, float] = defaultdict(float)
        for name in names:
            for kind, belief in believed.get(name, {}).items():
                total[kind] += belief
        yield [share for name in names for share in _shares(name, believed.get(name, {}), total, len(names) - 1)]


def _shares(
    name: str, own: Mapping[str, float], total: Mapping[str, float], others: int
) -> Iterator[tuple[str, str, float]]:
    if others < 1:  # two spellings of one name
        return
    for kind, together in total.items():
        share = (together - own.get(kind, 0.0)) / others
        if share > _LEAST:
            yield name, kind, share * (LIST_WEIGHT if kind in own or not own else NEWS_WEIGHT)
