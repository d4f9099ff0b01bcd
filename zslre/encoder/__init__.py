"""What turns text into vectors: the `Encoder` protocol and the loop that feeds one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from zslre.packing import Item, PackedBatch, Packer

FloatArray = NDArray[np.float32]


class Encoder(Protocol):
    """Vectors for mention pairs and for phrases, in one space of `dim` dimensions; not normalised."""

    dim: int
    tokenizer: Tokenizer
    tokens_a_pass: int  # that pass through it best together, padding included

    @property
    def tensors(self) -> Mapping[str, np.ndarray]:
        """What a model folder stores of it, by name."""
        ...

    def encode_pairs(self, batch: PackedBatch) -> FloatArray:
        """Vectors of the batch's real pairs, (n_pairs, dim), row by row."""
        ...

    def encode_phrases(self, phrases: Sequence[str]) -> FloatArray:
        """Vectors of the phrases, (n_phrases, dim)."""
        ...


def pair_vectors(
    encoder: Encoder,
    packer: Packer,
    items: Sequence[Item],
    followed_by: Sequence[str] | None = None,
) -> FloatArray:
    """Vectors of all pairs of all sentences, in order, (n_pairs, dim); `followed_by` as in `Packer.pack`."""
    vectors = np.zeros((sum(len(pairs) for _, pairs in items), encoder.dim), dtype=np.float32)
    for batch, numbers in packer.pack(items, followed_by):
        vectors[numbers] = encoder.encode_pairs(batch)
    return vectors
