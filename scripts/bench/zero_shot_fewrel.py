"""Zero-shot FewRel on a published split: train without the unseen relations, pick the best of them for every test row.

    python scripts/bench/zero_shot_fewrel.py --split fewrel/unseen_10_seed_0 --json docs/results/zero_shot_m10_s0.json

Dev relations (the split's own, or the first five others by id) choose the checkpoint; test rows are read once, at the
end. Needs the datasets under ../shared/data, torch and transformers.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from dataclasses import asdict
from pathlib import Path

import torch

from zslre.datasets import read_docred, read_fewrel
from zslre.encoder.transformer import TransformerEncoder
from zslre.evaluation.metrics import classification_scores
from zslre.exceptions import InputError
from zslre.packing import Packer
from zslre.relations import catalogue
from zslre.training.base import default_base_folder
from zslre.training.episodes import EpisodeSampler
from zslre.training.model import TorchScorer
from zslre.training.sources import named, normal_text, renamed, sample_per_relation, without_leaks
from zslre.training.trainer import Trainer, TrainingConfig, zero_shot_predictions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--split", default="fewrel/unseen_10_seed_0", help="name in splits.json, relation_prompt")
    parser.add_argument("--base", default=None, help="base encoder folder or hub id (default: all-MiniLM-L6-v2)")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--learning-rate", type=float, default=8e-5)
    parser.add_argument("--relations-per-step", type=int, default=24)
    parser.add_argument("--sentences", type=int, default=3, help="per relation and step")
    parser.add_argument("--complete", type=int, default=8, help="Re-DocRED sentences per step")
    parser.add_argument("--wikizsl", action="store_true", help="add Wiki-ZSL to the training data")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    data, relations = args.data, catalogue()
    split = json.loads((data / "fewrel/splits.json").read_text())["relation_prompt"][args.split]
    test_ids, dev_ids = list(split["test"]), list(split["dev"])
    rows = [e for name in ("train_wiki", "val_wiki") for e in read_fewrel(data / f"fewrel/{name}.json")]
    test_rows = [e for e in rows if e.relation in test_ids]
    dev_rows = [e for e in rows if e.relation in dev_ids]
    texts = {normal_text(e.sentence.text) for e in test_rows + dev_rows}
    partial = named((e for e in rows if e.relation not in test_ids + dev_ids), relations)
    bad: list[InputError] = []
    if args.wikizsl:
        partial += named(read_fewrel(data / "wikizsl/wikizsl67.json", on_bad=bad.append), relations)
    unseen = test_ids + dev_ids
    partial = without_leaks(partial, relations, unseen, texts)
    complete = renamed(read_docred(data / "redocred/dev_revised.json", slice(250)), relations)
    complete = without_leaks(complete, relations, unseen, texts)
    seen = sorted({name for s in [*partial, *complete] for labels in s.labels for name in labels})
    print(
        f"{len(partial)} + {len(complete)} sentences, {len(seen)} relations; {len(bad)} malformed rows", file=sys.stderr
    )

    torch.manual_seed(args.seed)
    encoder = TransformerEncoder.from_base(args.base if args.base is not None else default_base_folder())
    scorer = TorchScorer(encoder.dim)
    sampler = EpisodeSampler(
        partial,
        complete,
        relations.select(seen),
        n_relations=args.relations_per_step,
        n_sentences=args.sentences,
        n_complete=args.complete,
        seed=args.seed,
    )
    config = TrainingConfig(steps=args.steps, learning_rate=args.learning_rate, seed=args.seed)
    dev_set, test_set = relations.select(dev_ids), relations.select(test_ids)
    dev = sample_per_relation(named(dev_rows, relations), dev_set.names, 100)
    trainer = Trainer(
        encoder,
        scorer,
        sampler,
        config,
        folder=args.work,
        dev=dev,
        dev_relations=dev_set,
        report=lambda line: print(line, file=sys.stderr, flush=True),
    )
    started = time.monotonic()
    best = trainer.train(resume=args.resume)
    encoder.bf16 = False
    packer = Packer(encoder.tokenizer, max_text_tokens=128)
    gold, predicted = zero_shot_predictions(encoder, scorer, packer, named(test_rows, relations), test_set)
    scores = classification_scores(gold, predicted)
    result = {
        "command": " ".join(sys.argv),
        "split": args.split,
        "unseen": test_set.names,
        "test_rows": len(gold),
        "trained_relations": seen,
        "config": asdict(config),
        "dev_macro_f1": best,
        "scores": asdict(scores),
        "seconds": round(time.monotonic() - started),
        "machine": {"processor": platform.processor(), "threads": torch.get_num_threads(), "torch": torch.__version__},
    }
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(result, indent=1) + "\n")
    print(f"{args.split}: macro-F1 {scores.macro_f1:.4f}, field F1 {scores.field_f1:.4f}, dev {best:.4f}")
    for name, f1 in sorted(scores.per_class.items(), key=lambda item: item[1]):
        print(f"  {f1:.3f} {name}")


if __name__ == "__main__":
    main()
