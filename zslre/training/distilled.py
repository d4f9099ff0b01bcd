"""A whole distillation: a teacher's folder, examples and text in, the student's folder out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zslre.documents import Document
from zslre.encoder import FloatArray
from zslre.encoder.loading import describe_encoder
from zslre.encoder.transformer import TransformerEncoder
from zslre.exceptions import InputError
from zslre.mentions import MentionDetector
from zslre.packing import Packer
from zslre.paths import fingerprint
from zslre.relations import RelationSet
from zslre.serialization import ModelFiles
from zslre.training.distillation import DistillationConfig, Distiller, Model
from zslre.training.episodes import EpisodeSampler
from zslre.training.finish import MAX_TEXT_TOKENS, calibrate, licence_notices, model_files, told_apart, write_model
from zslre.training.model import TorchScorer
from zslre.training.nearby import NearbyTexts, entries
from zslre.training.observer import PRINTING, Observer
from zslre.training.reversal import with_reversed
from zslre.training.run import base_encoder, held_out_facts, named_weights, trained_facts, training_data
from zslre.training.start import quantized
from zslre.training.trained import encoder_of, load_trained, own_calibration, read_model
from zslre.training.unlabelled import TextPool
from zslre.types import Example

FLOATS = "32"
TEXTS_A_REPORT = 480  # some seconds of a large teacher


def distill_model(
    teacher: Path,
    examples: Sequence[Example],
    relations: RelationSet,
    output: Path,
    config: DistillationConfig,
    *,
    bits: str = "ternary",
    layers: int | None = None,
    base: str | None = None,
    text: Sequence[Document] = (),
    detector: MentionDetector | None = None,
    hold_out: int | Sequence[str] = 0,
    work: Path,
    resume: bool = False,
    names: Sequence[str] = (),
    observer: Observer = PRINTING,
) -> None:
    """Distil the model in `teacher` on `examples`, labelled by names of `relations`, into a model folder `output`.

    The student starts from the teacher, with only `layers` of its layers if that is given, or from `base`: a model
    folder, scorer included, or a base encoder's folder or hub id. `names`: of the files that examples and text are
    from, for config.json. `hold_out`: as for `train_model`; without any, the student keeps the
    teacher's calibration and threshold. `text` needs a `detector`. The student's relation set is the teacher's.
    With no step to do the student is stored as it starts: what distillation is worth shows beside it.
    Raises KeyboardInterrupt, with a checkpoint in `work`, once the observer wants it to stop.
    """
    data = training_data(examples, relations, hold_out, config.seed, observer)
    torch.manual_seed(config.seed)
    encoder, scorer, files = load_trained(teacher)
    if files.support:
        raise InputError(
            f"{teacher} has examples of its relations, of which it keeps nothing that a student could read: distil the "
            "model that they were added to, and add them to the student (zslre train --head-only -m)"
        )
    start = starting_files(files, base)
    student = starting_student(start, base, layers)
    settings = describe_encoder(student.hf_config, [], MAX_TEXT_TOKENS)
    if bits != FLOATS and settings["architecture"] != "bert":
        raise InputError(f"a {student.hf_config['model_type']} encoder runs in floats only: ask for --bits {FLOATS}")
    own_scorer = starting_scorer(start or files, student.dim)
    dear = encoder.module.in_text  # a pass for each pair, which costs as much as a sentence
    sampler = EpisodeSampler(
        data.partial,
        data.complete,
        relations,
        n_relations=16,
        n_sentences=2 if dear else 3,
        n_complete=8,
        detector=detector,
        reverse_rate=0.25 if dear else 1.0,
        seed=config.seed,
    )
    pool = TextPool(text, detector, seed=config.seed) if text and detector is not None else None
    origin = {
        "teacher": named_weights(files.config),
        "base": base if start is None else named_weights(start.config),
        "layers": layers,
        "bits": bits,
        "data": data.fingerprint,
        "relations": relations.fingerprint,
        "text": fingerprint(s.text for s in pool.sentences) if pool is not None else None,
    }
    quantization = None
    if bits != FLOATS:
        student, quantization = quantized(
            student,
            sampler,
            config,
            bits=bits,
            text=pool,
            work=work,
            resume=resume,
            origin=origin,
            observer=observer,
        )
    dev_relations = relations.select(data.dev_names) if data.dev_names else None
    distiller = Distiller(
        Model(encoder, scorer),
        Model(student, own_scorer),
        sampler,
        config,
        folder=work,
        quantization=quantization,
        text=pool,
        nearby=nearby_texts(encoder, config, observer) if config.steps else None,
        dev=data.dev,
        dev_relations=dev_relations,
        origin=origin,
        observer=observer,
    )
    best = distiller.train(resume=resume) if config.steps else distiller.dev_score()

    student.bf16 = False
    distiller.modules.eval()
    (numbers, figures), measured = own_calibration(files), dict[str, float]()
    if dev_relations is not None:
        judged = [with_reversed(sentence, sampler.reverse) for sentence in data.dev]
        packer = Packer(student.tokenizer, max_text_tokens=min(MAX_TEXT_TOKENS, student.positions))
        with distiller.rounded():
            found = calibrate(student, own_scorer.to_numpy(), packer, judged, dev_relations)
        measured = found[1]
        numbers, figures = told_apart(found, (numbers, figures), observer)
    taught = files.config
    begun = start.config if start is not None else {}
    facts = {
        "name": output.name,
        "base_encoder": base if base is not None else base_encoder(taught),
        "data": list(dict.fromkeys([*taught.get("data", ()), *begun.get("data", ()), *names])),
        **trained_facts(data.trained, relations, begun, taught),
        "held_out": held_out_facts(data.dev_names, taught, begun),
        "distillation": distillation_facts(taught, encoder, student, bits),
        "training": asdict(config),
        "seed": config.seed,
        "scores": {"dev_macro_f1": round(best, 4), "held_out_pairs": measured} if data.dev_names else {},
    }
    made = model_files(
        student,
        own_scorer,
        files.relations,
        calibration=numbers,
        threshold=figures["threshold"],
        facts=facts,
        quantization=quantization,
        max_text_tokens=min(MAX_TEXT_TOKENS, int(taught["encoder"]["max_text_tokens"])),
    )
    write_model(output, made, licence_notices(teacher))


def nearby_texts(teacher: TransformerEncoder, config: DistillationConfig, observer: Observer = PRINTING) -> NearbyTexts:
    """Entries of WordNet, as the teacher has them. Raises KeyboardInterrupt once the observer wants it to stop."""
    texts, vectors = entries(config.seed), list[FloatArray]()
    observer.report(f"{len(texts)} texts of WordNet are read by the teacher")
    teacher.bf16 = config.bf16
    for first in range(0, len(texts), TEXTS_A_REPORT):
        observer.on_step(f"text {first}/{len(texts)}")
        if observer.stopped():
            raise KeyboardInterrupt
        vectors.append(teacher.encode_phrases(texts[first : first + TEXTS_A_REPORT]))
    return NearbyTexts(texts, np.concatenate(vectors), seed=config.seed)


def starting_files(teacher: ModelFiles, base: str | None) -> ModelFiles | None:
    """The model that a student starts from, the teacher or the folder `base`; None where that is a bare encoder."""
    if base is None:
        return teacher
    return read_model(base) if (Path(base) / "scorer.safetensors").is_file() else None


def starting_student(start: ModelFiles | None, base: str | None, layers: int | None) -> TransformerEncoder:
    """The student before its first step, with levitated markers, whose one pass for all pairs is what makes it cheap.

    Raises InputError for more layers than there are to start from.
    """
    if start is None:
        if layers is not None:
            raise InputError("layers are chosen from a model folder: give one as the base, or leave out the layers")
        student = TransformerEncoder.from_base(str(base))
    else:
        if layers is not None and not 1 <= layers <= (there := layer_count(encoder_of(start))):
            raise InputError(f"a student of {layers} layers cannot start from a model of {there}: ask for 1 to {there}")
        student = encoder_of(start, layers)
    student.module.in_text = False
    return student


def starting_scorer(start: ModelFiles, dim: int) -> TorchScorer:
    """The scorer of `start`, if its vectors are as wide as the student's, else a new one."""
    return TorchScorer.from_numpy(start.scorer) if start.scorer.pair_views.shape[-1] == dim else TorchScorer(dim)


def distillation_facts(
    teacher: Mapping[str, Any], encoder: TransformerEncoder, student: TransformerEncoder, bits: str
) -> dict[str, str | int]:
    """What a student's config says of where it comes from; config and `encoder` are the teacher's."""
    return {
        "teacher": teacher.get("name", "a model without a name"),
        **({"teacher_command": teacher["command"]} if "command" in teacher else {}),
        "teacher_layers": layer_count(encoder),
        "teacher_dim": encoder.dim,
        "layers": layer_count(student),
        "dim": student.dim,
        "bits": bits,
    }


def layer_count(encoder: TransformerEncoder) -> int:
    backbone: Any = encoder.module.backbone
    return int(backbone.config.num_hidden_layers)
