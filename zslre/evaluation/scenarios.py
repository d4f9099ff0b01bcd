"""The settings of the field, each a function from a model and a task to an `Outcome`.

Predictions come from vectors and relations alone. Gold labels are read to choose what is asked, and to be compared with
the answers; that no prediction changes when they are shuffled is tested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from zslre.datasets.splits import normal_text
from zslre.encoder import FloatArray
from zslre.evaluation.episodes import check_enough, draw_episodes, score_episodes
from zslre.evaluation.metrics import harmonic_mean
from zslre.evaluation.outcome import Outcome
from zslre.evaluation.tasks import Task
from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.prototypes import more_support, without_side
from zslre.refinement import refine
from zslre.scoring import softmax
from zslre.types import Example

Encode = Callable[[Sequence[Example]], FloatArray]  # examples → pair vectors (n_examples, D)

SHARES = tuple(percent / 100 for percent in range(0, 101, 10))


@dataclass(frozen=True, slots=True)
class EpisodeSettings:
    """Relations and support rows an episode, number of episodes, share of queries without a relation (fraction)."""

    n_way: int = 5
    k_shot: int = 1
    episodes: int = 1000
    na_rate: float = 0.0
    side_information: bool = True

    def __post_init__(self) -> None:
        for name in ("n_way", "k_shot", "episodes"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.na_rate < 1:
            raise InputError(f"na_rate is a share of the queries, from 0 to below 1; got {self.na_rate}")
        if self.n_way == 1 and not self.na_rate:
            raise InputError(
                "n_way 1 leaves no choice: give 2 at least, or a na_rate, so that there may be none to choose"
            )


def classify(extractor: RelationExtractor, vectors: FloatArray, *, one_holds: bool) -> tuple[list[str], FloatArray]:
    """The best relation of each pair vector (P, D), and its probability (P,), see `Matcher.best`."""
    best, probabilities = extractor.matcher.best(vectors, one_holds=one_holds)
    names = extractor.relations.names
    return [names[column] for column in best], probabilities


def zero_shot(
    extractor: RelationExtractor,
    task: Task,
    encode: Encode,
    *,
    shown: Sequence[Example] = (),
    transductive: bool = False,
) -> Outcome:
    """Each row among the task's relations; one is always chosen.

    `shown`: examples to which prototypes are fitted, see `zslre.fitting`.
    `transductive`: prototypes are refined on all rows first, which are then no longer judged each for itself.
    """
    support = _support(task, shown, encode)
    asked, vectors = extractor.replaced(relations=task.relations, support=support), encode(task.examples)
    details = _about(support)
    if transductive:
        asked = asked.replaced(prototypes=refine(asked.scorer, asked.prototypes, vectors))
        details["transductive"] = True
    predicted, probabilities = classify(asked, vectors, one_holds=True)
    return _outcome(task, _gold(task), predicted, probabilities, {"m": len(task.unseen), **details})


def _support(task: Task, shown: Sequence[Example], encode: Encode) -> dict[str | None, FloatArray]:
    """Vectors (n, D) of those that are shown of the task's relations, by name, and of none (None).

    Raises InputError if something is shown, but none of these relations.
    """
    if not shown:
        return {}
    names = {*task.relations.names, None}
    chosen = [example for example in shown if example.relation in names]
    if not any(example.relation for example in chosen):
        raise InputError("no example is of a relation that is asked: give some of these, or leave --examples out")
    return more_support({}, [example.relation for example in chosen], encode(chosen))


def _about(support: Mapping[str | None, FloatArray]) -> dict[str, object]:
    return {"examples": sum(map(len, support.values()))} if support else {}


def supervised(extractor: RelationExtractor, task: Task, encode: Encode, threshold: float) -> Outcome:
    """The same, with the support examples that the model has.

    Where rows without a relation are asked, a relation less probable than `threshold` is rejected.
    """
    gold = _gold(task)
    one_holds = None not in gold
    asked = extractor.with_relations(task.relations)
    predicted, probabilities = classify(asked, encode(task.examples), one_holds=one_holds)
    if one_holds:
        return _outcome(task, gold, predicted, probabilities, {})
    kept = _kept(predicted, probabilities, threshold)
    return _outcome(task, gold, kept, probabilities, {"threshold": threshold})


def combined(extractor: RelationExtractor, task: Task, encode: Encode, rng: np.random.Generator) -> Outcome:
    """Seen and unseen relations are candidates together; the curve shows mixtures of their rows.

    A point's queries, as many as the rarer kind of row has, hold the share of unseen ones; the sets are nested, drawn
    by `rng`. Accuracies are None where a point has no such queries.
    """
    asked = extractor.with_relations(task.relations)
    predicted, probabilities = classify(asked, encode(task.examples), one_holds=True)
    gold = _gold(task)
    names = {relation.name for relation in task.unseen}
    unseen = np.array([name in names for name in gold])
    right = np.array([a == b for a, b in zip(gold, predicted, strict=True)])
    curve = mixture_curve(right[~unseen], right[unseen], rng)
    return _outcome(task, gold, predicted, probabilities, {"m": len(names), "curve": curve, "unseen": sorted(names)})


def mixture_curve(seen: np.ndarray, unseen: np.ndarray, rng: np.random.Generator) -> list[dict[str, float | None]]:
    """The curve from which seen and unseen rows are answered rightly, bool (n_seen,) and (n_unseen,)."""
    if not len(seen) or not len(unseen):
        raise InputError(f"a curve needs seen and unseen rows, there are {len(seen)} and {len(unseen)}")
    seen, unseen = rng.permutation(seen), rng.permutation(unseen)
    size = min(len(seen), len(unseen))
    curve = []
    for share in SHARES:
        n_unseen = round(share * size)
        parts = seen[: size - n_unseen], unseen[:n_unseen]
        s, u = (float(part.mean()) if len(part) else None for part in parts)
        mean = None if s is None or u is None else harmonic_mean(s, u)
        accuracy = float(np.concatenate(parts).mean())
        point = {"unseen_share": share, "seen_accuracy": s, "unseen_accuracy": u, "harmonic_mean": mean}
        curve.append({**point, "accuracy": accuracy})
    return curve


def few_shot(
    extractor: RelationExtractor,
    task: Task,
    encode: Encode,
    settings: EpisodeSettings,
    threshold: float,
    rng: np.random.Generator,
    *,
    shown: Sequence[Example] = (),
    on_episode: Callable[[int], None] = lambda done: None,
) -> Outcome:
    """N-way K-shot episodes. With a `na_rate`, relations less probable than `threshold` are rejected; else none is.

    `shown`: examples that count in every episode beside its support. Without side information a prototype is made of
    examples alone.
    """
    scorer = extractor.scorer
    numbers = {name: number for number, name in enumerate(task.relations.names)}
    labels = np.array([numbers[str(example.relation)] for example in task.examples])
    drawn = draw_episodes(
        {name: np.flatnonzero(labels == number) for name, number in numbers.items()},
        np.array(_originals(task.examples)),
        n_way=settings.n_way,
        k_shot=settings.k_shot,
        episodes=settings.episodes,
        na_rate=settings.na_rate,
        rng=rng,
    )
    vectors = encode(task.examples)
    side = (
        extractor.replaced(relations=task.relations, support=None).prototypes
        if settings.side_information
        else without_side(scorer, len(task.relations))
    )
    support = _support(task, shown, encode)
    scores = score_episodes(scorer, vectors, side, task.relations.names, drawn, support, on_episode=on_episode)
    best = scores.argmax(axis=2)
    if settings.na_rate > 0:
        margins = scores.max(axis=2).ravel() - scorer.none_scores(vectors)[drawn.queries.ravel()]
        probabilities = scorer.probabilities(margins)
    else:
        probabilities = softmax(scores).max(axis=2).ravel()
    names = task.relations.names
    predicted: list[str | None] = [names[n] for n in np.take_along_axis(drawn.relations, best, axis=1).ravel()]
    if settings.na_rate > 0:
        predicted = _kept(predicted, probabilities, threshold)
    gold = [None if none else names[n] for n, none in zip(drawn.relations.ravel(), drawn.none.ravel(), strict=True)]
    right = np.array([a == b for a, b in zip(gold, predicted, strict=True)]).reshape(drawn.queries.shape)
    details = {
        "ways": settings.n_way,
        "shots": settings.k_shot,
        "episodes": settings.episodes,
        "none_rate": settings.na_rate,
        "side_information": settings.side_information,
        "episode_accuracies": right.mean(axis=1).tolist(),
        **_about(support),
        **({"threshold": threshold} if settings.na_rate > 0 else {}),
    }
    return _outcome(task, gold, predicted, probabilities, details)


def check_episodes(task: Task, settings: EpisodeSettings) -> None:
    """Raise InputError where the task has too few relations or rows for these episodes."""
    different = [task.examples[number] for number in sorted(set(_originals(task.examples)))]
    counts = Counter({name: 0 for name in task.relations.names})
    counts.update(str(example.relation) for example in different)
    check_enough(counts, n_way=settings.n_way, k_shot=settings.k_shot, na_rate=settings.na_rate)


def _originals(examples: Sequence[Example]) -> list[int]:
    """For each example the number of the first that says the same of the same words, itself where it is that."""
    first: dict[object, int] = {}
    return [first.setdefault(_content(example), number) for number, example in enumerate(examples)]


def _content(example: Example) -> object:
    """What copies of a row have in common, however they are tokenised: the words between the ends of its mentions."""
    text = example.sentence.text
    ends = [example.head.start, example.head.end, example.tail.start, example.tail.end]
    cuts = [0, *sorted(ends), len(text)]
    words = tuple(normal_text(text[start:end]) for start, end in pairwise(cuts))
    return example.relation, words, tuple(cuts.index(end, 1) for end in ends)


def best_rejection(outcome: Outcome) -> float:
    """The threshold with the best accuracy, of an outcome that rejected nothing: the lowest probability to be kept.

    Every probability of the outcome is tried, and 1.0, for relations that no training saw may all score far below 0.5.
    """
    order = np.argsort(outcome.probabilities, kind="stable")
    probabilities = np.array(outcome.probabilities)[order]
    right = np.array([a == b for a, b in zip(outcome.gold, outcome.predicted, strict=True)])[order]
    none = np.array([name is None for name in outcome.gold])[order]
    # With the first n rejected, right are those of them without a relation, and the right answers among the others.
    correct = np.concatenate([[0], np.cumsum(none)]) + np.concatenate([np.cumsum(right[::-1])[::-1], [0]])
    thresholds = np.append(probabilities, 1.0)
    first_of_equals = np.searchsorted(thresholds, thresholds)
    return float(thresholds[int(np.argmax(correct[first_of_equals]))])


def _gold(task: Task) -> list[str | None]:
    return [example.relation for example in task.examples]


def _kept(predicted: Sequence[str | None], probabilities: FloatArray, threshold: float) -> list[str | None]:
    return [name if p >= threshold else None for name, p in zip(predicted, probabilities, strict=True)]


def _outcome(
    task: Task,
    gold: Sequence[str | None],
    predicted: Sequence[str | None],
    probabilities: FloatArray,
    details: dict[str, object],
) -> Outcome:
    return Outcome(
        task.setting,
        tuple(gold),
        tuple(predicted),
        tuple(probabilities.astype(float).tolist()),
        {**details, "relations": list(task.relations.names)},
    )
