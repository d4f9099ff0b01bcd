"""Precision and recall by threshold on the sentences that calibrate the built-in model: what a choice may go by.

    export PYTHONPATH=scripts
    python scripts/bench/choosing.py --json docs/results/choosing.json
    python scripts/bench/choosing.py --texts data/crowded/crowded.txt --json docs/results/crowded.json

Re-DocRED's documents 211-250 and an eighth of our own texts, those that tell what holds from what does not apart; or
--texts, on which nothing may be chosen. Given mentions, the model's default relations, all rules of `zslre predict`.
Each pair by itself, and weighed against the others of its sentence (`zslre.context`). A person's nationality that a
writer left without label counts as false here, where calibration leaves it out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from builtin_data import written_texts
from results import write_results

from zslre.datasets import read_docred
from zslre.datasets.annotated import AnnotatedSentence
from zslre.datasets.marked import read_texts
from zslre.evaluation.extraction import ExtractionScores, gold_keys, triple_keys
from zslre.evaluation.tables import piped
from zslre.extractor import RelationExtractor
from zslre.pipeline import TOP_K
from zslre.relations import catalogue
from zslre.training.reversal import reverse_labels, with_inverses
from zslre.training.sources import renamed

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("-m", "--model", default=None)
    parser.add_argument("--texts", type=Path, nargs="+", help="files of marked texts to count on instead")
    parser.add_argument("--top-k", type=int, default=TOP_K, help="relations that a pair may get")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    extractor = RelationExtractor.from_pretrained(args.model)
    if args.texts:
        parts = {path.stem: with_all_inverses(read_texts(path)) for path in args.texts}
    else:
        parts = calibration_parts(args.data / "redocred/dev_revised.json")
    rows: list[dict[str, Any]] = []
    for pairs, asked in {"alone": extractor.replaced(context=None), "weighed": extractor}.items():
        by_part = {name: scores_by_threshold(asked, part, args.top_k) for name, part in parts.items()}
        for threshold in sorted({extractor.threshold, *THRESHOLDS}):
            scores = {name: asdict(of_part[threshold]) for name, of_part in by_part.items()}
            rows.append({"pairs": pairs, "threshold": threshold, **scores})
    write_results(args.json, {"top_k": args.top_k, "model": extractor.config["name"], "rows": rows})
    shown = [
        [row["pairs"], f"{row['threshold']:.2f}", *("{precision:.3f}, {recall:.3f}".format(**row[n]) for n in parts)]
        for row in rows
    ]
    print(piped([["pairs", "threshold", *parts], *shown]))


def scores_by_threshold(
    extractor: RelationExtractor, sentences: Sequence[AnnotatedSentence], top_k: int
) -> dict[float, ExtractionScores]:
    """Those at the model's threshold and at each of `THRESHOLDS`: a threshold only filters, so one pass is enough."""
    thresholds = (extractor.threshold, *THRESHOLDS)
    gold = gold_keys(sentences, extractor.relations)
    asked = (s.sentence for s in sentences)
    found = list(extractor.extract_sentences(asked, threshold=min(thresholds), top_k=top_k))
    scores = {}
    for threshold in thresholds:
        kept = [[triple for triple in triples if triple.score >= threshold] for triples in found]
        scores[threshold] = ExtractionScores.of(gold, triple_keys(kept, extractor.relations))
    return scores


def calibration_parts(documents: Path) -> dict[str, list[AnnotatedSentence]]:
    """Each kind of sentence apart, labelled with inverse relations too where they are ours."""
    texts, both = (with_all_inverses(written_texts(contrasts)[1]) for contrasts in (0, 1))
    judged = renamed(read_docred(documents, slice(210, 250)), catalogue())
    return {"Re-DocRED 211-250": judged, "our texts": texts, "what holds and what does not": both[len(texts) :]}


def with_all_inverses(sentences: Iterable[AnnotatedSentence]) -> list[AnnotatedSentence]:
    reverse = reverse_labels(catalogue())
    return [with_inverses(sentence, reverse) for sentence in sentences]


if __name__ == "__main__":
    main()
