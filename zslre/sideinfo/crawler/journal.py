"""The journal of a crawl: every finished task with what it found, written the moment it is finished.

One JSON object a line, appended whole. A process that is killed leaves at most one cut line at the end, which is
dropped; the task it belonged to is done again, from cached pages. The table is made from the journal alone.

An entry also says what its result depended on beside the task: the settings and the name's sentence. A run that is told
otherwise does the task again; until it has, the old result counts.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zslre.exceptions import InputError
from zslre.sideinfo.crawler.sources import NAMES, Result, Source, Task
from zslre.sideinfo.hypernyms import Evidence
from zslre.sideinfo.mining.ranking import Finding


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished task: `time` in seconds since the epoch; `problem`: why it will never have a result, or "".

    `told`: what the result depended on, as `Standard.told` has it.
    """

    task: Task
    time: float
    result: Result
    problem: str = ""
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standard:
    """By what a run judges earlier entries: its sources, by name, and its limits, which problems depend on."""

    sources: Mapping[str, Source] = field(default_factory=dict)
    limits: str = ""

    def told(self, task: Task, problem: str) -> tuple[str | None, ...] | None:
        """What the task's result or problem depends on in this run, None in place of what nobody asks for now.

        None for all of it where the source is not asked.
        """
        if task.source not in self.sources:
            return None
        told = self.sources[task.source].told(task)
        return (*told, self.limits) if problem else told

    def entry(self, task: Task, time: float, result: Result, problem: str) -> Entry:
        """What goes into the journal."""
        told = self.told(task, problem) or ()
        return Entry(task, time, result, problem, tuple(item if item is not None else "" for item in told))

    def accepts(self, entry: Entry) -> bool:
        """Whether this run would come to the entry's result again."""
        told = self.told(entry.task, entry.problem)
        return told is None or (
            len(told) == len(entry.told) and all(now in (None, was) for now, was in zip(told, entry.told, strict=True))
        )


@dataclass
class Past:
    """`done`: tasks that need not be done again. `problems`: why some of them have no result. `stale`: what was done by
    other settings only."""

    done: set[Task] = field(default_factory=set)
    problems: dict[Task, str] = field(default_factory=dict)
    stale: set[Task] = field(default_factory=set)

    def add(self, entry: Entry, *, accepted: bool = True) -> None:
        if not accepted:
            if entry.task not in self.done:
                self.stale.add(entry.task)
            return
        self.done.add(entry.task)
        self.stale.discard(entry.task)
        if entry.problem:
            self.problems[entry.task] = entry.problem
        else:
            self.problems.pop(entry.task, None)


def read_past(path: Path, *, since: float = 0.0, standard: Standard = Standard()) -> Past:
    """What the journal at `path` has that is not from before `since` (seconds since the epoch)."""
    past = Past()
    for entry in read_journal(path):
        if entry.time >= since:
            past.add(entry, accepted=standard.accepts(entry))
    return past


class Journal:
    """Reads the file at `path` if it exists, and appends to it. One process at a time; threads may share it."""

    def __init__(self, path: Path, *, since: float = 0.0, standard: Standard = Standard()) -> None:
        """Entries from before `since` (seconds since the epoch) have expired: their tasks count as not done."""
        self.path = path
        self._lock = threading.Lock()
        self._since, self.standard = since, standard
        path.parent.mkdir(parents=True, exist_ok=True)
        self.begun = path.exists()  # an earlier run wrote here
        self._file: int | None = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        _lock(self._file, path)
        os.truncate(path, _whole_lines(path))
        self._past = read_past(path, since=since, standard=standard)

    @property
    def done(self) -> set[Task]:
        """See `Past`."""
        return self._past.done

    @property
    def problems(self) -> dict[Task, str]:
        """See `Past`."""
        return self._past.problems

    @property
    def stale(self) -> set[Task]:
        """See `Past`."""
        return self._past.stale

    def add(self, entry: Entry) -> None:
        """Append an entry in one write, so that a kill leaves it whole or cut, and never mixed with another."""
        line = f"{json.dumps(_record(entry), ensure_ascii=False)}\n".encode("utf-8", "replace")
        with self._lock:
            if self._file is None:
                return  # a thread was still busy when the crawl ended: its task will be done again
            written = 0
            while written < len(line):  # a full disk or a signal may cut a write short
                written += os.write(self._file, line[written:])
            self._past.add(entry)

    def findings(self) -> Iterator[Finding]:
        """All that was found, read from the file so that it need not be kept in memory.

        What was found by other settings counts as long as its task, and in a batch its name, was not done again.
        """
        again = {(task.source, name) for task in self.done.copy() if task.kind == NAMES for name in task.items}
        for entry in self._entries():
            if self.standard.accepts(entry):
                yield from entry.result.findings
            elif entry.task not in self.done:
                for finding in entry.result.findings:
                    if (entry.task.source, finding.entity) not in again:
                        yield finding

    def following(self) -> Iterator[Task]:
        """The tasks that finished ones led to."""
        for entry in self._entries():
            if self.standard.accepts(entry):
                yield from entry.result.following

    def _entries(self) -> Iterator[Entry]:
        return (entry for entry in read_journal(self.path) if entry.time >= self._since)

    def close(self) -> None:
        """Close the file; what is added later is left out."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None


def read_journal(path: Path) -> Iterator[Entry]:
    """The whole entries of a file, none if there is no file; raises InputError naming the line for anything else."""
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                yield _entry(json.loads(line))
            except (ValueError, TypeError, KeyError) as error:
                raise InputError(
                    f"{path}, line {number}: is no entry of a crawl's journal ({error}); delete the file to begin "
                    "anew, or give another file to -o"
                ) from error


def _whole_lines(path: Path) -> int:
    """The bytes of a file up to the end of its last whole line."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        while size > 0:
            start = max(size - 65_536, 0)
            stream.seek(start)
            found = stream.read(size - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            size = start
    return 0


def _lock(file: int, path: Path) -> None:
    """Keep other processes away from the journal until this one ends, however it ends."""
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(file)
        raise InputError(f"{path}: another crawl is writing here; wait for it, or give another file to -o") from error


def _record(entry: Entry) -> dict[str, Any]:
    return {
        "task": entry.task.record(),
        "time": round(entry.time, 3),
        "findings": [_finding(finding) for finding in entry.result.findings],
        "following": [task.record() for task in entry.result.following],
        "problem": entry.problem,
        "told": list(entry.told),
    }


def _entry(record: Any) -> Entry:
    findings = tuple(
        Finding(
            str(entity),
            tuple((str(name), float(weight)) for name, weight in hypernyms),
            Evidence(*evidence),
            tuple(str(name) for names in alike for name in names),
        )
        for entity, hypernyms, evidence, *alike in record["findings"]
    )
    following = tuple(Task.of(task) for task in record["following"])
    told = tuple(str(item) for item in record.get("told", ()))  # an entry from before it had one is done again
    result = Result(findings, following)
    return Entry(Task.of(record["task"]), float(record["time"]), result, str(record["problem"]), told)


def _finding(finding: Finding) -> list[Any]:
    said = finding.evidence
    hypernyms = [[name, weight] for name, weight in finding.hypernyms]
    alike = [list(finding.alike)] if finding.alike else []
    return [finding.entity, hypernyms, [said.source, said.url, said.date, said.sentence], *alike]
