"""A model whose linear layers and word embeddings are ternary: packed on disk, unpacked once to int8 and run as such.

On disk a ternary matrix NAME (rows, cols) is bytes (rows, ⌈cols / 5⌉) beside NAME_columns (1,), which is cols. Of a
matrix with two or three trits a weight these are the trits that count most; NAME_second and NAME_third (…, ⌈cols / 5⌉)
have the others, up to the last row in which one is not 0. All else is the int8 layout of `zslre.encoder.quantization`:
NAME_scale (rows,), LAYER.input_range and LAYER.input_scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from zslre.encoder.head import TaggerHead
from zslre.encoder.quantization import SCALE_SUFFIX
from zslre.encoder.runtime import RuntimeEncoder
from zslre.encoder.trits import largest, pack_trits, split_trits, unpack_trits
from zslre.exceptions import ModelError

COLUMNS_SUFFIX = "_columns"
LOWER_SUFFIXES = ("_second", "_third")

Tensors = dict[str, NDArray[Any]]


class TernaryEncoder(RuntimeEncoder):
    """`Encoder` from packed tensors. Stores again what it was made of, byte for byte.

    The int8 kernels multiply integers of -13 … 13 like any other bytes. Kernels that compute on packed weights lose
    more by unpacking in every pass than they save in memory traffic: what ternary weights buy is size.
    Raises ModelError for bytes that are no packed trits, and whatever `RuntimeEncoder` raises.
    """

    def __init__(
        self,
        tensors: Mapping[str, NDArray[Any]],
        architecture: Mapping[str, Any],
        tokenizer: Tokenizer,
        *,
        threads: int | None = None,
        tagger: TaggerHead | None = None,
    ) -> None:
        super().__init__(unpack_state(tensors), architecture, tokenizer, threads=threads, tagger=tagger)
        self.tensors = tensors  # the graph reads the unpacked `graph_tensors` where they lie


def pack_state(tensors: Mapping[str, NDArray[Any]]) -> Tensors:
    """Int8 layout → packed layout: the int8 matrices of integers that three trits hold become bytes."""
    packed: Tensors = {}
    for name, tensor in tensors.items():
        packed[name] = tensor
        if tensor.dtype == np.int8 and tensor.size and np.abs(tensor).max() <= largest(1 + len(LOWER_SUFFIXES)):
            first, *lower = split_trits(tensor)
            packed[name] = pack_trits(first)
            packed[name + COLUMNS_SUFFIX] = np.array([tensor.shape[1]], dtype=np.int32)
            for suffix, trits in zip(LOWER_SUFFIXES, lower, strict=False):
                packed[name + suffix] = pack_trits(trits[: 1 + np.flatnonzero(trits.any(axis=1)).max(initial=0)])
    return packed


def unpack_state(tensors: Mapping[str, NDArray[Any]]) -> Tensors:
    """The reverse of `pack_state`; raises ModelError where a tensor is not what `pack_state` writes."""
    packed = {n for n, tensor in tensors.items() if tensor.dtype == np.uint8 and not n.endswith(LOWER_SUFFIXES)}
    parts = {name + suffix for name in packed for suffix in (COLUMNS_SUFFIX, *LOWER_SUFFIXES)}
    return {
        name: _unpacked(tensors, name) if name in packed else tensor
        for name, tensor in tensors.items()
        if name not in parts
    }


def _unpacked(tensors: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.int8]:
    columns, scale, packed = tensors.get(name + COLUMNS_SUFFIX), tensors.get(name + SCALE_SUFFIX), tensors[name]
    if columns is None or columns.shape != (1,) or columns.dtype != np.int32:
        raise ModelError(f"packed tensor {name!r} lacks the number of its columns")
    if packed.ndim != 2 or scale is None or scale.shape != packed.shape[:1]:
        raise ModelError(f"packed tensor {name!r} of shape {packed.shape} lacks a scale for each row")
    second, third = (name + suffix for suffix in LOWER_SUFFIXES)
    if third in tensors and second not in tensors:
        raise ModelError(f"packed tensor {name!r} has third trits and no second ones")
    try:
        integers = unpack_trits(packed, int(columns[0]))
        for suffix in LOWER_SUFFIXES:
            if (lower := tensors.get(name + suffix)) is None:
                break
            if not 0 < len(lower) <= len(packed):
                raise ModelError(f"{len(lower)} rows of lower trits for {len(packed)} rows")
            integers *= 3
            integers[: len(lower)] += unpack_trits(lower, int(columns[0]))
    except ModelError as error:
        raise ModelError(f"packed tensor {name!r}: {error}") from error
    return integers
