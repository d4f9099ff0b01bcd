"""What every source of hypernyms does, and the plainest of them: WordNet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from zslre.paths import fingerprint
from zslre.sideinfo.hypernyms import Evidence, entity_key
from zslre.sideinfo.ranking import Finding

# From a noun, and the sentences it stands in if known, to the kinds of each of its senses, which may carry what says so
# (`zslre.sideinfo.kinds.Kinds`).
Nouns: TypeAlias = Callable[[str, str], Sequence[Sequence[str]]]

NAMES = "names"  # the kind of a task that is a batch of names
PAGE = "page"  # that of one that reads a web page
# How likely the next sense of a noun is beside the one before it, and how well each step up the hierarchy answers what
# the thing is.
LIKELY_SENSE = 0.5
NEXT_STEP = 0.7


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

    def told(self, task: Task) -> tuple[str | None, ...]:
        """Fingerprints of what the result depends on beside the task; None for a name that nobody asks about."""
        ...

    def run(self, task: Task) -> Result:
        """Carry the task out; raises a `Problem`."""
        ...


def told_names(names: Sequence[str], contexts: Mapping[str, str], *settings: object) -> tuple[str | None, ...]:
    """`Source.told` of a batch of names: the settings, and the sentence that each of them stands in."""
    said = (contexts.get(entity_key(name)) for name in names)
    return tuple(fingerprint((*settings, context)) if context is not None else None for context in said)


def batches(source: str, names: Sequence[str], done: Collection[Task], size: int) -> Iterator[Task]:
    """Tasks of `size` names each, without the names that are done."""
    finished = {item for task in done if task.source == source and task.kind == NAMES for item in task.items}
    left = [name for name in names if name not in finished]
    for at in range(0, len(left), size):
        yield Task(source, NAMES, tuple(left[at : at + size]))


def again(source: str, names: Sequence[str]) -> tuple[Task, ...]:
    """A task of its own for the names of a batch that failed, if there are some."""
    return (Task(source, NAMES, tuple(names)),) if names else ()


class WordNetSource:
    """WordNet's hypernyms, offline: `hypernyms` gives, for each sense of a noun, its kinds, the nearest first; `today`
    the date (YYYY-MM-DD); `contexts`: the key of each name → sentences that it stands in, or ""."""

    name = "wordnet"

    def __init__(self, hypernyms: Nouns, today: str, contexts: Mapping[str, str] | None = None) -> None:
        self._hypernyms, self._today = hypernyms, today
        self._contexts = contexts if contexts is not None else {}

    def tasks(self, names: Sequence[str], done: Collection[Task]) -> Iterator[Task]:
        """See `Source`."""
        return batches(self.name, names, done, 1)

    def address(self, task: Task) -> str:
        """See `Source`."""
        return ""

    def names(self, task: Task) -> tuple[str, ...]:
        """See `Source`."""
        return task.items

    def told(self, task: Task) -> tuple[str | None, ...]:
        """See `Source`."""
        return told_names(task.items, self._contexts)

    def run(self, task: Task) -> Result:
        """See `Source`."""
        return Result(tuple(finding for name in task.items for finding in self._findings(name)))

    def _findings(self, name: str) -> Iterator[Finding]:
        for place, kinds in enumerate(self._hypernyms(name, self._contexts.get(entity_key(name), ""))):
            evidence = Evidence(self.name, "", self._today, getattr(kinds, "said", ""))
            likely = LIKELY_SENSE**place
            yield Finding(name, tuple((kind, likely * NEXT_STEP**step) for step, kind in enumerate(kinds)), evidence)
