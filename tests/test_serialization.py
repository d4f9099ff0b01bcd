from __future__ import annotations

import errno
import json
import os
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import tiny
from safetensors.numpy import load_file, save_file

from zslre.context import FEATURES, ContextScorer
from zslre.encoder.quantization import quantize_state
from zslre.exceptions import ModelError
from zslre.extractor import RelationExtractor
from zslre.relations import Relation, RelationSet, SideInformation, Source
from zslre.scoring import Scorer
from zslre.serialization import FILES, FORMAT_VERSION, PLAIN_VERSION, load_model, read_config, save_model
from zslre.types import Triple

TEXT = "Ann lives in Rome and works for Acme"
EXAMPLES = [tiny.example("Bob was born in Oslo", "Bob", "Oslo", "founder")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(tmp_path / "model", tiny.model_files())
    return tmp_path / "model"


def predict(extractor: RelationExtractor) -> list[Triple]:
    return extractor.predict(TEXT, threshold=0.0, top_k=9, mentions=tiny.capitals(TEXT))


def edit_tensors(path: Path, **changes: np.ndarray | None) -> None:
    """As another program might have written them: nothing vouches for the folder's files then."""
    tiny.edit_config(path.parent, checksums={})
    tensors = {**load_file(path), **changes}
    save_file({name: value for name, value in tensors.items() if value is not None}, path)


def test_a_round_trip_predicts_the_same_and_keeps_support(tmp_path: Path) -> None:
    first = tiny.extractor().fit(EXAMPLES)
    first.save_pretrained(tmp_path / "model")
    second = RelationExtractor.from_pretrained(tmp_path / "model", threads=1)
    assert predict(second) == predict(first)
    assert second.relations == first.relations
    np.testing.assert_array_equal(second.support["founder"], first.support["founder"])
    assert second.support.keys() == {"founder"}
    assert predict(first) != predict(tiny.extractor())

    second.save_pretrained(tmp_path / "again")  # a second generation is the same, byte for byte but for the config
    for name in FILES:
        same = (tmp_path / "again" / name).read_bytes() == (tmp_path / "model" / name).read_bytes()
        assert same, name
    for name, value in load_file(tmp_path / "model" / "scorer.safetensors").items():
        assert value.shape == first.scorer.tensors()[name].shape, name  # single numbers stay single numbers
    more = [tiny.example("Dora was born in Lima", "Dora", "Lima", "founder")]
    assert predict(second.fit(more)) == predict(first.fit(more))


def test_other_relations_are_kept_too(tmp_path: Path) -> None:
    source = {"supplies": "sells parts to", "répond à": ""}
    tiny.extractor().with_relations(source).save_pretrained(tmp_path / "model")
    found = RelationExtractor.from_pretrained(tmp_path / "model", threads=1)
    assert found.relations.names == ("supplies", "répond à")
    assert {triple.relation for triple in predict(found)} == {"supplies", "répond à"}


def test_what_was_found_counts_as_much_after_a_round_trip(tmp_path: Path) -> None:
    source = Source("tail_hypernyms", "place", "wikidata", "2026-05-01", 1.0)
    built = Relation("supplies", side=SideInformation(tail_hypernyms=("place",)), sources=(source,))
    first = tiny.extractor().with_relations(RelationSet([built]))
    first.save_pretrained(tmp_path / "model")
    second = RelationExtractor.from_pretrained(tmp_path / "model", threads=1)
    np.testing.assert_array_equal(second.prototypes.shares, first.prototypes.shares)
    assert predict(second) == predict(first)


def test_eight_bit_weights_stay_eight_bit(tmp_path: Path) -> None:
    files = tiny.model_files()
    layers = [name.removesuffix(".weight") for name, tensor in files.encoder.items()
              if tensor.ndim == 2 and name.startswith("encoder.")]  # fmt: skip
    stored = quantize_state(files.encoder, dict.fromkeys(layers, (-6.0, 6.0)))
    files.encoder.clear()
    files.encoder.update(stored)
    save_model(tmp_path / "model", files)
    extractor = RelationExtractor.from_pretrained(tmp_path / "model", threads=1)
    extractor.save_pretrained(tmp_path / "again")
    tensors = load_file(tmp_path / "again" / "encoder.safetensors")
    assert tensors.keys() == stored.keys()
    for name, value in stored.items():
        assert tensors[name].dtype == value.dtype
        np.testing.assert_array_equal(tensors[name], value)


def test_a_folder_holds_these_files_and_no_pickle(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == set(FILES)
    for path in folder.iterdir():
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        else:
            assert path.suffix == ".safetensors"
            assert load_file(path)


def test_others_may_read_all_files_where_the_umask_lets_them(folder: Path) -> None:
    if os.name == "nt":
        pytest.skip("no permission bits")
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert set(modes.values()) == {modes["config.json"]}


def test_heads_that_cannot_share_the_hidden_size(folder: Path) -> None:
    tiny.edit_config(folder, encoder=read_config(folder)["encoder"] | {"num_attention_heads": 5})
    with pytest.raises(ModelError, match="5 heads cannot share a hidden size of 32"):
        RelationExtractor.from_pretrained(folder)


def test_loading_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model at .*nowhere"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(ModelError, match=r"config\.json cannot be read"):
        load_model(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        RelationExtractor.from_pretrained(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("keep", [0.0, 0.5])
def test_a_truncated_file_is_named(folder: Path, name: str, keep: float) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(keep * len(content))])
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        RelationExtractor.from_pretrained(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [b"\xff\xfe\x00binary", b'{"a": 1}', b"[]", b"null"])
def test_a_foreign_file_is_named(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        RelationExtractor.from_pretrained(folder)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".safetensors")])
def test_tensors_of_another_model_are_named(folder: Path, name: str) -> None:
    save_file({"other": np.zeros((2, 2), dtype=np.float32)}, folder / name)
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        RelationExtractor.from_pretrained(folder)


def test_a_newer_format_asks_for_an_upgrade(folder: Path) -> None:
    tiny.edit_config(folder, format_version=FORMAT_VERSION + 1)
    with pytest.raises(ModelError, match=rf"version {FORMAT_VERSION + 1}, this zslre reads 1 to {FORMAT_VERSION}.*-U"):
        read_config(folder)


@pytest.mark.parametrize("version", [None, "1", 1.5])
def test_a_version_that_is_none(folder: Path, version: object) -> None:
    tiny.edit_config(folder, format_version=version)
    with pytest.raises(ModelError, match=r"config\.json has format version"):
        load_model(folder)


def test_another_programs_config_is_foreign(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    with pytest.raises(ModelError, match=r"config\.json is not a zslre model's"):
        read_config(folder)


@pytest.mark.parametrize("changes", [{"threshold": None}, {"encoder": None}, {"encoder": {}}])
def test_a_config_without_what_is_needed(folder: Path, changes: dict[str, object]) -> None:
    tiny.edit_config(folder, **changes)
    with pytest.raises(ModelError, match=r"config\.json lacks what a model needs"):
        RelationExtractor.from_pretrained(folder)


@pytest.mark.parametrize(
    "changes",
    [
        *({"threshold": value} for value in (float("nan"), 7, -1, True, "0.5", "high")),
        {"encoder": []},
        {"pair_threshold": "x"},
        *({"verifier": value} for value in (True, "yes", {"first_weight": "a"}, {"first_weight": float("nan")})),
    ],
)
def test_a_config_of_odd_entries(folder: Path, changes: dict[str, object]) -> None:
    tiny.edit_config(folder, **changes)
    (name,) = changes
    with pytest.raises(ModelError, match=rf"config\.json has an entry that no model can run with \({name} is "):
        load_model(folder)


def test_a_verifier_that_is_null(folder: Path) -> None:
    config = read_config(folder) | {"verifier": None, "checksums": {}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match=r"verifier is None"):
        load_model(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("max_text_tokens", value) for value in (0, -5, 3, "24", True)),
        *(("num_attention_heads", value) for value in (0, -4, "4")),
        *(("num_hidden_layers", value) for value in (0, -1, "2")),
        *(("marker_ids", value) for value in (None, 5, [], [1], [None] * 4, [-1] * 4)),
        *(("layer_norm_eps", value) for value in ("x", -1.0, float("nan"))),
        *(("hidden_size", value) for value in (0, "32")),
        ("dim", "32"),
        ("architecture", ["bert"]),
    ],
)
def test_an_encoder_of_odd_entries(folder: Path, name: str, value: object) -> None:
    tiny.edit_config(folder, encoder=read_config(folder)["encoder"] | {name: value})
    fault = "lacks what a model needs" if value is None else "has an entry that no model can run with"
    with pytest.raises(ModelError, match=rf"config\.json {fault} \(encoder\.\w+ is "):
        load_model(folder)


@pytest.mark.parametrize("hf_config", ["x", {}, {"model_type": 3}, {"model_type": "nonsense"}])
def test_an_encoder_that_transformers_does_not_know(folder: Path, hf_config: object) -> None:
    pytest.importorskip("transformers", reason="other architectures need it")
    other = {"architecture": "transformers", "hf_config": hf_config}
    tiny.edit_config(folder, encoder=read_config(folder)["encoder"] | other)
    with pytest.raises(ModelError, match=r"config\.json"):
        RelationExtractor.from_pretrained(folder)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a": ' + "9" * 5000 + "}"])
def test_a_config_beyond_what_is_read(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"config\.json is not JSON"):
        load_model(folder)


@pytest.mark.parametrize("name", [field.name for field in fields(Scorer)])
def test_scorer_tensors_that_do_not_fit_each_other(folder: Path, name: str) -> None:
    edit_tensors(folder / "scorer.safetensors", **{name: np.zeros((3, 2), dtype=np.float32)})
    with pytest.raises(ModelError, match=r"scorer\.safetensors: scorer tensors"):
        load_model(folder)


def test_a_scorer_for_other_vectors(folder: Path) -> None:
    tiny.edit_config(folder, encoder=read_config(folder)["encoder"] | {"dim": 48})
    with pytest.raises(ModelError, match=r"scorer\.safetensors is for vectors of 32"):
        load_model(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"support.0": np.zeros((2, 7), dtype=np.float32)},
        {"support.0": np.zeros(32, dtype=np.float32)},
        {"support.-1": np.zeros((2, 32), dtype=np.float32)},
        {"present": np.zeros((4, 4), dtype=np.float32)},
        {"present": -np.ones((4, 4), dtype=np.float32)},
    ],
)
def test_prototypes_that_cannot_be_compared(folder: Path, changes: dict[str, np.ndarray]) -> None:
    edit_tensors(folder / "prototypes.safetensors", **changes)
    with pytest.raises(ModelError, match=r"prototypes\.safetensors"):
        load_model(folder)


def test_a_tokenizer_that_puts_nothing_around_a_text(folder: Path) -> None:
    tiny.edit_config(folder, checksums={})
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"post_processor": None}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"tokenizer\.json is damaged \(it does not put"):
        load_model(folder)


def test_a_context_of_scalars(folder: Path) -> None:
    tiny.edit_config(folder, checksums={}, context={"features": list(FEATURES)})
    scalars = {field.name: np.zeros((), dtype=np.float32) for field in fields(ContextScorer)}
    save_file(scalars, folder / "context.safetensors")
    with pytest.raises(ModelError, match=r"context\.safetensors does not fit the model"):
        load_model(folder)


def test_a_file_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> str:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr("zslre.serialization.sha256", denied)
    with pytest.raises(ModelError, match=r"encoder\.safetensors cannot be read \(.*: check its permissions"):
        load_model(folder)


def test_prototypes_of_another_relation_set(folder: Path) -> None:
    tiny.edit_config(folder, checksums={})
    RelationSet.of(["supplies", "P26"]).to_file(folder / "relations.json")
    with pytest.raises(ModelError, match=r"prototypes\.safetensors holds prototypes \(4, 56\), but \(2, 56\) fits"):
        load_model(folder)


def test_prototypes_of_another_width(folder: Path) -> None:
    edit_tensors(folder / "prototypes.safetensors", vectors=np.zeros((4, 9), dtype=np.float32))
    with pytest.raises(ModelError, match=r"prototypes\.safetensors"):
        load_model(folder)


def test_marks_of_another_relation_set(folder: Path) -> None:
    edit_tensors(folder / "prototypes.safetensors", present=np.ones((3, 4), dtype=np.float32))
    with pytest.raises(ModelError, match=r"holds marks of what is present \(3, 4\), but \(4, 4\) fits"):
        load_model(folder)


@pytest.mark.parametrize("key", ["support.99", "support.first", "extra"])
def test_support_of_an_unknown_relation(folder: Path, key: str) -> None:
    edit_tensors(folder / "prototypes.safetensors", **{key: np.zeros((1, tiny.H), dtype=np.float32)})
    with pytest.raises(ModelError, match=r"prototypes\.safetensors does not fit"):
        load_model(folder)


def test_a_tensor_that_lacks_is_named_with_its_file(folder: Path) -> None:
    edit_tensors(folder / "encoder.safetensors", **{"pair.query.weight": None})
    with pytest.raises(ModelError, match=r"encoder\.safetensors.*pair\.query\.weight"):
        RelationExtractor.from_pretrained(folder)


def test_saving_replaces_a_model_but_nothing_else(folder: Path, tmp_path: Path) -> None:
    (folder / "README.md").write_text("card", encoding="utf-8")
    tiny.extractor().with_relations(["supplies"]).save_pretrained(folder)
    assert load_model(folder).relations.names == ("supplies",)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]  # nothing half-written is left

    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ModelError, match="holds other files"):
        tiny.extractor().save_pretrained(folder)
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(ModelError, match="file is a file, and a model is a folder"):
        tiny.extractor().save_pretrained(tmp_path / "file")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["README.md", "config.json", "tokenizer.json"])
def test_a_folder_that_is_no_model_is_not_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / name).write_text('{"mine": true}', encoding="utf-8")
    with pytest.raises(ModelError, match="holds other files"):
        save_model(tmp_path / "project", tiny.model_files())
    assert (tmp_path / "project" / name).read_text(encoding="utf-8") == '{"mine": true}'
    (tmp_path / "project" / name).unlink()
    save_model(tmp_path / "project", tiny.model_files())
    assert load_model(tmp_path / "project").config["name"] == "tiny"


def test_what_lies_beside_a_model_stays(tmp_path: Path) -> None:
    (tmp_path / "one.partial").mkdir()
    (tmp_path / "one.partial" / "thesis.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "two.partial").write_text("mine", encoding="utf-8")
    for name in ("one", "two"):
        save_model(tmp_path / name, tiny.model_files())
    assert (tmp_path / "one.partial" / "thesis.txt").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "two.partial").read_text(encoding="utf-8") == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two", "one.partial", "two.partial"}


def test_a_full_disk_leaves_the_old_model_and_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("zslre.serialization.sha256", full)
    with pytest.raises(ModelError, match=r"model cannot be written .*: make room"):
        save_model(folder, tiny.model_files(RelationSet.of(["supplies"])))
    monkeypatch.undo()
    assert [path.name for path in folder.parent.iterdir()] == ["model"]
    assert load_model(folder).relations == tiny.RELATIONS


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError(errno.EACCES, "no", "model")])
@pytest.mark.parametrize("at", [1, 2])
def test_a_stop_while_a_model_is_replaced_leaves_the_old_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stop: BaseException, at: int
) -> None:
    rename, calls = Path.rename, list[Path]()

    def stopped(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == at:
            raise stop
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(KeyboardInterrupt if isinstance(stop, KeyboardInterrupt) else ModelError):
        save_model(folder, tiny.model_files(RelationSet.of(["supplies"])))
    assert [path.name for path in folder.parent.iterdir()] == ["model"]
    assert load_model(folder).relations == tiny.RELATIONS


@pytest.mark.parametrize("second", [KeyboardInterrupt(), OSError(errno.EACCES, "no", "model")])
def test_an_old_model_that_cannot_be_put_back_is_not_deleted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, second: BaseException
) -> None:
    rename, faults = Path.rename, [None, OSError(errno.EACCES, "no", "model"), second]

    def failing(self: Path, target: Path) -> Path:
        if fault := faults.pop(0):
            raise fault
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises((KeyboardInterrupt, ModelError)) as raised:
        save_model(folder, tiny.model_files(RelationSet.of(["supplies"])))
    (work,) = folder.parent.iterdir()
    assert load_model(work / "old").relations == tiny.RELATIONS
    if isinstance(raised.value, ModelError):
        assert str(raised.value).endswith(f"; the model that was there is in {work / 'old'}")


def test_a_write_that_fails_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def large(path: Path, content: bytes) -> int:
        if path.name == "relations.json":
            raise OSError(errno.EFBIG, "File too large")
        return path.open("wb").write(content)

    monkeypatch.setattr(Path, "write_bytes", large)
    with pytest.raises(ModelError, match=r"/model cannot be written \(File too large\): make room"):
        save_model(tmp_path / "model", tiny.model_files())


def test_numbers_that_are_not_finite_are_neither_saved_nor_read(folder: Path) -> None:
    for name in ("scorer.safetensors", "prototypes.safetensors", "encoder.safetensors"):
        before = load_file(folder / name)
        key = next(key for key, value in before.items() if value.ndim == 2 or key == "pair_views")
        edit_tensors(folder / name, **{key: np.full_like(before[key], np.nan)})
        with pytest.raises(ModelError, match=rf"{name}: {key} has numbers that are not finite"):
            load_model(folder)
        edit_tensors(folder / name, **before)
    load_model(folder)

    broken = tiny.model_files()
    broken.prototypes.vectors[0, 0] = np.inf
    with pytest.raises(ModelError, match=r"vectors of prototypes\.safetensors .* not finite.*learning rate"):
        save_model(folder, broken)
    assert load_model(folder).relations == tiny.RELATIONS


def test_saving_makes_parents_and_knows_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_model(tmp_path / "a" / "b" / "model", tiny.model_files())
    monkeypatch.chdir(tmp_path / "a" / "b" / "model")
    save_model(".", tiny.model_files(RelationSet.of(["supplies"])))
    os.chdir(tmp_path)
    assert load_model(tmp_path / "a" / "b" / "model").relations.names == ("supplies",)


def test_an_old_stamp_is_renewed(tmp_path: Path) -> None:
    files = tiny.model_files()
    files.config.update({"format": "older", "format_version": 0})
    save_model(tmp_path / "model", files)
    assert read_config(tmp_path / "model")["format_version"] == PLAIN_VERSION
    assert load_model(tmp_path / "model").config["name"] == "tiny"


def test_support_of_relations_that_are_gone_is_not_written(tmp_path: Path) -> None:
    extractor = tiny.extractor().fit(EXAMPLES)
    files = tiny.model_files(RelationSet.of(["supplies"]))
    save_model(tmp_path / "model", type(files)(**{**{name: getattr(files, name) for name in files.__slots__},
                                                  "support": extractor.support}))  # fmt: skip
    assert load_model(tmp_path / "model").support == {}
