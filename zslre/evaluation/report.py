"""From outcomes to scores, and from scores to text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from zslre.evaluation.metrics import classification_scores
from zslre.evaluation.outcome import Outcome


def scores(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Every outcome's details and figures."""
    found = []
    for outcome in outcomes:
        gold, predicted = (
            [name if name is not None else "" for name in part] for part in (outcome.gold, outcome.predicted)
        )
        figures = asdict(classification_scores(gold, predicted))
        found.append({"setting": outcome.setting, "details": dict(outcome.details), "figures": figures})
    return {"outcomes": found}


def table(scores: Mapping[str, Any]) -> str:
    """A line an outcome."""
    return "\n".join(
        f"{entry['setting']}  " + "  ".join(f"{k} {v:.4f}" for k, v in entry["figures"].items() if k != "per_class")
        for entry in scores["outcomes"]
    )


def markdown(scores: Mapping[str, Any]) -> str:
    return table(scores)
