"""What each kind of side information is worth: zero-shot FewRel, one model a split, six conditions at test.

    python scripts/bench/ablation.py build/splits/zero-shot-re_matching-m15-* --json docs/results/ablation.json

The models are those that `zslre evaluate --train -r build/automatic.json` made for `re_matching` splits of m=15
(docs/benchmarks.md has the commands), with side-information dropout. Such a split holds those of m=10 and m=5 of the
same seed, so that its model is judged on all three; on the smaller ones it has seen less than the protocol allows.
At test a relation has its label only; its description too; with description also synonyms, types or keywords; or all.

Side information is what `zslre side-info build` finds from labels and descriptions, see automatic_relations.py.
Needs the datasets under ../shared/data.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

from results import write_results

from zslre.datasets.splits import published_split
from zslre.evaluation.leaks import check_unseen
from zslre.evaluation.metrics import classification_scores
from zslre.evaluation.scenarios import classify
from zslre.evaluation.tasks import make_task, read_labelled
from zslre.evaluation.vectors import encode_examples
from zslre.extractor import RelationExtractor
from zslre.paths import cache_dir
from zslre.relations import Relation, RelationSet, SideInformation

# Condition → whether it has the description, and which lists of side information.
TYPES = ("head_hypernyms", "tail_hypernyms")
CONDITIONS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "label": (False, ()),
    "label + description": (True, ()),
    "label + description + synonyms": (True, ("synonyms",)),
    "label + description + hypernyms": (True, TYPES),
    "label + description + keywords": (True, ("keywords",)),
    "all": (True, ("synonyms", *TYPES, "keywords")),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "models", nargs="+", type=Path, help="folders of zslre evaluate --train --split re_matching/m15/…"
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("-r", "--relations", type=Path, default=Path("build/automatic.json"))
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    relations = RelationSet.from_file(args.relations)
    data = read_labelled([args.data / "fewrel/train_wiki.json", args.data / "fewrel/val_wiki.json"], relations)
    runs = []
    for folder in args.models:
        extractor = RelationExtractor.from_pretrained(folder)
        for m in (5, 10, 15):
            task = make_task("zero-shot", data, published_split(f"re_matching/m{m}/{seed_of(folder)}"), row_split=False)
            check_unseen(extractor, task.unseen)
            vectors = encode_examples(
                extractor.encoder, extractor.packer, task.examples, folder=cache_dir() / "vectors"
            )
            gold = [str(example.relation) for example in task.examples]
            for condition in CONDITIONS:
                asked = extractor.with_relations(under(task.relations, condition))
                predicted, _ = classify(asked, vectors, one_holds=True)
                scores = classification_scores(gold, predicted)
                run = {"model": folder.name, "m": m, "seed": seed_of(folder), "condition": condition}
                runs.append({**run, "rows": len(gold), "macro_f1": scores.macro_f1, "accuracy": scores.accuracy})
                print(f"m={m} {seed_of(folder):4} {condition:32} macro-F1 {scores.macro_f1:.4f}", file=sys.stderr)
    print(table(runs))
    write_results(args.json, {"runs": runs})


def seed_of(folder: Path) -> str:
    """The split's name among those of m=15, from the folder's name."""
    found = re.search(r"re_matching-m15-(\w+)-seed\d+$", folder.resolve().name)
    if found is None:
        sys.exit(f"{folder}: no model of `zslre evaluate --train --split re_matching/m15/…`")
    return found[1]


def under(relations: Iterable[Relation], condition: str) -> RelationSet:
    """The relations with what the condition allows to be known."""
    described, lists = CONDITIONS[condition]
    return RelationSet(
        replace(
            relation,
            description=relation.description if described else "",
            side=SideInformation(**{name: getattr(relation.side, name) for name in lists}),
        )
        for relation in relations
    )


def table(runs: list[dict[str, object]]) -> str:
    """Mean macro-F1 and spread over the models, in percent."""
    lines = ["| at test | m=5 | m=10 | m=15 |", "|---|---|---|---|"]
    for condition in CONDITIONS:
        cells = []
        for m in (5, 10, 15):
            found = [100 * float(str(r["macro_f1"])) for r in runs if (r["condition"], r["m"]) == (condition, m)]
            cells.append(f"{mean(found):.1f}" + (f" ± {stdev(found):.1f}" if len(found) > 1 else ""))
        lines.append(f"| {condition} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
