"""What the linear layers of an encoder read: their ranges, for inputs of 8 bits."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

import numpy as np
from torch import Tensor, nn

from zslre.encoder.transformer import TransformerEncoder, name_on_disk
from zslre.packing import PackedBatch


def linear_layers(encoder: TransformerEncoder) -> dict[str, nn.Linear]:
    """The linear layers of an encoder by their names on disk."""
    return {name_on_disk(name): layer for name, layer in encoder.module.named_modules() if isinstance(layer, nn.Linear)}


def input_ranges(
    encoder: TransformerEncoder, batches: Iterable[PackedBatch], phrases: Sequence[str] = ()
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Smallest and largest input of every linear layer, channel by channel (cols,), by the layer's name on disk."""
    ranges: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def see(name: str, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        channels = inputs[0].detach().float().flatten(0, -2).numpy()
        low, high = ranges.get(name, (np.inf, -np.inf))
        ranges[name] = (np.minimum(low, channels.min(axis=0)), np.maximum(high, channels.max(axis=0)))

    hooks = [
        layer.register_forward_pre_hook(functools.partial(see, name)) for name, layer in linear_layers(encoder).items()
    ]
    try:
        for batch in batches:
            encoder.encode_pairs(batch)
        if phrases:
            encoder.encode_phrases(phrases)
    finally:
        for some in hooks:
            some.remove()
    return ranges
