"""Unit vectors of phrases, each encoded once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from zslre.encoder import FloatArray, PhraseEncoder, encoder_digest
from zslre.paths import cache_dir, keep_array
from zslre.scoring import unit


class PhraseVectors:
    """Phrases → unit vectors (n, D), kept in memory."""

    def __init__(self, encoder: PhraseEncoder) -> None:
        self.encoder = encoder
        self._known: dict[str, FloatArray] = {}

    def __call__(self, phrases: Sequence[str]) -> FloatArray:
        new = [phrase for phrase in dict.fromkeys(phrases) if phrase not in self._known]
        if new:
            self._known.update(zip(new, unit(self.encoder.encode_phrases(new)), strict=True))
        return np.stack([self._known[p] for p in phrases]) if phrases else np.zeros((0, self.encoder.dim), np.float32)

    def kept_on_disk(self, phrases: Sequence[str]) -> FloatArray:
        """The same for a long, fixed list: computed once a model, then read from the cache folder."""
        asked = "\n".join([encoder_digest(self.encoder), *phrases])
        path = cache_dir() / "phrases" / f"{hashlib.sha256(asked.encode()).hexdigest()[:32]}.npy"
        try:
            vectors = np.load(path).astype(np.float32)
        except (OSError, ValueError, EOFError):  # not there yet, or cut short
            halved = self(phrases).astype(np.float16)
            keep_array(halved, path)
            vectors = halved.astype(np.float32)  # as the next run will read them
        self._known.update(zip(phrases, vectors, strict=True))
        return vectors
