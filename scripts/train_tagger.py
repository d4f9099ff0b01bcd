"""Train the built-in model's mention tagger and put it into the model's folder.

    python scripts/train_tagger.py --work build/tagger -m zslre/assets/model -o zslre/assets/model

The encoder stays as it is, byte for byte: only tagger.safetensors, config.json and the card change. tagger_data.py says
what trains and what chooses. Prints the scores that go into config.json; a quarter of an hour on one core. `--work`
holds the encoder's states while it runs, 4 GB of them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tagger_data import TaggerData, read_tagger_data

from zslre.encoder.head import TaggerHead
from zslre.encoder.loading import load_encoder
from zslre.evaluation.mentions import DOCRED_OF, argument_recall, span_scores
from zslre.mentions import MentionDetector, load_detector
from zslre.serialization import ModelFiles, load_model
from zslre.tagger import TaggerDetector
from zslre.training.builtin.tagging import TaggerSettings, TorchHead, train_head
from zslre.training.finish import licence_notices, write_model
from zslre.types import Sentence

NOTICE = "- en_core_web_sm, spaCy, Explosion: MIT; its named entities taught the mention tagger\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="folder for the encoder's states")
    parser.add_argument("-m", "--model", type=Path, required=True, help="the model whose encoder the tagger reads")
    parser.add_argument("-o", "--output", type=Path, required=True, help="model folder to write; may be the same")
    parser.add_argument("--sentences", type=int, default=25_000, help="sentences with arguments to learn from")
    parser.add_argument("--other-bonus", type=float, default=1.0, help="added to the scores of MISC")
    parser.add_argument("--threads", type=int, default=1)
    for name, value in asdict(TaggerSettings()).items():
        if not isinstance(value, tuple):
            parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    model = load_model(args.model)
    named = {name: getattr(args, name) for name in asdict(TaggerSettings()) if hasattr(args, name)}
    settings = TaggerSettings(**named)
    teacher = load_detector("spacy")
    data = read_tagger_data(args.data, teacher, sentences=args.sentences, seed=args.seed)

    def judge(head: TorchHead) -> None:
        say(json.dumps(scores(with_head(model, head.stored(settings.layers, other_bonus=args.other_bonus)), data)))

    head = train_head(model, data.taught, settings, args.work, threads=args.threads, report=say, on_epoch=judge)
    for bonus in (0.0, 1.0, 2.0):
        found = scores(with_head(model, head.stored(settings.layers, other_bonus=bonus)), data)
        say(f"bonus {bonus}: {json.dumps(found)}")
    stored = head.stored(settings.layers, other_bonus=args.other_bonus)
    chosen = scores(with_head(model, stored), data)
    facts = {
        "data": "FewRel 1.0 train, Wiki-ZSL, Re-DocRED dev documents 1-210, our own texts; named entities by spaCy's "
        "en_core_web_sm",
        "command": "python " + " ".join(sys.argv),
        "settings": {**asdict(settings), "sentences": args.sentences, "other_bonus": args.other_bonus},
        "scores": {"tagger": chosen, "spaCy's small model": judged(teacher, data)},
    }
    files = replace(model, tagger=stored, config={**model.config, "tagger_training": facts})
    notices = licence_notices(args.model)
    write_model(args.output, files, notices + (NOTICE if NOTICE not in notices else ""))
    say(json.dumps(facts["scores"], indent=1))


def with_head(model: ModelFiles, head: TaggerHead) -> TaggerDetector:
    window = model.config["encoder"]["max_text_tokens"]
    return TaggerDetector(load_encoder(replace(model, tagger=head), threads=1), max_text_tokens=window)  # type: ignore


def scores(detector: TaggerDetector, data: TaggerData) -> dict[str, Any]:
    lower = [Sentence(s.text.lower()) for s in data.dev_documents]
    same = [(a, s) for a, s in zip(lower, data.dev_documents, strict=True) if len(a.text) == len(s.text)]
    found = span_scores(detector.detect([a for a, _ in same]), [s for _, s in same], DOCRED_OF)
    return {**judged(detector, data), "f1 in lower case": round(found.f1, 4)}


def judged(detector: MentionDetector, data: TaggerData) -> dict[str, Any]:
    found = span_scores(detector.detect([Sentence(s.text) for s in data.dev_documents]), data.dev_documents, DOCRED_OF)
    arguments = detector.detect([sentence for sentence, _ in data.dev_arguments])
    recall = argument_recall(arguments, [wanted for _, wanted in data.dev_arguments])
    numbers = {"precision": found.precision, "recall": found.recall, "f1": found.f1, "typed f1": found.typed_f1}
    ours = span_scores(detector.detect([Sentence(s.text) for s in data.dev_texts]), data.dev_texts)
    numbers |= {"own texts, f1": ours.f1, "own texts, typed f1": ours.typed_f1}
    numbers |= {f"argument recall, {key}": value for key, value in recall.items()}
    numbers["mentions a sentence"] = float(np.mean([len(s.mentions) for s in arguments]))
    return {key: round(value, 4) for key, value in numbers.items()}


def say(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
