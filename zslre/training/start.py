"""The start of a student with few bits: what it is shown, and a checkpoint after each of its layers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

from torch import nn

from zslre.encoder.transformer import TransformerEncoder
from zslre.packing import MARKERS_PER_PAIR, PackedBatch, Packer
from zslre.training.distillation import DistillationConfig
from zslre.training.episodes import EpisodeSampler
from zslre.training.finish import phrases_of
from zslre.training.layerwise import SETTLED_BY, settle_layers
from zslre.training.loop import CHECKPOINT, read_checkpoint, write_checkpoint
from zslre.training.student import Quantization
from zslre.training.trained import slimmed
from zslre.training.unlabelled import Glosses, TextPool

MAX_TEXT_TOKENS = 192
EPISODES_SHOWN, TOKENS_SHOWN = 100, 400_000  # at most: with few a student learns by heart, all are in memory
LAYERS = "layers.safetensors"


def quantized(
    student: TransformerEncoder,
    sampler: EpisodeSampler,
    config: DistillationConfig,
    *,
    bits: str,
    text: TextPool | None = None,
    work: Path,
    resume: bool = False,
    report: Callable[[str], None] = print,
    on_step: Callable[[str], None] = lambda state: None,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[TransformerEncoder, Quantization]:
    """The student as `slim` leaves it, and its quantization by what it reads in the first episodes, and in `text`.

    Slim from the start, for it is by its place in the vocabulary that a word is rounded. The layers of a ternary
    student are settled; with `resume` those that `work` has are not settled again, and none if the steps after that
    have begun.
    Raises KeyboardInterrupt once `stopped()`, and loses the layer in progress then.
    """
    student = slimmed(student, MAX_TEXT_TOKENS)
    batches, phrases = _shown(student, sampler, config, text)
    floats = copy.deepcopy(student.module)
    quantization = Quantization(student, batches[::SETTLED_BY], phrases[::SETTLED_BY], bits=bits)
    if not quantization.ternary or (resume and (work / CHECKPOINT).exists()):
        return student, quantization
    state = nn.ModuleDict({"encoder": student.module, "quantization": quantization})

    def save(layers: int) -> None:
        write_checkpoint(work / LAYERS, {"layers": layers}, state.state_dict(), config)
        report(f"layer {layers} is settled")

    def watch(step: str) -> None:
        on_step(step)
        if stopped():
            report(f"stopped in {step.split('  ')[0]}; the layers before it are in {work} and can be resumed")
            raise KeyboardInterrupt

    work.mkdir(parents=True, exist_ok=True)
    done = 0
    if resume and (work / LAYERS).exists():
        note, tensors = read_checkpoint(work / LAYERS, config)
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
    student: TransformerEncoder, sampler: EpisodeSampler, config: DistillationConfig, text: TextPool | None
) -> tuple[list[PackedBatch], list[str]]:
    """Sentences, and phrases: those of relations, and entries of WordNet."""
    packer = Packer(student.tokenizer, max_text_tokens=128, max_tokens=min(4096, config.max_tokens))
    glosses = Glosses(size=config.glosses, seed=config.seed)
    batches: list[PackedBatch] = []
    phrases: set[str] = set()
    tokens = 0
    for step in range(EPISODES_SHOWN):
        episode = sampler.episode(step)
        items = [*episode.items, *(text.items(step) if text is not None else [])]
        batches += (packed := [batch for batch, _ in packer.pack(items)])
        phrases.update(phrases_of(episode.relations), glosses.phrases(step))
        tokens += sum(int(batch.text_mask.sum() + MARKERS_PER_PAIR * batch.pair_mask.sum()) for batch in packed)
        if tokens > TOKENS_SHOWN:
            break
    return batches, sorted(phrases)
