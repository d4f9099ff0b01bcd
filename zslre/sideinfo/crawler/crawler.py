"""The whole of it: names in, a table of hypernyms out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from zslre.exceptions import InputError
from zslre.paths import fingerprint
from zslre.sideinfo.crawler.addresses import Resolver, resolve
from zslre.sideinfo.crawler.clock import Clock, SystemClock
from zslre.sideinfo.crawler.entities import Entity
from zslre.sideinfo.crawler.failures import Failure, answered, by_cause, by_name, failures
from zslre.sideinfo.crawler.fetch import Counts, Fetcher, NoPages, Pages
from zslre.sideinfo.crawler.journal import Journal, Standard, read_past
from zslre.sideinfo.crawler.mediawiki import MediaWikiSource
from zslre.sideinfo.crawler.reader import NoReader, ProcessReader, Reader, read_here
from zslre.sideinfo.crawler.run import Crawl, Report
from zslre.sideinfo.crawler.settings import CrawlSettings
from zslre.sideinfo.crawler.sources import Nouns, Source, WordNetSource
from zslre.sideinfo.crawler.web import WebSource
from zslre.sideinfo.crawler.wikidata import WikidataSource
from zslre.sideinfo.hypernyms import HypernymTable, entity_key
from zslre.sideinfo.mining.kinds import hypernyms
from zslre.sideinfo.mining.ranking import rank
from zslre.threads import all_threads

SourceName: TypeAlias = Literal["wikipedia", "wikidata", "web", "wordnet"]
SOURCES: tuple[SourceName, ...] = get_args(SourceName)

# Seconds between two states of the table, longer where ranking takes long; the journal has each result at once.
_SAVE_EVERY = 60.0
_SAVE_SHARE = 20.0
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a crawl achieved. `unanswered`: names that lack a source's answer, and why. `failures`: each cause, and the
    names or pages that it cost an answer. `answered`: whether any source had an answer about any name."""

    table: HypernymTable
    report: Report
    counts: Counts
    unanswered: dict[str, str]
    failures: dict[str, list[str]]
    answered: bool


def crawl(
    entities: Sequence[Entity],
    output: Path,
    settings: CrawlSettings,
    *,
    sources: Sequence[SourceName] = ("wikipedia", "wikidata"),
    seeds: Sequence[str] = (),
    sitemaps: Sequence[str] = (),
    nouns: Nouns = hypernyms,
    resolver: Resolver = resolve,
    clock: Clock | None = None,
    reader: Reader | None = None,
    on_progress: Callable[[Report, Counts], None] | None = None,
) -> Outcome:
    """Find hypernyms of `entities` and write them to `output`; go on where an earlier run on `output` was stopped.

    Other names that the table at `output` has already stay there; the outcome's table has those of `entities` alone.
    The journal lies beside the output and is all that a later run needs. `seeds`: addresses of pages, or of sitemaps
    if they end like some, for the source "web"; `sitemaps`: of sitemaps, however they end.
    `nouns`, `resolver`, `clock` and `reader` stand in for WordNet, the network, the time, and the processes that read.
    Raises InputError for settings that do not fit together, and for a missing contact, and where something else than a
    table is at `output`.
    """
    old = _old_table(output)
    clock = clock if clock is not None else SystemClock()
    names = [entity.name for entity in entities]
    since = clock.now() - settings.expire_days * _DAY
    with ExitStack() as stack:
        fetcher = None
        if set(sources) != {"wordnet"}:
            fetcher = Fetcher(settings, resolver=resolver, clock=clock)
            stack.callback(fetcher.close)
        if reader is None:
            reader = ProcessReader(max(1, all_threads() - 1), read=partial(read_here, noisy=settings.noisy))
        stack.callback(reader.close)
        # Closed first: what is cut off by closing the others must not go down as a page's own fault.
        pages: Pages = fetcher if fetcher is not None else NoPages()
        today = datetime.fromtimestamp(clock.now(), timezone.utc).date().isoformat()
        made = _sources(
            entities,
            settings,
            pages,
            reader,
            sources=sources,
            seeds=seeds,
            sitemaps=sitemaps,
            nouns=nouns,
            today=today,
        )
        journal = Journal(journal_path(output), since=since, standard=_standard(made, settings))
        stack.callback(journal.close)
        counts = fetcher.counts if fetcher is not None else Counts()
        next_save = clock.now() + _SAVE_EVERY

        def progress(report: Report) -> None:
            nonlocal next_save
            if (began := clock.now()) >= next_save:
                old.replaced_by(table_so_far(report)[0]).write(output)
                next_save = clock.now() + max(_SAVE_EVERY, _SAVE_SHARE * (clock.now() - began))
            if on_progress is not None:
                on_progress(report, counts)

        def table_so_far(report: Report) -> tuple[HypernymTable, list[Failure]]:
            found = failures(made, names, set(journal.done), report, fetcher.down() if fetcher is not None else {})
            return rank(journal.findings(), names).with_unanswered(by_name(found, names)), found

        work = Crawl(made, journal, clock, parallel_hosts=settings.parallel_hosts, on_progress=progress)
        try:
            report = work.run(names)
        finally:  # an interrupted run leaves a table of what it has
            table, failed = table_so_far(work.report)
            old.replaced_by(table).write(output)
        any_answer = answered(made, names, journal.done, journal.problems, failed)
        return Outcome(table, report, counts, by_name(failed, names), by_cause(failed), any_answer)


def planned(
    entities: Sequence[Entity],
    output: Path,
    settings: CrawlSettings,
    *,
    sources: Sequence[SourceName],
    seeds: Sequence[str] = (),
    sitemaps: Sequence[str] = (),
) -> Iterator[str]:
    """The first addresses that a crawl would ask; touches neither the network nor a file."""
    _ = _old_table(output)
    since = SystemClock().now() - settings.expire_days * _DAY
    made = _sources(
        entities,
        settings,
        NoPages(),
        NoReader(),
        sources=sources,
        seeds=seeds,
        sitemaps=sitemaps,
        today="",
    )
    done = read_past(journal_path(output), since=since, standard=_standard(made, settings)).done
    for source in made:
        for task in source.tasks([entity.name for entity in entities], done):
            if task not in done and (address := source.address(task)):
                yield address


def _old_table(output: Path) -> HypernymTable:
    """What an earlier run left there."""
    if output.is_dir():
        raise InputError(f"{output}: is a folder; give -o the file to write, such as {output / 'hypernyms.jsonl'}")
    try:
        return HypernymTable.read(output) if output.exists() else HypernymTable({})
    except InputError as error:
        raise InputError(f"{error}; this crawl would overwrite it: give another file to -o") from error


def journal_path(output: Path) -> Path:
    """Where the journal of the table at `output` is."""
    return output.with_name(f"{output.name}.journal")


def _sources(
    entities: Sequence[Entity],
    settings: CrawlSettings,
    pages: Pages,
    reader: Reader,
    *,
    sources: Sequence[SourceName],
    seeds: Sequence[str],
    sitemaps: Sequence[str],
    nouns: Nouns = hypernyms,
    today: str,
) -> list[Source]:
    if "web" in sources and not seeds and not sitemaps and not settings.search:
        raise InputError("the source 'web' needs addresses of pages or sitemaps, or a search address, to begin with")
    contexts = {entity_key(entity.name): entity.context for entity in entities}
    s = settings
    made: list[Source] = []
    for name in dict.fromkeys(sources):
        if name == "wordnet":
            made.append(WordNetSource(nouns, today, contexts))
        elif name == "wikipedia":
            api = s.wikipedia_api
            made.append(MediaWikiSource(pages, reader, api=api, today=today, contexts=contexts, noisy=s.noisy))
        elif name == "wikidata":
            made.append(WikidataSource(pages, api=s.wikidata_api, today=today, depth=s.depth, contexts=contexts))
        elif name == "web":
            made.append(
                WebSource(
                    pages,
                    reader,
                    today=today,
                    seeds=seeds,
                    sitemaps=sitemaps,
                    search=s.search,
                    search_results=s.search_results,
                    noisy=s.noisy,
                    max_bytes=s.max_bytes,
                )
            )
        else:
            raise InputError(f"unknown source {name!r}: use some of {', '.join(SOURCES)}")
    return made


def _standard(made: Sequence[Source], settings: CrawlSettings) -> Standard:
    s = settings
    # What pages may be refused for.
    limits = (sorted(s.allow_hosts), s.max_bytes, s.max_redirects, s.longest_wait, s.contact, s.user_agent)
    return Standard({source.name: source for source in made}, fingerprint(limits))
