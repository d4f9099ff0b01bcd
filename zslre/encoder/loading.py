"""From a model folder to its encoder: the torch-free runtime where it can, torch for other architectures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zslre.encoder import Encoder
from zslre.encoder.quantization import is_packed
from zslre.exceptions import MissingDependencyError, ModelError

if TYPE_CHECKING:
    from zslre.serialization import ModelFiles


def load_encoder(model: ModelFiles, *, threads: int | None = None) -> Encoder:
    """The encoder of a model; raises ModelError if its tensors do not fit its config."""
    architecture = model.config["encoder"]
    try:
        if is_packed(model.encoder):
            from zslre.encoder.ternary import TernaryEncoder

            return TernaryEncoder(model.encoder, architecture, model.tokenizer, threads=threads, tagger=model.tagger)
        if architecture["architecture"] == "bert":
            from zslre.encoder.runtime import RuntimeEncoder

            return RuntimeEncoder(model.encoder, architecture, model.tokenizer, threads=threads, tagger=model.tagger)
        try:
            import torch

            from zslre.encoder.transformer import TransformerEncoder
        except ImportError as error:
            raise MissingDependencyError(
                f"a {architecture['hf_config']['model_type']} encoder runs on torch: pip install 'zslre[train]'"
            ) from error
        if threads is not None:
            torch.set_num_threads(threads)
        return TransformerEncoder.from_state(architecture["hf_config"], model.encoder, model.tokenizer)
    except (KeyError, RuntimeError, ModelError) as error:
        raise ModelError(f"encoder.safetensors does not fit config.json ({error}): get the model again") from error


def describe_encoder(
    hf_config: dict[str, Any], marker_ids: Sequence[int | None], max_text_tokens: int
) -> dict[str, Any]:
    """The `encoder` entry of config.json for a Hugging Face config."""
    common = {"dim": hf_config["hidden_size"], "max_text_tokens": max_text_tokens, "marker_ids": marker_ids}
    plain = hf_config.get("hidden_act", "gelu") == "gelu" and not hf_config.get("is_decoder", False)
    if hf_config["model_type"] != "bert" or not plain:  # the runtime computes the erf-GELU
        return {"architecture": "transformers", "hf_config": hf_config, **common}
    defaults = {"layer_norm_eps": 1e-12, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
    numbers = {key: hf_config.get(key, value) for key, value in defaults.items()}
    return {"architecture": "bert", "hidden_size": hf_config["hidden_size"], **numbers, **common}
