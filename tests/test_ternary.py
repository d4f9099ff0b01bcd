"""Models with packed ternary weights: their folder, what the runtime makes of it, and that damage is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from safetensors.numpy import load_file, save_file

from zslre.encoder import pair_vectors
from zslre.encoder.quantization import dequantize_rows, quantize_rows, restore_state
from zslre.encoder.runtime import RuntimeEncoder
from zslre.encoder.ternary import TernaryEncoder, pack_state, unpack_state
from zslre.encoder.trits import ternarize_rows, ternarize_rows_loss_aware
from zslre.exceptions import ModelError
from zslre.extractor import RelationExtractor
from zslre.packing import Packer
from zslre.serialization import FILES, load_model, read_config, save_model

TEXT = "Ann lives in Rome and works for Acme"
WORDS = "embeddings.word_embeddings.weight"
DENSE = "encoder.layer.0.output.dense.weight"
HEAD = "pair.projection.weight"
Tensors = dict[str, np.ndarray]


def layout() -> Tensors:
    """The tiny encoder in the int8 layout, ternary but for positions and token types.

    `DENSE` has two trits, and of the words the first eight; `HEAD` has three.
    """
    stored: Tensors = {}
    for name, tensor in tiny.encoder_tensors().items():
        if tensor.ndim != 2:
            stored[name] = tensor
            continue
        ternary = name == WORDS or not name.startswith("embeddings.")
        stored[name], stored[name + "_scale"] = (ternarize_rows if ternary else quantize_rows)(tensor)
        if name in (DENSE, WORDS):
            rows = slice(8 if name == WORDS else None)
            stored[name] *= 3
            stored[name][rows], _ = ternarize_rows_loss_aware(tensor[rows], np.ones_like(tensor[rows]), trits=2)
        if name == HEAD:
            stored[name], stored[name + "_scale"] = ternarize_rows_loss_aware(tensor, np.ones_like(tensor), trits=3)
        if not name.startswith("embeddings."):
            stored[name.removesuffix(".weight") + ".input_range"] = np.float32([-6.0, 6.0])
    return stored


@pytest.fixture(scope="module")
def packed() -> Tensors:
    return pack_state(layout())


@pytest.fixture
def folder(tmp_path: Path, packed: Tensors) -> Path:
    files = tiny.model_files()
    files.encoder.clear()
    files.encoder.update(packed)
    save_model(tmp_path / "model", files)
    return tmp_path / "model"


def test_packing_a_state_is_exact_and_small(packed: Tensors) -> None:
    stored = layout()
    restored = unpack_state(packed)
    assert restored.keys() == stored.keys()
    for name, tensor in stored.items():
        assert restored[name].dtype == tensor.dtype
        np.testing.assert_array_equal(restored[name], tensor)
    assert packed[DENSE].shape == (tiny.H, -(-tiny.INNER // 5))
    assert packed[DENSE].dtype == np.uint8
    assert packed[DENSE + "_second"].shape == packed[DENSE].shape
    assert packed[WORDS + "_second"].shape == (8, packed[WORDS].shape[1])
    assert "encoder.layer.0.intermediate.dense.weight_second" not in packed
    assert packed[HEAD + "_third"].shape == packed[HEAD + "_second"].shape == packed[HEAD].shape
    assert DENSE + "_third" not in packed
    assert packed["embeddings.position_embeddings.weight"].dtype == np.int8  # it holds more than -1, 0 and 1


def test_restoring_floats(packed: Tensors) -> None:
    stored = layout()
    floats = restore_state(unpack_state(packed))
    assert floats.keys() == tiny.encoder_tensors().keys()
    np.testing.assert_array_equal(floats[DENSE], dequantize_rows(stored[DENSE], stored[DENSE + "_scale"]))
    np.testing.assert_array_equal(floats["pair.projection.bias"], tiny.encoder_tensors()["pair.projection.bias"])


def test_the_runtime_runs_packed_weights_as_it_runs_int8_and_stores_them_again(packed: Tensors) -> None:
    sentence = tiny.CapitalDetector().detect([tiny.Sentence(TEXT)])[0]
    pairs = [(a, b) for a in sentence.mentions for b in sentence.mentions if a != b]
    encoders = [
        TernaryEncoder(packed, tiny.encoder_settings(), tiny.tokenizer(), threads=1),
        RuntimeEncoder(layout(), tiny.encoder_settings(), tiny.tokenizer(), threads=1),
    ]
    found, expected = (pair_vectors(e, Packer(e.tokenizer), [(sentence, pairs)]) for e in encoders)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(*(e.encode_phrases(["lives in", "works for"]) for e in encoders))
    assert encoders[0].tensors is packed


def test_a_tagger_is_trained_on_the_states_of_packed_weights(packed: Tensors) -> None:
    tagging = pytest.importorskip("zslre.training.builtin.tagging", reason="training needs torch")
    model = tiny.model_files()
    row = model.tokenizer.encode(TEXT, add_special_tokens=False).ids
    found, expected = (
        next(tagging.text_states(replace(model, encoder=encoder), [row], (0, 2), threads=1))
        for encoder in (packed, layout())
    )
    assert found[0] == expected[0] == 0
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        (DENSE + "_columns", None, "lacks the number of its columns"),
        (DENSE + "_columns", np.array([64.0]), "lacks the number of its columns"),
        (DENSE + "_columns", np.array([66], dtype=np.int32), "13 bytes a row cannot hold 66 trits"),
        (DENSE + "_scale", None, "lacks a scale for each row"),
        (DENSE + "_scale", np.ones(3, dtype=np.float32), "lacks a scale for each row"),
        (DENSE, np.full((tiny.H, 13), 250, dtype=np.uint8), "byte 250 stands for no trits"),
        (DENSE, np.zeros(13, dtype=np.uint8), "lacks a scale for each row"),
        (DENSE + "_second", np.full((tiny.H, 13), 250, dtype=np.uint8), "byte 250 stands for no trits"),
        (DENSE + "_second", np.zeros((tiny.H + 1, 13), dtype=np.uint8), "33 rows of lower trits for 32 rows"),
        (DENSE + "_second", np.zeros((0, 13), dtype=np.uint8), "0 rows of lower trits"),
        (DENSE + "_second", np.zeros((tiny.H, 12), dtype=np.uint8), "12 bytes a row cannot hold"),
    ],
)
def test_a_packed_tensor_that_is_none_is_named(
    packed: Tensors, name: str, tensor: np.ndarray | None, message: str
) -> None:
    broken = {key: value for key, value in {**packed, name: tensor}.items() if value is not None}
    with pytest.raises(ModelError, match=rf"packed tensor '{DENSE}'.*{message}"):
        unpack_state(broken)


def test_third_trits_without_second_ones(packed: Tensors) -> None:
    broken = {name.replace(DENSE + "_second", DENSE + "_third"): tensor for name, tensor in packed.items()}
    with pytest.raises(ModelError, match=rf"'{DENSE}' has third trits and no second ones"):
        unpack_state(broken)


def test_a_folder_of_packed_weights(folder: Path, tmp_path: Path, packed: Tensors) -> None:
    config = read_config(folder)
    assert config["format_version"] == 2
    assert set(config["checksums"]) == set(FILES)
    extractor = RelationExtractor.from_pretrained(folder, threads=1)
    assert isinstance(extractor.encoder, TernaryEncoder)
    mentions = tiny.capitals(TEXT)
    triples = extractor.predict(TEXT, threshold=0.0, mentions=mentions)
    assert triples
    extractor.save_pretrained(tmp_path / "again")
    again = load_file(tmp_path / "again" / "encoder.safetensors")
    assert again.keys() == packed.keys()
    for name, tensor in packed.items():
        np.testing.assert_array_equal(again[name], tensor)
    assert RelationExtractor.from_pretrained(tmp_path / "again").predict(TEXT, threshold=0.0, mentions=mentions) == (
        triples
    )


def test_models_in_floats_stay_readable_by_earlier_versions(tmp_path: Path) -> None:
    save_model(tmp_path / "model", tiny.model_files())
    assert read_config(tmp_path / "model")["format_version"] == 1
    tiny.edit_config(tmp_path / "model", checksums=None)  # as earlier versions wrote it
    load_model(tmp_path / "model")


@pytest.mark.parametrize("name", [name for name in FILES if name != "config.json"])
def test_one_flipped_bit_anywhere_is_refused(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    for place in np.random.default_rng(0).integers(len(content), size=12):
        damaged = content.copy()
        damaged[place] ^= 1 << int(place) % 8
        (folder / name).write_bytes(damaged)
        with pytest.raises(ModelError, match=rf"{name} is damaged or not this model's"):
            RelationExtractor.from_pretrained(folder)


@pytest.mark.parametrize("bit", range(8))
def test_one_flipped_bit_of_the_config_is_refused_or_says_the_same(folder: Path, bit: int) -> None:
    path = folder / "config.json"
    content, config = bytearray(path.read_bytes()), read_config(folder)
    refused = 0
    for place in range(0, len(content), 7):
        damaged = content.copy()
        damaged[place] ^= 1 << bit
        path.write_bytes(damaged)
        try:
            assert load_model(folder).config == config
        except ModelError:
            refused += 1
    assert refused > len(content) / 8


def test_a_config_that_was_changed_is_refused(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"threshold": 0.5', '"threshold": 0.4'), encoding="utf-8")
    with pytest.raises(ModelError, match=r"config\.json is damaged or was changed \(its checksum differs\)"):
        read_config(folder)


def test_a_truncated_or_longer_file_is_refused(folder: Path) -> None:
    path = folder / "encoder.safetensors"
    content = path.read_bytes()
    for changed in (content[:-1], content[: len(content) // 2], b"", content + b"\x00"):
        path.write_bytes(changed)
        with pytest.raises(ModelError, match=r"encoder\.safetensors is damaged"):
            RelationExtractor.from_pretrained(folder)


@pytest.mark.parametrize(
    "changes", [{"checksums": None}, {"checksums": {}}, {"checksums": []}, {"checksums": {"encoder.safetensors": "0"}}]
)
def test_packed_weights_without_checksums_are_refused(folder: Path, changes: dict[str, Any]) -> None:
    tiny.edit_config(folder, **changes)
    with pytest.raises(ModelError, match=r"config\.json lacks the checksums"):
        load_model(folder)


def test_the_wrong_version_is_refused(folder: Path) -> None:
    tiny.edit_config(folder, format_version=1, checksums={})
    with pytest.raises(ModelError, match=r"config\.json is not that of packed weights"):
        load_model(folder)
    for version in (-1, 0, 3):
        tiny.edit_config(folder, format_version=version)
        with pytest.raises(ModelError, match=f"version {version}, this zslre reads 1 to 2"):
            load_model(folder)


def test_weights_of_another_model_are_refused(folder: Path, packed: Tensors) -> None:
    other = {name: np.roll(tensor, 1) if name == DENSE else tensor for name, tensor in packed.items()}
    save_file(other, folder / "encoder.safetensors")
    with pytest.raises(ModelError, match=r"encoder\.safetensors is damaged or not this model's"):
        load_model(folder)
