r"""Rebuild the built-in model: FewRel's training relations, Wiki-ZSL and Re-DocRED, in 8 bits.

    python scripts/train_builtin.py --steps 1100 --work build/builtin/first-training -o build/builtin/first
    python scripts/train_builtin.py --start build/builtin/first --steps 1050 --seed 1 \
        --work build/builtin/second-training -o build/builtin/second
    python scripts/train_builtin.py --start build/builtin/second build/builtin/third --steps 0 -o build/builtin/mean

What trains and what is held out, builtin_data.py says: the first round leaves relations out for a zero-shot test, the
next go on with those as well, in smaller steps. A round starts from the mean of the models given; with no steps the
mean is what is written. The last step's weights are kept, so that nothing else is selected. An hour each on two cores;
`--resume` goes on after a stop. Prints the scores that go into config.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from builtin_data import (
    OURS,
    SOURCES,
    builtin_relations,
    builtin_sampler,
    calibrated_on,
    read_builtin_data,
    with_found_side,
    zero_shot_scores,
)

from zslre.encoder.transformer import TransformerEncoder, bf16_is_fast
from zslre.packing import Packer
from zslre.relations import catalogue
from zslre.serialization import ModelFiles
from zslre.training.base import BASE_NAME, default_base_folder
from zslre.training.calibration import fit_kind_weights
from zslre.training.finish import model_files, phrases_of, write_model
from zslre.training.inputs import input_ranges
from zslre.training.model import TorchScorer
from zslre.training.observer import Observer
from zslre.training.run import named_weights
from zslre.training.trained import load_mean
from zslre.training.trainer import Trainer, TrainingConfig

AND = " && "
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
    parser.add_argument("--work", type=Path, help="folder for checkpoints")
    parser.add_argument("-o", "--output", type=Path, required=True, help="model folder to write")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--start", type=Path, nargs="+", default=[], help="model folders of rounds before")
    parser.add_argument("--max-pairs", type=int, default=8, help="of a sentence, in later rounds")
    parser.add_argument("--join-rate", type=float, default=0.0, help="share of sentences joined to others")
    parser.add_argument("--complete", type=int, default=8, help="of Re-DocRED's sentences a step, in later rounds")
    parser.add_argument("--pronoun-rate", type=float, default=0.0, help="share of sentences that get one for a name")
    parser.add_argument("--owner-rate", type=float, default=0.0, help="share in which a name becomes that of an owner")
    parser.add_argument("--texts", type=int, default=0, help="of our own a step")
    parser.add_argument("--told", type=int, default=0, help="relations a step of those that our own sentences tell")
    parser.add_argument(
        "--contrasts",
        type=int,
        default=0,
        help="how often those that tell what does not hold, documents and labelled sentences count",
    )
    parser.add_argument("--float", action="store_true", help="store float32 weights")
    args = parser.parse_args()
    if (args.steps and args.work is None) or not (args.steps or args.start):
        parser.error("training needs --work, and a mean without --steps needs --start")

    relations = catalogue()
    data = read_builtin_data(args.data, relations, with_val=bool(args.start), contrasts=args.contrasts)
    say(f"{len(data.malformed)} malformed rows left out, such as: {data.malformed[0] if data.malformed else None}")
    say(f"{len(data.partial)} + {len(data.complete)} sentences, {len(data.trained)} relations with those written about")
    say(f"{len(data.stated)} sentences that state something in words of their own")

    torch.manual_seed(args.seed)
    rounds: list[ModelFiles] = []
    size: dict[str, Any] = {}
    if args.start:
        encoder, scorer, rounds = load_mean(args.start)
        size = {"n_sentences": 1, "n_complete": args.complete, "n_written": 6, "max_pairs": args.max_pairs}
    else:
        encoder = TransformerEncoder.from_base(default_base_folder())
        scorer = TorchScorer(encoder.dim)
    settings: dict[str, Any] = {"mean_of": len(rounds)}
    if args.steps:
        config = TrainingConfig(
            steps=args.steps,
            learning_rate=1e-4,
            threshold_weight=1.0,
            contrastive_weight=0.0,
            bf16=bf16_is_fast(),
            seed=args.seed,
        )
        settings = asdict(config)
        size |= {"join_rate": args.join_rate, "pronoun_rate": args.pronoun_rate, "owner_rate": args.owner_rate}
        size |= {"n_texts": args.texts, "n_told": args.told}
        sampler = builtin_sampler(data, relations, encoder, **size, seed=args.seed)
        origin = {"start": [named_weights(files.config) for files in rounds], **size}
        trainer = Trainer(encoder, scorer, sampler, config, folder=args.work, origin=origin, observer=Observer(say))
        trainer.train(resume=args.resume)

    encoder.bf16 = False
    packer = Packer(encoder.tokenizer)
    new = with_found_side(relations.select(data.dev_names), encoder)
    weights = fit_kind_weights(encoder, scorer, packer, data.dev, new)
    shipped = builtin_relations(relations)
    numbers, figures = calibrated_on(data, encoder, scorer.to_numpy(), packer, shipped)
    scores: dict[str, Any] = zero_shot_scores(data, relations, encoder, scorer, packer)
    scores |= figures
    if rounds:
        scores["rounds_before"] = [own_scores(files.config) for files in rounds]
    rng = np.random.default_rng(args.seed)
    shown = [data.partial[i] for i in rng.choice(len(data.partial), 300, replace=False)] + data.complete[:200]
    batches = (batch for batch, _ in packer.pack([(s.sentence, s.pairs) for s in shown]))
    ranges = None if args.float else input_ranges(encoder, batches, phrases_of(relations.select(data.trained)))
    commands = dict.fromkeys(c for files in rounds for c in commands_of(files.config))
    command = AND.join([*commands, "python " + " ".join(sys.argv)])
    val = ["FewRel 1.0 val (MIT)"] if rounds else []
    told = [of.relation.name for of in data.told] if args.told else []
    before = {key: [one for files in rounds for one in files.config[key]] for key in ("trained_relations", "data")}
    facts = {
        "name": "zslre-minilm",
        "base_encoder": BASE_NAME,
        "trained_relations": sorted({*data.trained, *data.phrases, *told, *before["trained_relations"]}),
        "data": list(dict.fromkeys([*SOURCES, *val, *before["data"], *([OURS] if args.texts else [])])),
        "held_out": {"zero_shot_test": [relations[id].name for id in data.unseen], "kind_weights": data.dev_names},
        "kind_weights": weights,
        "command": command,
        "training": settings,
        "seed": args.seed,
        "scores": scores,
    }
    files = model_files(
        encoder,
        scorer,
        shipped,
        calibration=numbers,
        threshold=figures["calibration"]["threshold"],
        facts=facts,
        ranges=ranges,
    )
    write_model(args.output, files, NOTICES)
    say(json.dumps(facts["scores"], indent=1))


def commands_of(config: dict[str, Any]) -> list[str]:
    """The commands that made a model, its teacher's before those of a student."""
    teachers = config.get("distillation", {}).get("teacher_command", "")
    return [*filter(None, teachers.split(AND)), *config["command"].split(AND)]


def own_scores(config: dict[str, Any]) -> dict[str, Any]:
    """A model's scores without those of what it was made from."""
    return {name: part for name, part in config["scores"].items() if name not in ("rounds_before", "teacher")}


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
