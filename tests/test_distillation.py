"""Distillation: what the student computes, what it is compared by, and that runs repeat, stop and go on."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from zslre.datasets import group_examples
from zslre.encoder import pair_vectors, runtime
from zslre.encoder.quantization import quantize_state, restore_state
from zslre.encoder.runtime import RuntimeEncoder
from zslre.encoder.ternary import TernaryEncoder, pack_state, unpack_state
from zslre.encoder.trits import largest, ternarize_rows_loss_aware
from zslre.exceptions import InputError
from zslre.packing import Packer
from zslre.prototypes import build_prototypes
from zslre.scoring import unit
from zslre.serialization import ModelFiles, save_model
from zslre.training.observer import Observer
from zslre.training.slim import WORDS

torch = pytest.importorskip("torch")

from transformers import AutoConfig, AutoModel  # noqa: E402

from zslre.documents import Document  # noqa: E402
from zslre.encoder.transformer import PairTransformer, TransformerEncoder  # noqa: E402
from zslre.sideinfo.wordnet import wordnet  # noqa: E402
from zslre.training import distilled, nearby, start  # noqa: E402
from zslre.training import student as student_module  # noqa: E402
from zslre.training.distillation import DistillationConfig, Distiller, Model, translation  # noqa: E402
from zslre.training.episodes import EpisodeSampler  # noqa: E402
from zslre.training.layerwise import _attended, settle_layers, word_sensitivity  # noqa: E402
from zslre.training.matching import (  # noqa: E402
    LayerMatching,
    attention_divergence,
    direction_loss,
    relative_error,
    score_divergence,
)
from zslre.training.model import TorchScorer  # noqa: E402
from zslre.training.nearby import NearbyTexts  # noqa: E402
from zslre.training.reconstruction import Regression, rounded_with_feedback  # noqa: E402
from zslre.training.rounding import Rounding, shared, trits_of  # noqa: E402
from zslre.training.student import Quantization  # noqa: E402
from zslre.training.trained import chosen_layers, encoder_of, load_mean, load_trained, matching_layers  # noqa: E402
from zslre.training.unlabelled import Glosses, TextPool, WordReplacement, two_words  # noqa: E402

PEOPLE, CITIES, FIRMS = ("Ann", "Bob", "Carl", "Dora"), ("Rome", "Oslo", "Lima"), ("Acme", "Zeta")
SENTENCES = group_examples(
    [
        *(tiny.example(f"{a} lives in {b}", a, b, "residence") for a in PEOPLE for b in CITIES),
        *(tiny.example(f"{a} works for {b}", a, b, "employer") for a in PEOPLE for b in FIRMS),
    ]
)
ITEMS = [(s.sentence, s.pairs) for s in SENTENCES]
PHRASES = ["lives in", "works for the company", "person"]
DENSE = "encoder.layer.0.output.dense"


def float_files(seed: int = tiny.SEED) -> ModelFiles:
    return tiny.model_files(seed=seed)


def student(bits: str = "ternary", seed: int = tiny.SEED) -> tuple[Any, Quantization]:
    encoder = encoder_of(float_files(seed))
    return encoder, quantized(encoder, bits)


def quantized(encoder: TransformerEncoder, bits: str) -> Quantization:
    return Quantization(encoder, [batch for batch, _ in Packer(encoder.tokenizer).pack(ITEMS)], PHRASES, bits=bits)


def spread(vectors: np.ndarray) -> float:
    return float(np.linalg.norm(vectors, axis=1).mean())


@pytest.mark.parametrize(("bits", "seed"), [("ternary", tiny.SEED + 1), ("8", tiny.SEED)])
def test_the_runtime_computes_what_the_student_did(bits: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both round the same numbers: they part where a number lies on the edge between two levels, one in 255.

    With other seeds of the weights a few pairs have such a number, and part by some 0.013.
    """
    monkeypatch.setattr(runtime, "has_bfloat16", lambda: False)  # else what is not 8 bits has 8 bits' precision too
    encoder, quantization = student(bits, seed)
    quantization.eval()
    with quantization.weights():
        pairs = pair_vectors(encoder, Packer(encoder.tokenizer), ITEMS)
        phrases = encoder.encode_phrases(PHRASES)
    stored = quantization.stored(encoder.tensors)
    packed = pack_state(stored)
    made: RuntimeEncoder = (TernaryEncoder if bits == "ternary" else RuntimeEncoder)(
        packed, tiny.encoder_settings(), tiny.tokenizer(), threads=1
    )
    for found, expected in (
        (pair_vectors(made, Packer(made.tokenizer), ITEMS), pairs),
        (made.encode_phrases(PHRASES), phrases),
    ):
        assert np.linalg.norm(found - expected, axis=1).max() < 0.01 * spread(expected)
    floats = encoder_of(float_files(seed))
    far = np.linalg.norm(pair_vectors(floats, Packer(floats.tokenizer), ITEMS) - pairs, axis=1).max()
    assert far > (0.3 if bits == "ternary" else 0.002) * spread(pairs)  # what was rounded away


def test_of_little_data_no_sentence_is_shown_over_and_over() -> None:
    sampler = EpisodeSampler(SENTENCES, [], tiny.RELATIONS, n_relations=2, n_sentences=3)
    encoder, config = encoder_of(float_files()), DistillationConfig()
    items, _ = start._shown(encoder, sampler, config, None, tokens=10**9)
    often = 8 * len(SENTENCES)
    assert often <= len(items) < often + len(sampler.episode(0).items)
    few, _ = start._shown(encoder, sampler, config, None, tokens=200)
    assert len(few) < len(items)


def test_weights_are_rounded_inside_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(student_module, "WORD_TRITS", ((slice(2), 3), (slice(2, 8), 2), (slice(8, None), 1)))
    encoder, quantization = student()
    latent = {name: tensor.copy() for name, tensor in encoder.tensors.items()}
    weight = quantization.layers[DENSE].weight
    with quantization.weights():
        encoder.encode_phrases(["[UNK] ann lives"])
        inside = weight.detach().numpy().copy()
        words = encoder.module.backbone.get_input_embeddings().weight.detach().numpy().copy()
    trits, scale = ternarize_rows_loss_aware(latent[f"{DENSE}.weight"], np.ones_like(inside), trits=trits_of(DENSE))
    np.testing.assert_allclose(inside, trits * scale[:, None], rtol=1e-6)
    read = np.array(encoder.tokenizer.encode("[UNK] ann lives").ids)
    for trits, rows in ((3, read[read < 2]), (2, read[(read >= 2) & (read < 8)]), (1, read[read >= 8])):
        assert len(rows)
        integers, scale = ternarize_rows_loss_aware(latent[WORDS][rows], np.ones((len(rows), tiny.H)), trits=trits)
        np.testing.assert_allclose(words[rows], integers * scale[:, None], rtol=1e-6)
    for name, tensor in encoder.tensors.items():
        np.testing.assert_array_equal(tensor, latent[name])


def settled(seed: int, steps: int = 0) -> tuple[TransformerEncoder, Quantization]:
    encoder = encoder_of(float_files(seed))
    floats = copy.deepcopy(encoder.module)
    quantization = quantized(encoder, "ternary")
    batches = [batch for batch, _ in Packer(encoder.tokenizer).pack(ITEMS)]
    settle_layers(encoder, floats, quantization, batches, PHRASES, steps=steps)
    return encoder, quantization


def test_a_layer_says_that_it_is_fitted_before_its_steps() -> None:
    encoder = encoder_of(float_files(0))
    floats, said = copy.deepcopy(encoder.module), list[str]()
    batches = [batch for batch, _ in Packer(encoder.tokenizer).pack(ITEMS)]
    settle_layers(encoder, floats, quantized(encoder, "ternary"), batches, PHRASES, steps=1, on_step=said.append)
    assert [state.split("  error")[0] for state in said[:4]] == [
        "words",
        "layer 1/2  being fitted",
        "layer 1/2  step 1/1",
        "layer 2/2  being fitted",
    ]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_settled_student_computes_nearly_what_the_float_model_does(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(student_module, "WORD_TRITS", ((slice(None), 2),))
    floats = encoder_of(float_files(seed))
    wanted = [pair_vectors(floats, Packer(floats.tokenizer), ITEMS), floats.encode_phrases(PHRASES)]
    likeness = []
    for encoder, quantization in (student(seed=seed), settled(seed), settled(seed, steps=80)):
        quantization.eval()
        with quantization.weights():
            found = [pair_vectors(encoder, Packer(encoder.tokenizer), ITEMS), encoder.encode_phrases(PHRASES)]
        likeness.append([(unit(a) * unit(b)).sum(axis=1).mean() for a, b in zip(found, wanted, strict=True)])
    (alone, alone_phrases), (pairs, phrases), (tuned_pairs, tuned_phrases) = likeness
    assert alone < 0.9 < 0.98 < pairs
    assert alone_phrases < 0.9 < phrases
    assert (1 - tuned_pairs) + (1 - tuned_phrases) < 0.8 * ((1 - pairs) + (1 - phrases))


def test_settled_weights_round_to_what_feedback_chose() -> None:
    encoder, quantization = student()
    inputs = torch.randn(50, quantization.layers[DENSE].in_features, generator=torch.Generator().manual_seed(0))
    regression = Regression()
    regression.add(inputs, quantization.layers[DENSE](inputs).detach())
    start = quantization.layers[DENSE].weight.detach().clone()
    quantization.settle(DENSE, regression)
    weight, scale = quantization.layers[DENSE].weight, quantization.scales(DENSE)[0].detach()
    moved = regression.weight(start, pull=1.0, bias=True)
    wanted, _ = rounded_with_feedback(moved, regression.moments, scale, largest(trits_of(DENSE)))
    with quantization.weights():
        torch.testing.assert_close(weight.data, wanted)
    assert (weight.data != wanted).any()  # the latent ones are on the way to others
    stored = quantization.stored(encoder.tensors)
    found = stored[f"{DENSE}.weight"] * stored[f"{DENSE}.weight_scale"][:, None]
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-6)


def test_words_are_rounded_where_outputs_mind_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(student_module, "WORD_TRITS", ((slice(2), 3), (slice(2, 8), 2), (slice(8, None), 1)))
    encoder, quantization = student()
    batches = [batch for batch, _ in Packer(encoder.tokenizer).pack(ITEMS)]
    minds = word_sensitivity(encoder, batches, PHRASES)
    assert minds.trace().item() == pytest.approx(2)  # pairs and phrases count alike
    torch.testing.assert_close(minds, minds.T)
    words = encoder.module.backbone.get_input_embeddings().weight.detach().clone()

    def missed() -> float:
        with quantization.weights():
            quantization._read(None, (torch.arange(len(words)),))  # type: ignore[arg-type]
            off = (quantization._rounded_words - words).double()
        return float(((off @ minds) * off).sum())

    alone = missed()
    quantization.settle_words(minds)
    assert missed() < 0.8 * alone


def test_word_sensitivity_is_that_of_small_changes() -> None:
    """The mean over random projections of g gᵀ is Σ JᵀJ: here J is measured, a token and a direction at a time."""
    encoder = encoder_of(float_files())
    phrase = ["ann lives in rome"]
    found = word_sensitivity(encoder, [], phrase * 2000).diagonal()
    embeddings = encoder.module.backbone.get_input_embeddings()
    plain, expected = unit(encoder.encode_phrases(phrase))[0], np.zeros(encoder.dim)
    for token in range(len(encoder.tokenizer.encode(phrase[0]).ids)):
        for way in range(encoder.dim):
            step = torch.zeros(1, encoder.dim)
            step[0, way] = 1e-2
            hook = embeddings.register_forward_hook(
                lambda _, __, rows, step=step, token=token: torch.cat(
                    [rows[:, :token], rows[:, token : token + 1] + step, rows[:, token + 1 :]], dim=1
                )
            )
            expected[way] += (((unit(encoder.encode_phrases(phrase))[0] - plain) / 1e-2) ** 2).sum()
            hook.remove()
    np.testing.assert_allclose(found / found.sum(), expected / expected.sum(), rtol=0.3)
    assert np.corrcoef(found, expected)[0, 1] > 0.98


def test_settling_computes_attention_as_bert_does() -> None:
    encoder = encoder_of(float_files())
    backbone: Any = encoder.module.backbone
    attention = backbone.encoder.layer[0].attention.self
    states = torch.randn(2, 5, encoder.dim, generator=torch.Generator().manual_seed(0))
    bias = encoder.module.attention_bias(torch.tensor([[True] * 5, [True] * 3 + [False] * 2]), 0)
    with torch.no_grad():
        torch.testing.assert_close(_attended(attention, states, bias), attention(states, bias)[0])


def test_gradients_of_rounded_weights_reach_the_latent_ones() -> None:
    encoder, quantization = student()
    with quantization.weights():
        encoder.phrase_tensor(["ann lives in rome"]).square().sum().backward()
    assert quantization.layers[DENSE].weight.grad.abs().sum() > 0
    words = encoder.module.backbone.get_input_embeddings().weight
    seen = np.flatnonzero(words.grad.abs().sum(dim=1).numpy())
    assert set(seen) == set(encoder.tokenizer.encode("ann lives in rome").ids)


def test_learned_scales_by_hand() -> None:
    inside, of_scales = shared(torch.tensor([[1.0, 1.0]]), torch.tensor([[0.4, 7.0]]), torch.tensor(4.0))
    assert inside.tolist() == [[True, False]]  # beyond 4.5 a weight's own gradient changes nothing
    assert of_scales.tolist() == pytest.approx([(-0.4 + 4) / 8**0.5])


def test_scales_have_gradients_and_weights_beyond_the_largest_multiple_none() -> None:
    encoder, quantization = student()
    quantization.eval()
    weight = quantization.layers[DENSE].weight
    weight.data[0, 0] = 9.0
    with quantization.weights():
        encoder.phrase_tensor(["ann lives in rome"]).square().sum().backward()
    assert weight.grad[0, 0] != 0
    quantization.share_gradients()
    assert weight.grad[0, 0] == 0
    assert weight.grad[0].abs().sum() > 0
    assert quantization.scales(DENSE)[0].grad.abs().sum() > 0
    seen = quantization.word_scales.grad.nonzero().flatten().tolist()
    assert set(seen) == set(encoder.tokenizer.encode("ann lives in rome").ids)


def test_balanced_channels_scale_the_gradient() -> None:
    """y = (w · s) (x / s): the gradient of w is that of w · s, times s, which is what floats get."""
    encoder, quantization = student("8")
    quantization.eval()
    with quantization.weights():
        encoder.phrase_tensor(["ann lives in rome"]).square().sum().backward()
    plain = encoder_of(float_files())
    plain.phrase_tensor(["ann lives in rome"]).square().sum().backward()
    name = "encoder.layer.1.output.dense"
    found = quantization.layers[name].weight.grad
    expected = dict(plain.module.named_parameters())[f"backbone.{name}.weight"].grad
    assert (found - expected).norm() < 0.1 * expected.norm()


def test_rounding_by_hand() -> None:
    x = torch.tensor([-1.0, -0.6, 0.0, 0.4, 1.6, 300.0], requires_grad=True)
    found = Rounding.apply(x, 0.0, 255.0)
    assert found.tolist() == [0.0, 0.0, 0.0, 0.0, 2.0, 255.0]
    found.sum().backward()
    assert x.grad.tolist() == [1.0] * 6
    assert Rounding.apply(torch.tensor([-5.3, 0.26]), -10.0, 245.0).tolist() == [-5.0, 0.0]


def test_a_fitted_range_gives_up_the_outliers_that_cost_the_others_most() -> None:
    quantization = student()[1]
    place = list(quantization.layers).index(DENSE)
    x = torch.linspace(0, 1, 4096 * tiny.H).reshape(4096, tiny.H)
    quantization.fit_range(DENSE, [x[:99], x[99:]])
    assert quantization.ranges[place].tolist() == [0, 1]  # nothing is gained by cutting off
    x[-1, -1] = 3.0
    quantization.fit_range(DENSE, [x])
    low, high = quantization.ranges[place].tolist()

    def missed(reach: float) -> float:
        values, step = x.numpy().astype(np.float64), reach / 255
        return float(((np.clip(np.rint(values / step), 0, 255) * step - values) ** 2).sum())

    assert low == 0
    assert 2 < high < 2.95
    assert missed(high) < 0.95 * missed(3.0)
    assert all(missed(high) < missed(high + by) for by in (-0.15, 0.15))  # the shares next to the one that was taken
    quantization.train()
    quantization.seen(DENSE, 100 * x)
    assert quantization.ranges[place].tolist() == [low, high]  # it stands still


def test_ranges_follow_what_is_seen_in_training_only() -> None:
    encoder, quantization = student("8")
    before = quantization.ranges.clone()
    quantization.eval()
    encoder.encode_phrases(["zzz"])
    assert torch.equal(quantization.ranges, before)
    quantization.train()
    quantization.ranges.mul_(10)
    for _ in range(60):
        encoder.encode_phrases(["ann lives in rome"])
    read = [number for number, name in enumerate(quantization.layers) if name.startswith("encoder.")]
    assert (quantization.ranges[read].abs().amax(dim=1) < 5 * before[read].abs().amax(dim=1)).all()


def test_bits_that_nobody_has() -> None:
    with pytest.raises(InputError, match="bits must be one of ternary, 8, got '4'"):
        student("4")


def test_the_values_of_a_ternary_students_weights() -> None:
    encoder, quantization = student()
    stored = quantization.stored(encoder.tensors)
    levels = {name: int(np.abs(stored[f"{name}.weight"]).max()) for name in quantization.layers}
    assert levels.pop("pair.projection") == 13
    assert levels.pop("pair.query") == 4
    assert {f"{name}.input_scale" in stored for name in ("pair.projection", "pair.query")} == {True}
    for name, level in levels.items():
        assert level == (1 if name.endswith(("self.query", "self.key")) else 4)
    assert np.abs(stored[WORDS]).max() == 13


def test_matching_layers() -> None:
    assert matching_layers(2, 6) == [3, 6]
    assert matching_layers(6, 3) == [1, 1, 2, 2, 3, 3]
    tensors = {f"encoder.layer.{n}.x.weight": np.full(1, n) for n in range(12)} | {"pair.y": np.zeros(1)}
    chosen = chosen_layers(tensors, [4, 8, 12])
    assert {name: int(tensor[0]) for name, tensor in chosen.items()} == {
        "pair.y": 0, "encoder.layer.0.x.weight": 3, "encoder.layer.1.x.weight": 7, "encoder.layer.2.x.weight": 11
    }  # fmt: skip


def test_relative_error_by_hand() -> None:
    wanted = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])  # mean 0, mean square 1/2
    assert relative_error(wanted, wanted).item() == 0
    assert relative_error(torch.zeros(2, 2), wanted).item() == pytest.approx(1)
    assert relative_error(10 * torch.zeros(2, 2), 10 * wanted).item() == pytest.approx(1)


def test_attention_divergence_by_hand() -> None:
    wanted = torch.tensor([[0.5, 0.5], [1.0, 0.0]])[None, None]
    found = torch.tensor([[0.25, 0.75], [0.5, 0.5]])[None, None]
    first = 0.5 * np.log(2) + 0.5 * np.log(2 / 3)
    real = torch.tensor([[True, False]])  # the second token is padding
    assert attention_divergence(found, wanted, real).item() == pytest.approx(first, abs=1e-5)
    both = torch.tensor([[True, True]])
    assert attention_divergence(found, wanted, both).item() == pytest.approx((first + np.log(2)) / 2, abs=1e-4)
    heads = torch.cat([found, wanted], dim=1)  # two heads against one: their mean
    mean = (found + wanted) / 2
    assert attention_divergence(heads, wanted, real).item() == pytest.approx(
        attention_divergence(mean, wanted, real).item(), abs=1e-6
    )


def test_direction_and_score_divergence_by_hand() -> None:
    vectors = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    assert direction_loss(vectors, torch.tensor([[1.0, 0.0], [1.0, 0.0]])).item() == pytest.approx(0.5)
    scores = torch.log(torch.tensor([[0.5, 0.5]]))
    assert score_divergence(scores + 3, scores).item() == pytest.approx(0, abs=1e-6)
    found = torch.log(torch.tensor([[0.25, 0.75]]))
    assert score_divergence(found, scores).item() == pytest.approx(0.5 * np.log(2) + 0.5 * np.log(2 / 3), abs=1e-6)


def test_an_encoder_matches_itself_and_not_another() -> None:
    one, same, other = (encoder_of(float_files(seed)) for seed in (4, 4, 5))
    matchings = [LayerMatching(one, encoder) for encoder in (same, other)]
    batch, _ = next(iter(Packer(one.tokenizer).pack(ITEMS)))
    for encoder in (one, same, other):
        encoder.encode_pairs(batch)
    real = torch.from_numpy(np.concatenate([batch.text_mask, np.repeat(batch.pair_mask, 4, axis=1)], axis=1))
    assert [loss.item() for loss in matchings[0](real)] == pytest.approx([0, 0], abs=1e-6)
    assert all(loss.item() > 0.01 for loss in matchings[1](real))


def test_a_model_folder_of_any_weights_comes_back_in_torch(tmp_path: Path) -> None:
    encoder, quantization = student()
    layouts = {
        "float": tiny.encoder_tensors(),
        "int8": quantize_state(tiny.encoder_tensors(), {name: (-6.0, 6.0) for name in quantization.layers}),
        "ternary": pack_state(quantization.stored(encoder.tensors)),
    }
    for name, tensors in layouts.items():
        files = float_files()
        files.encoder.clear()
        files.encoder.update(tensors)
        save_model(tmp_path / name, files)
        found, scorer, read = load_trained(tmp_path / name)
        assert read.relations == tiny.RELATIONS
        expected = restore_state(unpack_state(tensors))
        for key, tensor in found.tensors.items():
            np.testing.assert_array_equal(tensor, expected[key])
        again = scorer.to_numpy((1.0, -1.0)).tensors()
        for key, value in files.scorer.tensors().items():
            np.testing.assert_allclose(again[key], value, rtol=2e-3 if name != "float" else 1e-5)


def test_the_mean_of_models_by_hand(tmp_path: Path) -> None:
    for seed in (1, 2):
        save_model(tmp_path / str(seed), tiny.model_files(seed=seed))
    encoder, scorer, read = load_mean([tmp_path / "1", tmp_path / "2"])
    one, two = tiny.encoder_tensors(1), tiny.encoder_tensors(2)
    for name, tensor in encoder.tensors.items():
        np.testing.assert_allclose(tensor, (one[name] + two[name]) / 2, atol=1e-6)
    scorers = [tiny.scorer(seed).tensors() for seed in (1, 2)]
    mean = {name: (tensor + scorers[1][name]) / 2 for name, tensor in scorers[0].items()}
    again = scorer.to_numpy((1.0, -1.0)).tensors()
    for name in ("pair_views", "none_hidden", "none_output", "kind_logits"):
        np.testing.assert_allclose(again[name], mean[name], rtol=2e-3, atol=1e-3)
    assert [files.scorer.tensors()["none_bias"] for files in read] == [scorer["none_bias"] for scorer in scorers]


def test_fewer_layers_start_as_the_teachers() -> None:
    encoder = encoder_of(float_files(), 1)
    whole = tiny.encoder_tensors()
    name = "output.dense.weight"
    np.testing.assert_array_equal(encoder.tensors[f"encoder.layer.0.{name}"], whole[f"encoder.layer.1.{name}"])
    assert not any(key.startswith("encoder.layer.1") for key in encoder.tensors)


def test_token_ids_are_translated() -> None:
    own, theirs = tiny.tokenizer(), tiny.tokenizer()
    assert (translation(own, theirs) == np.arange(own.get_vocab_size())).all()
    theirs.add_special_tokens(["<s>", "</s>"])
    ids = translation(own, theirs)
    assert ids[own.token_to_id("[CLS]")] == theirs.token_to_id("<s>")
    assert ids[own.token_to_id("ann")] == theirs.token_to_id("ann")
    own.add_tokens(["novel"])
    with pytest.raises(InputError, match="tokenizer lacks 'novel'"):
        translation(own, theirs)


def test_words_are_replaced_by_like_ones() -> None:
    tokens = ["[CLS]", "cat", "dog", "cow", "run", "##s"]
    embeddings = np.array([[9, 9], [1, 0], [1, 0.1], [1, 0.2], [0, 1], [1, 0]], dtype=np.float32)
    made = WordReplacement(tokens, embeddings, rate=1.0)
    made.like = made.like[:, :2].copy()  # two neighbours, so that the farthest word is out
    ids = np.tile(np.array([0, 1, 5, 4, 1]), (40, 1))
    mask = np.ones_like(ids, dtype=np.bool_)
    mask[:, 4] = False
    found = made.replace(ids, mask, np.random.default_rng(0))
    assert (found[:, [0, 2, 4]] == ids[:, [0, 2, 4]]).all()  # no special token, piece or padding
    changed = found[:, 1] != 1
    assert 10 < changed.sum() < 30  # half of the rows
    assert set(found[changed, 1]) == {2, 3}
    assert (found[~changed] == ids[~changed]).all()
    assert (ids == np.tile(np.array([0, 1, 5, 4, 1]), (40, 1))).all()
    again = WordReplacement(tokens, embeddings, rate=0.0).replace(ids, mask, np.random.default_rng(0))
    assert (again == ids).all()


def test_text_gives_pairs_of_mentions_or_of_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zslre.training.unlabelled.PAIRS_A_SENTENCE", 4)
    text = "Ann met Bob and Carl. nobody here has names. Word."
    pool = TextPool([Document.from_text("a", text)], tiny.CapitalDetector())
    assert len(pool.sentences) == 2
    items = {sentence.text: pairs for sentence, pairs in pool.items(0)}
    assert len(items["Ann met Bob and Carl."]) == 4
    ((one, other), (other_again, one_again)) = items["nobody here has names."]
    assert (one, other) == (one_again, other_again)
    assert one.text != other.text
    assert pool.items(3) == pool.items(3)
    assert any(pool.items(step) != pool.items(0) for step in range(1, 5))
    for word in two_words("a b a", np.random.default_rng(0)):
        assert "a b a"[word.start : word.end] == word.text
    with pytest.raises(InputError, match="no sentence of two words"):
        TextPool([Document.from_text("a", "Word. Word!")], tiny.CapitalDetector())


def test_glosses_read_as_the_texts_of_relations_do() -> None:
    drawn = Glosses(size=40, seed=1).phrases(5)
    assert drawn == Glosses(size=40, seed=1).phrases(5)
    assert len(set(drawn) | set(Glosses(size=40, seed=1).phrases(6)) | set(Glosses(size=40, seed=2).phrases(5))) > 100
    described = [phrase for phrase in drawn if ": " in phrase]
    assert 20 <= len(described) < 40
    known, nouns = wordnet(), set(wordnet().noun_glosses())
    assert sum(phrase.partition(": ")[2] in nouns for phrase in described) > len(described) / 2
    first = [phrase.partition(": ")[0].split(", ")[0] for phrase in drawn]
    assert all(known.senses(word, "n") or known.senses(word, "v") for word in first)
    assert Glosses(size=0).phrases(0) == []


def test_texts_near_to_pairs_are_drawn_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "NEAREST", 2)
    monkeypatch.setattr(nearby, "A_STEP", 4)
    texts = ["north", "north by east", "east", "south", "west"]
    made = NearbyTexts(texts, np.array([[0, 2], [0.3, 1], [1, 0], [0, -1], [-3, 0]], dtype=np.float32))
    pairs = np.array([[0.1, 5]], dtype=np.float32)  # nearest to north, then to north by east
    drawn = [{texts[number] for number in made.drawn(step, pairs)} for step in range(40)]
    assert all("north" in some and 2 <= len(some) <= 4 for some in drawn)
    often = {text: sum(text in some for some in drawn) for text in texts}
    assert often["north by east"] > max(often[text] for text in ("east", "south", "west")) > 0
    assert list(made.drawn(3, pairs)) == list(NearbyTexts(texts, made.vectors).drawn(3, pairs))
    other = NearbyTexts(texts, made.vectors, seed=1)
    assert [list(other.drawn(step, pairs)) for step in range(9)] != [list(made.drawn(step, pairs)) for step in range(9)]


def test_entries_read_as_the_texts_of_relations_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "ENTRIES", 20)
    drawn = nearby.entries(1)
    assert drawn == nearby.entries(1)
    assert len({*drawn, *nearby.entries(2)}) > 70
    known = wordnet()
    assert drawn == sorted(drawn, key=len)
    for words in (text for text in drawn if ": " not in text):
        assert any(text.startswith(f"{words}: ") for text in drawn)
        assert known.senses(words.split(", ")[0], "n") or known.senses(words.split(", ")[0], "v")


def distiller(folder: Path, *, bits: str | None = "ternary", seed: int = tiny.SEED, layers: int | None = None,
              text: TextPool | None = None, near: NearbyTexts | None = None, **changes: Any) -> Distiller:  # fmt: skip
    """The teacher is the tiny model; the student starts from the weights of `seed`."""
    files = float_files()
    teacher = Model(encoder_of(files), TorchScorer.from_numpy(files.scorer))
    own = encoder_of(float_files(seed), layers)
    quantization = None
    if bits is not None:
        quantization = quantized(own, bits)
    sampler = EpisodeSampler(SENTENCES, [], tiny.RELATIONS, n_relations=2, n_sentences=3)
    settings = {"steps": 4, "eval_every": 2, "bf16": False, "learning_rate": 1e-3, **changes}
    return Distiller(
        teacher,
        Model(own, TorchScorer.from_numpy(files.scorer)),
        sampler,
        DistillationConfig(**settings),
        folder=folder,
        quantization=quantization,
        text=text,
        nearby=near,
        dev=SENTENCES,
        dev_relations=tiny.RELATIONS.select(["residence", "employer"]),
        observer=Observer(lambda _: None),
    )


def weights(made: Distiller) -> dict[str, Any]:
    return {name: value.clone() for name, value in made.modules.state_dict().items()}


def test_a_run_of_no_step_keeps_its_weights_where_an_older_run_left_better_ones(tmp_path: Path) -> None:
    distiller(tmp_path).train()
    assert (tmp_path / "best.safetensors").exists()
    made = distiller(tmp_path, steps=0)
    before = weights(made)
    made.train()
    for name, value in weights(made).items():
        torch.testing.assert_close(value, before[name])


def test_a_student_that_is_the_teacher_has_nothing_to_learn(tmp_path: Path) -> None:
    made = distiller(tmp_path, bits=None)
    assert made.step_loss(0).item() == pytest.approx(0, abs=1e-5)
    rounded = distiller(tmp_path, bits="8")
    with rounded.rounded():
        assert rounded.step_loss(0).item() < 0.1
    assert distiller(tmp_path, bits=None, layers=1).step_loss(0).item() > 0.1


@pytest.mark.parametrize("weight", ["score_weight", "vector_weight", "hidden_weight", "attention_weight"])
def test_every_loss_counts(tmp_path: Path, weight: str) -> None:
    zero = dict.fromkeys(("score_weight", "vector_weight", "hidden_weight", "attention_weight"), 0.0)
    made = distiller(tmp_path, bits=None, layers=1, replace_rate=0.0, **{**zero, weight: 1.0})
    loss = made.step_loss(0)
    assert loss.item() > 1e-3
    loss.backward()
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in made.student.encoder.module.parameters())
    double = distiller(tmp_path, bits=None, layers=1, replace_rate=0.0, **{**zero, weight: 2.0})
    assert double.step_loss(0).item() == pytest.approx(2 * loss.item(), rel=1e-5)


def test_nearby_texts_are_learned_too(tmp_path: Path) -> None:
    texts = ["ann lives in rome", "works for the company"]
    near = NearbyTexts(texts, encoder_of(float_files()).encode_phrases(texts))
    plain, more = (
        distiller(tmp_path, bits=None, layers=1, replace_rate=0.0, near=some).step_loss(0).item()
        for some in (None, near)
    )
    assert plain != pytest.approx(more, rel=1e-3)
    assert distiller(tmp_path, bits=None, near=near).step_loss(0).item() == pytest.approx(0, abs=1e-5)


def test_reading_the_entries_shows_where_it_is_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "ENTRIES", 10)
    monkeypatch.setattr(distilled, "TEXTS_A_REPORT", 8)
    teacher, config, shown = encoder_of(float_files()), DistillationConfig(bf16=False), list[str]()
    near = distilled.nearby_texts(teacher, config, Observer(lambda _: None, shown.append))
    assert shown == ["text 0/20", "text 8/20", "text 16/20"]
    np.testing.assert_allclose(near.vectors, unit(teacher.encode_phrases(near.texts)), atol=1e-6)
    with pytest.raises(KeyboardInterrupt):
        distilled.nearby_texts(teacher, config, Observer(lambda _: None, stopped=lambda: True))


def test_scores_are_learned_of_pairs_and_of_texts(tmp_path: Path) -> None:
    """The loss, a pair and a text at a time, from scores that the scorer of inference computes."""
    zero = dict.fromkeys(("vector_weight", "hidden_weight", "attention_weight"), 0.0)
    made = distiller(tmp_path, bits=None, seed=3, replace_rate=0.0, **zero)
    episode = made.sampler.episode(0)
    scores = []
    for model in (made.student, made.teacher):
        scorer = model.scorer.to_numpy()
        pairs = pair_vectors(model.encoder, made.packer, episode.items)
        rows = build_prototypes(model.encoder, scorer, episode.relations).weighted(scorer)
        scores.append(np.column_stack([scorer.none_scores(pairs), scorer.features(pairs) @ rows.T]))

    def divergence(found: np.ndarray, wanted: np.ndarray) -> float:
        p, q = (np.exp(row - row.max()) / np.exp(row - row.max()).sum() for row in (wanted, found))
        return float((p * np.log(p / q)).sum())

    found, wanted = scores
    of_pairs = [divergence(found[row], wanted[row]) for row in range(len(found))]
    of_texts = [divergence(found[:, column], wanted[:, column]) for column in range(1, found.shape[1])]
    assert made.step_loss(0).item() == pytest.approx(np.mean(of_pairs) + 0.5 * np.mean(of_texts), rel=1e-3)


def test_a_student_in_floats_keeps_its_words(tmp_path: Path) -> None:
    for bits in (None, "ternary"):
        made = distiller(tmp_path / str(bits), bits=bits, seed=3)
        words = made.student.encoder.module.backbone.get_input_embeddings().weight
        before = words.detach().clone()
        made.train()
        assert torch.equal(words, before) == (bits is None)


def test_distillation_learns_and_leaves_the_teacher_alone(tmp_path: Path) -> None:
    made = distiller(tmp_path, steps=60, eval_every=5, learning_rate=3e-3)
    before = {name: value.clone() for name, value in made.teacher.encoder.module.state_dict().items()}
    made.train()
    assert made.history[-1]["loss"] < 0.7 * made.history[0]["loss"]
    for name, value in made.teacher.encoder.module.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_text_joins_each_step(tmp_path: Path) -> None:
    text = TextPool([Document.from_text("a", "Bob and Acme met Dora in Oslo.")], tiny.CapitalDetector())
    plain, more = distiller(tmp_path, layers=1, bits=None), distiller(tmp_path, layers=1, bits=None, text=text)
    assert plain.step_loss(0).item() != more.step_loss(0).item()


def test_memory_bounds_change_no_vectors(tmp_path: Path) -> None:
    one, other = (
        distiller(tmp_path, bits=None, layers=1, replace_rate=0.0, hidden_weight=0.0, attention_weight=0.0,
                  max_tokens=tokens).step_loss(0).item() for tokens in (6144, 30)
    )  # fmt: skip
    assert other == pytest.approx(one, rel=1e-4)


class Stopped(Exception):
    """Somebody pulled the plug."""


def test_a_resumed_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = distiller(tmp_path / "whole")
    best = whole.train()
    broken = distiller(tmp_path / "broken")
    step = broken._step

    def stopping(number: int) -> float:
        if number == 3:
            raise Stopped
        return step(number)

    broken._step = stopping  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        broken.train()
    resumed = distiller(tmp_path / "broken", seed=99)
    assert resumed.train(resume=True) == best
    found, expected = weights(resumed), weights(whole)
    assert any("quantization" in name for name in found)
    for name, value in found.items():
        assert torch.equal(value, expected[name]), name


def test_a_teacher_with_markers_in_the_text_teaches_vectors(tmp_path: Path) -> None:
    made = distiller(tmp_path, bits=None, seed=5, replace_rate=0.0)
    made.teacher.encoder.module.in_text = True
    made.train()
    assert made.history[-1]["loss"] < made.history[0]["loss"]
    items = made.sampler.episode(0).items
    compared = made._compare_pairs(items, np.random.default_rng(0))
    assert float(compared.hidden) == float(compared.attention) == 0.0
    wanted = pair_vectors(made.teacher.encoder, made.packer, items)
    np.testing.assert_allclose(compared.wanted.numpy(), wanted, atol=1e-5)


def test_a_narrower_student_learns_from_scores_alone(tmp_path: Path) -> None:
    files = float_files()
    config = tiny.hf_config(hidden_size=16, num_attention_heads=2, num_hidden_layers=1, intermediate_size=24)
    torch.manual_seed(0)
    backbone = AutoModel.from_config(AutoConfig.for_model(config.pop("model_type"), **config))
    backbone.pooler = None
    backbone.set_attn_implementation("eager")
    ids = [tiny.tokenizer().token_to_id(marker) for marker in tiny.MARKERS]
    made = Distiller(
        Model(encoder_of(files), TorchScorer.from_numpy(files.scorer)),
        Model(TransformerEncoder(PairTransformer(backbone, ids), tiny.tokenizer()), TorchScorer(16)),
        EpisodeSampler(SENTENCES, [], tiny.RELATIONS, n_relations=2, n_sentences=3),
        DistillationConfig(steps=20, eval_every=10, bf16=False, learning_rate=3e-3),
        folder=tmp_path,
        quantization=None,
        observer=Observer(lambda _: None),
    )
    made.train()
    assert made.history[-1]["loss"] < 0.9 * made.history[0]["loss"]
    assert made.matching is None
