"""Where a ternary student starts: its layers are rounded in order, each by what the rounded ones before it hand over.

A layer that is rounded by what the float model reads passes its errors on to layers that expect none. Here each is
first moved, by least squares, to the weights that make of the student's inputs what the float layer makes of its own
(asymmetric calibration, as in GPTAQ, Li et al., arXiv 2504.02692), and rounded with feedback then. Where a layer's
output is added to its input, it is the sum that should be the float model's. Gradient steps on the whole layer follow,
of its weights, scales and norms, as in EfficientQAT's first phase (Chen et al., arXiv 2407.11062): a layer alone takes
a hundred of them in the time that the model takes for two.

Dimension letters: B rows, T tokens, H hidden size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, normalize

from zslre.encoder.transformer import PairTransformer, TransformerEncoder
from zslre.packing import MARKERS_PER_PAIR, PackedBatch, pack_phrases
from zslre.training.matching import relative_error
from zslre.training.model import PHRASES_A_PASS
from zslre.training.reconstruction import Regression
from zslre.training.student import Quantization

SETTLING_TOKENS = 80_000  # settle the layers: least squares need fewer than gradient steps
RATE, SCALE_RATE = 5e-4, 5e-5  # Adam's, at first; half of a cosine takes them to zero


@dataclass(slots=True, eq=False)
class Pass:
    """The states that the student has and those that are wanted of it, (B, T, H); float16 where they only wait.

    `bias` (B, 1, T, T) is added to the scores of attention, `real` (B, T) is no padding, `batch` has the pairs, if any.
    """

    own: Tensor
    wanted: Tensor
    bias: Tensor
    real: Tensor
    batch: PackedBatch | None = None


def settle_layers(
    encoder: TransformerEncoder,
    reference: PairTransformer,
    quantization: Quantization,
    batches: Sequence[PackedBatch],
    phrases: Sequence[str],
    *,
    steps: int,
    seed: int = 0,
    done: int = 0,
    on_step: Callable[[str], None] = lambda state: None,
    on_layer: Callable[[int], None] = lambda done: None,
) -> None:
    """Round the words and all linear layers of a BERT `encoder`, whose float copy is `reference`, to compute the same.

    `steps` tune each layer of the backbone; `done` of them are already, and the words; `on_layer` is told how many are.
    The states of all `batches` and `phrases` are in memory meanwhile, 4 H bytes a token with the padding, and of those
    that settle a layer up to 56 H.
    """
    student = encoder.module.eval()
    reference.eval()
    quantization.eval()
    few = settled_by(batches)
    if not done:
        on_step("words")
        quantization.settle_words(word_sensitivity(encoder, batches[::few], phrases[::few]))
    with quantization.weights(), torch.no_grad():
        passes = list(_first_passes(encoder, reference, batches, phrases))
    backbones: list[Any] = [student.backbone, reference.backbone]
    layers = list(zip(*(backbone.encoder.layer for backbone in backbones), strict=True))
    for number, (own, wanted) in enumerate(layers):
        name = f"encoder.layer.{number}."
        # What they read, for the passes move on.
        some = [replace(each, own=each.own.float(), wanted=each.wanted.float()) for each in passes[::few]]
        with torch.no_grad():
            for each in passes:
                each.wanted = wanted(each.wanted.float(), each.bias).half()
        if number >= done:
            on_step(f"layer {number + 1}/{len(layers)}  being fitted")
            with torch.no_grad():
                _settle_attention(f"{name}attention.", own.attention, wanted.attention, quantization, some)
                _settle_feed_forward(name, own, wanted, quantization, some)
            del some[:]
            for state in _tuning(own, name, quantization, passes, steps, seed):
                on_step(f"layer {number + 1}/{len(layers)}  {state}")
            on_layer(number + 1)
        with quantization.weights(name), torch.no_grad():
            for each in passes:
                each.own = own(each.own.float(), each.bias).half()
    with torch.no_grad():
        _settle_heads(student, reference, quantization, [each for each in passes if each.batch is not None])


def settled_by(batches: Sequence[PackedBatch]) -> int:
    """Of so many passes one serves to settle the layers."""
    return max(1, sum(int(batch.text_mask.sum()) for batch in batches) // SETTLING_TOKENS)


def _tuning(
    layer: nn.Module,
    name: str,
    quantization: Quantization,
    passes: Sequence[Pass],
    steps: int,
    seed: int,
) -> Iterator[str]:
    """Make a rounded layer's outputs those that are wanted, one pass a step; yields what to say of each step."""
    optimizer = torch.optim.Adam(
        [
            {"params": list(layer.parameters()), "lr": RATE},
            {"params": quantization.scales(name), "lr": SCALE_RATE},
        ],
        betas=(0.9, 0.99),
    )
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=max(steps, 1))
    rng = np.random.default_rng([seed, *name.encode()])
    for step, number in enumerate(rng.integers(len(passes), size=steps).tolist()):
        some = passes[number]
        optimizer.zero_grad()
        with quantization.weights(name):
            error = relative_error(layer(some.own.float(), some.bias)[some.real], some.wanted[some.real])
            error.backward()
        quantization.share_gradients(name)
        optimizer.step()
        decay.step()
        yield f"step {step + 1}/{steps}  error {error.item():.3f}"
    optimizer.zero_grad()


def word_sensitivity(encoder: TransformerEncoder, batches: Sequence[PackedBatch], phrases: Sequence[str]) -> Tensor:
    """What the directions of pair and phrase vectors mind of the words' embeddings, (H, H): Σ g gᵀ of gradients g.

    Each is that of a random projection of the unit vectors of a pass, so that their expected sum is that of the squared
    Jacobians. Pairs and phrases count alike.
    """
    found: list[Tensor] = []

    def keep(_: nn.Module, __: Any, rows: Tensor) -> Tensor:
        found[:] = [rows.detach().requires_grad_()]
        return found[0]

    def gradients(vectors: Tensor, real: Tensor) -> Tensor:
        projected = (normalize(vectors, dim=-1) * torch.randn(vectors.shape, generator=noise)).sum()
        (gradient,) = torch.autograd.grad(projected, found[0])
        rows = gradient[:, : real.shape[1]][real].double()
        return rows.T @ rows

    backbone: Any = encoder.module.backbone
    noise = torch.Generator().manual_seed(0)
    hook = backbone.get_input_embeddings().register_forward_hook(keep)
    try:
        pairs = sum(gradients(encoder.pair_tensor(batch), torch.from_numpy(batch.text_mask)) for batch in batches)
        texts = sum(
            gradients(encoder.module.forward_phrases(ids, mask), mask) for ids, mask in _packed(encoder, phrases)
        )
    finally:
        hook.remove()
    parts = [part for part in (pairs, texts) if isinstance(part, Tensor)]
    return torch.stack([part / part.trace().clamp_min(1e-30) for part in parts]).sum(dim=0)


def _settle_attention(name: str, own: Any, wanted: Any, quantization: Quantization, passes: list[Pass]) -> None:
    reads = {part: Regression() for part in ("query", "key", "value")}
    states = [some.own[some.real] for some in passes]
    for part in reads:
        quantization.fit_range(f"{name}self.{part}", states)
    with quantization.weights():
        for some in passes:
            for part, regression in reads.items():
                seen = quantization.seen(f"{name}self.{part}", some.own)
                regression.add(seen[some.real], getattr(wanted.self, part)(some.wanted)[some.real])
    for part, regression in reads.items():
        quantization.settle(f"{name}self.{part}", regression)
    with quantization.weights():
        mixed = [
            (_attended(own.self, some.own, some.bias), _attended(wanted.self, some.wanted, some.bias))
            for some in passes
        ]
    _settle_output(f"{name}output.dense", own.output, wanted.output, quantization, passes, mixed)


def _settle_feed_forward(name: str, own: Any, wanted: Any, quantization: Quantization, passes: list[Pass]) -> None:
    layer, regression = f"{name}intermediate.dense", Regression()
    quantization.fit_range(layer, [some.own[some.real] for some in passes])
    with quantization.weights():
        for some in passes:
            target = wanted.intermediate.dense(some.wanted)
            regression.add(quantization.seen(layer, some.own)[some.real], target[some.real])
    quantization.settle(layer, regression)
    with quantization.weights():
        inner = [
            (gelu(own.intermediate.dense(some.own)), gelu(wanted.intermediate.dense(some.wanted))) for some in passes
        ]
    _settle_output(f"{name}output.dense", own.output, wanted.output, quantization, passes, inner)


def _settle_output(
    name: str,
    own: Any,
    wanted: Any,
    quantization: Quantization,
    passes: list[Pass],
    inputs: list[tuple[Tensor, Tensor]],
) -> None:
    """A layer whose output is added to the states and normalised; the passes move on."""
    regression = Regression()
    quantization.fit_range(name, [found[some.real] for some, (found, _) in zip(passes, inputs, strict=True)])
    with quantization.weights():
        for some, (found, target) in zip(passes, inputs, strict=True):
            total = wanted.dense(target) + some.wanted
            regression.add(quantization.seen(name, found)[some.real], (total - some.own)[some.real])
            some.wanted = wanted.LayerNorm(total)
    quantization.settle(name, regression)
    with quantization.weights():
        for some, (found, _) in zip(passes, inputs, strict=True):
            some.own = own.LayerNorm(own.dense(found) + some.own)


def _settle_heads(
    student: PairTransformer, reference: PairTransformer, quantization: Quantization, passes: list[Pass]
) -> None:
    for name in ("query", "projection"):
        regression, head = Regression(), getattr(reference, name)
        with quantization.weights():
            reads = [_head_inputs(student, name, some, some.own.float()) for some in passes]
            quantization.fit_range(f"pair.{name}", reads)
            for some, found in zip(passes, reads, strict=True):
                target = _head_inputs(reference, name, some, some.wanted.float())
                regression.add(quantization.seen(f"pair.{name}", found), head(target))
        quantization.settle(f"pair.{name}", regression)


def _head_inputs(module: PairTransformer, name: str, some: Pass, states: Tensor) -> Tensor:
    assert some.batch is not None
    text_mask, pair_mask = torch.from_numpy(some.batch.text_mask), torch.from_numpy(some.batch.pair_mask)
    length = text_mask.shape[1]
    ends = states[:, length:].reshape(*pair_mask.shape, -1)
    inputs = ends if name == "query" else module.pair_parts(states[:, :length], ends, text_mask)
    return inputs[pair_mask]


def _attended(attention: Any, states: Tensor, bias: Tensor) -> Tensor:
    """What self-attention mixes, before its output layer, (B, T, H)."""

    def heads(x: Tensor) -> Tensor:
        return x.unflatten(-1, (attention.num_attention_heads, -1)).transpose(1, 2)

    query, key, value = (heads(part(states)) for part in (attention.query, attention.key, attention.value))
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5 + bias
    return (scores.softmax(dim=-1) @ value).transpose(1, 2).flatten(2)


def _first_passes(
    encoder: TransformerEncoder,
    reference: PairTransformer,
    batches: Sequence[PackedBatch],
    phrases: Sequence[str],
) -> Iterator[Pass]:
    for batch in batches:
        arrays = (batch.text_ids, batch.text_mask, batch.marker_positions, batch.pair_mask)
        ids, mask, markers, there = map(torch.from_numpy, arrays)
        yield _first_pass(encoder.module, reference, ids, mask, markers, there, batch)
    for ids, mask in _packed(encoder, phrases):
        markers = torch.zeros(len(ids), 0, MARKERS_PER_PAIR, dtype=torch.int64)
        there = torch.zeros(len(ids), 0, dtype=torch.bool)
        yield _first_pass(encoder.module, reference, ids, mask, markers, there, None)


def _packed(encoder: TransformerEncoder, phrases: Sequence[str]) -> Iterator[tuple[Tensor, Tensor]]:
    """Token ids and masks (N, L) of phrases of like length."""
    ordered = sorted(phrases, key=len)
    for first in range(0, len(ordered), PHRASES_A_PASS):
        ids, mask = pack_phrases(encoder.tokenizer, ordered[first : first + PHRASES_A_PASS])
        yield torch.from_numpy(ids), torch.from_numpy(mask)


def _first_pass(
    student: PairTransformer,
    reference: PairTransformer,
    text_ids: Tensor,
    text_mask: Tensor,
    markers: Tensor,
    pair_mask: Tensor,
    batch: PackedBatch | None,
) -> Pass:
    tokens, positions = student.with_markers(text_ids, markers)
    backbones: list[Any] = [student.backbone, reference.backbone]
    own, wanted = (some.embeddings(input_ids=tokens, position_ids=positions) for some in backbones)
    real = torch.cat([text_mask, pair_mask.repeat_interleave(MARKERS_PER_PAIR, dim=1)], dim=1)
    return Pass(own.half(), wanted.half(), student.attention_bias(text_mask, markers.shape[1]), real, batch)
