"""What every source of hypernyms does, and the plainest of them: WordNet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from zslre.sideinfo.hypernyms import Evidence
from zslre.sideinfo.ranking import Finding


@dataclass(frozen=True, slots=True)
class Task:
    """One step of a crawl, small enough to be done again if it is interrupted. `items`: names or addresses."""

    source: str
    kind: str
    items: tuple[str, ...]

    def record(self) -> list[Any]:
        """The task as JSON has it; `Task.of` is the reverse."""
        return [self.source, self.kind, list(self.items)]

    @classmethod
    def of(cls, record: Any) -> Task:
        """Raises ValueError or TypeError for what is no record of a task."""
        source, kind, items = record
        return cls(str(source), str(kind), tuple(str(item) for item in items))


@dataclass(frozen=True, slots=True)
class Result:
    """What a task found, and the tasks that it led to."""

    findings: tuple[Finding, ...] = ()
    following: tuple[Task, ...] = ()


class Source(Protocol):
    """A place that knows hypernyms. `run` may be called from several threads, for one host from one at a time."""

    name: str

    def tasks(self, names: Sequence[str], done: Collection[Task]) -> Iterator[Task]:
        """The first tasks for `names`; `done` need not be done again."""
        ...

    def address(self, task: Task) -> str:
        """The address that the task asks first; empty if it needs no network."""
        ...

    def names(self, task: Task) -> tuple[str, ...]:
        """The names that go without an answer if the task fails."""
        ...

    def run(self, task: Task) -> Result:
        """Carry the task out; raises a `Problem`."""
        ...


def batches(source: str, names: Sequence[str], done: Collection[Task], size: int) -> Iterator[Task]:
    """Tasks of `size` names each, without the names that are done."""
    finished = {item for task in done if task.source == source and task.kind == "names" for item in task.items}
    left = [name for name in names if name not in finished]
    for at in range(0, len(left), size):
        yield Task(source, "names", tuple(left[at : at + size]))


class WordNetSource:
    """WordNet's hypernyms, offline: `hypernyms` gives those of a noun, nearest first; `today` the date (YYYY-MM-DD)."""

    name = "wordnet"

    def __init__(self, hypernyms: Callable[[str], Sequence[str]], today: str) -> None:
        self._hypernyms, self._today = hypernyms, today

    def tasks(self, names: Sequence[str], done: Collection[Task]) -> Iterator[Task]:
        """See `Source`."""
        return batches(self.name, names, done, 1)

    def address(self, task: Task) -> str:
        """See `Source`."""
        return ""

    def names(self, task: Task) -> tuple[str, ...]:
        """See `Source`."""
        return task.items

    def run(self, task: Task) -> Result:
        """See `Source`."""
        evidence = Evidence(self.name, "", self._today, "")
        nouns = ((name, tuple(self._hypernyms(name))) for name in task.items)
        # Each step up the hierarchy is a weaker answer to what the thing is.
        return Result(
            tuple(
                Finding(name, tuple((noun, 0.5**step) for step, noun in enumerate(found)), evidence)
                for name, found in nouns
                if found
            )
        )
