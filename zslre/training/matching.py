"""What a student's pass is compared with the teacher's by: hidden states and attention of all layers.

Dimension letters: B rows, T tokens, H hidden size, h heads; S stands for the student, T for the teacher.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from zslre.encoder.transformer import TransformerEncoder
from zslre.training.trained import matching_layers


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """What the backbone computed: hidden states of the embeddings and each layer (B, T, H), attention (B, h, T, T)."""

    states: Sequence[Tensor]
    attention: Sequence[Tensor]


class Watch:
    """Keeps the last pass of an encoder's backbone."""

    def __init__(self, encoder: TransformerEncoder) -> None:
        backbone: Any = encoder.module.backbone
        backbone.config.output_hidden_states = True
        backbone.config.output_attentions = True
        backbone.register_forward_hook(self._keep)
        self._last: Pass | None = None

    def _keep(self, _: nn.Module, __: Any, output: Any) -> None:
        self._last = Pass(output.hidden_states, output.attentions)

    def take(self) -> Pass:
        assert self._last is not None  # a pass came before
        last, self._last = self._last, None
        return last


class LayerMatching:
    """Losses between matching layers of two encoders of one width, in their last passes."""

    def __init__(self, student: TransformerEncoder, teacher: TransformerEncoder) -> None:
        configs: list[Any] = [encoder.module.backbone.config for encoder in (student, teacher)]
        own, theirs = (config.num_hidden_layers for config in configs)
        self.places = [0, *matching_layers(own, theirs)]
        self.watches = Watch(student), Watch(teacher)

    def __call__(self, real: Tensor) -> tuple[Tensor, Tensor]:
        """(hidden loss, attention loss), each a mean over layers; `real` (B, T): tokens that are no padding."""
        student, teacher = (watch.take() for watch in self.watches)
        hidden = [
            relative_error(student.states[place][real], teacher.states[match][real])
            for place, match in enumerate(self.places)
        ]
        attention = [
            attention_divergence(student.attention[place], teacher.attention[match - 1], real)
            for place, match in enumerate(self.places[1:])
        ]
        return torch.stack(hidden).mean(), torch.stack(attention).mean()


def relative_error(found: Tensor, wanted: Tensor) -> Tensor:
    """Squared error in shares of the spread of what is wanted, so that all layers count alike; (N, H) twice → ()."""
    wanted = wanted.float()
    spread = (wanted - wanted.mean(dim=0)).square().mean()
    return (found.float() - wanted).square().mean() / spread.clamp(min=1e-12)


def attention_divergence(found: Tensor, wanted: Tensor, real: Tensor) -> Tensor:
    """Kullback-Leibler divergence of attention weights (B, h, T, T), over real tokens and heads; () in nats.

    Heads that are not as many on both sides are averaged first.
    """
    if found.shape[1] != wanted.shape[1]:
        found, wanted = (weights.mean(dim=1, keepdim=True) for weights in (found, wanted))
    found, wanted = (weights.transpose(1, 2)[real].float().clamp(min=1e-6) for weights in (found, wanted))
    return (wanted * (wanted.log() - found.log())).sum(dim=-1).mean()


def direction_loss(found: Tensor, wanted: Tensor) -> Tensor:
    """1 - cosine, a mean over rows; scores depend on the direction of a vector alone. (N, D) twice → ()."""
    return (1 - cosine_similarity(found.float(), wanted.float(), dim=-1)).mean()


def score_divergence(found: Tensor, wanted: Tensor) -> Tensor:
    """Kullback-Leibler divergence of the softmax of scores (P, R + 1), a mean over pairs; () in nats."""
    wanted = wanted.float().log_softmax(dim=1)
    return (wanted.exp() * (wanted - found.float().log_softmax(dim=1))).sum(dim=1).mean()
