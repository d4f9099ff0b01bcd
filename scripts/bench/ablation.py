"""What each kind of side information is worth: zero-shot FewRel on a `re_matching` split, one model, six conditions.

    python scripts/bench/ablation.py --split fewrel_rel2id_10_40 --work build/ablation_10_40 \
        --json docs/results/ablation_10_40.json

One model a split is trained with side-information dropout on the seen relations and judged on all rows of the unseen
ones, at test with the label only; with the description too; with description and synonyms, types or keywords; and with
all. `--train-with label+description` (or all) trains a model for that condition alone.

Side information is what `zslre side-info build` finds from FewRel's labels and descriptions, without examples, and with
phrase vectors of the base encoder, which has seen no relation. Nothing written by hand for the catalogue is in it.
Needs the datasets under ../shared/data, torch and transformers.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import torch

from zslre.datasets import read_fewrel
from zslre.encoder import pair_vectors
from zslre.encoder.transformer import TransformerEncoder
from zslre.evaluation.metrics import classification_scores
from zslre.packing import Packer
from zslre.prototypes import build_prototypes
from zslre.relations import Relation, RelationSet, SideInformation, catalogue
from zslre.sideinfo.builder import build_side_information
from zslre.training.base import default_base_folder
from zslre.training.episodes import EpisodeSampler
from zslre.training.model import TorchScorer
from zslre.training.run import bf16_is_fast
from zslre.training.sources import named, normal_text, sample_per_relation, without_leaks
from zslre.training.trainer import Trainer, TrainingConfig

# Condition → whether it has the description, and which lists of side information.
TYPES = ("head_hypernyms", "tail_hypernyms")
CONDITIONS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "label": (False, ()),
    "label+description": (True, ()),
    "label+description+synonyms": (True, ("synonyms",)),
    "label+description+hypernyms": (True, TYPES),
    "label+description+keywords": (True, ("keywords",)),
    "all": (True, ("synonyms", *TYPES, "keywords")),
}
N_DEV = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--split", default="fewrel_rel2id_10_40", help="name in splits.json, re_matching")
    parser.add_argument("--train-with", choices=CONDITIONS, default="all", help="side information in training")
    parser.add_argument("--base", default=None, help="base encoder folder or hub id (default: all-MiniLM-L6-v2)")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--eval-every", type=int, default=100)
    parser.add_argument("--learning-rate", type=float, default=8e-5)
    parser.add_argument("--relations-per-step", type=int, default=24)
    parser.add_argument("--sentences", type=int, default=3, help="per relation and step")
    parser.add_argument("--rows", type=int, default=None, metavar="N", help="test rows a relation (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    started = time.monotonic()
    unseen = json.loads((args.data / "fewrel/splits.json").read_text())["re_matching"][args.split]
    rows = [e for name in ("train_wiki", "val_wiki") for e in read_fewrel(args.data / f"fewrel/{name}.json")]
    torch.manual_seed(args.seed)
    encoder = TransformerEncoder.from_base(args.base if args.base is not None else default_base_folder())
    relations = automatic(args.data / "fewrel/pid2name.json", {str(e.relation) for e in rows}, encoder)
    dev_ids = sorted({str(r.id) for r in relations} - set(unseen))[:N_DEV]
    test_rows = [e for e in rows if e.relation in unseen]
    dev_rows = [e for e in rows if e.relation in dev_ids]
    texts = {normal_text(e.sentence.text) for e in test_rows + dev_rows}
    seen_rows = named((e for e in rows if e.relation not in [*unseen, *dev_ids]), relations)
    partial = without_leaks(seen_rows, relations, [*unseen, *dev_ids], texts)
    seen = sorted({name for s in partial for labels in s.labels for name in labels})
    print(f"{len(partial)} sentences of {len(seen)} relations, {len(test_rows)} test rows", file=sys.stderr)

    trained_with = under(relations, args.train_with)
    dev_set = trained_with.select(dev_ids)
    scorer = TorchScorer(encoder.dim)
    trainer = Trainer(
        encoder,
        scorer,
        EpisodeSampler(
            partial,
            [],
            trained_with.select(seen),
            n_relations=args.relations_per_step,
            n_sentences=args.sentences,
            seed=args.seed,
        ),
        TrainingConfig(
            steps=args.steps,
            learning_rate=args.learning_rate,
            eval_every=args.eval_every,
            bf16=bf16_is_fast(),
            seed=args.seed,
        ),
        folder=args.work,
        dev=sample_per_relation(named(dev_rows, relations), dev_set.names, 100),
        dev_relations=dev_set,
        report=lambda line: print(line, file=sys.stderr, flush=True),
    )
    best = trainer.train(resume=args.resume)
    encoder.bf16 = False

    test_set = relations.select(unseen)
    tested = named(test_rows, relations)
    if args.rows is not None:
        tested = sample_per_relation(tested, test_set.names, args.rows)
    numbers = scorer.to_numpy()
    packer = Packer(encoder.tokenizer, max_text_tokens=128)
    features = numbers.features(pair_vectors(encoder, packer, [(s.sentence, s.pairs) for s in tested]))
    gold = [sorted(labels)[0] for s in tested for labels in s.labels]
    scores = {}
    for condition in CONDITIONS:
        prototypes = build_prototypes(encoder, numbers, under(test_set, condition)).weighted(numbers)
        predicted = [test_set.names[column] for column in (features @ prototypes.T).argmax(axis=1)]
        scores[condition] = asdict(classification_scores(gold, predicted))
        print(f"{condition:30} macro-F1 {scores[condition]['macro_f1']:.4f}", flush=True)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        result = {
            "command": " ".join(sys.argv),
            "split": args.split,
            "unseen": test_set.names,
            "trained_with": args.train_with,
            "trained_relations": seen,
            "test_rows": len(gold),
            "dev_macro_f1": best,
            "scores": scores,
            "side_information": [relation.to_dict() for relation in test_set],
            "seconds": round(time.monotonic() - started),
        }
        args.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


def automatic(path: Path, ids: set[str], encoder: TransformerEncoder) -> RelationSet:
    """FewRel's relations with what is found automatically.

    Symmetry and inverses, which keep false negatives and leaks out of training and are no side information of a test
    relation, are the catalogue's.
    """
    listed = {key: value for key, value in json.loads(path.read_text("utf-8")).items() if key in ids}
    plain = RelationSet(Relation(name, description, id=key) for key, (name, description) in listed.items())
    built = build_side_information(plain, encoder)
    known = catalogue()
    return RelationSet(
        replace(r, symmetric=known[str(r.id)].symmetric, inverse=known[str(r.id)].inverse) for r in built
    )


def under(relations: RelationSet, condition: str) -> RelationSet:
    """The relations with what the condition allows to be known."""
    described, lists = CONDITIONS[condition]
    return RelationSet(
        replace(
            relation,
            description=relation.description if described else "",
            side=SideInformation(**{name: getattr(relation.side, name) for name in lists}),
            sources=(),
        )
        for relation in relations
    )


if __name__ == "__main__":
    main()
