"""Trains a mention tagger's head on the states of a frozen encoder, so that no relation's score moves.

The states come from the runtime that will use the head, roundings included. They are computed once and kept in a file
of the work folder, five hundred times the size of the text.

Dimension letters: B rows, L tokens, W words, n layers, H hidden size, C channels, K types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from zslre.encoder.graph import KEY_STEP
from zslre.encoder.head import TaggerHead, stored_head
from zslre.encoder.loading import load_encoder
from zslre.encoder.runtime import RuntimeEncoder, compile_graph, precision
from zslre.encoder.tagger import TaggerGraphBuilder
from zslre.exceptions import InputError
from zslre.packing import IntArray
from zslre.serialization import ModelFiles
from zslre.tagging import INITIAL, LOWER, MIXED, NO_WORD, SHAPES, TITLE, TYPES, UPPER, Words, words_of
from zslre.training.builtin.tag_targets import OTHER_TYPE, Targets, Taught, noun_like, targets

BATCH = 32  # sentences
_POOL = 64  # batches among which sentences are sorted by length
_FAR = -1e4  # a log-probability of nothing


@dataclass(frozen=True, slots=True)
class TaggerSettings:
    """`layers`: read by the head (0: the embeddings). `gold`: how often a complete sentence is read in an epoch.

    `doubt`: weight of the belief that a word is no argument where nobody has said so. `recased`: share of the sentences
    that are read as if they were written in lower case, and half as many in upper case.
    """

    layers: tuple[int, ...] = (0, 1, 2, 3, 4)
    channels: int = 192
    convolutions: int = 2
    epochs: int = 3
    learning_rate: float = 2e-3
    dropout: float = 0.3
    gold: int = 4
    doubt: float = 0.1
    recased: float = 0.3
    seed: int = 0


class TorchHead(nn.Module):
    """`zslre.encoder.tagger`'s head, to be trained."""

    def __init__(self, hidden: int, settings: TaggerSettings) -> None:
        super().__init__()
        channels = settings.channels
        self.mix = nn.Parameter(torch.zeros(len(settings.layers)))
        self.input = nn.Linear(hidden, channels)
        self.shape = nn.Embedding(SHAPES, channels)
        nn.init.normal_(self.shape.weight, std=0.3)
        self.convolution = nn.ModuleList(nn.Linear(3 * channels, channels) for _ in range(settings.convolutions))
        self.output = nn.Linear(channels, 1 + 2 * len(TYPES))
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, states: Tensor, shapes: Tensor) -> Tensor:
        """(B, L, n, H), (B, L) → scores (B, L, 1 + 2K)."""
        word = (shapes != NO_WORD)[:, :, None].to(states.dtype)
        mixed = torch.einsum("blnh,n->blh", states, self.mix.softmax(dim=0))
        x = functional.gelu(self.input(self.dropout(mixed)) + self.shape(shapes.clamp(min=0)))
        for layer in self.convolution:
            x = self.dropout(x) * word
            left, right = functional.pad(x, (0, 0, 1, 0))[:, :-1], functional.pad(x, (0, 0, 0, 1))[:, 1:]
            x = x + functional.gelu(layer(torch.cat([left, x, right], dim=-1)))
        scores: Tensor = self.output(self.dropout(x))
        return scores

    def stored(self, layers: Sequence[int], *, other_bonus: float = 0.0) -> TaggerHead:
        """As a model stores it; `other_bonus` is added to the scores of the type of what is no named entity."""
        tensors = {name: value.detach().float().numpy() for name, value in self.state_dict().items()}
        tensors["mix"] = self.mix.detach().softmax(dim=0).numpy()
        bias, number = tensors["output.bias"].copy(), TYPES.index(OTHER_TYPE)
        bias[[1 + number, 1 + len(TYPES) + number]] += other_bonus
        head = stored_head({**tensors, "output.bias": bias})
        return TaggerHead.of(head, {"layers": list(layers), "types": list(TYPES)})


def set_loss(scores: Tensor, allowed: Tensor, doubtful: Tensor, doubt: float) -> Tensor:
    """Scores (W, 1 + 2K), the tags each word may have (W, 1 + 2K), and which words are in doubt (W,) → mean loss."""
    log_shares = scores.float().log_softmax(dim=-1)
    of_set = log_shares.masked_fill(~allowed, _FAR).logsumexp(dim=-1)
    return -(of_set + doubt * doubtful * log_shares[:, 0]).mean()


@dataclass(frozen=True, slots=True, eq=False)
class _Corpus:
    """Sentences as the head reads them: tokens' `states` (tokens, n, H) and where each sentence's begin, `starts`."""

    states: NDArray[np.float16]
    starts: IntArray
    words: list[Words]
    targets: list[Targets]
    complete: NDArray[np.bool_]

    def lengths(self) -> IntArray:
        return np.diff(self.starts)


def train_head(
    model: ModelFiles,
    sentences: Sequence[Taught],
    settings: TaggerSettings,
    work: Path,
    *,
    threads: int | None = None,
    report: Callable[[str], None] = print,
    on_epoch: Callable[[TorchHead], None] = lambda head: None,
) -> TorchHead:
    """A head for the model's encoder, the same for the same sentences, settings and machine."""
    work.mkdir(parents=True, exist_ok=True)
    corpus = _corpus(model, sentences, settings.layers, work / "states.npy", threads, report)
    torch.manual_seed(settings.seed)
    head = TorchHead(corpus.states.shape[2], settings)
    optimizer = torch.optim.AdamW(head.parameters(), lr=settings.learning_rate, weight_decay=0.01)
    rng = np.random.default_rng(settings.seed)
    chosen = np.flatnonzero(corpus.lengths() > 0)
    repeated = np.concatenate([chosen, *[chosen[corpus.complete[chosen]]] * (settings.gold - 1)])
    steps, step = settings.epochs * len(_batches(corpus.lengths(), repeated, rng)), 0
    for epoch in range(settings.epochs):
        head.train()
        losses = []
        for rows in _batches(corpus.lengths(), repeated, rng):
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * min((step + 1) / 100, max(1 - step / steps, 0.0))
            loss = _loss(head, corpus, rows, settings, rng)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimizer.step()
            losses.append(float(loss.detach()))
            step += 1
        report(f"epoch {epoch + 1}/{settings.epochs}  loss {np.mean(losses):.4f}")
        head.eval()
        on_epoch(head)
    return head


def text_states(
    model: ModelFiles, rows: Sequence[Sequence[int]], layers: Sequence[int], *, threads: int | None = None
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Of each row of token ids, without special tokens, its number and states (L, n, H); rows come by length."""
    encoder = load_encoder(model, threads=threads)
    if not isinstance(encoder, RuntimeEncoder):
        raise InputError("a mention tagger needs an encoder that runs without torch: bert, with levitated markers")
    builder = TaggerGraphBuilder(
        encoder.graph_tensors, model.config["encoder"], integer_kernels=encoder.integer_kernels
    )
    request = compile_graph(builder.build_states(layers), threads, precision(encoder.integer_kernels))
    first, last = encoder.tokenizer.encode("").ids
    order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    for start in range(0, len(order), BATCH):
        numbers = order[start : start + BATCH]
        length = 2 + len(rows[numbers[-1]])
        ids = np.zeros((len(numbers), length), dtype=np.int64)
        mask = np.zeros((len(numbers), length + -length % KEY_STEP), dtype=np.float32)
        for place, number in enumerate(numbers):
            ids[place, : len(rows[number]) + 2] = [first, *rows[number], last]
            mask[place, : len(rows[number]) + 2] = 1.0
        result = request([ids, mask])
        states = np.stack([result[i] for i in range(len(layers))], axis=2)
        for place, number in enumerate(numbers):
            yield number, states[place, 1 : 1 + len(rows[number])]


def _corpus(
    model: ModelFiles,
    sentences: Sequence[Taught],
    layers: Sequence[int],
    path: Path,
    threads: int | None,
    report: Callable[[str], None],
) -> _Corpus:
    """What goes past the model's window is left out."""
    room = int(model.config["encoder"]["max_text_tokens"]) - 2
    encodings = model.tokenizer.encode_batch([s.text for s in sentences], add_special_tokens=False)
    for encoding in encodings:
        encoding.truncate(room)
    words = [words_of(encoding, s.text) for encoding, s in zip(encodings, sentences, strict=True)]
    nouns = noun_like(sentences)
    report(f"{len(sentences)} sentences; {len(nouns)} words of lower case may be part of an argument")
    taught = [targets(s, w, nouns) for s, w in zip(sentences, words, strict=True)]
    starts = np.cumsum([0, *(len(encoding.ids) for encoding in encodings)])
    shape = (int(starts[-1]), len(layers), int(model.config["encoder"]["hidden_size"]))
    states = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
    for number, found in text_states(model, [encoding.ids for encoding in encodings], layers, threads=threads):
        states[starts[number] : starts[number + 1]] = found
    report(f"states of {shape[0]} tokens")
    return _Corpus(states, starts, words, taught, np.array([s.complete for s in sentences]))


def _batches(lengths: IntArray, numbers: IntArray, rng: np.random.Generator) -> list[IntArray]:
    """All numbers once, in batches of sentences of like length, in random order."""
    shuffled = rng.permutation(numbers)
    batches = []
    for start in range(0, len(shuffled), _POOL * BATCH):
        pool = shuffled[start : start + _POOL * BATCH]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[at : at + BATCH] for at in range(0, len(pool), BATCH)]
    return [batches[place] for place in rng.permutation(len(batches))]


def _loss(
    head: TorchHead, corpus: _Corpus, rows: IntArray, settings: TaggerSettings, rng: np.random.Generator
) -> Tensor:
    length = int(corpus.lengths()[rows].max())
    states = np.zeros((len(rows), length, *corpus.states.shape[1:]), dtype=np.float16)
    shapes = np.full((len(rows), length), NO_WORD, dtype=np.int64)
    for place, (row, draw) in enumerate(zip(rows, rng.random(len(rows)), strict=True)):
        part = corpus.states[corpus.starts[row] : corpus.starts[row + 1]]
        states[place, : len(part)] = part
        shapes[place, : len(part)] = recased(corpus.words[row].shapes, draw, settings.recased)
    scores = head(torch.from_numpy(states).float(), torch.from_numpy(shapes))
    place_of = np.repeat(np.arange(len(rows)), [len(corpus.words[row].tokens) for row in rows])
    of_words = scores[place_of, np.concatenate([corpus.words[row].tokens for row in rows])]
    allowed = np.concatenate([corpus.targets[row].allowed for row in rows])
    doubtful = np.concatenate([corpus.targets[row].doubtful for row in rows])
    return set_loss(of_words, torch.from_numpy(allowed), torch.from_numpy(doubtful), settings.doubt)


def recased(shapes: IntArray, draw: float, share: float) -> IntArray:
    """The shapes of a sentence as written, in lower case or in upper case, by `draw` in [0, 1).

    The encoder reads lower case anyway, so that its states stay.
    """
    if draw < share:
        return np.where(np.isin(shapes, (TITLE, UPPER, INITIAL, MIXED)), LOWER, shapes)
    if draw < 1.5 * share:
        return np.where(np.isin(shapes, (TITLE, LOWER, MIXED)), UPPER, shapes)
    return shapes
