"""Rounding a trained layer to few values so that its outputs change least: where a ternary student starts from."""

from __future__ import annotations

import torch
from torch import Tensor

DAMPING = 0.01  # of the mean of the diagonal: what the inputs do not tell keeps the weights as they were


def rounded_with_feedback(weight: Tensor, moments: Tensor, scale: Tensor, limit: int) -> Tensor:
    """GPTQ (Frantar et al., arXiv 2210.17323): multiples of the scales within ±limit · scale, (rows, cols).

    The columns are rounded one after the other, those with the largest inputs first, and what each adds to the outputs
    is taken from the columns that are still to come: their errors are not independent, for their inputs are not. That
    lowers (W - Q) M (W - Q)ᵀ of each row, which rounding every weight to its nearest does not.

    `weight` (rows, cols), `moments` M (cols, cols): Σ x xᵀ of the layer's inputs x, `scale` (rows,), positive.
    """
    cols = weight.shape[1]
    hessian = moments.double()
    order = torch.argsort(hessian.diagonal(), descending=True)
    hessian = hessian[order][:, order]
    # Where the inputs were nothing but zeros, any damping will do.
    hessian += torch.eye(cols, dtype=torch.float64) * (DAMPING * hessian.diagonal().mean()).clamp_min(1e-12)
    spread = torch.linalg.cholesky(torch.linalg.inv(hessian), upper=True)
    rest, steps = weight.double()[:, order], scale.double()
    rounded = torch.empty_like(rest)
    for column in range(cols):
        wanted = rest[:, column]
        rounded[:, column] = (wanted / steps).round().clamp(-limit, limit) * steps
        error = (wanted - rounded[:, column]) / spread[column, column]
        rest[:, column:] -= error[:, None] * spread[column, column:]
    return rounded[:, torch.argsort(order)].to(weight.dtype)
