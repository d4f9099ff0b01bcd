"""Relations that no model has seen, told in sentences of ours: what is found of them, and what is made of the rest.

    python scripts/bench/told_relations.py

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

import numpy as np
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
    args = parser.parse_args()

    told = list(read_told_relations(FILE))
    order = np.random.default_rng(args.seed).permutation(len(told))
    groups = [[told[i] for i in order[first : first + AT_ONCE]] for first in range(0, len(told), AT_ONCE)]
    lines = [
        ["model", "side information", "average precision", "threshold", "found", "printed of what lacks it", "others"]
    ]
    for name in args.model or [None]:
        extractor = RelationExtractor.from_pretrained(name)
        for kind in ("all", "names"):
            asked = [a for group in groups for a in asked_of(extractor, group, bare=kind == "names")]
            holds, scores = np.array([a.holds for a in asked]), np.array([a.score for a in asked])
            area = f"{average_precision_score(holds, scores):.3f}"
            for least in (extractor.threshold, *args.thresholds):
                shares = [percent(float((scores[of] >= least).mean())) for of in (holds, ~holds)]
                others = sum(score >= least for a in asked for score in a.others)
                model = name or str(extractor.config.get("name"))
                lines.append([Path(model).name, kind, area, f"{least:.2f}", *shares, str(others)])
    print(piped(lines))


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
