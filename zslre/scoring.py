"""From pair vectors and prototypes to probabilities; pure NumPy.

The similarity of a pair z and a relation r is a normalised combination of one cosine per kind of side information,

    s(z, r) = scale · Σ_k w_k(r) · cos(view_k(z), prototype_k(r)),   w(r) = softmax of the kind logits over r's kinds,

where `text` (name, synonyms, description, support examples) is compared with z itself, and the other kinds with small
projections of z. In the softmax a kind that was found and not written counts `zslre.prototypes.FOUND_SHARE`.
None-of-the-above has a score of its own, n(z), a two-layer network. A pair by itself has a relation with probability
sigmoid(slope · (s - n) + offset), whichever other relations are asked for; `zslre.context` weighs it against the other
pairs of its sentence. Slope and offset are fitted on pairs that training did not see (Platt 1999).

Dimension letters: P pairs, R relations, D dim, T type_dim, K kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from zslre.encoder import FloatArray
from zslre.exceptions import ModelError

KINDS = ("text", "head", "tail", "keywords")
SCALARS = ("scale", "support_prior", "none_bias")
VIEWS = KINDS[1:]  # the kinds that look at a projection of the pair vector


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """The learned numbers of the score; float32 arrays."""

    pair_views: FloatArray  # (3, T, D): pair vector → view, in the order of VIEWS
    phrase_views: FloatArray  # (3, T, D): phrase vector → view
    kind_logits: FloatArray  # (K,)
    scale: FloatArray  # ()
    support_prior: FloatArray  # (): how many tight support examples weigh as much as the side information
    none_hidden: FloatArray  # (H, D)
    none_hidden_bias: FloatArray  # (H,)
    none_output: FloatArray  # (H,)
    none_bias: FloatArray  # ()
    calibration: FloatArray  # (2,): slope, offset

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray]) -> Scorer:
        """From tensors by name; raises ModelError for others, and for such as do not fit each other."""
        wanted = {f.name for f in fields(cls)}
        if set(tensors) != wanted:
            odd = sorted(wanted ^ set(tensors))
            raise ModelError(f"scorer tensors {odd} are missing or unknown: get the model again")
        numbers = {name: np.asarray(value, dtype=np.float32) for name, value in tensors.items()}
        if any(numbers[name].size != 1 for name in SCALARS):
            raise ModelError(f"scorer tensors {list(SCALARS)} must be single numbers: get the model again")
        made = cls(**{name: value.reshape(()) if name in SCALARS else value for name, value in numbers.items()})
        views, hidden = made.pair_views.shape, made.none_output.shape
        fitting = {"pair_views": (len(VIEWS), *views[1:]), "phrase_views": views, "kind_logits": (len(KINDS),)}
        fitting |= {"none_hidden": (*hidden, *views[2:]), "none_hidden_bias": hidden, "none_output": hidden[:1]}
        fitting["calibration"] = (2,)
        odd = [name for name, shape in fitting.items() if getattr(made, name).shape != shape]
        if odd or len(views) != 3:
            raise ModelError(f"scorer tensors {odd or ['pair_views']} do not fit the others: get the model again")
        return made

    def tensors(self) -> dict[str, np.ndarray]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def features(self, pairs: FloatArray) -> FloatArray:
        """The pair and its views, each of unit length, side by side: (P, D) → (P, D + 3T)."""
        kinds, width, dim = self.pair_views.shape
        views = (pairs @ self.pair_views.reshape(-1, dim).T).reshape(len(pairs), kinds, width)
        return np.concatenate([unit(pairs), unit(views).reshape(len(pairs), kinds * width)], axis=1)

    def kind_weights(self, shares: np.ndarray) -> FloatArray:
        """Weights of the kinds by their shares in a relation, (R, K) → (R, K), each row summing to 1."""
        weights = shares * np.exp(self.kind_logits - self.kind_logits.max())
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)

    def none_scores(self, pairs: FloatArray) -> FloatArray:
        """n(z), (P, D) → (P,)."""
        hidden = np.maximum(unit(pairs) @ self.none_hidden.T + self.none_hidden_bias, 0.0)
        return np.asarray(hidden @ self.none_output + self.none_bias, dtype=np.float32)

    def log_odds(self, margins: FloatArray) -> FloatArray:
        """Calibrated log odds of margins s - n, any shape."""
        slope, offset = self.calibration
        return np.asarray(slope * margins + offset)

    def probabilities(self, margins: FloatArray) -> FloatArray:
        """Calibrated probabilities of margins s - n, any shape."""
        return sigmoid(self.log_odds(margins))

    def margins(self, probabilities: FloatArray) -> FloatArray:
        """The margins that have these calibrated probabilities, any shape; those of 0 and 1 are large, not infinite."""
        slope, offset = self.calibration
        return np.asarray((log_odds(probabilities) - offset) / slope, dtype=np.float32)


def sigmoid(log_odds: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)), any shape."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -60.0, 60.0))), dtype=np.float32)


def log_odds(probabilities: FloatArray) -> FloatArray:
    """log(p / (1 - p)), any shape; those of 0 and 1 are large, not infinite."""
    kept = np.clip(np.asarray(probabilities, dtype=np.float64), 1e-7, 1.0 - 1e-7)
    return np.asarray(np.log(kept / (1.0 - kept)), dtype=np.float32)


def softmax(scores: FloatArray) -> FloatArray:
    """exp(scores), scaled to sum to 1 along the last axis."""
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=np.float32)


def unit(vectors: FloatArray) -> FloatArray:
    """Vectors scaled to length 1 along the last axis; a zero vector stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
