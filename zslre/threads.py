"""How many threads compute, and whose."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def all_threads() -> int:
    """As many as there are CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def one_blas_thread() -> AbstractContextManager[object]:
    """Inside, NumPy multiplies matrices on one thread.

    OpenBLAS's other threads keep a CPU busy after a product and take it from the encoder's next pass: on two cores
    `predict` did 190 sentences a second with them and 290 without.
    """
    limited: AbstractContextManager[object] = _thread_pools().limit(limits=1, user_api="blas")
    return limited


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()
