"""Leaves out of a model what no text ever reads: reserved vocabulary, positions behind the longest window."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import numpy as np
from tokenizers import Tokenizer

from zslre.packing import plain_tokenizer

WORDS = "embeddings.word_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"
RESERVED = re.compile(r"\[unused\d+\]")  # a thousand rows of BERT's vocabulary that were kept free


def slim(
    tensors: Mapping[str, np.ndarray], tokenizer: Tokenizer, *, max_tokens: int
) -> tuple[dict[str, np.ndarray], Tokenizer]:
    """The same encoder for texts of up to `max_tokens` tokens, and its tokenizer, with token ids closed up."""
    spec = json.loads(tokenizer.to_str())
    vocabulary: dict[str, int] = spec["model"]["vocab"]
    added = {token["content"]: token["id"] for token in spec["added_tokens"]}
    every = {**vocabulary, **added}
    kept = sorted((number, token) for token, number in every.items() if not RESERVED.fullmatch(token))
    new = {number: place for place, (number, _) in enumerate(kept)}
    spec["model"]["vocab"] = {token: new[n] for token, n in vocabulary.items() if n in new}
    spec["added_tokens"] = [{**t, "id": new[t["id"]]} for t in spec["added_tokens"] if t["id"] in new]
    processor = spec["post_processor"]
    if processor["type"] == "BertProcessing":
        processor |= {end: [processor[end][0], new[processor[end][1]]] for end in ("sep", "cls")}
    else:
        for special in processor["special_tokens"].values():
            special["ids"] = [new[number] for number in special["ids"]]
    rows = np.array([number for number, _ in kept])
    smaller = {**tensors, WORDS: tensors[WORDS][rows], POSITIONS: tensors[POSITIONS][:max_tokens]}
    return smaller, plain_tokenizer(json.dumps(spec, ensure_ascii=False))
