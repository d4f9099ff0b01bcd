"""A slimmer encoder gives the same vectors."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tiny

from zslre.encoder import pair_vectors
from zslre.encoder.runtime import RuntimeEncoder
from zslre.packing import Packer, plain_tokenizer
from zslre.training.slim import POSITIONS, WORDS, slim
from zslre.types import Sentence


def test_reserved_tokens_and_far_positions_go_and_vectors_stay() -> None:
    tensors, settings = tiny.encoder_tensors(), tiny.encoder_settings()
    spec = json.loads(tiny.tokenizer().to_str())
    vocabulary = spec["model"]["vocab"]
    # "rome" and "oslo" change places with two reserved tokens, as if the vocabulary had had these all along.
    freed = [vocabulary.pop("##q"), vocabulary.pop("##x")]
    vocabulary |= {"[unused1]": freed[0], "[unused2]": freed[1]}
    spec["model"]["vocab"] = vocabulary
    wide = plain_tokenizer(json.dumps(spec))
    smaller, tokenizer = slim(tensors, wide, max_tokens=tiny.WINDOW)
    assert len(smaller[WORDS]) == len(tensors[WORDS]) - 2
    assert len(smaller[POSITIONS]) == tiny.WINDOW
    assert tokenizer.token_to_id("[unused1]") is None

    text = "Ann lives in Oslo and works for Zeta"
    items = [(Sentence(text), [tuple(tiny.capitals(text)[:2])])]
    before = RuntimeEncoder(tensors, settings, wide, threads=1)
    markers = [tokenizer.token_to_id(marker) for marker in tiny.MARKERS]
    after = RuntimeEncoder(smaller, {**settings, "marker_ids": markers}, tokenizer, threads=1)
    one, other = (
        pair_vectors(encoder, Packer(encoder.tokenizer, max_text_tokens=tiny.WINDOW), items)  # type: ignore[arg-type]
        for encoder in (before, after)
    )
    assert one == pytest.approx(other, abs=1e-5)
    assert np.allclose(before.encode_phrases(["acme corp"]), after.encode_phrases(["acme corp"]), atol=1e-5)


def test_the_most_frequent_tokens_come_first_and_vectors_stay() -> None:
    tensors, settings, wide = tiny.encoder_tensors(), tiny.encoder_settings(), tiny.tokenizer()
    counts = np.zeros(wide.get_vocab_size(), dtype=np.int64)
    often = [wide.token_to_id(token) for token in (tiny.MARKERS[2], "rome", "ann")]
    counts[often] = 9, 5, 5
    sorted_tensors, tokenizer = slim(tensors, wide, max_tokens=tiny.WINDOW, counts=counts)
    assert tokenizer.get_vocab_size() == wide.get_vocab_size()
    assert tokenizer.id_to_token(0) == wide.id_to_token(0)
    first = [tokenizer.id_to_token(number) for number in range(1, 4)]
    assert first == [tiny.MARKERS[2], *sorted(("rome", "ann"), key=wide.token_to_id)]

    text = f"Ann lives in Rome {tiny.MARKERS[2]} and [ works for Zeta"
    assert tokenizer.encode(text).tokens == wide.encode(text).tokens
    items = [(Sentence(text), [tuple(tiny.capitals(text)[:2])])]
    markers = [tokenizer.token_to_id(marker) for marker in tiny.MARKERS]
    before = RuntimeEncoder(tensors, settings, wide, threads=1)
    after = RuntimeEncoder(sorted_tensors, {**settings, "marker_ids": markers}, tokenizer, threads=1)
    one, other = (
        pair_vectors(encoder, Packer(encoder.tokenizer, max_text_tokens=tiny.WINDOW), items)  # type: ignore[arg-type]
        for encoder in (before, after)
    )
    assert one == pytest.approx(other, abs=1e-5)
