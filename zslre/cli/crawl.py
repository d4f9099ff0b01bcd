"""`zslre crawl`: names in, what kinds of thing they are out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from zslre.cli.numbers import positive, seconds, whole
from zslre.cli.outputs import check_output_file
from zslre.cli.progress import Progress, counted
from zslre.exceptions import InputError
from zslre.paths import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zslre.cli import Subparsers
    from zslre.sideinfo.crawler import CrawlSettings, Outcome

DESCRIPTION = """\
Find out what kinds of thing named entities are ("BMW": car company, company), from Wikipedia, Wikidata, web pages
and WordNet, and write them with confidence, sources and sentences as JSON Lines, one entity a line.

The crawler says who it is: --contact is required where it sends a request. It obeys robots.txt, asks each host one page
at a time with pauses, and keeps pages in a cache. Results go into OUTPUT.journal as they come; the same command goes on
where it was stopped, and one with other options does again what depended on them. Names that OUTPUT has already stay in
it; one that a source has not answered about says so there ("unanswered"). If no source answers at all, the exit status
is 1.
Programs' interfaces (--wikipedia-api, --wikidata-api) are asked by their own etiquette, not by robots.txt.
"""
EXAMPLES = """\
examples:
  zslre crawl BMW "Deutsche Bank" --contact ann@example.org -o hypernyms.jsonl
  zslre crawl --entities names.txt --source wordnet -o hypernyms.jsonl
  zslre crawl --entities names.txt --source web --seed-urls pages.txt --contact ann@example.org -o hypernyms.jsonl
  zslre crawl BMW --source web --search "https://example.org/?q={name}" --contact ann@example.org --dry-run -o out.jsonl

--entities: one name a line; or, if the file ends in .jsonl, {"entity": "Mercury", "context": "Mercury orbits the sun."}
a line, where the context chooses between several things of that name. Where one of them has an article of just that
title it is that one, whatever the context: for the company give "Apple Inc.", not "Apple".
"""
_DEFAULT_SOURCES = ("wikipedia", "wikidata")
# Causes of failures that are listed at the end, and names or pages of each.
_CAUSES = 20
_ITEMS = 10


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb `crawl`."""
    parser = subparsers.add_parser(
        "crawl",
        help="find out what kinds of thing named entities are",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="an entity")
    parser.add_argument("--entities", type=Path, metavar="FILE", help="a file with more of them")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="the table to write (.jsonl); names that it has already and that are not asked for stay in it",
    )
    parser.add_argument(
        "--source",
        action="append",
        choices=("wikipedia", "wikidata", "web", "wordnet"),
        help="whom to ask; may be given again (default: wikipedia and wikidata)",
    )
    parser.add_argument(
        "--seed-urls",
        type=Path,
        metavar="FILE",
        help="web: addresses of pages, or sitemaps if they end in .xml or .xml.gz, one a line",
    )
    parser.add_argument(
        "--sitemap",
        action="append",
        default=[],
        metavar="URL",
        help="web: a sitemap, XML or text, packed or not; may be given again",
    )
    parser.add_argument("--search", default="", metavar="TEMPLATE", help="web: a search address with {name} in it")
    parser.add_argument(
        "--search-results", type=positive, default=5, metavar="N", help="web: pages to read a search (default: 5)"
    )
    parser.add_argument("--depth", type=whole, default=2, help="wikidata: steps upwards (default: 2)")
    parser.add_argument(
        "--wikipedia-api", metavar="URL", help="a MediaWiki's api.php (default: the English Wikipedia's)"
    )
    parser.add_argument("--wikidata-api", metavar="URL", help="a Wikibase's api.php (default: Wikidata's)")
    parser.add_argument("--noisy-patterns", action="store_true", help="also use patterns that are wrong more often")
    manners = parser.add_argument_group("manners")
    manners.add_argument("--contact", default="", help="your e-mail address or web page, for the User-Agent header")
    manners.add_argument("--user-agent", default="", help="the whole User-Agent header, with a contact in it")
    manners.add_argument("--delay", type=seconds, default=1.0, help="least seconds between a host's pages (default: 1)")
    manners.add_argument("--parallel-hosts", type=positive, default=16, metavar="N", help="default: 16")
    manners.add_argument("--retries", type=whole, default=4, metavar="N", help="of one page (default: 4)")
    limits = parser.add_argument_group("limits")
    limits.add_argument("--max-pages", type=positive, metavar="N", help="requests in this run (default: no limit)")
    limits.add_argument(
        "--max-bytes", type=positive, default=2_000_000, metavar="N", help="of one page, unpacked (default: 2000000)"
    )
    limits.add_argument("--timeout", type=seconds, default=30.0, help="seconds for one page, more than 0 (default: 30)")
    limits.add_argument(
        "--allow-host", action="append", default=[], metavar="HOST", help="may lie in a private network; for tests"
    )
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where pages are kept (default: see 'zslre info')")
    parser.add_argument(
        "--expire-days", type=seconds, default=30.0, metavar="DAYS", help="age at which pages are asked for again"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the first addresses and ask none")
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    loudness.add_argument("-v", "--verbose", action="store_true", help="show progress in log files too")
    parser.set_defaults(run=run, usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Run the verb. A host that is down is reported and does not make it fail, unless nobody else answers either."""
    from zslre.sideinfo.crawler import Entity, crawl
    from zslre.sideinfo.crawler.crawler import planned
    from zslre.sideinfo.crawler.entities import distinct, read_entities

    sources = tuple(args.source) if args.source else _DEFAULT_SOURCES
    _check_usage(args, sources)
    check_output_file(args.output, (args.entities, args.seed_urls))
    given = [Entity(name) for name in args.names]
    entities = distinct([*given, *read_entities(args.entities)] if args.entities is not None else given)
    if not entities:
        raise InputError(f"{args.entities}: holds no name")
    settings = _settings(args)
    begin = {"seeds": _read_seeds(args.seed_urls) if args.seed_urls is not None else [], "sitemaps": args.sitemap}
    if set(sources) != {"wordnet"}:
        _ = settings.agent  # refuses to go on without a contact
    if args.dry_run:
        for address in planned(entities, args.output, settings, sources=sources, **begin):
            print(address)
        return 0
    progress = Progress(verbosity=-1 if args.quiet else int(args.verbose))
    outcome = crawl(
        entities,
        args.output,
        settings,
        sources=sources,
        **begin,
        on_progress=lambda report, counts: progress.update(
            lambda: f"{report.tasks:,} steps, {counts.requests:,} pages fetched, {counts.from_cache:,} from the cache"
        ),
    )
    progress.finish(_summary(outcome))
    tell_problems(outcome, args.output)
    return 0 if outcome.answered else 1


def _settings(args: argparse.Namespace) -> CrawlSettings:
    from zslre.sideinfo.crawler.settings import WIKIDATA_API, WIKIPEDIA_API, CrawlSettings, default_cache

    return CrawlSettings(
        contact=args.contact,
        user_agent=args.user_agent,
        delay=args.delay,
        timeout=args.timeout,
        retries=args.retries,
        max_pages=args.max_pages,
        max_bytes=args.max_bytes,
        parallel_hosts=args.parallel_hosts,
        expire_days=args.expire_days,
        cache=args.cache if args.cache is not None else default_cache(),
        allow_hosts=frozenset(host.lower() for host in args.allow_host),
        wikipedia_api=args.wikipedia_api if args.wikipedia_api is not None else WIKIPEDIA_API,
        wikidata_api=args.wikidata_api if args.wikidata_api is not None else WIKIDATA_API,
        depth=args.depth,
        search=args.search,
        search_results=args.search_results,
        noisy=args.noisy_patterns,
    )


def _check_usage(args: argparse.Namespace, sources: Sequence[str]) -> None:
    if not args.names and args.entities is None:
        args.usage_error("name entities, or give --entities FILE")
    begins = args.seed_urls is not None or bool(args.sitemap) or bool(args.search)
    if "web" in sources and not begins:
        args.usage_error("--source web needs --seed-urls, --sitemap or --search to begin with")
    if begins and "web" not in sources:
        args.usage_error("--seed-urls, --sitemap and --search go with --source web")
    if str(args.output) == "-":
        args.usage_error("-o needs the name of a file: a later crawl goes on from it")


def _read_seeds(path: Path) -> list[str]:
    from zslre.sideinfo.crawler.problems import Refused
    from zslre.sideinfo.crawler.urls import checked_url

    with opened(path, give="a file with one address a line") as file:
        lines = file.read().splitlines()
    seeds = []
    for number, line in enumerate(lines, start=1):
        url = line.strip()
        if url and not url.startswith("#"):
            try:
                checked_url(url)
            except Refused as error:
                raise InputError(f"{path}, line {number}: {url!r} {error}; give addresses of web pages") from error
            seeds.append(url)
    return seeds


def _summary(outcome: Outcome) -> str:
    answered = sum(1 for hypernyms in outcome.table.values() if hypernyms)
    counts = outcome.counts
    return (
        f"{answered:,} of {len(outcome.table):,} names have hypernyms; {counts.requests:,} pages fetched "
        f"({counts.bytes / 1e6:.1f} MB), {counts.from_cache:,} from the cache"
    )


def tell_problems(outcome: Outcome, output: Path) -> None:
    """Each cause and what failed for it; all of it in a file where that is too much to show."""
    everything = output.with_name(f"{output.name}.unanswered")
    shown = list(outcome.failures.items())[:_CAUSES]
    for cause, items in shown:
        listed = ", ".join(items[:_ITEMS]) + (f", … ({len(items):,} in all)" if len(items) > _ITEMS else "")
        line = f"{listed}: {cause}" if len(items) == 1 else f"{cause}: {listed}"
        print(f"zslre: not answered: {line}", file=sys.stderr)
    if len(shown) < len(outcome.failures) or any(len(items) > _ITEMS for _, items in shown):
        lines = (f"{item}\t{cause}\n" for cause, items in outcome.failures.items() for item in items)
        everything.write_text("".join(lines), encoding="utf-8")
        more = len(outcome.failures) - len(shown)
        and_more = f"and for {counted(more, 'more cause')}; " if more else ""
        print(f"zslre: … {and_more}all of it is in {everything}", file=sys.stderr)
    else:
        everything.unlink(missing_ok=True)
    if outcome.report.unfinished:
        print("zslre: the same command goes on with what may still be answered", file=sys.stderr)
