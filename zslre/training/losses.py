"""Losses of episodic training, on similarities (P, R), none scores (P,) and multi-hot targets (P, R) bool."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

TEMPERATURE = 0.05  # of the cosines between pairs
FEW = 3  # relations; of a pair that was denied one no more are known
NEVER = -1e4  # a score that takes no part in a softmax; of minus infinity `ranking_loss` of no pairs would be NaN


def ranking_loss(similarities: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of the true relations against all of the episode, over the pairs that have one."""
    has_relation = targets.any(dim=1)
    if not has_relation.any():
        return similarities.sum() * 0.0
    scores, true = similarities[has_relation], targets[has_relation]
    hit = scores.masked_fill(~true, -torch.inf).logsumexp(dim=1)
    return (scores.logsumexp(dim=1) - hit).mean()


def threshold_loss(similarities: Tensor, none: Tensor, targets: Tensor, known: Tensor) -> Tensor:
    """Adaptive thresholding (ATLOP, Zhou et al. 2021): true relations above the none score, all others below it.

    Where `known` (P, R) is False nobody can say whether the relation holds: it is left out.
    Averaged apart over pairs with a relation, pairs known to lack a few (what the sentence denies them, or tells of
    others) and pairs without any of many, so that none of the three drowns another.
    """
    joined = torch.cat([none[:, None], similarities], dim=1)
    above = joined.masked_fill(torch.cat([torch.zeros_like(targets[:, :1]), ~targets], dim=1), -torch.inf)
    below = joined.masked_fill(torch.cat([torch.zeros_like(targets[:, :1]), targets | ~known], dim=1), -torch.inf)
    count = targets.sum(dim=1).clamp(min=1)
    raised = ((above.logsumexp(dim=1, keepdim=True) - similarities) * targets).sum(dim=1) / count
    lowered = below.logsumexp(dim=1) - none
    per_pair = raised + lowered
    has_relation = targets.any(dim=1)
    denied = ~has_relation & ~known.all(dim=1) & (known.sum(dim=1) <= FEW)
    groups = [per_pair[mask] for mask in (has_relation, denied, ~has_relation & ~denied) if mask.any()]
    return torch.stack([group.mean() for group in groups]).mean()


def contrastive_loss(pairs: Tensor, targets: Tensor) -> Tensor:
    """Pair vectors (P, D) of the same relation nearer to each other than to others (Khosla et al. 2020).

    For each pair with a relation that another one has too, the cross-entropy of finding such a one among all that have
    any. Support examples are compared with in this way, and no prototype stands between.
    """
    has_relation = targets.any(dim=1)
    vectors, own = normalize(pairs[has_relation], dim=-1), targets[has_relation].to(pairs.dtype)
    itself = torch.eye(len(vectors), dtype=torch.bool, device=pairs.device)
    alike = (own @ own.T > 0) & ~itself
    return ranking_loss((vectors @ vectors.T / TEMPERATURE).masked_fill(itself, NEVER), alike)
