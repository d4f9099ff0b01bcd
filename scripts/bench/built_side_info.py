"""What `zslre side-info build` is worth on relations that the model never saw: FewRel's 16 validation relations.

    python scripts/bench/built_side_info.py --json docs/results/built_side_info.json

Each of 11,200 sentences gives its head and tail; the model ranks the 16 relations. "names": Wikidata's labels and
nothing else, as a user types them; "described": with Wikidata's descriptions; "+ build": with what `build` finds for
each; "without Wikidata's": with what it finds when it may know nothing of these 16 properties, which it would otherwise
recognise, aliases and all. Macro-F1 with 95 % intervals over the queries.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from automatic_relations import labelled

from zslre.datasets import read_fewrel
from zslre.encoder import pair_vectors
from zslre.evaluation.intervals import bootstrap_intervals
from zslre.evaluation.metrics import classification_scores, confusion
from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.relations import Relation, RelationSet, training_leaks
from zslre.sideinfo.builder import build_side_information


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("-m", "--model", default=None)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    model = RelationExtractor.from_pretrained(args.model)
    examples = list(read_fewrel(args.data / "fewrel/val_wiki.json"))
    described = labelled(args.data).select({str(e.relation) for e in examples})
    if seen := training_leaks(model.config["trained_relations"], described):
        raise InputError(f"the model was trained on {sorted(seen)}: there is nothing to learn from its scores there")
    vectors = pair_vectors(model.encoder, model.packer, [(e.sentence, [(e.head, e.tail)]) for e in examples])
    gold = [described[str(e.relation)].name for e in examples]
    rows = {}
    for kind, plain in {"names": RelationSet(Relation(r.name) for r in described), "described": described}.items():
        built = build_side_information(plain, model.encoder)
        apart = build_side_information(plain, model.encoder, exclude=[str(r.id) for r in described])
        for added, relations in {"": plain, " + build": built, " + build without Wikidata's": apart}.items():
            places, _ = model.with_relations(relations).matcher.best(vectors)
            predicted = [relations.names[place] for place in places]
            intervals = bootstrap_intervals(confusion(gold, predicted), np.random.default_rng(0))
            rows[kind + added] = {
                "macro_f1": round(classification_scores(gold, predicted).macro_f1, 4),
                "interval": [round(end, 4) for end in intervals["macro_f1"]],
            }
            print(kind + added, rows[kind + added], flush=True)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        result = {"command": " ".join(sys.argv), "model": model.config["name"], "queries": len(gold), "rows": rows}
        args.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
