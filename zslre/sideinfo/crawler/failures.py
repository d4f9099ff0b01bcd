"""What a crawl has no answer to, and why: by name for the table, by cause for whoever looks after the crawl."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from zslre.sideinfo.crawler.run import Report
from zslre.sideinfo.crawler.sources import PAGE, Source, Task

NOT_ASKED = "not asked yet"


@dataclass(frozen=True, slots=True)
class Failure:
    """A `source` has no answer for `names`. `page`: the address that it failed at, where it did not ask for names.

    `lasting`: there is none to be had. A page without names that is not `lasting` may hold one about any name.
    """

    source: str
    problem: str
    names: tuple[str, ...]
    page: str = ""
    lasting: bool = False


def failures(
    sources: Sequence[Source], names: Sequence[str], done: Collection[Task], report: Report, down: Mapping[str, str]
) -> list[Failure]:
    """All failures of a crawl. `down`: hosts that were given up, and why, which is why what came before failed, too."""
    by_name = {source.name: source for source in sources}
    found: list[Failure] = []
    for task, problem in (*report.unfinished.items(), *report.refused.items()):
        if task.source in by_name:
            waiting = by_name[task.source].names(task)
            lasting = task not in report.unfinished
            found.append(Failure(task.source, _cause(problem, down), waiting, _page(task, waiting), lasting))
    told = {(failure.source, name) for failure in found for name in failure.names}
    for source in sources:
        led_to = (task for task in list(report.left) if task.source == source.name)
        for task in dict.fromkeys((*source.tasks(names, done), *led_to)):
            waiting = source.names(task)
            left = tuple(name for name in waiting if (source.name, name) not in told)
            if task not in done and task not in report.unfinished and (left or not waiting):
                found.append(Failure(source.name, NOT_ASKED, left, _page(task, waiting)))
    order = list(by_name)
    return sorted(found, key=lambda failure: order.index(failure.source))


def answered(
    sources: Sequence[Source],
    names: Sequence[str],
    done: Collection[Task],
    problems: Collection[Task],
    found: Sequence[Failure],
) -> bool:
    """Whether any source has answered about any of the names, be it that it knows none. `problems`: what of `done` has
    no result."""
    failed = {(failure.source, name) for failure in found for name in failure.names}
    by_name = {source.name: source for source in sources}
    for task in done:
        if task.source in by_name and task not in problems:
            asked = {(task.source, name) for name in {*by_name[task.source].names(task)}.intersection(names)}
            if task.kind == PAGE or asked - failed:
                return True
    return False


def by_cause(found: Sequence[Failure]) -> dict[str, list[str]]:
    """Each cause and the names or pages that it cost an answer, the worst cause first."""
    grouped: dict[str, dict[str, None]] = {}
    for failure in found:
        cause = failure.problem if failure.page else f"{failure.source}: {failure.problem}"
        grouped.setdefault(cause, {}).update(dict.fromkeys([failure.page] if failure.page else failure.names))
    return {cause: list(items) for cause, items in sorted(grouped.items(), key=lambda pair: -len(pair[1]))}


def by_name(found: Sequence[Failure], names: Sequence[str]) -> dict[str, str]:
    """Each of `names` that lacks an answer and why, for all its sources."""
    causes: dict[str, dict[str, None]] = {}
    for failure in found:
        for name in failure.names:
            causes.setdefault(name, {})[f"{failure.source}: {failure.problem}"] = None
    pages = Counter(failure.source for failure in found if not failure.names and not failure.lasting)
    for source, left in pages.items():
        for name in names:
            causes.setdefault(name, {})[f"{source}: not all pages were read ({left:,} left)"] = None
    return {name: "; ".join(of) for name, of in causes.items()}


def _page(task: Task, names: tuple[str, ...]) -> str:
    return task.items[0] if names != task.items else ""


def _cause(problem: str, down: Mapping[str, str]) -> str:
    plain = problem.removeprefix("robots.txt: ")
    return down.get(plain.partition(": ")[0], plain if plain in down.values() else problem)
