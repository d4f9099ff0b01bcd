"""Carrying out a crawl: tasks of one host one after another, hosts side by side, every result into the journal."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from zslre.sideinfo.crawler.clock import Clock
from zslre.sideinfo.crawler.journal import Journal
from zslre.sideinfo.crawler.problems import Problem
from zslre.sideinfo.crawler.sources import NAMES, Result, Source, Task
from zslre.sideinfo.crawler.urls import host_of

# Batches that fail one after another before it is their source's fault, and no name's.
_MOST_SPLIT = 20
_LOOK_EVERY = 0.2  # seconds between two looks of the main thread, so that Ctrl-C is heard


@dataclass
class Report:
    """How a crawl went. `unfinished` tasks may do better another time, `refused` ones will not before they expire.

    `left`: tasks that are not carried out yet, as the keys of a dictionary, in order.
    """

    tasks: int = 0
    unfinished: dict[Task, str] = field(default_factory=dict)
    refused: dict[Task, str] = field(default_factory=dict)
    left: dict[Task, None] = field(default_factory=dict)


class Crawl:
    """Tasks that wait, by host, and the threads that carry them out.

    `on_progress` is called by the thread that runs `run`, several times a second.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        journal: Journal,
        clock: Clock,
        *,
        parallel_hosts: int,
        on_progress: Callable[[Report], None] | None = None,
    ) -> None:
        self._sources: Mapping[str, Source] = {source.name: source for source in sources}
        self._journal, self._clock = journal, clock
        self._parallel_hosts, self._on_progress = parallel_hosts, on_progress
        known = {task: why for task, why in journal.problems.items() if task.source in self._sources}
        self.report = Report(refused=known)
        self._known: set[Task] = set(journal.done)
        self._waiting: dict[str, deque[Task]] = {}
        self._ready: deque[str] = deque()
        self._left = self.report.left
        self._in_a_row: dict[str, int] = {}
        self._failure: BaseException | None = None
        self._stopped = False
        self._changed = threading.Condition()

    def run(self, names: Sequence[str]) -> Report:
        """Do all that is not done yet. An unexpected error in a thread is raised here; what was found is kept."""
        asked = set(names)
        self._add(t for t in self._journal.following() if t.kind != NAMES or not asked.isdisjoint(t.items))
        for source in self._sources.values():
            # Batches that were put together before are kept, so that their answers are found in the cache.
            again = {
                t for t in self._journal.stale if (t.source, t.kind) == (source.name, NAMES) and asked >= set(t.items)
            }
            self._add(again)
            self._add(source.tasks(names, self._journal.done | again))
        if self._journal.begun:
            self._mix()
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._parallel_hosts)]
        for thread in threads:
            thread.start()
        try:
            while self._waits_for_tasks():
                if self._on_progress is not None:
                    self._on_progress(self.report)
        finally:
            self._stopped = True  # after Ctrl-C the threads begin nothing new
        if self._failure is not None:
            raise self._failure
        return self.report

    def _mix(self) -> None:
        """What failed last time may fail again and end its host's turn before the others: begin somewhere else."""
        chance = np.random.default_rng(int(self._clock.now()))
        for host, tasks in self._waiting.items():
            order = chance.permutation(len(tasks))
            self._waiting[host] = deque(task for _, task in sorted(zip(order, tasks, strict=True)))

    def _waits_for_tasks(self) -> bool:
        """Wait a moment for the tasks; whether there are still some to wait for."""
        with self._changed:
            if self._left and self._failure is None:
                self._changed.wait(_LOOK_EVERY)
            return bool(self._left) and self._failure is None

    def _add(self, tasks: Iterable[Task]) -> None:
        with self._changed:
            for task in tasks:
                if task in self._known or task.source not in self._sources:
                    continue
                self._known.add(task)
                self._left[task] = None
                host = host_of(self._sources[task.source].address(task))
                if host not in self._waiting:
                    self._waiting[host] = deque()
                    self._ready.append(host)
                self._waiting[host].append(task)
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._ready and self._left and self._failure is None:
                    self._changed.wait()
                if not self._left or self._failure is not None:
                    return
                host = self._ready.popleft()
            try:
                while (task := self._next(host)) is not None:
                    self._carry_out(task)
            except BaseException as error:  # a bug: it must not leave the main thread waiting for ever
                with self._changed:
                    self._failure = error
                    self._changed.notify_all()
                return

    def _next(self, host: str) -> Task | None:
        """The host's next task; if there is none, the host is left until there are new ones."""
        with self._changed:
            if self._failure is not None or self._stopped:
                return None
            if not self._waiting[host]:
                del self._waiting[host]
                return None
            return self._waiting[host].popleft()

    def _carry_out(self, task: Task) -> None:
        try:
            result, problem = self._sources[task.source].run(task), None
        except Problem as error:
            result, problem = Result(), error
        if problem is not None and self._may_be_of_one_name(task, problem):
            result, problem = Result(following=_halves(task)), None
        elif problem is None:
            self._in_a_row[task.source] = 0
        if problem is None or problem.lasting:
            why = str(problem) if problem is not None else ""
            self._journal.add(self._journal.standard.entry(task, self._clock.now(), result, why))
        self._add(result.following)
        with self._changed:
            self.report.tasks += 1
            if problem is not None:
                (self.report.refused if problem.lasting else self.report.unfinished)[task] = str(problem)
            del self._left[task]
            if not self._left:
                self._changed.notify_all()

    def _may_be_of_one_name(self, task: Task, problem: Problem) -> bool:
        """Whether the others of the task's names may do better; not where nothing but problems came for long."""
        if not problem.lasting or task.kind != NAMES or len(task.items) < 2:
            return False
        self._in_a_row[task.source] = self._in_a_row.get(task.source, 0) + 1
        return self._in_a_row[task.source] <= _MOST_SPLIT


def _halves(task: Task) -> tuple[Task, Task]:
    middle = len(task.items) // 2
    first, second = task.items[:middle], task.items[middle:]
    return Task(task.source, task.kind, first), Task(task.source, task.kind, second)
