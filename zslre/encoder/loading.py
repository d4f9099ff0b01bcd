"""From a model folder to its encoder: the torch-free runtime where it can, torch for other architectures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zslre.encoder import Encoder
from zslre.encoder.quantization import is_packed
from zslre.exceptions import InputError, MissingDependencyError, ModelError
from zslre.threads import checked_threads

if TYPE_CHECKING:
    from zslre.serialization import ModelFiles


def load_encoder(model: ModelFiles, *, threads: int | None = None) -> Encoder:
    """The encoder of a model; raises ModelError if its tensors do not fit its config, InputError for bad `threads`."""
    threads = checked_threads(threads)
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

            from zslre.encoder.transformer import TransformerEncoder, bf16_is_fast
        except ImportError as error:
            raise MissingDependencyError(
                f"a {architecture['hf_config']['model_type']} encoder runs on torch: pip install 'zslre[train]'"
            ) from error
        if threads is not None:
            torch.set_num_threads(threads)
        encoder = TransformerEncoder.from_state(
            architecture["hf_config"], model.encoder, model.tokenizer, in_text=markers_in_text(architecture)
        )
        encoder.bf16 = bf16_is_fast()
        return encoder
    except InputError:  # of the caller's
        raise
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError, ModelError) as error:
        told = f"{error!s:.500}"  # transformers lists all that it knows
        raise ModelError(f"encoder.safetensors does not fit config.json ({told}): get the model again") from error


def markers_in_text(architecture: Mapping[str, Any]) -> bool:
    """Whether the `encoder` entry of a config.json says so; else they are levitated."""
    return bool(architecture.get("markers_in_text", False))


def describe_encoder(
    hf_config: dict[str, Any], marker_ids: Sequence[int | None], max_text_tokens: int, *, in_text: bool = False
) -> dict[str, Any]:
    """The `encoder` entry of config.json for a Hugging Face config; `in_text`: where its markers are."""
    common = {"dim": hf_config["hidden_size"], "max_text_tokens": max_text_tokens, "marker_ids": marker_ids}
    plain = hf_config.get("hidden_act", "gelu") == "gelu" and not hf_config.get("is_decoder", False)
    # The runtime computes the erf-GELU and levitated markers.
    if hf_config["model_type"] != "bert" or not plain or in_text:
        return {"architecture": "transformers", "hf_config": hf_config, "markers_in_text": in_text, **common}
    defaults = {"layer_norm_eps": 1e-12, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
    numbers = {key: hf_config.get(key, value) for key, value in defaults.items()}
    return {"architecture": "bert", "hidden_size": hf_config["hidden_size"], **numbers, **common}
