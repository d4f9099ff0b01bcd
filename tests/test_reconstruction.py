"""Rounding with feedback and moving weights: by hand, against slow references, against rounding each weight alone."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from zslre.training import reconstruction  # noqa: E402
from zslre.training.reconstruction import Regression, rounded_with_feedback  # noqa: E402


def moments(seed: int, columns: int) -> torch.Tensor:
    """Of inputs that go together."""
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((50, columns)) + 2 * rng.standard_normal((50, 1))
    return torch.from_numpy(inputs.T @ inputs).float()


def error(weight: torch.Tensor, rounded: torch.Tensor, moments: torch.Tensor) -> torch.Tensor:
    off = (weight - rounded).double()
    return ((off @ moments.double()) * off).sum(dim=1)


def slow(weight: np.ndarray, moments: np.ndarray, scale: float, limit: int) -> np.ndarray:
    """A row: round the column with the largest input that is left, then set the rest to what serves best."""
    hessian = moments + np.eye(len(moments)) * reconstruction.DAMPING * np.diag(moments).mean()
    order = list(np.argsort(-np.diag(hessian), kind="stable"))
    rounded, rest = np.zeros_like(weight), weight.copy()
    for place, column in enumerate(order):
        rounded[column] = np.clip(np.rint(rest[column] / scale), -limit, limit) * scale
        left = order[place + 1 :]
        if left:  # least squares: H_ll d_l = -H_lc d_c for the change d of what is left, given that of this column
            change = rounded[column] - rest[column]
            rest[left] -= np.linalg.solve(hessian[np.ix_(left, left)], hessian[left, column]) * change
    return rounded


def test_by_hand() -> None:
    # Two inputs that are always alike: 0.6 + 0.6 rounds to 1 + 1 alone, off by 0.8. With feedback the first becomes 1,
    # the second must make 0.2 of it, which is 0.
    same = torch.full((2, 2), 100.0)
    found, _ = rounded_with_feedback(torch.tensor([[0.6, 0.6]]), same, torch.tensor([1.0]), 1)
    assert sorted(found[0].tolist()) == [0.0, 1.0]
    # Inputs that have nothing to do with each other: nothing to make up for.
    found, _ = rounded_with_feedback(torch.tensor([[0.6, 0.6]]), 100 * torch.eye(2), torch.tensor([1.0]), 1)
    assert found[0].tolist() == [1.0, 1.0]
    # The limit holds, and what is cut off is made up for as well.
    found, _ = rounded_with_feedback(torch.tensor([[2.0, 0.0]]), same, torch.tensor([1.0]), 1)
    assert found[0].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("limit", [1, 4])
def test_against_a_slow_reference(limit: int) -> None:
    rng = np.random.default_rng(1)
    weight = torch.from_numpy(rng.standard_normal((6, 7))).float()
    hessian = moments(2, 7)
    scale = torch.from_numpy(rng.uniform(0.4, 1.2, 6)).float()
    found, wanted = rounded_with_feedback(weight, hessian, scale, limit)
    torch.testing.assert_close(found, (wanted / scale[:, None]).round().clamp(-limit, limit) * scale[:, None])
    assert (wanted != weight).any()
    for row, size, ours in zip(weight, scale, found, strict=True):
        np.testing.assert_allclose(
            ours, slow(row.double().numpy(), hessian.double().numpy(), float(size), limit), atol=1e-5
        )


def test_outputs_change_less_than_with_every_weight_rounded_alone() -> None:
    weight = torch.from_numpy(np.random.default_rng(3).standard_normal((40, 30))).float()
    scale = torch.full((40,), 1.2)
    alone = (weight / 1.2).round().clamp(-1, 1) * 1.2
    hessian = moments(4, 30)
    assert (
        error(weight, rounded_with_feedback(weight, hessian, scale, 1)[0], hessian).mean()
        < 0.5 * error(weight, alone, hessian).mean()
    )


def test_inputs_of_nothing() -> None:
    weight = torch.tensor([[0.6, -0.2]])
    assert rounded_with_feedback(weight, torch.zeros(2, 2), torch.ones(1), 1)[0].tolist() == [[1.0, 0.0]]


def test_regression_by_hand() -> None:
    # Outputs are 2 x + 1, of x = 0, 1, 2; the weight was 0. Without a pull it becomes 2.
    regression = Regression()
    regression.add(torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [3.0]]))
    regression.add(torch.tensor([[2.0]]), torch.tensor([[5.0]]))
    assert regression.moments.tolist() == [[5.0]]
    start = torch.zeros(1, 1)
    assert regression.weight(start, pull=0.0, bias=True).item() == pytest.approx(2.0)
    assert regression.bias(torch.tensor([[2.0]])).item() == pytest.approx(1.0)
    assert regression.bias(torch.tensor([[0.0]])).item() == pytest.approx(3.0)  # the mean
    # Without a bias: Σ x y / Σ x² = 13 / 5; pulled to the start as hard as the inputs speak: halfway.
    assert regression.weight(start, pull=0.0, bias=False).item() == pytest.approx(2.6)
    assert regression.weight(start, pull=1.0, bias=False).item() == pytest.approx(1.3)
    assert regression.weight(start, pull=1e9, bias=True).item() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("bias", [True, False])
def test_regression_against_stacked_rows(bias: bool) -> None:
    """The pull as more rows of data: √cost for one weight each, and what it was as the output."""
    rng = np.random.default_rng(5)
    inputs, wanted, start = rng.standard_normal((30, 4)), rng.standard_normal((30, 3)), rng.standard_normal((3, 4))
    regression = Regression()
    regression.add(torch.from_numpy(inputs).float(), torch.from_numpy(wanted).float())
    root = np.sqrt(0.7 * np.mean((inputs**2).sum(axis=0)))
    ones = np.ones((30, 1)) if bias else np.zeros((30, 0))
    rows = np.vstack([np.hstack([inputs, ones]), np.hstack([root * np.eye(4), np.zeros((4, ones.shape[1]))])])
    slow, *_ = np.linalg.lstsq(rows, np.vstack([wanted, root * start.T]), rcond=None)
    found = regression.weight(torch.from_numpy(start).float(), pull=0.7, bias=bias)
    np.testing.assert_allclose(found.numpy(), slow[:4].T, atol=1e-4)
    if bias:
        np.testing.assert_allclose(regression.bias(found).numpy(), slow[4], atol=1e-4)


def test_inputs_of_nothing_leave_weights_alone() -> None:
    regression = Regression()
    regression.add(torch.zeros(3, 2), torch.ones(3, 1))
    start = torch.tensor([[0.6, -0.2]])
    torch.testing.assert_close(regression.weight(start, pull=1.0, bias=True), start)
    assert regression.bias(start).item() == pytest.approx(1.0)
