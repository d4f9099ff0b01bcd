"""Training of the verifier: what is asked, that torch and NumPy agree, that it learns, that a stopped run resumes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from zslre.candidates import candidate_pairs
from zslre.datasets import AnnotatedSentence, group_examples
from zslre.exceptions import InputError
from zslre.prototypes import relation_phrases
from zslre.relations import Relation, RelationSet
from zslre.types import Mention, Sentence
from zslre.verifier import Verifier

torch = pytest.importorskip("torch")

from zslre.encoder.transformer import TransformerEncoder  # noqa: E402
from zslre.training.builtin.verifier import (  # noqa: E402
    Question,
    VerifierTrainer,
    calibrate_verifier,
    draw_questions,
    fit_first_weight,
)
from zslre.training.episodes import EpisodeSampler, TrainingEpisode  # noqa: E402
from zslre.training.model import TorchScorer  # noqa: E402
from zslre.training.observer import Observer  # noqa: E402
from zslre.training.trainer import TrainingConfig  # noqa: E402

PEOPLE, CITIES, FIRMS = ("Ann", "Bob", "Carl", "Dora"), ("Rome", "Oslo", "Lima"), ("Acme", "Zeta")
PARTIAL = group_examples(
    [
        *(tiny.example(f"{a} lives in {b}", a, b, "residence") for a in PEOPLE for b in CITIES),
        *(tiny.example(f"{a} works for {b}", a, b, "employer") for a in PEOPLE for b in FIRMS),
    ]
)


def pair(head: int, tail: int) -> tuple[Mention, Mention]:
    return Mention("ABC"[head], head, head + 1), Mention("ABC"[tail], tail, tail + 1)


def test_questions_by_hand() -> None:
    sentence = Sentence("ABC")
    episode = TrainingEpisode(
        [(sentence, (pair(0, 1), pair(1, 0))), (sentence, (pair(0, 1),)), (sentence, (pair(1, 2),))],
        list(tiny.RELATIONS),
        #         the fact,        its reverse,    a denied one,   nothing
        np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=np.bool_),
        np.array([[1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 0, 0], [1, 1, 1, 1]], dtype=np.bool_),
    )
    margins = np.array([[9, 1, 5, 2], [0, 3, 0, 4], [0, 0, 0, 0], [0, 1, 2, 3]], dtype=np.float32)
    seen = set()
    for seed in range(40):
        questions = draw_questions(episode, margins, np.random.default_rng(seed))
        assert questions[0] == Question(0, 0, (0, 1))  # the fact's relation
        assert [q for q in questions if q.item == 1] == [Question(1, 1, (2,))]  # only what was denied is known
        assert [len([q for q in questions if q.item == item]) for item in (0, 2)] == [2, 1]
        seen |= {(q.item, q.column) for q in questions}
    # Of what is not expressed, what the first model likes best: here all that the fact's sentence lacks, and not the
    # first of four.
    assert {column for item, column in seen if item == 0} == {0, 1, 2, 3}
    assert {column for item, column in seen if item == 2} == {1, 2, 3}


def test_a_pair_of_which_little_is_known_does_not_say_what_is_hard() -> None:
    sentence = Sentence("ABC")
    known = np.array([[1, 1, 1, 1, 1], [0, 0, 0, 0, 1]], dtype=np.bool_)
    relations = [Relation(f"relation {number}") for number in range(5)]
    episode = TrainingEpisode([(sentence, (pair(0, 1), pair(1, 0)))], relations, np.zeros_like(known), known)
    margins = np.array([[-9, -8, -7, -8, -9], [9, -9, -9, -9, -9]], dtype=np.float32)
    asked = [draw_questions(episode, margins, np.random.default_rng(seed)) for seed in range(40)]
    assert all(questions[0] == Question(0, 4, (0, 1)) for questions in asked)
    assert {question.column for questions in asked for question in questions[1:]} == {1, 2, 3}


def trainer(folder: Path, *, seed: int = tiny.SEED, steps: int = 4, **told: Any) -> VerifierTrainer:
    encoder = TransformerEncoder.from_state(tiny.hf_config(), tiny.encoder_tensors(seed), tiny.tokenizer())
    torch.manual_seed(seed)
    scorer = TorchScorer(tiny.H, type_dim=8, none_dim=16)
    sampler = EpisodeSampler(PARTIAL, [], tiny.RELATIONS, n_relations=2, n_sentences=3)
    config = TrainingConfig(steps=steps, eval_every=2, bf16=False, learning_rate=2e-3)
    observer = Observer(lambda _: None, **told)
    return VerifierTrainer(encoder, scorer, sampler, config, folder=folder, observer=observer, first=tiny.extractor())


def test_two_relations_of_an_episode_may_have_one_name(tmp_path: Path) -> None:
    made = trainer(tmp_path)
    drawn = made.sampler.episode(0)
    alike = replace(drawn, relations=[replace(relation, name="rank") for relation in drawn.relations])
    assert torch.isfinite(made.loss(alike, np.random.default_rng(0)))


def test_it_learns_which_question_is_answered_with_yes(tmp_path: Path) -> None:
    losses: list[float] = []
    trainer(tmp_path, steps=30, on_step=lambda state: losses.append(float(state.rsplit(" ", 1)[1]))).train()
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_a_resumed_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole")
    whole.train()
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        trainer(tmp_path / "asked", on_step=done.append, stopped=lambda: len(done) == 3).train()
    resumed = trainer(tmp_path / "asked", seed=99)
    resumed.train(resume=True)
    for name, value in whole.modules.state_dict().items():
        assert torch.equal(value, resumed.modules.state_dict()[name]), name


def test_torch_and_numpy_read_alike(tmp_path: Path) -> None:
    made = trainer(tmp_path)
    made.modules.eval()
    episode = made.sampler.episode(0)
    questions = [Question(item, 0, (2 * item, 2 * item + 1)) for item in range(len(episode.items))]
    with torch.inference_mode():
        vectors = made._read(episode, questions)
        prototypes, present = made.scorer.prototypes(made.encoder, [relation_phrases(r) for r in episode.relations])
        margins = made.scorer.similarities(vectors, prototypes, present)[:, 0] - made.scorer.none_scores(vectors)
    config = {"encoder": {**tiny.encoder_settings(), "max_text_tokens": 128}, "verifier": {"first_weight": 0.0}}
    numpy = Verifier(made.encoder, made.scorer.to_numpy(), config)
    relations = RelationSet(episode.relations)
    asked = [[0]] * sum(len(pairs) for _, pairs in episode.items)
    found = numpy.margins(episode.items, asked, relations, numpy.prototypes(relations))
    np.testing.assert_allclose(np.concatenate(found), margins.numpy(), atol=1e-3)


def test_calibration_is_fitted_on_what_the_verifier_is_handed(monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = [
        complete(f"{a} lives in {b} and works for {c}", a, b, c) for a in PEOPLE for b in CITIES for c in FIRMS
    ]
    config = {"encoder": tiny.encoder_settings(), "verifier": {"first_weight": 0.0}}
    made = Verifier(tiny.runtime_encoder(9), tiny.scorer(9), config)
    weight, (slope, offset), figures = calibrate_verifier(made, tiny.extractor(), sentences, tiny.RELATIONS)
    assert np.isfinite([weight, slope, offset]).all()
    assert set(figures) == {"threshold", "f1", "calibration_error"}
    assert figures["calibration_error"] < 0.2
    monkeypatch.setattr("zslre.training.builtin.verifier.calibrated", lambda *_: ((0.0, 0.3), figures))
    with pytest.raises(InputError, match="right ones score no higher than wrong ones"):
        calibrate_verifier(made, tiny.extractor(), sentences, tiny.RELATIONS)


def test_the_first_model_counts_as_much_as_it_tells() -> None:
    rng = np.random.default_rng(0)
    own, odds = rng.normal(size=20_000), rng.normal(size=20_000)
    right = rng.random(20_000) < 1 / (1 + np.exp(-(0.5 * (own + 3.0 * odds) - 1.0)))
    assert fit_first_weight(own, odds, right) == pytest.approx(3.0, rel=0.15)
    unheard = rng.random(20_000) < 1 / (1 + np.exp(-own))
    assert 0.0 <= fit_first_weight(own, odds, unheard) < 0.05
    with pytest.raises(InputError, match="nothing to calibrate on"):
        fit_first_weight(own[:0], odds[:0], right[:0])


def complete(text: str, person: str, city: str, firm: str) -> AnnotatedSentence:
    sentence = Sentence(text, tiny.capitals(text))
    facts = {(person, city): "residence", (person, firm): "employer"}
    pairs = tuple(candidate_pairs(sentence))
    labels = tuple(frozenset({facts[h.text, t.text]} if (h.text, t.text) in facts else ()) for h, t in pairs)
    return AnnotatedSentence(sentence, pairs, labels)
