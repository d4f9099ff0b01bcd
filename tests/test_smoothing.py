"""Smoothing by hand and against counts whose truth is known; ranking."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zslre.exceptions import InputError
from zslre.sideinfo.hypernyms import Evidence
from zslre.sideinfo.mining import smoothing
from zslre.sideinfo.mining.lists import LIST_WEIGHT, NEWS_WEIGHT, lent
from zslre.sideinfo.mining.ranking import MAX_EVIDENCE, MAX_HYPERNYMS, Finding, confidence, rank
from zslre.sideinfo.mining.smoothing import smooth

# Four pairs, six counts. p(BMW, company) = 2/6, p(BMW) = 3/6, p(company) = 4/6.
COUNTS = {("BMW", "company"): 2.0, ("BMW", "bank"): 1.0, ("Audi", "company"): 2.0, ("Rome", "city"): 1.0}


def test_ppmi_by_hand() -> None:
    smoothed = smooth(COUNTS, rank=10)
    assert smoothed.score("BMW", "company") == pytest.approx(math.log(2 * 6 / (3 * 4)), abs=1e-12)
    assert smoothed.score("BMW", "bank") == pytest.approx(math.log(1 * 6 / (3 * 1)))
    assert smoothed.score("Audi", "company") == pytest.approx(math.log(2 * 6 / (2 * 4)))
    assert smoothed.score("Rome", "city") == pytest.approx(math.log(6))
    assert smoothed.score("Rome", "company") == pytest.approx(0, abs=1e-12)
    assert smoothed.score("Rome", "unheard of") == smoothed.score("nobody", "city") == 0.0


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abcde"), st.sampled_from("vwxyz")), st.integers(1, 9), min_size=1, max_size=12
    ),
    st.integers(1, 5),
)
def test_scores_are_the_best_approximation_of_that_rank(counts: dict[tuple[str, str], int], rank: int) -> None:
    whole, smoothed = smooth(counts, rank=5), smooth(counts, rank=rank)
    rows, columns = list(whole.rows), list(whole.columns)
    ppmi = np.array([[whole.score(row, column) for column in columns] for row in rows])
    total = sum(counts.values())
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            seen = counts.get((row, column), 0)
            of_row = sum(count for (name, _), count in counts.items() if name == row)
            of_column = sum(count for (_, name), count in counts.items() if name == column)
            expected = max(0.0, math.log(seen * total / (of_row * of_column))) if seen else 0.0
            assert ppmi[i, j] == pytest.approx(expected, abs=1e-9)
    approximation = np.array([[smoothed.score(row, column) for column in columns] for row in rows])
    lost = np.linalg.svd(ppmi, compute_uv=False)[rank:]
    assert np.linalg.norm(ppmi - approximation) == pytest.approx(np.linalg.norm(lost), abs=1e-9)


def made_counts(rng: np.random.Generator) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], bool]]:
    """Sparse, noisy counts of 200 names in 5 classes of 6 hypernyms each, and which of all pairs are true.

    A name is seen with half of its hypernyms, once or twice; one count in four is of a hypernym of another class.
    """
    counts: dict[tuple[str, str], float] = {}
    truth: dict[tuple[str, str], bool] = {}
    for name in range(200):
        for kind in range(30):
            truth[f"n{name}", f"k{kind}"] = kind % 5 == name % 5
        own = rng.permutation([kind for kind in range(30) if kind % 5 == name % 5])[:3]
        other = rng.choice([kind for kind in range(30) if kind % 5 != name % 5])
        for kind in (*own, other):
            counts[f"n{name}", f"k{kind}"] = float(rng.integers(1, 3))
    return counts, truth


def average_precision(scores: dict[tuple[str, str], float], truth: dict[tuple[str, str], bool]) -> float:
    """Mean, over the true pairs, of the precision down to each; pairs with one score share its worst rank."""
    ordered = sorted(truth, key=lambda pair: (-scores[pair], truth[pair]))
    hits = np.cumsum([truth[pair] for pair in ordered])
    places = np.flatnonzero([truth[pair] for pair in ordered])
    return float(np.mean(hits[places] / (places + 1)))


@pytest.mark.parametrize("seed", range(3))
def test_smoothing_helps_on_sparse_noisy_counts(seed: int) -> None:
    counts, truth = made_counts(np.random.default_rng(seed))
    whole, low = smooth(counts, rank=30), smooth(counts, rank=5)
    raw = average_precision({pair: counts.get(pair, 0.0) for pair in truth}, truth)
    unsmoothed = average_precision({pair: whole.score(*pair) for pair in truth}, truth)
    smoothed = average_precision({pair: low.score(*pair) for pair in truth}, truth)
    assert max(raw, unsmoothed) < 0.65
    assert smoothed > 0.95


def test_many_counts_are_decomposed_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, truth = made_counts(np.random.default_rng(0))
    whole = smooth(counts, rank=4)
    monkeypatch.setattr(smoothing, "_SMALL", 1)
    truncated = smooth(counts, rank=4)
    assert all(truncated.score(*pair) == pytest.approx(whole.score(*pair), abs=1e-6) for pair in truth)


def test_bad_counts() -> None:
    with pytest.raises(InputError, match="rank"):
        smooth(COUNTS, rank=0)
    with pytest.raises(InputError, match="positive"):
        smooth({("a", "b"): 0.0}, rank=1)
    assert smooth({}, rank=3).score("a", "b") == 0.0


# Ranking


def finding(entity: str, site: str, *hypernyms: tuple[str, float]) -> Finding:
    return Finding(entity, hypernyms, Evidence("web", f"https://{site}/x", "2026-11-23", f"{entity} is."))


def test_a_name_with_an_article_gets_what_is_said_without() -> None:
    listed = Finding("Hague", (), Evidence("web", "https://b.org/", "", "The Hague and Delft."), ("Delft",))
    said = [
        finding("Hague", "a.org", ("city", 1.0)),
        finding("Thames", "a.org", ("river", 1.0)),
        finding("band", "a.org", ("group", 1.0)),
        finding("Delft", "a.org", ("town", 1.0)),
        listed,
    ]
    table = rank(said, ["The Hague", "the  Thames", "The Band", "Delft", "Hague"])
    assert [{h.name for h in table[name]} for name in table] == [
        {"city", "town"},
        {"river"},
        set(),
        {"town", "city"},
        {"city", "town"},
    ]


def test_sites_count_once_and_the_strongest_word_of_each() -> None:
    said = [
        finding("BMW", "www.a.org", ("car company", 1.0), ("company", 0.5)),
        finding("bmw ", "a.org", ("company", 1.0)),
        finding("BMW", "b.org", ("company", 1.0)),
    ]
    table = rank(said, ["BMW", "Nobody"])
    assert [(h.name, h.count) for h in table["BMW"]] == [("company", 2), ("car company", 1)]
    assert [e.url for e in table["BMW"][0].evidence] == ["https://www.a.org/x", "https://b.org/x"]
    assert table["Nobody"] == ()
    again = rank(said[::-1], ["BMW"])["BMW"]
    assert [h.confidence for h in again] == pytest.approx([h.confidence for h in table["BMW"]])


def test_the_less_special_of_equals_comes_first_but_not_what_is_only_implied() -> None:
    said = finding("BMW", "a", ("German car company", 1.0), ("car company", 1.0), ("company", 0.5))
    assert rank([said], ["BMW"])["BMW"][0].name == "car company"


def test_a_name_that_ends_in_a_known_kind_is_of_that_kind() -> None:
    rivers = [finding(f"R{n}", "a", ("river", 1.0)) for n in range(5)]
    table = rank(rivers, ["Mississippi River", "Bank of America", "River"])
    assert [(h.name, h.evidence[0].source) for h in table["Mississippi River"]] == [("river", "name")]
    assert table["Bank of America"] == table["River"] == ()
    assert rank(rivers[:2], ["Mississippi River"])["Mississippi River"] == ()


def test_a_year_is_known_by_its_digits() -> None:
    table = rank([], ["1916", "Blink 182", "9999"])
    assert [h.name for h in table["1916"]] == ["year"]
    assert table["Blink 182"] == table["9999"] == ()


def listed(site: str, *names: str) -> Finding:
    return Finding(names[0], (), Evidence("web", f"https://{site}/x", "2026-11-23", " and ".join(names)), names[1:])


def test_what_lists_lend_by_hand() -> None:
    weights = {"wii": {"console": 1.0}, "xbox": {"console": 2.0, "box": 1.0}, "organ": {"part": 1.0}}
    (shares,) = lent(weights, [["wii", "xbox", "organ", "ps3"]])
    believed = 0.5 + 0.75  # once and twice said
    assert {(name, kind): weight for name, kind, weight in shares} == {
        ("wii", "console"): pytest.approx(LIST_WEIGHT * 0.75 / 3),
        ("wii", "box"): pytest.approx(NEWS_WEIGHT * 0.5 / 3),
        ("wii", "part"): pytest.approx(NEWS_WEIGHT * 0.5 / 3),
        ("xbox", "console"): pytest.approx(LIST_WEIGHT * 0.5 / 3),
        ("xbox", "part"): pytest.approx(NEWS_WEIGHT * 0.5 / 3),
        ("organ", "console"): pytest.approx(NEWS_WEIGHT * believed / 3),
        ("organ", "box"): pytest.approx(NEWS_WEIGHT * 0.5 / 3),
        ("ps3", "console"): pytest.approx(LIST_WEIGHT * believed / 3),
        ("ps3", "box"): pytest.approx(LIST_WEIGHT * 0.5 / 3),
        ("ps3", "part"): pytest.approx(LIST_WEIGHT * 0.5 / 3),
    }


def test_one_name_of_a_long_list_lends_nothing() -> None:
    names = [f"n{number}" for number in range(40)]
    (shares,) = lent({"wii": {"console": 1.0}}, [["wii", *names]])
    assert shares == []


def test_a_name_of_which_nothing_is_said_is_what_its_neighbours_are() -> None:
    said = [finding("Wii", "a", ("console", 1.0)), listed("b", "Xbox", "Wii"), listed("c", "Wii", "Xbox")]
    (console,) = rank(said, ["Xbox"])["Xbox"]
    assert (console.name, console.count) == ("console", 2)
    assert [evidence.sentence for evidence in console.evidence] == ["Xbox and Wii", "Wii and Xbox"]
    assert {evidence.source for evidence in console.evidence} == {"web, lent by Wii"}
    assert rank([finding("Wii", "a", ("console", 1.0))], ["Xbox"])["Xbox"] == ()
    assert [h.count for h in rank([said[0], listed("b", "Wii", "WII")], ["Wii"])["Wii"]] == [1]


def test_a_list_does_not_say_what_a_sentence_of_its_site_says() -> None:
    said = [finding("Wii", "a", ("console", 1.0)), finding("Xbox", "b", ("console", 1.0)), listed("b", "Xbox", "Wii")]
    (console,) = rank(said, ["Xbox"])["Xbox"]
    assert (console.count, [evidence.source for evidence in console.evidence]) == (1, ["web"])


def test_neighbours_tell_which_sense_is_meant() -> None:
    organ = [
        Finding("organ", ((kind, weight),), Evidence("wordnet", "", "", ""))
        for kind, weight in (("body part", 1.0), ("instrument", 0.5))
    ]
    others = [finding(name, "a", ("instrument", 1.0)) for name in ("flute", "piano")]
    assert rank([*organ, *others], ["organ"])["organ"][0].name == "body part"
    lists = [listed("b", "organ", "flute"), listed("c", "piano", "organ")]
    assert rank([*organ, *others, *lists], ["organ"])["organ"][0].name == "instrument"


def test_the_surest_are_kept_and_some_evidence_for_each() -> None:
    many = [finding("BMW", f"s{n}", ("company", 1.0)) for n in range(7)]
    rare = finding("BMW", "s0", *((f"kind {n:02}", 1.0) for n in range(30)))
    company, *others = rank([*many, rare], ["BMW"])["BMW"]
    assert (company.name, company.count, len(company.evidence)) == ("company", 7, MAX_EVIDENCE)
    assert [other.name for other in others] == [f"kind {n:02}" for n in range(MAX_HYPERNYMS - 1)]


def test_long_sentences_are_cut() -> None:
    said = Finding("BMW", (("company", 1.0),), Evidence("web", "u", "d", "x" * 900))
    (hypernym,) = rank([said], ["BMW"])["BMW"]
    assert len(hypernym.evidence[0].sentence) == 500


@given(st.floats(0.1, 20), st.floats(-3, 12), st.floats(0.1, 3))
def test_confidence_grows_with_both_and_stays_a_probability(weight: float, plausibility: float, more: float) -> None:
    sure = confidence(weight, plausibility)
    assert 0 <= sure <= confidence(weight + more, plausibility) <= 1
    assert sure <= confidence(weight, plausibility + more) <= 1
