"""An encoder that computes in training what the runtime will compute: few-bit weights, 8-bit inputs of linear layers.

The optimizer moves latent float weights, the forward pass sees what they round to, and the gradient of the rounded
weights is taken for that of the latent ones (straight-through estimation, Bengio et al. 2013).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from zslre.encoder.quantization import (
    ACTIVATION_STEPS,
    CHANNEL_SUFFIX,
    RANGE_SUFFIX,
    SCALE_SUFFIX,
    activation_grid,
    channel_scales,
    dequantize_rows,
    quantize_rows,
)
from zslre.encoder.transformer import TransformerEncoder
from zslre.encoder.trits import largest, ternarize_rows, ternarize_rows_loss_aware
from zslre.exceptions import InputError
from zslre.packing import PackedBatch
from zslre.training.inputs import input_ranges, linear_layers
from zslre.training.reconstruction import Regression, rounded_with_feedback
from zslre.training.slim import WORDS

BITS = ("ternary", "8")
MOMENTUM = 0.95  # of the ranges: those of the last twenty passes or so
TWO_TRITS = re.compile(r"intermediate|attention\.self\.value|attention\.output")
COMMON_WORDS = 2000  # from the start of the vocabulary, where BERT's has the commonest
HEADS = "pair."  # what makes pair vectors of the backbone's states, as names on disk begin
PULL = 1.0  # to the weights as they were: with 0.02 a student learns what it is shown by heart
ROWS_SEEN = 4096  # by which the range of a layer's inputs is fitted
RANGE_SHARES = tuple(share / 20 for share in range(20, 1, -1))  # of the range that reaches all inputs
ROWS_AT_ONCE = 256  # of a matrix: what is worked on stays in the processor's cache

Array = np.ndarray
Rounded = tuple[Array, Array]  # integers (rows, cols) and scales (rows,)


class Quantization(nn.Module):
    """Quantizes an encoder in place: inputs always, weights inside `weights()`.

    With the bits "ternary" the backbone's linear layers get loss-aware ternary weights, its word embeddings TWN's, with
    one trit a weight; two where `TWO_TRITS` says so and for the commonest words, for these lose most by rounding. The
    heads have 8 bits in any case, as a classifier on top of TernaryBERT has more. With the bits "8" all have 8 bits.
    Each weight is rounded once a `weights()`, and a row of the embeddings when it is first read: a step reads one in
    twenty.
    The ranges of inputs follow those seen in training mode, but for those that `fit_range` fitted; in evaluation, and
    in the runtime, they stand still.
    `batches` and `phrases` are what the encoder will read: by the inputs of its layers there the ranges begin, and with
    8 bits the channels are balanced as `quantize_state` does. Ternary weights, which all have one size in a row, are
    not balanced; `settle` gives them a better start than rounding each to its nearest value.
    """

    def __init__(
        self, encoder: TransformerEncoder, batches: Sequence[PackedBatch], phrases: Sequence[str], *, bits: str
    ) -> None:
        super().__init__()
        if bits not in BITS:
            raise InputError(f"bits must be one of {', '.join(BITS)}, got {bits!r}")
        self.ternary = bits == "ternary"
        self.layers = linear_layers(encoder)
        self.register_buffer("ranges", torch.zeros(len(self.layers), 2))
        self._fitted: set[str] = set()  # a student is settled before it is resumed: no part of its state
        self._channels: dict[str, Tensor] = {}
        self._curvature: dict[str, Tensor] = {}
        self._scales: dict[str, Tensor] = {}
        ranges = input_ranges(encoder, batches, phrases)
        for number, (name, layer) in enumerate(self.layers.items()):
            low, high = ranges[name]
            if not self.ternary or name.startswith(HEADS):
                scale = channel_scales(layer.weight.detach().numpy(), low, high)
                self._channels[name] = torch.from_numpy(scale)
                self.register_buffer(f"channels{number}", self._channels[name])
                layer.weight.register_hook(functools.partial(torch.mul, self._channels[name]))
                low, high = low / scale, high / scale
            else:
                self._curvature[name] = torch.ones(layer.weight.shape)
                self.register_buffer(f"curvature{number}", self._curvature[name])
                self._scales[name] = _scales(layer.weight, self._curvature[name], trits_of(name))
                self.register_buffer(f"scales{number}", self._scales[name])
            self.ranges[number] = torch.tensor([float(low.min()), float(high.max())])
            layer.register_forward_pre_hook(functools.partial(self._input, number, name))
        backbone: Any = encoder.module.backbone
        words: nn.Embedding = backbone.get_input_embeddings()
        words.register_forward_pre_hook(self._read)
        self._words = [words]  # in a list, so that it is no part of this module's state
        # Of positions and token types: 8 bits, whatever the rest has.
        self._tables = [m for m in encoder.module.modules() if isinstance(m, nn.Embedding) and m is not words]
        self._latent_words: Array | None = None  # while weights are rounded
        self._rounded = {name: torch.empty_like(layer.weight) for name, layer in self.layers.items()}
        self._rounded_words = torch.empty_like(words.weight)
        self._done = np.zeros(len(self._rounded_words), dtype=np.bool_)
        self._pool = ThreadPoolExecutor(max_workers=torch.get_num_threads())

    def seen(self, name: str, x: Tensor) -> Tensor:
        """The input of a linear layer as its rounded weights multiply it."""
        return self._input(list(self.layers).index(name), name, self.layers[name], (x,))[0]

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
        self.ranges[list(self.layers).index(name)] = grids[int(torch.stack(missed).argmin())]
        self._fitted.add(name)

    def settle(self, name: str, regression: Regression) -> None:
        """Move a linear layer to where its rounded weights make best of what they have `seen` what is wanted."""
        layer = self.layers[name]
        channels = self._channels.get(name, torch.ones(()))
        weight = layer.weight.data * channels
        weight = regression.weight(weight, pull=PULL, bias=layer.bias is not None)
        if name in self._scales:
            trits, moments = trits_of(name), regression.moments
            curvature = moments.diagonal().float().clamp_min(1e-12).expand_as(weight)
            self._scales[name].copy_(_scales(weight, curvature, trits))
            weight = rounded_with_feedback(weight, moments, self._scales[name], largest(trits))
        layer.weight.data = weight / channels
        if layer.bias is not None:
            layer.bias.data = regression.bias(weight)

    def follow(self, optimizer: torch.optim.Optimizer) -> None:
        """Take Adam's second moments for what the loss minds: it stays with the weights that were rounded by it."""
        for name, curvature in self._curvature.items():
            if state := optimizer.state.get(self.layers[name].weight):
                torch.sqrt(state["exp_avg_sq"], out=curvature).add_(1e-8)

    @contextmanager
    def weights(self) -> Iterator[None]:
        """Inside, the encoder's weights are rounded; their gradients are those of the latent ones, which come back."""
        weights = [module.weight for module in (*self.layers.values(), *self._words, *self._tables)]
        latent = [weight.data for weight in weights]
        blocks = [
            (name, slice(first, first + ROWS_AT_ONCE))
            for name, layer in self.layers.items()
            for first in range(0, len(layer.weight), ROWS_AT_ONCE)
        ]
        list(self._pool.map(lambda block: self._round_block(*block), blocks))
        tables = [
            torch.from_numpy(dequantize_rows(*quantize_rows(table.weight.data.numpy()))) for table in self._tables
        ]
        self._done[:] = False
        self._latent_words = self._words[0].weight.data.numpy()
        rounded = [*self._rounded.values(), self._rounded_words, *tables]
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
                number = list(self.layers).index(layer)
                stored[layer + RANGE_SUFFIX] = self.ranges[number].numpy().copy()
                if layer in self._channels:
                    stored[layer + CHANNEL_SUFFIX] = self._channels[layer].numpy().copy()
                stored[name], stored[name + SCALE_SUFFIX] = self._round(layer, tensor, slice(None))
            else:
                stored[name], stored[name + SCALE_SUFFIX] = (
                    self._round_words(tensor, np.arange(len(tensor))) if name == WORDS else quantize_rows(tensor)
                )
        return stored

    def _round_block(self, name: str, rows: slice) -> None:
        integers, scale = self._round(name, self.layers[name].weight.detach().numpy()[rows], rows)
        np.multiply(integers, scale[:, None], out=self._rounded[name].numpy()[rows])

    def _round(self, name: str, weight: Array, rows: slice) -> Rounded:
        if name in self._channels:
            return quantize_rows(weight * self._channels[name].numpy())
        scales = self._scales[name].numpy()[rows]
        curvature = self._curvature[name].numpy()[rows]
        integers, scales[:] = ternarize_rows_loss_aware(weight, curvature, trits=trits_of(name), scale=scales)
        return integers, scales

    def _round_words(self, weight: Array, rows: Array) -> Rounded:
        """`rows`: which words these are."""
        if not self.ternary:
            return quantize_rows(weight)
        integers, scales = ternarize_rows(weight)
        integers, scales = 3 * integers, scales / np.float32(3)
        common = np.flatnonzero(rows < COMMON_WORDS)
        integers[common], scales[common] = ternarize_rows_loss_aware(
            weight[common], np.ones_like(weight[common]), trits=2
        )
        return integers, scales

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
        if self.training and name not in self._fitted:
            seen = torch.stack(torch.aminmax(x.detach())).float()
            self.ranges[number].mul_(MOMENTUM).add_(seen, alpha=1 - MOMENTUM)
        return (Rounding.apply(x, *activation_grid(*self.ranges[number].tolist())),)


class Rounding(torch.autograd.Function):
    """Numbers on a grid of 256 levels from `low` to `high`. The gradient passes as if nothing had happened.

    Also where a number was cut off: the range follows what it sees, so that few are, and never by much.
    torch's own fake quantization computes the same five times more slowly.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: float, high: float) -> Tensor:
        step = (high - low) / ACTIVATION_STEPS
        zero = round(-low / step)
        return torch.mul(x, 1 / step).round_().clamp_(-zero, ACTIVATION_STEPS - zero).mul_(step)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return gradients[0], None, None


def trits_of(name: str) -> int:
    """How many trits a weight of this linear layer has."""
    return 2 if TWO_TRITS.search(name) else 1


def _scales(weight: Tensor, curvature: Tensor, trits: int) -> Tensor:
    _, scales = ternarize_rows_loss_aware(weight.detach().numpy(), curvature.numpy(), trits=trits)
    return torch.from_numpy(scales)
