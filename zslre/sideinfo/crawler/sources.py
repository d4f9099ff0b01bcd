"""What every source of hypernyms does, and the plainest of them: WordNet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from zslre.paths import fingerprint
from zslre.sideinfo.hypernyms import Evidence, entity_key
from zslre.sideinfo.mining.ranking import Finding

# From a noun, and the sentences it stands in if known, to the kinds of each of its senses, which may carry what says so
# (`zslre.sideinfo.mining.kinds.Kinds`).
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


class NameSource:
    """What those sources share that are asked about names, `batch` of them at a time.

    `contexts`: the key of each name → sentences that it stands in, or "". `settings`: what else the answers depend on.
    """

    name: str
    batch: int

    def __init__(self, contexts: Mapping[str, str], *settings: object) -> None:
        self._contexts, self._settings = contexts, settings

    def tasks(self, names: Sequence[str], done: Collection[Task]) -> Iterator[Task]:
        """See `Source`."""
        finished = {item for task in done if task.source == self.name and task.kind == NAMES for item in task.items}
        left = [name for name in names if name not in finished]
        for at in range(0, len(left), self.batch):
            yield Task(self.name, NAMES, tuple(left[at : at + self.batch]))

    def names(self, task: Task) -> tuple[str, ...]:
        """See `Source`."""
        return task.items

    def told(self, task: Task) -> tuple[str | None, ...]:
        """See `Source`: the settings, and what each name stands in."""
        said = (self._contexts.get(entity_key(name)) for name in task.items)
        return tuple(fingerprint((*self._settings, context)) if context is not None else None for context in said)

    def _context(self, name: str) -> str:
        return self._contexts.get(entity_key(name), "")

    def _result(self, findings: Iterable[Finding], failed: Sequence[str]) -> Result:
        """With a task of its own for the names of the batch that failed, if there are some."""
        return Result(tuple(findings), (Task(self.name, NAMES, tuple(failed)),) if failed else ())


class WordNetSource(NameSource):
    """WordNet's hypernyms, offline: `hypernyms` gives, for each sense of a noun, its kinds, the nearest first; `today`
    the date (YYYY-MM-DD)."""

    name = "wordnet"
    batch = 1

    def __init__(self, hypernyms: Nouns, today: str, contexts: Mapping[str, str]) -> None:
        super().__init__(contexts)
        self._hypernyms, self._today = hypernyms, today

    def address(self, task: Task) -> str:
        """See `Source`."""
        return ""

    def run(self, task: Task) -> Result:
        """See `Source`."""
        return Result(tuple(finding for name in task.items for finding in self._findings(name)))

    def _findings(self, name: str) -> Iterator[Finding]:
        for place, kinds in enumerate(self._hypernyms(name, self._context(name))):
            evidence = Evidence(self.name, "", self._today, getattr(kinds, "said", ""))
            likely = LIKELY_SENSE**place
            yield Finding(name, tuple((kind, likely * NEXT_STEP**step) for step, kind in enumerate(kinds)), evidence)
