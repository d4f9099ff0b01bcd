"""A training run that can be stopped, resumed and repeated, and that stops by itself when it no longer helps."""

from __future__ import annotations

import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from zslre.datasets.annotated import AnnotatedSentence
from zslre.exceptions import InputError, ModelError
from zslre.paths import aside
from zslre.relations import RelationSet
from zslre.training.checkpoints import BEST, CHECKPOINT
from zslre.training.observer import PRINTING, Observer

MOST_SEED = 10**13  # a million times it, which seeds the last steps, is a number of 64 bits
CHECKPOINT_SECONDS = 600  # between evaluations: a large encoder's lie an hour apart, and a stop may come unannounced


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """Settings of any run. Steps are optimizer steps; learning rates rise for a tenth of them, then fall to zero."""

    least_steps: ClassVar[int] = 1

    steps: int = 600
    learning_rate: float = 8e-5
    scorer_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    eval_every: int = 100
    patience: int = 6  # evaluations without a better dev score before training stops
    max_tokens: int = 6144  # tokens of one pass; bounds memory, changes no result
    bf16: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        least = {"steps": self.least_steps, "eval_every": 1, "patience": 1, "max_tokens": 1}
        for name, number in least.items():
            if getattr(self, name) < number:
                raise InputError(f"{name} must be at least {number}, got {getattr(self, name)}")
        if not 0 <= self.seed <= MOST_SEED:
            raise InputError(f"seed must lie between 0 and {MOST_SEED}, got {self.seed}")
        for name in ("learning_rate", "scorer_learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name} must be a number above 0, got {getattr(self, name)}")


class TrainingLoop(ABC):
    """Steps of an optimizer on `modules`; keeps the weights of the best dev score in `folder` and, beside them, where
    it is. A subclass says what the loss of a step is, and how good the model is.

    `groups`: parameters and their highest learning rate. With `dev_relations`, which the training must not have seen,
    the sentences `dev` choose the weights, and say when to stop; without, the last ones are kept. `origin`: what else
    makes the run what it is, such as the model it began as; it is not resumed with another.
    """

    def __init__(
        self,
        modules: nn.ModuleDict,
        groups: Sequence[tuple[Sequence[nn.Parameter], float]],
        config: LoopConfig,
        *,
        folder: Path,
        dev: Sequence[AnnotatedSentence] = (),
        dev_relations: RelationSet | None = None,
        origin: Mapping[str, Any] | None = None,
        observer: Observer = PRINTING,
    ) -> None:
        self.modules, self.settings, self.folder = modules, config, folder
        self.dev, self.dev_relations = dev, dev_relations
        self.kept_with = {**asdict(config), **(origin or {})}
        self.observer = observer
        self.optimizer = torch.optim.AdamW(
            [{"params": list(parameters), "lr": rate} for parameters, rate in groups],
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.peaks = [group["lr"] for group in self.optimizer.param_groups]
        self.history: list[dict[str, float]] = []
        self.best = -1.0
        self._kept = 0.0  # when the last checkpoint was written, or the run began; of time.monotonic()

    @abstractmethod
    def step_loss(self, step: int) -> Tensor:
        """The loss of a step, with gradients; it depends on the weights, the seed and the step alone."""

    @abstractmethod
    def zero_shot_score(self, sentences: Sequence[AnnotatedSentence], relations: RelationSet) -> float:
        """Macro-F1 of the weights as they would be stored, in [0, 1]."""

    def dev_score(self) -> float:
        """What decides about the best weights: the zero-shot score among the dev relations, 0.0 without any."""
        if self.dev_relations is None or not self.dev:
            return 0.0
        self.modules.eval()
        return self.zero_shot_score(self.dev, self.dev_relations)

    def train(self, *, resume: bool = False) -> float:
        """Run to the end; returns the best dev macro-F1 (0.0 without dev relations) and leaves the best weights.

        Once the observer wants it to stop, writes a checkpoint after the step in progress and raises KeyboardInterrupt.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        step = self._restore() if resume else 0
        losses: list[float] = []
        first = step
        started = self._kept = time.monotonic()
        while step < self.settings.steps and not self._stalled():
            losses.append(self._step(step))
            step += 1
            self.observer.on_step(f"step {step}/{self.settings.steps}  loss {losses[-1]:.3f}")
            if step % self.settings.eval_every == 0 or step == self.settings.steps:
                score = self.dev_score()
                self.history.append({"step": step, "loss": float(np.mean(losses)), "dev_macro_f1": score})
                pace = (step - first) / (time.monotonic() - started)
                judged = f"dev macro-F1 {score:.3f}  " if self.dev_relations is not None else ""
                self.observer.report(
                    f"step {step}/{self.settings.steps}  loss {np.mean(losses):.3f}  {judged}{pace:.2f} steps/s"
                )
                losses.clear()
                if score >= self.best:
                    self.best = score
                    write_tensors(self.folder / BEST, self.modules.state_dict())
                self._checkpoint(step)
            elif time.monotonic() - self._kept >= CHECKPOINT_SECONDS:
                self._checkpoint(step)
                self.observer.report(f"step {step}/{self.settings.steps}  loss {np.mean(losses):.3f}  checkpoint")
            if self.observer.stopped():  # after the evaluation, which a resumed run would not make up for
                self._checkpoint(step)
                self.observer.report(f"stopped after step {step}; the checkpoint in {self.folder} can be resumed")
                raise KeyboardInterrupt
        if self.dev_relations is not None and self.history:
            kept = max(entry["step"] for entry in self.history if entry["dev_macro_f1"] == self.best)
            why = "" if step == self.settings.steps else f"no better score in {self.settings.patience} evaluations: "
            self.observer.report(f"{why}step {kept} is kept, which has the best dev score ({self.best:.3f})")
        best = self.folder / BEST
        if self.best >= 0.0 and best.exists():  # else it is an older run's
            self.modules.load_state_dict(load_file(best))
        return max(self.best, 0.0)

    def _step(self, step: int) -> float:
        torch.manual_seed(self.settings.seed * 1_000_003 + step)  # dropout too resumes alike
        progress, warmup = step / self.settings.steps, 0.1
        factor = min((progress + 1e-3) / warmup, (1 - progress) / (1 - warmup))
        for group, peak in zip(self.optimizer.param_groups, self.peaks, strict=True):
            group["lr"] = peak * factor
        self.modules.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._gradients(step)
        if not math.isfinite(loss):
            raise InputError(
                f"the loss of step {step + 1} is {loss}: delete {self.folder} and begin anew with a lower learning "
                f"rate than {self.peaks[0]}"
            )
        nn.utils.clip_grad_norm_(self.modules.parameters(), 1.0)
        self.optimizer.step()
        return loss

    def _gradients(self, step: int) -> float:
        loss = self.step_loss(step)
        loss.backward()
        return float(loss.detach())

    def _stalled(self) -> bool:
        recent = [entry["dev_macro_f1"] for entry in self.history[-self.settings.patience :]]
        return self.dev_relations is not None and len(self.history) > self.settings.patience and max(recent) < self.best

    def _checkpoint(self, step: int) -> None:
        tensors = {f"model.{k}": v for k, v in self.modules.state_dict().items()}
        for number, state in self.optimizer.state_dict()["state"].items():
            tensors.update({f"optimizer.{number}.{k}": torch.as_tensor(v) for k, v in state.items()})
        note = {"step": step, "best": self.best, "history": self.history}
        write_checkpoint(self.folder / CHECKPOINT, note, tensors, self.kept_with)
        self._kept = time.monotonic()

    def _restore(self) -> int:
        path = self.folder / CHECKPOINT
        if not path.exists():
            self.observer.report(f"no checkpoint in {self.folder} yet: beginning with step 1")
            return 0
        note, tensors = read_checkpoint(path, self.kept_with)
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


def write_checkpoint(
    path: Path, note: Mapping[str, Any], tensors: Mapping[str, Tensor], settings: Mapping[str, Any]
) -> None:
    """See `write_tensors`."""
    write_tensors(path, tensors, {"note": json.dumps({**note, "settings": settings})})


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Written aside and renamed, so that a stop in the middle loses nothing; no pickle. Raises ModelError where it
    cannot be written."""
    try:
        with aside(path) as partial:
            save_file(contiguous(tensors), partial, metadata=metadata)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} cannot be written ({error}): free space, then go on with --resume") from error


def read_checkpoint(path: Path, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The note and the tensors. Raises ModelError for a damaged file, and for one that was made with other settings."""
    try:
        with safe_open(path, "pt") as file:
            note = json.loads(file.metadata()["note"])
            before = dict(note["settings"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is damaged ({error}): delete {path.parent} to start anew") from error
    if changed := sorted(k for k in {*before, *settings} if before.get(k) != settings.get(k)):
        # A number is told, which may be an option that was forgotten; of data there is but a fingerprint.
        told = (f"{k} {before[k]}" if isinstance(before.get(k), int | float) else k for k in changed)
        raise ModelError(
            f"{path} was made with other settings ({', '.join(told)}): use them, or delete {path.parent} to start anew"
        )
    return note, tensors


def contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Ready to save."""
    return {key: value.detach().contiguous().clone() for key, value in tensors.items()}
