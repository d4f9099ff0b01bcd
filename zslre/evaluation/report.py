"""From outcomes to one JSON-able dict of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zslre.evaluation.intervals import (
    LEVEL,
    RESAMPLES,
    Interval,
    bootstrap_intervals,
    mean_and_spread,
    mean_interval,
)
from zslre.evaluation.metrics import (
    Confusion,
    classification_scores,
    confidence,
    confused_pairs,
    confusion,
    expected_calibration_error,
    rejection_scores,
    relation_scores,
    reliability_bins,
)
from zslre.evaluation.outcome import Outcome
from zslre.evaluation.tables import markdown, table
from zslre.exceptions import InputError

__all__ = ["answers", "check", "markdown", "scores", "table"]

# Only outcomes that agree in these are runs of the same thing; any other detail (seed, split, model) may differ.
SAME = ("data", "m", "transductive", "ways", "shots", "none_rate", "side_information", "mentions")
CURVE = ("seen_accuracy", "unseen_accuracy", "harmonic_mean")
EXTRACTION = ("precision", "recall", "f1")
# Details that come back in another form.
_MOVED = ("curve", "points", "best", "episode_accuracies", *EXTRACTION, "area")
_SEED = 0
_DIGITS = 6


def scores(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Every figure of every outcome, and mean and spread over outcomes of one kind; all fractions in [0, 1].

    `outcomes`, one entry each: `setting`, `details`, numbers of `queries` and `relations`, `figures` by name,
    `intervals` (of 95 %: a bootstrap over queries, or over episodes where there are any), `per_relation`,
    `confused`, `reliability`, and of combined ones the `curve`, of extraction the precision-recall `points` and the
    `best` of them.
    `summary`: an entry for each kind, with `outcomes` (their number), the `details` they share, those that are
    `varied` with the value of each, and `figures` and `curve` with `mean` and `spread` (sample standard deviation,
    None for a single outcome). Raises InputError for no outcomes, and for one that is empty or inconsistent.

    >>> found = scores([Outcome("zero-shot", ("a", "b"), ("a", "a"), (0.9, 0.6))])
    >>> found["outcomes"][0]["figures"]["accuracy"], found["summary"][0]["figures"]["accuracy"]
    (0.5, {'mean': 0.5, 'spread': None})
    """
    check(outcomes)
    entries = [_entry(outcome) for outcome in outcomes]
    kinds: dict[str, list[dict[str, Any]]] = {}
    for outcome, entry in zip(outcomes, entries, strict=True):
        kinds.setdefault(_kind(outcome), []).append(entry)
    found: dict[str, Any] = _rounded(
        {
            "level": LEVEL,
            "resamples": RESAMPLES,
            "outcomes": entries,
            "summary": [_summary(kind) for kind in kinds.values()],
        }
    )
    return found


def check(outcomes: Sequence[Outcome]) -> None:
    """Raise InputError, with the outcome's number and setting, for what cannot be scored."""
    if not outcomes:
        raise InputError("no outcomes: there is nothing to report")
    for number, outcome in enumerate(outcomes, 1):
        try:
            _check(outcome)
        except InputError as error:
            raise InputError(f"outcome {number} ({outcome.setting}): {error}") from error


def answers(outcome: Outcome) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The confidence of each answer (N,) and whether it is right, as `metrics.confidence` has them.

    In extraction a probability of 0 marks a label whose pair was not asked about, since a mention was not detected:
    recall counts it, but no answer was given whose probability could be judged.
    """
    sure, right = confidence(outcome.gold, outcome.predicted, outcome.probabilities)
    asked = np.array(outcome.probabilities) > 0 if outcome.setting == "extraction" else np.ones(len(sure), dtype=bool)
    return sure[asked], right[asked]


def _check(outcome: Outcome) -> None:
    classification_scores(outcome.gold, outcome.predicted)
    if len(outcome.probabilities) != len(outcome.gold):
        raise InputError(f"{len(outcome.probabilities)} probabilities of {len(outcome.gold)} queries")
    reliability_bins(*confidence(outcome.gold, outcome.predicted, outcome.probabilities))
    details, missing, fractions = outcome.details, set(), []
    if outcome.setting == "combined":
        missing = {"curve"} - set(details)
        for point in details.get("curve", ()):
            missing |= {"unseen_share", *CURVE} - set(point)
            fractions += [value for value in point.values() if value is not None]
    elif outcome.setting == "extraction":
        missing = set(EXTRACTION) - set(details)
        fractions = [details[key] for key in (*EXTRACTION, "area") if key in details]
    elif "episode_accuracies" in details:
        fractions = list(details["episode_accuracies"])
        if not fractions:
            raise InputError("its details have an empty list of episode accuracies")
    if missing:
        raise InputError(f"its details lack {', '.join(sorted(missing))}")
    if not all(0 <= value <= 1 for value in fractions):
        raise InputError("its details hold a score or share that is no fraction in [0, 1]")


def _kind(outcome: Outcome) -> str:
    """What outcomes must share to be averaged: figures over 5 and over 15 relations are different figures."""
    relations = len({name for name in outcome.gold if name is not None})
    family = _family(outcome.details)
    return repr((outcome.setting, relations, family, [outcome.details.get(key) for key in SAME]))


def _family(details: Mapping[str, Any]) -> str:
    """Whose split it is, without its number: `re_matching/m15` of `re_matching/m15/40`."""
    return str(details.get("split", "")).rpartition("/")[0]


def _entry(outcome: Outcome) -> dict[str, Any]:
    counted = confusion(outcome.gold, outcome.predicted)
    bins = reliability_bins(*answers(outcome))
    entry: dict[str, Any] = {
        "setting": outcome.setting,
        "details": {key: value for key, value in outcome.details.items() if key not in _MOVED},
        "queries": len(outcome.gold),
        "relations": len(counted.scored),
        "figures": _figures(outcome, counted),
        "intervals": _intervals(outcome, counted),
        "per_relation": [row._asdict() for row in relation_scores(counted)],
        "confused": [row._asdict() for row in confused_pairs(counted)],
        "reliability": [row._asdict() for row in bins],
    }
    entry.update({key: list(outcome.details[key]) for key in ("curve", "points") if key in outcome.details})
    entry.update({"best": outcome.details["best"]} if outcome.details.get("best") is not None else {})
    if "episode_accuracies" in outcome.details:
        entry["episodes"] = len(outcome.details["episode_accuracies"])
    return entry


def _figures(outcome: Outcome, counted: Confusion) -> dict[str, float]:
    classes = classification_scores(outcome.gold, outcome.predicted)
    figures = {"accuracy": classes.accuracy, "macro_f1": classes.macro_f1, "field_f1": classes.field_f1}
    if outcome.setting == "extraction":
        # Nearly all candidate pairs have no relation, so that rejecting everything would be accurate.
        del figures["accuracy"]
        figures.update({key: outcome.details[key] for key in (*EXTRACTION, "area") if key in outcome.details})
    else:
        rejection = rejection_scores(counted)
        if rejection is not None:
            names = ("rejection_precision", "rejection_recall", "rejection_f1")
            figures.update(zip(names, rejection, strict=True))
    for point in outcome.details.get("curve", ()):
        # Of a single row of a kind there is no half.
        if np.isclose(point["unseen_share"], 0.5) and point["harmonic_mean"] is not None:
            figures.update({key: point[key] for key in CURVE})
    if "episode_accuracies" in outcome.details:
        figures["accuracy"] = mean_and_spread(outcome.details["episode_accuracies"])[0]
    figures["calibration_error"] = expected_calibration_error(*answers(outcome))
    return figures


def _intervals(outcome: Outcome, counted: Confusion) -> dict[str, Interval]:
    """Queries of an episode share its support set, so where there are episodes, they are what is independent."""
    if "episode_accuracies" in outcome.details:
        interval = mean_interval(outcome.details["episode_accuracies"])
        return {"accuracy": interval} if interval is not None else {}
    intervals = bootstrap_intervals(counted, np.random.default_rng(_SEED))
    if outcome.setting == "extraction":
        del intervals["accuracy"]
    return intervals


def _summary(entries: list[dict[str, Any]]) -> dict[str, Any]:
    first = entries[0]
    keys = dict.fromkeys(key for entry in entries for key in entry["details"])
    values = {key: [entry["details"].get(key) for entry in entries] for key in keys}
    shared = {key: of[0] for key, of in values.items() if all(value == of[0] for value in of)}
    summary: dict[str, Any] = {
        "setting": first["setting"],
        "relations": first["relations"],
        "outcomes": len(entries),
        "details": shared,
        "varied": {
            key: of
            for key, of in values.items()
            if key not in shared and all(isinstance(value, (str, int, float)) for value in of)
        },
        "figures": {
            name: _mean([entry["figures"][name] for entry in entries])
            for name in first["figures"]
            if all(name in entry["figures"] for entry in entries)
        },
    }
    if "split" in summary["varied"]:
        shared["split"] = f"{_family(first['details'])}/*"
    if "curve" in first:
        summary["curve"] = _mean_curve([entry["curve"] for entry in entries])
    return summary


def _mean_curve(curves: list[list[Mapping[str, float | None]]]) -> list[dict[str, Any]]:
    """Point by point, of the shares of unseen queries that all curves have; without unseen queries there is no
    accuracy on them, and None stands for it."""
    by_share = [{point["unseen_share"]: point for point in curve} for curve in curves]
    return [
        {
            "unseen_share": share,
            **{
                key: None if None in (values := [points[share][key] for points in by_share]) else _mean(values)
                for key in CURVE
            },
        }
        for share in by_share[0]
        if all(share in points for points in by_share)
    ]


def _mean(values: Sequence[Any]) -> dict[str, float | None]:
    return dict(zip(("mean", "spread"), mean_and_spread(values), strict=True))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):  # NumPy's too
        return round(float(value), _DIGITS)
    if isinstance(value, Mapping):
        return {key: _rounded(part) for key, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, (list, tuple)) else value
