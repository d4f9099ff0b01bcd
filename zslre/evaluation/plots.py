"""Plots of outcomes, as PNG files. Colours are those of Okabe and Ito, which colour-blind readers can tell apart."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zslre.evaluation.metrics import (
    BINS,
    Confusion,
    confusion,
    expected_calibration_error,
    reliability_bins,
)
from zslre.evaluation.outcome import Outcome
from zslre.evaluation.report import answers, check
from zslre.evaluation.tables import describe
from zslre.exceptions import MissingDependencyError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, SKY, VERMILION, GREEN, GREY = "#0072B2", "#56B4E9", "#D55E00", "#009E73", "#6e6e6e"
PALE = "#d5d5d5"
FEW = 10  # queries in a bin that say little
# More rows than this cannot be read on a page; the most confused are shown then.
MAX_ROWS = 20
ROW_NAME, COLUMN_NAME = 50, 34  # characters of a relation's name
_DPI = 150
_CELL = 0.33  # inches
_TITLE = 10  # points


def draw(outcomes: Sequence[Outcome], folder: Path) -> list[Path]:
    """Write the plots that the outcomes have into `folder`, made if absent, and return the files.

    Of each outcome `confusion-…png` and `reliability-…png`, and `precision-recall-…png` of one with such points; of all
    combined outcomes together `combined.png`. The same outcomes give the same bytes. Needs matplotlib. Raises
    InputError for outcomes that `report.scores` refuses.
    """
    check(outcomes)
    matplotlib = load_matplotlib()
    figures: dict[str, Figure] = {}
    # Whatever the user's own matplotlibrc says; and a dollar sign in a name is no formula.
    with matplotlib.style.context("default"), matplotlib.rc_context({"text.parse_math": False, "font.size": 9}):
        for name, outcome in zip(_names(outcomes), outcomes, strict=True):
            figures[f"confusion-{name}"] = confusion_matrix(outcome)
            figures[f"reliability-{name}"] = reliability_diagram(outcome)
            if outcome.details.get("points"):
                figures[f"precision-recall-{name}"] = precision_recall_curve(outcome)
        combined = [outcome for outcome in outcomes if "curve" in outcome.details]
        if combined:
            figures["combined"] = combined_curve(combined)
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for name, figure in figures.items():
            files.append(folder / f"{name}.png")
            # Without this, the file names the version of matplotlib.
            figure.savefig(files[-1], dpi=_DPI, bbox_inches="tight", metadata={"Software": None})
    return files


def confusion_matrix(outcome: Outcome) -> Figure:
    """Shares of each gold relation's queries, in percent; of more than `MAX_ROWS` relations those most confused."""
    rows, columns, shares, left_out = _shown(confusion(outcome.gold, outcome.predicted))
    matplotlib = load_matplotlib()
    # Cells have one size however long the names are: the page grows around them when it is saved.
    figure = matplotlib.figure.Figure(figsize=(_CELL * len(columns), _CELL * len(rows)))
    axes = figure.add_axes((0, 0, 1, 1))
    # The square root makes rare confusions visible beside a full diagonal.
    axes.imshow(shares, cmap="Blues", norm=matplotlib.colors.PowerNorm(0.5, vmin=0, vmax=100))
    for (row, column), share in np.ndenumerate(shares):
        if (text := f"{share:.0f}") != "0":
            color = "white" if share > 40 else "black"
            axes.text(column, row, text, ha="center", va="center", fontsize=7, color=color)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    names = [_cut(name, COLUMN_NAME) for name in columns]
    axes.set_xticks(range(len(columns)), names, rotation=45, ha="left", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), [_cut(name, ROW_NAME) for name in rows])
    axes.set(xlabel="predicted (% of the gold relation's queries)", ylabel="gold")
    title = "Confusion matrix"
    if left_out:
        title += f": the {MAX_ROWS} most confused of {MAX_ROWS + left_out} relations"
    axes.set_title(_title(title, outcome, 90), fontsize=_TITLE)
    return figure


def reliability_diagram(outcome: Outcome) -> Figure:
    """How often answers of each confidence are right, above how many there are."""
    sure, right = answers(outcome)
    bins = reliability_bins(sure, right)
    figure = _figure(5.4, 5.6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    middles = [50 * (b.low + b.high) for b in bins]
    width = 100 / BINS
    for few, color, label in ((False, SKY, "right answers"), (True, PALE, f"fewer than {FEW} queries")):
        some = [(middle, 100 * b.accuracy) for middle, b in zip(middles, bins, strict=True) if (b.queries < FEW) == few]
        if some:
            upper.bar(*zip(*some, strict=True), width, color=color, edgecolor="white", label=label)
    upper.plot([0, 100], [0, 100], color="black", linestyle="--", label="perfect calibration")
    upper.plot(
        [100 * b.confidence for b in bins],
        [100 * b.accuracy for b in bins],
        color=VERMILION,
        marker="o",
        linestyle="none",
        clip_on=False,
        label="mean confidence of a bin",
    )
    upper.set(ylabel="right answers (%)", xlim=(0, 100), ylim=(0, 102))
    lower.bar(middles, [b.queries for b in bins], width, color=GREY, edgecolor="white")
    lower.set(xlabel="confidence in the answer (%)", ylabel="queries")
    _legend_outside(figure, upper)
    error = 100 * expected_calibration_error(sure, right)
    _head(figure, f"Reliability: calibration error {error:.1f} % over {len(right)} answers", outcome)
    return figure


def precision_recall_curve(outcome: Outcome) -> Figure:
    """Precision against recall over all thresholds, and the point of the threshold that was used."""
    points, details = outcome.details["points"], outcome.details
    figure = _figure(5.4, 5.2)
    axes = figure.subplots()
    recall, precision = ([100 * point[key] for point in points] for key in ("recall", "precision"))
    axes.plot(recall, precision, color=BLUE, marker="." if len(points) < 20 else None, label="all thresholds")
    axes.plot(
        100 * details["recall"],
        100 * details["precision"],
        color=VERMILION,
        marker="D",
        linestyle="none",
        clip_on=False,
        label=f"the threshold used: F1 {100 * details['f1']:.1f} %",
    )
    axes.set(xlabel="recall (% of the gold triples)", ylabel="precision (% of the found triples)")
    axes.set(xlim=(0, 100), ylim=(0, 102))
    axes.grid(alpha=0.3)
    _legend_outside(figure, axes)
    area = f": area {100 * details['area']:.1f} %" if "area" in details else ""
    _head(figure, f"Precision and recall{area}", outcome)
    return figure


def combined_curve(outcomes: Sequence[Outcome]) -> Figure:
    """Accuracy on seen and unseen relations and their harmonic mean; of several runs each thin, and the mean."""
    figure = _figure(6.4, 5.0)
    axes = figure.subplots()
    styles = [
        ("seen_accuracy", "seen relations", BLUE, "s", "--"),
        ("unseen_accuracy", "unseen relations", VERMILION, "^", "-."),
        ("harmonic_mean", "harmonic mean", GREEN, "o", "-"),
    ]
    for key, label, color, marker, line in styles:
        curves = [_curve(outcome.details["curve"], key) for outcome in outcomes]
        if len(curves) > 1:
            for curve in curves:
                axes.plot(*zip(*curve, strict=True), color=color, linewidth=0.8, alpha=0.4)
        x, y = zip(*_mean_curve(curves), strict=True)
        axes.plot(x, y, color=color, marker=marker, linestyle=line, linewidth=2, label=label)
    axes.set(xlabel="share of queries with an unseen relation (%)", ylabel="accuracy (%)")
    axes.set(xlim=(-2, 102), ylim=(0, 102), xticks=range(0, 101, 10))
    axes.grid(alpha=0.3)
    _legend_outside(figure, axes)
    runs = f", mean of {len(outcomes)} runs (each thin)" if len(outcomes) > 1 else ""
    _head(figure, f"Seen and unseen relations together{runs}", *(outcomes if len(outcomes) == 1 else ()))
    return figure


def _shown(counted: Confusion) -> tuple[list[str], list[str], NDArray[np.float64], int]:
    """Names of rows and columns, the rows' shares in percent (rows, columns), the number of relations left out."""
    counts = counted.counts
    errors = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    relations = np.arange(len(counted.relations))
    if len(relations) > MAX_ROWS:
        relations = np.sort(np.argsort(-errors[:-1], kind="stable")[:MAX_ROWS])
    left_out = len(counted.relations) - len(relations)
    parts, columns = [counts[:, relations]], [counted.relations[at] for at in relations]
    if left_out:
        parts.append(counts[:, :-1].sum(axis=1, keepdims=True) - parts[0].sum(axis=1, keepdims=True))
        columns.append(f"({left_out} others)")
    if counts[:, -1].any():
        parts.append(counts[:, -1:])
        columns.append("(rejected)")
    rows = [at for at in [*relations, len(counted.relations)] if counts[at].any()]
    names = [counted.relations[at] if at < len(counted.relations) else "(no relation)" for at in rows]
    shown = np.concatenate(parts, axis=1)[rows]
    return names, columns, 100 * shown / counts[rows].sum(axis=1, keepdims=True), left_out


def _curve(points: Sequence[Mapping[str, float | None]], key: str) -> list[tuple[float, float]]:
    """(share, value) in percent, of the points that have a value."""
    return [(100 * float(p["unseen_share"] or 0), 100 * value) for p in points if (value := p[key]) is not None]


def _mean_curve(curves: Sequence[Sequence[tuple[float, float]]]) -> list[tuple[float, float]]:
    values: dict[float, list[float]] = {}
    for curve in curves:
        for share, value in curve:
            values.setdefault(share, []).append(value)
    return [(share, float(np.mean(at))) for share, at in sorted(values.items()) if len(at) == len(curves)]


def _names(outcomes: Sequence[Outcome]) -> list[str]:
    """A file name for each outcome: its setting, numbered where there are several."""
    slugs = [re.sub(r"[^a-z0-9]+", "-", outcome.setting.lower()) for outcome in outcomes]
    if len(slugs) == 1:
        return slugs
    return [f"{number:0{len(str(len(slugs)))}}-{slug}" for number, slug in enumerate(slugs, 1)]


def _cut(name: str, length: int) -> str:
    return name if len(name) <= length else f"{name[: length - 1].rstrip()}…"


def _figure(width: float, height: float) -> Figure:
    """An empty page of that many inches that makes room for its labels."""
    figure: Figure = load_matplotlib().figure.Figure(figsize=(width, height), layout="constrained")
    return figure


def _legend_outside(figure: Figure, axes: Axes) -> None:
    """Below the axes, where it covers no data."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3 if len(labels) == 3 else 2, frameon=False)


def _head(figure: Figure, title: str, outcome: Outcome | None = None) -> None:
    figure.suptitle(_title(title, outcome, int(figure.get_figwidth() * 11)), fontsize=_TITLE)


def _title(title: str, outcome: Outcome | None, width: int) -> str:
    """The title, and below it what the outcome is of, in lines of `width` characters."""
    lines = textwrap.wrap(title, width)
    if outcome is not None:
        # A detail stays on one line with its name: textwrap does not break at this space.
        parts = [
            part.replace(" ", "\N{NO-BREAK SPACE}") for part in describe(outcome.setting, outcome.details).split(" · ")
        ]
        lines += textwrap.wrap(" · ".join(parts), width, break_on_hyphens=False)
    return "\n".join(lines)


def load_matplotlib() -> Any:
    """The package. Raises MissingDependencyError where it is not installed."""
    try:
        import matplotlib
        import matplotlib.colors
        import matplotlib.figure
        import matplotlib.style
    except ImportError as error:
        raise MissingDependencyError(f"plots need matplotlib ({error}): pip install 'zslre[eval]'") from error
    return matplotlib
