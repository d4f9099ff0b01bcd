"""Rebuild the built-in model: FewRel's training relations, Wiki-ZSL and Re-DocRED, in 8 bits.

    python scripts/train_builtin.py --work build/builtin -o zslre/assets/model

What trains and what is held out, builtin_data.py says. The last step's weights are kept, so that nothing else is
selected. An hour on two cores; `--resume` goes on after a stop. Prints the scores that go into config.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from builtin_data import SOURCES, builtin_relations, builtin_sampler, read_builtin_data, with_found_side

from zslre.encoder.transformer import TransformerEncoder, bf16_is_fast
from zslre.evaluation.metrics import classification_scores
from zslre.packing import Packer
from zslre.relations import catalogue
from zslre.training.base import BASE_NAME, default_base_folder
from zslre.training.calibration import fit_kind_weights
from zslre.training.finish import calibrate, model_files, phrases_of, write_model
from zslre.training.inputs import input_ranges
from zslre.training.model import TorchScorer
from zslre.training.trainer import Trainer, TrainingConfig, zero_shot_predictions

NOTICES = """
## Licences of what it derives from

- all-MiniLM-L6-v2, sentence-transformers: Apache-2.0
- FewRel 1.0, thunlp: MIT, Copyright (c) 2018 THUNLP
- Wiki-ZSL (ZS-BERT, Chen and Li 2021): MIT
- Re-DocRED (Tan et al. 2022), DocRED (thunlp): MIT
- Relation names, descriptions and aliases, Wikidata: CC0; see ../CATALOGUE.md
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("-o", "--output", type=Path, required=True, help="model folder to write")
    parser.add_argument("--steps", type=int, default=1300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--float", action="store_true", help="store float32 weights")
    args = parser.parse_args()

    relations = catalogue()
    data = read_builtin_data(args.data, relations)
    say(f"{len(data.malformed)} malformed rows left out, such as: {data.malformed[0] if data.malformed else None}")
    say(f"{len(data.partial)} + {len(data.complete)} sentences, {len(data.trained)} relations with those written about")

    torch.manual_seed(args.seed)
    encoder = TransformerEncoder.from_base(default_base_folder())
    scorer = TorchScorer(encoder.dim)
    sampler = builtin_sampler(data, relations, encoder, seed=args.seed)
    config = TrainingConfig(
        steps=args.steps, learning_rate=1e-4, threshold_weight=1.0, bf16=bf16_is_fast(), seed=args.seed
    )
    Trainer(encoder, scorer, sampler, config, folder=args.work, report=say).train(resume=args.resume)

    encoder.bf16 = False
    packer = Packer(encoder.tokenizer)
    new = with_found_side(relations.select(data.dev_names), encoder)
    weights = fit_kind_weights(encoder, scorer, packer, data.dev, new)
    numbers, figures = calibrate(encoder, scorer, packer, data.judged, data.judged_relations)
    test_set = relations.select(data.unseen)
    gold, predicted = zero_shot_predictions(encoder, scorer, packer, data.test, test_set)
    zero_shot = classification_scores(gold, predicted)
    rng = np.random.default_rng(args.seed)
    shown = [data.partial[i] for i in rng.choice(len(data.partial), 300, replace=False)] + data.complete[:200]
    batches = (batch for batch, _ in packer.pack([(s.sentence, s.pairs) for s in shown]))
    ranges = None if args.float else input_ranges(encoder, batches, phrases_of(relations.select(data.trained)))
    facts = {
        "name": "zslre-minilm",
        "base_encoder": BASE_NAME,
        "trained_relations": data.trained,
        "data": SOURCES,
        "held_out": {"zero_shot_test": list(test_set.names), "kind_weights": data.dev_names},
        "kind_weights": weights,
        "command": "python " + " ".join(sys.argv),
        "training": asdict(config),
        "seed": args.seed,
        "scores": {
            "fewrel_val_zero_shot_16_way_macro_f1": round(zero_shot.macro_f1, 4),
            "redocred_documents_211_250": figures,
        },
    }
    files = model_files(
        encoder,
        scorer,
        builtin_relations(relations),
        calibration=numbers,
        threshold=figures["threshold"],
        facts=facts,
        ranges=ranges,
    )
    write_model(args.output, files, NOTICES)
    say(json.dumps(facts["scores"], indent=1))


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
