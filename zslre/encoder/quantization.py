"""Weights in 8 bits with one scale a row, and the grid of 8-bit activations. Pure functions on arrays.

`zslre.encoder.trits` has the same for ternary weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zslre.exceptions import InputError

WEIGHT_LIMIT = 127  # -128 is left out, so that the grid is symmetric
ACTIVATION_STEPS = 255  # an unsigned byte
SCALE_SUFFIX = "_scale"
RANGE_SUFFIX = ".input_range"
CHANNEL_SUFFIX = ".input_scale"
BALANCE = 0.8  # share of a channel's spread that goes from the activations to the weights; 0.7 to 0.8 loses least


def quantize_rows(weight: NDArray[np.floating[Any]]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(rows, cols) → integers (rows, cols) in [-127, 127] and scales (rows,), so that weight ≈ integers · scale.

    The error is at most half a scale. A row of zeros gets the scale 1. Raises InputError for anything but a matrix of
    finite numbers.

    >>> integers, scale = quantize_rows(np.array([[1.27, -0.5], [0.0, 0.0]]))
    >>> integers.tolist(), scale.round(4).tolist()
    ([[127, -50], [0, 0]], [0.009999999776482582, 1.0])
    """
    if weight.ndim != 2 or not np.isfinite(weight).all():
        raise InputError(f"a matrix of finite numbers is needed to quantize, got shape {weight.shape}")
    largest = np.abs(weight).max(axis=1, initial=0.0)
    scale = (largest / WEIGHT_LIMIT).astype(np.float32)
    scale[scale == 0.0] = 1.0  # zeros, and rows so small that their scale would not be a float32
    steps = np.rint(weight.astype(np.float64) / scale[:, None].astype(np.float64))
    return np.clip(steps, -WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int8), scale


def dequantize_rows(integers: NDArray[np.int8], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """(rows, cols) and (rows,) → float32 (rows, cols)."""
    return integers.astype(np.float32) * scale[:, None]


def activation_grid(low: float, high: float) -> tuple[float, float]:
    """The range that 256 levels cover: [low, high], stretched to hold zero and moved by up to half a step to meet it.

    Zero must be a level because the kernels' zero point is an integer.

    >>> activation_grid(0.0, 2.0)
    (0.0, 2.0)
    >>> activation_grid(-0.75, 254.25)
    (-1.0, 254.0)
    """
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    step = (high - low) / ACTIVATION_STEPS
    if step < np.finfo(np.float32).tiny:  # nothing but zeros: any grid will do
        return 0.0, 1.0
    zero_point = round(-low / step)
    return -zero_point * step, (ACTIVATION_STEPS - zero_point) * step


def channel_scales(
    weight: NDArray[Any], low: NDArray[np.floating[Any]], high: NDArray[np.floating[Any]]
) -> NDArray[np.float32]:
    """What to divide the channels of a layer's input by, and multiply its weight's columns with, (cols,).

    A few channels of a transformer's states are many times larger than the rest, which then would share a handful of
    the 256 levels (SmoothQuant, Xiao et al., arXiv 2211.10438). `weight` (rows, cols); `low` and `high` (cols,).
    """
    peaks = [np.maximum(-np.asarray(low, dtype=np.float64), high), np.abs(weight).max(axis=0, initial=0.0)]
    inputs, columns = (np.maximum(peak, max(1e-3 * peak.max(initial=0.0), 1e-9)) for peak in peaks)
    scale = inputs**BALANCE / columns ** (1.0 - BALANCE)
    return (scale / np.exp(np.log(scale).mean())).astype(np.float32)


def quantize_state(
    tensors: Mapping[str, NDArray[Any]], input_ranges: Mapping[str, tuple[Any, Any]]
) -> dict[str, NDArray[Any]]:
    """Int8 layout of a float model: matrices as int8 beside NAME_scale, ranges of linear inputs at NAME.input_range.

    `input_ranges`: linear layer, such as "encoder.layer.0.output.dense" → (min, max) of its input on calibration text:
    two numbers, or better two arrays (cols,), one entry a channel. Arrays balance the channels, which loses a third as
    much: the input then is to be divided by NAME.input_scale (cols,), and the range is that of the quotient.
    Embeddings are always stored in 8 bits, linear layers where a range is given. Raises InputError when a layer of the
    encoder has none, or a range belongs to no layer.
    """
    stored: dict[str, NDArray[Any]] = {}
    linear = {name.removesuffix(".weight") for name, tensor in tensors.items() if _is_linear(name, tensor)}
    if unknown := sorted(set(input_ranges) - linear):
        raise InputError(f"input ranges of {', '.join(unknown)}: the model has no such linear layers")
    if missing := sorted(name for name in linear - set(input_ranges) if name.startswith("encoder.")):
        raise InputError(f"input ranges are missing for {', '.join(missing)}: calibrate every linear layer")
    for name, tensor in tensors.items():
        layer = name.removesuffix(".weight")
        if tensor.ndim != 2 or (layer in linear and layer not in input_ranges):
            stored[name] = np.asarray(tensor, dtype=np.float32)
            continue
        if layer in input_ranges:
            low, high = _checked_range(layer, input_ranges[layer], columns=tensor.shape[1])
            if low.ndim == 1:
                scale = stored[layer + CHANNEL_SUFFIX] = channel_scales(tensor, low, high)
                tensor, low, high = tensor * scale, (low / scale).min(), (high / scale).max()
            stored[layer + RANGE_SUFFIX] = np.array([low, high], dtype=np.float32)
        stored[name], stored[name + SCALE_SUFFIX] = quantize_rows(tensor)
    return stored


def restore_state(tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """The float model that an int8 layout stands for, up to rounding: what `quantize_state` was given."""
    restored: dict[str, NDArray[np.float32]] = {}
    for name, tensor in tensors.items():
        if name.endswith((RANGE_SUFFIX, CHANNEL_SUFFIX)) or name.removesuffix(SCALE_SUFFIX) in tensors.keys() - {name}:
            continue
        restored[name] = np.asarray(tensor, dtype=np.float32)
        if tensor.dtype == np.int8:
            channels = tensors.get(name.removesuffix(".weight") + CHANNEL_SUFFIX)
            restored[name] = dequantize_rows(tensor, tensors[name + SCALE_SUFFIX])
            if channels is not None:
                restored[name] /= channels
    return restored


def is_compact(tensors: Mapping[str, NDArray[Any]]) -> bool:
    """Whether a model's weights are in 8 bits or fewer."""
    return any(tensor.dtype in (np.int8, np.uint8) for tensor in tensors.values())


def is_packed(tensors: Mapping[str, NDArray[Any]]) -> bool:
    """Whether any of a model's weights are packed bytes: see `zslre.encoder.ternary`."""
    return any(tensor.dtype == np.uint8 for tensor in tensors.values())


def _checked_range(layer: str, ends: tuple[Any, Any], *, columns: int) -> tuple[NDArray[Any], NDArray[Any]]:
    low, high = (np.asarray(end, dtype=np.float32) for end in ends)
    if low.shape != high.shape or low.shape not in ((), (columns,)):
        raise InputError(f"input range of {layer}: needs two numbers or two arrays of {columns}, got {low.shape}")
    if not (np.isfinite([low, high]).all() and (low <= high).all()):
        raise InputError(f"input range of {layer}: needs finite low <= high, got {low}, {high}")
    return low, high


def _is_linear(name: str, tensor: NDArray[Any]) -> bool:
    return tensor.ndim == 2 and name.endswith(".weight") and not name.startswith("embeddings.")
