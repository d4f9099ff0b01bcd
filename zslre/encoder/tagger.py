"""The mention tagger's graph: the encoder's first layers on the text alone, and a small head on their states.

The head sees a mean of each token's states after several layers (0: the embeddings) and how its word is written, mixes
them with those of its neighbours in convolutions of width 3, and scores the tags of `zslre.tagging`.

Dimension letters: B rows, L tokens, K L rounded up (see `zslre.encoder.graph`), H hidden size.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from zslre.encoder.graph import Blocks, GraphBuilder, Node, integer, ints, size_of, split_at, text_inputs
from zslre.encoder.head import TaggerHead, Tensors
from zslre.exceptions import ModelError


class TaggerGraphBuilder(GraphBuilder):
    """Builds the graph of a tagger from the encoder's tensors and the head's."""

    def build_tagger(self, head: TaggerHead) -> ov.Model:
        """Token ids (B, L), mask (B, K) of 0.0 and 1.0, shapes (B, L), -1 where no word is → scores (B, L, tags).

        Raises ModelError when the head does not fit the encoder.
        """
        last = max(head.layers)
        if last > self.architecture.layers:
            raise ModelError(f"the mention tagger reads layer {last}, the encoder has {self.architecture.layers}")
        try:
            return self._tagger(head)
        except RuntimeError as error:  # OpenVINO checks the shapes of every operation
            raise ModelError(f"the mention tagger's tensors do not fit the encoder: {error}") from error

    def build_states(self, layers: Sequence[int]) -> ov.Model:
        """Token ids (B, L), mask (B, K) → the texts' states after each of the layers, (B, L, H): what a head reads."""
        ids, mask = text_inputs()
        return ov.Model(self._states(ids, mask, layers), [ids, mask], "states")

    def _tagger(self, head: TaggerHead) -> ov.Model:
        ids, mask = text_inputs()
        shapes = ops.parameter([-1, -1], np.int64, name="shapes")
        shares = zip(self._states(ids, mask, head.layers), head.floats["mix"], strict=True)
        mixed = functools.reduce(ops.add, (ops.multiply(states, share) for states, share in shares))
        return ov.Model([_head(head, mixed, shapes)], [ids, mask, shapes], "tagger")

    def _states(self, ids: Node, mask: Node, layers: Sequence[int]) -> list[Node]:
        blocks = Blocks.of(ids, mask)

        def over_text(query: Node, key: Node, value: Node) -> Node:
            return self._attend_text(query, blocks.keys(key), blocks.keys(value), blocks)

        states = [self._text_embeddings(ids)]
        for layer in range(max(layers)):
            states.append(self._layer(states[-1], f"encoder.layer.{layer}.", over_text))
        return [states[layer] for layer in layers]


def _head(head: TaggerHead, states: Node, shapes: Node) -> Node:
    """(B, L, H), (B, L) → (B, L, tags)."""
    tensors = head.floats
    word = ops.convert(ops.unsqueeze(ops.greater_equal(shapes, integer(0)), ints(-1)), "f32")  # (B, L, 1)
    written = ops.gather(ops.constant(tensors["shape.weight"]), ops.maximum(shapes, integer(0)), integer(0))
    x = ops.gelu(ops.add(_affine(tensors, "input", states), written), "erf")
    for number in range(head.convolutions):
        # Neither padding nor [CLS] and [SEP] are neighbours: what a row shares its batch with changes nothing.
        x = ops.multiply(x, word)
        wide = ops.pad(x, ints(0, 1, 0), ints(0, 1, 0), "constant", np.float32(0.0))  # (B, L + 2, C)
        left = split_at(wide, size_of(shapes, 1), axis=1)[0]
        right = split_at(wide, ints(2), axis=1)[1]
        around = ops.concat([left, x, right], axis=-1)
        x = ops.add(x, ops.gelu(_affine(tensors, f"convolution.{number}", around), "erf"))
    return _affine(tensors, "output", x)


def _affine(tensors: Tensors, name: str, x: Node) -> Node:
    """x @ weight.T + bias."""
    product = ops.matmul(x, ops.constant(tensors[f"{name}.weight"]), False, True)
    return ops.add(product, ops.constant(tensors[f"{name}.bias"]))
