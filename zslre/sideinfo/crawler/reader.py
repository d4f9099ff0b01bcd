"""Reading pages in processes of their own, which are ended when a page takes too long or too much memory.

The parser and the tagger are fast on any honest page. A hostile one can make an HTML parser take quadratic time, so the
time limit is enforced from outside, where the page has no say.
"""

from __future__ import annotations

import multiprocessing
import queue
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Protocol, TypeAlias

from zslre.sentences import split_sentences
from zslre.sideinfo.crawler.problems import Refused
from zslre.sideinfo.hearst import Match, PatternMatcher

# Address space of a reading process, bytes; the tagger and its libraries map most of the first.
_MEMORY = 6 << 30
_START = 120.0  # seconds that a process may take to start


@dataclass(frozen=True, slots=True)
class Text:
    """What is to be read: a page's bytes with their content type, or, with type "", UTF-8 text."""

    body: bytes
    type: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says, and the links of a page in case somebody wants to follow them."""

    matches: tuple[Match, ...]
    links: tuple[str, ...]


class Reader(Protocol):
    """Finds pattern matches in texts; may be called from many threads."""

    def read(self, text: Text) -> Reading:
        """Raises Refused for a text that cannot be read within the limits."""
        ...

    def close(self) -> None: ...


class NoReader:
    """Reads nothing."""

    def read(self, text: Text) -> Reading:
        """See `Reader`."""
        return Reading((), ())

    def close(self) -> None: ...


Answer: TypeAlias = "Reading | str"


def read_here(text: Text, *, noisy: bool = False) -> Reading:
    """Read in this process, without limits."""
    from zslre.sideinfo.crawler.text import decode, links, page_text

    if not text.type:
        content, found = text.body.decode("utf-8", "replace"), []
    else:
        content = page_text(text.body, text.type)
        found = links(decode(text.body, text.type)) if "html" in text.type else []
    sentences = [sentence.text for sentence in split_sentences(content)]
    return Reading(tuple(m for found in _matcher(noisy).matches(sentences) for m in found), tuple(found))


class ProcessReader:
    """A pool of `processes` that call `read`; each is started when it is needed and ended `seconds` into a text."""

    def __init__(
        self, processes: int = 1, *, seconds: float = 30.0, read: Callable[[Text], Reading] = read_here
    ) -> None:
        self._seconds, self._read = seconds, read
        self._free: queue.SimpleQueue[_Process | None] = queue.SimpleQueue()
        self._count = processes
        for _ in range(processes):
            self._free.put(None)

    def read(self, text: Text) -> Reading:
        """See `Reader`."""
        process = self._free.get()
        try:
            if process is None:
                process = _Process(self._read)
            return process.read(text, self._seconds)
        except (TimeoutError, EOFError, OSError) as error:
            if process is not None:
                process.end()
                process = None
            reason = (
                f"takes more than {self._seconds:g} s" if isinstance(error, TimeoutError) else "takes too much memory"
            )
            raise Refused(f"{reason} to read") from error
        finally:
            self._free.put(process)

    def close(self) -> None:
        """End the processes; waits for those that are reading."""
        for _ in range(self._count):
            process = self._free.get()
            if process is not None:
                process.end()
        for _ in range(self._count):
            self._free.put(None)


class _Process:
    def __init__(self, read: Callable[[Text], Reading]) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, read), daemon=True)
        self._process.start()
        theirs.close()
        if not self._pipe.poll(_START):
            raise TimeoutError("the reading process does not start")
        self._pipe.recv()

    def read(self, text: Text, seconds: float) -> Reading:
        self._pipe.send(text)
        if not self._pipe.poll(seconds):
            raise TimeoutError
        answer: Answer = self._pipe.recv()
        if isinstance(answer, str):
            raise Refused(answer)
        return answer

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, read: Callable[[Text], Reading]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this one
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    read(Text(b"It is warm."))  # loads the tagger before the clock of the first page runs
    pipe.send(None)
    while True:
        try:
            text = pipe.recv()
        except EOFError:
            return
        try:
            answer: Answer = read(text)
        except (MemoryError, RecursionError, ValueError, LookupError, AssertionError) as error:
            answer = f"cannot be read ({type(error).__name__}: {error})"
        pipe.send(answer)


@lru_cache(maxsize=2)
def _matcher(noisy: bool) -> PatternMatcher:
    return PatternMatcher(noisy=noisy)
