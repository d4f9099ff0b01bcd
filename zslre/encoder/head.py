"""The head of a mention tagger: its tensors as they are stored, checked. `zslre.encoder.tagger` computes with it.

Dimension letters: n layers that are read, H hidden size, C the head's channels, K types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zslre.encoder.quantization import SCALE_SUFFIX, dequantize_rows, quantize_rows
from zslre.exceptions import ModelError
from zslre.tagging import SHAPES

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class TaggerHead:
    """A head's tensors as stored, and what its config says: the layers it reads and the types that it tells apart.

    `mix` (n,): the layers' shares; `input.weight` (C, H); `shape.weight` (shapes, C); `convolution.0.weight` and so on
    (C, 3C): a token's left neighbour, itself, its right one; `output.weight` (1 + 2K, C); a bias to each but the
    shapes. Matrices are int8 beside NAME_scale. Raises ModelError for anything else.
    """

    tensors: Tensors
    layers: tuple[int, ...]
    types: tuple[str, ...]

    @classmethod
    def of(cls, tensors: Tensors, config: Any) -> TaggerHead:
        """From a model's files and the `tagger` entry of its config."""
        try:
            head = cls(tensors, tuple(int(n) for n in config["layers"]), tuple(str(t) for t in config["types"]))
            channels, width = head.floats["input.weight"].shape
            wanted = {"mix": (len(head.layers),), "input.weight": (channels, width), "shape.weight": (SHAPES, channels)}
            wanted |= {"input.bias": (channels,)}
            for number in range(head.convolutions):
                wanted |= {f"convolution.{number}.weight": (channels, 3 * channels)}
                wanted |= {f"convolution.{number}.bias": (channels,)}
            tags = 1 + 2 * len(head.types)
            wanted |= {"output.weight": (tags, channels), "output.bias": (tags,)}
            found = {name: tensor.shape for name, tensor in head.floats.items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"the mention tagger is incomplete ({type(error).__name__}: {error})") from error
        if found != wanted or not head.layers or min(head.layers) < 0:
            raise ModelError(f"the mention tagger's tensors {found} do not fit its config, which wants {wanted}")
        return head

    @property
    def config(self) -> dict[str, Any]:
        """The `tagger` entry of config.json."""
        return {"layers": list(self.layers), "types": list(self.types)}

    @property
    def convolutions(self) -> int:
        return sum(name.startswith("convolution.") and name.endswith(".weight") for name in self.tensors)

    @property
    def floats(self) -> dict[str, NDArray[np.float32]]:
        """The tensors without their storage layout."""
        return {
            name: dequantize_rows(value, self.tensors[name + SCALE_SUFFIX])
            if value.dtype == np.int8
            else value.astype(np.float32)
            for name, value in self.tensors.items()
            if not name.endswith(SCALE_SUFFIX)
        }


def stored_head(tensors: Tensors) -> dict[str, NDArray[Any]]:
    """A head's float tensors as they are stored: matrices as int8 beside their scales."""
    stored: dict[str, NDArray[Any]] = {}
    for name, tensor in tensors.items():
        if tensor.ndim == 2:
            stored[name], stored[name + SCALE_SUFFIX] = quantize_rows(tensor)
        else:
            stored[name] = np.asarray(tensor, dtype=np.float32)
    return stored
