"""The start of a student with few bits: what it is shown, and a checkpoint after each of its layers."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from torch import nn

from zslre.encoder.transformer import MARKERS, TransformerEncoder
from zslre.packing import MARKERS_PER_PAIR, IntArray, Item, PackedBatch, Packer
from zslre.training.checkpoints import CHECKPOINT, LAYERS
from zslre.training.distillation import TEXT_TOKENS, DistillationConfig
from zslre.training.episodes import EpisodeSampler
from zslre.training.finish import MAX_TEXT_TOKENS, phrases_of
from zslre.training.layerwise import SETTLING_TOKENS, settle_layers, settled_by
from zslre.training.loop import read_checkpoint, write_checkpoint
from zslre.training.observer import PRINTING, Observer
from zslre.training.student import Quantization
from zslre.training.trained import slimmed
from zslre.training.unlabelled import Glosses, TextPool

EPISODES_SHOWN, TOKENS_SHOWN = 300, 800_000  # at most: with few a student learns by heart, all are in memory
GLOSSES = 48  # an episode, beside the texts of its relations
TIMES_SHOWN = 8  # each sentence: of little data more episodes show the same again
TOKENS_A_PASS = 2048


def quantized(
    student: TransformerEncoder,
    sampler: EpisodeSampler,
    config: DistillationConfig,
    *,
    bits: str,
    text: TextPool | None = None,
    work: Path,
    resume: bool = False,
    origin: Mapping[str, Any] | None = None,
    observer: Observer = PRINTING,
) -> tuple[TransformerEncoder, Quantization]:
    """The student as `slim` leaves it, and its quantization by what it reads in the first episodes, and in `text`.

    Slim from the start and sorted by frequency, for it is by its place in the vocabulary that a word is rounded. The
    layers of a ternary student are settled; with `resume` those that `work` has are not settled again, and none if the
    steps after that have begun. `origin`: as for `TrainingLoop`.
    Raises KeyboardInterrupt once the observer wants it to stop, and loses the layer in progress then.
    """
    items, phrases = _shown(
        student, sampler, config, text, tokens=TOKENS_SHOWN if bits == "ternary" else SETTLING_TOKENS
    )
    observer.report(f"{len(items)} sentences and {len(phrases)} phrases are shown to the layers")
    counts = _counts(student.tokenizer, _packed(student, items), phrases)
    student = slimmed(student, MAX_TEXT_TOKENS, counts)
    batches = _packed(student, items)
    floats = copy.deepcopy(student.module)
    few = settled_by(batches)
    quantization = Quantization(student, batches[::few], phrases[::few], bits=bits)
    if not quantization.ternary or (resume and (work / CHECKPOINT).exists()):
        return student, quantization
    state = nn.ModuleDict({"encoder": student.module, "quantization": quantization})
    kept_with = {**asdict(config), **(origin or {})}

    def save(layers: int) -> None:
        write_checkpoint(work / LAYERS, {"layers": layers}, state.state_dict(), kept_with)
        observer.report(f"layer {layers} is settled")

    def watch(step: str) -> None:
        observer.on_step(step)
        if observer.stopped():
            observer.report(f"stopped in {step.split('  ')[0]}; the layers before it are in {work} and can be resumed")
            raise KeyboardInterrupt

    work.mkdir(parents=True, exist_ok=True)
    done = 0
    if resume and (work / LAYERS).exists():
        note, tensors = read_checkpoint(work / LAYERS, kept_with)
        state.load_state_dict(tensors)
        done = note["layers"]
    settle_layers(
        student,
        floats,
        quantization,
        batches,
        phrases,
        steps=config.layer_steps,
        seed=config.seed,
        done=done,
        on_step=watch,
        on_layer=save,
    )
    return student, quantization


def _shown(
    student: TransformerEncoder, sampler: EpisodeSampler, config: DistillationConfig, text: TextPool | None, tokens: int
) -> tuple[list[Item], list[str]]:
    """Sentences with their pairs, some `tokens` of them, and phrases: those of relations, and entries of WordNet."""
    glosses = Glosses(size=GLOSSES, seed=config.seed)
    items: list[Item] = []
    phrases: set[str] = set()
    most = TIMES_SHOWN * (
        len(sampler.partial) + len(sampler.complete) + (len(text.sentences) if text is not None else 0)
    )
    for step in range(EPISODES_SHOWN):
        episode = sampler.episode(step)
        shown = [*episode.items, *(text.items(step) if text is not None else [])]
        items += shown
        phrases.update(phrases_of(episode.relations), glosses.phrases(step))
        tokens -= sum(len(encoding.ids) for encoding in student.tokenizer.encode_batch([s.text for s, _ in shown]))
        tokens -= MARKERS_PER_PAIR * sum(len(pairs) for _, pairs in shown)
        if tokens < 0 or len(items) >= most:
            break
    return items, sorted(phrases)


def _packed(student: TransformerEncoder, items: Sequence[Item]) -> list[PackedBatch]:
    packer = Packer(student.tokenizer, max_text_tokens=min(TEXT_TOKENS, student.positions), max_tokens=TOKENS_A_PASS)
    return [batch for batch, _ in packer.pack(items)]


def _counts(tokenizer: Tokenizer, batches: Sequence[PackedBatch], phrases: Sequence[str]) -> IntArray:
    """How often each token is read, markers included, (vocabulary,)."""
    counts = np.zeros(tokenizer.get_vocab_size(), dtype=np.int64)
    for batch in batches:
        counts += np.bincount(batch.text_ids[batch.text_mask], minlength=len(counts))
    for marker in MARKERS:
        counts[tokenizer.token_to_id(marker)] += sum(int(batch.pair_mask.sum()) for batch in batches)
    for encoding in tokenizer.encode_batch(phrases):
        counts += np.bincount(encoding.ids, minlength=len(counts))
    return counts
