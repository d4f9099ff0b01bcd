"""Whether what a model folder holds can be computed with: types, ranges, shapes. What is odd is named, not raised."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from zslre.packing import MARKERS_PER_PAIR
from zslre.prototypes import Prototypes, kind_widths
from zslre.scoring import KINDS, Scorer

LEAST_WINDOW = 4  # tokens: two for the ends of a text, and one for each of a pair that is too wide


def not_finite(tensors: Mapping[str, np.ndarray]) -> str | None:
    """The name of a tensor with NaN or infinity in it, if there is one: what they touch is NaN, which reaches no
    threshold."""
    return next(
        (name for name, value in tensors.items() if value.dtype.kind == "f" and not np.isfinite(value).all()), None
    )


def odd_setting(config: Mapping[str, Any]) -> str | None:
    """What is wrong with the first entry of a config.json that a model cannot run with."""
    encoder = config.get("encoder")
    if not isinstance(encoder, dict):
        return _told("encoder", encoder)
    right = {
        "threshold": _in(config.get("threshold"), 0.0, 1.0),
        "pair_threshold": _in(config.get("pair_threshold", 0.5), 0.0, 1.0),
        "verifier": "verifier" not in config or _weighs(config["verifier"]),
    }
    odd = [_told(name, config.get(name)) for name, fine in right.items() if not fine]
    right = {
        "architecture": isinstance(encoder.get("architecture"), str),
        "max_text_tokens": _whole(encoder.get("max_text_tokens"), LEAST_WINDOW),
    }
    if encoder.get("architecture") == "bert":
        numbers = ("hidden_size", "num_attention_heads", "num_hidden_layers", "dim")
        right |= {name: _whole(encoder.get(name), 1) for name in numbers}
        right["layer_norm_eps"] = _in(encoder.get("layer_norm_eps"), 0.0, 1.0)
        ids = encoder.get("marker_ids")
        right["marker_ids"] = isinstance(ids, list) and [_whole(id, 0) for id in ids] == [True] * MARKERS_PER_PAIR
    else:
        hf_config = encoder.get("hf_config")
        right["hf_config"] = isinstance(hf_config, dict) and isinstance(hf_config.get("model_type"), str)
    odd += [_told(f"encoder.{name}", encoder.get(name)) for name, fine in right.items() if not fine]
    return odd[0] if odd else None


def odd_prototypes(
    prototypes: Prototypes, support: Mapping[str | None, np.ndarray], n_relations: int, scorer: Scorer
) -> str | None:
    """What of the prototypes, and the pair vectors (K, D) of support examples, does not fit the scorer."""
    widths = kind_widths(scorer)
    wanted, found = (n_relations, sum(widths)), prototypes.vectors.shape
    if found != wanted:
        return f"prototypes {found}, but {wanted} fits relations.json and scorer.safetensors"
    wanted, found = (n_relations, len(KINDS)), prototypes.shares.shape
    if found != wanted:
        return f"marks of what is present {found}, but {wanted} fits relations.json"
    if (prototypes.shares < 0.0).any() or not prototypes.shares.any(axis=1).all():
        return "a relation of which nothing counts"
    for name, rows in support.items():
        if rows.ndim != 2 or rows.shape[1] != widths[0]:
            of = f"of {name!r}" if name is not None else "without a relation"
            return f"examples {of} of shape {rows.shape}, but (…, {widths[0]}) fits scorer.safetensors"
    return None


def _told(name: str, value: object) -> str:
    if value is None:
        return f"lacks what a model needs ({name} is None)"
    return f"has an entry that no model can run with ({name} is {value!r:.60})"


def _in(value: object, low: float, high: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _weighs(verifier: object) -> bool:
    return isinstance(verifier, dict) and _in(verifier.get("first_weight"), -sys.float_info.max, sys.float_info.max)
