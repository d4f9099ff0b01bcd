"""Train a verifier, which reads a sentence and one relation together and scores a model's best candidates anew.

    python scripts/train_verifier.py --work build/verifier-training -o verifier
    zslre predict data/samples/news.txt --verify verifier

It starts from the weights of the model that it is to look over (`--first`), learns from that model's mistakes among
others, and is calibrated on its candidates. The data are the built-in model's, and what is held out is the same: see
builtin_data.py. The last step's weights are kept, in 8 bits. `--resume` goes on after a stop. `--base` takes fresh
weights of another encoder. Prints the scores that go into config.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from builtin_data import SOURCES, builtin_sampler, read_builtin_data

from zslre.cli.stopping import stop_after_step
from zslre.datasets.annotated import AnnotatedSentence
from zslre.encoder import pair_vectors
from zslre.encoder.loading import load_encoder
from zslre.encoder.transformer import TransformerEncoder, bf16_is_fast
from zslre.evaluation.metrics import classification_scores
from zslre.extractor import RelationExtractor
from zslre.relations import catalogue
from zslre.serialization import BUILTIN
from zslre.training.builtin.verifier import VerifierTrainer, calibrate_verifier
from zslre.training.finish import licence_notices, model_files, phrases_of, write_model
from zslre.training.inputs import input_ranges
from zslre.training.model import TorchScorer
from zslre.training.observer import Observer
from zslre.training.trained import load_trained
from zslre.training.trainer import TrainingConfig
from zslre.verifier import CANDIDATES, Candidates, Verifier, relation_text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write")
    parser.add_argument("--first", type=Path, default=BUILTIN, help="model to look over (default: the built-in model)")
    parser.add_argument("--base", help="fresh weights of this encoder (folder or hub id), not the first model's")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()

    relations = catalogue()
    first = RelationExtractor.from_pretrained(args.first)
    data = read_builtin_data(args.data, relations, with_val=not first.config["held_out"]["zero_shot_test"])
    say(f"{len(data.partial)} + {len(data.complete)} sentences, {len(data.trained)} relations with those written about")

    torch.manual_seed(args.seed)
    if args.base is None:
        encoder, scorer, _ = load_trained(args.first)
    else:
        encoder = TransformerEncoder.from_base(args.base)
        scorer = TorchScorer(encoder.dim)
    # Every sentence is read once for each relation that it is asked for: fewer of them make a step than for a model.
    size = {"n_relations": 12, "n_sentences": 1, "n_complete": 6, "n_written": 4, "max_pairs": 8}
    sampler = builtin_sampler(data, relations, encoder, **size, seed=args.seed)
    config = TrainingConfig(steps=args.steps, learning_rate=args.learning_rate, bf16=bf16_is_fast(), seed=args.seed)
    with stop_after_step() as stopped:
        observer = Observer(report=say, stopped=stopped)
        trainer = VerifierTrainer(encoder, scorer, sampler, config, first=first, folder=args.work, observer=observer)
        trainer.train(resume=args.resume)

    encoder.bf16 = False
    rng = np.random.default_rng(args.seed)
    shown = [data.partial[i] for i in rng.choice(len(data.partial), 300, replace=False)] + data.complete[:200]
    known = relations.select(data.trained)
    texts = [relation_text(known[int(i)]) for i in rng.choice(len(known), len(shown))]
    batches = (batch for batch, _ in trainer.packer.pack([(s.sentence, s.pairs) for s in shown], texts))
    facts = {
        "name": args.output.name,
        "verifier": {"calibrated_on_candidates_of": first.config["name"], "first_weight": 0.0},
        "base_encoder": args.base if args.base is not None else first.config["base_encoder"],
        "trained_relations": sorted({*first.config["trained_relations"], *data.trained, *data.phrases}),
        "data": SOURCES if data.unseen else [*SOURCES, "FewRel 1.0 val (MIT)"],
        "held_out": {"zero_shot_test": data.unseen, "kind_weights": data.dev_names},
        "command": "python " + " ".join(sys.argv),
        "training": asdict(config),
        "seed": args.seed,
        "scores": {},
    }
    files = model_files(
        encoder,
        scorer,
        first.relations,
        facts=facts,
        ranges=input_ranges(encoder, batches, phrases_of(known)) if args.base is None else None,
    )
    verifier = Verifier(load_encoder(files), files.scorer, files.config)
    weight, numbers, figures = calibrate_verifier(verifier, first, data.judged, first.relations)
    files.scorer.calibration[:] = numbers
    files.config["verifier"]["first_weight"] = weight
    files.config["threshold"] = figures["threshold"]
    files.config["scores"] = {"redocred_documents_211_250": figures}
    told = Verifier(verifier.encoder, files.scorer, files.config)
    new = first.with_relations(relations.select(data.dev_names))
    files.config["scores"]["held_out_relations_macro_f1"] = held_out_scores(data.dev, new, told)
    write_model(args.output, files, licence_notices(args.first))
    say(json.dumps(files.config["scores"], indent=1))


def held_out_scores(
    sentences: list[AnnotatedSentence], first: RelationExtractor, verifier: Verifier
) -> dict[str, float]:
    """Macro-F1 of the best relation of each labelled pair, by the first model alone and verified."""
    items = [(s.sentence, s.pairs) for s in sentences]
    labels = [names for s in sentences for names in s.labels]
    found = first.matcher.candidates(pair_vectors(first.encoder, first.packer, items), items, 0.0, CANDIDATES)
    verified = verifier.rescored(items, found, first.relations, verifier.prototypes(first.relations))

    def macro_f1(candidates: Candidates) -> float:
        best = [max(of_pair, key=lambda candidate: candidate[1])[0] for of_pair in candidates]
        told = [(min(names), first.relations[place].name) for names, place in zip(labels, best, strict=True) if names]
        return round(classification_scores(*zip(*told, strict=True)).macro_f1, 4)

    return {"first": macro_f1(found), "verified": macro_f1(verified)}


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
