"""A model folder, whatever its weights are stored in, back as torch modules: teachers, and where students start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from zslre.encoder.loading import markers_in_text
from zslre.encoder.quantization import is_packed, restore_state
from zslre.encoder.ternary import unpack_state
from zslre.encoder.transformer import TransformerEncoder
from zslre.exceptions import ModelError
from zslre.serialization import ModelFiles, load_model
from zslre.training.model import TorchScorer
from zslre.training.slim import slim

LAYER = "encoder.layer."


def load_trained(folder: str | Path) -> tuple[TransformerEncoder, TorchScorer, ModelFiles]:
    """Encoder and scorer of a model folder, in float32, and the files; raises ModelError as `read_model` does."""
    files = read_model(folder)
    return encoder_of(files), TorchScorer.from_numpy(files.scorer), files


def read_model(folder: str | Path) -> ModelFiles:
    """The files of a model to start from or to learn from; raises ModelError as `load_model`, and for a verifier."""
    files = load_model(folder)
    if "verifier" in files.config:
        raise ModelError(f"{folder} is a verifier, which looks over what a model found: give the folder of a model")
    return files


def load_mean(folders: Sequence[str | Path]) -> tuple[TransformerEncoder, TorchScorer, list[ModelFiles]]:
    """The mean of the weights of models that go back to the same one, and the files of each.

    A model soup (Wortsman et al., arXiv 2203.05482).
    """
    models = [load_trained(folder) for folder in folders]
    encoder, scorer, _ = models[0]
    for module, *others in zip(*((encoder.module, scorer) for encoder, scorer, _ in models), strict=True):
        states = [some.state_dict() for some in (module, *others)]
        module.load_state_dict({name: sum(s[name] for s in states) / len(states) for name in states[0]})
    return encoder, scorer, [files for _, _, files in models]


def own_calibration(files: ModelFiles) -> tuple[tuple[float, float], dict[str, float]]:
    """Slope and offset of a model's scores, and its threshold, as `calibrate` finds them for a new one.

    The threshold is that of pairs by themselves: a model's network weighs its own pairs, and is not handed on.
    """
    slope, offset = files.scorer.calibration.tolist()
    return (slope, offset), {"threshold": float(files.config.get("pair_threshold", files.config["threshold"]))}


def encoder_of(files: ModelFiles, layers: int | None = None) -> TransformerEncoder:
    """The encoder of a model in torch; with fewer `layers`, those of its own that lie evenly among all."""
    tensors = unpack_state(files.encoder) if is_packed(files.encoder) else files.encoder
    floats: Mapping[str, np.ndarray] = restore_state(tensors)
    config = _hf_config(files.config["encoder"], floats)
    if layers is not None:
        floats = chosen_layers(floats, matching_layers(layers, config["num_hidden_layers"]))
        config["num_hidden_layers"] = layers
    return _transparent(config, floats, files.tokenizer, in_text=markers_in_text(files.config["encoder"]))


def slimmed(encoder: TransformerEncoder, max_tokens: int, counts: np.ndarray | None = None) -> TransformerEncoder:
    """The encoder as `slim` leaves it."""
    tensors, tokenizer = slim(encoder.tensors, encoder.tokenizer, max_tokens=max_tokens, counts=counts)
    return _transparent(encoder.hf_config | _sizes(tensors), tensors, tokenizer, in_text=encoder.module.in_text)


def _transparent(
    config: dict[str, Any], tensors: Mapping[str, np.ndarray], tokenizer: Tokenizer, *, in_text: bool
) -> TransformerEncoder:
    """An encoder that says what it attends to, as fused attention does not; without dropout, see `from_base`."""
    config = config | {"attention_probs_dropout_prob": 0.0, "hidden_dropout_prob": 0.0}
    encoder = TransformerEncoder.from_state(config, dict(tensors), tokenizer, in_text=in_text)
    backbone: Any = encoder.module.backbone
    backbone.set_attn_implementation("eager")
    return encoder


def matching_layers(few: int, many: int) -> list[int]:
    """For each of `few` layers the layer of `many`, both counted from 1, that stands as far up; the last is the last.

    >>> matching_layers(3, 12), matching_layers(6, 6), matching_layers(4, 6)
    ([4, 8, 12], [1, 2, 3, 4, 5, 6], [2, 3, 5, 6])
    """
    return [-(-layer * many // few) for layer in range(1, few + 1)]


def chosen_layers(tensors: Mapping[str, np.ndarray], layers: list[int]) -> dict[str, np.ndarray]:
    """The tensors of an encoder with only these of its layers, counted from 1, closed up."""
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith(LAYER)}
    for place, layer in enumerate(layers):
        before = f"{LAYER}{layer - 1}."
        own = {name: tensor for name, tensor in tensors.items() if name.startswith(before)}
        kept |= {f"{LAYER}{place}.{name.removeprefix(before)}": tensor for name, tensor in own.items()}
    return kept


def _hf_config(settings: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> dict[str, Any]:
    if settings["architecture"] != "bert":
        return dict(settings["hf_config"])
    numbers = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "layer_norm_eps")
    return {"model_type": "bert", **{name: settings[name] for name in numbers}, **_sizes(tensors)}


def _sizes(tensors: Mapping[str, np.ndarray]) -> dict[str, int]:
    sizes = {"vocab_size": "word", "max_position_embeddings": "position", "type_vocab_size": "token_type"}
    return {key: len(tensors[f"embeddings.{kind}_embeddings.weight"]) for key, kind in sizes.items()}
