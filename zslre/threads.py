"""How many threads compute, and whose."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from operator import index
from typing import Any

from threadpoolctl import ThreadpoolController

from zslre.exceptions import InputError

_turn = threading.Lock()
_inside = 0  # calls, of all threads, that want one BLAS thread now
_limited: Any = None  # what the first of them set


def all_threads() -> int:
    """As many as there are CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def checked_threads(threads: int | None) -> int | None:
    """The same as Python's whole number, or None. Raises InputError for what is no whole number, or less than 1."""
    try:
        number = None if threads is None else index(threads)
    except TypeError:
        raise InputError(f"threads must be a whole number, got {threads!r:.60}") from None
    if number is not None and number < 1:
        raise InputError(f"threads must be at least 1, got {number}")
    return number


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Inside, NumPy multiplies matrices on one thread.

    OpenBLAS's other threads keep a CPU busy after a product and take it from the encoder's next pass: on two cores
    `predict` did 190 sentences a second with them and 290 without. The number is the whole process's: of calls at the
    same time the first sets it and the last puts it back.
    """
    global _inside, _limited
    with _turn:
        if not _inside:
            _limited = _thread_pools().limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _turn:
            _inside -= 1
            if not _inside:
                _limited.restore_original_limits()


def _in_child() -> None:
    """A forked process has none of the threads that are inside."""
    global _turn, _inside
    _turn, _inside = threading.Lock(), 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()
