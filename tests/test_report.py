"""The dict of scores, and the texts made from it."""

from __future__ import annotations

import json

import pytest
from outcomes import EXTRACTION, curve, outcome

from zslre.evaluation import report
from zslre.evaluation.outcome import Outcome
from zslre.exceptions import InputError
from zslre.terminal import columns


def test_an_entry_by_hand() -> None:
    (entry,) = report.scores([outcome(split="s", seed=3)])["outcomes"]
    assert (entry["setting"], entry["details"]) == ("zero-shot", {"split": "s", "seed": 3})
    assert (entry["queries"], entry["relations"]) == (10, 2)
    # a and b: 3 hits of 5, and 5 guesses each; confidence 0.75, of which 0.6 are right.
    expected = {"accuracy": 0.6, "macro_f1": 0.6, "field_f1": 0.6, "calibration_error": 0.15}
    assert entry["figures"] == pytest.approx(expected)
    assert entry["per_relation"][0] == {
        **{"relation": "a", "precision": 0.6, "recall": 0.6, "f1": 0.6},
        **{"support": 5, "predicted": 5},
    }
    assert entry["confused"][0] == {"gold": "a", "predicted": "b", "queries": 2, "share": 0.4}
    assert entry["reliability"] == [{"low": 0.7, "high": 0.8, "queries": 10, "confidence": 0.75, "accuracy": 0.6}]
    low, high = entry["intervals"]["accuracy"]
    assert 0.2 <= low < 0.6 < high <= 1


def test_the_dict_is_json_and_the_same_each_time() -> None:
    outcomes = [
        outcome(seed=1),
        outcome("few-shot", episode_accuracies=[0.5, 0.7]),
        outcome("extraction", **EXTRACTION),
    ]
    outcomes.append(outcome("combined", curve=curve(0.9, 0.6)))
    text = json.dumps(report.scores(outcomes), allow_nan=False)
    assert text == json.dumps(report.scores(outcomes))
    assert json.loads(text) == json.loads(json.dumps(report.scores(outcomes)))


def test_mean_and_spread_over_seeds() -> None:
    found = report.scores([outcome(right=4, seed=1, data="d"), outcome(right=8, seed=2, data="d")])
    (summary,) = found["summary"]
    assert (summary["outcomes"], summary["details"]) == (2, {"data": "d"})
    # 0.4 and 0.8: s = sqrt(2 · 0.2²) = 0.282843.
    assert summary["figures"]["accuracy"] == {"mean": 0.6, "spread": 0.282843}


def test_splits_of_one_family_are_averaged_and_named_by_it() -> None:
    found = report.scores([outcome(split=f"re_matching/m2/{n}", command="zslre") for n in (40, 41)])
    (summary,) = found["summary"]
    assert summary["details"] == {"split": "re_matching/m2/*", "command": "zslre"}
    assert summary["varied"] == {"split": ["re_matching/m2/40", "re_matching/m2/41"]}


def test_a_single_outcome_has_no_spread() -> None:
    (summary,) = report.scores([outcome()])["summary"]
    assert summary["figures"]["accuracy"] == {"mean": 0.6, "spread": None}


@pytest.mark.parametrize(
    "other",
    [
        outcome("supervised"),
        outcome(data="other"),
        outcome(ways=5),
        outcome(none_rate=0.5),
        outcome(split="relation_prompt/m5/0"),
        Outcome("zero-shot", ("a", "b", "c"), ("a", "b", "c"), (1.0,) * 3),
    ],
    ids=["setting", "data", "ways", "none rate", "whose split", "number of relations"],
)
def test_different_things_are_not_averaged(other: Outcome) -> None:
    assert [kind["outcomes"] for kind in report.scores([outcome(), other, outcome(seed=2)])["summary"]] == [2, 1]


def test_rejection_is_scored_where_there_is_any() -> None:
    asked = Outcome("few-shot", ("a", None, None, "a"), ("a", None, "a", None), (0.9, 0.1, 0.8, 0.2))
    figures = report.scores([asked])["outcomes"][0]["figures"]
    assert [figures[f"rejection_{key}"] for key in ("precision", "recall", "f1")] == [0.5, 0.5, 0.5]
    assert figures["accuracy"] == 0.5
    assert "rejection_f1" not in report.scores([outcome()])["outcomes"][0]["figures"]


def test_episodes_give_the_accuracy_and_its_interval() -> None:
    (entry,) = report.scores([outcome("few-shot", episode_accuracies=[0.5, 0.7])])["outcomes"]
    half = 1.96 * 0.2 / 2**0.5 / 2**0.5  # s = 0.2 / sqrt(2)
    assert entry["intervals"] == {"accuracy": pytest.approx([0.6 - half, 0.6 + half], abs=1e-4)}
    assert entry["episodes"] == 2
    assert "episode_accuracies" not in entry["details"]
    (single,) = report.scores([outcome("few-shot", episode_accuracies=[0.5])])["outcomes"]
    assert single["intervals"] == {}


def test_extraction_reports_its_own_figures_and_no_accuracy() -> None:
    (entry,) = report.scores([outcome("extraction", **EXTRACTION)])["outcomes"]
    assert {key: entry["figures"][key] for key in ("precision", "recall", "f1", "area")} == {
        **{"precision": 0.5, "recall": 0.25, "f1": 0.333333},
        "area": 0.2,
    }
    assert "accuracy" not in entry["figures"]
    assert set(entry["intervals"]) == {"macro_f1"}
    assert entry["points"] == []
    assert "best" not in entry


def test_the_best_threshold_of_extraction_is_told() -> None:
    best = {"threshold": 0.2129, "precision": 0.5, "recall": 0.25, "f1": 1 / 3}
    found = report.scores([outcome("extraction", **EXTRACTION, best=best)])
    assert found["outcomes"][0]["best"] == pytest.approx(best, abs=1e-6)
    line = "The best micro-F1 on these data at any threshold: 33.3 at 0.212 (precision 50.0, recall 25.0)."
    assert f"\n\n{line}\n\n" in report.table(found)
    assert f"\n\n{line}\n\n" in report.markdown(found)
    assert "best" not in found["outcomes"][0]["details"]


def test_what_was_not_asked_about_is_missed_but_not_miscalibrated() -> None:
    found = ("a", "a"), ("a", None), (0.75, 0.0)
    figures = report.scores([Outcome("extraction", *found, EXTRACTION)])["outcomes"][0]["figures"]
    assert figures["calibration_error"] == 0.25
    assert figures["macro_f1"] == pytest.approx(2 / 3, abs=1e-6)
    # In other settings every query is asked, and a rejection of which the model is sure may be wrong.
    assert report.scores([Outcome("few-shot", *found)])["outcomes"][0]["figures"]["calibration_error"] == 0.625


def test_the_combined_curve_and_its_mean() -> None:
    found = report.scores([outcome("combined", curve=curve(0.9, 0.4)), outcome("combined", curve=curve(0.9, 0.6))])
    assert found["outcomes"][0]["curve"][1]["unseen_accuracy"] == 0.4
    assert found["outcomes"][0]["figures"]["harmonic_mean"] == pytest.approx(2 * 0.36 / 1.3, abs=1e-6)
    (summary,) = found["summary"]
    middle = summary["curve"][1]
    assert middle["unseen_share"] == 0.5
    assert middle["seen_accuracy"] == {"mean": 0.9, "spread": 0}
    assert middle["unseen_accuracy"] == {"mean": 0.5, "spread": 0.141421}
    assert summary["curve"][0]["unseen_accuracy"] is None


def test_a_curve_of_one_row_has_no_half() -> None:
    one = [{**point, "unseen_accuracy": None, "harmonic_mean": None} for point in curve(0.9, 0.4)]
    scores = report.scores([outcome("combined", curve=one)])
    assert "harmonic_mean" not in scores["outcomes"][0]["figures"]
    assert "unseen share" in report.table(scores)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([], "no outcomes"),
        ([outcome(), Outcome("supervised", (), (), ())], r"outcome 2 \(supervised\): no queries"),
        ([Outcome("supervised", ("a",), ("a", "b"), (0.5,))], "1 gold labels and 2 predictions"),
        ([Outcome("supervised", ("a",), ("a",), ())], "0 probabilities of 1 queries"),
        ([Outcome("supervised", ("a",), ("a",), (1.5,))], r"must lie in \[0, 1\]"),
        ([Outcome("supervised", (None,), (None,), (0.5,))], "no query has a relation"),
        ([outcome("combined")], "lack curve"),
        ([outcome("combined", curve=[{"unseen_share": 0.5}])], "lack harmonic_mean, seen_accuracy, unseen_accuracy"),
        ([outcome("combined", curve=curve(90, 60))], "no fraction"),
        ([outcome("extraction", precision=0.5, f1=0.5)], "lack recall"),
        ([outcome("few-shot", episode_accuracies=[])], "empty list"),
        ([outcome("few-shot", episode_accuracies=[73.0])], "no fraction"),
    ],
)
def test_what_cannot_be_reported_is_refused(bad: list[Outcome], message: str) -> None:
    with pytest.raises(InputError, match=message):
        report.scores(bad)


def test_the_table_of_several_runs() -> None:
    text = report.table(report.scores([outcome(right=4, seed=1, data="d"), outcome(right=8, seed=2, data="d")]))
    lines = text.splitlines()
    assert lines[0] == "data d"
    assert lines[2].split()[:4] == ["setting", "seed", "queries", "relations"]
    assert lines[3].split()[:5] == ["zero-shot", "1", "10", "2", "40.0"]
    assert lines[5].startswith("mean of 2")
    assert "60.0 ± 28.3" in lines[5]
    # Numbers end in one column.
    assert {len(line) for line in lines[2:6]} == {len(lines[2])}
    assert "95% interval, from 1000 bootstrap resamples of the queries" in text
    assert "taken for" not in text


def test_the_table_of_one_run_has_its_relations_the_worst_first() -> None:
    one = Outcome("supervised", ("a", "b", "b"), ("a", "b", "a"), (0.5,) * 3)
    lines = report.table(report.scores([one])).splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("relation "))
    assert [line.split() for line in lines[at + 1 : at + 3]] == [
        ["a", "66.7", "50.0", "100.0", "1", "2"],
        ["b", "66.7", "100.0", "50.0", "2", "1"],
    ]
    assert lines[-1].split() == ["b", "a", "1", "50.0"]


def test_the_table_of_different_settings_says_which_mean_is_whose() -> None:
    text = report.table(report.scores([outcome(seed=1), outcome(seed=2), outcome("extraction", **EXTRACTION)]))
    assert "zero-shot, mean of 2" in text
    (line,) = (line for line in text.splitlines() if line.startswith("extraction"))
    assert line.split()[3:7] == ["50.0", "25.0", "33.3", "20.0"]


def test_the_curve_stands_below_the_table() -> None:
    text = report.table(report.scores([outcome("combined", curve=curve(0.9, 0.6))]))
    rows = [line.split() for line in text.splitlines()]
    assert ["0.0", "90.0", "-", "-"] in rows
    assert ["50.0", "90.0", "60.0", "72.0"] in rows
    assert ["100.0", "-", "60.0", "-"] in rows


def test_markdown_has_whole_tables_and_the_command() -> None:
    strange = Outcome("supervised", ("a|b", "*c*"), ("*c*", "*c*"), (0.5, 0.5), {"command": "zslre evaluate d.json"})
    text = report.markdown(report.scores([strange, outcome(seed=1), outcome(seed=2)]))
    assert "```sh\nzslre evaluate d.json\n```" in text
    assert r"| a\|b | 0.0 | 0.0 | 0.0 | 1 | 0 |" in text
    assert r"| a\|b | \*c\* | 1 | 100.0 |" in text
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) == 1 + 2 * 3  # the summary; relations and confusions of each
    for lines in tables:
        assert len({line.replace(r"\|", "").count("|") for line in lines}) == 1


def test_wide_characters_and_control_characters_keep_the_columns() -> None:
    one = Outcome("supervised", ("\u51fa\u751f\u5730", "a\x1b[2J"), ("\u51fa\u751f\u5730",) * 2, (0.5, 0.5))
    text = report.table(report.scores([one]))
    assert "\x1b" not in text
    lines = text.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("relation "))
    assert len({columns(line) for line in lines[at : at + 3]}) == 1
