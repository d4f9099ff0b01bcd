"""The torch-free runtime against a slow reference: one dense attention under an explicit mask, float64."""

from __future__ import annotations

import copy
import importlib.util
import math
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from zslre.encoder import runtime
from zslre.encoder.quantization import activation_grid, quantize_state
from zslre.encoder.runtime import RuntimeEncoder, integer_kernels_are_exact
from zslre.exceptions import InputError, ModelError
from zslre.extractor import RelationExtractor
from zslre.packing import PackedBatch, pack_phrases

H, INNER, VOCABULARY, POSITIONS = 32, 64, 100, 40
SETTINGS: dict[str, Any] = {
    "architecture": "bert",
    "hidden_size": H,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": INNER,
    "layer_norm_eps": 1e-12,
    "marker_ids": [3, 4, 5, 6],
    "dim": H,
    "max_text_tokens": 32,
}
Tensors = dict[str, np.ndarray]
erf = np.vectorize(math.erf)


def random_tensors(seed: int = 0) -> Tensors:
    generator = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (VOCABULARY, H),
        "embeddings.position_embeddings.weight": (POSITIONS, H),
        "embeddings.token_type_embeddings.weight": (2, H),
        "embeddings.LayerNorm.weight": (H,),
        "embeddings.LayerNorm.bias": (H,),
    }
    for layer in range(2):
        name = f"encoder.layer.{layer}"
        linear = {f"attention.self.{part}": (H, H) for part in ("query", "key", "value")}
        linear |= {"attention.output.dense": (H, H), "intermediate.dense": (INNER, H), "output.dense": (H, INNER)}
        for part, shape in linear.items():
            shapes |= {f"{name}.{part}.weight": shape, f"{name}.{part}.bias": shape[:1]}
        for part in ("attention.output", "output"):
            shapes |= {f"{name}.{part}.LayerNorm.weight": (H,), f"{name}.{part}.LayerNorm.bias": (H,)}
    shapes |= {"pair.query.weight": (H, 4 * H), "pair.projection.weight": (H, 6 * H), "pair.projection.bias": (H,)}
    tensors = {
        name: (generator.standard_normal(shape) * (0.3 if len(shape) == 2 else 0.1)).astype(np.float32)
        for name, shape in shapes.items()
    }
    for name in tensors:
        if name.endswith("LayerNorm.weight"):
            tensors[name] += 1.0
    return tensors


def tiny_tokenizer() -> Tokenizer:
    words = [
        "[PAD]",
        "[CLS]",
        "[SEP]",
        "[HS]",
        "[HE]",
        "[TS]",
        "[TE]",
        "[UNK]",
        *(f"w{i}" for i in range(8, VOCABULARY)),
    ]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return tokenizer


def random_batch(seed: int, lengths: list[int], pairs: list[int]) -> PackedBatch:
    """Rows of the given numbers of tokens and pairs; what pads is noise, since it must not matter."""
    generator = np.random.default_rng(seed)
    shape = (len(lengths), max(lengths))
    ids = generator.integers(8, VOCABULARY, shape)
    mask = np.arange(shape[1]) < np.array(lengths)[:, None]
    positions = np.zeros((shape[0], max(pairs), 4), dtype=np.int64)
    for row, length in enumerate(lengths):
        positions[row] = generator.integers(0, length, (max(pairs), 4))
    return PackedBatch(ids, mask, positions, np.arange(max(pairs)) < np.array(pairs)[:, None])


class Reference:
    """The maths, spelled out. Remembers the range of every linear layer's input; with `grids`, rounds inputs to it."""

    def __init__(self, tensors: Mapping[str, np.ndarray], *, grids: Mapping[str, tuple[float, float]] | None = None):
        self.t = {
            name: tensor.astype(np.float64) * tensors[name + "_scale"][:, None].astype(np.float64)
            if tensor.dtype == np.int8
            else tensor.astype(np.float64)
            for name, tensor in tensors.items()
        }
        self.grids = grids
        self.ranges: dict[str, tuple[Any, Any]] = {}

    def linear(self, x: np.ndarray, name: str) -> np.ndarray:
        low, high = self.ranges.get(name, (np.inf, -np.inf))
        channels = x.reshape(-1, x.shape[-1])
        self.ranges[name] = (np.minimum(low, channels.min(0)), np.maximum(high, channels.max(0)))
        x = x / self.t.get(name + ".input_scale", 1.0)
        if self.grids is not None:
            low, high = activation_grid(*self.grids[name])
            step = (high - low) / 255
            x = low + np.rint((np.clip(x, low, high) - low) / step) * step
        return x @ self.t[name + ".weight"].T + self.t.get(name + ".bias", 0.0)

    def norm(self, x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        return (
            centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12) * self.t[f"{name}.weight"]
            + self.t[f"{name}.bias"]
        )

    def transformer(self, ids: np.ndarray, positions: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """(T,), (T,), (T, T) → (T, H), one row at a time."""
        t = self.t
        x = t["embeddings.word_embeddings.weight"][ids] + t["embeddings.position_embeddings.weight"][positions]
        x = self.norm(x + t["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        heads = SETTINGS["num_attention_heads"]
        for layer in range(SETTINGS["num_hidden_layers"]):
            name = f"encoder.layer.{layer}."
            q, k, v = (self.linear(x, f"{name}attention.self.{part}") for part in ("query", "key", "value"))
            outputs = []
            for q_h, k_h, v_h in zip(*(np.split(y, heads, axis=1) for y in (q, k, v)), strict=True):
                scores = np.where(mask, q_h @ k_h.T / math.sqrt(H / heads), -np.inf)
                outputs.append(softmax(scores) @ v_h)
            attended = self.linear(np.concatenate(outputs, axis=1), name + "attention.output.dense")
            x = self.norm(x + attended, name + "attention.output.LayerNorm")
            inner = self.linear(x, name + "intermediate.dense")
            inner = inner * 0.5 * (1.0 + erf(inner / math.sqrt(2.0)))
            x = self.norm(x + self.linear(inner, name + "output.dense"), name + "output.LayerNorm")
        return x

    def pairs(self, batch: PackedBatch) -> np.ndarray:
        ids, positions, masks = batch.token_ids(SETTINGS["marker_ids"]), batch.position_ids(), batch.attention_mask()
        length = batch.text_ids.shape[1]
        vectors = []
        for row in range(len(ids)):
            states = self.transformer(ids[row], positions[row], masks[row])
            text = states[:length][batch.text_mask[row]]
            for pair in np.flatnonzero(batch.pair_mask[row]):
                ends = states[length + 4 * pair : length + 4 * pair + 4].reshape(-1)
                query = self.linear(ends, "pair.query")
                context = softmax(query @ text.T / math.sqrt(H)) @ text
                vectors.append(self.linear(np.concatenate([text.mean(0), ends, context]), "pair.projection"))
        return np.array(vectors).reshape(-1, H)

    def phrases(self, tokenizer: Tokenizer, phrases: list[str]) -> np.ndarray:
        rows = [np.array(pack_phrases(tokenizer, [phrase])[0][0]) for phrase in phrases]
        return np.array(
            [self.transformer(ids, np.arange(len(ids)), np.ones((len(ids),) * 2, bool)).mean(0) for ids in rows]
        )


def softmax(x: np.ndarray) -> np.ndarray:
    weights = np.exp(x - x.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def relative_error(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest distance between two vectors, in lengths of the expected one."""
    return float((np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)).max())


@pytest.fixture(scope="module")
def tensors() -> Tensors:
    return random_tensors()


@pytest.fixture(scope="module")
def encoder(tensors: Tensors) -> RuntimeEncoder:
    return RuntimeEncoder(tensors, SETTINGS, tiny_tokenizer(), threads=1)


@pytest.fixture(scope="module")
def int8_tensors(tensors: Tensors) -> Tensors:
    """Ranges from other data than the tests compare on; enough of it, for what goes past a range is clipped."""
    calibration = Reference(tensors)
    for seed in range(30):
        calibration.pairs(random_batch(100 + seed, [20, 13], [3, 2]))
    return quantize_state(tensors, calibration.ranges)


RAGGED = [([9], [1]), ([12, 3, 7], [2, 4, 1]), ([2, 30], [1, 9]), ([5, 5, 5, 5], [3, 0, 0, 1]), ([6], [0])]


@pytest.mark.parametrize(("lengths", "pairs"), RAGGED)
def test_pairs_match_the_reference(
    encoder: RuntimeEncoder, tensors: Tensors, lengths: list[int], pairs: list[int]
) -> None:
    batch = random_batch(1, lengths, pairs)
    found = encoder.encode_pairs(batch)
    assert found.dtype == np.float32
    assert found.shape == (sum(pairs), encoder.dim)
    np.testing.assert_allclose(found, Reference(tensors).pairs(batch), atol=1e-4)


def test_phrases_match_the_reference(encoder: RuntimeEncoder, tensors: Tensors) -> None:
    phrases = ["w10 w20 w30", "", "w99", "w8 w9 nonsense w11 w12 w13 w14 w15", "w20 w10 w30"]
    found = encoder.encode_phrases(phrases)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, Reference(tensors).phrases(encoder.tokenizer, phrases), atol=1e-4)
    assert encoder.encode_phrases([]).shape == (0, encoder.dim)


def test_many_phrases_keep_their_order(encoder: RuntimeEncoder) -> None:
    phrases = [" ".join(["w20", "w30", "w40"][: 1 + i % 3]) + f" w{8 + i % 90}" for i in range(150)]
    together = encoder.encode_phrases(phrases)
    for i in (0, 1, 63, 64, 149):
        np.testing.assert_allclose(together[i], encoder.encode_phrases([phrases[i]])[0], atol=1e-5)


@settings(max_examples=25)
@given(data=st.data())
def test_a_pair_is_the_same_alone_and_in_company(encoder: RuntimeEncoder, data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.integers(2, 20), min_size=1, max_size=4))
    pairs = data.draw(st.lists(st.integers(1, 5), min_size=len(lengths), max_size=len(lengths)))
    batch = random_batch(data.draw(st.integers(0, 1000)), lengths, pairs)
    together = encoder.encode_pairs(batch)
    row = data.draw(st.integers(0, len(lengths) - 1))
    pair = data.draw(st.integers(0, pairs[row] - 1))
    alone = PackedBatch(
        batch.text_ids[row : row + 1, : lengths[row]],
        batch.text_mask[row : row + 1, : lengths[row]],
        batch.marker_positions[row : row + 1, pair : pair + 1],
        np.ones((1, 1), dtype=np.bool_),
    )
    # Exactly: with int8 layers the least difference can move an activation to the next of its 256 levels.
    np.testing.assert_array_equal(encoder.encode_pairs(alone)[0], together[sum(pairs[:row]) + pair])


@pytest.mark.parametrize("threads", [2, 3, 20])
def test_threads_share_the_rows(encoder: RuntimeEncoder, tensors: Tensors, threads: int) -> None:
    several = RuntimeEncoder(tensors, SETTINGS, tiny_tokenizer(), threads=threads)
    for rows in (1, 2, 5, 9):
        batch = random_batch(rows, [4 + row for row in range(rows)], [1 + row % 3 for row in range(rows)])
        np.testing.assert_allclose(several.encode_pairs(batch), encoder.encode_pairs(batch), atol=1e-6)
    phrases = ["w10 w20 w30", "w99", "w8 w9"]
    np.testing.assert_allclose(several.encode_phrases(phrases), encoder.encode_phrases(phrases), atol=1e-6)


@pytest.mark.parametrize("balanced", [True, False])
def test_int8_matches_the_reference(tensors: Tensors, int8_tensors: Tensors, balanced: bool) -> None:
    if not balanced:
        calibration = Reference(tensors)
        for seed in range(30):
            calibration.pairs(random_batch(100 + seed, [20, 13], [3, 2]))
        ranges = {name: (low.min(), high.max()) for name, (low, high) in calibration.ranges.items()}
        int8_tensors = quantize_state(tensors, ranges)
    assert any(name.endswith(".input_scale") for name in int8_tensors) == balanced
    quantized = RuntimeEncoder(int8_tensors, SETTINGS, tiny_tokenizer(), threads=1)
    batch = random_batch(2, [20, 7, 13], [4, 1, 2])
    found = quantized.encode_pairs(batch)
    # Rounding activations moves a vector by 1 to 4 % of its length here; the test below holds the kernels to the grid.
    assert relative_error(found, Reference(int8_tensors).pairs(batch)) < 0.08
    phrases = ["w10 w20 w30 w40", "w50 w60"]
    expected = Reference(int8_tensors).phrases(quantized.tokenizer, phrases)
    assert relative_error(quantized.encode_phrases(phrases), expected) < 0.08


@pytest.mark.skipif(
    not integer_kernels_are_exact(), reason="this CPU's byte products saturate: int8 kernels stay unused"
)
@pytest.mark.parametrize(("bf16", "tolerance"), [(False, 0.02), (True, 0.05)])
def test_int8_rounds_on_the_stored_grid(
    int8_tensors: Tensors, bf16: bool, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if bf16 and not runtime.has_bfloat16():
        pytest.skip("this CPU has no bfloat16")
    monkeypatch.setattr(runtime, "has_bfloat16", lambda: bf16)
    quantized = RuntimeEncoder(int8_tensors, SETTINGS, tiny_tokenizer(), threads=1)
    assert quantized.integer_kernels
    batch = random_batch(3, [20, 7, 13], [4, 1, 2])
    grids = {name.removesuffix(".input_range"): value for name, value in int8_tensors.items() if "input_range" in name}
    expected = Reference(int8_tensors, grids=grids).pairs(batch)
    assert relative_error(quantized.encode_pairs(batch), expected) < tolerance


def test_saturating_cpus_get_float_kernels(int8_tensors: Tensors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "integer_kernels_are_exact", lambda: False)
    restored = RuntimeEncoder(int8_tensors, SETTINGS, tiny_tokenizer(), threads=1)
    assert not restored.integer_kernels
    batch = random_batch(4, [20, 7, 13], [4, 1, 2])
    np.testing.assert_allclose(restored.encode_pairs(batch), Reference(int8_tensors).pairs(batch), atol=1e-4)


def test_a_float_pair_head_on_int8_layers(tensors: Tensors, int8_tensors: Tensors) -> None:
    mixed = {name: tensor for name, tensor in int8_tensors.items() if not name.startswith("pair.")}
    mixed |= {name: tensor for name, tensor in tensors.items() if name.startswith("pair.")}
    encoder = RuntimeEncoder(mixed, SETTINGS, tiny_tokenizer(), threads=1)
    batch = random_batch(5, [20, 7], [4, 1])
    assert relative_error(encoder.encode_pairs(batch), Reference(mixed).pairs(batch)) < 0.08


def test_threads_take_turns(encoder: RuntimeEncoder) -> None:
    batches = [random_batch(seed, [10, 6], [2, 3]) for seed in range(8)]
    expected = [encoder.encode_pairs(batch) for batch in batches]
    found: dict[int, np.ndarray] = {}
    workers = [
        threading.Thread(target=lambda i=i: found.update({i: encoder.encode_pairs(batches[i])}))  # type: ignore[misc]
        for i in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for i, vectors in enumerate(expected):
        np.testing.assert_array_equal(found[i], vectors)


class Interrupted:
    """A request whose first wait, or start, an interrupt breaks off: it is still at work then."""

    def __init__(self, request: Any, at: str) -> None:
        self.request, self.at, self.busy = request, at, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.request, name)

    def _break_off(self, at: str) -> None:
        if self.at == at:
            self.at = ""
            raise KeyboardInterrupt

    def start_async(self, inputs: Any) -> None:
        if self.busy:
            raise RuntimeError("Infer Request is busy")
        self.busy = True
        self.request.start_async(inputs)
        self._break_off("start")

    def wait(self) -> None:
        if self.busy:
            self._break_off("wait")
        self.request.wait()
        self.busy = False


@pytest.mark.parametrize("at", ["start", "wait"])
def test_after_an_interrupt_the_next_call_waits(tensors: Tensors, at: str) -> None:
    encoder = RuntimeEncoder(tensors, SETTINGS, tiny_tokenizer(), threads=2)
    batch = random_batch(0, [10, 6, 4], [2, 3, 1])
    expected = encoder.encode_pairs(batch)
    requests = encoder._requests.result()
    requests[:] = [Interrupted(request, at if number == 1 else "") for number, request in enumerate(requests)]
    with pytest.raises(KeyboardInterrupt):
        encoder.encode_pairs(batch)
    np.testing.assert_array_equal(encoder.encode_pairs(batch), expected)


def test_damaged_models_are_refused(tensors: Tensors, int8_tensors: Tensors) -> None:
    def load(tensors: Tensors, **changes: Any) -> None:
        RuntimeEncoder(tensors, {**SETTINGS, **changes}, tiny_tokenizer())

    def without(tensors: Tensors, name: str) -> Tensors:
        return {key: value for key, value in tensors.items() if key != name}

    name = "encoder.layer.1.output.dense"
    with pytest.raises(ModelError, match=rf"{name}\.bias' is missing"):
        load(without(tensors, f"{name}.bias"))
    if integer_kernels_are_exact():
        with pytest.raises(ModelError, match=rf"{name}\.input_range' is missing"):
            load(without(int8_tensors, f"{name}.input_range"))
    with pytest.raises(ModelError, match=rf"{name}\.weight_scale' is missing"):
        load(without(int8_tensors, f"{name}.weight_scale"))
    with pytest.raises(ModelError, match="do not fit its architecture"):
        load({**tensors, f"{name}.weight": np.zeros((H, INNER + 1), dtype=np.float32)})
    with pytest.raises(ModelError, match="float64"):
        load({**tensors, f"{name}.weight": np.zeros((H, INNER))})
    with pytest.raises(ModelError, match=r"pair\.projection\.weight is"):
        load(tensors, dim=H + 1)
    with pytest.raises(ModelError, match="'mamba'"):
        load(tensors, architecture="mamba")
    with pytest.raises(ModelError, match="lacks 'layer_norm_eps'"):
        RuntimeEncoder(tensors, {k: v for k, v in SETTINGS.items() if k != "layer_norm_eps"}, tiny_tokenizer())
    with pytest.raises(ModelError, match="word embeddings"):
        load(tensors, marker_ids=[3, 4, 5, VOCABULARY])


def test_bad_calls_are_refused(encoder: RuntimeEncoder, tensors: Tensors) -> None:
    with pytest.raises(InputError, match=f"{POSITIONS + 1} tokens"):
        encoder.encode_pairs(random_batch(0, [POSITIONS + 1], [1]))


@pytest.mark.parametrize(("threads", "said"), [(0, "at least 1, got 0"), ("2", "number, got '2'"), (1.5, "got 1.5")])
def test_threads_are_a_whole_number(tensors: Tensors, threads: Any, said: str) -> None:
    with pytest.raises(InputError, match=f"threads must be .*{said}"):
        RuntimeEncoder(tensors, SETTINGS, tiny_tokenizer(), threads=threads)
    with pytest.raises(InputError, match=f"threads must be .*{said}"):
        RelationExtractor.from_pretrained(threads=threads)


def test_threads_may_be_numpys(tensors: Tensors, encoder: RuntimeEncoder) -> None:
    phrases = ["Ann lives in Rome"]
    other = RuntimeEncoder(tensors, SETTINGS, tiny_tokenizer(), threads=np.int64(1))  # type: ignore[arg-type]
    assert np.array_equal(other.encode_phrases(phrases), encoder.encode_phrases(phrases))


def test_no_network_and_no_torch() -> None:
    code = """
import sys
opened = []
sys.addaudithook(lambda event, _: opened.append(event) if event.startswith(("socket.", "urllib.")) else None)
from tests.test_runtime import RuntimeEncoder, SETTINGS, random_batch, random_tensors, tiny_tokenizer
encoder = RuntimeEncoder(random_tensors(), SETTINGS, tiny_tokenizer())
encoder.encode_pairs(random_batch(0, [5], [1]))
assert not [event for event in opened if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request")], opened
assert not {"torch", "transformers"} & set(sys.modules)
"""
    root = str(importlib.util.find_spec("zslre").submodule_search_locations[0]).removesuffix("zslre")  # type: ignore
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_text_layers_match_transformers(encoder: RuntimeEncoder, tensors: Tensors) -> None:
    torch = pytest.importorskip("torch", reason="compares with transformers, which the `train` extra brings")
    transformers = pytest.importorskip("transformers", reason="the `train` extra brings it")
    config = transformers.BertConfig(
        vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, hidden_size=H, num_hidden_layers=2,
        num_attention_heads=4, intermediate_size=INNER, layer_norm_eps=1e-12,
    )  # fmt: skip
    bert = transformers.BertModel(config, add_pooling_layer=False).eval()
    backbone = {name: torch.from_numpy(value) for name, value in tensors.items() if not name.startswith("pair.")}
    bert.load_state_dict(backbone, strict=True)
    phrases = ["w10 w20 w30", "w40"]
    ids, mask = pack_phrases(encoder.tokenizer, phrases)
    with torch.inference_mode():
        states = bert(torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).last_hidden_state.numpy()
    expected = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
    np.testing.assert_allclose(encoder.encode_phrases(phrases), expected, atol=1e-4)


def test_few_shapes_reach_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = random_tensors()
    tensors["embeddings.position_embeddings.weight"] = tensors["embeddings.position_embeddings.weight"][:39]
    encoder = RuntimeEncoder(tensors, SETTINGS, tiny_tokenizer(), threads=1)
    shapes: list[tuple[int, int]] = []
    shared_out = encoder._shared_out

    def noted(compiled: Any, ids: Any, mask: Any, positions: Any) -> Any:
        shapes.append((ids.shape[1], positions.shape[1]))
        return shared_out(compiled, ids, mask, positions)

    monkeypatch.setattr(encoder, "_shared_out", noted)
    for lengths, pairs in (([9], [1]), ([16, 3], [2, 0]), ([17], [3]), ([39], [5])):
        batch = random_batch(0, lengths, pairs)
        np.testing.assert_allclose(encoder.encode_pairs(batch), Reference(tensors).pairs(batch), atol=1e-4)
    assert shapes == [(16, 1), (16, 2), (24, 4), (39, 8)]
    with pytest.raises(InputError, match="a row of 40 tokens: the model reads 39"):
        encoder.encode_pairs(random_batch(0, [40], [1]))


# Processes


def test_a_forked_process_does_not_wait_for_threads_that_it_lacks(encoder: RuntimeEncoder) -> None:
    encoder.encode_phrases(["w8"])
    encoder._process += 1
    with pytest.raises(InputError, match=r"before this process was forked, .* start processes by 'spawn'"):
        encoder.encode_phrases(["w8"])
    assert encoder.encode_phrases([]).shape == (0, H)


FORKED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from test_runtime import RuntimeEncoder, SETTINGS, random_tensors, tiny_tokenizer

def loaded():
    return RuntimeEncoder(random_tensors(), SETTINGS, tiny_tokenizer(), threads=1)

encoder = loaded()
expected = encoder.encode_phrases(["w8 w9"])
child = os.fork()
if not child:
    signal.alarm(60)
    encoder = loaded()  # and the one before is freed
    os._exit(0 if (encoder.encode_phrases(["w8 w9"]) == expected).all() else 1)
sys.exit(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_may_load_the_model_anew() -> None:
    code = FORKED.format(tests=str(Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_an_encoder_is_not_copied(copied: Callable[[object], object], encoder: RuntimeEncoder) -> None:
    with pytest.raises(InputError, match="load it in each process"):
        copied(encoder)
