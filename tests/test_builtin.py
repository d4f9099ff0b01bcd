"""The built-in model: its size, and that the runtime computes on real sentences what torch does with its weights."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from zslre.datasets import read_examples
from zslre.encoder import FloatArray, pair_vectors, runtime
from zslre.encoder.quantization import CHANNEL_SUFFIX, RANGE_SUFFIX, activation_grid
from zslre.encoder.ternary import TernaryEncoder
from zslre.packing import Item, Packer
from zslre.scoring import unit
from zslre.serialization import BUILTIN, load_model

if TYPE_CHECKING:
    from zslre.encoder.transformer import TransformerEncoder

LARGEST = 8_000_000  # bytes of encoder and tokenizer, compressed as in a wheel
TUTORIAL = Path(__file__).parents[1] / "data" / "samples" / "tutorial.jsonl"


@pytest.fixture(scope="module")
def items() -> list[Item]:
    """Each sentence with its labelled pair and the reversed one."""
    examples = list(read_examples(TUTORIAL))[:60]
    return [(e.sentence, ((e.head, e.tail), (e.tail, e.head))) for e in examples]


def in_torch() -> TransformerEncoder:
    pytest.importorskip("torch", reason="the comparison needs torch")
    from zslre.training.trained import load_trained

    encoder, _, _ = load_trained(BUILTIN)
    encoder.bf16 = False
    return encoder


def vectors(encoder: TernaryEncoder | TransformerEncoder, items: list[Item]) -> FloatArray:
    return pair_vectors(encoder, Packer(encoder.tokenizer), items)


def in_runtime() -> TernaryEncoder:
    files = load_model(BUILTIN)
    return TernaryEncoder(files.encoder, files.config["encoder"], files.tokenizer, threads=1)


def test_it_is_small() -> None:
    sizes = [len(zlib.compress((BUILTIN / name).read_bytes())) for name in ("encoder.safetensors", "tokenizer.json")]
    assert sum(sizes) < LARGEST


def test_without_integer_kernels_the_runtime_computes_the_same(
    items: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "integer_kernels_are_exact", lambda: False)
    wanted, found = vectors(in_torch(), items), vectors(in_runtime(), items)
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())


def test_with_integer_kernels_directions_differ_by_little(items: list[Item], monkeypatch: pytest.MonkeyPatch) -> None:
    """Tolerance: a cosine of 0.995 in the mean and 0.98 at least.

    Both round the inputs of layers to the same 255 levels. Where a number lies on the edge between two, the one rounds
    it up and the other down, and six layers add that up.
    """
    torch = pytest.importorskip("torch", reason="the comparison needs torch")
    from zslre.training.inputs import linear_layers
    from zslre.training.rounding import Rounding

    monkeypatch.setattr(runtime, "has_bfloat16", lambda: False)  # the rest in float32
    ours, encoder = in_runtime(), in_torch()
    if not ours.integer_kernels:
        pytest.skip("this CPU has no exact integer kernels")

    def rounded(layer: Any, low: float, high: float, channels: Any) -> None:
        layer.register_forward_pre_hook(lambda _, given: (Rounding.apply(given[0] / channels, low, high) * channels,))

    layers = {
        name: layer for name, layer in linear_layers(encoder).items() if name + RANGE_SUFFIX in ours.graph_tensors
    }
    assert len(layers) > 30
    for name, layer in layers.items():
        ends = ours.graph_tensors[name + RANGE_SUFFIX]
        channels = ours.graph_tensors.get(name + CHANNEL_SUFFIX, np.ones((), dtype=np.float32))
        rounded(layer, *activation_grid(float(ends[0]), float(ends[1])), torch.from_numpy(channels))
    wanted, found = vectors(encoder, items), vectors(ours, items)
    cosines = (unit(wanted) * unit(found)).sum(axis=1)
    assert cosines.mean() > 0.995
    assert cosines.min() > 0.98
