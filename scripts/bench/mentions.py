"""Mentions by the model's own tagger and by spaCy's small English model: accuracy, and speed from text to triples.

    python scripts/bench/mentions.py --json docs/results/mentions.json

On text that neither trained nor chose the tagger: Re-DocRED's last 250 dev documents and FewRel's validation sentences.
Speeds are medians over `--repeats` rounds that take turns on the same text, with one thread; read them as ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from predict import SAMPLE, first_triple, timed
from redocred import test_data
from results import write_results

from zslre.candidates import asked_pairs
from zslre.datasets import read_docred, read_fewrel
from zslre.datasets.annotated import group_examples
from zslre.evaluation.extraction import extraction_scores
from zslre.evaluation.mentions import DOCRED_OF, argument_recall, span_scores
from zslre.extractor import RelationExtractor
from zslre.mentions import MentionDetector
from zslre.sentences import split_sentences
from zslre.types import Mention, Sentence

NAMES = ("builtin", "spacy")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("-m", "--model", default=None)
    parser.add_argument("--sentences", type=int, default=4000, help="of FewRel's validation rows")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    extractors = {name: RelationExtractor.from_pretrained(args.model, threads=1, ner=name) for name in NAMES}
    detectors = {name: extractor.detector for name, extractor in extractors.items()}
    documents = args.data / "redocred/dev_revised.json"
    encyclopedia = " ".join(s.sentence.text for s in read_docred(documents, slice(250, 280)))
    news = SAMPLE.read_text(encoding="utf-8")
    parts: dict[str, Callable[[], Any]] = {
        "redocred, last 250 dev documents": lambda: redocred(documents, detectors),
        "fewrel validation": lambda: fewrel(args.data / "fewrel/val_wiki.json", detectors, args.sentences),
        "speed, news sample": lambda: speed(extractors, news, 4, args.repeats),
        "seconds to the first triple, cold": lambda: cold(args.model, args.repeats),
        "speed, encyclopedia": lambda: speed(extractors, encyclopedia, 1, args.repeats),
        "extraction on redocred, last 250 dev documents": lambda: extraction(documents, extractors),
    }
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "threads": 1}
    result: dict[str, Any] = {"machine": machine}
    for name, measure in parts.items():
        result[name] = measure()
        print(json.dumps({name: result[name]}, indent=1), flush=True)
        write_results(args.json, result)  # after each part, for all of it takes a while


def redocred(path: Path, detectors: dict[str, MentionDetector]) -> dict[str, Any]:
    """Exact spans, and with DocRED's types; of spaCy also without ordinal numbers, which are no mention there."""
    gold = [s.sentence for s in read_docred(path, slice(250, None))]
    found = {name: detector.detect([Sentence(s.text) for s in gold]) for name, detector in detectors.items()}
    found["spacy without ORDINAL"] = without_ordinals(found["spacy"])
    scores = {name: rounded(asdict(span_scores(sentences, gold, DOCRED_OF))) for name, sentences in found.items()}
    lower = [Sentence(s.text.lower()) for s in gold]
    same = [place for place, s in enumerate(lower) if len(s.text) == len(gold[place].text)]
    for name, detector in detectors.items():
        in_lower = detector.detect([lower[place] for place in same])
        scores[name]["f1 in lower case"] = round(span_scores(in_lower, [gold[place] for place in same]).f1, 4)
    return scores


def fewrel(path: Path, detectors: dict[str, MentionDetector], count: int) -> dict[str, Any]:
    """Recall of the two known arguments of each row, and how far the two detectors agree."""
    rows = group_examples(read_fewrel(path))[:: max(1, 11_000 // count)]
    wanted: list[list[Mention]] = [sorted({m for p in s.pairs for m in p}, key=lambda m: m.start) for s in rows]
    found = {name: d.detect([Sentence(s.sentence.text) for s in rows]) for name, d in detectors.items()}
    agreement = span_scores(found["builtin"], without_ordinals(found["spacy"]))
    named = [Sentence(s.text, tuple(m for m in s.mentions if m.type != "MISC")) for s in found["builtin"]]
    return {
        "sentences": len(rows),
        "argument recall": {name: rounded(argument_recall(sentences, wanted)) for name, sentences in found.items()},
        "mentions a sentence": {n: round(sum(len(s.mentions) for s in f) / len(f), 2) for n, f in found.items()},
        "agreement with spacy without ORDINAL": rounded(asdict(agreement)),
        "agreement of what is not MISC": rounded(asdict(span_scores(named, without_ordinals(found["spacy"])))),
    }


def extraction(path: Path, extractors: dict[str, RelationExtractor]) -> dict[str, Any]:
    """Triples with found mentions, at the model's threshold, for the relations that Re-DocRED uses."""
    relations, sentences = test_data(path)
    scores = {}
    for name, extractor in extractors.items():
        chosen = extractor.with_relations(relations)
        scores[name] = rounded(asdict(extraction_scores(chosen, sentences, detect=chosen.detector.detect)))
    return scores


def speed(extractors: dict[str, RelationExtractor], text: str, times: int, repeats: int) -> dict[str, Any]:
    """Words per second from text to triples, and of finding mentions alone."""
    text = "\n\n".join([text] * times)
    sentences = list(split_sentences(text))
    words = len(text.split())
    taken: dict[str, list[float]] = {}
    for turn in range(repeats + 1):
        for name, extractor in extractors.items():
            whole = timed(partial(extractor.predict, text))
            mentions = timed(partial(extractor.detector.detect, sentences))
            if turn:  # the first compiles and warms up
                taken.setdefault(name, []).append(whole)
                taken.setdefault(f"{name}, mentions alone", []).append(mentions)
    pairs = {n: sum(len(asked_pairs(s)) for s in e.detector.detect(sentences)) for n, e in extractors.items()}
    medians = {name: statistics.median(values) for name, values in taken.items()}
    return {
        "sentences": len(sentences),
        "pairs": pairs,
        "words per second": {name: round(words / seconds) for name, seconds in medians.items()},
        "builtin / spacy, text to triples": round(medians["spacy"] / medians["builtin"], 2),
    }


def cold(model: str | None, repeats: int) -> dict[str, float]:
    """A fresh process, up to the first line that it prints."""
    options = ["-m", model] if model is not None else []
    taken: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(repeats):
        for name in NAMES:
            taken[name].append(timed(partial(first_triple, SAMPLE, "--ner", name, *options)))
    return {name: round(statistics.median(values), 2) for name, values in taken.items()}


def without_ordinals(sentences: Sequence[Sentence]) -> list[Sentence]:
    return [Sentence(s.text, tuple(m for m in s.mentions if m.type != "ORDINAL")) for s in sentences]


def rounded(numbers: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, 4) for key, value in numbers.items()}


if __name__ == "__main__":
    main()
