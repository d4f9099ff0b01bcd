"""Pair vectors of a dataset, encoded once for a model and kept in the cache folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from zslre.encoder import Encoder, FloatArray, encoder_digest, pair_vectors
from zslre.packing import Packer, Pair
from zslre.paths import keep_array
from zslre.types import Example, Sentence

SENTENCES_AT_ONCE = 512

Items = list[tuple[Sentence, list[Pair]]]


def encode_examples(
    encoder: Encoder,
    packer: Packer,
    examples: Sequence[Example],
    *,
    folder: Path | None = None,
    on_pairs: Callable[[int, int], None] = lambda done, of: None,
) -> FloatArray:
    """The vector of each example's pair, (n_examples, D); pairs of one text share a pass, a repeated pair is one.

    The vectors depend on texts and mentions alone, never on labels. With `folder` they are read from a file there, or
    written to it. `on_pairs` is told how many pairs are done, of how many.
    """
    items, rows = _items(examples)
    total = sum(len(pairs) for _, pairs in items)
    path = folder / f"{_digest(encoder, packer, items)}.npy" if folder is not None else None
    if path is not None and (kept := _read(path, (total, encoder.dim))) is not None:
        return kept[rows]
    parts, source, done = [np.zeros((0, encoder.dim), dtype=np.float32)], iter(items), 0
    while chunk := list(islice(source, SENTENCES_AT_ONCE)):
        parts.append(pair_vectors(encoder, packer, chunk))
        done += len(parts[-1])
        on_pairs(done, total)
    vectors = np.concatenate(parts)
    if path is not None:
        keep_array(vectors, path)
    return vectors[rows]


def _items(examples: Sequence[Example]) -> tuple[Items, list[int]]:
    """The distinct texts with their distinct pairs, and for each example the number of its pair among all pairs."""
    texts: dict[str, tuple[Sentence, dict[Pair, int]]] = {}
    places = []
    for example in examples:
        _, pairs = texts.setdefault(example.sentence.text, (example.sentence, {}))
        places.append((example.sentence.text, pairs.setdefault((example.head, example.tail), len(pairs))))
    first, number = dict[str, int](), 0
    for text, (_, pairs) in texts.items():
        first[text] = number
        number += len(pairs)
    items = [(sentence, list(pairs)) for sentence, pairs in texts.values()]
    return items, [first[text] + place for text, place in places]


def _digest(encoder: Encoder, packer: Packer, items: Items) -> str:
    """Of all that the vectors depend on: the encoder, the window, texts and spans."""
    digest = hashlib.sha256(f"{encoder_digest(encoder)} {packer.room}".encode())
    for sentence, pairs in items:
        spans = [(mention.start, mention.end) for pair in pairs for mention in pair]
        digest.update(json.dumps([sentence.text, spans]).encode())
    return digest.hexdigest()[:32]


def _read(path: Path, shape: tuple[int, int]) -> FloatArray | None:
    """What an earlier run wrote; None if it is not there, or is not what it should be."""
    try:
        vectors = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return vectors if vectors.shape == shape else None
