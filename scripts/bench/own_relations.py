"""Relations of special domains in a user's words, from their description alone and with a few examples.

    python scripts/bench/own_relations.py --json docs/results/own_relations.json

The twenty relations of data/own are asked at once, with given mentions of unknown type, as `zslre train --head-only`
fits them: without examples, and with the first K of each relation's twelve in an order drawn anew for each seed. At
each threshold: of sentences that state the relation, the share for which it is found, and of each kind of sentence that
does not, the share for which it is printed all the same; the micro-F1 of all these; and how many triples are printed
from the files of data/documents, which hardly say anything of these relations. First all relations, then those that
training has no sentence of, under whatever name.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from challenge import Row, read_rows
from results import write_results

from zslre.evaluation.tables import percent, piped
from zslre.extractor import RelationExtractor
from zslre.relations import RelationSet
from zslre.types import Example, Triple

DATA = Path(__file__).parents[2] / "data"
SUPPORT, HOLDS = "support", "holds"
# Looked up by hand: training knows the others by these names or by such as "supplier of" and "pollinated by".
UNSEEN = ("depends on", "trained at", "mentored by", "leased from", "quotes")
FALSE = ("denied", "planned", "other", "neighbour", "reversed")


def main() -> None:
    """Print a line for each number of examples and threshold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", help="model folder (default: the built-in model)")
    parser.add_argument("--examples", type=int, nargs="+", default=[0, 1, 3, 12], metavar="K")
    parser.add_argument("--thresholds", type=float, nargs="+", default=[0.2, 0.1], metavar="P", help="beside its own")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    rows = read_rows(DATA / "own/sentences.jsonl")
    others = [path.read_text(encoding="utf-8") for path in sorted((DATA / "documents").glob("*.txt"))]
    relations = RelationSet.from_file(DATA / "own/relations.toml")
    extractor = RelationExtractor.from_pretrained(args.model).with_relations(relations)
    thresholds = [extractor.threshold, *args.thresholds]
    lines: dict[str, list[dict[str, float]]] = {"all": [], "unseen": []}
    for k in args.examples:
        seeds = args.seeds if k else args.seeds[:1]
        fitted = [extractor.fit(drawn(rows, k, seed)) for seed in seeds]
        found = [found_by(one, rows, others, min(thresholds)) for one in fitted]
        for group, names in (("all", relations.names), ("unseen", UNSEEN)):
            for threshold in thresholds:
                scores = [of.scores(names, threshold) for of in found]
                mean = {key: float(np.mean([of[key] for of in scores])) for key in scores[0]}
                lines[group].append({"examples": k, "threshold": threshold, **mean})
    for group, of_group in lines.items():
        print(f"{group}\n\n{piped(table(of_group))}\n")
    write_results(args.json, {"model": extractor.config.get("name"), "seeds": args.seeds, **lines})


def drawn(rows: Sequence[Row], k: int, seed: int) -> list[Example]:
    """K support examples of each relation."""
    rng = np.random.default_rng(seed)
    chosen: list[Example] = []
    for name in dict.fromkeys(row.asked for row in rows):
        support = [row.example for row in rows if row.asked == name and row.category == SUPPORT]
        chosen += [support[i] for i in rng.permutation(len(support))[:k]]
    return chosen


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Scores of the tested rows, each of its asked triple, and the triples of the other texts."""

    rows: Sequence[Row]
    of_rows: Sequence[float]
    elsewhere: Sequence[Triple]

    def scores(self, names: Collection[str], least: float) -> dict[str, float]:
        """Of these relations: the share of each category that is printed, `f1`, and what is printed of other texts."""
        asked = [
            (row.category, score >= least)
            for row, score in zip(self.rows, self.of_rows, strict=True)
            if row.asked in names
        ]
        categories, printed = (np.array(column) for column in zip(*asked, strict=True))
        return {
            **{name: float(printed[categories == name].mean()) for name in (HOLDS, *FALSE)},
            "f1": f1(printed, categories == HOLDS),
            "elsewhere": sum(t.relation in names and t.score >= least for t in self.elsewhere),
        }


def found_by(extractor: RelationExtractor, rows: Sequence[Row], others: Sequence[str], least: float) -> Found:
    """What is found in the sentences at any threshold, and in the other texts at the least one."""
    tested = [row for row in rows if row.category != SUPPORT]
    found = extractor.extract_sentences((row.example.sentence for row in tested), threshold=0.0)
    scores = [score(row, triples) for row, triples in zip(tested, found, strict=True)]
    return Found(tested, scores, [t for triples in extractor.pipe(others, threshold=least) for t in triples])


def score(row: Row, triples: Sequence[Triple]) -> float:
    """Of the asked triple; 0 where it is not found at any threshold."""
    asked = [(m.start, m.end) for m in (row.example.head, row.example.tail)]
    found = (t for t in triples if t.relation == row.asked)
    return max((t.score for t in found if [(m.start, m.end) for m in (t.head, t.tail)] == asked), default=0.0)


def f1(printed: np.ndarray, holds: np.ndarray) -> float:
    return 2 * int((printed & holds).sum()) / max(int(printed.sum() + holds.sum()), 1)


def table(lines: Sequence[dict[str, float]]) -> list[list[str]]:
    header = ["examples", "threshold", "found", *FALSE, "F1", "printed of other texts"]
    shares = [[percent(of[name]) for name in (HOLDS, *FALSE, "f1")] for of in lines]
    return [
        header,
        *(
            [str(of["examples"]), f"{of['threshold']:.2f}", *row, f"{of['elsewhere']:.0f}"]
            for of, row in zip(lines, shares, strict=True)
        ),
    ]


if __name__ == "__main__":
    main()
