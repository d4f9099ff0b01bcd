from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny

from zslre.datasets import group_examples
from zslre.encoder import pair_vectors
from zslre.encoder.loading import load_encoder
from zslre.encoder.runtime import RuntimeEncoder
from zslre.exceptions import InputError
from zslre.packing import PackedBatch, Packer
from zslre.prototypes import build_prototypes

pytest.importorskip("torch")

import torch

from zslre.training.calibration import (
    LEAST_PRECISION,
    START_PENALTY,
    best_margins,
    best_threshold,
    calibrated,
    fit_calibration,
    fit_kind_weights,
)
from zslre.training.finish import calibrate, model_files, told_apart, with_calibration
from zslre.training.inputs import input_ranges
from zslre.training.model import TorchScorer
from zslre.training.observer import Observer

SENTENCES = group_examples(
    [
        tiny.example("Ann lives in Rome", "Ann", "Rome", "residence"),
        tiny.example("Ann lives in Rome", "Ann", "Rome", "spouse"),
        tiny.example("Ann lives in Rome", "Rome", "Ann", None),
        tiny.example("Bob works for Acme", "Bob", "Acme", "employer"),
        tiny.example("Bob works for Acme", "Acme", "Bob", "unknown to the set"),
        tiny.example("Carl founded the old company Zeta", "Carl", "Zeta", "founder"),
    ]
)


def batches(packer: Packer) -> list[PackedBatch]:
    return [batch for batch, _ in packer.pack([(s.sentence, s.pairs) for s in SENTENCES])]


def log_loss(slope: float, offset: float, margins: np.ndarray, targets: np.ndarray) -> float:
    p = 1 / (1 + np.exp(-(slope * margins + offset)))
    return float(-(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean())


def test_known_slope_and_offset_are_found_again() -> None:
    rng = np.random.default_rng(0)
    margins = rng.normal(0, 2, 20_000).astype(np.float32)
    correct = rng.random(20_000) < 1 / (1 + np.exp(-(1.7 * margins - 0.6)))
    assert fit_calibration(margins, correct) == pytest.approx((1.7, -0.6), abs=0.1)


def test_no_neighbour_is_better() -> None:
    margins = np.float32([-3, -1, -0.5, 0.2, 0.3, 1, 2, 4])
    correct = np.array([False, False, True, False, True, False, True, True])
    slope, offset = fit_calibration(margins, correct)
    targets = np.where(correct, 5 / 6, 1 / 6)  # Platt's: (4 + 1) / (4 + 2) and 1 / (4 + 2)
    best = log_loss(slope, offset, margins, targets)
    for by in (-0.05, 0.05):
        assert log_loss(slope + by, offset, margins, targets) > best
        assert log_loss(slope, offset + by, margins, targets) > best


@pytest.mark.parametrize("correct", [[True] * 4, [False] * 4, [False, False, True, True]])
def test_few_and_clear_cases_do_not_make_certain(correct: list[bool]) -> None:
    margins = np.float32([-1, 0, 1, 2])
    slope, offset = fit_calibration(margins, np.array(correct))
    probabilities = 1 / (1 + np.exp(-(slope * margins + offset)))
    assert ((probabilities > 0.05) & (probabilities < 0.95)).all()


def penalised_ranking_loss(scorer: TorchScorer, logits: np.ndarray, start: np.ndarray) -> float:
    """What `fit_kind_weights` minimises, by way of the NumPy scorer."""
    encoder = tiny.torch_encoder()
    numpy_scorer = replace(scorer.to_numpy(), kind_logits=logits.astype(np.float32))
    vectors = pair_vectors(encoder, Packer(encoder.tokenizer), [(s.sentence, s.pairs) for s in SENTENCES])
    weighted = build_prototypes(encoder, numpy_scorer, tiny.RELATIONS).weighted(numpy_scorer)
    losses = []
    scores = (numpy_scorer.features(vectors) @ weighted.T).astype(np.float64)
    for row, names in zip(scores, (labels for s in SENTENCES for labels in s.labels), strict=True):
        true = [n in names for n in tiny.RELATIONS.names]
        if any(true):
            losses.append(np.log(np.exp(row).sum()) - np.log(np.exp(row[true]).sum()))
    return float(np.mean(losses) + START_PENALTY * ((logits - start) ** 2).sum())


def test_no_other_weights_of_the_kinds_rank_better() -> None:
    encoder = tiny.torch_encoder()
    scorer = TorchScorer.from_numpy(tiny.scorer())
    start = scorer.kind_logits.detach().numpy().copy()
    before = {name: value.clone() for name, value in scorer.state_dict().items() if name != "kind_logits"}
    weights = fit_kind_weights(encoder, scorer, Packer(encoder.tokenizer), SENTENCES, tiny.RELATIONS)
    found = scorer.kind_logits.detach().numpy().astype(np.float64)
    assert list(weights) == ["text", "head", "tail", "keywords"]
    assert sum(weights.values()) == pytest.approx(1, abs=0.01)
    best = penalised_ranking_loss(scorer, found, start)
    assert best < penalised_ranking_loss(scorer, start.astype(np.float64), start) - 1e-4
    for place in range(len(found)):
        for by in (-0.5, 0.5):
            moved = found.copy()
            moved[place] += by
            assert penalised_ranking_loss(scorer, moved, start) > best
    assert all(torch.equal(scorer.state_dict()[name], value) for name, value in before.items())


def test_nothing_to_calibrate_on_is_an_error() -> None:
    with pytest.raises(InputError, match="no pairs to calibrate on"):
        fit_calibration(np.zeros(0, dtype=np.float32), np.zeros(0, dtype=bool))


def test_best_threshold_by_hand() -> None:
    # Of the first four 2.66 are expected to be right, of all but the last 2.97, which is a precision of 0.594: too low.
    probabilities = np.float32([0.9, 0.8, 0.63, 0.33, 0.31, 0.1])
    assert best_threshold(probabilities, 5) == 0.33
    assert best_threshold(probabilities + np.float32([0, 0, 0.05, 0, 0, 0]), 5) == 0.31


def test_best_threshold_against_a_slow_search() -> None:
    probabilities = np.random.default_rng(1).random(50).astype(np.float32)
    threshold = best_threshold(probabilities, 40)

    def expected(least: float) -> tuple[float, float]:
        kept = [float(p) for p in probabilities if p >= least]
        return sum(kept) / max(len(kept), 1), 2 * sum(kept) / (len(kept) + 40)

    reach = [other for other in np.arange(1, 100) / 100 if expected(other)[0] >= LEAST_PRECISION]
    assert threshold in reach
    assert expected(threshold)[1] == pytest.approx(max(expected(other)[1] for other in reach))


def test_best_threshold_where_precision_is_out_of_reach() -> None:
    # Expected F1 with one kept 0.8 / 3, with two 1.4 / 4.
    assert best_threshold(np.float32([0.4, 0.3]), 2) == 0.3


def test_the_threshold_does_not_follow_chance() -> None:
    """In ten draws as large as forty documents; chosen by counting hits in steps of 0.05 it moves by 0.02."""
    rng = np.random.default_rng(2)
    margins = rng.normal(-1.5, 1.5, size=40_000)
    correct = rng.random(len(margins)) < 1 / (1 + np.exp(-margins))
    draws = np.split(rng.permutation(len(margins)), 10)
    found = [calibrated(margins[d], correct[d], int(correct[d].sum())) for d in draws]
    assert np.std([figures["threshold"] for _, figures in found]) < 0.01
    for _, figures in found:
        assert 0 < figures["f1"] < 1
        assert figures["calibration_error"] < 0.05


def test_best_margins_one_pair_at_a_time() -> None:
    encoder, scorer = tiny.runtime_encoder(), tiny.scorer()
    packer = Packer(encoder.tokenizer)
    margins, correct, n_labels = best_margins(encoder, scorer, packer, SENTENCES, tiny.RELATIONS)
    assert n_labels == 4  # the label that the set lacks cannot be found, and does not count
    prototypes = build_prototypes(encoder, scorer, tiny.RELATIONS).weighted(scorer)
    expected = []
    for annotated in SENTENCES:
        for pair, labels in zip(annotated.pairs, annotated.labels, strict=True):
            vector = pair_vectors(encoder, packer, [(annotated.sentence, [pair])])
            scores = (scorer.features(vector) @ prototypes.T)[0]
            best = int(scores.argmax())
            margin = scores[best] - scorer.none_scores(vector)[0]
            expected.append((margin, tiny.RELATIONS.names[best] in labels))
    np.testing.assert_allclose(margins, [margin for margin, _ in expected], atol=1e-4)
    assert correct.tolist() == [right for _, right in expected]


def test_labels_do_not_reach_the_margins() -> None:
    encoder, scorer = tiny.runtime_encoder(), tiny.scorer()
    packer = Packer(encoder.tokenizer)
    shuffled = [replace(s, labels=tuple(frozenset({"founder"}) for _ in s.labels)) for s in SENTENCES]
    expected, _, _ = best_margins(encoder, scorer, packer, SENTENCES, tiny.RELATIONS)
    found, _, n_labels = best_margins(encoder, scorer, packer, shuffled, tiny.RELATIONS)
    np.testing.assert_array_equal(found, expected)
    assert n_labels == 5


def test_a_calibrated_model_folder_in_eight_bits_stays_near() -> None:
    torch.manual_seed(0)  # a scorer that happens to tell nothing has slope 0, in eight bits too
    encoder, scorer = tiny.torch_encoder(), TorchScorer(tiny.H, type_dim=8, none_dim=16)
    packer = Packer(encoder.tokenizer)
    numbers, figures = calibrate(encoder, scorer.to_numpy(), packer, SENTENCES, tiny.RELATIONS)
    assert 0 < figures["threshold"] < 1
    assert 0 <= figures["f1"] <= 1
    ranges = input_ranges(encoder, batches(packer), ["new city", "person"])
    files = model_files(
        encoder, scorer, tiny.RELATIONS, calibration=numbers, threshold=0.4, facts={"name": "tiny"}, ranges=ranges
    )
    assert files.config["threshold"] == 0.4
    np.testing.assert_allclose(files.scorer.calibration, numbers, rtol=1e-6)
    runtime = RuntimeEncoder(files.encoder, files.config["encoder"], files.tokenizer, threads=1)
    items = [(s.sentence, s.pairs) for s in SENTENCES]
    exact, near = pair_vectors(encoder, packer, items), pair_vectors(runtime, packer, items)
    cosines = (exact * near).sum(axis=1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(near, axis=1)
    assert cosines.min() > 0.98
    assert np.abs(exact - near).max() > 1e-5  # eight bits cannot be exact
    packer = Packer(files.tokenizer)
    numbers, figures = calibrate(load_encoder(files), files.scorer, packer, SENTENCES, files.relations)
    again = with_calibration(files, numbers, figures["threshold"])
    expected, wanted = calibrated(*best_margins(runtime, files.scorer, packer, SENTENCES, tiny.RELATIONS))
    assert figures == wanted
    assert (again.config["threshold"], files.config["threshold"]) == (wanted["threshold"], 0.4)
    np.testing.assert_allclose(again.scorer.calibration, expected, rtol=1e-3)
    assert np.abs(again.scorer.calibration - files.scorer.calibration).max() > 1e-6  # eight bits calibrate otherwise


def test_input_ranges_hold_what_the_layers_see() -> None:
    encoder = tiny.torch_encoder()
    packer = Packer(encoder.tokenizer)
    ranges = input_ranges(encoder, batches(packer), ["new city"])
    linear = {name.removesuffix(".weight") for name, tensor in encoder.tensors.items()
              if tensor.ndim == 2 and not name.startswith("embeddings.")}  # fmt: skip
    assert ranges.keys() == linear
    seen: list[np.ndarray] = []
    hook = encoder.module.projection.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].numpy()))
    for annotated in SENTENCES:
        pair_vectors(encoder, packer, [(annotated.sentence, annotated.pairs)])
    hook.remove()
    low, high = ranges["pair.projection"]
    np.testing.assert_allclose(low, np.concatenate(seen).min(axis=0), atol=1e-5)
    np.testing.assert_allclose(high, np.concatenate(seen).max(axis=0), atol=1e-5)


@pytest.mark.parametrize("correct", [[True, True, False, False], [True, False, False, True], [True] * 4, [False] * 4])
def test_pairs_that_cannot_be_told_apart_have_no_slope(correct: list[bool]) -> None:
    """Least of all a negative one, by which better matches would score lower."""
    slope, offset = fit_calibration(np.float32([1, 2, 3, 4] * 5), np.array(correct * 5))
    right = sum(correct * 5)
    smoothed = (right * (right + 1) / (right + 2) + (20 - right) / (20 - right + 2)) / 20
    assert (slope, 1 / (1 + np.exp(-offset))) == (0.0, pytest.approx(smoothed, abs=1e-6))
    assert fit_calibration(np.float32([3, 3, 3]), np.array([True, False, True]))[0] == 0.0


def test_margins_that_lie_far_off_and_close_together() -> None:
    rng = np.random.default_rng(0)
    near = rng.normal(0, 0.3, 2000)
    correct = rng.random(len(near)) < 1 / (1 + np.exp(-6 * near))
    slope, offset = fit_calibration(near, correct)
    assert slope == pytest.approx(6, abs=0.3)
    assert fit_calibration(near + 100, correct) == pytest.approx((slope, offset - 100 * slope), rel=1e-5)


def test_without_a_fit_the_calibration_of_before_stays() -> None:
    said: list[str] = []
    before, found = ((1.5, -2.0), {"threshold": 0.7}), ((0.0, 0.3), {"threshold": 0.5})
    assert told_apart(found, before, Observer(said.append)) == before
    assert "calibration and threshold stay" in said[0]
    good = ((0.2, 0.3), {"threshold": 0.5})
    assert told_apart(good, before, Observer(said.append)) == good
    assert len(said) == 1
