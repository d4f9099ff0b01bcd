"""Relations named by what their head is ("is the birthplace of"), in sentences of our own that say so or say it else.

    python scripts/bench/nouns.py --json docs/results/nouns.json

All names of data/side_info/nouns.jsonl are the model's relations at once. Each pair is asked for its relation both ways
round, with the name alone and with what zslre compares instead ("has birthplace", with the reversed pair). Figures, in
percent of the pairs: `direction`, the right one scores higher; `found`, that one reaches the threshold; `reversed`, the
wrong one scores higher and does.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from results import write_results

from zslre.datasets import read_examples
from zslre.encoder import pair_vectors
from zslre.evaluation.tables import percent, piped
from zslre.extractor import RelationExtractor
from zslre.matching import Matcher
from zslre.relations import Relation, RelationSet

DATA = Path(__file__).resolve().parents[2] / "data" / "side_info" / "nouns.jsonl"
FIGURES = ("direction", "found", "reversed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", default=None)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    examples = list(read_examples(DATA))
    names = sorted({str(example.relation) for example in examples})
    asked = RelationExtractor.from_pretrained(args.model).with_relations(RelationSet(Relation(name) for name in names))
    items = [(e.sentence, [(e.head, e.tail), (e.tail, e.head)]) for e in examples]
    vectors = pair_vectors(asked.encoder, asked.packer, items)
    columns = [names.index(str(example.relation)) for example in examples]
    rows: list[dict[str, Any]] = []
    bare = Matcher(asked.scorer, asked.prototypes, context=asked.context)
    for added, matcher in {"no": bare, "yes": asked.matcher}.items():
        found = [dict(best) for best in matcher.candidates(vectors, items, 0.0, len(names))]
        right, wrong = (np.array([found[2 * i + k][c] for i, c in enumerate(columns)]) for k in (0, 1))
        least = asked.threshold
        figures = (right > wrong, (right > wrong) & (right >= least), (wrong > right) & (wrong >= least))
        rows.append({"wordings": added} | {k: float(v.mean()) for k, v in zip(FIGURES, figures, strict=True)})
    lines = [["wordings", *FIGURES], *([r["wordings"], *(percent(r[k]) for k in FIGURES)] for r in rows)]
    print(f"{len(examples)} pairs, {len(names)} names\n\n{piped(lines)}")
    write_results(args.json, {"model": asked.config["name"], "pairs": len(examples), "rows": rows})


if __name__ == "__main__":
    main()
