"""Intervals against a resampling of rows, one by one, and against hand-worked cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zslre.evaluation.intervals import bootstrap_intervals, mean_and_spread, mean_interval
from zslre.evaluation.metrics import classification_scores, confusion

GOLD = ["a"] * 40 + ["b"] * 15 + [None] * 10
GUESS = ["a"] * 25 + ["b"] * 10 + [None] * 5 + ["b"] * 9 + ["a"] * 6 + [None] * 7 + ["a"] * 3


def test_the_interval_is_that_of_resampled_rows() -> None:
    rng = np.random.default_rng(1)
    strata = [[row for row, gold in enumerate(GOLD) if gold == name] for name in ("a", "b", None)]
    slow = []
    for _ in range(3000):
        rows = [int(row) for stratum in strata for row in rng.choice(stratum, len(stratum))]
        scores = classification_scores([GOLD[row] for row in rows], [GUESS[row] for row in rows])
        slow.append((scores.accuracy, scores.macro_f1))
    low, high = np.quantile(slow, [0.05, 0.95], axis=0)
    found = bootstrap_intervals(confusion(GOLD, GUESS), np.random.default_rng(0), resamples=3000, level=0.9)
    assert found["accuracy"] == pytest.approx((low[0], high[0]), abs=0.016)  # one row of 65
    assert found["macro_f1"] == pytest.approx((low[1], high[1]), abs=0.012)


def test_the_same_generator_gives_the_same_interval() -> None:
    table = confusion(GOLD, GUESS)
    first, second = (bootstrap_intervals(table, np.random.default_rng(3), resamples=50) for _ in range(2))
    assert first == second
    assert first != bootstrap_intervals(table, np.random.default_rng(4), resamples=50)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1, max_size=30))
def test_intervals_are_ordered_fractions(rows: list[tuple[str, str]]) -> None:
    gold, guess = zip(*rows, strict=True)
    table = confusion(gold, guess)
    wide = bootstrap_intervals(table, np.random.default_rng(0), resamples=60, level=0.9)
    narrow = bootstrap_intervals(table, np.random.default_rng(0), resamples=60, level=0.5)
    for name, (low, high) in wide.items():
        assert 0 <= low <= narrow[name][0] <= narrow[name][1] <= high <= 1 + 1e-12


def test_where_all_or_nothing_is_right_there_is_no_doubt() -> None:
    perfect = bootstrap_intervals(confusion(GOLD, GOLD), np.random.default_rng(0), resamples=20)
    assert perfect == {"accuracy": (1, 1), "macro_f1": (1, 1)}
    wrong = bootstrap_intervals(confusion(["a", "b"], ["b", "a"]), np.random.default_rng(0), resamples=20)
    assert wrong == {"accuracy": (0, 0), "macro_f1": (0, 0)}


def test_more_queries_give_a_narrower_interval() -> None:
    few, many = (
        bootstrap_intervals(confusion(GOLD * n, GUESS * n), np.random.default_rng(0))["accuracy"] for n in (1, 100)
    )
    assert many[1] - many[0] == pytest.approx((few[1] - few[0]) / 10, rel=0.15)


def test_mean_spread_and_interval_by_hand() -> None:
    # Mean 0.6, deviations -0.2, 0, 0.2: s = sqrt(0.08 / 2) = 0.2; half width 1.96 · 0.2 / sqrt(3).
    assert mean_and_spread([0.4, 0.6, 0.8]) == (pytest.approx(0.6), pytest.approx(0.2))
    half = 1.96 * 0.2 / 3**0.5
    assert mean_interval([0.4, 0.6, 0.8]) == pytest.approx((0.6 - half, 0.6 + half), abs=1e-5)
    assert mean_and_spread([0.4]) == (0.4, None)
    assert mean_interval([0.4]) is None
    assert mean_interval([1.0, 0.5]) == (pytest.approx(0.75 - 1.96 * 0.125**0.5 / 2**0.5, abs=1e-5), 1.0)
    assert mean_interval([0.0, 0.5]) == (0.0, pytest.approx(0.25 + 1.96 * 0.125**0.5 / 2**0.5, abs=1e-5))
