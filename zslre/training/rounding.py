"""How weights and inputs of a student are rounded: what its layers get, one matrix at a time."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from zslre.encoder.quantization import ACTIVATION_STEPS
from zslre.encoder.trits import largest, ternarize_rows_loss_aware
from zslre.training.reconstruction import rounded_with_feedback

# How many trits a weight has, by what its layer is called, if not two: more where rounding costs most.
TRITS = (
    (re.compile(r"pair\.projection"), 3),
    (re.compile(r"attention\.self\.(query|key)"), 1),
)
# The same for the words of a vocabulary that is sorted by frequency, by their rows.
WORD_TRITS = ((slice(500), 3), (slice(500, 10_700), 2), (slice(10_700, None), 1))
CELL = 0.45  # of a scale: no farther from what it rounds to does a latent weight start


class Rounding(torch.autograd.Function):
    """Numbers on a grid of 256 levels from `low` to `high`. The gradient passes as if nothing had happened.

    Also where a number was cut off: few are, for the range follows what it sees, or was fitted to it.
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
    return next((trits for names, trits in TRITS if names.search(name)), 2)


def loss_aware_scales(weight: Tensor, trits: int, curvature: Tensor | None = None) -> Tensor:
    """Those of loss-aware ternarisation, (rows,); `curvature` (cols,): how much the loss minds each column."""
    minds = torch.ones(()) if curvature is None else curvature
    _, scales = ternarize_rows_loss_aware(weight.numpy(), minds.expand_as(weight).numpy(), trits=trits)
    return torch.from_numpy(scales)


def settled(weight: Tensor, moments: Tensor, trits: int, damping: float) -> tuple[Tensor, Tensor, Tensor]:
    """Scales (rows,) for a matrix, what it is rounded to with feedback, and latent weights that round to that.

    These are where rounding found them, so that those that nearly came to be another multiple are near to it.
    """
    scales = loss_aware_scales(weight, trits, moments.diagonal().float().clamp_min(1e-12))
    rounded, wanted = rounded_with_feedback(weight, moments, scales, largest(trits), damping=damping)
    reach = CELL * scales[:, None]
    return scales, rounded, rounded + torch.clamp(wanted - rounded, -reach, reach)


def shared(gradient: Tensor, ratio: Tensor, limit: Tensor) -> tuple[Tensor, Tensor]:
    """Which weights keep their gradient (rows, cols), and the gradients of the scales (rows,).

    `gradient` is that of the rounded weights, `ratio` of weights to their scale, `limit` the largest integer.
    """
    inside = ratio.abs() <= limit + 0.5
    integers = torch.minimum(ratio.round().maximum(-limit), limit)
    slope = torch.where(inside, integers - ratio, integers)
    return inside, (gradient * slope / (limit * ratio.shape[1]).sqrt()).sum(dim=1)
