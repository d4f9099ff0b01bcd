"""What built side information is worth on relations of one's own: ten names outside Wikidata's wording, 30 sentences.

    python scripts/bench/side_info.py --json docs/results/side_info.json

Each sentence gives its head and tail; the model ranks the ten relations for the pair. "names" has nothing but names,
"described" a line of description each; "+ build" adds what `zslre side-info build` finds, "+ build with examples" also
what it finds in two other sentences a relation; "+ synonyms", "+ types" and "+ keywords" one kind of what "+ build"
adds. The same is run with the pairs swapped, which expresses no relation.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from results import write_results

from zslre.datasets import read_examples
from zslre.encoder import pair_vectors
from zslre.extractor import RelationExtractor
from zslre.matching import Matcher
from zslre.packing import Item
from zslre.relations import RelationSet, SideInformation
from zslre.sideinfo.builder import build_side_information
from zslre.types import Example

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"synonyms": ("synonyms",), "types": ("head_hypernyms", "tail_hypernyms"), "keywords": ("keywords",)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "side_info")
    parser.add_argument("-m", "--model", default=None)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    model = RelationExtractor.from_pretrained(args.model)
    sentences = list(read_examples(args.data / "sentences.jsonl"))
    examples = list(read_examples(args.data / "examples.jsonl"))
    rows = {}
    for kind in ("names", "described"):
        relations = RelationSet.from_file(args.data / f"{kind}.toml")
        built = build_side_information(relations, model.encoder)
        shown = build_side_information(relations, model.encoder, examples=examples, detector=model.detector)
        chosen = {"": relations, " + build": built, " + build with examples": shown}
        chosen |= {f" + {name}": with_only(built, fields) for name, fields in KINDS.items()}
        for added, known in chosen.items():
            rows[kind + added] = measure(model.with_relations(known), sentences)
            print(kind + added, rows[kind + added])
    write_results(args.json, {"sentences": len(sentences), "rows": rows})


def with_only(relations: RelationSet, fields: tuple[str, ...]) -> RelationSet:
    """The relations with nothing of their side information but these lists."""
    return RelationSet(
        replace(
            r,
            side=SideInformation(**{name: getattr(r.side, name) for name in fields}),
            sources=tuple(source for source in r.sources if source.field in fields),
        )
        for r in relations
    )


def measure(extractor: RelationExtractor, sentences: list[Example]) -> dict[str, float]:
    """Accuracy of the best relation; the true one's mean probability; above the threshold, share found and false."""
    threshold = extractor.threshold
    probabilities = ranked(extractor, [(e.sentence, [(e.head, e.tail)]) for e in sentences])
    swapped = ranked(extractor, [(e.sentence, [(e.tail, e.head)]) for e in sentences])
    gold = np.array([extractor.relations.names.index(str(e.relation)) for e in sentences])
    true = probabilities[np.arange(len(gold)), gold]
    found = (probabilities.argmax(axis=1) == gold) & (true >= threshold)
    figures = {
        "accuracy": float((probabilities.argmax(axis=1) == gold).mean()),
        "mean_probability": float(true.mean()),
        "found_at_threshold": float(found.mean()),
        "false_at_threshold": float(
            (probabilities.argmax(axis=1) != gold)[probabilities.max(axis=1) >= threshold].sum()
        ),
        "swapped_mean_best_probability": float(swapped.max(axis=1).mean()),
    }
    return {name: round(value, 3) for name, value in figures.items()}


def ranked(extractor: RelationExtractor, items: list[Item]) -> np.ndarray:
    """(pairs, relations) probabilities."""
    vectors = pair_vectors(extractor.encoder, extractor.packer, items)
    return probabilities_of_all(extractor.matcher, vectors, items, len(extractor.relations))


def probabilities_of_all(matcher: Matcher, vectors: np.ndarray, items: list[Item], n_relations: int) -> np.ndarray:
    """(pairs, relations) probabilities of pair vectors, 0 of what the matcher rules out."""
    found = np.zeros((len(vectors), n_relations))
    for row, candidates in enumerate(matcher.candidates(vectors, items, 0.0, n_relations)):
        for place, probability in candidates:
            found[row, place] = probability
    return found


if __name__ == "__main__":
    main()
