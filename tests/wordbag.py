"""A phrase encoder for tests: a phrase is the sum of its words' vectors, so that sharing words is being alike."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import tiny

from zslre.encoder import FloatArray
from zslre.sideinfo.words import is_content, words_of


class BagOfWords:
    """Words count by their first five letters, so that founder and founded are alike; `calls` are what was encoded."""

    dim = 128
    tokenizer = tiny.tokenizer()
    tensors: Mapping[str, np.ndarray] = {"seed": np.zeros(1)}

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def encode_phrases(self, phrases: Sequence[str]) -> FloatArray:
        self.calls.append(list(phrases))
        rows = [sum((_vector(word[:5]) for word in words_of(p) if is_content(word)), _vector("")) for p in phrases]
        return np.stack(rows).astype(np.float32)


@cache
def _vector(stem: str) -> np.ndarray:
    rng = np.random.default_rng(zlib.crc32(stem.encode()))
    return rng.standard_normal(BagOfWords.dim) * (1.0 if stem else 0.1)
