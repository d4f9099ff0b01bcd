"""What a crawl has no answer to, and why: by name for the table, by cause for whoever looks after the crawl."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from zslre.sideinfo.crawler.run import Report
from zslre.sideinfo.crawler.sources import Source, Task

NOT_ASKED = "not asked yet"


@dataclass(frozen=True, slots=True)
class Failure:
    """A `source` has no answer for `names`. `page`: the address that it failed at, where it did not ask for names."""

    source: str
    problem: str
    names: tuple[str, ...]
    page: str = ""


def failures(
    sources: Sequence[Source], names: Sequence[str], done: Collection[Task], report: Report, down: Mapping[str, str]
) -> list[Failure]:
    """All failures of a crawl. `down`: hosts that were given up, and why, which is why what came before failed, too."""
    by_name = {source.name: source for source in sources}
    found: list[Failure] = []
    for task, problem in (*report.unfinished.items(), *report.refused.items()):
        if task.source in by_name:
            waiting = by_name[task.source].names(task)
            page = task.items[0] if waiting != task.items else ""
            found.append(Failure(task.source, _cause(problem, down), waiting, page))
    told = {(failure.source, name) for failure in found for name in failure.names}
    for source in sources:
        for task in source.tasks(names, done):
            left = tuple(name for name in source.names(task) if (source.name, name) not in told)
            if task not in done and left:
                found.append(Failure(source.name, NOT_ASKED, left))
    order = list(by_name)
    return sorted(found, key=lambda failure: order.index(failure.source))


def by_cause(found: Sequence[Failure]) -> dict[str, list[str]]:
    """Each cause and the names or pages that it cost an answer, the worst cause first."""
    grouped: dict[str, dict[str, None]] = {}
    for failure in found:
        cause = failure.problem if failure.page else f"{failure.source}: {failure.problem}"
        grouped.setdefault(cause, {}).update(dict.fromkeys([failure.page] if failure.page else failure.names))
    return {cause: list(items) for cause, items in sorted(grouped.items(), key=lambda pair: -len(pair[1]))}


def by_name(found: Sequence[Failure]) -> dict[str, str]:
    """Each name that lacks an answer and why, for all its sources."""
    causes: dict[str, dict[str, None]] = {}
    for failure in found:
        for name in failure.names:
            causes.setdefault(name, {})[f"{failure.source}: {failure.problem}"] = None
    return {name: "; ".join(of) for name, of in causes.items()}


def _cause(problem: str, down: Mapping[str, str]) -> str:
    plain = problem.removeprefix("robots.txt: ")
    return down.get(plain.partition(": ")[0], plain if plain in down.values() else problem)
