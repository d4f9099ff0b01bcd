"""What `zslre side-info build` is worth on relations that the model never saw: FewRel's 16 validation relations.

    python scripts/bench/built_side_info.py -m build/builtin/first --json docs/results/built_side_info.json
    python scripts/bench/built_side_info.py --held-out --json docs/results/built_side_info_held_out.json

`--held-out`: the ten relations instead that no round of the built-in model's training sees, 100 rows of each. Its
weights of text, types and keywords were fitted on these.

"names": Wikidata's labels and nothing else, as a user types them; "described": with Wikidata's descriptions; "+ build":
with what `build` finds for each; "without Wikidata's": with what it finds when it may know nothing of these
properties, which it would otherwise recognise, aliases and all. Figures of each:

- macro-F1, with a 95 % interval over the queries: sentences with head and tail given, the relations ranked.
- average precision of extraction: of the first 60 sentences of a relation every pair of mentions, found by the model's
  detector, with its best relation, in the order of the scores. No threshold plays a part. Only the labelled pair counts
  as having a relation, so that the figure is lower than the truth; and its precision and recall at the model's default
  threshold.
- with `--judged FILE`, of the 50 pairs that are printed first how many are right and how many doubtful, by what a
  person says of each who does not see which of the texts found it. What has not been judged is added to the file, with
  an empty judgement: fill in right, doubtful or wrong, and run again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from automatic_relations import labelled
from results import write_results

from zslre.candidates import beside, candidate_pairs
from zslre.datasets import read_fewrel
from zslre.encoder import pair_vectors
from zslre.evaluation.intervals import bootstrap_intervals
from zslre.evaluation.metrics import classification_scores, confusion, precision_recall
from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.meanings import training_leaks
from zslre.packing import Item, Pair
from zslre.relations import Relation, RelationSet, catalogue
from zslre.sideinfo.builder import build_side_information
from zslre.training.sources import DEV_SENTENCES
from zslre.types import Example, Sentence

PER_RELATION = 60  # sentences for extraction
FIRST = 50  # pairs that are judged
PARTS = ("text", "head", "relation", "tail")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("-m", "--model", default=None)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--judged", type=Path, help="JSON Lines of judged triples; grows")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    model = RelationExtractor.from_pretrained(args.model)
    examples = held_out(args.data, model) if args.held_out else list(read_fewrel(args.data / "fewrel/val_wiki.json"))
    described = labelled(args.data).select({str(e.relation) for e in examples})
    if seen := training_leaks(model.config["trained_relations"], described):
        raise InputError(f"the model was trained on {sorted(seen)}: there is nothing to learn from its scores there")
    vectors = pair_vectors(model.encoder, model.packer, [(e.sentence, [(e.head, e.tail)]) for e in examples])
    gold = [described[str(e.relation)].name for e in examples]
    items, every_gold = every_pair(model, first_rows(examples, [r.id for r in described], PER_RELATION), described)
    every = pair_vectors(model.encoder, model.packer, items)
    judgement = Judgement(items, args.judged) if args.judged else None
    rows = {}
    for kind, plain in {"names": RelationSet(Relation(r.name) for r in described), "described": described}.items():
        built = build_side_information(plain, model.encoder)
        apart = build_side_information(plain, model.encoder, exclude=[str(r.id) for r in described])
        for added, relations in {"": plain, " + build": built, " + build without Wikidata's": apart}.items():
            other = model.with_relations(relations)
            rows[kind + added] = ranking(other, vectors, gold) | extraction(other, every, every_gold)
            if judgement is not None:
                rows[kind + added] |= judgement.of(other, every)
            print(kind + added, rows[kind + added], flush=True)
    if judgement is not None:
        judgement.write()
    sizes = {"queries": len(gold), "pairs": len(every_gold)}
    write_results(args.json, {"model": model.config["name"], **sizes, "rows": rows})


def held_out(data: Path, model: RelationExtractor) -> list[Example]:
    """The first rows of each relation that was kept from the model's training."""
    ids = [relation.id for relation in catalogue().select(model.config["held_out"]["kind_weights"])]
    malformed: list[InputError] = []
    rows = [
        *read_fewrel(data / "fewrel/train_wiki.json"),
        *read_fewrel(data / "wikizsl/wikizsl67.json", on_bad=malformed.append),
    ]
    return first_rows(rows, ids, DEV_SENTENCES)


def first_rows(rows: Sequence[Example], ids: Sequence[str | None], most: int) -> list[Example]:
    """At most so many of each relation, relation by relation."""
    return [row for id in ids for row in [row for row in rows if row.relation == id][:most]]


def every_pair(
    model: RelationExtractor, examples: Sequence[Example], relations: RelationSet
) -> tuple[list[tuple[Sentence, list[Pair]]], list[str | None]]:
    """All pairs of mentions, those of the examples and what is found beside them, and their relations in order."""
    found = model.detector.detect([Sentence(e.sentence.text) for e in examples])
    items, gold = list[tuple[Sentence, list[Pair]]](), list[str | None]()
    for example, detected in zip(examples, found, strict=True):
        given = (example.head, example.tail)
        every = [*given, *beside(detected.mentions, given)]
        sentence = replace(example.sentence, mentions=tuple(sorted(every, key=lambda m: m.start)))
        pairs = candidate_pairs(sentence)
        items.append((sentence, pairs))
        gold += [relations[str(example.relation)].name if pair == given else None for pair in pairs]
    return items, gold


def ranking(model: RelationExtractor, vectors: np.ndarray, gold: list[str]) -> dict[str, Any]:
    places, _ = model.matcher.best(vectors)
    predicted = [model.relations.names[place] for place in places]
    ends = bootstrap_intervals(confusion(gold, predicted), np.random.default_rng(0))["macro_f1"]
    macro_f1 = classification_scores(gold, predicted).macro_f1
    return {"macro_f1": round(macro_f1, 4), "interval": [round(end, 4) for end in ends]}


def extraction(model: RelationExtractor, vectors: np.ndarray, gold: list[str | None]) -> dict[str, float]:
    places, probabilities = model.matcher.best(vectors)
    right = np.array([model.relations.names[place] == name for place, name in zip(places, gold, strict=True)])
    true = sum(name is not None for name in gold)
    printed = right[probabilities >= model.threshold]
    figures = {
        "average_precision": precision_recall(probabilities.tolist(), right.tolist(), true).area,
        "precision": printed.mean() if len(printed) else 0.0,
        "recall": printed.sum() / true,
    }
    return {name: round(float(value), 4) for name, value in figures.items()}


class Judgement:
    """What a person says of triples, by sentence, head, relation and tail: right, doubtful, wrong or nothing yet."""

    def __init__(self, items: Sequence[Item], path: Path) -> None:
        self.pairs = [(sentence.text, *pair) for sentence, pairs in items for pair in pairs]
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        rows = [json.loads(line) for line in lines]
        self.said: dict[tuple[str, ...], str] = {tuple(row[part] for part in PARTS): row["judged"] for row in rows}

    def of(self, model: RelationExtractor, vectors: np.ndarray) -> dict[str, int]:
        """How many of the first triples are what."""
        places, probabilities = model.matcher.best(vectors)
        triples = []
        for number in np.argsort(-probabilities, kind="stable")[:FIRST].tolist():
            text, head, tail = self.pairs[number]
            triples.append((text, head.text, model.relations.names[places[number]], tail.text))
        said = [self.said.setdefault(triple, "") for triple in triples]
        return {what or "unjudged": said.count(what) for what in ("right", "doubtful", "wrong", "")}

    def write(self) -> None:
        """Sorted, so that nothing says which relations' texts found a triple."""
        rows = [
            dict(zip((*PARTS, "judged"), (*triple, judged), strict=True))
            for triple, judged in sorted(self.said.items())
        ]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
