"""How often the model prints a fact that is denied or merely possible: sentences that trained it, doubted by rule.

    python scripts/bench/doubts.py --json docs/results/doubts.json

Of 900 of FewRel's training sentences those are taken whose relation is one of the model's own and whose verb ties head
to tail. Each is asked for that relation as it is, assured ("It is clear that …"), and with each kind of doubt that
training knows. Nothing here is new to the model: it says what was learned, not what that is worth elsewhere, for which
there is challenge.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from results import write_results

from zslre.datasets import read_fewrel
from zslre.evaluation.tables import percent, piped
from zslre.extractor import RelationExtractor
from zslre.packing import Pair
from zslre.relations import catalogue
from zslre.training.builtin.augmentation import (
    DOUBTS,
    DOUBTS_BEHIND,
    Doubter,
    Edit,
    assurance,
    behind,
    in_front,
    negation,
    possibility,
    tying_verb,
)
from zslre.training.sources import named
from zslre.types import Sentence

SENTENCES = 900


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("-m", "--model", help="model folder (default: the built-in model)")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    model = RelationExtractor.from_pretrained(args.model)
    rows = named(read_fewrel(args.data / "fewrel/train_wiki.json"), catalogue())
    rng = np.random.default_rng(0)
    printed: dict[str, list[bool]] = {}
    pipeline = Doubter().pipeline
    for number in rng.choice(len(rows), SENTENCES, replace=False):
        row = rows[number]
        pair, (name, *_) = row.pairs[0], sorted(row.labels[0])
        verb = tying_verb(pipeline(row.sentence.text), pair) if name in model.relations else None
        if verb is None:
            continue
        edits = {
            "as it is": Edit(0, 0, ""),
            "assured": assurance(row.sentence.text, pair, rng),
            "doubt in front": in_front(DOUBTS, rng),
            "doubt behind": behind(row.sentence.text, DOUBTS_BEHIND, rng),
            "possibility": possibility(verb, rng),
            "negation": negation(verb, rng),
        }
        for kind, edit in edits.items():
            if edit is not None and not any(map(edit.touches, pair)):
                sentence, (moved,) = edit.apply(row.sentence, [pair])
                printed.setdefault(kind, []).append(prints(model, sentence, moved, name))
    lines = [[kind, str(len(found)), percent(float(np.mean(found)))] for kind, found in printed.items()]
    print(piped([["sentence", "rows", "printed"], *lines]))
    shares = {kind: {"rows": len(found), "printed": float(np.mean(found))} for kind, found in printed.items()}
    write_results(args.json, {"model": model.config["name"], "printed": shares})


def prints(model: RelationExtractor, sentence: Sentence, pair: Pair, name: str) -> bool:
    """Whether the model prints that relation of that pair."""
    triples = model.predict(sentence.text, mentions=pair)
    return any(t.relation == name and t.head.start == pair[0].start for t in triples)


if __name__ == "__main__":
    main()
