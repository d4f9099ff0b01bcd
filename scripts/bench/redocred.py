"""Extraction on Re-DocRED's last 250 dev documents, sentence by sentence, with the model's default threshold.

    python scripts/bench/redocred.py --json docs/results/redocred.json

With gold mentions, also with one relation a pair and by the length of the sentence, and with the mentions that the
default entity recogniser finds; for all relations of the catalogue that Re-DocRED uses. The built-in model was trained
and its threshold chosen on the first 250 documents.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from statistics import mean

from results import write_results

from zslre.datasets import read_docred
from zslre.datasets.annotated import AnnotatedSentence
from zslre.evaluation.extraction import extraction_scores, gold_keys, triple_keys
from zslre.extractor import RelationExtractor
from zslre.relations import RelationSet, catalogue
from zslre.training.sources import renamed
from zslre.verifier import Verifier

LENGTHS = (0, 100, 150, 200, 300, 400, 10_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("-m", "--model", default=None)
    parser.add_argument("--verify", help="folder of a verifier")
    parser.add_argument("--threshold", type=float, default=None)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    relations, sentences = test_data(args.data / "redocred/dev_revised.json")
    extractor = RelationExtractor.from_pretrained(args.model).with_relations(relations)
    trained = set(extractor.config["trained_relations"])
    unseen = relations.without([name for name in relations.names if name in trained])
    verifier = Verifier.from_pretrained(args.verify) if args.verify is not None else None
    extractor = extractor.with_verifier(verifier)
    result: dict[str, object] = {
        "documents": "last 250 of Re-DocRED dev",
        "sentences": len(sentences),
        "relations": len(relations),
        "relations_not_trained_on": list(unseen.names),
        "verifier": None if verifier is None else verifier.config["name"],
        "threshold": args.threshold if args.threshold is not None else extractor.threshold,
        "gold mentions": asdict(extraction_scores(extractor, sentences, threshold=args.threshold)),
        "gold mentions, one relation a pair": asdict(
            extraction_scores(extractor, sentences, threshold=args.threshold, top_k=1)
        ),
        "gold mentions, by characters of the sentence": by_length(extractor, sentences, args.threshold),
        "predicted mentions": asdict(
            extraction_scores(extractor, sentences, threshold=args.threshold, detect=extractor.detector.detect)
        ),
        "gold mentions, relations not trained on": asdict(
            extraction_scores(extractor.with_relations(unseen), sentences, threshold=args.threshold)
        ),
    }
    write_results(args.json, result)
    print(json.dumps({k: v for k, v in result.items() if k != "relations_not_trained_on"}, indent=1))


def by_length(
    extractor: RelationExtractor, sentences: list[AnnotatedSentence], threshold: float | None
) -> dict[str, dict[str, float]]:
    """Precision, and the precision that the scores promise, of triples from sentences of so many characters.

    Lengths at which nothing is printed are left out.
    """
    found = {}
    for least, most in pairwise(LENGTHS):
        some = [s for s in sentences if least <= len(s.sentence.text) < most]
        triples = list(extractor.extract_sentences((s.sentence for s in some), threshold=threshold))
        predicted = triple_keys(triples, extractor.relations)
        if predicted:  # by a high threshold nothing may be
            found[f"{least} to {most - 1}"] = {
                "predicted": len(predicted),
                "precision": round(len(predicted & gold_keys(some, extractor.relations)) / len(predicted), 4),
                "mean score": round(mean(triple.score for of_sentence in triples for triple in of_sentence), 4),
            }
    return found


def test_data(path: Path) -> tuple[RelationSet, list[AnnotatedSentence]]:
    """The relations of the catalogue that Re-DocRED uses, and the sentences of the last 250 documents."""
    used = {label for s in read_docred(path) for labels in s.labels for label in labels}
    relations = catalogue().select(sorted(used & {r.id for r in catalogue() if r.id}))
    return relations, renamed(read_docred(path, slice(250, None)), relations)


if __name__ == "__main__":
    main()
