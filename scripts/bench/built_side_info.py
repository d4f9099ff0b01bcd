"""What `zslre side-info build` is worth on relations that the model never saw: FewRel's 16 validation relations.

    python scripts/bench/built_side_info.py -m build/builtin/first --json docs/results/built_side_info.json
    python scripts/bench/built_side_info.py --held-out --json docs/results/built_side_info_held_out.json

`--held-out`: the ten relations instead that no round of the built-in model's training sees, 100 rows of each. Its
weights of text, types and keywords were fitted on these.

"names": Wikidata's labels and nothing else, as a user types them; "described": with Wikidata's descriptions; "+ build":
with what `build` finds for each; "without Wikidata's": with what it finds when it may know nothing of these
properties, which it would otherwise recognise, aliases and all. Two figures of each:

- macro-F1, with a 95 % interval over the queries: sentences with head and tail given, the relations ranked.
- average precision of extraction: of the first 60 sentences of a relation every pair of mentions, found by the model's
  detector, with its best relation, in the order of the scores. No threshold plays a part. Only the labelled pair counts
  as having a relation, so that the figure is lower than the truth; and its precision and recall at the model's default
  threshold.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from automatic_relations import labelled

from zslre.candidates import beside, candidate_pairs
from zslre.datasets import read_fewrel
from zslre.encoder import pair_vectors
from zslre.evaluation.intervals import bootstrap_intervals
from zslre.evaluation.metrics import classification_scores, confusion, precision_recall
from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.relations import Relation, RelationSet, catalogue, training_leaks
from zslre.sideinfo.builder import build_side_information
from zslre.training.sources import DEV_SENTENCES
from zslre.types import Example, Sentence

PER_RELATION = 60  # sentences for extraction


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("-m", "--model", default=None)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    model = RelationExtractor.from_pretrained(args.model)
    examples = held_out(args.data, model) if args.held_out else list(read_fewrel(args.data / "fewrel/val_wiki.json"))
    described = labelled(args.data).select({str(e.relation) for e in examples})
    if seen := training_leaks(model.config["trained_relations"], described):
        raise InputError(f"the model was trained on {sorted(seen)}: there is nothing to learn from its scores there")
    vectors = pair_vectors(model.encoder, model.packer, [(e.sentence, [(e.head, e.tail)]) for e in examples])
    gold = [described[str(e.relation)].name for e in examples]
    every, every_gold = every_pair(model, first_rows(examples, [r.id for r in described], PER_RELATION), described)
    rows = {}
    for kind, plain in {"names": RelationSet(Relation(r.name) for r in described), "described": described}.items():
        built = build_side_information(plain, model.encoder)
        apart = build_side_information(plain, model.encoder, exclude=[str(r.id) for r in described])
        for added, relations in {"": plain, " + build": built, " + build without Wikidata's": apart}.items():
            other = model.with_relations(relations)
            rows[kind + added] = ranking(other, vectors, gold) | extraction(other, every, every_gold)
            print(kind + added, rows[kind + added], flush=True)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        sizes = {"queries": len(gold), "pairs": len(every_gold)}
        result = {"command": " ".join(sys.argv), "model": model.config["name"], **sizes, "rows": rows}
        args.json.write_text(json.dumps(result, indent=1) + "\n")


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
) -> tuple[np.ndarray, list[str | None]]:
    """Vectors of all pairs of mentions, those of the examples and what is found beside them, and their relations."""
    found = model.detector.detect([Sentence(e.sentence.text) for e in examples])
    items, gold = [], list[str | None]()
    for example, detected in zip(examples, found, strict=True):
        given = (example.head, example.tail)
        every = [*given, *beside(detected.mentions, given)]
        sentence = replace(example.sentence, mentions=tuple(sorted(every, key=lambda m: m.start)))
        pairs = candidate_pairs(sentence)
        items.append((sentence, pairs))
        gold += [relations[str(example.relation)].name if pair == given else None for pair in pairs]
    return pair_vectors(model.encoder, model.packer, items), gold


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
    printed = right[probabilities >= model.config["threshold"]]
    figures = {
        "average_precision": precision_recall(probabilities.tolist(), right.tolist(), true).area,
        "precision": printed.mean() if len(printed) else 0.0,
        "recall": printed.sum() / true,
    }
    return {name: round(float(value), 4) for name, value in figures.items()}


if __name__ == "__main__":
    main()
