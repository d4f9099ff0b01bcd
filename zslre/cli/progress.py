"""A line on standard error that says how far a long run is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

# Seconds between two states: a terminal shows them on one line, a log file gets a line each.
_TERMINAL_EVERY = 0.2
_LOG_EVERY = 10.0


class Progress:
    """Shows the latest state on a terminal, or with `verbosity` 1 or more anywhere; -1 shows nothing."""

    def __init__(
        self, *, verbosity: int = 0, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._clock = clock
        self._terminal = self._stream.isatty()
        self.enabled = verbosity > 0 or (self._terminal and verbosity == 0)
        self._next = clock() + (0.0 if self._terminal else _LOG_EVERY)
        self._shown = False

    def update(self, message: Callable[[], str]) -> None:
        """Show `message()`, unless the last state is too recent."""
        if self.enabled and self._clock() >= self._next:
            self._show(message())

    def finish(self, message: str) -> None:
        """Show the last state and end its line."""
        if self.enabled:
            self._show(message)
            if self._terminal:
                self._stream.write("\n")
                self._stream.flush()
                self._shown = False

    def clear(self) -> None:
        """Take the line away, so that something else can be written to the same terminal."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False

    def _show(self, text: str) -> None:
        if self._terminal:
            self._stream.write(f"\r\x1b[K{text}")
            self._shown = True
            self._next = self._clock() + _TERMINAL_EVERY
        else:
            self._stream.write(f"{text}\n")
            self._next = self._clock() + _LOG_EVERY
        self._stream.flush()
