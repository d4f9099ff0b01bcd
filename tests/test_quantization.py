from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zslre.encoder.quantization import activation_grid, channel_scales, dequantize_rows, quantize_rows, quantize_state
from zslre.exceptions import InputError


def test_rows_by_hand() -> None:
    # Row 0: 2.54 is the largest, so a step is 0.02: -1.0 is 50 steps, 0.009 is less than half of one.
    # Row 1: 127 makes a step of 1.
    weight = np.array([[2.54, -1.0, 0.009], [-127.0, 3.4, 0.0]], dtype=np.float32)
    integers, scale = quantize_rows(weight)
    assert integers.dtype == np.int8
    assert scale.dtype == np.float32
    np.testing.assert_array_equal(integers, [[127, -50, 0], [-127, 3, 0]])
    np.testing.assert_allclose(scale, [0.02, 1.0], rtol=1e-6)
    np.testing.assert_allclose(dequantize_rows(integers, scale), [[2.54, -1.0, 0.0], [-127.0, 3.0, 0.0]], rtol=1e-6)


@pytest.mark.parametrize("tiny", [0.0, 1e-45])
def test_row_of_nothing_stays_nothing(tiny: float) -> None:
    integers, scale = quantize_rows(np.full((2, 3), tiny, dtype=np.float32))
    np.testing.assert_array_equal(integers, np.zeros((2, 3)))
    np.testing.assert_array_equal(scale, [1.0, 1.0])


def test_no_columns_and_no_rows() -> None:
    for shape in ((0, 3), (2, 0)):
        integers, scale = quantize_rows(np.zeros(shape, dtype=np.float32))
        assert dequantize_rows(integers, scale).shape == shape


@pytest.mark.parametrize("bad", [np.zeros(3), np.array([[np.nan]]), np.array([[np.inf, 1.0]])])
def test_bad_matrices_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(InputError, match="finite numbers"):
        quantize_rows(bad)


matrices = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(-1e4, 1e4, width=32, allow_subnormal=False),
)


@given(matrices)
def test_error_is_at_most_half_a_step(weight: np.ndarray) -> None:
    integers, scale = quantize_rows(weight)
    assert np.abs(integers.astype(int)).max() <= 127
    error = np.abs(integers * scale[:, None].astype(np.float64) - weight)
    assert (error <= scale[:, None] * (0.5 + 1e-4)).all()


@given(matrices)
def test_symmetry_and_repetition(weight: np.ndarray) -> None:
    integers, scale = quantize_rows(weight)
    negated, same_scale = quantize_rows(-weight)
    np.testing.assert_array_equal(negated, -integers)
    np.testing.assert_array_equal(same_scale, scale)
    again, _ = quantize_rows(dequantize_rows(integers, scale))
    np.testing.assert_array_equal(again, integers)


def test_grid_by_hand() -> None:
    assert activation_grid(0.0, 255.0) == (0.0, 255.0)
    assert activation_grid(3.0, 255.0) == (0.0, 255.0)  # zero belongs to it
    assert activation_grid(-10.25, 244.75) == (-10.0, 245.0)  # moved by a quarter of a step
    assert activation_grid(-5.0, -1.0) == (-5.0, 0.0)
    assert activation_grid(0.0, 0.0) == (0.0, 1.0)


@given(st.floats(-1e3, 1e3), st.floats(0.0, 1e3))
def test_grid_holds_zero_on_a_level(low: float, width: float) -> None:
    new_low, new_high = activation_grid(low, low + width)
    step = (new_high - new_low) / 255
    assert step > 0.0
    assert abs(new_low / step - round(new_low / step)) < 1e-6
    assert new_low <= min(low, 0.0) + step * 0.51
    assert new_high >= max(low + width, 0.0) - step * 0.51


def state() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (7, 4),
        "embeddings.LayerNorm.weight": (4,),
        "encoder.layer.0.output.dense.weight": (4, 8),
        "encoder.layer.0.output.dense.bias": (4,),
        "pair.query.weight": (4, 16),
    }
    return {name: generator.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def test_state_layout() -> None:
    tensors = state()
    stored = quantize_state(tensors, {"encoder.layer.0.output.dense": (-1.5, 2.0)})
    assert set(stored) == {
        *tensors,
        "embeddings.word_embeddings.weight_scale",
        "encoder.layer.0.output.dense.weight_scale",
        "encoder.layer.0.output.dense.input_range",
    }
    int8 = {name for name, tensor in stored.items() if tensor.dtype == np.int8}
    assert int8 == {"embeddings.word_embeddings.weight", "encoder.layer.0.output.dense.weight"}
    assert all(tensor.dtype == np.float32 for name, tensor in stored.items() if name not in int8)
    np.testing.assert_array_equal(stored["encoder.layer.0.output.dense.input_range"], [-1.5, 2.0])
    np.testing.assert_array_equal(stored["pair.query.weight"], tensors["pair.query.weight"])  # it had no range
    for name in int8:
        scale = stored[name + "_scale"]
        assert scale.shape == (len(tensors[name]),)
        assert (np.abs(dequantize_rows(stored[name], scale) - tensors[name]) <= scale[:, None] * 0.501).all()


def test_state_with_a_quantized_pair_head() -> None:
    stored = quantize_state(state(), {"encoder.layer.0.output.dense": (-1, 1), "pair.query": (-3, 3)})
    assert stored["pair.query.weight"].dtype == np.int8
    assert stored["pair.query.weight_scale"].shape == (4,)


def test_channels_are_balanced_by_hand() -> None:
    # Equal columns of weights: inputs of 32 and 1 differ by 32 ** 0.8 = 16, spread evenly about 1: 4 and 1/4.
    scale = channel_scales(np.ones((3, 2)), np.array([-32.0, 0.0]), np.array([5.0, 1.0]))
    np.testing.assert_allclose(scale, [4.0, 0.25], rtol=1e-6)
    # Equal inputs: weights of 32 and 1 differ by 32 ** 0.2 = 2; the large column becomes the smaller.
    scale = channel_scales(np.array([[32.0, 1.0]]), np.array([-1.0, -1.0]), np.array([1.0, 1.0]))
    np.testing.assert_allclose(scale, [2**-0.5, 2**0.5], rtol=1e-6)


def test_channels_without_input_or_weight_are_harmless() -> None:
    zeros = np.zeros(3)
    np.testing.assert_allclose(channel_scales(np.zeros((2, 3)), zeros, zeros), np.ones(3))
    scale = channel_scales(np.eye(2, 3), zeros, np.array([1.0, 0.0, 1.0]))
    assert np.isfinite(scale).all()
    assert (scale > 0).all()


def test_state_with_ranges_a_channel_stores_a_balanced_layer() -> None:
    tensors, layer = state(), "encoder.layer.0.output.dense"
    low, high = -np.arange(1.0, 9.0), np.full(8, 2.0)
    stored = quantize_state(tensors, {layer: (low, high)})
    scale = stored[f"{layer}.input_scale"]
    np.testing.assert_array_equal(scale, channel_scales(tensors[f"{layer}.weight"], low, high))
    np.testing.assert_allclose(stored[f"{layer}.input_range"], [(low / scale).min(), (high / scale).max()], rtol=1e-6)
    restored = dequantize_rows(stored[f"{layer}.weight"], stored[f"{layer}.weight_scale"])
    step = stored[f"{layer}.weight_scale"][:, None]
    assert (np.abs(restored - tensors[f"{layer}.weight"] * scale) <= step * 0.501).all()


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({}, r"missing for encoder\.layer\.0\.output\.dense"),
        ({"encoder.layer.0.output.dense": (-1.0, 1.0), "encoder.layer.9.nothing": (0.0, 1.0)}, r"encoder\.layer\.9"),
        ({"encoder.layer.0.output.dense": (1.0, -1.0)}, "low <= high"),
        ({"encoder.layer.0.output.dense": (0.0, float("nan"))}, "finite"),
        ({"encoder.layer.0.output.dense": (np.zeros(7), np.ones(7))}, "two arrays of 8"),
    ],
)
def test_bad_ranges_are_refused(ranges: dict[str, tuple[float, float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        quantize_state(state(), ranges)
