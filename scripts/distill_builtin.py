"""Make a ternary model of the built-in one, or of that of an earlier round.

    python scripts/distill_builtin.py build/builtin/first --work build/ternary/training -o build/ternary/model

The student sees the sentences and relations that trained its teacher, in the same episodes, and no label of theirs.
What is held out, builtin_data.py says; the last step's weights are kept. `--resume` goes on after a stop. Prints the
scores that go into config.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from builtin_data import OURS, builtin_sampler, calibrated_on, read_builtin_data, zero_shot_scores

from zslre.cli.stopping import stop_after_step
from zslre.encoder.loading import load_encoder
from zslre.encoder.transformer import bf16_is_fast
from zslre.packing import Packer
from zslre.relations import catalogue
from zslre.training.distillation import DistillationConfig, Distiller, Model
from zslre.training.distilled import distillation_facts, nearby_texts
from zslre.training.finish import licence_notices, model_files, with_calibration, write_model
from zslre.training.model import TorchScorer
from zslre.training.observer import Observer
from zslre.training.run import named_weights
from zslre.training.start import quantized
from zslre.training.trained import encoder_of, load_trained

BITS = "ternary"
CONTRASTS, PRONOUN_RATE = 3, 0.25  # as in the teacher's last round
OWNER_RATE = 0.2
NOTICE = "- WordNet, Princeton University, whose entries the student learned to encode: see ../WORDNET.md\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teacher", type=Path, help="model folder that train_builtin.py wrote")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("-o", "--output", type=Path, required=True, help="model folder to write")
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()

    relations = catalogue()
    encoder, scorer, files = load_trained(args.teacher)
    with_val = not files.config["held_out"]["zero_shot_test"]
    data = read_builtin_data(args.data, relations, with_val=with_val, contrasts=CONTRASTS)
    torch.manual_seed(args.seed)
    student, own_scorer = encoder_of(files), TorchScorer.from_numpy(files.scorer)
    # Half of what a step of the teacher's training reads: rounded weights need many steps more than large ones.
    size: dict[str, Any] = {"n_relations": 12, "n_complete": 6, "n_written": 4, "max_pairs": 8}
    if OURS in files.config["data"]:
        size |= {"n_complete": 3, "n_texts": 8, "n_told": 8, "pronoun_rate": PRONOUN_RATE, "owner_rate": OWNER_RATE}
    sampler = builtin_sampler(data, relations, encoder, **size, seed=args.seed)
    config = DistillationConfig(steps=args.steps, bf16=bf16_is_fast(), seed=args.seed)
    origin = {"teacher": named_weights(files.config)}
    with stop_after_step() as stopped:
        observer = Observer(report=say, stopped=stopped)
        student, quantization = quantized(
            student,
            sampler,
            config,
            bits=BITS,
            work=args.work,
            resume=args.resume,
            origin=origin,
            observer=observer,
        )
        distiller = Distiller(
            Model(encoder, scorer),
            Model(student, own_scorer),
            sampler,
            config,
            folder=args.work,
            quantization=quantization,
            nearby=nearby_texts(encoder, config, observer) if config.steps else None,
            origin=origin,
            observer=observer,
        )
        distiller.train(resume=args.resume)

    student.bf16 = False
    distiller.modules.eval()
    with distiller.rounded():
        zero_shot = zero_shot_scores(data, relations, student, own_scorer, Packer(student.tokenizer))
    facts = {
        **{key: value for key, value in files.config.items() if key not in ("tagger_training", "context_training")},
        "name": f"{files.config['name']}-{BITS}",
        "distillation": distillation_facts(files.config, encoder, student, BITS),
        "command": "python " + " ".join(sys.argv),
        "training": asdict(config),
        "seed": args.seed,
        "scores": {**zero_shot, "teacher": files.config["scores"]},
    }
    made = model_files(student, own_scorer, files.relations, facts=facts, quantization=quantization)
    packer = Packer(made.tokenizer)
    numbers, figures = calibrated_on(data, load_encoder(made), made.scorer, packer, made.relations)
    made = with_calibration(made, numbers, figures["calibration"]["threshold"])
    made.config["scores"] |= figures
    write_model(args.output, made, licence_notices(args.teacher) + NOTICE)
    say(json.dumps(made.config["scores"], indent=1))


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
