"""`zslre train`, on a tiny base encoder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import tiny
from safetensors.numpy import load_file

from zslre.cli import main
from zslre.extractor import RelationExtractor
from zslre.relations import Relation, RelationSet
from zslre.serialization import read_config, save_model

PEOPLE, PLACES, FIRMS = ("Ann", "Bob", "Carl", "Dora"), ("Rome", "Oslo", "Paris", "Lima"), ("Acme", "Zeta")


def example(text: str, head: str, relation: str | None, tail: str) -> str:
    spans = [[text.index(name), text.index(name) + len(name)] for name in (head, tail)]
    return json.dumps({"text": text, "head": spans[0], "tail": spans[1], "relation": relation})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    lines = []
    for person in PEOPLE:
        lines += [example(f"{person} lives in {place}", person, "residence", place) for place in PLACES]
        lines += [example(f"{person} works for {firm}", person, "employer", firm) for firm in FIRMS]
        lines += [example(f"{firm} was founded by {person}", firm, "founder", person) for firm in FIRMS]
        lines += [example(f"{person} and the city of Rome", person, None, "Rome")]
    path = tmp_path / "examples.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "schema.json"
    tiny.RELATIONS.to_file(path)
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.base_folder(tmp_path_factory.mktemp("base"))


def train(data: Path, schema: Path, base: Path, output: Path, *options: str) -> int:
    command = ["train", str(data), "-r", str(schema), "-o", str(output), "--base", str(base), "--threads", "1"]
    return main([*command, "--steps", "4", "--eval-every", "2", "--hold-out", "2", "--no-bf16", *options])


def weights(folder: Path) -> np.ndarray:
    return load_file(folder / "encoder.safetensors")["pair.projection.weight"]


def test_train_writes_a_model_that_predicts(
    data: Path, schema: Path, base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "model"
    assert train(data, schema, base, output) == 0
    said = capsys.readouterr().err
    assert "step 4/4" in said
    assert "dev macro-F1" in said
    config = read_config(output)
    assert len(config["held_out"]["checkpoint"]) == 2
    assert set(config["trained_relations"]) | set(config["held_out"]["checkpoint"]) == {
        "residence",
        "employer",
        "founder",
    }
    assert config["data"] == ["examples.jsonl"]
    assert "examples.jsonl" in (output / "README.md").read_text()
    assert not (tmp_path / "model.training").exists()
    extractor = RelationExtractor.from_pretrained(output)
    triples = extractor.predict("Ann lives in Rome.", threshold=0.0, mentions=tiny.capitals("Ann lives in Rome."))
    assert {triple.head.text for triple in triples} <= {"Ann", "Rome"}
    assert triples


@pytest.mark.parametrize(
    "options",
    [["--seed", "1"], ["--learning-rate", "0.01"], ["--steps", "2"], ["--hold-out", "0"], ["--markers", "text"]],
)
def test_options_change_the_model(data: Path, schema: Path, base: Path, tmp_path: Path, options: list[str]) -> None:
    assert train(data, schema, base, tmp_path / "one", "-q") == 0
    assert train(data, schema, base, tmp_path / "other", "-q", *options) == 0
    assert not np.array_equal(weights(tmp_path / "one"), weights(tmp_path / "other"))


def test_markers_in_the_text_stay_there(data: Path, schema: Path, base: Path, tmp_path: Path) -> None:
    assert train(data, schema, base, tmp_path / "model", "-q", "--markers", "text") == 0
    assert read_config(tmp_path / "model")["encoder"]["markers_in_text"]
    assert "with markers in the text" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    extractor = RelationExtractor.from_pretrained(tmp_path / "model")
    assert extractor.predict("Ann lives in Rome.", threshold=0.0, mentions=tiny.capitals("Ann lives in Rome."))


def test_same_seed_same_model(data: Path, schema: Path, base: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        assert train(data, schema, base, tmp_path / name, "-q") == 0
    assert np.array_equal(weights(tmp_path / "one"), weights(tmp_path / "other"))


def test_bf16_unless_told_otherwise(
    data: Path, schema: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zslre.encoder.transformer.bf16_is_fast", lambda: True)
    command = ["train", str(data), "-r", str(schema), "--base", str(base), "--steps", "2", "--eval-every", "1", "-q"]
    assert main([*command, "-o", str(tmp_path / "a")]) == 0
    assert main([*command, "-o", str(tmp_path / "b"), "--no-bf16"]) == 0
    assert read_config(tmp_path / "a")["training"]["bf16"]
    assert not read_config(tmp_path / "b")["training"]["bf16"]


def test_without_a_relation_file_the_labels_say_what_they_mean(base: Path, tmp_path: Path) -> None:
    data = tmp_path / "nyt.txt"
    rows = []
    for number in range(4):
        for head, tail, relation in (("Acme", "Ann", "/business/company/founders"), ("Ann", "Bob", "P26")):
            text = f"{head} and {tail} {number}"
            spans = [(name, text.index(name), text.index(name) + len(name)) for name in (head, tail)]
            h, t = ({"name": name, "pos": place} for name, *place in spans)
            rows.append({"text": text, "relation": relation, "h": h, "t": t})
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    command = ["train", str(data), "-o", str(tmp_path / "model"), "--base", str(base), "--threads", "1", "-q"]
    assert main([*command, "--steps", "1", "--no-bf16"]) == 0
    relations = RelationExtractor.from_pretrained(tmp_path / "model").relations
    assert [(relation.name, relation.id) for relation in relations] == [
        ("company founders", "/business/company/founders"),
        ("spouse", "P26"),
    ]


def test_eval_every_and_quiet(
    data: Path, schema: Path, base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(data, schema, base, tmp_path / "a", "--eval-every", "1") == 0
    assert capsys.readouterr().err.count("loss") == 4
    assert train(data, schema, base, tmp_path / "b", "-q") == 0
    assert "loss" not in capsys.readouterr().err


def test_verbose_tells_each_step(
    data: Path,
    schema: Path,
    base: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("zslre.cli.progress._LOG_EVERY", 0.0)
    assert train(data, schema, base, tmp_path / "a", "-v") == 0
    assert "step 1/4" in capsys.readouterr().err


def test_interrupted_run_resumes_to_the_same_model(
    data: Path, schema: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os
    import signal

    from zslre.training.trainer import Trainer

    assert train(data, schema, base, tmp_path / "whole", "-q") == 0
    output, step = tmp_path / "stopped", Trainer._step

    def interrupted(self: Trainer, number: int) -> float:
        if number == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, number)

    monkeypatch.setattr(Trainer, "_step", interrupted)
    assert train(data, schema, base, output, "-q") == 130
    monkeypatch.setattr(Trainer, "_step", step)
    assert not output.exists()
    assert train(data, schema, base, output, "-q") == 1  # a stopped run is not thrown away by mistake
    other = tiny.base_folder(tmp_path / "other")
    assert train(data, schema, other, output, "-q", "--resume") == 1  # the checkpoint is of the first base
    less = tmp_path / "less.jsonl"
    less.write_text("".join(data.read_text(encoding="utf-8").splitlines(keepends=True)[1:]), encoding="utf-8")
    assert train(less, schema, base, output, "-q", "--resume") == 1  # and of all the data
    assert train(data, schema, base, output, "-q", "--resume") == 0
    np.testing.assert_allclose(weights(output), weights(tmp_path / "whole"), atol=1e-6)


def test_training_goes_on_from_a_model(
    data: Path, schema: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="training needs torch")
    learned = tiny.model_files()
    learned.config.update(base_encoder="some/base", trained_relations=["owner"], data=["old.jsonl"], threshold=0.7)
    save_model(tmp_path / "start", learned)
    (tmp_path / "start" / "README.md").write_text("# start\n\n## Licences\n\n- old.jsonl: MIT\n", encoding="utf-8")
    monkeypatch.setattr("zslre.serialization.BUILTIN", tmp_path / "start")
    command = ["train", str(data), "-r", str(schema), "--threads", "1", "-q", "--steps", "2", "--no-bf16"]

    def trained(name: str, *options: str) -> Path:
        assert main([*command, "-o", str(tmp_path / name), *options]) == 0
        return tmp_path / name

    start = learned.encoder["pair.projection.weight"]
    still = trained("still", "-m", str(tmp_path / "start"), "--learning-rate", "1e-9")
    np.testing.assert_allclose(weights(still), start, atol=1e-6)
    moved = trained("moved", "-m", "builtin", "--learning-rate", "0.01")
    assert not np.allclose(weights(moved), start, atol=1e-3)
    config = read_config(moved)
    assert config["trained_relations"] == ["employer", "founder", "owner", "residence"]
    assert config["base_encoder"] == "some/base"
    assert config["data"] == ["old.jsonl", data.name]
    assert (moved / "README.md").read_text(encoding="utf-8").endswith("\n## Licences\n\n- old.jsonl: MIT\n")
    assert config["threshold"] == 0.7  # nothing was held out that could choose another
    np.testing.assert_allclose(RelationExtractor.from_pretrained(moved).scorer.calibration, learned.scorer.calibration)
    chosen = trained("chosen", "-m", "builtin", "--hold-out", "2", "--seed", "1")
    again = RelationExtractor.from_pretrained(chosen).scorer.calibration
    assert not np.allclose(again, learned.scorer.calibration, atol=1e-3)


def test_long_sentences_are_read_as_far_as_the_encoder_reads(
    data: Path, schema: Path, base: Path, tmp_path: Path
) -> None:
    """The encoder has 140 positions; one of the relations is held out."""
    text = "Dora " + "of new " * 90 + "for Acme"
    ends = {"residence": ("Dora", "Acme"), "employer": ("Dora", "Acme"), "founder": ("Acme", "Dora")}
    rows = [example(f"{text} {name}", head, name, tail) for name, (head, tail) in ends.items()]
    data.write_text(data.read_text(encoding="utf-8") + "\n".join(rows) + "\n", encoding="utf-8")
    assert train(data, schema, base, tmp_path / "model") == 0


def test_head_only_adds_support(
    data: Path, schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(tmp_path / "trained", tiny.model_files())
    command = ["train", str(data), "-r", str(schema), "-m", str(tmp_path / "trained"), "--head-only"]
    assert main([*command, "-o", str(tmp_path / "fitted")]) == 0
    assert "spouse" in capsys.readouterr().err  # the relation without examples is named
    fitted = RelationExtractor.from_pretrained(tmp_path / "fitted")
    expected = {"residence": 16, "employer": 8, "founder": 8, None: 4}
    assert {name: len(rows) for name, rows in fitted.support.items()} == expected
    assert fitted.config["name"] == "fitted"
    assert fitted.config["data"][-1] == data.name
    card = (tmp_path / "fitted" / "README.md").read_text(encoding="utf-8")
    assert card.startswith(
        "# fitted\n\nThe model below, its prototypes moved by 32 examples of 3 relations and 4 without a relation.\n"
    )


def test_head_only_learns_of_rows_without_a_relation(
    schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_model(tmp_path / "trained", tiny.model_files())
    rows = [example("Ann lives in Rome", "Ann", "residence", "Rome"), example("Ann saw Rome", "Ann", None, "Rome")]
    data, fewer, other = tmp_path / "data.jsonl", tmp_path / "fewer.json", tmp_path / "other.json"
    data.write_text("\n".join(rows), encoding="utf-8")
    fewer.write_text('[{"name": "residence"}]', encoding="utf-8")
    other.write_text('[{"name": "residence"}, {"name": "visited"}]', encoding="utf-8")
    for output, model, relations in (
        ("fitted", "trained", schema),
        ("with_fewer", "fitted", fewer),
        ("with_others", "fitted", other),
    ):
        command = ["train", str(data), "-r", str(relations), "-m", str(tmp_path / model), "--head-only"]
        assert main([*command, "-o", str(tmp_path / output)]) == 0
    said = capsys.readouterr().err
    assert "fitted has 1 example of 1 relation and 1 without a relation\n" in said
    assert "1 row without a relation that the model had left out" in said  # "Ann saw Rome" may be "visited"
    supports = [
        len(RelationExtractor.from_pretrained(tmp_path / f"with_{of}").support[None]) for of in ("fewer", "others")
    ]
    assert supports == [2, 1]


def test_rows_without_a_relation_alone_lower_what_looks_like_them(schema: Path, tmp_path: Path) -> None:
    save_model(tmp_path / "trained", tiny.model_files())
    data = tmp_path / "data.jsonl"
    data.write_text(example("Ann lives in Rome", "Ann", None, "Rome"), encoding="utf-8")
    command = ["train", str(data), "-r", str(schema), "-m", str(tmp_path / "trained"), "--head-only"]
    assert main([*command, "-o", str(tmp_path / "fitted")]) == 0
    asked = RelationSet.from_file(schema)
    before = RelationExtractor.from_pretrained(tmp_path / "trained", threads=1).with_relations(asked)
    after = RelationExtractor.from_pretrained(tmp_path / "fitted", threads=1)
    scores = [[t.score for t in of.predict("Ann lives in Rome", threshold=0.0, top_k=4)] for of in (before, after)]
    assert max(scores[1]) < max(scores[0])


def test_head_only_keeps_the_examples_of_the_model_that_it_begins_with(
    schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_model(tmp_path / "trained", tiny.model_files())
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    rows = [
        example("Ann lives in Rome", "Ann", "residence", "Rome"),
        example("Ann married Bob", "Ann", "spouse", "Bob"),
    ]
    first.write_text("\n".join([*rows, example("Ann works for Acme", "Ann", "employer", "Acme")]), encoding="utf-8")
    second.write_text("\n".join([example("Bob lives in Oslo", "Bob", "residence", "Oslo")]), encoding="utf-8")

    def fitted(data: Path, model: str, output: str, relations: Path) -> RelationExtractor:
        command = ["train", str(data), "-r", str(relations), "-m", str(tmp_path / model), "--head-only"]
        assert main([*command, "-o", str(tmp_path / output)]) == 0
        return RelationExtractor.from_pretrained(tmp_path / output, threads=1)

    before = fitted(first, "trained", "few1", schema)
    capsys.readouterr()
    after = fitted(second, "few1", "few2", schema)
    assert {name: len(rows) for name, rows in after.support.items()} == {"residence": 2, "employer": 1, "spouse": 1}
    np.testing.assert_array_equal(after.support["spouse"], before.support["spouse"])
    said = capsys.readouterr().err
    assert "few2 has 1 example of 1 relation, beside 3 that the model had" in said
    assert "side information alone: founder" in said

    other = tmp_path / "other.json"
    RelationSet([Relation("RESIDENCE"), Relation("founder")]).to_file(other)
    assert set(fitted(second, "few1", "few3", other).support) == {"RESIDENCE"}
    assert "2 examples that the model had are dropped" in (said := capsys.readouterr().err)
    assert "employer" in said


@pytest.mark.parametrize(
    "options",
    [
        ["--head-only", "--base", "x"],
        ["--head-only", "--resume"],
        ["--head-only", "--steps", "7"],
        ["--head-only", "--learning-rate", "1e-3"],
        ["--head-only", "--hold-out", "2"],
        ["--head-only", "--eval-every", "3"],
        ["--head-only", "--no-bf16"],
        ["--head-only", "--seed", "1"],
        ["--head-only", "--markers", "text"],
        ["--hold-out", "1"],
        ["--hold-out", "-1"],
        ["-m", "builtin", "--base", "x"],
        ["-m", "builtin", "--markers", "text"],
    ],
)
def test_misuse(
    data: Path, schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["train", str(data), "-r", str(schema), "-o", str(tmp_path / "model"), *options])
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith("usage: zslre train")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--learning-rate", "nan"], "learning_rate must be a number above 0, got nan"),
        (["--hold-out", "3"], "--hold-out 3: of the examples' 3 relations some must be left"),
        (["--seed", "99999999999999"], "seed must lie between 0 and 10000000000000, got 99999999999999"),
    ],
)
def test_numbers_that_will_not_do(
    data: Path, schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["train", str(data), "-r", str(schema), "-o", str(tmp_path / "model"), *options]) == 1
    assert message in capsys.readouterr().err


def test_figures_are_those_measured_where_the_calibration_stays(
    data: Path, schema: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="training needs torch")
    measured = {"threshold": 0.01, "f1": 0.25, "calibration_error": 0.0}
    monkeypatch.setattr("zslre.training.run.calibrate", lambda *_: ((0.0, 0.3), measured))
    assert train(data, schema, base, tmp_path / "model", "-q") == 0
    config = read_config(tmp_path / "model")
    assert (config["threshold"], config["scores"]["held_out_pairs"]) == (0.5, measured)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.jsonl", '{"text": "Ann"}', '{"text", "head", "tail", "relation"}'),
        ("bad.jsonl", example("Ann and Rome", "Ann", " ", "Rome"), "line 1"),
        ("bad.jsonl", example("Ann likes Rome", "Ann", "likes", "Rome"), "'likes'"),
        ("bad.json", "[]", "none of the formats"),
        ("bad.txt", "text", "none of the formats"),
        ("bad.jsonl", example("Ann and Rome", "Ann", None, "Rome"), "nothing to learn"),
    ],
)
def test_bad_data_is_named(
    schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert main(["train", str(path), "-r", str(schema), "-o", str(tmp_path / "model"), "-q"]) == 1
    said = capsys.readouterr().err
    assert message in said
    assert name in said or "nothing to learn" in said


def test_any_format_will_do_and_bad_rows_can_be_skipped(
    schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_model(tmp_path / "trained", tiny.model_files())
    row = {"text": "Ann lives in Rome", "triple_list": [["Ann", "residence", "Rome"], ["Ann", "residence", "Oslo"]]}
    data = tmp_path / "data.anything"
    data.write_text(json.dumps([row]), encoding="utf-8")
    command = ["train", str(data), "-r", str(schema), "-m", str(tmp_path / "trained"), "--head-only"]
    command += ["-o", str(tmp_path / "fitted")]
    assert main(command) == 1
    told = capsys.readouterr().err
    assert "row 1: triple 2" in told
    assert "--skip-bad" in told
    assert main([*command, "--skip-bad"]) == 0
    said = capsys.readouterr().err
    assert "zslre: 1 bad row skipped" in said
    assert "1 example of 1 relation\n" in said


def test_rows_with_an_unknown_label_can_be_skipped(
    schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_model(tmp_path / "trained", tiny.model_files())
    labels = ("residence", "residense", None, "residense")
    data = tmp_path / "data.jsonl"
    data.write_text("".join(example("Ann lives in Rome", "Ann", name, "Rome") + "\n" for name in labels), "utf-8")
    command = ["train", str(data), "-r", str(schema), "-m", str(tmp_path / "trained"), "--head-only"]
    command += ["-o", str(tmp_path / "fitted")]
    assert main(command) == 1
    told = "labelled 'residense', which is not in the relation file: add it there, by name or id"
    told += "; did you mean 'residence'?"
    assert capsys.readouterr().err == f"zslre: error: {data}, line 2: {told} (--skip-bad leaves out such rows)\n"
    assert main([*command, "--skip-bad"]) == 0
    said = capsys.readouterr().err
    assert said.startswith(f"zslre: skipped: {data}, line 2: {told}\nzslre: skipped: {data}: {told}\n")
    assert "zslre: 2 bad rows skipped" in said


def test_existing_output_is_kept(data: Path, schema: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert main(["train", str(data), "-r", str(schema), "-o", str(tmp_path / "model")]) == 1


def test_names_that_are_not_utf8(data: Path, schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_model(tmp_path / "trained", tiny.model_files())
    (tmp_path / "trained" / "README.md").write_bytes(b"\xff a card in another encoding")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/d\xff.jsonl"))
    try:
        data.rename(odd)
    except OSError:
        pytest.skip("no such names here")
    command = ["train", str(odd), "-r", str(schema), "-m", str(tmp_path / "trained"), "--head-only"]
    assert main([*command, "-o", str(tmp_path / "few")]) == 0
    assert read_config(tmp_path / "few")["data"] == ["d\ufffd.jsonl"]
    assert "\ufffd a card" in (tmp_path / "few" / "README.md").read_text(encoding="utf-8")
    capsys.readouterr()
    assert main([*command, "-o", os.fsdecode(os.fsencode(tmp_path) + b"/os\xff")]) == 1
    assert "is no name in UTF-8" in capsys.readouterr().err


def test_a_folder_of_other_files_is_not_taken_for_a_run(
    data: Path, schema: Path, base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "model.training"
    work.mkdir()
    (work / "thesis.txt").write_text("mine", encoding="utf-8")
    assert train(data, schema, base, tmp_path / "model", "-q", "--resume") == 1
    assert "holds other files (thesis.txt)" in capsys.readouterr().err
    assert (work / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_start_of_which_little_is_known(data: Path, schema: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training needs torch")
    save_model(tmp_path / "start", tiny.model_files())
    (tmp_path / "start" / "README.md").write_bytes(b"\xff\n## Licences\n\xff")
    tiny.edit_config(tmp_path / "start", name=None)
    command = ["train", str(data), "-r", str(schema), "--threads", "1", "-q", "--steps", "1", "--no-bf16"]
    assert main([*command, "-m", str(tmp_path / "start"), "-o", str(tmp_path / "model")]) == 0
    assert read_config(tmp_path / "model")["base_encoder"] == "an encoder that is not named"
    assert (tmp_path / "model" / "README.md").read_text(encoding="utf-8").endswith("## Licences\n\ufffd")


def test_a_verifier_is_no_start(data: Path, schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="training needs torch")
    files = tiny.model_files()
    files.config["verifier"] = {"first_weight": 0.5}
    save_model(tmp_path / "verifier", files)
    command = ["train", str(data), "-r", str(schema), "-m", str(tmp_path / "verifier"), "--steps", "1"]
    assert main([*command, "-o", str(tmp_path / "model")]) == 1
    assert "is a verifier" in capsys.readouterr().err


def test_a_file_of_examples_counts_once(data: Path, schema: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = data.parent / "." / data.name
    with pytest.raises(SystemExit):
        main(["train", str(data), str(again), "-r", str(schema), "-o", str(data.parent / "model"), "--head-only"])
    assert "DATA: one is given twice" in capsys.readouterr().err


def test_a_relation_that_seems_to_mean_none_is_told(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "odd.jsonl"
    rows = [example("Ann lives in Rome", "Ann", name, "Rome") for name in ("residence", "no_relation", "NA")]
    data.write_text("\n".join(rows), encoding="utf-8")
    command = ["train", str(data), "-o", str(tmp_path / "model"), "--base", str(base), "--threads", "1", "--no-bf16"]
    assert main([*command, "--steps", "1"]) == 0
    assert "relations like any other: no relation, NA; for pairs without any write null" in capsys.readouterr().err


def test_missing_base_says_how_to_get_one(
    data: Path, schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="training needs torch")
    command = ["train", str(data), "-r", str(schema), "-o", str(tmp_path / "model"), "--base", str(tmp_path / "none")]
    assert main(command) == 1
    assert "pip install" in capsys.readouterr().err
