"""The challenge set by category: invented triples, plain facts found, and head and tail the right way round.

    python scripts/bench/challenge.py --json docs/results/challenge_builtin.json

Each text is predicted as a document of its own, for the model's default relations and for the few others that the set
asks for, as many relations a pair as `zslre predict` prints, at the model's threshold unless `--threshold` gives
another. First with the set's mentions, then from the raw text with those that the model's own detector finds: there a
mention is one that shares a character with the set's, and a fact whose mentions are not found is missed.

Of rows where the asked relation holds: `recall`, the share for which it is printed; `printed swapped`, the share for
which it is printed with head and tail swapped; and, of those whose relation is not symmetric and whose mentions are
found, `right direction`, the share whose score is higher than the swapped pair's, at any threshold. Of rows where it
does not hold: `false, asked`, the share for which the asked relation is printed all the same, and `false, any`, the
share for which any relation is printed between the two, in either direction, but those that the row allows.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results import write_results

from zslre.datasets.jsonl import read_examples
from zslre.evaluation.tables import percent, piped
from zslre.extractor import RelationExtractor
from zslre.relations import RelationSet, catalogue
from zslre.types import Example, Mention, Sentence, Triple
from zslre.verifier import Verifier

SET = Path(__file__).parents[2] / "data/challenge/challenge.jsonl"
HEADER = [
    "category",
    "hold",
    "recall",
    "right direction",
    "printed swapped",
    "do not hold",
    "false, asked",
    "false, any",
]


@dataclass(frozen=True, slots=True)
class Row:
    """A pair, the relation asked of it, and which others would be no mistake."""

    example: Example
    asked: str
    category: str
    also: frozenset[str]

    @property
    def holds(self) -> bool:
        return self.example.relation is not None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a model said of a row. `right_way` is None where there is no direction, or no such mentions were found."""

    row: Row
    printed: bool
    printed_swapped: bool
    printed_any: bool
    right_way: bool | None


def main() -> None:
    """Print a table for each kind of mentions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", help="model folder (default: the built-in model)")
    parser.add_argument("--verify", help="folder of a verifier")
    parser.add_argument("--threshold", type=float, help="default: the model's, or the verifier's")
    parser.add_argument("--set", type=Path, default=SET)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    rows = read_rows(args.set)
    extractor = RelationExtractor.from_pretrained(args.model)
    extractor = extractor.with_relations(asked_relations(extractor.relations, rows))
    verifier = Verifier.from_pretrained(args.verify) if args.verify is not None else None
    extractor = extractor.with_verifier(verifier)
    result: dict[str, Any] = {
        "model": extractor.config.get("name"),
        "verifier": None if verifier is None else verifier.config.get("name"),
        "sentences": len({row.example.sentence for row in rows}),
        "rows": len(rows),
        "relations": len(extractor.relations),
        "threshold": args.threshold if args.threshold is not None else extractor.threshold,
    }
    for title, given in (("given mentions", True), ("detected mentions", False)):
        result[title] = by_category(verdicts(extractor, rows, threshold=args.threshold, given=given))
        print(f"{title}, threshold {result['threshold']}\n\n{piped(table(result[title]))}\n")
    write_results(args.json, result)


def read_rows(path: Path) -> list[Row]:
    """The rows of the challenge set; data/README.md says what each key means."""
    extras = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        Row(example, extra["asked"], extra["category"], frozenset(extra.get("also", ())))
        for example, extra in zip(read_examples(path), extras, strict=True)
    ]


def asked_relations(relations: RelationSet, rows: Iterable[Row]) -> RelationSet:
    """The model's relations, and those of the catalogue that the rows ask for; a model may call them otherwise."""
    asked = catalogue().select({row.asked for row in rows})
    missing = [relation for relation in asked if relation.name not in relations.names]
    taken = {key for relation in missing for key in relation.keys}
    return RelationSet([*(relation for relation in relations if taken.isdisjoint(relation.keys)), *missing])


def verdicts(
    extractor: RelationExtractor, rows: Sequence[Row], *, threshold: float | None, given: bool
) -> list[Verdict]:
    """What the extractor says of each row, with the mentions that the set gives, or those that it finds itself."""

    def triples(asked: RelationExtractor, sentence: Sentence, threshold: float | None) -> list[Triple]:
        return asked.predict(sentence.text, threshold=threshold, mentions=sentence.mentions if given else None)

    sentences = dict.fromkeys(row.example.sentence for row in rows)
    printed = {sentence: triples(extractor, sentence, threshold) for sentence in sentences}
    # Of the two directions of a relation the extractor gives the better one only.
    alone = {name: extractor.with_relations(extractor.relations.select([name])) for name in {row.asked for row in rows}}
    return [
        verdict(
            row,
            printed[row.example.sentence],
            triples(alone[row.asked], row.example.sentence, 0.0),
            symmetric=extractor.relations[row.asked].symmetric,
        )
        for row in rows
    ]


def verdict(row: Row, printed: Iterable[Triple], ranked: Iterable[Triple], *, symmetric: bool) -> Verdict:
    """`printed`: the sentence's triples; `ranked`: those of the relation asked, however unlikely, the better way."""
    head, tail = row.example.head, row.example.tail
    forward, backward = between(printed, head, tail), between(printed, tail, head)
    right_way = None
    if not symmetric:
        better, worse = between(ranked, head, tail), between(ranked, tail, head)
        right_way = row.asked in better if row.asked in better | worse else None
    return Verdict(
        row,
        printed=row.asked in (forward | backward if symmetric else forward),
        printed_swapped=not symmetric and row.asked in backward,
        printed_any=bool((forward | backward) - row.also),
        right_way=right_way,
    )


def between(triples: Iterable[Triple], head: Mention, tail: Mention) -> set[str]:
    """Relations of the triples from a mention that overlaps `head` to one that overlaps `tail`."""
    return {t.relation for t in triples if overlap(t.head, head) and overlap(t.tail, tail)}


def overlap(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end


def by_category(judged: Sequence[Verdict]) -> dict[str, dict[str, float | int | None]]:
    """Counts and shares of each category, in the order of the set."""
    figures: dict[str, dict[str, float | int | None]] = {}
    for category in dict.fromkeys(v.row.category for v in judged):
        holding = [v for v in judged if v.row.category == category and v.row.holds]
        others = [v for v in judged if v.row.category == category and not v.row.holds]
        directed = [v for v in holding if v.right_way is not None]
        figures[category] = {
            "hold": len(holding),
            "recall": share(v.printed for v in holding),
            "with direction": len(directed),
            "right direction": share(bool(v.right_way) for v in directed),
            "printed swapped": share(v.printed_swapped for v in holding),
            "do not hold": len(others),
            "false, asked": share(v.printed for v in others),
            "false, any": share(v.printed_any for v in others),
        }
    return figures


def share(marks: Iterable[bool]) -> float | None:
    """Rounded; None of nothing."""
    marks = list(marks)
    return round(sum(marks) / len(marks), 4) if marks else None


def table(figures: dict[str, dict[str, float | int | None]]) -> list[list[str]]:
    """Rows for `piped`; shares in percent."""
    body = [
        [category, *(str(row[name]) if name in ("hold", "do not hold") else percent(row[name]) for name in HEADER[1:])]
        for category, row in figures.items()
    ]
    return [HEADER, *body]


if __name__ == "__main__":
    main()
