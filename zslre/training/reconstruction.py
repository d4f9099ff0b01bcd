"""Moving a trained layer, and rounding it to few values, so that its outputs change least."""

from __future__ import annotations

import torch
from torch import Tensor

DAMPING = 0.01  # of the mean of the diagonal


def rounded_with_feedback(
    weight: Tensor, moments: Tensor, scale: Tensor, limit: int, *, damping: float = DAMPING
) -> tuple[Tensor, Tensor]:
    """GPTQ (Frantar et al., arXiv 2210.17323): multiples of the scales within ±limit · scale, and what came to be them.

    The columns are rounded one after the other, those with the largest inputs first, and what each adds to the outputs
    is taken from the columns that are still to come: their errors are not independent, for their inputs are not. That
    lowers (W - Q) M (W - Q)ᵀ of each row, which rounding every weight to its nearest does not. The second matrix has
    the weights as they were when their column's turn came: the first is the nearest to it.

    `weight` (rows, cols), `moments` M (cols, cols): Σ x xᵀ of the layer's inputs x, `scale` (rows,), positive. What the
    inputs do not tell keeps the weights as they were: `damping`, in shares of the mean of M's diagonal.
    """
    cols = weight.shape[1]
    hessian = moments.double()
    order = torch.argsort(hessian.diagonal(), descending=True)
    hessian = hessian[order][:, order]
    # Where the inputs were nothing but zeros, any damping will do.
    hessian += torch.eye(cols, dtype=torch.float64) * (damping * hessian.diagonal().mean()).clamp_min(1e-12)
    spread = torch.linalg.cholesky(torch.linalg.inv(hessian), upper=True)
    rest, steps = weight.double()[:, order], scale.double()
    rounded, wanted_of = torch.empty_like(rest), torch.empty_like(rest)
    for column in range(cols):
        wanted = wanted_of[:, column] = rest[:, column]
        rounded[:, column] = (wanted / steps).round().clamp(-limit, limit) * steps
        error = (wanted - rounded[:, column]) / spread[column, column]
        rest[:, column:] -= error[:, None] * spread[column, column:]
    back = torch.argsort(order)
    return rounded[:, back].to(weight.dtype), wanted_of[:, back].to(weight.dtype)


class Regression:
    """Least squares from what a layer reads to what its outputs should be, gathered part by part."""

    def __init__(self) -> None:
        self._moments, self._products = torch.zeros(()), torch.zeros(())

    def add(self, inputs: Tensor, wanted: Tensor) -> None:
        """`inputs` (N, cols), `wanted` (N, rows)."""
        extended = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
        self._moments = self._moments + (extended.T @ extended).double()
        self._products = self._products + (wanted.T @ extended).double()

    @property
    def moments(self) -> Tensor:
        """Σ x xᵀ of the inputs, (cols, cols)."""
        return self._moments[:-1, :-1]

    def weight(self, start: Tensor, *, pull: float, bias: bool) -> Tensor:
        """The best weights (rows, cols), with a bias or without.

        Weights that move from `start` cost `pull` times the mean square of an input each, so that what the inputs do
        not tell stays as it was.
        """
        cost = pull * self.moments.diagonal().mean().clamp_min(1e-12)
        rows, cols = start.shape
        prior = torch.zeros(cols + 1, dtype=torch.float64)
        prior[:cols] = cost
        before = torch.cat([start.double(), torch.zeros(rows, 1, dtype=torch.float64)], dim=1)
        size = cols + bias
        moments = (self._moments + prior.diag())[:size, :size]
        return torch.linalg.solve(moments, (self._products + before * prior)[:, :size].T).T[:, :cols].to(start.dtype)

    def bias(self, weight: Tensor) -> Tensor:
        """What makes the mean of the outputs right, (rows,)."""
        missed = self._products[:, -1] - weight.double() @ self._moments[:-1, -1]
        return (missed / self._moments[-1, -1]).to(weight.dtype)
