"""What an evaluation produced, query by query: made by the scenarios, read by reports and plots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a setting produced, one entry a query. None: no relation (gold) or rejected (predicted)."""

    setting: str  # "zero-shot", "few-shot", "supervised", "combined", "extraction"
    gold: tuple[str | None, ...]
    predicted: tuple[str | None, ...]
    # Of the best relation, in [0, 1], whether or not it was kept: against none of them, or, where every query has one
    # of the relations, among them.
    probabilities: tuple[float, ...]
    # JSON-able: model, data, split, seed, relations, the command …; for "combined": "curve": [{"unseen_share",
    # "seen_accuracy", "unseen_accuracy", "harmonic_mean"} …]; for "few-shot": "episode_accuracies": [...]; for
    # "extraction": precision, recall, f1, "points" [{"threshold", "precision", "recall"} …], "best" (the point with
    # the best F1, and that) and "area"
    details: Mapping[str, Any] = field(default_factory=dict)
