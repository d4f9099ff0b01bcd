"""What turns text into vectors: the `Encoder` protocol, the loop that feeds one, and what tells one from another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from zslre.packing import Item, PackedBatch, Packer

FloatArray = NDArray[np.float32]


# To be raised when the same weights come to give other vectors; 2: bfloat16 beside 8 bits, 3: addresses are not read.
ARITHMETIC = 3


class PhraseEncoder(Protocol):
    """Vectors for phrases, of `dim` dimensions; not normalised."""

    dim: int
    tokenizer: Tokenizer

    @property
    def tensors(self) -> Mapping[str, np.ndarray]:
        """What a model folder stores of it, by name."""
        ...

    def encode_phrases(self, phrases: Sequence[str]) -> FloatArray:
        """Vectors of the phrases, (n_phrases, dim)."""
        ...


class Encoder(PhraseEncoder, Protocol):
    """Vectors for mention pairs as well, in the same space."""

    tokens_a_pass: int  # that pass through it best together, padding included

    def encode_pairs(self, batch: PackedBatch) -> FloatArray:
        """Vectors of the batch's real pairs, (n_pairs, dim), row by row."""
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


def encoder_digest(encoder: PhraseEncoder) -> str:
    """Of all that the vectors of a text depend on: how the encoder computes, its weights and its tokenizer."""
    variant = getattr(encoder, "variant", "")  # of the torch encoder: where its markers are, what it computes in
    digest = hashlib.sha256(f"{ARITHMETIC} {type(encoder).__name__} {variant}".encode())
    for name, tensor in sorted(encoder.tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        digest.update(np.ascontiguousarray(tensor).view(np.uint8).data)
    digest.update(encoder.tokenizer.to_str().encode())
    return digest.hexdigest()
