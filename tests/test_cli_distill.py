"""`zslre distill`, on the tiny model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from safetensors.numpy import load_file

from zslre.cli import main
from zslre.extractor import RelationExtractor
from zslre.serialization import load_model, read_config, save_model

pytest.importorskip("torch", reason="distillation needs torch")

TEXT = "Ann lives in Rome."


@pytest.fixture(autouse=True)
def capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    """No spaCy pipeline is loaded, and little is shown."""
    monkeypatch.setattr("zslre.mentions.load_detector", tiny.CapitalDetector)
    monkeypatch.setattr("zslre.training.nearby.ENTRIES", 50)
    monkeypatch.setattr("zslre.training.start.EPISODES_SHOWN", 4)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = tiny.model_files()
    files.config.update(
        base_encoder="tiny-base",
        trained_relations=["spouse"],
        data=["teacher.jsonl"],
        held_out={"test": ["mother"]},
        training={},
        seed=0,
        scores={},
    )
    folder = tmp_path_factory.mktemp("teacher") / "model"
    save_model(folder, files)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lines = []
    for person in ("Ann", "Bob", "Carl", "Dora"):
        for text, tail, relation in (
            (f"{person} lives in Rome", "Rome", "residence"),
            (f"{person} works for Acme", "Acme", "employer"),
            (f"{person} founded Zeta", "Zeta", "founder"),
        ):
            head, end = (text.index(person), len(person)), text.index(tail)
            spans = {"head": [head[0], head[0] + head[1]], "tail": [end, end + len(tail)]}
            lines.append(json.dumps({"text": text, **spans, "relation": relation}))
    path = tmp_path_factory.mktemp("data") / "examples.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def distill(teacher: Path, data: Path, output: Path, *options: str) -> int:
    command = ["distill", str(teacher), str(data), "-o", str(output), "--threads", "1", "--no-bf16"]
    return main([*command, "--steps", "2", "--layer-steps", "2", "--eval-every", "1", *options])


def weights(folder: Path) -> dict[str, np.ndarray]:
    return load_file(folder / "encoder.safetensors")


def differ(one: Path, other: Path) -> bool:
    first, second = weights(one), weights(other)
    return first.keys() != second.keys() or any(not np.array_equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def plain(teacher: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zslre.mentions.load_detector", tiny.CapitalDetector)
        patch.setattr("zslre.training.start.EPISODES_SHOWN", 4)
        patch.setattr("zslre.training.nearby.ENTRIES", 50)
        output = tmp_path_factory.mktemp("plain") / "student"
        assert distill(teacher, data, output, "-q") == 0
    return output


def test_distill_writes_a_ternary_model_that_predicts(plain: Path, teacher: Path) -> None:
    config = read_config(plain)
    assert config["format_version"] == 2
    assert config["distillation"] == {
        "teacher": "tiny", "teacher_layers": 2, "teacher_dim": 32, "layers": 2, "dim": 32, "bits": "ternary"
    }  # fmt: skip
    assert config["trained_relations"] == ["employer", "founder", "residence", "spouse"]
    assert config["held_out"] == {"test": ["mother"], "checkpoint": []}
    assert config["data"] == ["teacher.jsonl", "examples.jsonl"]
    assert config["threshold"] == read_config(teacher)["threshold"]
    np.testing.assert_array_equal(load_model(plain).scorer.calibration, load_model(teacher).scorer.calibration)
    assert weights(plain)["encoder.layer.0.output.dense.weight"].dtype == np.uint8
    assert not plain.with_name("student.training").exists()
    # Sorted by frequency: markers stand in every pair, and in the teacher's vocabulary they come last.
    own, before = (load_model(folder).tokenizer.get_vocab() for folder in (plain, teacher))
    assert max(own[marker] for marker in tiny.MARKERS) < len(own) / 2 < min(before[marker] for marker in tiny.MARKERS)
    assert own["[PAD]"] == 0
    card = (plain / "README.md").read_text(encoding="utf-8")
    assert "Distilled from tiny (2 layers of 32 dimensions) into 2 layers of 32." in card
    assert "hold -1, 0 and 1" in card
    extractor = RelationExtractor.from_pretrained(plain)
    assert extractor.predict(TEXT, threshold=0.0, mentions=tiny.capitals(TEXT))


@pytest.mark.parametrize(
    "options",
    [
        ["--bits", "8"],
        ["--bits", "32"],
        ["--layers", "1"],
        ["--steps", "1"],
        ["--steps", "0"],
        ["--layer-steps", "0"],
        ["--learning-rate", "0.05"],
        ["--seed", "1"],
        ["--hold-out", "2"],
    ],
)
def test_options_change_the_model(plain: Path, teacher: Path, data: Path, tmp_path: Path, options: list[str]) -> None:
    assert distill(teacher, data, tmp_path / "other", "-q", *options) == 0
    assert differ(plain, tmp_path / "other")


@pytest.mark.parametrize(("options", "steps"), [([], 0), (["--layers", "1"], 2000), (["--bits", "8"], 2000)])
def test_steps_by_default(
    teacher: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], steps: int
) -> None:
    """None for a student whose layers are tuned to be the teacher's."""
    taken: list[int] = []

    def distill_model(*args: Any, **_: Any) -> None:
        taken.append(args[4].steps)

    monkeypatch.setattr("zslre.training.distilled.distill_model", distill_model)
    assert main(["distill", str(teacher), str(data), "-o", str(tmp_path / "student"), "-q", *options]) == 0
    assert taken == [steps]


def test_text_base_and_relations_change_the_model(plain: Path, teacher: Path, data: Path, tmp_path: Path) -> None:
    text, schema = tmp_path / "more.txt", tmp_path / "schema.json"
    text.write_text("Bob met Dora in Oslo. Carl was born in Lima.", encoding="utf-8")
    tiny.RELATIONS.to_file(schema)
    save_model(tmp_path / "base", tiny.model_files(seed=9))
    for name, options in {
        "text": ["--text", str(text)],
        "schema": ["-r", str(schema)],
        "based": ["--base", str(tmp_path / "base")],
    }.items():
        assert distill(teacher, data, tmp_path / name, "-q", *options) == 0
        assert differ(plain, tmp_path / name), name
    for name, options in {"no text": [], "text in layers": ["--text", str(text)]}.items():
        assert distill(teacher, data, tmp_path / name, "-q", "--steps", "0", *options) == 0
    assert differ(tmp_path / "no text", tmp_path / "text in layers")
    assert read_config(tmp_path / "text")["data"] == ["teacher.jsonl", "examples.jsonl", "more.txt"]


def test_a_model_to_start_from_brings_its_scorer_and_what_it_was_trained_on(
    teacher: Path, data: Path, tmp_path: Path
) -> None:
    files = tiny.model_files(seed=9)
    files.config.update(trained_relations=["capital"], data=["base.jsonl"])
    save_model(tmp_path / "base", files)
    options = ["-q", "--bits", "32", "--steps", "0", "--base", str(tmp_path / "base")]
    assert distill(teacher, data, tmp_path / "s", *options) == 0
    student, base = load_model(tmp_path / "s"), load_model(tmp_path / "base")
    np.testing.assert_allclose(student.scorer.pair_views, base.scorer.pair_views)
    assert not np.array_equal(student.scorer.pair_views, load_model(teacher).scorer.pair_views)
    assert "capital" in student.config["trained_relations"]
    assert student.config["data"] == ["teacher.jsonl", "base.jsonl", "examples.jsonl"]


def test_held_out_relations_judge_and_calibrate(
    teacher: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert distill(teacher, data, tmp_path / "student", "--hold-out", "2") == 0
    assert capsys.readouterr().err.count("dev macro-F1") == 2
    config = read_config(tmp_path / "student")
    assert len(config["held_out"]["checkpoint"]) == 2
    assert "dev_macro_f1" in config["scores"]


def test_figures_are_those_measured_where_the_calibration_stays(
    teacher: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = {"threshold": 0.01, "f1": 0.25, "calibration_error": 0.0}
    monkeypatch.setattr("zslre.training.distilled.calibrate", lambda *_: ((0.0, 0.3), measured))
    assert distill(teacher, data, tmp_path / "student", "--hold-out", "2") == 0
    config = read_config(tmp_path / "student")
    assert config["threshold"] == read_config(teacher)["threshold"]
    assert config["scores"]["held_out_pairs"] == measured


def test_eval_every_quiet_and_verbose(
    teacher: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert distill(teacher, data, tmp_path / "a", "--eval-every", "2", "-q") == 0
    assert capsys.readouterr().err == ""
    assert distill(teacher, data, tmp_path / "b", "--eval-every", "2") == 0
    assert capsys.readouterr().err.count(" steps/s") == 1
    monkeypatch.setattr("zslre.cli.progress._LOG_EVERY", 0.0)
    assert distill(teacher, data, tmp_path / "c", "-v") == 0
    shown = capsys.readouterr().err
    assert "step 1/2" in shown
    assert "layer 2/2  step 2/2" in shown


def test_bf16_unless_told_otherwise(teacher: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zslre.encoder.transformer.bf16_is_fast", lambda: True)
    command = ["distill", str(teacher), str(data), "--steps", "1", "--layer-steps", "1", "-q"]
    assert main([*command, "-o", str(tmp_path / "a")]) == 0
    assert main([*command, "-o", str(tmp_path / "b"), "--no-bf16"]) == 0
    assert [read_config(tmp_path / name)["training"]["bf16"] for name in "ab"] == [True, False]


def test_interrupted_run_resumes_to_the_same_model(
    plain: Path, teacher: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os
    import signal

    from zslre.training.distillation import Distiller

    output, step = tmp_path / "student", Distiller._step

    def interrupted(self: Distiller, number: int) -> float:
        os.kill(os.getpid(), signal.SIGINT)
        return step(self, number)

    monkeypatch.setattr(Distiller, "_step", interrupted)
    assert distill(teacher, data, output, "-q") == 130
    monkeypatch.setattr(Distiller, "_step", step)
    assert not output.exists()
    assert distill(teacher, data, output, "-q") == 1  # a stopped run is not thrown away by mistake
    assert distill(teacher, data, output, "-q", "--resume", "--bits", "8") == 1
    assert distill(teacher, data, output, "-q", "--resume", "--layers", "1") == 1
    assert distill(teacher, data, output, "-q", "--resume") == 0
    assert not differ(plain, output)


def test_layers_that_are_done_are_not_done_again(
    plain: Path,
    teacher: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import os
    import signal

    from zslre.training import layerwise

    output, tuning, tuned = tmp_path / "student", layerwise._tuning, list[str]()
    text = tmp_path / "more.txt"
    text.write_text("Bob met Dora in Oslo.", encoding="utf-8")

    def interrupted(*args: Any) -> Iterator[str]:
        tuned.append(args[1])
        if len(tuned) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return tuning(*args)

    monkeypatch.setattr(layerwise, "_tuning", interrupted)
    assert distill(teacher, data, output, "-q") == 130
    capsys.readouterr()
    for options, changed in (
        (["--layer-steps", "1"], "layer_steps 2"),
        (["--hold-out", "2"], "data"),
        (["--text", str(text)], "text"),
    ):
        assert distill(teacher, data, output, "-q", "--resume", *options) == 1
        said = f"was made with other settings ({changed}): use them, or delete {output}.training to start anew"
        assert said in capsys.readouterr().err
    save_model(tmp_path / "other", replace(load_model(teacher), encoder=tiny.encoder_tensors(seed=9)))
    assert distill(tmp_path / "other", data, output, "-q", "--resume") == 1
    assert "other settings (base, teacher)" in capsys.readouterr().err
    assert distill(teacher, data, output, "-q", "--resume") == 0
    assert tuned == ["encoder.layer.0.", "encoder.layer.1.", "encoder.layer.1."]
    assert not differ(plain, output)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layers", "3"], "a student of 3 layers cannot start from a model of 2"),
        (["--hold-out", "3"], "--hold-out 3"),
        (["--base", "no/such", "--layers", "1"], "layers are chosen from a model folder"),
        (["--base", "/no/such"], "cannot be loaded"),
    ],
)
def test_misuse(
    teacher: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert distill(teacher, data, tmp_path / "student", *options) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("bits", ["ternary", "32"])
@pytest.mark.parametrize("positions", [40, 140])
def test_long_sentences_are_read_as_far_as_the_student_reads(
    teacher: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, positions: int, bits: str
) -> None:
    monkeypatch.setattr("zslre.packing.PHRASE_TOKENS", 40)
    files = load_model(teacher)
    name = "embeddings.position_embeddings.weight"
    short = {**files.encoder, name: files.encoder[name][:positions]}
    save_model(tmp_path / "short", replace(files, encoder=short))
    more = []
    for line in data.read_text(encoding="utf-8").splitlines()[:3]:
        row = json.loads(line)
        more.append(json.dumps({**row, "text": row["text"] + " of new" * 90}))
    long = tmp_path / "long.jsonl"
    long.write_text(data.read_text(encoding="utf-8") + "\n".join(more) + "\n", encoding="utf-8")
    options = ["-q", "--bits", bits, "--hold-out", "2", "--base", str(tmp_path / "short")]
    assert distill(tmp_path / "short", long, tmp_path / "student", *options) == 0


def test_a_teacher_of_which_little_is_known(teacher: Path, data: Path, tmp_path: Path) -> None:
    save_model(tmp_path / "teacher", load_model(teacher))
    tiny.edit_config(tmp_path / "teacher", name=None, base_encoder=None, data=None)
    assert distill(tmp_path / "teacher", data, tmp_path / "student", "-q", "--bits", "32", "--steps", "0") == 0
    config = read_config(tmp_path / "student")
    assert (config["base_encoder"], config["data"]) == ("an encoder that is not named", ["examples.jsonl"])


def test_a_verifier_neither_teaches_nor_starts(
    teacher: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = load_model(teacher)
    save_model(tmp_path / "verifier", replace(files, config={**files.config, "verifier": {"first_weight": 0.5}}))
    assert distill(tmp_path / "verifier", data, tmp_path / "student") == 1
    assert "is a verifier" in capsys.readouterr().err
    assert distill(teacher, data, tmp_path / "student", "--base", str(tmp_path / "verifier")) == 1
    assert "is a verifier" in capsys.readouterr().err


def test_a_label_that_the_relation_file_lacks_is_refused(
    teacher: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = tmp_path / "schema.json"
    tiny.RELATIONS.without(["founder"]).to_file(schema)
    assert distill(teacher, data, tmp_path / "student", "-r", str(schema)) == 1
    said = capsys.readouterr().err
    assert f"{data}, line 3: labelled 'founder', which is not in the relation file" in said


def test_examples_of_a_teacher_are_not_dropped_silently(
    teacher: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fitted = RelationExtractor.from_pretrained(teacher).fit(
        [tiny.example("Ann lives in Rome", "Ann", "Rome", "residence")]
    )
    fitted.save_pretrained(tmp_path / "fitted")
    assert distill(tmp_path / "fitted", data, tmp_path / "student") == 1
    assert "--head-only" in capsys.readouterr().err


def test_bad_rows_can_be_skipped(teacher: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text(data.read_text(encoding="utf-8") + '{"text": "Ann"}\n', encoding="utf-8")
    assert distill(teacher, bad, tmp_path / "student", "-q") == 1
    told = capsys.readouterr().err
    assert "line 13" in told
    assert "--skip-bad" in told
    assert distill(teacher, bad, tmp_path / "student", "-q", "--skip-bad") == 0


def test_what_is_there_is_kept_and_a_teacher_is_needed(
    teacher: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model").mkdir()
    assert distill(teacher, data, tmp_path / "model") == 1
    assert distill(tmp_path / "nobody", data, tmp_path / "student") == 1
    assert "no model at" in capsys.readouterr().err
