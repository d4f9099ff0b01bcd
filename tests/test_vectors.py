"""Vectors of examples: encoded once, kept, and blind to labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny

from zslre.encoder import pair_vectors
from zslre.evaluation.vectors import encode_examples
from zslre.extractor import RelationExtractor
from zslre.types import Example

EXAMPLES = [
    tiny.example("Ann lives in Rome", "Ann", "Rome", "residence"),
    tiny.example("Bob works for Acme in Oslo", "Bob", "Acme", "employer"),
    tiny.example("Ann lives in Rome", "Rome", "Ann", None),
    tiny.example("Bob works for Acme in Oslo", "Acme", "Oslo", "residence"),
    tiny.example("Bob works for Acme in Oslo", "Bob", "Acme", "founder"),
]


@pytest.fixture(scope="module")
def model() -> RelationExtractor:
    return tiny.extractor()


def encode(model: RelationExtractor, examples: Sequence[Example], **options: object) -> np.ndarray:
    return encode_examples(model.encoder, model.packer, examples, **options)  # type: ignore[arg-type]


def test_each_example_gets_the_vector_of_its_pair(model: RelationExtractor) -> None:
    expected = [pair_vectors(model.encoder, model.packer, [(e.sentence, [(e.head, e.tail)])])[0] for e in EXAMPLES]
    np.testing.assert_allclose(encode(model, EXAMPLES), expected, atol=1e-5)


def test_labels_change_nothing(model: RelationExtractor) -> None:
    relabelled = [replace(example, relation="spouse") for example in EXAMPLES]
    np.testing.assert_array_equal(encode(model, relabelled), encode(model, EXAMPLES))


def test_a_cache_that_cannot_be_written_costs_nothing(model: RelationExtractor, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = encode(model, EXAMPLES, folder=tmp_path / "file" / "folder")
    np.testing.assert_array_equal(found, encode(model, EXAMPLES))


def test_no_examples_have_no_vectors(model: RelationExtractor) -> None:
    assert encode(model, []).shape == (0, tiny.H)


def test_progress_counts_distinct_pairs(model: RelationExtractor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zslre.evaluation.vectors.SENTENCES_AT_ONCE", 1)
    told: list[tuple[int, int]] = []
    whole = encode(model, EXAMPLES, on_pairs=lambda *state: told.append(state))
    assert told == [(2, 4), (4, 4)]
    monkeypatch.setattr("zslre.evaluation.vectors.SENTENCES_AT_ONCE", 99)
    np.testing.assert_allclose(whole, encode(model, EXAMPLES), atol=1e-5)


def test_what_was_encoded_is_read_again(
    model: RelationExtractor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = encode(model, EXAMPLES, folder=tmp_path / "vectors")
    (kept,) = (tmp_path / "vectors").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr("zslre.evaluation.vectors.pair_vectors", None)  # would fail if called
        np.testing.assert_array_equal(encode(model, EXAMPLES, folder=tmp_path / "vectors"), first)
        np.testing.assert_array_equal(  # another order of labels is the same question
            encode(model, [replace(e, relation=None) for e in EXAMPLES], folder=tmp_path / "vectors"), first
        )
    kept.write_bytes(kept.read_bytes()[:100])  # a damaged file is written anew
    np.testing.assert_array_equal(encode(model, EXAMPLES, folder=tmp_path / "vectors"), first)


def test_other_models_and_texts_have_files_of_their_own(model: RelationExtractor, tmp_path: Path) -> None:
    encode(model, EXAMPLES, folder=tmp_path)
    encode(model, EXAMPLES[:2], folder=tmp_path)
    encode(model, [replace(EXAMPLES[0], head=EXAMPLES[0].tail, tail=EXAMPLES[0].head), *EXAMPLES[1:2]], folder=tmp_path)
    encode(tiny.extractor(seed=5), EXAMPLES, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_where_markers_stand_is_part_of_the_question(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="markers in the text need torch")
    encoder, packer = tiny.torch_encoder(), tiny.extractor().packer
    levitated = encode_examples(encoder, packer, EXAMPLES, folder=tmp_path)
    encoder.module.in_text = True
    assert np.abs(encode_examples(encoder, packer, EXAMPLES, folder=tmp_path) - levitated).max() > 0.01
