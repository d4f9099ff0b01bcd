"""Train a verifier, which reads a sentence and one relation together and scores a model's best candidates anew.

    python scripts/train_verifier.py --work build/verifier -o verifier
    zslre predict data/samples/news.txt --verify verifier

The data are the built-in model's, and what is held out is the same: see builtin_data.py. Calibration and threshold are
chosen on the candidates of the model that the verifier is to look over (`--first`). The last step's weights are
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
from builtin_data import SOURCES, read_builtin_data
from safetensors.torch import load_file

from zslre.encoder.transformer import TransformerEncoder, bf16_is_fast
from zslre.extractor import RelationExtractor
from zslre.mentions import load_detector
from zslre.relations import catalogue
from zslre.training.augmentation import Doubter
from zslre.training.base import BASE_NAME, default_base_folder
from zslre.training.episodes import EpisodeSampler
from zslre.training.finish import model_files, write_model
from zslre.training.model import TorchScorer
from zslre.training.observer import Observer
from zslre.training.trainer import TrainingConfig
from zslre.training.verifier import VerifierTrainer, calibrate_verifier
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

    relations = catalogue()
    data = read_builtin_data(args.data, relations)
    say(f"{len(data.partial)} + {len(data.complete)} sentences, {len(data.trained)} relations with those written about")

    torch.manual_seed(args.seed)
    encoder = TransformerEncoder.from_base(args.base if args.base is not None else default_base_folder())
    scorer = TorchScorer(encoder.dim)
    # Every sentence is read once for each relation that it is asked for: fewer of them make a step than for a model.
    sampler = EpisodeSampler(
        data.partial,
        data.complete,
        relations.select(data.trained),
        n_relations=8,
        n_sentences=2,
        n_complete=4,
        max_pairs=16,
        detector=load_detector(),
        doubter=Doubter(),
        rename=("PER", "ORG", "TIME", "NUM"),
        writer=data.writer,
        n_written=4,
        seed=args.seed,
    )
    config = TrainingConfig(steps=args.steps, learning_rate=args.learning_rate, bf16=bf16_is_fast(), seed=args.seed)
    trainer = VerifierTrainer(encoder, scorer, sampler, config, folder=args.work, observer=Observer(say))
    if args.start is not None:
        trainer.modules.load_state_dict(load_file(args.start))
    trainer.train(resume=args.resume)

    encoder.bf16 = False
    first = RelationExtractor.from_pretrained(args.first)
    facts = {
        "name": args.output.name,
        "verifier": {"calibrated_on_candidates_of": first.config.get("name")},
        "base_encoder": args.base if args.base is not None else BASE_NAME,
        "trained_relations": data.trained,
        "data": SOURCES,
        "held_out": {"zero_shot_test": list(relations.select(data.unseen).names)},
        "command": "python " + " ".join(sys.argv),
        "training": asdict(config),
        "seed": args.seed,
        "scores": {},
    }
    files = model_files(encoder, scorer, first.relations, calibration=(1.0, 0.0), threshold=0.5, facts=facts)
    verifier = Verifier(encoder, files.scorer, files.config)
    numbers, figures = calibrate_verifier(verifier, first, data.judged, first.relations)
    facts["scores"] = {"redocred_documents_211_250": figures}
    threshold = figures["threshold"]
    files = model_files(encoder, scorer, first.relations, calibration=numbers, threshold=threshold, facts=facts)
    write_model(args.output, files)
    say(json.dumps(facts["scores"], indent=1))


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
