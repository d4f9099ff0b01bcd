"""Plots: which there are, what they show, that they repeat. How they look was judged by eye."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from outcomes import EXTRACTION, curve, outcome

from zslre.evaluation import plots
from zslre.evaluation.outcome import Outcome
from zslre.exceptions import InputError, MissingDependencyError

POINTS = [{"threshold": 0.8, "precision": 1.0, "recall": 0.1}, {"threshold": 0.4, "precision": 0.5, "recall": 0.4}]


def many(n: int) -> Outcome:
    """Relation r_k has n queries, of which k are taken for the relation before."""
    gold = [f"r{row:02}" for row in range(n) for _ in range(n)]
    predicted = [f"r{(row - (column < row)) % n:02}" for row in range(n) for column in range(n)]
    return Outcome("supervised", tuple(gold), tuple(predicted), (0.9,) * n * n)


def cells(figure: Figure) -> list[list[float]]:
    return figure.axes[0].images[0].get_array().round(1).tolist()  # type: ignore[union-attr]


def ticks(figure: Figure, which: str) -> list[str]:
    return [label.get_text() for label in getattr(figure.axes[0], f"get_{which}ticklabels")()]


def test_each_outcome_has_the_plots_that_it_can_have(tmp_path: Path) -> None:
    outcomes = [outcome("extraction", **{**EXTRACTION, "points": POINTS}), outcome("combined", curve=curve(0.9, 0.6))]
    files = plots.draw(outcomes, tmp_path / "new" / "folder")
    assert sorted(file.name for file in files) == [
        "combined.png",
        *("confusion-1-extraction.png", "confusion-2-combined.png"),
        "precision-recall-1-extraction.png",
        *("reliability-1-extraction.png", "reliability-2-combined.png"),
    ]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)


def test_the_same_outcome_gives_the_same_bytes_whatever_the_user_s_style(tmp_path: Path) -> None:
    first = plots.draw([outcome()], tmp_path / "first")
    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 20}):
        second = plots.draw([outcome()], tmp_path / "second")
    assert [file.name for file in first] == ["confusion-zero-shot.png", "reliability-zero-shot.png"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
        # No date, and no version of matplotlib.
        assert not any(chunk in one.read_bytes() for chunk in (b"tEXt", b"tIME", b"iTXt"))


def test_a_confusion_matrix_by_hand() -> None:
    figure = plots.confusion_matrix(
        Outcome("few-shot", ("a", "a", "a", "a", "b", None), ("a", "a", "b", None, "b", "a"), (0.5,) * 6)
    )
    assert (ticks(figure, "y"), ticks(figure, "x")) == (["a", "b", "(no relation)"], ["a", "b", "(rejected)"])
    assert cells(figure) == [[50, 25, 25], [0, 100, 0], [100, 0, 0]]
    assert sorted(text.get_text() for text in figure.axes[0].texts) == ["100", "100", "25", "25", "50"]


def test_one_class_is_one_cell() -> None:
    figure = plots.confusion_matrix(Outcome("zero-shot", ("a",), ("a",), (0.9,)))
    assert (cells(figure), ticks(figure, "x"), ticks(figure, "y")) == ([[100]], ["a"], ["a"])


def test_of_many_relations_the_most_confused_are_shown_and_rows_stay_whole() -> None:
    figure = plots.confusion_matrix(many(40))
    # Relation k has k errors of its own and k + 1 that are taken for it, the last one 39 and none: as many as r19.
    assert ticks(figure, "y") == [f"r{row:02}" for row in range(19, 39)]
    assert ticks(figure, "x") == [*ticks(figure, "y"), "(20 others)"]
    assert np.sum(cells(figure), axis=1) == pytest.approx(100, abs=0.2)
    assert cells(figure)[0][-1] == 47.5  # r19 is taken for r18, which is not shown, 19 times of 40
    assert "the 20 most confused of 40 relations" in figure.axes[0].get_title()


def test_long_names_are_cut() -> None:
    long = Outcome("zero-shot", ("x" * 80,), ("x" * 80,), (0.9,))
    figure = plots.confusion_matrix(long)
    assert ticks(figure, "y") == ["x" * (plots.ROW_NAME - 1) + "…"]
    assert ticks(figure, "x") == ["x" * (plots.COLUMN_NAME - 1) + "…"]


def test_a_dollar_is_no_formula(tmp_path: Path) -> None:
    price = Outcome("zero-shot", (r"price in $ or $\frac",), (r"price in $ or $\frac",), (0.9,), {"data": "$x_$"})
    assert len(plots.draw([price], tmp_path)) == 2


def test_the_reliability_diagram_shows_its_bins() -> None:
    answers = Outcome("zero-shot", ("a",) * 12, ("a",) * 9 + ("b",) * 3, (0.75,) * 11 + (0.15,))
    upper, lower = plots.reliability_diagram(answers).axes
    # Confidence 0.75: 9 of 11 are right; 0.15: one, which is wrong, in a bin of its own kind.
    assert [(round(bar.get_x()), round(bar.get_height(), 1)) for bar in upper.patches] == [(70, 81.8), (10, 0)]
    assert [bar.get_height() for bar in lower.patches] == [1, 11]
    assert "fewer than 10 queries" in upper.get_legend_handles_labels()[1]
    assert (lower.get_xlabel(), upper.get_ylabel()) == ("confidence in the answer (%)", "right answers (%)")


def test_the_precision_recall_curve_shows_its_points() -> None:
    figure = plots.precision_recall_curve(outcome("extraction", **{**EXTRACTION, "points": POINTS}))
    curve_line, used = figure.axes[0].lines
    assert np.transpose(curve_line.get_data()).tolist() == [[10, 100], [40, 50]]
    assert np.ravel(used.get_data()).tolist() == [25, 50]
    assert "area 20.0 %" in figure.get_suptitle()


def test_the_combined_curve_shows_runs_and_their_mean() -> None:
    runs = [outcome("combined", curve=curve(0.9, unseen)) for unseen in (0.4, 0.6)]
    (axes,) = plots.combined_curve(runs).axes
    means = {line.get_label(): np.transpose(line.get_data()).tolist() for line in axes.lines}
    assert means["seen relations"] == [[0, 90], [50, 90]]
    assert means["unseen relations"] == [[50, 50], [100, 50]]
    assert len(axes.lines) == 3 * (2 + 1)
    assert len(plots.combined_curve(runs[:1]).axes[0].lines) == 3


@pytest.mark.parametrize("name", ["reliability", "precision-recall", "combined"])
def test_no_legend_covers_data(name: str) -> None:
    figure = {
        "reliability": lambda: plots.reliability_diagram(outcome()),
        "precision-recall": lambda: plots.precision_recall_curve(outcome("extraction", **EXTRACTION, model="m" * 30)),
        "combined": lambda: plots.combined_curve([outcome("combined", curve=curve(0.9, 0.6))]),
    }[name]()
    FigureCanvasAgg(figure).draw()
    (legend,) = figure.legends
    inside = [axes.get_tightbbox() for axes in figure.axes]
    assert not any(Bbox.intersection(legend.get_window_extent(), box) for box in inside if box is not None)


def test_nothing_is_written_for_what_cannot_be_drawn(tmp_path: Path) -> None:
    for bad in ([], [outcome("combined")], [Outcome("zero-shot", (), (), ())]):
        with pytest.raises(InputError):
            plots.draw(bad, tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_a_missing_matplotlib_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'zslre\[eval\]'"):
        plots.draw([outcome()], tmp_path)
