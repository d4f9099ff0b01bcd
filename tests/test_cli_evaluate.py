"""`zslre evaluate`, on tiny models."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from safetensors.numpy import load_file

import zslre.cli
from zslre.cli import main
from zslre.datasets.splits import Split, is_test_row
from zslre.evaluation import report
from zslre.evaluation.outcome import Outcome
from zslre.extractor import RelationExtractor
from zslre.serialization import ModelFiles, read_config, save_model
from zslre.types import Sentence

PEOPLE, PLACES, FIRMS = ("Ann", "Bob", "Carl", "Dora"), ("Rome", "Oslo", "Paris", "Lima"), ("Acme", "Zeta")


def row(text: str, head: str, relation: str | None, tail: str) -> str:
    spans = [[text.index(name), text.index(name) + len(name)] for name in (head, tail)]
    return json.dumps({"text": text, "head": spans[0], "tail": spans[1], "relation": relation})


def lines() -> list[str]:
    made = []
    for person in PEOPLE:
        made += [row(f"{person} lives in {place}", person, "residence", place) for place in PLACES]
        made += [row(f"{person} works for {firm}", person, "employer", firm) for firm in FIRMS]
        made += [row(f"{firm} was founded by {person}", firm, "founder", person) for firm in FIRMS]
        made += [row(f"{person} married {other}", person, "spouse", other) for other in PEOPLE if other != person]
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data.jsonl, more.jsonl (with a fifth relation), none.jsonl (with pairs that have no relation), shown.jsonl (an
    example of two relations each), schema.json and model/, which was not trained."""
    folder = tmp_path_factory.mktemp("evaluate")
    (folder / "data.jsonl").write_text("\n".join(lines()) + "\n", encoding="utf-8")
    more = [row(f"{person} is a sibling of {other}", person, "sibling", other) for person, other in pairwise(PEOPLE)]
    (folder / "more.jsonl").write_text("\n".join(lines() + more) + "\n", encoding="utf-8")
    nothing = [row(f"{person} and the city of {place}", person, None, place) for person in PEOPLE for place in PLACES]
    (folder / "none.jsonl").write_text("\n".join(lines() + nothing) + "\n", encoding="utf-8")
    shown = [("Eve has a house in Kyiv", "residence", "Kyiv"), ("Eve got a job at Ikea", "employer", "Ikea")]
    rows = [row(text, "Eve", relation, tail) for text, relation, tail in shown]
    (folder / "shown.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    tiny.RELATIONS.to_file(folder / "schema.json")
    save_model(folder / "model", tiny.model_files())
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZSLRE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(zslre.cli, "VERBS", ("evaluate",))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def loaded() -> dict[str, RelationExtractor]:
    return {}


@pytest.fixture(autouse=True)
def load_once(loaded: dict[str, RelationExtractor], monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling a model takes most of a test's time; models are immutable."""
    load = RelationExtractor.from_pretrained

    def once(model: Path) -> RelationExtractor:
        if str(model) not in loaded:
            loaded[str(model)] = load(model)
        return loaded[str(model)]

    monkeypatch.setattr(RelationExtractor, "from_pretrained", once)


class NotAnn(tiny.CapitalDetector):
    """Overlooks Ann."""

    def detect(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        found = super().detect(sentences)
        return [replace(s, mentions=tuple(m for m in s.mentions if m.text != "Ann")) for s in found]


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """The outcomes of the last command."""
    found: list[Outcome] = []
    scores = report.scores

    def remember(given: Sequence[Outcome]) -> dict[str, Any]:
        found[:] = given
        return scores(given)

    monkeypatch.setattr(report, "scores", remember)
    return found


@pytest.fixture
def split(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {
        name: Split(name, test, ("founder",))
        for name, test in (("one", ("spouse", "sibling")), ("two", ("spouse", "employer")))
    }
    made["without-dev"] = Split("without-dev", ("spouse", "sibling"))
    made["three"] = Split("three", ("spouse", "employer", "residence"))
    monkeypatch.setattr("zslre.datasets.splits.published_splits", lambda: made)


def evaluate(folder: Path, setting: str, *options: str, data: str = "data.jsonl") -> int:
    command = ["evaluate", str(folder / data), "--setting", setting, "-q", "-r", str(folder / "schema.json")]
    given = "--train" in options or "-m" in options
    return main([*command, *options] if given else [*command, "-m", str(folder / "model"), *options])


def error(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_zero_shot(folder: Path, outcomes: list[Outcome], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(folder, "zero-shot", "--json", str(tmp_path / "new/scores.json")) == 0
    (outcome,) = outcomes
    assert len(outcome.gold) == 44
    assert outcome.details["data"] == "data.jsonl"
    assert outcome.details["model"] == "tiny"
    assert outcome.details["m"] == 4
    assert "command" in outcome.details
    printed = capsys.readouterr().out
    scores = json.loads((tmp_path / "new/scores.json").read_text(encoding="utf-8"))
    assert printed == report.table(scores).rstrip() + "\n"


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("zero-shot", ["--unseen", "2"]),
        ("zero-shot", ["--transductive"]),
        ("zero-shot", ["--examples", "shown.jsonl"]),
        ("few-shot", ["--examples", "shown.jsonl"]),
        ("few-shot", ["--n-way", "3"]),
        ("few-shot", ["--k-shot", "2"]),
        ("few-shot", ["--episodes", "30"]),
        ("few-shot", ["--na-rate", "0.5"]),
        ("few-shot", ["--no-side-info"]),
        ("few-shot", ["--seeds", "1"]),
        ("few-shot", ["--n-way", "2", "--unseen", "3"]),
        ("extraction", ["--threshold", "0.9"]),
        ("extraction", ["--mentions", "predicted"]),
        ("supervised", ["--threshold", "0.9"]),
    ],
)
def test_every_option_changes_something(
    folder: Path, outcomes: list[Outcome], setting: str, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zslre.mentions.load_detector", lambda *_, **__: NotAnn())
    options = [str(folder / option) if option.endswith(".jsonl") else option for option in options]
    few = ["--n-way", "2", "--episodes", "40"] if setting == "few-shot" else []
    data = "none.jsonl" if setting == "supervised" else "data.jsonl"
    assert evaluate(folder, setting, *few, data=data) == 0
    first = outcomes[0]
    assert evaluate(folder, setting, *few, *options, data=data) == 0
    assert (outcomes[0].predicted, outcomes[0].gold) != (first.predicted, first.gold)


def test_threshold_of_episodes(folder: Path, outcomes: list[Outcome]) -> None:
    options = ["--n-way", "2", "--episodes", "20", "--na-rate", "0.5"]
    assert evaluate(folder, "few-shot", *options) == 0
    first = outcomes[0].predicted
    assert evaluate(folder, "few-shot", *options, "--threshold", "0.9") == 0
    assert outcomes[0].predicted != first
    assert outcomes[0].details["threshold"] == 0.9


def test_examples_must_not_be_tested(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(folder, "zero-shot", "--examples", str(folder / "more.jsonl")) == 1
    assert "more.jsonl: 44 of 47 examples have a text that data.jsonl has as well" in error(capsys)
    shown = str(folder / "shown.jsonl")
    both = ["--na-rate", "0.5", "--dev", shown, "--examples", shown]
    assert evaluate(folder, "few-shot", "--n-way", "2", *both) == 1
    assert "2 of 2 examples have a text that shown.jsonl has as well" in error(capsys)
    assert evaluate(folder, "zero-shot", "--examples", str(folder / "nowhere.jsonl")) == 1
    assert "nowhere.jsonl" in error(capsys)


def test_relations_come_from_the_file_or_the_catalogue(folder: Path, outcomes: list[Outcome], tmp_path: Path) -> None:
    command = ["evaluate", str(folder / "data.jsonl"), "--setting", "zero-shot", "-m", str(folder / "model")]
    assert main(command) == 0
    catalogue = outcomes[0]
    assert evaluate(folder, "zero-shot") == 0
    assert outcomes[0].gold == catalogue.gold
    assert outcomes[0].probabilities != catalogue.probabilities


def test_relations_known_by_name_alone_are_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "odd.jsonl"
    data.write_text("\n".join([*lines()[:4], row("Ann Rome", "Ann", "no_such_thing", "Rome")]), encoding="utf-8")
    assert main(["evaluate", str(data), "--setting", "zero-shot", "-m", str(folder / "model")]) == 0
    assert "no such thing" in error(capsys)
    assert main(["evaluate", str(data), "--setting", "zero-shot", "-m", str(folder / "model"), "-q"]) == 0
    assert not error(capsys)


@pytest.mark.parametrize(("setting", "left_out"), [("zero-shot", True), ("few-shot", True), ("supervised", False)])
def test_rows_that_a_setting_leaves_out_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str], setting: str, left_out: bool
) -> None:
    command = ["evaluate", str(folder / "none.jsonl"), "--setting", setting, "-m", str(folder / "model")]
    options = ["--episodes", "2", "--n-way", "2"] if setting == "few-shot" else []
    assert main([*command, "-r", str(folder / "schema.json"), *options]) == 0
    said = error(capsys)
    assert ("16 rows without a relation left out" in said) == left_out
    assert ("16 rows without a relation: any row that scores below the threshold" in said) != left_out


def test_a_file_that_the_model_was_trained_on_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tiny.model_files()
    save_model(tmp_path / "fitted", replace(files, config={**files.config, "data": ["data.jsonl"]}))
    command = ["-r", str(folder / "schema.json"), "--setting"]
    for data, model, setting, told in (
        ("data.jsonl", tmp_path / "fitted", "supervised", True),
        ("more.jsonl", tmp_path / "fitted", "supervised", False),
        ("data.jsonl", folder / "model", "supervised", False),
        ("data.jsonl", tmp_path / "fitted", "zero-shot", False),  # its relations are refused or unseen
    ):
        assert main(["evaluate", str(folder / data), *command, setting, "-m", str(model)]) == 0
        assert ("was trained on a file of this name: data.jsonl" in error(capsys)) == told


def test_seeds_and_splits_are_runs(folder: Path, outcomes: list[Outcome], split: None) -> None:
    assert evaluate(folder, "zero-shot", "--unseen", "2", "--seeds", "0", "1", "2") == 0
    assert [outcome.details["split"] for outcome in outcomes] == ["random/m2/0", "random/m2/1", "random/m2/2"]
    assert len({outcome.gold for outcome in outcomes}) > 1
    assert evaluate(folder, "zero-shot", "--split", "three", "two") == 0
    assert [outcome.details["m"] for outcome in outcomes] == [3, 2]
    assert set(outcomes[1].gold) == {"spouse", "employer"}


def test_combined_needs_to_know_what_is_unseen(folder: Path, outcomes: list[Outcome], split: None) -> None:
    assert evaluate(folder, "combined", "--split", "two") == 0
    assert outcomes[0].details["unseen"] == ["employer", "spouse"]
    assert set(outcomes[0].gold) == {"residence", "employer", "founder", "spouse"}
    assert len(outcomes[0].details["curve"]) == 11
    assert outcomes[0].details["seen_but_not_trained_on"] == ["founder", "residence"]


def test_reports_and_plots_are_written(folder: Path, tmp_path: Path) -> None:
    assert evaluate(folder, "zero-shot", "--markdown", str(tmp_path / "report.md")) == 0
    assert "zero-shot" in (tmp_path / "report.md").read_text(encoding="utf-8")
    pytest.importorskip("zslre.evaluation.plots")
    assert evaluate(folder, "zero-shot", "--plot", str(tmp_path / "plots")) == 0
    assert list((tmp_path / "plots").iterdir())


def test_a_missing_matplotlib_is_told_before_the_work(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    scores = tmp_path / "scores.json"
    assert evaluate(folder, "zero-shot", "--plot", str(tmp_path / "plots"), "--json", str(scores)) == 1
    assert "matplotlib" in error(capsys)
    assert not scores.exists()


def test_bad_rows_are_an_error_or_counted(
    folder: Path, tmp_path: Path, outcomes: list[Outcome], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {
        "spouse": [{"tokens": ["Ann", "Bob"], "h": ["a", "", [[0]]], "t": ["b", "", [[place]]]} for place in (1, 9)],
        "employer": [{"tokens": ["Ann", "Acme"], "h": ["a", "", [[0]]], "t": ["b", "", [[1]]]}],
    }
    data = tmp_path / "bad.json"
    data.write_text(json.dumps(rows), encoding="utf-8")
    command = ["evaluate", str(data), "--setting", "zero-shot", "-m", str(folder / "model")]
    assert main(command) == 1
    told = error(capsys)
    assert "row 2" in told
    assert "--skip-bad" in told
    assert main([*command, "--skip-bad"]) == 0
    assert "row 2" in error(capsys)
    assert outcomes[0].details["bad_rows"] == 1
    assert len(outcomes[0].gold) == 2


def test_vectors_are_encoded_once(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert evaluate(folder, "zero-shot") == 0
    assert len(list((cache / "vectors").iterdir())) == 1
    monkeypatch.setattr("zslre.evaluation.vectors.pair_vectors", None)  # would fail if called
    assert evaluate(folder, "few-shot", "--n-way", "2", "--episodes", "5") == 0


@pytest.mark.parametrize(("trained", "status"), [(["spouse"], 1), (["employer"], 1), (["part of"], 1), (["author"], 0)])
def test_a_model_that_has_seen_a_relation_is_refused(
    folder: Path,
    tmp_path: Path,
    outcomes: list[Outcome],
    capsys: pytest.CaptureFixture[str],
    trained: list[str],
    status: int,
) -> None:
    """By name, and as the inverse of P527, which the data calls by its id."""
    files = tiny.model_files()
    seen = ModelFiles(
        {**files.config, "trained_relations": trained},
        *(getattr(files, name) for name in ("encoder", "scorer", "prototypes", "tokenizer", "relations")),
    )
    save_model(tmp_path / "seen", seen)
    data = tmp_path / "data.jsonl"
    data.write_text("\n".join([*lines(), row("Ann of Rome", "Ann", "P527", "Rome")]), encoding="utf-8")
    command = ["evaluate", str(data), "--setting", "zero-shot", "-m", str(tmp_path / "seen"), "-q"]
    assert main(command) == status
    said = error(capsys)
    assert not status or (trained[0] in said and "--allow-seen" in said)
    assert main([*command, "--allow-seen"]) == 0
    tested = {"part of": "has part"}.get(trained[0], trained[0])
    assert outcomes[0].details.get("seen_in_training", []) == ([tested] if status else [])


def test_seen_relations_can_be_left_out(
    folder: Path, tmp_path: Path, outcomes: list[Outcome], capsys: pytest.CaptureFixture[str]
) -> None:
    files = tiny.model_files()
    seen = ModelFiles(
        {**files.config, "trained_relations": ["spouse", "founder"]},
        *(getattr(files, name) for name in ("encoder", "scorer", "prototypes", "tokenizer", "relations")),
    )
    save_model(tmp_path / "seen", seen)
    command = ["evaluate", str(folder / "data.jsonl"), "--setting", "zero-shot", "-m", str(tmp_path / "seen")]
    assert main([*command, "--drop-seen"]) == 0
    assert set(outcomes[0].gold) == {"residence", "employer"} >= set(outcomes[0].predicted)
    assert outcomes[0].details["dropped_seen"] == ["founder", "spouse"]
    assert outcomes[0].details["m"] == 2
    assert "has seen them: founder, spouse" in error(capsys)


def test_each_split_can_have_its_own_model(folder: Path, tmp_path: Path, outcomes: list[Outcome], split: None) -> None:
    files = tiny.model_files(seed=5)
    parts = (getattr(files, name) for name in ("encoder", "scorer", "prototypes", "tokenizer", "relations"))
    save_model(tmp_path / "other", ModelFiles({**files.config, "name": "other"}, *parts))
    models = ["-m", str(folder / "model"), "-m", str(tmp_path / "other")]
    assert evaluate(folder, "zero-shot", *models, "--split", "two", "two") == 0
    assert [outcome.details["model"] for outcome in outcomes] == ["tiny", "other"]
    assert outcomes[0].probabilities != outcomes[1].probabilities
    with pytest.raises(SystemExit):
        evaluate(folder, "zero-shot", *models, "--split", "two")


def test_the_threshold_of_episodes_is_chosen_on_dev_files(folder: Path, outcomes: list[Outcome], split: None) -> None:
    options = ["--split", "two", "--n-way", "1", "--episodes", "20", "--na-rate", "0.5"]
    assert evaluate(folder, "few-shot", *options) == 0
    first = outcomes[0].details["threshold"]
    assert evaluate(folder, "few-shot", *options, "--dev", str(folder / "data.jsonl")) == 0
    assert outcomes[0].details["threshold"] != first
    assert outcomes[0].details["threshold_by"] == ["residence", "founder"]


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("zero-shot", ["--k-shot", "2"]),
        ("zero-shot", ["--no-side-info"]),
        ("zero-shot", ["--threshold", "0.2"]),
        ("zero-shot", ["--seeds", "1"]),
        ("zero-shot", ["--mentions", "gold"]),
        ("zero-shot", ["--work", "x"]),
        ("zero-shot", ["--resume"]),
        ("zero-shot", ["--split", "one", "--unseen", "2"]),
        ("few-shot", ["--transductive"]),
        ("supervised", ["--examples", "x"]),
        ("few-shot", ["--threshold", "0.2"]),
        ("few-shot", ["--dev", "x"]),
        ("few-shot", ["--na-rate", "0.5", "--threshold", "0.2", "--dev", "x"]),
        ("zero-shot", ["--dev", "x"]),
        ("zero-shot", ["--drop-seen", "--allow-seen"]),
        ("supervised", ["--drop-seen"]),
        ("supervised", ["--unseen", "2"]),
        ("combined", []),
        ("guessing", []),
        ("few-shot", ["--seeds", "0", "1", "0"]),
        ("zero-shot", ["--split", "two", "three", "two"]),
        ("zero-shot", ["--json", "x/scores", "--markdown", "x/../x/scores"]),
    ],
)
def test_misuse(folder: Path, setting: str, options: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        evaluate(folder, setting, *options)
    assert left.value.code == 2


@pytest.mark.parametrize("option", ["--train", "--dev", "--examples", None])
def test_a_file_counts_once(folder: Path, option: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    data, again = str(folder / "data.jsonl"), str(folder / "." / "model" / ".." / "data.jsonl")
    work = ["--train", data, "--work", "w"] if option in ("--dev", "--examples") else ["--work", "w"]
    twice = [option, data, again, *work, "--na-rate", "0.5"] if option is not None else [again]
    with pytest.raises(SystemExit) as left:
        main(["evaluate", data, *twice, "--setting", "few-shot"])
    assert left.value.code == 2
    assert f"{option or 'DATA'}: one is given twice" in error(capsys)


@pytest.mark.parametrize(
    ("setting", "options", "said"),
    [
        ("few-shot", ["--k-shot", "8", "--n-way", "2"], "'employer' has 8 different rows: lower --k-shot"),
        ("few-shot", ["--n-way", "9"], "9 relations an episode"),
        ("few-shot", ["--n-way", "1"], "no choice"),
        ("supervised", ["--threshold", "5"], "threshold"),
        ("zero-shot", ["--unseen", "1"], "is the only relation left to choose"),
        ("zero-shot", ["--split", "two", "re_matching/m5/40"], "no split"),
        ("zero-shot", ["--split", "two", "absent"], "P403"),
        ("zero-shot", ["--plot", "data.jsonl"], "cannot be written"),
        ("zero-shot", ["--work", "data.jsonl/work"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_before_training(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    setting: str,
    options: list[str],
    said: str,
) -> None:
    made = {"two": Split("two", ("spouse", "employer")), "absent": Split("absent", ("P403",))}
    monkeypatch.setattr("zslre.datasets.splits.published_splits", lambda: made)
    monkeypatch.setattr("zslre.cli.trained.trained_model", None)  # would fail if called
    monkeypatch.chdir(folder)
    assert evaluate(folder, setting, "--train", "data.jsonl", "--work", "work", *options) == 1
    assert said in error(capsys)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--work", "w", "-m", "model", "--base", "x"],
        ["--work", "w", "-m", "model", "--markers", "text"],
        ["--work", "w", "--allow-seen"],
        ["--work", "w", "--drop-seen"],
    ],
)
def test_misuse_of_training(folder: Path, options: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        evaluate(folder, "zero-shot", "--train", "x", *options)
    assert left.value.code == 2


@pytest.mark.parametrize(
    ("setting", "options", "said"),
    [
        ("few-shot", ["--n-way", "9"], "9 relations an episode"),
        ("few-shot", ["--n-way", "2", "--na-rate", "1"], "na_rate"),
        ("zero-shot", ["--split", "re_matching/m15/4"], "did you mean"),
        ("zero-shot", ["--split", "re_matching/m5/40"], "P403"),
        ("zero-shot", ["--unseen", "4"], "from 1 to 3"),
        ("supervised", ["--threshold", "2"], "threshold"),
    ],
)
def test_what_cannot_be_done_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], setting: str, options: list[str], said: str
) -> None:
    assert evaluate(folder, setting, *options) == 1
    assert said in error(capsys)


# Training for a test


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.base_folder(tmp_path_factory.mktemp("base"))


def trained(folder: Path, base: Path, work: Path, setting: str, *options: str) -> int:
    data = "more.jsonl" if "--split" in options else "data.jsonl"
    train = ["--train", str(folder / data), "--base", str(base), "--work", str(work), "--steps", "2"]
    return evaluate(folder, setting, *train, *options, data=data)


def weights(folder: Path) -> np.ndarray:
    return load_file(folder / "encoder.safetensors")["pair.projection.weight"]


def test_training_leaves_the_unseen_out(
    folder: Path, base: Path, tmp_path: Path, outcomes: list[Outcome], split: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trained(folder, base, tmp_path / "work", "zero-shot", "--split", "one") == 0
    model = tmp_path / "work" / "zero-shot-one-seed0"
    config = read_config(model)
    assert config["trained_relations"] == ["employer", "residence"]
    assert config["held_out"]["checkpoint"] == ["founder"]  # the split's dev relation
    assert config["training"]["steps"] == 2
    assert outcomes[0].details["training"]["train"] == "more.jsonl"
    assert "row_split" not in config  # no row of a seen relation is tested
    assert [path.name for path in (tmp_path / "work").iterdir()] == [model.name]
    # The same model is refused for what it was trained on, and for what chose it.
    command = ["evaluate", str(folder / "data.jsonl"), "--setting", "zero-shot", "-m", str(model), "-q"]
    assert main(command) == 1
    said = error(capsys)
    assert all(name in said for name in ("employer", "residence", "founder"))
    assert "spouse" not in said


def test_supervised_training_never_sees_the_fifth_that_is_tested(
    folder: Path,
    base: Path,
    tmp_path: Path,
    outcomes: list[Outcome],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from zslre.training import unseen

    seen: list[str] = []
    train = unseen.train_model

    def remember(examples: Sequence[Any], *args: Any, **options: Any) -> None:
        seen.extend(example.sentence.text for example in examples)
        train(examples, *args, **options)

    monkeypatch.setattr(unseen, "train_model", remember)
    assert trained(folder, base, tmp_path / "work", "supervised") == 0
    texts = [json.loads(line)["text"] for line in lines()]
    assert sorted(seen) == sorted(text for text in texts if not is_test_row(text))
    assert len(outcomes[0].gold) == sum(map(is_test_row, texts)) > 0
    # Another test of the same model keeps to these rows.
    model = str(tmp_path / "work" / "supervised-all-seed0")
    assert main(["evaluate", str(folder / "data.jsonl"), "--setting", "supervised", "-m", model]) == 0
    assert len(outcomes[0].gold) == (tested := sum(map(is_test_row, texts)))
    said = error(capsys)
    assert f"{tested} of {len(texts)} rows are tested" in said
    assert "trained on a file of this name" not in said


def test_finished_models_are_used_again(
    folder: Path,
    base: Path,
    tmp_path: Path,
    outcomes: list[Outcome],
    loaded: dict[str, RelationExtractor],
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["--unseen", "2", "--seeds", "0", "1"]
    assert trained(folder, base, tmp_path, "zero-shot", *options) == 0
    first = [outcome.probabilities for outcome in outcomes]
    assert not np.array_equal(*(weights(path) for path in sorted(tmp_path.glob("zero-shot-*"))))
    assert trained(folder, base, tmp_path, "zero-shot", *options) == 1
    assert "--resume" in error(capsys)
    shutil.rmtree(tmp_path / "zero-shot-random-m2-1-seed1")
    loaded.clear()
    assert trained(folder, base, tmp_path, "zero-shot", *options, "--resume") == 0
    np.testing.assert_allclose(first[0], outcomes[0].probabilities)
    np.testing.assert_allclose(first[1], outcomes[1].probabilities, atol=1e-4)
    assert trained(folder, base, tmp_path, "zero-shot", *options, "--resume", "--steps", "1") == 1
    assert "otherwise" in error(capsys)
    # Other rows, as many: the model may have been trained on what is tested now.
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    rows = (folder / "data.jsonl").read_text(encoding="utf-8")
    (other / "data.jsonl").write_text(rows.replace("Ann", "Eve"), encoding="utf-8")
    assert trained(other, base, tmp_path, "zero-shot", *options, "--resume") == 1
    assert "otherwise" in error(capsys)


def test_training_options_change_the_model(folder: Path, base: Path, tmp_path: Path) -> None:
    found = []
    for number, options in enumerate(([], ["--steps", "1"], ["--learning-rate", "0.01"], ["--markers", "text"])):
        assert trained(folder, base, tmp_path / str(number), "zero-shot", "--unseen", "2", *options) == 0
        found.append(weights(tmp_path / str(number) / "zero-shot-random-m2-0-seed0"))
    assert not any(np.array_equal(found[0], other) for other in found[1:])


def test_training_goes_on_from_a_model_that_has_not_seen_the_unseen(
    folder: Path, base: Path, tmp_path: Path, outcomes: list[Outcome], split: None, capsys: pytest.CaptureFixture[str]
) -> None:
    from zslre.training.run import named_weights

    assert trained(folder, base, tmp_path / "first", "zero-shot", "--split", "one") == 0
    first = tmp_path / "first" / "zero-shot-one-seed0"
    further = ["--train", str(folder / "more.jsonl"), "-m", str(first), "--work", str(tmp_path), "--steps", "1"]
    assert evaluate(folder, "zero-shot", *further, "--split", "without-dev", data="more.jsonl") == 0
    second = tmp_path / "zero-shot-without-dev-seed0"
    assert 0 < np.abs(weights(second) - weights(first)).max() < 0.01
    assert outcomes[0].details["training"]["start"] == named_weights(read_config(first))
    assert read_config(second)["held_out"]["checkpoint"] == ["founder"]  # as of the first
    assert evaluate(folder, "zero-shot", *further, "--split", "two") == 1
    assert "employer" in error(capsys)
    assert not (tmp_path / "zero-shot-two-seed0.training").exists()  # refused before it was trained


def test_the_mean_of_models(
    folder: Path, base: Path, tmp_path: Path, split: None, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    models, mean = [tmp_path / f"zero-shot-{name}-seed0" for name in ("one", "without-dev")], tmp_path / "mean"
    assert trained(folder, base, tmp_path, "zero-shot", "--split", "one") == 0
    further = ["--train", str(folder / "more.jsonl"), "-m", str(models[0]), "--work", str(tmp_path), "--steps", "1"]
    assert evaluate(folder, "zero-shot", *further, "--split", "without-dev", data="more.jsonl") == 0
    monkeypatch.setattr("sys.argv", ["mean_models.py", *map(str, models), "-o", str(mean)])
    runpy.run_path(str(project / "scripts" / "mean_models.py"), run_name="__main__")
    np.testing.assert_allclose(weights(mean), (weights(models[0]) + weights(models[1])) / 2, atol=1e-7)
    assert read_config(mean)["trained_relations"] == ["employer", "residence"]
    assert read_config(mean)["held_out"] == {"checkpoint": ["founder"]}
    assert evaluate(folder, "zero-shot", "-m", str(mean), "--split", "without-dev", data="more.jsonl") == 0


def test_missing_base_says_how_to_get_one(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="training needs torch")
    assert trained(folder, tmp_path / "none", tmp_path / "work", "zero-shot", "--unseen", "2") == 1
    assert "pip install" in error(capsys)
