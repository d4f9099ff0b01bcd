"""Rebuild the built-in model: FewRel's training relations, Wiki-ZSL and Re-DocRED, in 8 bits.

    python scripts/train_builtin.py --work build/builtin -o zslre/assets/model

FewRel's 16 validation relations, their inverses and their sentences are in no training source: on them the model can be
tested zero-shot. Of Re-DocRED's dev documents the first 210 train, the next 40 choose calibration and threshold, the
last 250 are not read. The last step's weights are kept, so that nothing else is selected. An hour on two cores;
`--resume` goes on after a stop. Prints the scores that go into config.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from zslre.datasets import read_docred, read_fewrel
from zslre.datasets.splits import normal_text
from zslre.encoder.transformer import TransformerEncoder
from zslre.evaluation.metrics import classification_scores
from zslre.exceptions import InputError
from zslre.mentions import load_detector
from zslre.packing import Packer
from zslre.relations import RelationSet, SideInformation, catalogue, training_leaks
from zslre.serialization import save_model
from zslre.sideinfo.builder import build_side_information
from zslre.training.augmentation import Doubter
from zslre.training.base import BASE_NAME, default_base_folder
from zslre.training.episodes import EpisodeSampler
from zslre.training.finish import calibrate, input_ranges, model_card, model_files, phrases_of
from zslre.training.model import TorchScorer
from zslre.training.sources import named, renamed, without_leaks
from zslre.training.trainer import Trainer, TrainingConfig, zero_shot_predictions
from zslre.training.written import Writer

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

    data, relations = args.data, catalogue()
    unseen = json.loads((data / "fewrel/splits.json").read_text())["fewrel_official"]["val"]
    test_rows = list(read_fewrel(data / "fewrel/val_wiki.json"))
    train_rows = list(read_fewrel(data / "fewrel/train_wiki.json"))
    documents = data / "redocred/dev_revised.json"
    held_out = {normal_text(e.sentence.text) for e in test_rows}
    held_out |= {normal_text(s.sentence.text) for s in read_docred(documents, slice(210, None))}

    bad: list[InputError] = []
    wiki = named(read_fewrel(data / "wikizsl/wikizsl67.json", on_bad=bad.append), relations)
    say(f"{len(bad)} malformed Wiki-ZSL rows left out, such as: {bad[0] if bad else None}")
    partial = without_leaks([*named(train_rows, relations), *wiki], relations, unseen, held_out)
    complete = renamed(read_docred(documents, slice(210)), relations)
    complete = without_leaks(complete, relations, unseen, held_out)
    trained = sorted({name for s in [*partial, *complete] for labels in s.labels for name in labels})
    writer = Writer(relations.without(sorted(training_leaks(unseen, relations))), [*partial, *complete])
    say(
        f"{len(partial)} + {len(complete)} sentences of {len(trained)} relations, {len(writer.relations)} written about"
    )
    trained = sorted({*trained, *writer.relations.names})

    torch.manual_seed(args.seed)
    encoder = TransformerEncoder.from_base(default_base_folder())
    scorer = TorchScorer(encoder.dim)
    # What `zslre side-info build` finds, before the encoder has seen a relation: a model that has learned from the
    # catalogue's own phrases alone takes little from it.
    known = relations.select(trained)
    found = build_side_information(RelationSet(replace(r, side=SideInformation()) for r in known), encoder)
    # Fully labelled sentences say which of many pairs express nothing. They are few, and seen often: other people,
    # organisations, dates and numbers in half of them keep the model from learning by heart who is related to whom.
    # Places keep their names, for it depends on them whether one is a country.
    sampler = EpisodeSampler(
        partial,
        complete,
        known,
        n_relations=20,
        n_sentences=2,
        n_complete=16,
        max_pairs=16,
        detector=load_detector(),
        doubter=Doubter(),
        rename=("PER", "ORG", "TIME", "NUM"),
        writer=writer,
        variants=found,
        seed=args.seed,
    )
    config = TrainingConfig(steps=args.steps, learning_rate=1e-4, threshold_weight=1.0, seed=args.seed)
    Trainer(encoder, scorer, sampler, config, folder=args.work, report=say).train(resume=args.resume)

    encoder.bf16 = False
    packer = Packer(encoder.tokenizer)
    judged = renamed(read_docred(documents, slice(210, 250)), relations)
    used = relations.select(sorted({name for s in judged for labels in s.labels for name in labels}))
    numbers, figures = calibrate(encoder, scorer, packer, judged, used)
    test_set = relations.select(unseen)
    gold, predicted = zero_shot_predictions(encoder, scorer, packer, named(test_rows, relations), test_set)
    zero_shot = classification_scores(gold, predicted)
    default = relations.select((Path(__file__).parent / "builtin_relations.txt").read_text().split())
    rng = np.random.default_rng(args.seed)
    shown = [partial[i] for i in rng.choice(len(partial), 300, replace=False)] + complete[:200]
    batches = (batch for batch, _ in packer.pack([(s.sentence, s.pairs) for s in shown]))
    ranges = None if args.float else input_ranges(encoder, batches, phrases_of(relations.select(trained)))
    facts = {
        "name": "zslre-minilm",
        "base_encoder": BASE_NAME,
        "trained_relations": trained,
        "data": ["FewRel 1.0 train (MIT)", "Wiki-ZSL (MIT)", "Re-DocRED dev, documents 1-210 (MIT)"],
        "held_out": {"zero_shot_test": list(test_set.names)},
        "command": "python " + " ".join(sys.argv),
        "training": asdict(config),
        "seed": args.seed,
        "scores": {
            "fewrel_val_zero_shot_16_way_macro_f1": round(zero_shot.macro_f1, 4),
            "redocred_documents_211_250": figures,
        },
    }
    files = model_files(
        encoder, scorer, default, calibration=numbers, threshold=figures["threshold"], facts=facts, ranges=ranges
    )
    save_model(args.output, files)
    (args.output / "README.md").write_text(model_card(files) + NOTICES, encoding="utf-8")
    say(json.dumps(facts["scores"], indent=1))


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
