"""Episodes: what is drawn, and what prototypes are fitted to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from zslre.evaluation.episodes import Episodes, draw_episodes, score_episodes
from zslre.exceptions import InputError
from zslre.fitting import fitted
from zslre.prototypes import Prototypes, build_prototypes, without_side

ROWS = [np.arange(10 * number, 10 * number + 4 + number) for number in range(5)]  # row // 10 is its relation
NAMED = dict(zip("abcde", ROWS, strict=True))
NO_COPIES = np.arange(50)


def draw(seed: int = 0, **changes: float) -> Episodes:
    options = {"n_way": 3, "k_shot": 2, "episodes": 20, "na_rate": 0.0, **changes}
    return draw_episodes(NAMED, NO_COPIES, rng=np.random.default_rng(seed), **options)  # type: ignore[arg-type]


@settings(max_examples=25)
@given(st.integers(1, 4), st.integers(1, 3), st.sampled_from([0.0, 0.15, 0.3, 0.5]), st.integers(0, 99))
def test_an_episode_is_what_it_should_be(n_way: int, k_shot: int, na_rate: float, seed: int) -> None:
    drawn = draw(seed, n_way=n_way, k_shot=k_shot, na_rate=na_rate)
    assert drawn.support.shape == (20, n_way, k_shot)
    assert drawn.none.sum() == round(na_rate * 20 * n_way)
    assert (drawn.support // 10 == drawn.relations[..., None]).all()
    for relations, support, queries, none in zip(
        drawn.relations, drawn.support, drawn.queries, drawn.none, strict=True
    ):
        assert len(set(relations)) == n_way
        assert len(set(support.ravel())) == support.size
        for place in range(n_way):
            relation = queries[place] // 10
            assert relation not in relations if none[place] else relation == relations[place]
            assert queries[place] not in support
            assert queries[place] in ROWS[relation]


def test_the_seed_decides() -> None:
    np.testing.assert_array_equal(draw(1).support, draw(1).support)
    assert not np.array_equal(draw(1).support, draw(2).support)


def test_every_relation_and_row_is_drawn_alike() -> None:
    drawn = draw(episodes=4000, na_rate=0.5)
    shares = np.bincount(drawn.relations.ravel(), minlength=5) / 4000
    np.testing.assert_allclose(shares, 3 / 5, atol=0.03)
    outside = np.bincount(drawn.queries[drawn.none] // 10, minlength=5) / drawn.none.sum()
    np.testing.assert_allclose(outside, 1 / 5, atol=0.03)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"n_way": 6}, "6 relations an episode cannot be drawn from 5"),
        ({"n_way": 5, "na_rate": 0.1}, "one outside"),
        ({"k_shot": 4}, "'a' has 4 different rows"),
    ],
)
def test_too_little_is_refused(changes: dict[str, float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        draw(**changes)


def test_no_copy_of_a_support_row_is_asked() -> None:
    originals = np.where(
        NO_COPIES % 10 < 2, NO_COPIES - NO_COPIES % 10, NO_COPIES
    )  # a relation's second row: its first
    options = {"n_way": 5, "k_shot": 2, "episodes": 60, "na_rate": 0.0}
    drawn = draw_episodes(NAMED, originals, rng=np.random.default_rng(0), **options)  # type: ignore[arg-type]
    for support, query in zip(drawn.support.reshape(-1, 2), drawn.queries.ravel(), strict=True):
        assert len({originals[row] for row in (*support, query)}) == 3
    with pytest.raises(InputError, match="'a' has 3 different rows"):
        draw_episodes(NAMED, originals, rng=np.random.default_rng(0), **(options | {"k_shot": 3}))  # type: ignore[arg-type]


def test_where_there_are_no_copies_a_seed_draws_what_it_always_did() -> None:
    """By the plain code that published figures were drawn by."""
    rng, drawn = np.random.default_rng(5), draw(5)
    rng.choice(60, size=0, replace=False)  # of those without a relation
    for episode in range(20):
        order = rng.permutation(np.arange(5))
        for place in range(3):
            assert drawn.relations[episode, place] == order[place]
            rows = rng.choice(ROWS[order[place]], size=3, replace=False).tolist()
            assert [*drawn.support[episode, place], drawn.queries[episode, place]] == rows


def test_prototypes_are_fitted_to_each_episode() -> None:
    """And to what is shown of its relations, and of none, in all of them."""
    encoder, scorer, relations = tiny.runtime_encoder(), tiny.scorer(), tiny.RELATIONS
    rng = np.random.default_rng(0)
    vectors, shown_vectors = (rng.standard_normal((n, tiny.H)).astype(np.float32) for n in (50, 6))
    options = {"n_way": 3, "k_shot": 2, "episodes": 15, "na_rate": 0.3}
    four = {name: NAMED[name] for name in "abcd"}
    drawn = draw_episodes(four, NO_COPIES, rng=np.random.default_rng(3), **options)  # type: ignore[arg-type]
    side, names = build_prototypes(encoder, scorer, relations), relations.names
    shown = {names[1]: shown_vectors[:3], names[2]: shown_vectors[3:5], None: shown_vectors[5:]}
    for too in ({}, shown):
        scores = score_episodes(scorer, vectors, side, names, drawn, too)  # type: ignore[arg-type]
        for episode in range(15):
            chosen, support = drawn.relations[episode], {}
            for number, rows in zip(chosen, drawn.support[episode], strict=True):
                support[names[number]] = np.concatenate([too.get(names[number], vectors[:0]), vectors[rows]])
            support.update({None: too[None]} if too else {})
            of_these = Prototypes(side.vectors[chosen], side.shares[chosen])
            prototypes = fitted(scorer, of_these, [names[number] for number in chosen], support)
            expected = scorer.features(vectors[drawn.queries[episode]]) @ prototypes.weighted(scorer).T
            np.testing.assert_allclose(scores[episode], expected, atol=1e-3)


def test_without_side_information_support_alone_speaks() -> None:
    """Whatever the relations are called; and each example, asked again, is taken for its own relation."""
    scorer, vectors = tiny.scorer(), np.random.default_rng(0).standard_normal((50, tiny.H)).astype(np.float32)
    drawn = draw(1, episodes=10)
    found = score_episodes(scorer, vectors, without_side(scorer, 5), tuple("abcde"), drawn, {})
    named = score_episodes(scorer, vectors, without_side(scorer, 5), tuple("vwxyz"), drawn, {})
    np.testing.assert_array_equal(found, named)
    same = drawn.support[:, :, 0]
    again = score_episodes(scorer, vectors, without_side(scorer, 5), tuple("abcde"), replace(drawn, queries=same), {})
    np.testing.assert_array_equal(again.argmax(axis=2), np.tile(np.arange(same.shape[1]), (10, 1)))
