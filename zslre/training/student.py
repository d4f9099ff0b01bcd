"""An encoder that computes in training what the runtime will compute: few-bit weights, 8-bit inputs of linear layers.

The optimizer moves latent float weights, the forward pass sees what they round to, and the gradient of the rounded
weights is taken for that of the latent ones (straight-through estimation, Bengio et al. 2013). The scales of ternary
weights are learned (LSQ, Esser et al., arXiv 1902.08153).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from zslre.encoder.quantization import (
    CHANNEL_SUFFIX,
    RANGE_SUFFIX,
    SCALE_SUFFIX,
    activation_grid,
    channel_scales,
    dequantize_rows,
    quantize_rows,
)
from zslre.encoder.transformer import TransformerEncoder
from zslre.encoder.trits import largest, nearest
from zslre.exceptions import InputError
from zslre.packing import PackedBatch
from zslre.training.inputs import input_ranges, linear_layers
from zslre.training.reconstruction import DAMPING, Regression
from zslre.training.rounding import WORD_TRITS, Rounding, loss_aware_scales, settled, shared, trits_of
from zslre.training.slim import WORDS

BITS = ("ternary", "8")
MOMENTUM = 0.95  # of the ranges: those of the last twenty passes or so
HEADS = "pair."  # what makes pair vectors of the backbone's states, as names on disk begin
PULL = 1.0  # to the weights as they were: with 0.02 a student learns what it is shown by heart
ROWS_SEEN = 4096  # by which the range of a layer's inputs is fitted
RANGE_SHARES = tuple(share / 20 for share in range(20, 1, -1))  # of the range that reaches all inputs
ROWS_AT_ONCE = 256  # of a matrix: what is worked on stays in the processor's cache
WORD_DAMPING = 0.1  # as `DAMPING`, of what the outputs mind of the words

Array = np.ndarray
Rounded = tuple[Array, Array]  # integers (rows, cols) and scales (rows,)


class Quantization(nn.Module):
    """Quantizes an encoder in place: inputs always, weights inside `weights()`.

    With the bits "ternary" linear layers and word embeddings get one trit a weight, or two or three where `trits_of`
    and `WORD_TRITS` say so, with a scale a row: a weight rounds to the nearest multiple that its trits hold. At first
    the scales are those of loss-aware ternarisation. With the bits "8" all have 8 bits. Each weight is rounded once a
    `weights()`, and a row of the embeddings when it is first read: a step reads one in twenty.
    With 8 bits the ranges of inputs follow those seen in training mode; else, and in the runtime, they stand still,
    those of ternary students where `fit_range` put them.
    `batches` and `phrases` are what the encoder will read: by the inputs of its layers there the ranges begin, and the
    channels of what has 8 bits, and of the heads, are balanced as `quantize_state` does. `settle` and `settle_words`
    give ternary weights a better start than rounding each to its nearest value.
    """

    def __init__(
        self, encoder: TransformerEncoder, batches: Sequence[PackedBatch], phrases: Sequence[str], *, bits: str
    ) -> None:
        super().__init__()
        if bits not in BITS:
            raise InputError(f"bits must be one of {', '.join(BITS)}, got {bits!r}")
        self.ternary = bits == "ternary"
        self.layers = linear_layers(encoder)
        self._numbers = {name: number for number, name in enumerate(self.layers)}
        self.register_buffer("ranges", torch.zeros(len(self.layers), 2))
        self._channels: dict[str, Tensor] = {}
        self._scales: dict[str, nn.Parameter] = {}
        ranges = input_ranges(encoder, batches, phrases)
        for number, (name, layer) in enumerate(self.layers.items()):
            low, high = ranges[name]
            if not self.ternary or name.startswith(HEADS):
                scale = channel_scales(layer.weight.detach().numpy(), low, high)
                self._channels[name] = torch.from_numpy(scale)
                self.register_buffer(f"channels{number}", self._channels[name])
                layer.weight.register_hook(functools.partial(torch.mul, self._channels[name]))
                low, high = low / scale, high / scale
            if self.ternary:
                self._scales[name] = nn.Parameter(loss_aware_scales(self._balanced(name), trits_of(name)))
                self.register_parameter(f"scales{number}", self._scales[name])
            self.ranges[number] = torch.tensor([float(low.min()), float(high.max())])
            layer.register_forward_pre_hook(functools.partial(self._input, number, name))
        backbone: Any = encoder.module.backbone
        words: nn.Embedding = backbone.get_input_embeddings()
        words.register_forward_pre_hook(self._read)
        self._words = [words]  # in a list, so that it is no part of this module's state
        if self.ternary:
            self.word_scales = nn.Parameter(torch.ones(len(words.weight)))
            self._word_limits = np.empty((len(words.weight), 1), dtype=np.float32)
            for rows, trits in WORD_TRITS:
                self._word_limits[rows] = largest(trits)
                self.word_scales.data[rows] = loss_aware_scales(words.weight.detach()[rows], trits)
        # Of positions and token types: 8 bits, whatever the rest has.
        self._tables = [m for m in encoder.module.modules() if isinstance(m, nn.Embedding) and m is not words]
        self._latent_words: Array | None = None  # while weights are rounded
        self._rounded = {name: torch.empty_like(layer.weight) for name, layer in self.layers.items()}
        self._rounded_words = torch.empty_like(words.weight)
        self._done = np.zeros(len(self._rounded_words), dtype=np.bool_)
        self._pool = ThreadPoolExecutor(max_workers=torch.get_num_threads())

    def scales(self, prefix: str) -> list[nn.Parameter]:
        """Those of the ternary linear layers whose names begin so."""
        return [scale for name, scale in self._scales.items() if name.startswith(prefix)]

    def seen(self, name: str, x: Tensor) -> Tensor:
        """The input of a linear layer as its rounded weights multiply it."""
        return self._input(self._numbers[name], name, self.layers[name], (x,))[0]

    def fit_range(self, name: str, inputs: Sequence[Tensor]) -> None:
        """Narrow the range of a linear layer's inputs, (N, cols) each, to where its 256 levels miss them least.

        A few inputs are many times as large as the rest: cut off they cost less than the wide steps that reach them.
        """
        rows = torch.cat(list(inputs))
        if name in self._channels:
            rows = rows / self._channels[name]
        seen, ends = rows[:: max(1, len(rows) // ROWS_SEEN)], torch.stack(torch.aminmax(rows))
        grids = [share * ends for share in RANGE_SHARES]
        missed = [(Rounding.apply(seen, *activation_grid(*grid.tolist())) - seen).square().mean() for grid in grids]
        self.ranges[self._numbers[name]] = grids[int(torch.stack(missed).argmin())]

    @torch.no_grad()
    def settle(self, name: str, regression: Regression) -> None:
        """Move a linear layer to where its rounded weights make best of what they have `seen` what is wanted."""
        layer, moments = self.layers[name], regression.moments
        weight = regression.weight(self._balanced(name), pull=PULL, bias=layer.bias is not None)
        latent = weight
        if name in self._scales:
            self._scales[name].data, weight, latent = settled(weight, moments, trits_of(name), DAMPING)
        layer.weight.data = latent / self._channels.get(name, torch.ones(()))
        if layer.bias is not None:
            layer.bias.data = regression.bias(weight)

    @torch.no_grad()
    def settle_words(self, sensitivity: Tensor) -> None:
        """Round each word so that the outputs mind least; `sensitivity` (H, H) is what they mind, Σ g gᵀ of gradients.

        A row of the table is rounded as a row of a linear layer's weights is, with what the outputs mind of it in the
        place of what the layer reads.
        """
        table = self._words[0].weight
        for rows, trits in WORD_TRITS:
            self.word_scales.data[rows], _, table.data[rows] = settled(
                table.data[rows], sensitivity, trits, WORD_DAMPING
            )

    def share_gradients(self, prefix: str = "") -> None:
        """Make of the gradients of rounded weights, after `weights()`, those of latent weights and scales.

        A weight beyond the largest multiple has none: only its scale can follow it. The scale's (LSQ, eq. 3) is divided
        by the root of how many weights share it and how large their integers are, as there.
        """
        for name, scale in self._scales.items():
            weight = self.layers[name].weight
            if name.startswith(prefix) and weight.grad is not None:
                channels = self._channels.get(name, torch.ones(()))
                gradient, ratio = weight.grad / channels, weight.data * channels / scale.data[:, None]
                inside, scale.grad = shared(gradient, ratio, torch.tensor(float(largest(trits_of(name)))))
                weight.grad *= inside
        words = self._words[0].weight
        if self.ternary and not prefix and words.grad is not None:
            rows = torch.from_numpy(np.flatnonzero(self._done))
            ratio = words.data[rows] / self.word_scales.data[rows, None]
            inside, of_scales = shared(words.grad[rows], ratio, torch.from_numpy(self._word_limits)[rows])
            words.grad[rows] *= inside
            self.word_scales.grad = torch.zeros_like(self.word_scales).index_put((rows,), of_scales)

    @contextmanager
    def weights(self, prefix: str = "") -> Iterator[None]:
        """Inside, the encoder's weights are rounded; their gradients are those of the latent ones, which come back.

        With a `prefix` only the linear layers whose names begin with it.
        """
        names = [name for name in self.layers if name.startswith(prefix)]
        modules = [self.layers[name] for name in names]
        rounded = [self._rounded[name] for name in names]
        blocks = [
            (name, slice(first, first + ROWS_AT_ONCE))
            for name in names
            for first in range(0, len(self.layers[name].weight), ROWS_AT_ONCE)
        ]
        list(self._pool.map(lambda block: self._round_block(*block), blocks))
        if not prefix:
            modules += [*self._words, *self._tables]
            tables = [table.weight.data.numpy() for table in self._tables]
            rounded += [self._rounded_words, *(torch.from_numpy(dequantize_rows(*quantize_rows(t))) for t in tables)]
            self._done[:] = False
            self._latent_words = self._words[0].weight.data.numpy()
        weights = [module.weight for module in modules]
        latent = [weight.data for weight in weights]
        for weight, few_bits in zip(weights, rounded, strict=True):
            weight.data = few_bits
        try:
            yield
        finally:
            self._latent_words = None
            for weight, floats in zip(weights, latent, strict=True):
                weight.data = floats

    def stored(self, tensors: Mapping[str, Array]) -> dict[str, Array]:
        """The encoder's tensors in the int8 layout that the runtime reads; `pack_state` packs what is ternary in it."""
        stored: dict[str, Array] = {}
        for name, tensor in tensors.items():
            layer = name.removesuffix(".weight")
            if tensor.ndim != 2:
                stored[name] = tensor
                continue
            if layer in self.layers:
                stored[layer + RANGE_SUFFIX] = self.ranges[self._numbers[layer]].numpy().copy()
                if layer in self._channels:
                    stored[layer + CHANNEL_SUFFIX] = self._channels[layer].numpy().copy()
                stored[name], stored[name + SCALE_SUFFIX] = self._round(layer, tensor, slice(None))
            else:
                stored[name], stored[name + SCALE_SUFFIX] = (
                    self._round_words(tensor, np.arange(len(tensor))) if name == WORDS else quantize_rows(tensor)
                )
        return stored

    def _balanced(self, name: str) -> Tensor:
        """The weights of a linear layer by which its balanced inputs are multiplied."""
        return self.layers[name].weight.data * self._channels.get(name, torch.ones(()))

    def _round_block(self, name: str, rows: slice) -> None:
        integers, scale = self._round(name, self.layers[name].weight.detach().numpy()[rows], rows)
        np.multiply(integers, scale[:, None], out=self._rounded[name].numpy()[rows])

    def _round(self, name: str, weight: Array, rows: slice) -> Rounded:
        if name in self._channels:
            weight = weight * self._channels[name].numpy()
        if name not in self._scales:
            return quantize_rows(weight)
        scales = self._scales[name].detach().numpy()[rows]
        return nearest(weight, scales, largest(trits_of(name))).astype(np.int8), scales.copy()

    def _round_words(self, weight: Array, rows: Array) -> Rounded:
        """`rows`: which words these are. Fewer trits are those that count most of three, so that all share a matrix."""
        if not self.ternary:
            return quantize_rows(weight)
        scales, limits = self.word_scales.detach().numpy()[rows], self._word_limits[rows]
        units = ((2 * self._word_limits.max() + 1) / (2 * limits + 1)).astype(np.int8)  # powers of 3
        return nearest(weight, scales, limits).astype(np.int8) * units, scales / units[:, 0].astype(np.float32)

    def _read(self, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        """Round the rows that are read for the first time."""
        if self._latent_words is None:
            return
        rows = np.unique(inputs[0].numpy())
        rows = rows[~self._done[rows]]
        integers, scale = self._round_words(self._latent_words[rows], rows)
        self._rounded_words.numpy()[rows] = integers * scale[:, None]
        self._done[rows] = True

    def _input(self, number: int, name: str, _: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
        """Put a layer's input on the grid of 256 levels that the runtime will put it on."""
        (x,) = inputs
        if name in self._channels:
            x = x / self._channels[name]
        if self.training and not self.ternary:
            seen = torch.stack(torch.aminmax(x.detach())).float()
            self.ranges[number].mul_(MOMENTUM).add_(seen, alpha=1 - MOMENTUM)
        return (Rounding.apply(x, *activation_grid(*self.ranges[number].tolist())),)
