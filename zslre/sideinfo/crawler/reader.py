"""Reading pages in processes of their own, which are ended when a page takes too long or too much memory.

The parser and the tagger are fast on any honest page. A hostile one can make an HTML parser take quadratic time, so the
time limit is enforced from outside, where the page has no say.
"""

from __future__ import annotations

import multiprocessing
import queue
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Protocol, TypeAlias

from zslre.exceptions import MissingDependencyError
from zslre.sentences import split_sentences
from zslre.sideinfo.crawler.problems import Refused
from zslre.sideinfo.mining.hearst import Match, PatternMatcher

# Address space of a reading process, bytes; the tagger and its libraries map most of the first.
_MEMORY = 6 << 30
_START = 120.0  # seconds that a process may take to start


@dataclass(frozen=True, slots=True)
class Text:
    """What is to be read: a page's bytes with their content type, or, with type "", UTF-8 text.

    `about`: the name that the text, like an encyclopedia's article, begins with a definition of; "" if it does not.
    `links`: whether a page is asked for its links, and not for what it says.
    """

    body: bytes
    type: str = ""
    about: str = ""
    links: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says, or the links of a page."""

    matches: tuple[Match, ...] = ()
    links: tuple[str, ...] = ()


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
        return Reading()

    def close(self) -> None: ...


Answer: TypeAlias = "Reading | str"


def read_here(text: Text, *, noisy: bool = False) -> Reading:
    """Read in this process, without limits."""
    from zslre.sideinfo.crawler.text import decode, links, page_text

    if text.links:
        return Reading(links=tuple(links(decode(text.body, text.type))) if "html" in text.type else ())
    content = page_text(text.body, text.type) if text.type else text.body.decode("utf-8", "replace")
    sentences = [sentence.text for sentence in split_sentences(content)]
    matcher = _matcher(noisy)
    defined = matcher.definition(text.about, content) if text.about else []
    return Reading((*defined, *(m for matches in matcher.matches(sentences) for m in matches)))


class ProcessReader:
    """A pool of `processes` that call `read`; each is started when it is needed and ended `seconds` into a text."""

    def __init__(
        self, processes: int = 1, *, seconds: float = 30.0, read: Callable[[Text], Reading] = read_here
    ) -> None:
        self._seconds, self._read = seconds, read
        self._free: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._idle: list[_Process] = []
        self._busy: list[_Process] = []
        self._lock = threading.Lock()
        for _ in range(processes):
            self._free.put(None)

    def read(self, text: Text) -> Reading:
        """See `Reader`."""
        self._free.get()
        try:
            try:
                return self._once(text)
            except TimeoutError:  # an OSError, too
                raise
            except (EOFError, OSError):
                return self._once(text)  # somebody may have ended the process; a page that did does it again
        except TimeoutError as error:
            raise Refused(f"takes more than {self._seconds:g} s to read") from error
        except (EOFError, OSError) as error:
            raise Refused("takes too much memory to read") from error
        finally:
            self._free.put(None)

    def close(self) -> None:
        """End the processes, also those that are reading."""
        with self._lock:
            for process in (*self._idle, *self._busy):
                process.end()
            self._idle.clear()

    def _once(self, text: Text) -> Reading:
        with self._lock:
            process = self._idle.pop() if self._idle else _Process(self._read)
            self._busy.append(process)
        well = False
        try:
            answer = process.read(text, self._seconds)
            well = True
        finally:
            with self._lock:
                self._busy.remove(process)
                if well:
                    self._idle.append(process)
                else:
                    process.end()
        if isinstance(answer, str):
            raise Refused(answer)
        return answer


class _Process:
    def __init__(self, read: Callable[[Text], Reading]) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, read), daemon=True)
        self._process.start()
        theirs.close()
        self._started = False

    def read(self, text: Text, seconds: float) -> Answer:
        if not self._started:
            self._receive(_START)
            self._started = True
        self._pipe.send(text)
        return self._receive(seconds)

    def _receive(self, seconds: float) -> Answer:
        if not self._pipe.poll(seconds):
            raise TimeoutError
        answer: Answer | MissingDependencyError = self._pipe.recv()
        if isinstance(answer, MissingDependencyError):
            raise answer
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
    try:
        read(Text(b"It is warm."))  # loads the tagger before the clock of the first page runs
    except MissingDependencyError as missing:
        pipe.send(missing)
        return
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent is gone, perhaps killed
        pipe.send(None)
        while True:
            text = pipe.recv()
            try:
                answer: Answer = read(text)
            except Exception as error:  # whatever a page makes the parser do, it is the page's fault alone
                answer = f"cannot be read ({type(error).__name__}: {error})"
            pipe.send(answer)


@lru_cache(maxsize=2)
def _matcher(noisy: bool) -> PatternMatcher:
    return PatternMatcher(noisy=noisy)
