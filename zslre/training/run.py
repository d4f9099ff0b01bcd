"""A whole training run: examples and relations in, model folder out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zslre.datasets.annotated import AnnotatedSentence, group_examples
from zslre.datasets.splits import normal_text
from zslre.encoder.transformer import TransformerEncoder
from zslre.evaluation.leaks import seen_in_training
from zslre.exceptions import InputError
from zslre.packing import Packer
from zslre.paths import fingerprint
from zslre.relations import RelationSet
from zslre.training.base import BASE_NAME, default_base_folder
from zslre.training.calibration import fit_kind_weights
from zslre.training.episodes import EpisodeSampler
from zslre.training.finish import MAX_TEXT_TOKENS, calibrate, licence_notices, model_files, told_apart, write_model
from zslre.training.model import TorchScorer
from zslre.training.observer import PRINTING, Observer
from zslre.training.reversal import with_reversed
from zslre.training.sources import dev_sentences, without_leaks
from zslre.training.trained import load_trained, own_calibration
from zslre.training.trainer import Trainer, TrainingConfig
from zslre.types import Example


def held_out(
    examples: Sequence[Example], hold_out: int | Sequence[str], seed: int, seen: Collection[str] = ()
) -> list[str]:
    """Names of the relations to hold out: those given, or so many of the examples' not `seen`, drawn by the seed.

    Of one alone every pair's is found: raises InputError for 1, and holds out none where no more are new.
    """
    if not isinstance(hold_out, int):
        return sorted(hold_out)
    if hold_out == 1:
        raise InputError("one held-out relation judges nothing, for every pair's is found: hold out 0, or 2 and more")
    new = sorted({example.relation for example in examples if example.relation is not None} - set(seen))
    count = min(hold_out, len(new)) if len(new) > 1 else 0
    return sorted(np.random.default_rng(seed).choice(new, count, replace=False).tolist())


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """What a run learns from, and what it is judged by.

    `partial`: sentences in which only the listed pairs are known; `complete`: those in which all are. `trained`: names
    of the relations in them. `dev`: sentences of the held-out relations `dev_names`.
    """

    partial: list[AnnotatedSentence]
    complete: list[AnnotatedSentence]
    trained: list[str]
    dev: list[AnnotatedSentence]
    dev_names: list[str]

    @property
    def fingerprint(self) -> str:
        """Tells these data from others."""
        sentences = [
            (s.sentence.text, s.pairs, [sorted(names) for names in s.labels])
            for s in (*self.partial, *self.complete, *self.dev)
        ]
        return fingerprint([self.dev_names, *sentences])


def training_data(
    examples: Sequence[Example],
    relations: RelationSet,
    hold_out: int | Sequence[str],
    seed: int,
    observer: Observer = PRINTING,
    *,
    seen: Collection[str] = (),
) -> TrainingData:
    """Examples parted into what trains and what judges; `hold_out` as in `train_model`, none of it drawn of `seen`."""
    dev_names = held_out(examples, hold_out, seed, seen)
    sentences = group_examples(examples)
    all_dev = [s for s in sentences if any(labels & set(dev_names) for labels in s.labels)]
    dev_texts = {normal_text(s.sentence.text) for s in all_dev}
    rest = [s for s in sentences if normal_text(s.sentence.text) not in dev_texts]
    rest = without_leaks(rest, relations, dev_names, set()) if dev_names else rest
    # Of a sentence with more mentions than one pair has, and with unlabelled pairs, every pair is known.
    complete = [s for s in rest if not all(s.labels)]
    partial = [s for s in rest if any(s.labels) and (all(s.labels) or len(s.sentence.mentions) <= 2)]
    trained = sorted({name for s in rest for labels in s.labels for name in labels})
    if dev_names and not trained:
        raise InputError(
            f"every sentence with a relation has one of those that are held out ({', '.join(dev_names)}) as well, so "
            "that nothing is left to train on: hold out fewer, or others (another seed draws others)"
        )
    observer.report(f"{len(partial)} sentences of {len(trained)} relations, {len(complete)} with pairs that have none")
    if dev_names:
        left_out = len(sentences) - len(rest)
        observer.report(f"held out: {', '.join(dev_names)}, and with them {left_out} of {len(sentences)} sentences")
    else:
        observer.report("held out: nothing; the last step is kept")
    return TrainingData(partial, complete, trained, dev_sentences(all_dev, dev_names), dev_names)


def trained_facts(trained: Iterable[str], relations: RelationSet, *before: Mapping[str, Any]) -> dict[str, Any]:
    """For config.json: what was trained on, now and by the models gone back to; ids and inverses of those relations
    that have them, for a model that knows these relations no more; and whether rows were kept apart for a test."""
    meant = relations.select(sorted(set(trained)))
    ids = {relation.name: relation.id for relation in meant if relation.id is not None}
    inverses = {relation.name: list(relation.inverse) for relation in meant if relation.inverse}
    for config in before:
        ids |= config.get("trained_ids", {})
        inverses |= config.get("trained_inverses", {})
    return {
        "trained_relations": sorted({*trained, *(name for c in before for name in c.get("trained_relations", ()))}),
        "trained_ids": ids,
        "trained_inverses": inverses,
        **({"row_split": True} if any(config.get("row_split") for config in before) else {}),
    }


def held_out_facts(dev_names: Sequence[str], *before: Mapping[str, Any]) -> dict[str, Any]:
    """For config.json: what chose the model, and what chose those that it goes back to."""
    kept = [config.get("held_out", {}) for config in before]
    chose = sorted({*dev_names, *(name for held in kept for name in held.get("checkpoint", ()))})
    return {key: value for held in reversed(kept) for key, value in held.items()} | {"checkpoint": chose}


def named_weights(config: Mapping[str, Any]) -> str:
    """What tells a model from another, by its config.json."""
    return f"{config.get('name', 'a model')} ({config.get('checksums', {}).get('encoder.safetensors', '')[:12]})"


def base_encoder(config: Mapping[str, Any]) -> str:
    """What a model's config.json says that it began as, which other programs may leave out."""
    return str(config.get("base_encoder", "an encoder that is not named"))


def train_model(
    examples: Sequence[Example],
    relations: RelationSet,
    output: Path,
    config: TrainingConfig,
    *,
    base: str | None = None,
    in_text: bool = False,
    start: str | Path | None = None,
    hold_out: int | Sequence[str] = 0,
    work: Path,
    resume: bool = False,
    facts: Mapping[str, Any] | None = None,
    observer: Observer = PRINTING,
) -> None:
    """Train on `examples`, labelled by relation name, and write a model folder for `relations` to `output`.

    `start`: a model folder to go on from, in place of a `base` encoder; what it was trained on counts as trained, and
    its calibration stays where no relation is held out.
    `hold_out` relations (these names, or so many drawn by the seed) are left out of training with their inverses and
    sentences; they decide when to stop, and calibrate the scores. Raises KeyboardInterrupt, with a checkpoint in
    `work`, once the observer wants it to stop.
    """
    begun = load_trained(start) if start is not None else None
    seen = seen_in_training(begun[2], relations) if begun is not None else {}
    data = training_data(examples, relations, hold_out, config.seed, observer, seen=seen)
    dev_names, dev, trained = data.dev_names, data.dev, data.trained
    if isinstance(hold_out, int) and len(dev_names) < hold_out:
        observer.report(f"the model to start from has seen most relations: {len(dev_names)} of {hold_out} are held out")

    torch.manual_seed(config.seed)
    begun_as = base if base is not None else BASE_NAME
    known: Mapping[str, Any] = {"base_encoder": begun_as}
    numbers, figures, measured = (1.0, 0.0), {"threshold": 0.5}, dict[str, float]()
    if begun is not None:
        encoder, scorer, learned = begun
        known, in_text = learned.config, encoder.module.in_text
        begun_as = named_weights(known)
        if learned.support:
            observer.report(
                f"{known.get('name', start)} has examples, which only --head-only keeps: train on them as well"
            )
        numbers, figures = own_calibration(learned)
    else:
        encoder = TransformerEncoder.from_base(base if base is not None else default_base_folder(), in_text=in_text)
        scorer = TorchScorer(encoder.dim)
    # Each pair's own pass keeps what its gradient needs, and costs as much as a sentence: few have no relation.
    size = (
        {"n_relations": 32, "n_sentences": 2, "n_complete": 2, "reverse_rate": 0.25}
        if in_text
        else {"n_relations": 24, "n_sentences": 3, "n_complete": 8}
    )
    sampler = EpisodeSampler(data.partial, data.complete, relations, **size, seed=config.seed)
    dev_set = relations.select(dev_names) if dev_names else None
    trainer = Trainer(
        encoder,
        scorer,
        sampler,
        config,
        folder=work,
        dev=dev,
        dev_relations=dev_set,
        origin={"start": begun_as, "markers": in_text, "data": data.fingerprint, "relations": relations.fingerprint},
        observer=observer,
    )
    best = trainer.train(resume=resume)

    encoder.bf16 = False
    if dev_set is not None:
        packer = Packer(encoder.tokenizer, max_text_tokens=min(MAX_TEXT_TOKENS, encoder.positions))
        weights = fit_kind_weights(encoder, scorer, packer, dev, dev_set)
        observer.report(f"weights of side information on the held-out relations: {weights}")
        judged = [with_reversed(sentence, sampler.reverse) for sentence in dev]
        found = calibrate(encoder, scorer.to_numpy(), packer, judged, dev_set)
        measured = found[1]
        numbers, figures = told_apart(found, (numbers, figures), observer)
    config_facts = {
        "name": output.name,
        "base_encoder": base_encoder(known),
        **trained_facts(trained, relations, known),
        "held_out": held_out_facts(dev_names, known),
        "training": asdict(config),
        "seed": config.seed,
        "scores": {"dev_macro_f1": round(best, 4), "held_out_pairs": measured} if dev_names else {},
        **(facts if facts is not None else {}),
    }
    config_facts["data"] = [*known.get("data", ()), *config_facts.get("data", ())]
    files = model_files(
        encoder, scorer, relations, calibration=numbers, threshold=figures["threshold"], facts=config_facts
    )
    write_model(output, files, licence_notices(start) if start is not None else "")
