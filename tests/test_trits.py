"""Ternary rows and their packing: by hand, against slow references, and for whatever hypothesis thinks of."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zslre.encoder.trits import (
    LARGEST_BYTE,
    largest,
    pack_trits,
    split_trits,
    ternarize_rows,
    ternarize_rows_loss_aware,
    unpack_trits,
)
from zslre.exceptions import InputError, ModelError

matrices = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=7),
    elements=st.floats(-1e4, 1e4, width=32, allow_subnormal=False),
)
trits = hnp.arrays(
    np.int8, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=12), elements=st.integers(-1, 1)
)


def test_twn_by_hand() -> None:
    # Row 0: the mean magnitude is 1.5, the threshold 1.05: 2 and -3 stay, their mean magnitude is 2.5.
    # Row 1: all alike, so all stay.
    weight = np.array([[2.0, -3.0, 1.0, 0.0], [-0.5, 0.5, 0.5, -0.5]], dtype=np.float32)
    found, scale = ternarize_rows(weight)
    assert found.dtype == np.int8
    assert scale.dtype == np.float32
    np.testing.assert_array_equal(found, [[1, -1, 0, 0], [-1, 1, 1, -1]])
    np.testing.assert_allclose(scale, [2.5, 0.5])


def slow_twn(row: np.ndarray) -> tuple[list[int], float]:
    threshold = np.float32(0.7) * (np.abs(row).sum() / np.float32(len(row)))
    kept = [abs(w) for w in row if abs(w) > threshold]
    signs = [0 if abs(w) <= threshold else int(math.copysign(1, w)) for w in row]
    return signs, float(np.mean(kept)) if kept else 1.0


@given(matrices)
def test_twn_against_a_slow_reference(weight: np.ndarray) -> None:
    found, scale = ternarize_rows(weight)
    for row, signs, size in zip(weight, found, scale, strict=True):
        wanted, wanted_size = slow_twn(row)
        assert signs.tolist() == wanted
        assert size == pytest.approx(wanted_size, rel=1e-5)


@given(matrices)
def test_rows_are_ternarized_apart_and_symmetrically(weight: np.ndarray) -> None:
    found, scale = ternarize_rows(weight)
    for number in range(len(weight)):
        alone, alone_scale = ternarize_rows(weight[number : number + 1])
        np.testing.assert_array_equal(alone[0], found[number])
        np.testing.assert_allclose(alone_scale[0], scale[number], rtol=1e-6)
    negated, same = ternarize_rows(-weight)
    np.testing.assert_array_equal(negated, -found)
    np.testing.assert_array_equal(same, scale)


def loss(weight: np.ndarray, curvature: np.ndarray, found: np.ndarray, scale: np.ndarray) -> np.ndarray:
    error = weight.astype(np.float64) - scale[:, None].astype(np.float64) * found
    return np.asarray((curvature * error**2).sum(axis=1))


def test_loss_aware_by_hand() -> None:
    # TWN keeps 3 and 2 (mean magnitude 1.5, threshold 1.05): scale 2.5. Half of it is 1.25: nothing changes.
    # Where the loss minds the first most, its scale is near 3, half of it 1.495…; with 9 : 1 the scale is 2.9.
    weight = np.array([[3.0, 2.0, 1.0, 0.0]], dtype=np.float32)
    found, scale = ternarize_rows_loss_aware(weight, np.ones_like(weight))
    np.testing.assert_array_equal(found, [[1, 1, 0, 0]])
    np.testing.assert_allclose(scale, [2.5])
    found, scale = ternarize_rows_loss_aware(weight, np.array([[9.0, 1.0, 1.0, 1.0]]))
    np.testing.assert_array_equal(found, [[1, 1, 0, 0]])
    np.testing.assert_allclose(scale, [2.9])


def test_two_trits_by_hand() -> None:
    # The largest weight at the largest integer: the scale is 1, and nothing is left over but 0.2 of the last.
    weight = np.array([[-4.0, 3.0, 0.0, 1.2]])
    found, scale = ternarize_rows_loss_aware(weight, np.ones_like(weight), trits=2)
    np.testing.assert_array_equal(found, [[-4, 3, 0, 1]])
    np.testing.assert_allclose(scale, [(16 + 9 + 1.2) / (16 + 9 + 1)])
    # From a scale of 3 it finds another optimum: of (16 + 9) / …, -1 and 1.
    found, scale = ternarize_rows_loss_aware(weight, np.ones_like(weight), trits=2, scale=np.array([3.0]))
    np.testing.assert_array_equal(found, [[-1, 1, 0, 0]])
    np.testing.assert_allclose(scale, [3.5])


@given(matrices, st.integers(0, 1000), st.integers(1, 3))
def test_an_optimum_is_left_by_no_single_change(weight: np.ndarray, seed: int, trits: int) -> None:
    weight = weight.astype(np.float64)
    curvature = np.random.default_rng(seed).uniform(0.1, 10.0, weight.shape)
    found, scale = ternarize_rows_loss_aware(weight, curvature, trits=trits)
    limit = largest(trits)
    assert np.abs(found).max(initial=0) <= limit
    reached = loss(weight, curvature, found, scale)
    slack = 1e-9 * (curvature * weight**2).sum(axis=1) + 1e-9
    for row, column in product(*(range(n) for n in weight.shape)):
        for other in {max(found[row, column] - 1, -limit), min(found[row, column] + 1, limit)}:
            changed = found.copy()
            changed[row, column] = other
            some = loss(weight, curvature, changed, scale)[row]
            assert reached[row] <= some + slack[row] + 1e-6 * (limit * scale[row]) ** 2 * curvature[row].sum()
    again, same = ternarize_rows_loss_aware(weight, curvature, trits=trits, scale=scale)
    np.testing.assert_array_equal(again, found)
    np.testing.assert_allclose(same, scale, rtol=1e-6)


def test_more_trits_lose_less() -> None:
    rng = np.random.default_rng(0)
    weight, ones = rng.standard_normal((20, 64)), np.ones((20, 64))
    errors = [loss(weight, ones, *ternarize_rows_loss_aware(weight, ones, trits=n)).mean() / 64 for n in (1, 2, 3)]
    assert 0.15 < errors[0] < 0.21  # the best for a normal distribution is 0.190 for three levels
    assert 0.02 < errors[1] < 0.04  # and 0.028 for nine
    assert errors[2] < 0.006


@given(hnp.arrays(np.int8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.integers(-40, 40)))
def test_trits_of_integers_make_them_again(integers: np.ndarray) -> None:
    parts = split_trits(integers)
    assert len(parts) == next(n for n in range(1, 6) if np.abs(integers).max() <= largest(n))
    total = np.zeros(integers.shape, dtype=int)
    for part in parts:
        assert part.dtype == np.int8
        assert np.abs(part).max() <= 1
        total = 3 * total + part
    np.testing.assert_array_equal(total, integers)


@given(matrices, st.integers(0, 1000))
@example(np.array([[1102.0, 4796.0, 1234.0, 0.0, 0.0]], dtype=np.float32), 2)  # from TWN's own scale it ends worse
def test_loss_aware_is_an_optimum_no_worse_than_twn(weight: np.ndarray, seed: int) -> None:
    weight = weight.astype(np.float64)
    curvature = np.random.default_rng(seed).uniform(0.1, 10.0, weight.shape)
    found, scale = ternarize_rows_loss_aware(weight, curvature)
    reached = loss(weight, curvature, found, scale)
    slack = 1e-9 * (curvature * weight**2).sum(axis=1) + 1e-9
    # Its start had the best scale for the trits of TWN.
    start, _ = ternarize_rows(weight)
    kept, count = np.abs(start) * curvature, (np.abs(start) * curvature).sum(axis=1)
    best = np.divide((kept * np.abs(weight)).sum(axis=1), count, out=np.ones(len(weight)), where=count > 0)
    assert (reached <= loss(weight, curvature, start, best) + 1e-6 * best**2 * curvature.sum(axis=1) + slack).all()
    # The scale is the best for these trits, and each trit the best for this scale.
    for factor in (0.99, 1.01):
        assert (reached <= loss(weight, curvature, found, scale * np.float32(factor)) + slack).all()
    for row, column in product(*(range(n) for n in weight.shape)):
        for other in (-1, 0, 1):
            changed = found.copy()
            changed[row, column] = other
            some = loss(weight, curvature, changed, scale)[row]
            assert reached[row] <= some + slack[row] + 1e-6 * scale[row] ** 2 * curvature[row].sum()


def test_loss_aware_follows_the_curvature() -> None:
    rng = np.random.default_rng(0)
    weight, curvature = rng.standard_normal((20, 50)), rng.uniform(0.01, 10, (20, 50))
    aware, plain = ternarize_rows_loss_aware(weight, curvature), ternarize_rows(weight)
    assert (loss(weight, curvature, *aware) < loss(weight, curvature, *plain)).all()
    # A common factor of the curvature changes nothing.
    np.testing.assert_array_equal(ternarize_rows_loss_aware(weight, 7 * curvature)[0], aware[0])


@pytest.mark.parametrize("ternarize", [ternarize_rows, lambda w: ternarize_rows_loss_aware(w, np.ones_like(w))])
def test_rows_of_nothing_and_no_rows(ternarize: object) -> None:
    for shape in ((2, 3), (0, 3), (2, 0)):
        found, scale = ternarize(np.zeros(shape, dtype=np.float32))  # type: ignore[operator]
        np.testing.assert_array_equal(found, np.zeros(shape))
        np.testing.assert_array_equal(scale, np.ones(shape[0]))


@pytest.mark.parametrize("bad", [np.zeros(3), np.array([[np.nan]]), np.array([[np.inf, 1.0]])])
def test_bad_matrices_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(InputError, match="finite numbers"):
        ternarize_rows(bad)
    with pytest.raises(InputError, match="finite numbers"):
        ternarize_rows_loss_aware(bad, np.ones_like(bad))


@pytest.mark.parametrize("bad", [np.ones((2, 2)), np.array([[1.0, 0.0]]), np.array([[1.0, np.nan]])])
def test_bad_curvature_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"curvature must be positive numbers of shape \(1, 2\)"):
        ternarize_rows_loss_aware(np.ones((1, 2)), bad)


def test_packing_by_hand() -> None:
    # The first trit counts 1, the second 3, then 9, 27 and 81, each from 0 (for -1) to 2.
    packed = pack_trits(np.array([[1, 0, -1, 0, 1], [0, 0, 0, 0, 0], [-1, -1, -1, -1, -1]]))
    assert packed.dtype == np.uint8
    np.testing.assert_array_equal(packed, [[2 + 3 * 1 + 9 * 0 + 27 * 1 + 81 * 2], [121], [0]])


def test_all_bytes_are_used_once() -> None:
    every = np.array(list(product((-1, 0, 1), repeat=5)))
    assert sorted(pack_trits(every).ravel().tolist()) == list(range(LARGEST_BYTE + 1))


@given(trits)
def test_unpacking_gives_back_what_was_packed(array: np.ndarray) -> None:
    packed = pack_trits(array)
    assert packed.dtype == np.uint8
    assert packed.shape == (*array.shape[:-1], math.ceil(array.shape[-1] / 5))
    restored = unpack_trits(packed, array.shape[-1])
    assert restored.dtype == np.int8
    assert restored.shape == array.shape
    np.testing.assert_array_equal(restored, array)


@given(hnp.arrays(np.uint8, (3, 2)), st.integers(-3, 14))
def test_bytes_are_read_only_if_they_were_written(packed: np.ndarray, columns: int) -> None:
    """Whatever is unpacked packs to the same bytes: no two files mean the same, and none means nothing."""
    try:
        found = unpack_trits(packed, columns)
    except ModelError:
        digits = packed[:, -1].astype(int)[:, None] // 3 ** np.arange(5) % 3
        unused = slice(columns - 5, None) if 5 < columns <= 10 else slice(0, 0)
        assert packed.max() > LARGEST_BYTE or not 6 <= columns <= 10 or (digits[:, unused] != 1).any()
    else:
        np.testing.assert_array_equal(pack_trits(found), packed)


@pytest.mark.parametrize(
    ("packed", "columns", "message"),
    [
        (np.array([[243]], dtype=np.uint8), 5, "byte 243 stands for no trits"),
        (np.array([[255]], dtype=np.uint8), 5, "byte 255"),
        (np.array([[121]], dtype=np.uint8), 6, "1 bytes a row cannot hold 6 trits"),
        (np.array([[121, 121]], dtype=np.uint8), 5, "2 bytes a row cannot hold 5 trits"),
        (np.array([[121 + 81]], dtype=np.uint8), 4, "filling behind the last trit"),
        (np.array([[121]], dtype=np.int8), 5, "must be bytes, got int8"),
        (np.array(121, dtype=np.uint8), 5, "must be bytes"),
        (np.zeros((1, 0), dtype=np.uint8), -1, "must be bytes"),
    ],
)
def test_corrupt_bytes_are_refused(packed: np.ndarray, columns: int, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        unpack_trits(packed, columns)


@pytest.mark.parametrize("bad", [np.array([2]), np.array([[-2, 0]]), np.array(1)])
def test_only_trits_are_packed(bad: np.ndarray) -> None:
    with pytest.raises(InputError, match="-1, 0 and 1"):
        pack_trits(bad)
