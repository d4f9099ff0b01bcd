"""The dict of `report.scores` as text: aligned for a terminal, and as Markdown. All figures there are in percent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from zslre.terminal import aligned, printable

# Names of the figures in a table; what a table leaves out stands in the dict.
FIGURES = {
    "precision": "precision",
    "recall": "recall",
    "f1": "micro-F1",
    "area": "PR area",
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "field_f1": "field F1",
    "rejection_f1": "rejection F1",
    "seen_accuracy": "seen",
    "unseen_accuracy": "unseen",
    "harmonic_mean": "harmonic mean",
    "calibration_error": "cal. error",
}
_CURVE = ("seen_accuracy", "unseen_accuracy", "harmonic_mean")
# Markdown gives the command a block of its own; the others are figures.
_NO_COLUMN = ("command", "precision", "recall", "f1", "area")

Rows = list[list[str]]


def table(scores: Mapping[str, Any]) -> str:
    """A summary for a terminal; with a single outcome its relations and confusions too."""
    shared, rows = _summary_rows(scores)
    parts = [*([shared] if shared else []), _aligned(rows), _legend(scores)]
    for title, curve in _curves(scores):
        parts.append(f"{title}\n{_aligned(curve)}")
    if len(scores["outcomes"]) == 1:
        (outcome,) = scores["outcomes"]
        parts += [_best(outcome["best"])] if "best" in outcome else []
        parts.append(_aligned(_relation_rows(outcome)))
        if outcome["confused"]:
            parts.append(_aligned(_confused_rows(outcome)))
    return "\n\n".join(parts) + "\n"


def markdown(scores: Mapping[str, Any]) -> str:
    """The summary, the curves, and of each outcome its command, its relations and its confusions."""
    shared, rows = _summary_rows(scores)
    parts = [*([_escaped(shared)] if shared else []), piped(rows), _escaped(_legend(scores))]
    for title, curve in _curves(scores):
        parts += [f"### {_escaped(title)}", piped(curve)]
    for outcome in scores["outcomes"]:
        parts.append(f"### {_escaped(describe(outcome['setting'], outcome['details']))}")
        if "command" in outcome["details"]:
            parts.append(f"```sh\n{printable(str(outcome['details']['command']))}\n```")
        parts += [_best(outcome["best"])] if "best" in outcome else []
        parts.append(piped(_relation_rows(outcome)))
        if outcome["confused"]:
            parts += ["Most often taken for another relation:", piped(_confused_rows(outcome))]
    return "\n\n".join(parts) + "\n"


def describe(setting: str, details: Mapping[str, Any]) -> str:
    """The setting and its short details on one line.

    >>> describe("few-shot", {"ways": 5, "none_rate": 0.15, "relations": ["a", "b"]})
    'few-shot · ways 5 · none rate 0.15'
    """
    return " · ".join((setting, *(f"{_title(key)} {value}" for key, value in _short(details).items())))


def percent(fraction: float | None) -> str:
    """With one digit; None, a figure that does not exist, is a dash.

    >>> percent(0.8462), percent(None)
    ('84.6', '-')
    """
    return "-" if fraction is None else f"{100 * fraction:.1f}"


def mean_spread(figure: Mapping[str, float | None]) -> str:
    """Mean and spread in percent; without a spread, the mean alone.

    >>> mean_spread({"mean": 0.8, "spread": 0.025})
    '80.0 ± 2.5'
    """
    return percent(figure["mean"]) + ("" if figure["spread"] is None else f" ± {percent(figure['spread'])}")


def _summary_rows(scores: Mapping[str, Any]) -> tuple[str, Rows]:
    """The details that all outcomes share, and a row for each outcome and each mean with the details that differ."""
    outcomes = scores["outcomes"]
    short = [_short(outcome["details"]) for outcome in outcomes]
    keys = list(dict.fromkeys(key for details in short for key in details))
    same = [key for key in keys if len({details.get(key) for details in short}) == 1]
    differ = [key for key in keys if key not in same]
    figures = [name for name in FIGURES if any(name in outcome["figures"] for outcome in outcomes)]
    alone = len({outcome["setting"] for outcome in outcomes}) == 1
    header = ["setting", *map(_title, differ), "queries", "relations", *(FIGURES[name] for name in figures)]
    rows = [header]
    for outcome, details in zip(outcomes, short, strict=True):
        cells = [_figure(outcome, name) for name in figures]
        counts = [str(outcome["queries"]), str(outcome["relations"])]
        rows.append([outcome["setting"], *(details.get(key, "") for key in differ), *counts, *cells])
    for kind in scores["summary"]:
        if kind["outcomes"] > 1:
            details = _short(kind["details"])
            cells = [mean_spread(kind["figures"][name]) if name in kind["figures"] else "" for name in figures]
            counts = ["", str(kind["relations"])]
            mean = f"mean of {kind['outcomes']}"
            title = mean if alone else f"{kind['setting']}, {mean}"
            rows.append([title, *(details.get(key, "") for key in differ), *counts, *cells])
    return " · ".join(f"{_title(key)} {short[0][key]}" for key in same), rows


def _figure(outcome: Mapping[str, Any], name: str) -> str:
    if name not in outcome["figures"]:
        return ""
    interval = outcome["intervals"].get(name)
    text = percent(outcome["figures"][name])
    return text if interval is None else f"{text} [{percent(interval[0])}, {percent(interval[1])}]"


def _legend(scores: Mapping[str, Any]) -> str:
    outcomes = scores["outcomes"]
    sentences = ["In percent; cal. error: expected calibration error in ten bins."]
    if any(outcome["intervals"] for outcome in outcomes):
        over = {
            "episodes": "the spread of episodes",
            "queries": f"{scores['resamples']} bootstrap resamples of the queries",
        }
        kinds = sorted({"episodes" if "episodes" in outcome else "queries" for outcome in outcomes})
        sentences.append(f"[…]: {scores['level']:.0%} interval, from {' or '.join(over[k] for k in kinds)}.")
    if any(kind["outcomes"] > 1 for kind in scores["summary"]):
        sentences.append("±: sample standard deviation over the runs.")
    if any("harmonic_mean" in outcome["figures"] for outcome in outcomes):
        sentences.append("seen, unseen, harmonic mean: where half of the queries have unseen relations.")
    return " ".join(sentences)


def _curves(scores: Mapping[str, Any]) -> list[tuple[str, Rows]]:
    found = []
    for kind in scores["summary"]:
        if "curve" in kind:
            rows = [["unseen share", *(FIGURES[name] for name in _CURVE)]]
            for point in kind["curve"]:
                rows.append([percent(point["unseen_share"]), *(_point(point[name]) for name in _CURVE)])
            found.append((describe(kind["setting"], kind["details"]), rows))
    return found


def _best(point: Mapping[str, float]) -> str:
    at = math.floor(point["threshold"] * 1000) / 1000  # rounded up it would leave out what has just this score
    scores = f"{percent(point['f1'])} at {at:.3f} (precision {percent(point['precision'])}"
    return f"The best micro-F1 on these data at any threshold: {scores}, recall {percent(point['recall'])})."


def _point(figure: Mapping[str, float | None] | None) -> str:
    return percent(None) if figure is None else mean_spread(figure)


def _relation_rows(outcome: Mapping[str, Any]) -> Rows:
    """The worst relation first: it is the one to look at."""
    ranked = sorted(outcome["per_relation"], key=lambda row: row["f1"])
    return [
        ["relation", "F1", "precision", "recall", "queries", "predicted"],
        *(
            [
                row["relation"],
                *(percent(row[key]) for key in ("f1", "precision", "recall")),
                *(str(row[key]) for key in ("support", "predicted")),
            ]
            for row in ranked
        ),
    ]


def _confused_rows(outcome: Mapping[str, Any]) -> Rows:
    return [
        ["relation", "taken for", "queries", "of its queries"],
        *([row["gold"], row["predicted"], str(row["queries"]), percent(row["share"])] for row in outcome["confused"]),
    ]


def _short(details: Mapping[str, Any]) -> dict[str, str]:
    """The details that fit into a column, as text."""
    return {
        key: _text(value)
        for key, value in details.items()
        if isinstance(value, (str, int, float)) and key not in _NO_COLUMN
    }


def _text(value: str | float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else printable(str(value))


def _title(key: str) -> str:
    return key.replace("_", " ")


def _aligned(rows: Rows) -> str:
    """Columns of numbers to the right, of words to the left."""
    return "\n".join(aligned(rows, right=[at for at in range(len(rows[0])) if _is_numeric(rows, at)]))


def piped(rows: Rows) -> str:
    """The rows, of which the first is the header, as a table of GitHub's Markdown."""
    rule = ["--:" if _is_numeric(rows, at) else "---" for at in range(len(rows[0]))]
    lines = [[_escaped(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [lines[0], rule, *lines[1:]])


def _is_numeric(rows: Rows, at: int) -> bool:
    return all(row[at][:1] in "0123456789-" for row in rows[1:])


def _escaped(text: str) -> str:
    """On one line, without a meaning in Markdown."""
    for mark in "\\|*`<":
        text = text.replace(mark, f"\\{mark}")
    return printable(text)
