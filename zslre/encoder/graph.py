"""The encoder as an OpenVINO graph, built from NumPy weights at load time: no model file of another format is shipped.

Dimension letters: B rows, L text tokens, P pairs a row, T = L + 4P, H hidden size, h heads, d = H / h, D dim.
K is L rounded up to a multiple of KEY_STEP: so many places a softmax over the text runs over. The CPU plugin adds up
the last, incomplete vector of a softmax in another order; with K a row's result does not depend on its batch's padding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops

from zslre.encoder.quantization import CHANNEL_SUFFIX, RANGE_SUFFIX, SCALE_SUFFIX, activation_grid, dequantize_rows
from zslre.exceptions import ModelError
from zslre.packing import MARKERS_PER_PAIR

MASKED = np.float32(-1e9)  # added to a score: its weight becomes exactly 0
KEY_STEP = 16  # float32 numbers in the widest vector of a CPU

Node = Any  # openvino has no type information
Attend = Callable[[Node, Node, Node], Node]  # queries, keys and values → what was attended to
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Architecture:
    """The numbers of a BERT encoder that its tensors do not tell."""

    hidden: int
    heads: int
    layers: int
    epsilon: float
    marker_ids: tuple[int, ...]
    dim: int

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Architecture:
        """Read a model's architecture settings; raises ModelError when they are incomplete or of another kind."""
        if settings.get("architecture") != "bert":
            raise ModelError(f"architecture {settings.get('architecture')!r}: this zslre runs 'bert' without torch")
        try:
            own = cls(
                hidden=settings["hidden_size"],
                heads=settings["num_attention_heads"],
                layers=settings["num_hidden_layers"],
                epsilon=settings["layer_norm_eps"],
                marker_ids=tuple(settings["marker_ids"]),
                dim=settings["dim"],
            )
        except KeyError as error:
            raise ModelError(f"the model's architecture lacks {error}: fetch or export the model again") from error
        if own.hidden % own.heads:
            raise ModelError(f"{own.heads} heads cannot share a hidden size of {own.hidden}: get the model again")
        return own


@dataclass(frozen=True, slots=True)
class Blocks:
    """Where the text ends in (B, T, …), and who of it may be looked at."""

    length: Node  # (1,): L
    padded: Node  # (1,): K
    bias: Node  # (B, 1, 1, K): 0 at real text, else MASKED

    @classmethod
    def of(cls, ids: Node, mask: Node) -> Blocks:
        """Of token ids (B, L) and a mask (B, K) of 0.0 and 1.0."""
        bias = ops.multiply(ops.subtract(np.float32(1.0), mask), MASKED)
        return cls(size_of(ids, 1), size_of(mask, 1), ops.unsqueeze(bias, ints(1, 2)))

    def cut(self, x: Node) -> tuple[Node, Node]:
        """(B, T, H) → text (B, L, H), markers (B, 4P, H)."""
        return split_at(x, self.length, axis=1)

    def keys(self, x: Node) -> Node:
        """(B, T, H) → text (B, K, H); its last token again where there is none, which the bias hides."""
        last = ops.subtract(self.length, ints(1))
        return ops.gather(x, ops.minimum(_count(self.padded), last), integer(1))


class GraphBuilder:
    """Turns tensors, by their names on disk, into a graph.

    A linear layer with an int8 weight gets a FakeQuantize in front, which the CPU plugin turns into an int8 kernel.
    `integer_kernels=False` computes in float32 with the restored weights instead.
    """

    def __init__(self, tensors: Mapping[str, Array], settings: Mapping[str, Any], *, integer_kernels: bool) -> None:
        self.tensors = tensors
        self.architecture = Architecture.of(settings)
        self.integer_kernels = integer_kernels

    def build(self) -> ov.Model:
        """Token ids (B, L), mask (B, K) of 0.0 and 1.0, marker positions (B, P, 4) → pairs (B, P, D), means (B, H).

        P may be 0: what is left is the encoder of phrases. Raises ModelError when tensors are missing or do not fit.
        """
        hidden, dim = self.architecture.hidden, self.architecture.dim
        found = self._tensor("pair.projection.weight").shape
        if found != (dim, 6 * hidden) or hidden != dim:
            raise ModelError(
                f"pair.projection.weight is {found}, but {(hidden, 6 * hidden)} fits hidden_size={hidden}, dim={dim}"
            )
        try:
            return self._model()
        except RuntimeError as error:  # OpenVINO checks the shapes of every operation
            raise ModelError(f"the model's tensors do not fit its architecture: {error}") from error

    def _model(self) -> ov.Model:
        hidden = self.architecture.hidden
        ids, mask = text_inputs()
        positions = ops.parameter([-1, -1, MARKERS_PER_PAIR], np.int64, name="marker_positions")
        blocks = Blocks.of(ids, mask)
        states = ops.concat([self._text_embeddings(ids), self._marker_embeddings(positions)], axis=1)
        for layer in range(self.architecture.layers):
            states = self._layer(states, f"encoder.layer.{layer}.", lambda q, k, v: self._attend(q, k, v, blocks))
        text, markers = blocks.keys(states), blocks.cut(states)[1]

        row = ops.unsqueeze(mask, ints(1))
        total = ops.squeeze(ops.matmul(row, text, False, False), ints(1))
        mean = ops.divide(total, ops.reduce_sum(mask, ints(1), True))

        ends = _reshape(markers, 0, -1, MARKERS_PER_PAIR * hidden)
        query = self._linear(ends, "pair.query", scale=1.0 / math.sqrt(hidden))
        weights = ops.softmax(ops.add(ops.matmul(query, text, False, True), ops.squeeze(blocks.bias, ints(1))), axis=-1)
        context = ops.matmul(weights, text, False, False)
        spread = ops.broadcast(ops.unsqueeze(mean, ints(1)), ops.shape_of(context))
        pairs = self._linear(ops.concat([spread, ends, context], axis=-1), "pair.projection")
        return ov.Model([pairs, mean], [ids, mask, positions], "encoder")

    def _text_embeddings(self, ids: Node) -> Node:
        """(B, L) → (B, L, H)."""
        return self._embed(self._rows("word", ids), self._rows("position", _count(size_of(ids, 1))))

    def _marker_embeddings(self, positions: Node) -> Node:
        """(B, P, 4) → (B, 4P, H)."""
        words = self._rows("word", ints(*self.architecture.marker_ids))  # (4, H)
        return _reshape(self._embed(self._rows("position", positions), words), 0, -1, self.architecture.hidden)

    def _embed(self, one: Node, other: Node) -> Node:
        total = ops.add(ops.add(one, other), self._rows("token_type", integer(0)))
        return self._normalise(total, "embeddings.LayerNorm")

    def _rows(self, kind: str, ids: Node) -> Node:
        """Embeddings of ids; an int8 table stays int8 in memory, only the rows that are read become floats."""
        name = f"embeddings.{kind}_embeddings.weight"
        rows = ops.gather(self._constant(name), ids, integer(0))
        if self._tensor(name).dtype != np.int8:
            return rows
        scales = ops.constant(self._tensor(name + SCALE_SUFFIX)[:, None])
        return ops.multiply(ops.convert(rows, "f32"), ops.gather(scales, ids, integer(0)))

    def _layer(self, states: Node, name: str, attend: Attend) -> Node:
        """(B, T, H) → (B, T, H)."""
        attention = name + "attention."
        scale = math.sqrt(self.architecture.heads / self.architecture.hidden)  # 1 / sqrt(d)
        query = self._linear(states, attention + "self.query", scale=scale)
        key, value = (self._linear(states, f"{attention}self.{part}") for part in ("key", "value"))
        attended = self._linear(attend(query, key, value), attention + "output.dense")
        states = self._normalise(ops.add(attended, states), attention + "output.LayerNorm")
        inner = ops.gelu(self._linear(states, name + "intermediate.dense"), "erf")
        outer = self._linear(inner, name + "output.dense")
        return self._normalise(ops.add(outer, states), name + "output.LayerNorm")

    def _attend(self, query: Node, key: Node, value: Node, blocks: Blocks) -> Node:
        """Text over text; a marker over the text and its own pair's markers. (B, T, H), thrice → (B, T, H).

        That makes L² + 4P(L + 4) scores a head in place of the (L + 4P)² under one mask. Text and markers part before
        the heads do, because the CPU plugin then fuses the attention of text into one kernel.
        """
        keys, values = blocks.keys(key), blocks.keys(value)
        text = self._attend_text(blocks.cut(query)[0], keys, values, blocks)
        q_mark, k_mark, v_mark = (blocks.cut(x)[1] for x in (query, key, value))
        return ops.concat([text, self._attend_markers(q_mark, k_mark, v_mark, keys, values, blocks)], axis=1)

    def _attend_text(self, query: Node, keys: Node, values: Node, blocks: Blocks) -> Node:
        """(B, L, H) over (B, K, H), twice → (B, L, H)."""
        q_text, k_text, v_text = (self._by_head(x) for x in (query, keys, values))
        scores = ops.add(ops.matmul(q_text, k_text, False, True), blocks.bias)  # (B, h, L, K)
        return self._joined(ops.matmul(ops.softmax(scores, axis=-1), v_text, False, False))

    def _attend_markers(self, query: Node, key: Node, value: Node, keys: Node, values: Node, blocks: Blocks) -> Node:
        """(B, 4P, H), thrice, over themselves and the text's (B, K, H), twice → (B, 4P, H)."""
        heads = self.architecture.heads
        size = self.architecture.hidden // heads
        k_text, v_text = self._by_head(keys), self._by_head(values)
        q_mark, k_mark, v_mark = (self._by_head(x) for x in (query, key, value))
        q_own, k_own, v_own = (_reshape(x, 0, heads, -1, MARKERS_PER_PAIR, size) for x in (q_mark, k_mark, v_mark))
        own = _reshape(ops.matmul(q_own, k_own, False, True), 0, heads, -1, MARKERS_PER_PAIR)  # (B, h, 4P, 4)
        over_text = ops.add(ops.matmul(q_mark, k_text, False, True), blocks.bias)  # (B, h, 4P, K)
        weights = ops.softmax(ops.concat([over_text, own], axis=-1), axis=-1)
        to_text, to_own = split_at(weights, blocks.padded, axis=3)
        to_own = _reshape(to_own, 0, heads, -1, MARKERS_PER_PAIR, MARKERS_PER_PAIR)  # (B, h, P, 4, 4)
        from_own = _reshape(ops.matmul(to_own, v_own, False, False), 0, heads, -1, size)
        return self._joined(ops.add(ops.matmul(to_text, v_text, False, False), from_own))

    def _by_head(self, x: Node) -> Node:
        """(B, T, H) → (B, h, T, d)."""
        heads = self.architecture.heads
        return ops.transpose(_reshape(x, 0, 0, heads, self.architecture.hidden // heads), ints(0, 2, 1, 3))

    def _joined(self, x: Node) -> Node:
        """(B, h, T, d) → (B, T, H)."""
        return _reshape(ops.transpose(x, ints(0, 2, 1, 3)), 0, 0, self.architecture.hidden)

    def _linear(self, x: Node, name: str, *, scale: float = 1.0) -> Node:
        """x @ weight.T + bias, times `scale`."""
        weight = self._tensor(name + ".weight")
        if weight.dtype == np.int8:
            row_scales = self._tensor(name + ".weight" + SCALE_SUFFIX) * np.float32(scale)
            balanced = name + CHANNEL_SUFFIX in self.tensors
            shrink = 1.0 / self._tensor(name + CHANNEL_SUFFIX) if balanced else np.ones(1, dtype=np.float32)
            if self.integer_kernels:
                if balanced:
                    x = ops.multiply(x, ops.constant(shrink))  # costs nothing: the plugin fuses it with what made x
                low, high = (np.float32(end) for end in activation_grid(*self._tensor(name + RANGE_SUFFIX)))
                x = ops.fake_quantize(x, low, high, low, high, levels=256)
                integers = ops.convert(self._constant(name + ".weight"), "f32")
                factor = ops.multiply(integers, ops.constant(row_scales[:, None]))
            else:
                factor = ops.constant(dequantize_rows(weight, row_scales) * shrink)
        else:
            factor = self._constant(name + ".weight") if scale == 1.0 else ops.constant(weight * np.float32(scale))
        product = ops.matmul(x, factor, False, True)
        if name == "pair.query":  # the one layer without a bias
            return product
        return ops.add(product, ops.constant(self._tensor(name + ".bias") * np.float32(scale)))

    def _normalise(self, x: Node, name: str) -> Node:
        normal = ops.mvn(x, ints(-1), True, self.architecture.epsilon, "inside_sqrt")
        return ops.add(ops.multiply(normal, self._constant(name + ".weight")), self._constant(name + ".bias"))

    def _constant(self, name: str) -> Node:
        return ops.constant(self._tensor(name), shared_memory=True)

    def _tensor(self, name: str) -> Array:
        tensor = self.tensors.get(name)
        if tensor is None:
            raise ModelError(f"tensor {name!r} is missing: fetch or export the model again")
        if tensor.dtype not in (np.int8, np.float32):
            raise ModelError(f"tensor {name!r} is {tensor.dtype}: this runtime reads float32 and int8")
        return np.ascontiguousarray(tensor)


def text_inputs() -> tuple[Node, Node]:
    """Token ids (B, L) and mask (B, K)."""
    ids = ops.parameter([-1, -1], np.int64, name="text_ids")
    return ids, ops.parameter([-1, -1], np.float32, name="text_mask")


def _reshape(x: Node, *shape: int) -> Node:
    """0 keeps a dimension, -1 takes what is left."""
    return ops.reshape(x, ints(*shape), special_zero=True)


def split_at(x: Node, at: Node, *, axis: int) -> tuple[Node, Node]:
    """Split in two at the index `at`, (1,), along an axis."""
    before, after = ops.variadic_split(x, integer(axis), ops.concat([at, ints(-1)], axis=0)).outputs()
    return before, after


def size_of(x: Node, axis: int) -> Node:
    """(1,)"""
    return ops.gather(ops.shape_of(x), ints(axis), integer(0))


def _count(end: Node) -> Node:
    """(1,) → 0 … end - 1."""
    return ops.range(integer(0), ops.squeeze(end, ints(0)), integer(1), "i64")


def ints(*values: int) -> Node:
    return ops.constant(np.array(values, dtype=np.int64))


def integer(value: int) -> Node:
    return ops.constant(np.array(value, dtype=np.int64))
