"""Train a verifier, which reads a sentence and one relation together and scores a model's best candidates anew.

    python scripts/train_verifier.py --work build/verifier -o verifier
    zslre predict data/samples/news.txt --verify verifier

The data are the built-in model's (see train_builtin.py), and what is held out is the same: FewRel's 16 validation
relations, their inverses and sentences, and Re-DocRED's documents from 211 on. Of these, 211-250 choose calibration and
threshold, on the candidates of the model that the verifier is to look over (`--first`). The last step's weights are
kept. `--resume` goes on after a stop. `--start` takes the best.safetensors of a finished training with the same
base encoder, such as the built-in model's, instead of fresh weights.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file

from zslre.datasets import read_docred, read_fewrel
from zslre.datasets.splits import normal_text
from zslre.encoder.transformer import TransformerEncoder
from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.mentions import load_detector
from zslre.relations import catalogue, training_leaks
from zslre.serialization import save_model
from zslre.training.augmentation import Doubter
from zslre.training.base import BASE_NAME, default_base_folder
from zslre.training.episodes import EpisodeSampler
from zslre.training.finish import model_card, model_files
from zslre.training.model import TorchScorer
from zslre.training.sources import named, renamed, without_leaks
from zslre.training.trainer import TrainingConfig
from zslre.training.verifier import VerifierTrainer, calibrate_verifier
from zslre.training.written import Writer
from zslre.verifier import Verifier


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write")
    parser.add_argument("--base", default=None, help=f"base encoder: folder or hub id (default: {BASE_NAME})")
    parser.add_argument("--start", type=Path, help="weights to start from")
    parser.add_argument("--first", help="model whose candidates calibrate (default: the built-in model)")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()

    data, relations = args.data, catalogue()
    unseen = json.loads((data / "fewrel/splits.json").read_text())["fewrel_official"]["val"]
    documents = data / "redocred/dev_revised.json"
    held_out = {normal_text(e.sentence.text) for e in read_fewrel(data / "fewrel/val_wiki.json")}
    held_out |= {normal_text(s.sentence.text) for s in read_docred(documents, slice(210, None))}
    bad: list[InputError] = []
    rows = [
        *named(read_fewrel(data / "fewrel/train_wiki.json"), relations),
        *named(read_fewrel(data / "wikizsl/wikizsl67.json", on_bad=bad.append), relations),
    ]
    partial = without_leaks(rows, relations, unseen, held_out)
    complete = without_leaks(renamed(read_docred(documents, slice(210)), relations), relations, unseen, held_out)
    writer = Writer(relations.without(sorted(training_leaks(unseen, relations))), [*partial, *complete])
    trained = sorted(
        {n for s in [*partial, *complete] for labels in s.labels for n in labels} | {*writer.relations.names}
    )
    say(f"{len(partial)} + {len(complete)} sentences, {len(bad)} malformed ones left out, {len(trained)} relations")

    torch.manual_seed(args.seed)
    encoder = TransformerEncoder.from_base(args.base if args.base is not None else default_base_folder())
    scorer = TorchScorer(encoder.dim)
    # Every sentence is read once for each relation that it is asked for: fewer of them make a step than for a model.
    sampler = EpisodeSampler(
        partial,
        complete,
        relations.select(trained),
        n_relations=8,
        n_sentences=2,
        n_complete=4,
        max_pairs=16,
        detector=load_detector(),
        doubter=Doubter(),
        rename=("PER", "ORG", "TIME", "NUM"),
        writer=writer,
        n_written=4,
        seed=args.seed,
    )
    config = TrainingConfig(steps=args.steps, learning_rate=args.learning_rate, seed=args.seed)
    trainer = VerifierTrainer(encoder, scorer, sampler, config, folder=args.work, report=say)
    if args.start is not None:
        trainer.modules.load_state_dict(load_file(args.start))
    trainer.train(resume=args.resume)

    encoder.bf16 = False
    first = RelationExtractor.from_pretrained(args.first)
    facts = {
        "name": args.output.name,
        "verifier": {"calibrated_on_candidates_of": first.config.get("name")},
        "base_encoder": args.base if args.base is not None else BASE_NAME,
        "trained_relations": trained,
        "data": ["FewRel 1.0 train (MIT)", "Wiki-ZSL (MIT)", "Re-DocRED dev, documents 1-210 (MIT)"],
        "held_out": {"zero_shot_test": list(relations.select(unseen).names)},
        "command": "python " + " ".join(sys.argv),
        "training": asdict(config),
        "seed": args.seed,
        "scores": {},
    }
    files = model_files(encoder, scorer, first.relations, calibration=(1.0, 0.0), threshold=0.5, facts=facts)
    judged = renamed(read_docred(documents, slice(210, 250)), relations)
    used = relations.select(sorted({name for s in judged for labels in s.labels for name in labels}))
    numbers, figures = calibrate_verifier(Verifier(encoder, files.scorer, files.config), first, judged, used)
    facts["scores"] = {"redocred_documents_211_250": figures}
    threshold = figures["threshold"]
    files = model_files(encoder, scorer, first.relations, calibration=numbers, threshold=threshold, facts=facts)
    save_model(args.output, files)
    (args.output / "README.md").write_text(model_card(files), encoding="utf-8")
    say(json.dumps(facts["scores"], indent=1))


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
