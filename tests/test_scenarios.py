"""Settings: against plain reference code, by hand, and blind to gold labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tiny
from hypothesis import given as anything
from hypothesis import strategies as st

from zslre.encoder import FloatArray, pair_vectors
from zslre.evaluation.episodes import draw_episodes, score_episodes
from zslre.evaluation.outcome import Outcome
from zslre.evaluation.runs import RunOptions, dev_task, run_task
from zslre.evaluation.scenarios import SHARES, EpisodeSettings, best_rejection, check_episodes, mixture_curve
from zslre.evaluation.tasks import Dataset, Task
from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.refinement import refine
from zslre.types import Example

NAMES = ("residence", "employer", "founder", "spouse")
PEOPLE, THINGS = ("Ann", "Bob", "Carl", "Dora"), ("Rome", "Oslo", "Acme", "Zeta")
TEXTS = ("{} lives in {}", "{} works for {}", "{1} was founded by {0}", "{} married {}")
EXAMPLES = tuple(
    tiny.example(text.format(person, thing), person, thing, name)
    for text, name in zip(TEXTS, NAMES, strict=True)
    for person in PEOPLE
    for thing in THINGS
)
SHOWN = tuple(
    tiny.example(f"{person} {text}", person, tail, name)
    for person in PEOPLE
    for text, tail, name in (
        ("has a house in Oslo", "Oslo", "residence"),
        ("got a job at Acme", "Acme", "employer"),
        ("never saw Rome", "Rome", None),
    )
)
NONE = tuple(
    tiny.example(f"{person} and the city {place}", person, place, None) for person in PEOPLE for place in THINGS
)


@pytest.fixture(scope="module")
def model() -> RelationExtractor:
    return tiny.extractor()


def task(setting: str, examples: Sequence[Example] = EXAMPLES, unseen: Sequence[str] = NAMES) -> Task:
    return Task(setting, tuple(examples), tiny.RELATIONS, tuple(tiny.RELATIONS.select(unseen)))


def run(model: RelationExtractor, asked: Task, **options: Any) -> Outcome:
    return run_task(model, asked, RunOptions(**options))


def reference(model: RelationExtractor, example: Example, *, one_holds: bool = True) -> tuple[str, float]:
    """One pair on its own: among the relations, or against none of them as `predict` would see it."""
    vector: FloatArray = pair_vectors(model.encoder, model.packer, [(example.sentence, [(example.head, example.tail)])])
    scores = model.scorer.features(vector) @ model.prototypes.weighted(model.scorer).T
    best = int(scores.argmax())
    if one_holds:
        probability = 1 / sum(math.exp(score - scores[0, best]) for score in scores[0])
    else:
        probability = float(model.scorer.probabilities(scores[0, best] - model.scorer.none_scores(vector))[0])
    return model.relations.names[best], probability


def test_zero_shot_is_the_best_of_each_pair(model: RelationExtractor) -> None:
    outcome = run(model, task("zero-shot"))
    expected = [reference(model, example) for example in EXAMPLES]
    assert outcome.gold == tuple(example.relation for example in EXAMPLES)
    assert outcome.predicted == tuple(name for name, _ in expected)
    assert len(set(outcome.predicted)) > 1
    np.testing.assert_allclose(outcome.probabilities, [p for _, p in expected], atol=1e-4)
    assert outcome.details == {"m": 4, "relations": list(NAMES)}


def test_supervised_rejects_where_rows_without_a_relation_are_asked(model: RelationExtractor) -> None:
    outcome = run(model, task("supervised"), threshold=0.99)
    assert None not in outcome.predicted
    whole = run(model, task("supervised", EXAMPLES + NONE), threshold=0.4)
    assert whole.details["threshold"] == 0.4
    expected = [reference(model, example, one_holds=False) for example in EXAMPLES + NONE]
    assert whole.predicted == tuple(name if p >= 0.4 else None for name, p in expected)
    assert {None, *whole.predicted} > {None}
    strict = run(model, task("supervised", EXAMPLES + NONE), threshold=1.0)
    assert set(strict.predicted) == {None}
    assert strict.probabilities == whole.probabilities


def test_the_models_own_threshold_is_the_default(model: RelationExtractor) -> None:
    asked = task("supervised", EXAMPLES + NONE)
    assert run(model, asked) == run(model, asked, threshold=model.config["threshold"])


def test_pairs_that_are_scored_alone_have_a_threshold_of_their_own(model: RelationExtractor) -> None:
    """Where a network weighs the pairs of a sentence, the model's own threshold is for what the network says."""
    weighed = model.replaced(config={**model.config, "threshold": 0.9, "pair_threshold": 0.1})
    examples = EXAMPLES + NONE
    assert run(weighed, task("supervised", examples)).details["threshold"] == 0.1
    assert run(weighed, task("extraction", examples)).details["threshold"] == 0.9


def test_support_examples_count_where_relations_may_be_seen(model: RelationExtractor) -> None:
    fitted = model.fit(EXAMPLES[::3])
    supervised = run(fitted, task("supervised"))
    expected = [reference(fitted, example) for example in EXAMPLES]
    assert supervised.predicted == tuple(name for name, _ in expected)
    np.testing.assert_allclose(supervised.probabilities, [p for _, p in expected], atol=1e-4)
    assert run(model, task("supervised")).probabilities != supervised.probabilities
    assert run(fitted, task("zero-shot")) == run(model, task("zero-shot"))


def test_examples_of_relations_that_are_not_tested_do_not_count(model: RelationExtractor) -> None:
    fitted = model.fit(EXAMPLES[::3])
    some = task("supervised")
    fewer = replace(some, relations=some.relations.without(["spouse"]), examples=some.examples[:32])
    expected = model.fit([e for e in EXAMPLES[::3] if e.relation != "spouse"])
    assert run(fitted, fewer).probabilities == pytest.approx(run(expected, fewer).probabilities, abs=1e-5)


def test_transductive_prototypes_are_refined_on_the_rows(model: RelationExtractor) -> None:
    outcome = run(model, task("zero-shot"), transductive=True)
    pairs = [(example.sentence, [(example.head, example.tail)]) for example in EXAMPLES]
    vectors = pair_vectors(model.encoder, model.packer, pairs)
    refined = model.replaced(prototypes=refine(model.scorer, model.prototypes, vectors))
    assert outcome.predicted == tuple(reference(refined, example)[0] for example in EXAMPLES)
    assert outcome.probabilities != run(model, task("zero-shot")).probabilities
    assert outcome.details["transductive"] is True
    assert "transductive" not in run(model, task("zero-shot")).details


def test_prototypes_are_fitted_to_examples_that_are_shown(model: RelationExtractor) -> None:
    """To those of the relations that are asked, and to none that the model has itself."""
    fitted = model.fit(SHOWN)
    outcome = run(model, task("zero-shot"), shown=SHOWN)
    expected = [reference(fitted, example) for example in EXAMPLES]
    assert outcome.predicted == tuple(name for name, _ in expected)
    np.testing.assert_allclose(outcome.probabilities, [p for _, p in expected], atol=1e-4)
    assert outcome.details["examples"] == 12
    plain = run(model, task("zero-shot"))
    assert outcome.probabilities != plain.probabilities
    assert "examples" not in plain.details
    assert run(fitted, task("zero-shot"), shown=SHOWN).probabilities == outcome.probabilities
    some = task("zero-shot")
    fewer = replace(some, relations=some.relations.without(["employer"]), examples=EXAMPLES[:16])
    assert run(model, fewer, shown=SHOWN).details["examples"] == 8
    neither = replace(fewer, relations=some.relations.select(["founder", "spouse"]), examples=EXAMPLES[32:])
    with pytest.raises(InputError, match="no example is of a relation that is asked"):
        run(model, neither, shown=SHOWN[:1])


def test_what_is_shown_counts_in_every_episode(model: RelationExtractor) -> None:
    settings = EpisodeSettings(2, 1, 40)
    outcome = run(model, task("few-shot"), episodes=settings, shown=SHOWN)
    vectors = pair_vectors(model.encoder, model.packer, [(e.sentence, [(e.head, e.tail)]) for e in EXAMPLES])
    labels = np.array([NAMES.index(str(example.relation)) for example in EXAMPLES])
    rows = {name: np.flatnonzero(labels == number) for number, name in enumerate(NAMES)}
    drawn = draw_episodes(rows, np.arange(64), n_way=2, k_shot=1, episodes=40, na_rate=0, rng=np.random.default_rng(0))
    of_shown = pair_vectors(model.encoder, model.packer, [(e.sentence, [(e.head, e.tail)]) for e in SHOWN])
    support = {name: of_shown[[e.relation == name for e in SHOWN]] for name in ("residence", "employer", None)}
    scores = score_episodes(model.scorer, vectors, model.prototypes, NAMES, drawn, support)
    best = np.take_along_axis(drawn.relations, scores.argmax(axis=2), axis=1).ravel()
    assert outcome.predicted == tuple(NAMES[number] for number in best)
    assert outcome.details["examples"] == 12
    assert outcome.probabilities != run(model, task("few-shot"), episodes=settings).probabilities


def test_combined_has_a_curve(model: RelationExtractor) -> None:
    outcome = run(model, task("combined", unseen=["spouse"]))
    assert outcome.predicted == run(model, task("zero-shot")).predicted
    assert outcome.details["unseen"] == ["spouse"]
    curve = outcome.details["curve"]
    assert [point["unseen_share"] for point in curve] == list(SHARES)
    right = [g == p for g, p in zip(outcome.gold, outcome.predicted, strict=True) if g == "spouse"]
    assert curve[-1]["unseen_accuracy"] == pytest.approx(np.mean(right))
    assert curve[-1]["seen_accuracy"] is None
    assert curve[0]["unseen_accuracy"] is None


def test_curve_by_hand() -> None:
    # Seen: all right. Unseen: 5 of 10. Ten queries a point; at a share of 1 all unseen rows are asked.
    curve = mixture_curve(np.ones(30, dtype=bool), np.arange(10) % 2 == 0, np.random.default_rng(0))
    assert curve[0] == {
        "unseen_share": 0.0, "seen_accuracy": 1.0, "unseen_accuracy": None, "harmonic_mean": None, "accuracy": 1.0,
    }  # fmt: skip
    assert curve[-1] == {
        "unseen_share": 1.0, "seen_accuracy": None, "unseen_accuracy": 0.5, "harmonic_mean": None, "accuracy": 0.5,
    }  # fmt: skip
    for number, point in enumerate(curve[1:-1], start=1):
        unseen = point["unseen_accuracy"]
        assert unseen is not None
        assert unseen * number == pytest.approx(round(unseen * number))  # a share of 0.1 · number of ten queries
        assert point["harmonic_mean"] == pytest.approx(2 * unseen / (1 + unseen))
        assert point["accuracy"] == pytest.approx((10 - number + unseen * number) / 10)


def test_a_curve_of_failures_is_zero() -> None:
    wrong = np.zeros(4, dtype=bool)
    assert mixture_curve(wrong, wrong, np.random.default_rng(0))[5]["harmonic_mean"] == 0.0


@pytest.mark.parametrize(("seen", "unseen"), [(0, 3), (3, 0)])
def test_a_curve_needs_both(seen: int, unseen: int) -> None:
    with pytest.raises(InputError, match=f"{seen} and {unseen}"):
        mixture_curve(np.ones(seen, dtype=bool), np.ones(unseen, dtype=bool), np.random.default_rng(0))


def test_few_shot_agrees_with_itself(model: RelationExtractor) -> None:
    settings = EpisodeSettings(3, 2, 50)
    outcome = run(model, task("few-shot"), episodes=settings)
    assert len(outcome.gold) == 150
    assert None not in outcome.gold + outcome.predicted
    right = np.array([g == p for g, p in zip(outcome.gold, outcome.predicted, strict=True)])
    np.testing.assert_allclose(outcome.details["episode_accuracies"], right.reshape(50, 3).mean(axis=1))
    assert {key: outcome.details[key] for key in ("ways", "shots", "episodes", "none_rate", "side_information")} == {
        "ways": 3, "shots": 2, "episodes": 50, "none_rate": 0.0, "side_information": True,
    }  # fmt: skip


def test_episodes_tell_how_many_are_done(model: RelationExtractor) -> None:
    told: list[str] = []
    run(model, task("few-shot"), episodes=EpisodeSettings(3, 2, 4), progress=told.append)
    assert told[-4:] == [f"episode {done} of 4" for done in (1, 2, 3, 4)]


@pytest.mark.parametrize("na_rate", [0.0, 0.3])
def test_the_answer_to_a_query_is_the_best_of_its_episode(
    model: RelationExtractor, monkeypatch: pytest.MonkeyPatch, na_rate: float
) -> None:
    from zslre.evaluation import scenarios

    asked, score, kept = task("few-shot"), scenarios.score_episodes, []

    def keeping(*args: Any, **options: Any) -> Any:
        kept.append((args, score(*args, **options)))
        return kept[-1][1]

    monkeypatch.setattr(scenarios, "score_episodes", keeping)
    outcome = run(model, asked, episodes=EpisodeSettings(3, 2, 15, na_rate), threshold=0.0)
    (((scorer, _, _, _, drawn, _), scores),) = kept
    items = [(e.sentence, [(e.head, e.tail)]) for e in asked.examples]
    none = scorer.none_scores(pair_vectors(model.encoder, model.packer, items))
    answers = zip(outcome.predicted, outcome.probabilities, strict=True)
    for episode in range(15):
        for query, row in enumerate(scores[episode].tolist()):
            name, probability = next(answers)
            assert name == asked.relations.names[drawn.relations[episode, row.index(max(row))]]
            share = 1 / sum(math.exp(other - max(row)) for other in row)
            margin = np.array([max(row) - none[drawn.queries[episode, query]]], dtype=np.float32)
            expected = share if not na_rate else float(scorer.probabilities(margin)[0])
            assert probability == pytest.approx(expected, abs=1e-4)


def test_an_episode_is_sure_among_its_relations(model: RelationExtractor) -> None:
    # The sure one of two has half of the probability at least.
    assert min(run(model, task("few-shot"), episodes=EpisodeSettings(2, 1, 20)).probabilities) >= 0.5
    against_none = run(model, task("few-shot"), episodes=EpisodeSettings(1, 1, 5, 0.4))
    assert 1.0 not in against_none.probabilities


def test_copies_of_a_row_are_one_row(model: RelationExtractor) -> None:
    """However they are tokenised; another pair of the same sentence is no copy."""
    again = [tiny.example("ann  lives in Rome .", "ann", "Rome", "residence")]
    rows = tuple(e for e in EXAMPLES if e.relation != "residence" or e.head.text == "Ann" != e.tail.text)
    with pytest.raises(InputError, match="'residence' has 4 different rows"):
        check_episodes(task("few-shot", (*rows, *again)), EpisodeSettings(2, 4))
    with pytest.raises(InputError, match="'residence' has 4 different rows"):
        run(model, task("few-shot", (*rows, *again)), episodes=EpisodeSettings(2, 4))
    turned = tiny.example("Ann lives in Rome", "Rome", "Ann", "residence")
    check_episodes(task("few-shot", (*rows, turned)), EpisodeSettings(2, 4))


@pytest.mark.parametrize(
    "changes",
    [{"n_way": 2}, {"k_shot": 5}, {"episodes": 20}, {"na_rate": 0.3}, {"side_information": False}],
)
def test_every_episode_setting_changes_something(model: RelationExtractor, changes: dict[str, Any]) -> None:
    settings = EpisodeSettings(3, 1, 40)
    first = run(model, task("few-shot"), episodes=settings)
    other = run(model, task("few-shot"), episodes=replace(settings, **changes))
    assert first.predicted != other.predicted
    assert run(model, task("few-shot"), episodes=settings, seed=1).predicted != first.predicted


def test_queries_without_a_relation_are_right_when_rejected(model: RelationExtractor) -> None:
    settings = EpisodeSettings(3, 1, 40, 0.3)
    outcome = run(model, task("few-shot"), episodes=settings, threshold=1.0)
    assert set(outcome.predicted) == {None}
    assert sum(name is None for name in outcome.gold) == 36
    assert np.mean(outcome.details["episode_accuracies"]) == pytest.approx(0.3)


@pytest.mark.parametrize(
    "settings", [{"n_way": 0}, {"n_way": 1}, {"k_shot": 0}, {"episodes": 0}, {"na_rate": 1.0}, {"na_rate": -0.1}]
)
def test_impossible_episodes_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(settings))):
        EpisodeSettings(**settings)


def test_an_impossible_threshold_is_refused() -> None:
    with pytest.raises(InputError, match="threshold"):
        RunOptions(threshold=1.5)


@pytest.mark.parametrize("setting", ["zero-shot", "transductive", "supervised", "combined", "extraction"])
def test_shuffling_gold_labels_changes_no_prediction(model: RelationExtractor, setting: str) -> None:
    """The proof of no leakage: who asks with other labels gets the same answers."""
    examples = EXAMPLES + NONE if setting in ("supervised", "extraction") else EXAMPLES
    order = np.random.default_rng(0).permutation(len(examples))
    shuffled = [replace(e, relation=examples[n].relation) for e, n in zip(examples, order, strict=True)]
    options, setting = ({"transductive": True}, "zero-shot") if setting == "transductive" else ({}, setting)
    first, second = (run(model, task(setting, rows, unseen=["spouse"]), **options) for rows in (examples, shuffled))
    assert first.gold != second.gold
    if setting == "extraction":  # its entries are sorted into right and wrong; as a whole they are the same answers
        assert sorted(p for p in first.probabilities if p) == sorted(p for p in second.probabilities if p)
        first, second = (replace(o, predicted=tuple(sorted(n for n in o.predicted if n))) for o in (first, second))
    else:
        assert first.probabilities == second.probabilities
    assert first.predicted == second.predicted


def test_shuffling_the_labels_of_queries_changes_no_few_shot_prediction(
    model: RelationExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which rows are asked depends on labels; what is answered depends on support labels and the query's text alone.

    So the same episodes are asked again with other gold labels: which queries have none is another draw.
    """
    from zslre.evaluation import scenarios

    draw = scenarios.draw_episodes
    settings = EpisodeSettings(3, 1, 40, 0.3)
    first = run(model, task("few-shot"), episodes=settings, threshold=0.4)

    def shuffled(*args: Any, **options: Any) -> Any:
        drawn = draw(*args, **options)
        return replace(drawn, none=np.random.default_rng(1).permuted(drawn.none, axis=0))

    monkeypatch.setattr(scenarios, "draw_episodes", shuffled)
    second = run(model, task("few-shot"), episodes=settings, threshold=0.4)
    assert first.gold != second.gold
    assert first.predicted == second.predicted


def test_best_rejection_by_hand() -> None:
    # From 0.62 on: one right, one wrong. Below: one without a relation.
    outcome = Outcome("few-shot", ("a", None, None, "b"), ("a", "a", "b", "b"), (0.9, 0.7, 0.3, 0.62))
    assert best_rejection(outcome) == 0.62  # 3 of 4, as from 0.9 on
    assert best_rejection(replace(outcome, gold=("a", "a", "b", "b"))) == 0.3
    assert best_rejection(replace(outcome, gold=(None,) * 4)) == 1.0


@anything(st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.integers(0, 6)), min_size=1, max_size=12))
def test_best_rejection_is_the_best_of_all(queries: list[tuple[str, bool, int]]) -> None:
    gold = tuple(None if none else "a" for _, none, _ in queries)
    predicted = tuple(name for name, _, _ in queries)
    probabilities = tuple(tenths / 10 for _, _, tenths in queries)

    def accuracy(threshold: float) -> float:
        kept = [name if p >= threshold else None for name, p in zip(predicted, probabilities, strict=True)]
        return sum(a == b for a, b in zip(gold, kept, strict=True)) / len(gold)

    best = max(accuracy(threshold) for threshold in (*probabilities, 1.0))
    assert accuracy(best_rejection(Outcome("few-shot", gold, predicted, probabilities))) == best


def of(*names: str) -> Dataset:
    """The rows of these relations."""
    return Dataset("some", tuple(e for e in EXAMPLES if e.relation in names), tiny.RELATIONS.select(names))


def test_the_threshold_of_episodes_is_chosen_on_other_relations(model: RelationExtractor) -> None:
    tested = of("employer", "founder")
    asked = Task("few-shot", tested.examples, tested.relations, ())
    options = RunOptions(episodes=EpisodeSettings(1, 1, 40, 0.3))
    plain = run_task(model, asked, options)
    assert plain.details["threshold"] == 0.5  # the model's
    assert "threshold_by" not in plain.details
    chosen = run_task(model, asked, options, dev=Dataset("all", EXAMPLES, tiny.RELATIONS))
    assert chosen.details["threshold_by"] == ["residence", "spouse"]
    assert chosen.gold == plain.gold
    dev = dev_task(of("residence", "spouse"), ["residence", "spouse"])
    nothing_rejected = run_task(model, dev, RunOptions(threshold=0.0, episodes=options.episodes))
    assert chosen.details["threshold"] == best_rejection(nothing_rejected) != 0.5
    given = run_task(model, asked, replace(options, threshold=0.2), dev=of("residence", "spouse"))
    assert given.details["threshold"] == 0.2
    with pytest.raises(InputError, match=r"fewer than two.*--threshold"):
        run_task(model, asked, options, dev=of("employer", "spouse"))


def test_dev_rows_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zslre.evaluation.runs.DEV_ROWS", 3)
    dev = dev_task(Dataset("train", EXAMPLES + NONE, tiny.RELATIONS), ["spouse", "residence"])
    assert [e.relation for e in dev.examples] == ["residence"] * 3 + ["spouse"] * 3
    assert set(dev.relations.names) == {"residence", "spouse"}
