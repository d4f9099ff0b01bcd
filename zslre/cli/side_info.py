"""`zslre side-info build|show`: find what can be known about relations, and show what is known and from where."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zslre.cli.crawl import tell_problems
from zslre.cli.models import model_folder
from zslre.cli.numbers import positive
from zslre.cli.outputs import check_output_file
from zslre.cli.progress import Progress, counted
from zslre.cli.relations import strict_types_warning, types
from zslre.exceptions import InputError
from zslre.terminal import aligned, printable

if TYPE_CHECKING:
    from zslre.cli import Subparsers
    from zslre.relations import Relation, Source
    from zslre.sideinfo.crawler.crawler import SourceName
    from zslre.sideinfo.hypernyms import HypernymTable
    from zslre.types import Example

BUILD_DESCRIPTION = """\
Look for synonyms, types of head and tail, and keywords of each relation, and write them to a relation file together
with where each comes from. Wikidata's properties and WordNet ship with zslre; nothing is fetched without --crawl.

What you wrote stays, and new types are looked for only where you gave none. Edit the result as you like: an item that
you take out of a list stays out when you build again (its entry under "sources" remembers that), and one that you add
is yours. Building again with the same input changes nothing. Comments of a TOML file are not kept: write to another
one. strict_types rules pairs out by types of yours, not by found ones.

--crawl asks Wikipedia, Wikidata and WordNet, politely. To crawl in another way (a mirror, the web, a cache elsewhere),
write a table of the examples' names with `zslre crawl` and give it as --hypernyms.
"""
BUILD_EXAMPLES = """\
examples:
  zslre side-info build schema.toml -o richer.toml
  zslre side-info build richer.toml -o richer.toml --examples examples.jsonl
  zslre side-info build schema.toml -o richer.toml --examples examples.jsonl --hypernyms hypernyms.jsonl
  zslre side-info build schema.toml -o richer.toml --examples examples.jsonl --crawl --contact ann@example.org
  zslre side-info build schema.toml -o richer.toml --exclude P127 --exclude "owner of"
"""
SHOW_EXAMPLES = """\
examples:
  zslre side-info show schema.toml
"""
EXAMPLES = """\
examples:
  zslre side-info build schema.toml -o richer.toml
  zslre side-info show richer.toml
"""
_TITLES = {"synonyms": "synonym", "head_hypernyms": "head type", "tail_hypernyms": "tail type", "keywords": "keyword"}
_YOURS = "you"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb `side-info` and what it can do."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser(
        "side-info",
        help="find synonyms, types and keywords of relations",
        description="Find what can be known about relations, and show where it comes from.",
        epilog=EXAMPLES,
        formatter_class=layout,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    building = actions.add_parser(
        "build",
        help="find side information and write it to a relation file",
        description=BUILD_DESCRIPTION,
        epilog=BUILD_EXAMPLES,
        formatter_class=layout,
    )
    building.add_argument("relations", metavar="RELATIONS", help="the relations: a .json or .toml file")
    building.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="relation file to write; may be the same"
    )
    building.add_argument(
        "--examples",
        type=Path,
        metavar="DATA",
        help="examples of the relations: FewRel JSON or JSON Lines, as for train",
    )
    building.add_argument(
        "--hypernyms", metavar="FILE", help="what the examples' entities are: a table of `zslre crawl` (JSON Lines)"
    )
    building.add_argument(
        "--crawl",
        action="store_true",
        help="ask Wikipedia and Wikidata what the examples' entities are; the answers are kept in OUT.hypernyms.jsonl",
    )
    building.add_argument("--offline", action="store_true", help="send no request: --crawl asks WordNet alone")
    building.add_argument(
        "--contact", default="", help="with --crawl: your e-mail address or web page, for the servers"
    )
    building.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="ID",
        help="a Wikidata property to know nothing of (repeatable)",
    )
    building.add_argument(
        "-m", "--model", type=model_folder, metavar="DIR", help="model that compares phrases (default: builtin)"
    )
    building.add_argument("--threads", type=positive, metavar="N", help="processor threads (default: all cores)")
    building.add_argument("-q", "--quiet", action="store_true", help="say only what went wrong")
    building.set_defaults(run=run_build, usage_error=building.error)

    showing = actions.add_parser(
        "show",
        help="show side information and its sources",
        description="Print each item of side information with its source, confidence and date.",
        epilog=SHOW_EXAMPLES,
        formatter_class=layout,
    )
    showing.add_argument("relations", metavar="FILE", help="a .json or .toml file")
    showing.set_defaults(run=run_show)


def run_build(arguments: argparse.Namespace) -> int:
    """Build side information. Everything is read and found before the output is touched."""
    if (arguments.crawl or arguments.hypernyms is not None) and arguments.examples is None:
        arguments.usage_error("--crawl and --hypernyms tell what the entities of examples are: give --examples too")
    if arguments.crawl and arguments.hypernyms is not None:
        arguments.usage_error("--crawl and --hypernyms do not go together: `zslre crawl` writes such a file")
    if arguments.crawl and not arguments.offline:
        _check_contact(arguments.contact)
    from zslre import relation_files
    from zslre.datasets.labels import read_known
    from zslre.extractor import RelationExtractor
    from zslre.relations import RelationSet
    from zslre.sideinfo.builder import build_side_information

    relations = RelationSet.from_file(arguments.relations)
    relation_files.check_writable(arguments.output)
    check_output_file(arguments.output, (arguments.examples, arguments.hypernyms))
    examples = list(read_known(arguments.examples, relations, None)) if arguments.examples is not None else []
    hypernyms = _hypernyms(arguments, examples)
    extractor = RelationExtractor.from_pretrained(arguments.model, threads=arguments.threads)
    built = build_side_information(
        relations,
        extractor.encoder,
        examples=examples,
        hypernyms=hypernyms,
        detector=extractor.detector if examples else None,
        exclude=arguments.exclude,
    )
    built.to_file(arguments.output)
    for relation in built:
        if warning := strict_types_warning(relation):
            print(f"zslre: {warning}", file=sys.stderr)
        if not arguments.quiet:
            print(printable(f"{relation.name}: {_counts(relation)}"), file=sys.stderr)
    return 0


def _check_contact(contact: str) -> None:
    from zslre.sideinfo.crawler import CrawlSettings

    try:
        _ = CrawlSettings(contact=contact).agent
    except InputError as error:
        raise InputError(
            "--crawl needs --contact with an e-mail address or a web page, in plain letters, so that whoever runs a "
            "site can reach you (or --offline, which sends no request)"
        ) from error


def run_show(arguments: argparse.Namespace) -> int:
    """Print every item with its source. Raises InputError, with another command, for the name of a relation."""
    from zslre.relations import RelationSet

    if not Path(arguments.relations).suffix and not Path(arguments.relations).exists():
        raise InputError(
            f"{arguments.relations}: no such file; to see a relation of the catalogue, write "
            f"{shlex.join(['zslre', 'relations', 'show', arguments.relations])}"
        )
    print("\n\n".join(describe(relation) for relation in RelationSet.from_file(arguments.relations)))
    return 0


def describe(relation: Relation) -> str:
    """The relation's items, one a line: kind, item, confidence, source, date, detail; last what the user took out."""
    sources = {source.key: source for source in relation.sources}
    rows: list[tuple[str, ...]] = []
    for field, title in _TITLES.items():
        for item in getattr(relation.side, field):
            source = sources.pop((field, item.casefold()), None)
            rows.append((title, item, *(_facts(source) if source is not None else ("", _YOURS, "", ""))))
    rows += [(f"not {_TITLES[source.field]}", source.item, *_facts(source)) for source in sources.values()]
    head = printable(f"{relation.name} ({relation.id})" if relation.id is not None else relation.name)
    if not rows:
        return f"{head}\n  nothing but its name{' and description' if relation.description else ''}"
    return "\n".join([head, *(f"  {line}" for line in aligned(rows))])


def _facts(source: Source) -> tuple[str, ...]:
    return f"{source.confidence:.2f}", source.source, source.date, source.detail


def _counts(relation: Relation) -> str:
    synonyms, keywords = len(relation.side.synonyms), len(relation.side.keywords)
    return f"{counted(synonyms, 'synonym')}, {types(relation)}, {counted(keywords, 'keyword')}"


def _hypernyms(arguments: argparse.Namespace, examples: Sequence[Example]) -> HypernymTable | None:
    from zslre.sideinfo.builder import entity_contexts
    from zslre.sideinfo.hypernyms import HypernymTable

    if arguments.hypernyms is not None:
        return HypernymTable.read(arguments.hypernyms)
    if not arguments.crawl:
        return None
    place = Path(arguments.output).with_suffix(".hypernyms.jsonl")
    return crawled(
        entity_contexts(examples), place, contact=arguments.contact, offline=arguments.offline, quiet=arguments.quiet
    )


def crawled(
    contexts: Mapping[str, str], place: Path, *, contact: str, offline: bool, quiet: bool = False
) -> HypernymTable:
    """What the crawler finds for the names, kept at `place`; `offline`: without a request, so from WordNet alone.

    `contexts`: name → sentences that it stands in. What could not be asked is said on standard error. Raises InputError
    where a table lies there that no crawl has written: its rows would be lost.
    """
    from zslre.sideinfo.crawler import CrawlSettings, Entity, crawl
    from zslre.sideinfo.crawler.crawler import journal_path

    if place.exists() and not journal_path(place).exists():
        raise InputError(
            f"{place}: is not from a crawl (it lacks its journal) and would be overwritten: give it as --hypernyms in "
            "place of --crawl, or move it"
        )
    sources: tuple[SourceName, ...] = ("wordnet",) if offline else ("wikipedia", "wikidata", "wordnet")
    entities = [Entity(name, context) for name, context in contexts.items()]
    progress = Progress(verbosity=-1 if quiet else 0)
    outcome = crawl(
        entities,
        place,
        CrawlSettings(contact=contact),
        sources=sources,
        on_progress=lambda report, counts: progress.update(
            lambda: f"asking for {len(entities):,} names: {report.tasks:,} steps, {counts.requests:,} pages fetched"
        ),
    )
    progress.finish(f"{sum(map(bool, outcome.table.values())):,} of {len(entities):,} names have hypernyms")
    tell_problems(outcome, place)
    return outcome.table
