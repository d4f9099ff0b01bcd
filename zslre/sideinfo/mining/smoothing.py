"""Counts of (hyponym, hypernym) pairs made smooth: positive pointwise mutual information at low rank.

Counts are sparse: a true pair may never have been seen and a false one seen once. Roller, Kiela and Nickel (2018, ACL,
"Hearst patterns revisited") factorise the PPMI matrix of the counts and keep the largest singular values: names
that share hypernyms then lend each other what one of them lacks, and a lone odd count fades.

    ppmi(x, y) = max(0, log(p(x, y) / (p(x) p(y))))        smooth(x, y) = u_x · diag(s) · v_y

x ranges over hyponyms and y over hypernyms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zslre.exceptions import InputError, MissingDependencyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Below this many rows or columns the whole decomposition is as fast as a truncated one.
_SMALL = 500


@dataclass(frozen=True, slots=True)
class SmoothedCounts:
    """Low-rank PPMI scores. `rows` and `columns` number hyponyms and hypernyms; `left` is (rows, rank), singular
    values multiplied in; `right` is (columns, rank)."""

    rows: Mapping[str, int]
    columns: Mapping[str, int]
    left: NDArray[np.float64]
    right: NDArray[np.float64]

    def score(self, hyponym: str, hypernym: str) -> float:
        """The smoothed PPMI of a pair, in nats; 0 for a name without counts."""
        row, column = self.rows.get(hyponym), self.columns.get(hypernym)
        return float(self.left[row] @ self.right[column]) if row is not None and column is not None else 0.0


def smooth(counts: Mapping[tuple[str, str], float], *, rank: int) -> SmoothedCounts:
    """Smooth the counts of (hyponym, hypernym) pairs.

    With `rank` not below the matrix's own, the scores are the PPMI itself. Raises InputError for a rank below 1 or a
    count that is not positive.
    """
    if rank < 1:
        raise InputError(f"rank must be at least 1, got {rank}")
    if bad := next((pair for pair, count in counts.items() if not count > 0), None):
        raise InputError(f"counts must be positive, got {counts[bad]} for {bad}")
    rows = {name: at for at, name in enumerate(dict.fromkeys(hyponym for hyponym, _ in counts))}
    columns = {name: at for at, name in enumerate(dict.fromkeys(hypernym for _, hypernym in counts))}
    if not counts:
        return SmoothedCounts(rows, columns, np.zeros((0, 1)), np.zeros((0, 1)))
    at = np.array([(rows[hyponym], columns[hypernym]) for hyponym, hypernym in counts])
    left, right = _truncated_svd(at, ppmi(at, np.array([*counts.values()], float)), (len(rows), len(columns)), rank)
    return SmoothedCounts(rows, columns, left, right)


def ppmi(at: NDArray[np.int64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positive pointwise mutual information, in nats, of the pairs `at` (n, 2) that were seen `counts` (n,) times."""
    total = counts.sum()
    of_row, of_column = (np.bincount(at[:, axis], weights=counts) for axis in (0, 1))
    values: NDArray[np.float64] = np.log(counts * total / (of_row[at[:, 0]] * of_column[at[:, 1]]))
    return np.maximum(values, 0.0)


def _truncated_svd(
    at: NDArray[np.int64], values: NDArray[np.float64], shape: tuple[int, int], rank: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Left vectors times singular values, (rows, rank), and right vectors, (columns, rank), of a sparse matrix."""
    if min(shape) <= max(_SMALL, rank):
        dense: Any = np.zeros(shape)
        dense[at[:, 0], at[:, 1]] = values
        u, s, vt = np.linalg.svd(dense, full_matrices=False)
    else:
        scipy_sparse = _scipy_sparse()
        matrix = scipy_sparse.csr_matrix((values, (at[:, 0], at[:, 1])), shape=shape)
        start = np.full(min(shape), 1.0 / np.sqrt(min(shape)))  # the same result every time
        u, s, vt = scipy_sparse.linalg.svds(matrix, k=rank, v0=start)
        order = np.argsort(-s)
        u, s, vt = u[:, order], s[order], vt[order]
    return u[:, :rank] * s[:rank], vt[:rank].T


def _scipy_sparse() -> Any:
    try:
        import scipy.sparse
        import scipy.sparse.linalg
    except ImportError as error:
        raise MissingDependencyError("smoothing so many counts needs SciPy: pip install scipy") from error
    return scipy.sparse
