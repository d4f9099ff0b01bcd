"""Episodic training with early stopping on held-out relations; interruptible, resumable, reproducible."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from zslre.datasets.annotated import AnnotatedSentence
from zslre.encoder import pair_vectors
from zslre.encoder.transformer import TransformerEncoder
from zslre.evaluation.metrics import classification_scores
from zslre.exceptions import InputError, ModelError
from zslre.packing import Packer
from zslre.prototypes import build_prototypes, relation_phrases
from zslre.relations import RelationSet
from zslre.training.episodes import EpisodeSampler, TrainingEpisode
from zslre.training.losses import ranking_loss, threshold_loss
from zslre.training.model import TorchScorer

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How to train. Steps are optimizer steps; the learning rate rises for a tenth of them, then falls to zero."""

    steps: int = 600
    learning_rate: float = 8e-5
    scorer_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    support_rate: float = 0.3  # share of steps in which some relations get support examples
    threshold_weight: float = 0.5
    eval_every: int = 100
    patience: int = 6  # evaluations without a better dev score before training stops
    max_tokens: int = 6144  # tokens of one pass; bounds memory, changes no result
    bf16: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "eval_every", "patience", "max_tokens"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)}")


class Trainer:
    """Trains encoder and scorer; keeps the weights of the best dev score in `folder` and, beside them, where it is."""

    def __init__(
        self,
        encoder: TransformerEncoder,
        scorer: TorchScorer,
        sampler: EpisodeSampler,
        config: TrainingConfig,
        *,
        folder: Path,
        dev: Sequence[AnnotatedSentence] = (),
        dev_relations: RelationSet | None = None,
        report: Report = print,
        on_step: Report = lambda state: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.encoder, self.scorer, self.sampler, self.config = encoder, scorer, sampler, config
        self.folder, self.dev, self.dev_relations = folder, dev, dev_relations
        self.report, self.on_step, self.stopped = report, on_step, stopped
        # Every pass writes the gradients of all weights: few passes with some padding cost less than many tight ones.
        self.packer = Packer(encoder.tokenizer, max_text_tokens=128, max_tokens=config.max_tokens, max_padding=1.6)
        self.modules = nn.ModuleDict({"encoder": encoder.module, "scorer": scorer})
        # Word embeddings stay as they are: half of a small encoder's weights, of which a step sees a few hundred rows,
        # and words that training never shows keep their place among those that it does.
        words: Any = encoder.module.backbone
        words.get_input_embeddings().weight.requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in encoder.module.parameters() if p.requires_grad], "lr": config.learning_rate},
                {"params": list(scorer.parameters()), "lr": config.scorer_learning_rate},
            ],
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.peaks = [group["lr"] for group in self.optimizer.param_groups]
        self.history: list[dict[str, float]] = []
        self.best = -1.0

    def train(self, *, resume: bool = False) -> float:
        """Run to the end; returns the best dev macro-F1 (0.0 without dev relations) and leaves the best weights.

        Once `stopped()`, writes a checkpoint after the step in progress and raises KeyboardInterrupt.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        step = self._restore() if resume else 0
        self.encoder.bf16 = self.config.bf16
        losses: list[float] = []
        started, first = time.monotonic(), step
        while step < self.config.steps and not self._stalled():
            losses.append(self._step(step))
            step += 1
            self.on_step(f"step {step}/{self.config.steps}  loss {losses[-1]:.3f}")
            if step % self.config.eval_every == 0 or step == self.config.steps:
                score = self.dev_score()
                self.history.append({"step": step, "loss": float(np.mean(losses)), "dev_macro_f1": score})
                pace = (step - first) / (time.monotonic() - started)
                self.report(
                    f"step {step}/{self.config.steps}  loss {np.mean(losses):.3f}  dev macro-F1 {score:.3f}  "
                    f"{pace:.2f} steps/s"
                )
                losses.clear()
                if score >= self.best:
                    self.best = score
                    save_file(_contiguous(self.modules.state_dict()), self.folder / "best.safetensors")
                self._checkpoint(step)
            if self.stopped():  # after the evaluation, which a resumed run would not make up for
                self._checkpoint(step)
                self.report(f"stopped after step {step}; the checkpoint in {self.folder} can be resumed")
                raise KeyboardInterrupt
        best = self.folder / "best.safetensors"
        if best.exists():
            self.modules.load_state_dict(load_file(best))
        return max(self.best, 0.0)

    def _step(self, step: int) -> float:
        torch.manual_seed(self.config.seed * 1_000_003 + step)  # dropout too resumes alike
        progress, warmup = step / self.config.steps, 0.1
        factor = min((progress + 1e-3) / warmup, (1 - progress) / (1 - warmup))
        for group, peak in zip(self.optimizer.param_groups, self.peaks, strict=True):
            group["lr"] = peak * factor
        self.modules.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.sampler.episode(step), np.random.default_rng([self.config.seed, step, 1]))
        loss.backward()
        nn.utils.clip_grad_norm_(self.modules.parameters(), 1.0)
        self.optimizer.step()
        return float(loss.detach())

    def loss(self, episode: TrainingEpisode, rng: np.random.Generator) -> Tensor:
        """Ranking and threshold loss of an episode; some pairs serve as support instead of being asked for."""
        pairs = self._pair_tensor(episode)
        targets = torch.from_numpy(episode.targets).to(pairs.device)
        support: dict[int, Tensor] = {}
        asked = torch.ones(len(pairs), dtype=torch.bool, device=pairs.device)
        if rng.random() < self.config.support_rate:
            for column in range(len(episode.relations)):
                rows = np.flatnonzero(episode.targets[:, column])
                if len(rows) > 1 and rng.random() < 0.5:
                    shown = rows[: int(rng.integers(1, len(rows)))]
                    support[column] = pairs[torch.from_numpy(shown).to(pairs.device)]
                    asked[torch.from_numpy(shown).to(pairs.device)] = False
        phrases = [relation_phrases(relation) for relation in episode.relations]
        with self.encoder.autocast():
            rows_, present = self.scorer.prototypes(self.encoder, phrases, support)
        known = torch.from_numpy(episode.known).to(pairs.device)
        queries, targets, known = pairs[asked], targets[asked], known[asked]
        similarities = self.scorer.similarities(queries, rows_.float(), present)
        none = self.scorer.none_scores(queries)
        threshold = threshold_loss(similarities, none, targets, known)
        return ranking_loss(similarities, targets) + self.config.threshold_weight * threshold

    def _pair_tensor(self, episode: TrainingEpisode) -> Tensor:
        parts, numbers = [], []
        with self.encoder.autocast():
            for batch, index in self.packer.pack(episode.items):
                parts.append(self.encoder.pair_tensor(batch))
                numbers.append(index)
        order = np.argsort(np.concatenate(numbers))
        return torch.cat(parts).float()[torch.from_numpy(order).to(parts[0].device)]

    def dev_score(self) -> float:
        """Zero-shot macro-F1 of the dev sentences among the dev relations, in [0, 1]."""
        if self.dev_relations is None or not self.dev:
            return 0.0
        self.modules.eval()
        return zero_shot_macro_f1(self.encoder, self.scorer, self.packer, self.dev, self.dev_relations)

    def _stalled(self) -> bool:
        recent = [entry["dev_macro_f1"] for entry in self.history[-self.config.patience :]]
        return self.dev_relations is not None and len(self.history) > self.config.patience and max(recent) < self.best

    def _checkpoint(self, step: int) -> None:
        """Written aside and renamed, so that a stop in the middle loses nothing; no pickle."""
        tensors = {f"model.{k}": v for k, v in self.modules.state_dict().items()}
        for number, state in self.optimizer.state_dict()["state"].items():
            tensors.update({f"optimizer.{number}.{k}": torch.as_tensor(v) for k, v in state.items()})
        note = {"step": step, "best": self.best, "history": self.history, "config": asdict(self.config)}
        partial = self.folder / "checkpoint.partial"
        save_file(_contiguous(tensors), partial, metadata={"note": json.dumps(note)})
        partial.replace(self.folder / "checkpoint.safetensors")

    def _restore(self) -> int:
        path = self.folder / "checkpoint.safetensors"
        if not path.exists():
            self.report(f"no checkpoint in {self.folder} yet: starting from the beginning")
            return 0
        try:
            with safe_open(path, "pt") as file:
                note = json.loads(file.metadata()["note"])
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path} is damaged ({error}): start anew, without resuming") from error
        if note["config"] != asdict(self.config):
            changed = sorted(k for k, v in asdict(self.config).items() if note["config"].get(k) != v)
            raise ModelError(f"{path} was trained with other settings ({', '.join(changed)}): use them, or start anew")
        self.modules.load_state_dict(
            {key.removeprefix("model."): value for key, value in tensors.items() if key.startswith("model.")}
        )
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith("optimizer."):
                _, number, name = key.split(".", 2)
                state.setdefault(int(number), {})[name] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
        self.best, self.history = note["best"], note["history"]
        return int(note["step"])


def zero_shot_macro_f1(
    encoder: TransformerEncoder,
    scorer: TorchScorer,
    packer: Packer,
    sentences: Sequence[AnnotatedSentence],
    relations: RelationSet,
) -> float:
    """Macro-F1 of picking, for every labelled pair, one of `relations`; no rejection."""
    gold, predicted = zero_shot_predictions(encoder, scorer, packer, sentences, relations)
    return classification_scores(gold, predicted).macro_f1


def zero_shot_predictions(
    encoder: TransformerEncoder,
    scorer: TorchScorer,
    packer: Packer,
    sentences: Sequence[AnnotatedSentence],
    relations: RelationSet,
) -> tuple[list[str], list[str]]:
    """Gold and predicted names of every labelled pair, in order."""
    numpy_scorer = scorer.to_numpy()
    prototypes = build_prototypes(encoder, numpy_scorer, relations).weighted(numpy_scorer)
    vectors = pair_vectors(encoder, packer, [(s.sentence, s.pairs) for s in sentences])
    best = (numpy_scorer.features(vectors) @ prototypes.T).argmax(axis=1)
    gold, predicted = [], []
    for labels, column in zip((names for s in sentences for names in s.labels), best, strict=True):
        if labels:
            gold.append(sorted(labels)[0])
            predicted.append(relations[int(column)].name)
    return gold, predicted


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key: value.detach().contiguous().clone() for key, value in tensors.items()}
