"""Ternary weights: from a matrix to -1, 0 and 1 with one scale a row, and five of those in a byte. Pure functions.

Where three values are too few for a matrix, its weights get two trits (integers of -4 … 4, in balanced ternary) or
three (-13 … 13).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zslre.exceptions import InputError, ModelError

THRESHOLD = 0.7  # of a row's mean magnitude; what is smaller becomes 0
TRITS_A_BYTE = 5  # 3^5 = 243 of a byte's 256 values: 1.6 bits each, 0.015 above what is possible
LARGEST_BYTE = 3**TRITS_A_BYTE - 1
MOST_ROUNDS = 30  # of the alternation; it mostly ends after a handful
START_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # of a row's largest weight, for the largest integer

_POWERS = 3 ** np.arange(TRITS_A_BYTE)
_TRITS = ((np.arange(256)[:, None] // _POWERS) % 3 - 1).astype(np.int8)  # (256, 5): byte → its trits

Trits = NDArray[np.int8]
Scales = NDArray[np.float32]


def ternarize_rows(weight: NDArray[np.floating[Any]]) -> tuple[Trits, Scales]:
    """Ternary weight networks (Li et al., arXiv 1605.04711): (rows, cols) → trits (rows, cols) and scales (rows,).

    A weight above 0.7 of its row's mean magnitude becomes ±1; the scale is the mean magnitude of those, which is the
    best one for these trits: weight ≈ trits · scale. A row of zeros gets the scale 1. Raises InputError for anything
    but a matrix of finite numbers.

    >>> trits, scale = ternarize_rows(np.array([[1.0, -3.0, 0.5, 0.0], [0.0, 0.0, 0.0, 0.0]]))
    >>> trits.tolist(), scale.tolist()
    ([[1, -1, 0, 0], [0, 0, 0, 0]], [2.0, 1.0])
    """
    _check(weight)
    size = np.abs(weight)
    trits = _signed(weight, size > THRESHOLD * _row_means(size))
    scale = _best_scales(weight, np.ones((), weight.dtype), trits.astype(weight.dtype))
    return trits, scale.astype(np.float32)


def ternarize_rows_loss_aware(
    weight: NDArray[np.floating[Any]],
    curvature: NDArray[np.floating[Any]],
    *,
    trits: int = 1,
    scale: NDArray[np.floating[Any]] | None = None,
) -> tuple[Trits, Scales]:
    """Loss-aware ternarisation (Hou and Kwok 2018, arXiv 1802.08635), with a scale a row as in TernaryBERT.

    Lowers Σ curvature · (weight - scale · integer)² of each row by turns: the best integers of a scale are the nearest
    ones, the best scale of the integers is Σ curvature · weight · integer / Σ curvature · integer². Ends when nothing
    changes, in an optimum that no single turn leaves. Starts from `scale` (rows,), or else from the best one for the
    trits of `ternarize_rows`; with more than one of `trits` a weight, which hold -4 … 4, -13 … 13 and so on, from the
    best of a few.

    `curvature` (rows, cols): how much the loss minds an error there, positive; Adam's √v stands for the diagonal of the
    Hessian. Raises InputError for other shapes and numbers.

    >>> weight = np.array([[4.0, 1.9, 1.9]])
    >>> integers, scale = ternarize_rows_loss_aware(weight, np.array([[1.0, 1.0, 1.0]]))
    >>> integers.tolist(), scale.round(3).tolist()
    ([[1, 1, 1]], [2.5999999046325684])
    >>> integers, scale = ternarize_rows_loss_aware(weight, np.array([[99.0, 1.0, 1.0]]))
    >>> integers.tolist(), scale.tolist()
    ([[1, 0, 0]], [4.0])
    >>> integers, scale = ternarize_rows_loss_aware(weight, np.array([[1.0, 1.0, 1.0]]), trits=2)
    >>> integers.tolist(), scale.round(3).tolist()
    ([[4, 2, 2]], [0.9829999804496765])
    """
    _check(weight)
    if curvature.shape != weight.shape or not (np.isfinite(curvature).all() and (curvature > 0).all()):
        raise InputError(f"curvature must be positive numbers of shape {weight.shape}, got shape {curvature.shape}")
    if scale is None:
        scale = _start(weight, curvature, trits)
    limit = largest(trits)
    integers = nearest(weight, scale, limit)
    for _ in range(MOST_ROUNDS):
        scale = _best_scales(weight, curvature, integers)
        before, integers = integers, nearest(weight, scale, limit)
        if np.array_equal(before, integers):
            break
    return integers.astype(np.int8), scale.astype(np.float32)


def nearest(weight: NDArray[Any], scale: NDArray[Any], limit: int | NDArray[Any]) -> NDArray[Any]:
    """The integers within ±limit whose multiples of the scale (rows,) are nearest, as floats of the weight's type.

    `limit`: one for all, or one for each row (rows, 1).
    """
    integers = np.rint(weight / scale[:, None].astype(weight.dtype))
    return np.clip(integers, -limit, limit, out=integers)


def largest(trits: int) -> int:
    """The largest integer of so many trits, each of which counts three times as much as the next: 1, 4, 13, …"""
    return int(3**trits - 1) // 2


def split_trits(integers: NDArray[np.integer[Any]]) -> list[NDArray[np.int8]]:
    """Integers → their trits, the one that counts most first: as few as the largest integer needs, but one at least.

    >>> [part.tolist() for part in split_trits(np.array([[4, -2, 1]]))]
    [[[1, -1, 0]], [[1, 1, 1]]]
    """
    rest, parts = integers.astype(np.int16), list[NDArray[np.int8]]()
    while not parts or rest.any():
        digit = (rest + 1) % 3 - 1
        parts.insert(0, digit.astype(np.int8))
        rest = (rest - digit) // 3
    return parts


def pack_trits(trits: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
    """(…, cols) of -1, 0 and 1 → bytes (…, ⌈cols / 5⌉), a row in bytes of its own; a last byte is filled with zeros.

    Raises InputError for other values.

    >>> pack_trits(np.array([[-1, -1, -1, -1, -1, 1], [1, 1, 1, 1, 1, 0]])).tolist()
    [[0, 122], [242, 121]]
    """
    if trits.ndim == 0 or (trits.size and (trits.min() < -1 or trits.max() > 1)):
        raise InputError("only arrays of -1, 0 and 1 can be packed as trits")
    *rows, columns = trits.shape
    width = -(-columns // TRITS_A_BYTE)
    padded = np.zeros((*rows, width * TRITS_A_BYTE), dtype=np.uint8)
    padded[..., :columns] = trits.astype(np.int8).view(np.uint8)  # -1 is 255 here, which one more turns into 0
    padded += 1
    return np.asarray(padded.reshape(*rows, width, TRITS_A_BYTE) @ _POWERS.astype(np.uint8), dtype=np.uint8)


def unpack_trits(packed: NDArray[np.uint8], columns: int) -> Trits:
    """What `pack_trits` packed: bytes (…, ⌈columns / 5⌉) → trits (…, columns).

    Raises ModelError for bytes that it never writes: above 242, too many or too few, or with a filling that is not 0.

    >>> unpack_trits(np.array([[0, 122]], dtype=np.uint8), 6).tolist()
    [[-1, -1, -1, -1, -1, 1]]
    """
    if packed.dtype != np.uint8 or packed.ndim == 0 or columns < 0:
        raise ModelError(f"packed trits must be bytes, got {packed.dtype} of shape {packed.shape} for {columns} trits")
    *rows, width = packed.shape
    if width != -(-columns // TRITS_A_BYTE):
        raise ModelError(f"{width} bytes a row cannot hold {columns} trits, five in a byte")
    if packed.size and packed.max() > LARGEST_BYTE:
        raise ModelError(f"byte {packed.max()} stands for no trits: the largest is {LARGEST_BYTE}")
    trits = _TRITS.take(packed, axis=0).reshape(*rows, width * TRITS_A_BYTE)
    if trits[..., columns:].any():
        raise ModelError("the filling behind the last trit of a row is not zero")
    return np.ascontiguousarray(trits[..., :columns])


def _check(weight: NDArray[Any]) -> None:
    if weight.ndim != 2 or not np.isfinite(weight).all():
        raise InputError(f"a matrix of finite numbers is needed to make it ternary, got shape {weight.shape}")


def _row_means(size: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """(rows, cols) → (rows, 1)."""
    return size.sum(axis=1, keepdims=True) / max(size.shape[1], 1)


def _start(weight: NDArray[Any], curvature: NDArray[Any], trits: int) -> NDArray[np.floating[Any]]:
    """Scales (rows,) to start from."""
    if trits == 1:
        return _best_scales(weight, curvature, ternarize_rows(weight)[0].astype(weight.dtype))
    peaks, limit = np.abs(weight).max(axis=1, initial=0.0), largest(trits)
    tried = [np.where(peaks > 0, share * peaks / limit, 1.0) for share in START_SHARES]
    errors = [(curvature * (weight - s[:, None] * nearest(weight, s, limit)) ** 2).sum(axis=1) for s in tried]
    best: NDArray[np.floating[Any]] = np.choose(np.argmin(errors, axis=0), tried)
    return best


def _best_scales(weight: NDArray[Any], curvature: NDArray[Any], integers: NDArray[Any]) -> NDArray[Any]:
    """(rows,); 1 where all integers are 0."""
    counted = curvature * integers
    total, count = (counted * weight).sum(axis=1), (counted * integers).sum(axis=1)
    scale: NDArray[Any] = np.divide(total, count, out=np.ones_like(total), where=count > 0)
    return scale


def _signed(weight: NDArray[Any], kept: NDArray[np.bool_]) -> Trits:
    trits = kept.astype(np.int8)
    return np.negative(trits, out=trits, where=weight < 0)
