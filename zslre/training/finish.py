"""From trained weights to a model folder: calibration, 8-bit weights, config and card."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from zslre.datasets.annotated import AnnotatedSentence
from zslre.encoder import Encoder
from zslre.encoder.loading import describe_encoder, markers_in_text
from zslre.encoder.quantization import quantize_state
from zslre.encoder.ternary import pack_state
from zslre.encoder.transformer import MARKERS, TransformerEncoder
from zslre.packing import Packer
from zslre.prototypes import build_prototypes, relation_phrases
from zslre.relations import RelationSet
from zslre.scoring import Scorer
from zslre.serialization import ModelFiles, save_model
from zslre.training.calibration import best_margins, calibrated
from zslre.training.model import TorchScorer
from zslre.training.observer import Observer
from zslre.training.slim import slim
from zslre.training.student import Quantization

Calibration = tuple[tuple[float, float], dict[str, float]]  # slope and offset; the threshold and other figures

MAX_TEXT_TOKENS = 192
LICENCES = "\n## Licences"  # the heading that notices begin with in a card


def calibrate(
    encoder: Encoder,
    scorer: Scorer,
    packer: Packer,
    sentences: list[AnnotatedSentence],
    relations: RelationSet,
) -> Calibration:
    """`calibrated` on sentences whose pairs are all labelled."""
    return calibrated(*best_margins(encoder, scorer, packer, sentences, relations))


def told_apart(found: Calibration, before: Calibration, observer: Observer) -> Calibration:
    """The calibration that was found, or the one before where the pairs that it was fitted on say nothing."""
    (slope, _), _ = found
    if slope > 0.0:
        return found
    observer.report("of the held-out pairs right ones score no higher than wrong ones: calibration and threshold stay")
    return before


def with_calibration(files: ModelFiles, numbers: tuple[float, float], threshold: float) -> ModelFiles:
    """The model with other numbers: slope and offset, and the threshold.

    Rounded weights want those of what they compute where users run them: give `calibrate` what `load_encoder` does.
    """
    scorer = replace(files.scorer, calibration=np.array(numbers, dtype=np.float32))
    return replace(files, scorer=scorer, config={**files.config, "threshold": threshold})


def model_files(
    encoder: TransformerEncoder,
    scorer: TorchScorer,
    relations: RelationSet,
    *,
    facts: Mapping[str, Any],
    calibration: tuple[float, float] = (1.0, 0.0),
    threshold: float = 0.5,
    ranges: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
    quantization: Quantization | None = None,
    max_text_tokens: int = MAX_TEXT_TOKENS,
) -> ModelFiles:
    """All files of a model; `facts` go into config.json as they are. Without calibration and threshold it has none yet.

    The model reads `max_text_tokens` of a text at once, or as many as the encoder has positions.
    With `ranges` the encoder is slimmed and its weights are stored in 8 bits; with `quantization` it is slimmed and
    stored as what it was trained to be.
    """
    numpy_scorer = scorer.to_numpy(calibration)
    max_text_tokens = min(max_text_tokens, encoder.positions)
    with quantization.weights() if quantization is not None else nullcontext():
        prototypes = build_prototypes(encoder, numpy_scorer, relations)
    tensors, tokenizer = encoder.tensors, encoder.tokenizer
    if ranges is not None or quantization is not None:
        tensors, tokenizer = slim(tensors, tokenizer, max_tokens=max_text_tokens)
    if ranges is not None:
        tensors = quantize_state(tensors, ranges)
    if quantization is not None:
        tensors = pack_state(quantization.stored(tensors))
    marker_ids = [tokenizer.token_to_id(marker) for marker in MARKERS]
    config = {
        **facts,
        "threshold": threshold,
        "encoder": describe_encoder(encoder.hf_config, marker_ids, max_text_tokens, in_text=encoder.module.in_text),
    }
    return ModelFiles(config, tensors, numpy_scorer, prototypes, tokenizer, relations)


def write_model(folder: Path, files: ModelFiles, notices: str = "") -> None:
    """The model folder, with its card, which the notices end."""
    save_model(folder, files)
    (folder / "README.md").write_text(model_card(files) + notices, encoding="utf-8")


def licence_notices(folder: str | Path) -> str:
    """The end of a model's card, on the licences of what the model derives from; empty where the card has none."""
    card = Path(folder) / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace") if card.exists() else ""
    _, heading, notices = text.partition(LICENCES)
    return heading + notices


def model_card(files: ModelFiles) -> str:
    """The README.md of a model folder: what it is and what made it, from its config."""
    config = files.config
    size = sum(tensor.nbytes for tensor in files.encoder.values()) / 1e6
    markers = "markers in the text" if markers_in_text(config["encoder"]) else "levitated markers"
    lines = [
        f"# {config['name']}",
        "",
        f"A zslre model: {config['base_encoder']} with {markers}, {size:.1f} MB of encoder weights.",
        *(_distilled(config["distillation"]) if "distillation" in config else []),
        f"Trained on {len(config['trained_relations'])} relations (listed in config.json); default relation set: "
        f"{len(files.relations)} relations (relations.json).",
        "",
        f"- Data: {', '.join(config['data'])}",
        *([f"- Command: `{config['command']}`"] if "command" in config else []),
        f"- Seed: {config['seed']}; settings: {json.dumps(config['training'])}",
        f"- Held out of training: {json.dumps(config['held_out'])}",
        f"- Default threshold: {config['threshold']}",
        "",
        "Scores (fractions):",
        "",
        "```json",
        json.dumps(config["scores"], indent=1),
        "```",
        *_teachers_commands(config.get("distillation", {}).get("teacher_command", "")),
        *(_context(config["context_training"]) if "context_training" in config else []),
        *(_tagger(config["tagger_training"]) if "tagger_training" in config else []),
    ]
    return "\n".join(lines) + "\n"


def _teachers_commands(command: str) -> list[str]:
    """A line each."""
    return ["", "Its teacher was made by:", "", "```sh", *command.split(" && "), "```"] if command else []


def _context(facts: Mapping[str, Any]) -> list[str]:
    first = "The network that weighs a sentence's pairs against each other (context.safetensors) was fitted last."
    return _fitted(first, facts, "Scores of what calibrates it, which chose the threshold (fractions):")


def _tagger(facts: Mapping[str, Any]) -> list[str]:
    first = "Its mention tagger (tagger.safetensors) reads the states of the encoder, which it left as it was."
    judged = "Re-DocRED dev documents 211-250, FewRel's training relations"
    return _fitted(first, facts, f"Scores that chose its settings (fractions; {judged}):")


def _fitted(first: str, facts: Mapping[str, Any], scores: str) -> list[str]:
    """Of a part that was fitted on the finished encoder."""
    return [
        "",
        first,
        "",
        f"- Data: {facts['data']}",
        f"- Command: `{facts['command']}`",
        f"- Settings: {json.dumps(facts['settings'])}",
        "",
        scores,
        "",
        "```json",
        json.dumps(facts["scores"], indent=1),
        "```",
    ]


def _distilled(facts: Mapping[str, Any]) -> list[str]:
    how = {
        "ternary": "Its linear layers and word embeddings hold -1, 0 and 1, with a scale a row, five in a byte. "
        "Attention's queries and keys and rare words have one such trit a weight, the projection of pair vectors and "
        "the commonest words three, -13 … 13, all else two, -4 … 4. The inputs of linear layers have 8 bits.",
        "8": "Its weights and the inputs of its linear layers have 8 bits.",
        "32": "Its weights are floats of 32 bits.",
    }[facts["bits"]]
    return [
        f"Distilled from {facts['teacher']} ({facts['teacher_layers']} layers of {facts['teacher_dim']} dimensions) "
        f"into {facts['layers']} layers of {facts['dim']}. {how}"
    ]


def phrases_of(relations: Iterable[Any]) -> list[str]:
    """Every phrase that the relations' prototypes encode, once."""
    return list(dict.fromkeys(text for relation in relations for text in relation_phrases(relation).values()))
