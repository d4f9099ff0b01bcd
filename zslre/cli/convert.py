"""`zslre convert`: examples from one format into another."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from zslre.cli.outputs import check_output_file
from zslre.cli.progress import Progress, SkippedRows, counted
from zslre.exceptions import InputError

if TYPE_CHECKING:
    from zslre.cli import Subparsers
    from zslre.types import Example

DESCRIPTION = """\
Convert a dataset into JSON Lines or FewRel's format.

SRC may be our JSON Lines (jsonl), FewRel 1.0, 2.0 and Wiki-ZSL (fewrel), NYT as OpenNRE's JSON lines (nyt-opennre), as
texts with triple lists (nyt-triples) or as Riedel's bags (nyt-riedel), DocRED and Re-DocRED (docred), SemEval-2010 task
8 (semeval), or CoNLL-style span JSON (spans). Which it is, its content tells.

jsonl keeps all that zslre reads. fewrel keeps sentences, heads, tails and relations, "NA" for none; it has no place for
types and other mentions, and makes two words of one where a mention ends within it. DEST appears when it is whole,
with the folders that it lies in. Labels stay as they are, NYT's Freebase paths too; the commands that read DEST make
names of them.
"""
EXAMPLES = """\
examples:
  zslre convert dev_revised.json dev.jsonl --to jsonl
  zslre convert nyt10.txt nyt10.json --to fewrel --from nyt-riedel --skip-bad
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb `convert`."""
    parser = subparsers.add_parser(
        "convert",
        help="convert a dataset into another format",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SRC", help="the file to read")
    parser.add_argument("destination", metavar="DEST", help="the file to write")
    parser.add_argument("--to", required=True, choices=("jsonl", "fewrel"), help="the format to write")
    parser.add_argument("--from", dest="format", metavar="FORMAT", help="the format of SRC (default: by its content)")
    parser.add_argument("--skip-bad", action="store_true", help="report rows that cannot be used and go on")
    parser.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `zslre convert`."""
    from zslre.datasets import WRITERS, read_dataset

    source, destination = arguments.source, arguments.destination
    if os.path.exists(destination) and os.path.samefile(source, destination):
        raise InputError(f"{destination}: is the file to read, and would be written; give another name to write to")
    check_output_file(destination, ())
    progress = Progress(verbosity=-1 if arguments.quiet else 0)
    skipped = SkippedRows(progress, arguments.skip_bad)
    examples = read_dataset(source, format=arguments.format, on_bad=skipped)
    count = WRITERS[arguments.to](destination, _watched(examples, progress))
    progress.clear()
    print(f"{destination}: {counted(count, 'example')}", file=sys.stderr)
    skipped.summarize()
    return 0


def _watched(examples: Iterable[Example], progress: Progress) -> Iterator[Example]:
    number = 0

    def state() -> str:
        return f"{number:,} examples"

    for number, example in enumerate(examples, start=1):  # noqa: B007 (`state` tells it)
        yield example
        progress.update(state)
