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
    tensors: Mapping[str, np.ndarray], tokenizer: Tokenizer, *, max_tokens: int, counts: np.ndarray | None = None
) -> tuple[dict[str, np.ndarray], Tokenizer]:
    """The same encoder for texts of up to `max_tokens` tokens, and its tokenizer, with token ids closed up.

    With `counts` (vocabulary,), how often texts have each token, they are numbered anew, the most frequent first; those
    that are as frequent stay in order. The first stays, for torch gives the embedding of BERT's padding no gradient.
    """
    often = np.zeros(len(tensors[WORDS]), dtype=np.int64) if counts is None else counts
    spec = json.loads(tokenizer.to_str())
    every = {**spec["model"]["vocab"], **{token["content"]: token["id"] for token in spec["added_tokens"]}}
    kept = sorted(
        (number > 0, -int(often[number]), number, token)
        for token, number in every.items()
        if not RESERVED.fullmatch(token)
    )
    new = {number: place for place, (_, _, number, _) in enumerate(kept)}
    # Of a token that is added but not in the vocabulary the tokenizer would choose the number itself.
    spec["model"]["vocab"] = {token: new[n] for token, n in every.items() if n in new}
    spec["added_tokens"] = [{**t, "id": new[t["id"]]} for t in spec["added_tokens"] if t["id"] in new]
    processor = spec["post_processor"]
    if processor["type"] == "BertProcessing":
        processor |= {end: [processor[end][0], new[processor[end][1]]] for end in ("sep", "cls")}
    else:
        for special in processor["special_tokens"].values():
            special["ids"] = [new[number] for number in special["ids"]]
    rows = np.array([number for _, _, number, _ in kept])
    smaller = {**tensors, WORDS: tensors[WORDS][rows], POSITIONS: tensors[POSITIONS][:max_tokens]}
    return smaller, plain_tokenizer(json.dumps(spec, ensure_ascii=False))
