"""Who waits for a run, which may take hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Observer:
    """Is told lines that stay (`report`) and, step by step, where the run is (`on_step`), and says whether to stop."""

    report: Callable[[str], None] = print
    on_step: Callable[[str], None] = lambda state: None
    stopped: Callable[[], bool] = lambda: False


PRINTING = Observer()
