"""`Scorer` and prototypes with gradients: the same maths as in `zslre.scoring` and `zslre.prototypes`, in torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, relu, softplus

from zslre.encoder.transformer import TransformerEncoder
from zslre.scoring import KINDS, VIEWS, Scorer

PHRASES_A_PASS = 48  # of like length, so that little is padding


class TorchScorer(nn.Module):
    """Learned similarity, support weight and none-of-the-above score."""

    def __init__(self, dim: int, type_dim: int = 64, none_dim: int = 64) -> None:
        super().__init__()
        shape = (len(VIEWS), type_dim, dim)
        start = torch.randn(shape) / dim**0.5
        self.pair_views = nn.Parameter(start.clone())
        self.phrase_views = nn.Parameter(start.clone())  # alike at first: pair and phrase share the encoder's space
        self.kind_logits = nn.Parameter(torch.tensor([3.0, 0.0, 0.0, 0.0]))
        self.log_scale = nn.Parameter(torch.tensor(20.0).log())
        self.raw_prior = nn.Parameter(torch.tensor(0.5))
        self.none_hidden = nn.Linear(dim, none_dim)
        self.none_output = nn.Linear(none_dim, 1)
        nn.init.constant_(self.none_output.bias, 8.0)

    @classmethod
    def from_numpy(cls, scorer: Scorer) -> TorchScorer:
        """The reverse of `to_numpy`, without the calibration."""
        _, type_dim, dim = scorer.pair_views.shape
        made = cls(dim, type_dim, len(scorer.none_hidden))
        prior = float(scorer.support_prior)
        values = {
            "pair_views": scorer.pair_views,
            "phrase_views": scorer.phrase_views,
            "kind_logits": scorer.kind_logits,
            "log_scale": np.log(scorer.scale),
            "raw_prior": np.float32(prior + np.log(-np.expm1(-prior))),  # softplus of it is the prior
            "none_hidden.weight": scorer.none_hidden,
            "none_hidden.bias": scorer.none_hidden_bias,
            "none_output.weight": scorer.none_output[None],
            "none_output.bias": scorer.none_bias[None],
        }
        made.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in values.items()})
        return made

    def similarities(self, pairs: Tensor, prototypes: Tensor, present: Tensor) -> Tensor:
        """Pairs (P, D), unit prototypes (R, D + 3T), kinds present (R, K) → s (P, R)."""
        weights = torch.where(present, self.kind_logits, -torch.inf).softmax(dim=1)
        widths = torch.tensor([pairs.shape[1], *[self.pair_views.shape[1]] * len(VIEWS)], device=pairs.device)
        columns = torch.repeat_interleave(weights, widths, dim=1)
        return self.log_scale.exp() * self.features(pairs) @ (prototypes * columns).T

    def features(self, pairs: Tensor) -> Tensor:
        views = torch.einsum("ktd,pd->pkt", self.pair_views, pairs)
        return torch.cat([normalize(pairs, dim=-1), normalize(views, dim=-1).flatten(1)], dim=1)

    def by_kind(self, rows: Tensor) -> tuple[Tensor, ...]:
        """Features or prototypes (N, D + 3T), cut into the kinds: (N, D) and three times (N, T)."""
        _, width, dim = self.pair_views.shape
        return rows.split([dim, *[width] * len(VIEWS)], dim=1)

    def none_scores(self, pairs: Tensor) -> Tensor:
        return self.none_output(relu(self.none_hidden(normalize(pairs, dim=-1)))).squeeze(-1)

    def prototypes(
        self,
        encoder: TransformerEncoder,
        phrases: Sequence[Mapping[str, str]],
        support: Mapping[int, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Prototype rows (R, D + 3T) and kinds present (R, K) for `relation_phrases`; `support`: row → (K, D)."""
        unique = unique_phrases(phrases)
        return self.prototypes_of(phrases, unique, phrase_vectors(encoder, unique), support)

    def prototypes_of(
        self,
        phrases: Sequence[Mapping[str, str]],
        unique: Sequence[str],
        vectors: Tensor,
        support: Mapping[int, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The same, given the vectors of the `unique_phrases`, (n_unique, D)."""
        place = {text: i for i, text in enumerate(unique)}
        columns, present = [], []
        for kind in KINDS:
            there = torch.tensor([kind in kinds for kinds in phrases], device=vectors.device)
            index = torch.tensor([place.get(kinds.get(kind, ""), 0) for kinds in phrases], device=vectors.device)
            side = vectors[index]
            if kind != "text":
                side = side @ self.phrase_views[VIEWS.index(kind)].T
            columns.append(normalize(side, dim=-1) * there[:, None])
            present.append(there)
        rows, kinds_present = torch.cat(columns, dim=1), torch.stack(present, dim=1)
        return self._with_support(rows, kinds_present, support or {})

    def _with_support(self, rows: Tensor, present: Tensor, support: Mapping[int, Tensor]) -> tuple[Tensor, Tensor]:
        if not support:
            return rows, present
        moved, present = list(rows), present.clone()
        for row, pairs in support.items():
            side = [part[0] for part in self.by_kind(rows[row : row + 1])]
            shown = self.by_kind(self.features(pairs))
            fused = []
            for k, kind in enumerate(KINDS):
                if kind == "keywords":
                    fused.append(side[k])
                    continue
                mean = shown[k].mean(dim=0)
                evidence = len(pairs) * mean @ mean
                weight = evidence / (evidence + softplus(self.raw_prior)) if present[row, k] else 1.0
                fused.append(normalize((1 - weight) * side[k] + weight * normalize(mean, dim=-1), dim=-1))
                present[row, k] = True
            moved[row] = torch.cat(fused)
        return torch.stack(moved), present

    def to_numpy(self, calibration: tuple[float, float] = (1.0, 0.0)) -> Scorer:
        """The same numbers for `zslre.scoring`."""
        with torch.no_grad():
            tensors = {
                "pair_views": self.pair_views,
                "phrase_views": self.phrase_views,
                "kind_logits": self.kind_logits,
                "scale": self.log_scale.exp(),
                "support_prior": softplus(self.raw_prior),
                "none_hidden": self.none_hidden.weight,
                "none_hidden_bias": self.none_hidden.bias,
                "none_output": self.none_output.weight[0],
                "none_bias": self.none_output.bias[0],
            }
            arrays = {name: tensor.float().cpu().numpy().copy() for name, tensor in tensors.items()}
        return Scorer.from_tensors({**arrays, "calibration": np.asarray(calibration, dtype=np.float32)})


def phrase_vectors(encoder: TransformerEncoder, phrases: Sequence[str]) -> Tensor:
    """Vectors of phrases, the shortest first, with gradients, (N, D)."""
    parts = [encoder.phrase_tensor(phrases[i : i + PHRASES_A_PASS]) for i in range(0, len(phrases), PHRASES_A_PASS)]
    return torch.cat(parts).float()


def keep_words(encoder: TransformerEncoder) -> None:
    """Leave the word embeddings out of training."""
    backbone: Any = encoder.module.backbone
    backbone.get_input_embeddings().weight.requires_grad_(False)


def unique_phrases(phrases: Sequence[Mapping[str, str]]) -> list[str]:
    """Every phrase of the relations once, the shortest first: those of like length share a pass."""
    return sorted({text for kinds in phrases for text in kinds.values()}, key=lambda text: (len(text), text))
