"""Rounding with feedback: by hand, against a slow reference, and against rounding each weight alone."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from zslre.training import reconstruction  # noqa: E402
from zslre.training.reconstruction import rounded_with_feedback  # noqa: E402


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
    found = rounded_with_feedback(torch.tensor([[0.6, 0.6]]), same, torch.tensor([1.0]), 1)
    assert sorted(found[0].tolist()) == [0.0, 1.0]
    # Inputs that have nothing to do with each other: nothing to make up for.
    found = rounded_with_feedback(torch.tensor([[0.6, 0.6]]), 100 * torch.eye(2), torch.tensor([1.0]), 1)
    assert found[0].tolist() == [1.0, 1.0]
    # The limit holds, and what is cut off is made up for as well.
    found = rounded_with_feedback(torch.tensor([[2.0, 0.0]]), same, torch.tensor([1.0]), 1)
    assert found[0].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("limit", [1, 4])
def test_against_a_slow_reference(limit: int) -> None:
    rng = np.random.default_rng(1)
    weight = torch.from_numpy(rng.standard_normal((6, 7))).float()
    hessian = moments(2, 7)
    scale = torch.from_numpy(rng.uniform(0.4, 1.2, 6)).float()
    found = rounded_with_feedback(weight, hessian, scale, limit)
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
        error(weight, rounded_with_feedback(weight, hessian, scale, 1), hessian).mean()
        < 0.5 * error(weight, alone, hessian).mean()
    )


def test_inputs_of_nothing() -> None:
    weight = torch.tensor([[0.6, -0.2]])
    assert rounded_with_feedback(weight, torch.zeros(2, 2), torch.ones(1), 1).tolist() == [[1.0, 0.0]]
