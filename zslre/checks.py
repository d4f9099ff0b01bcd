"""Whether what a model folder holds can be computed with: types, ranges and shapes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def not_finite(tensors: Mapping[str, np.ndarray]) -> str | None:
    """The name of a tensor with NaN or infinity in it, if there is one: what they touch is NaN, which reaches no
    threshold."""
    return next(
        (name for name, value in tensors.items() if value.dtype.kind == "f" and not np.isfinite(value).all()), None
    )
