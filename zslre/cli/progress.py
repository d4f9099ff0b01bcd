"""What is said on standard error while a command works: how far it is, and which rows it skips."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from zslre.exceptions import InputError

# Seconds between two states: a terminal shows them on one line, a log file gets a line each.
_TERMINAL_EVERY = 0.2
_LOG_EVERY = 10.0
REPORTED = 20  # bad rows: more of them seldom say more


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


class SkippedRows:
    """Reports the first rows that are skipped, and how many there were; where none is to be, the first is an error."""

    def __init__(self, progress: Progress, skip: bool) -> None:
        self._progress, self._skip = progress, skip
        self.count = 0

    def __call__(self, error: InputError) -> None:
        if not self._skip:
            raise InputError(f"{error} (--skip-bad leaves out such rows)") from error
        self.count += 1
        if self.count <= REPORTED:
            self._progress.clear()
            print(f"zslre: skipped: {error}", file=sys.stderr)

    def summarize(self) -> None:
        """Say how many were skipped, if any."""
        if self.count:
            print(f"zslre: {counted(self.count, 'bad row')} skipped", file=sys.stderr)


def counted(count: int, noun: str) -> str:
    """How many there are, the noun in the number that they want.

    >>> counted(1, "synonym"), counted(1200, "synonym")
    ('1 synonym', '1,200 synonyms')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def speaker(quiet: bool) -> Callable[[str], None]:
    """Says a line at once, or nothing."""

    def say(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)

    return say
