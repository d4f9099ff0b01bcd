"""Relations that no model has seen, told in sentences of ours: what is found of them, and what is made of the rest.

    python scripts/bench/told_relations.py --json docs/results/told_relations.json

Of data/marked/relations.txt twenty relations at a time are asked, with given mentions of unknown type; first with
description, synonyms and kinds of heads and tails, then by bare names. Prints the average precision of the asked
triples (sentences that state a relation before those that lack it), and at each threshold the share of both that is
printed and how many other triples are. Choices of training are compared on it; nothing is trained on it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from results import write_results
from sklearn.metrics import average_precision_score

from zslre.datasets.marked import Marked, ToldRelation, read_told_relations
from zslre.evaluation.tables import percent, piped
from zslre.extractor import RelationExtractor
from zslre.relations import Relation, RelationSet
from zslre.types import Sentence, Triple

FILE = Path(__file__).parents[2] / "data/marked/relations.txt"
AT_ONCE = 20  # relations


def main() -> None:
    """Print a line for each model, kind of side information and threshold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", action="append", help="model folder (default: the built-in model); repeatable")
    parser.add_argument(
        "--thresholds", type=float, nargs="+", default=[0.3, 0.2, 0.1], metavar="P", help="beside its own"
    )
    parser.add_argument("--seed", type=int, default=0, help="of which relations are asked together")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    told = list(read_told_relations(FILE))
    order = np.random.default_rng(args.seed).permutation(len(told))
    groups = [[told[i] for i in order[first : first + AT_ONCE]] for first in range(0, len(told), AT_ONCE)]
    rows: list[dict[str, Any]] = []
    for name in args.model or [None]:
        extractor = RelationExtractor.from_pretrained(name)
        for kind in ("all", "names"):
            asked = [a for group in groups for a in asked_of(extractor, group, bare=kind == "names")]
            holds, scores = np.array([a.holds for a in asked]), np.array([a.score for a in asked])
            area = float(average_precision_score(holds, scores))
            for least in (extractor.threshold, *args.thresholds):
                row = {"model": name or extractor.config.get("name"), "side information": kind}
                row |= {"average precision": round(area, 3), "threshold": least}
                row |= {"found": (scores[holds] >= least).mean(), "of what lacks it": (scores[~holds] >= least).mean()}
                rows.append(row | {"others": sum(score >= least for a in asked for score in a.others)})
    shares = "found", "of what lacks it"
    print(piped([list(rows[0]), *([percent(v) if k in shares else str(v) for k, v in row.items()] for row in rows)]))
    write_results(args.json, {"rows": rows})


@dataclass(frozen=True, slots=True)
class Asked:
    """A sentence that states its relation or lacks it: the score of that triple, and those of all others."""

    holds: bool
    score: float
    others: tuple[float, ...]


def asked_of(extractor: RelationExtractor, told: Sequence[ToldRelation], *, bare: bool) -> Iterator[Asked]:
    """Those of some relations that are asked together."""
    relations = (Relation(of.relation.name, symmetric=of.relation.symmetric) if bare else of.relation for of in told)
    rows = [(s, of.relation.name, s in of.stating) for of in told for s in (*of.stating, *of.lacking)]
    found = extractor.with_relations(RelationSet(relations)).extract_sentences(
        (_untyped(s) for s, _, _ in rows), threshold=0.0
    )
    for (marked, name, holds), triples in zip(rows, found, strict=True):
        own = [t.score for t in triples if _is(t, name, marked)]
        yield Asked(holds, max(own, default=0.0), tuple(t.score for t in triples if not _is(t, name, marked)))


def _untyped(marked: Marked) -> Sentence:
    return replace(marked.sentence, mentions=tuple(replace(m, type=None) for m in marked.sentence.mentions))


def _is(triple: Triple, name: str, marked: Marked) -> bool:
    places = [(m.start, m.end) for m in (triple.head, triple.tail, marked.numbered[1], marked.numbered[2])]
    return triple.relation == name and places[:2] == places[2:]


if __name__ == "__main__":
    main()
