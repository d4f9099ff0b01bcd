"""`zslre predict`: texts in, triples out."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from zslre.cli.models import load_extractor, model_folder
from zslre.cli.numbers import positive, probability
from zslre.cli.outputs import check_output_file, output_stream
from zslre.cli.progress import Progress, counted
from zslre.documents import STDIN, Document, read_documents
from zslre.exceptions import InputError
from zslre.output import FORMATS, open_writer, write_mentions
from zslre.pipeline import BATCH_SIZE, TOP_K, extract_documents, mentions_of
from zslre.relation_files import SUFFIXES as RELATION_SUFFIXES
from zslre.resuming import resume_point

if TYPE_CHECKING:
    from zslre.cli import Subparsers
    from zslre.types import Triple

DESCRIPTION = """\
Find relation triples in text files (.txt, .md), JSON Lines files (.jsonl) or standard input.

A line of JSON Lines is an object {"text": "…"}; it may have an "id", and "mentions": [[start, end], [start, end, type]]
(characters, end exclusive) in place of the recognised ones. Other keys are left alone. Folders are searched for such
files, links included; files and folders whose names begin with a dot are left out. Standard input is JSON Lines if it
begins with such a line, else plain text. All text is UTF-8.
"""
EXAMPLES = """\
examples:
  echo "Marie Curie was born in Warsaw." | zslre predict -
  zslre predict report.txt
  zslre predict report.txt --relation "acquired by" --relation "works for"
  zslre predict articles/ -r schema.toml --threshold 0.8 -o triples.jsonl
  zslre predict articles/ -r schema.toml --threshold 0.8 -o triples.jsonl --resume
  zslre predict articles/ -r schema.toml --hypernyms hypernyms.jsonl --explain
  zslre predict report.txt --verify verifier/
  zslre predict report.txt --mentions-only -o report.jsonl  # to correct, and read instead
  zslre predict report.txt --format csv > triples.csv
"""

_FORMAT_OF_SUFFIX = {".csv": "csv", ".txt": "table"}
_NOT_WRITTEN = (".docx", ".html", ".parquet", ".pdf", ".tsv", ".xls", ".xlsx", ".xml")


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb `predict`."""
    parser = subparsers.add_parser(
        "predict",
        help="find triples in text",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="*", metavar="FILE|DIR|-", help="what to read; '-' is standard input")
    parser.add_argument("-m", "--model", type=model_folder, metavar="DIR", help="a model folder (default: builtin)")
    parser.add_argument(
        "-r",
        "--relations",
        action="append",
        default=[],
        metavar="FILE",
        help="the relations to find: a .json or .toml file; may be given again",
    )
    parser.add_argument(
        "--relation",
        action="append",
        default=[],
        metavar="NAME",
        help="a relation to find: a name of your own, or one of 'zslre relations list'; may be given again",
    )
    parser.add_argument(
        "--hypernyms", metavar="FILE", help="what entities are (JSON Lines); counts for the types that relations want"
    )
    parser.add_argument(
        "--verify",
        metavar="DIR",
        help="a verifier's folder: it reads the best relations of each pair again, slower, and its scores are printed",
    )
    parser.add_argument(
        "--ner",
        metavar="builtin|spacy|spacy:NAME",
        help="what recognises entities: the model's own tagger, spaCy's small English pipeline or another of spaCy's "
        "(default: the model's own, the built-in one's if it has none)",
    )
    parser.add_argument(
        "--threshold",
        type=probability,
        metavar="P",
        help="least score of a triple, 0 to 1 (default: the model's, or the verifier's)",
    )
    parser.add_argument(
        "--top-k", type=positive, default=TOP_K, metavar="K", help=f"relations a pair may have (default: {TOP_K})"
    )
    parser.add_argument("--explain", action="store_true", help="show what adds up to the log odds of each score")
    parser.add_argument(
        "--mentions-only",
        action="store_true",
        help="find no triples, but write what is recognised, as JSON Lines that zslre reads",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="default: by the suffix of -o (.csv; .txt: table; else jsonl); to a terminal table, else jsonl",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE (default: standard output)")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on behind the documents that -o has (JSON Lines only); give the options that it was begun with",
    )
    parser.add_argument("--skip-bad", action="store_true", help="report what cannot be read and go on")
    parser.add_argument(
        "--batch-size",
        type=positive,
        default=BATCH_SIZE,
        metavar="N",
        help=f"sentences that are worked on together (default: {BATCH_SIZE})",
    )
    parser.add_argument("--threads", type=positive, metavar="N", help="processor threads (default: all cores)")
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    loudness.add_argument("-v", "--verbose", action="store_true", help="show progress and a summary in log files too")
    parser.set_defaults(run=run, usage_error=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; see `zslre.cli.main` for the exit status and what errors become."""
    paths = arguments.paths if arguments.paths else [STDIN]
    format = _format(arguments)
    _check_usage(arguments, format)
    check_output_file(arguments.output, [*paths, *arguments.relations, arguments.hypernyms])
    progress = Progress(verbosity=_verbosity(arguments))
    counts = _Counts("mention" if arguments.mentions_only else "triple")

    def on_bad(error: InputError) -> None:
        if not arguments.skip_bad:
            more = len(paths) > 1 or _holds_several(paths[0])
            raise InputError(f"{error}{' (--skip-bad leaves out what cannot be read)' if more else ''}") from error
        counts.skipped += 1
        progress.clear()
        print(f"zslre: skipped: {error}", file=sys.stderr)

    documents = read_documents(paths, on_bad=on_bad)
    extractor = load_extractor(arguments)
    done, size = Counter[str](), 0
    if arguments.resume and os.path.exists(arguments.output):
        least = arguments.threshold if arguments.threshold is not None else extractor.threshold
        names, explain = extractor.relations.names, arguments.explain
        done, size = resume_point(Path(arguments.output), names, threshold=least, explain=explain)
        counts.before = done.total()

    def count(sentences: int) -> None:
        counts.sentences += sentences
        progress.update(counts.text)

    found: Iterable[tuple[Document, Iterator[Triple]]]
    if arguments.mentions_only:
        found = ((document, iter(())) for document in documents)
    else:
        found = extract_documents(
            extractor,
            _without(documents, done),
            threshold=arguments.threshold,
            top_k=arguments.top_k,
            explain=arguments.explain,
            batch_size=arguments.batch_size,
            on_sentences=count,
        )
    with output_stream(arguments.output, format, size) as stream:
        try:
            writer = open_writer(format, stream, explain=arguments.explain)
            for document, triples in found:
                try:
                    if arguments.mentions_only:
                        read = mentions_of(extractor, document, batch_size=arguments.batch_size, on_sentences=count)
                        counts.found += write_mentions(stream, document.id, *read)
                    else:
                        counts.found += writer.write(document.id, triples)
                except InputError as error:
                    on_bad(error)
                else:
                    counts.documents += 1
        except KeyboardInterrupt as stop:
            progress.clear()
            resumable = arguments.output is not None and format == "jsonl" and not arguments.mentions_only
            if resumable and STDIN not in paths:
                raise KeyboardInterrupt("the same command with --resume goes on") from stop
            raise
    progress.finish(counts.text())
    if counts.skipped:
        print(f"zslre: {counted(counts.skipped, 'bad input')} skipped", file=sys.stderr)
        if not counts.documents and not counts.before:
            raise InputError("nothing could be read: every input was skipped")
    return 0


def _holds_several(path: str) -> bool:
    """Whether there may be more to read in it than what is bad."""
    return os.path.isdir(path) or (os.path.exists(path) and path.lower().endswith(".jsonl"))


@dataclass
class _Counts:
    what: str
    documents: int = 0
    sentences: int = 0
    found: int = 0
    skipped: int = 0
    before: int = 0
    started: float = field(default_factory=time.monotonic)

    def text(self) -> str:
        seconds = max(time.monotonic() - self.started, 1e-3)
        parts = [
            counted(self.documents, "document"),
            counted(self.sentences, "sentence"),
            counted(self.found, self.what),
            f"{self.sentences / seconds:,.0f} sentences/s",
        ]
        if self.before:
            parts.append(f"{counted(self.before, 'document')} done before")
        return ", ".join(parts)


def _without(documents: Iterator[Document], done: Counter[str]) -> Iterator[Document]:
    """The documents that are not done; of several with one id, as many of the first are passed over as are done."""
    for document in documents:
        if done[document.id] > 0:
            done[document.id] -= 1
        else:
            yield document


def _format(arguments: argparse.Namespace) -> str:
    if arguments.format is not None:
        return str(arguments.format)
    if arguments.output is not None:
        suffix = Path(arguments.output).suffix.lower()
        if suffix in _NOT_WRITTEN:
            arguments.usage_error(f"-o: no {suffix} is written: name a .jsonl, .csv or .txt file, or give --format")
        return _FORMAT_OF_SUFFIX.get(suffix, "jsonl")
    return "table" if sys.stdout.isatty() and not arguments.mentions_only else "jsonl"


def _check_usage(arguments: argparse.Namespace, format: str) -> None:
    if not arguments.paths and sys.stdin.isatty():
        arguments.usage_error("name a FILE or DIR to read, or '-' to type a text")
    for name in arguments.relation:
        if name.lower().endswith(RELATION_SUFFIXES):
            arguments.usage_error(f"--relation takes a relation's name; to read the file {name}, write -r {name}")
    if arguments.mentions_only:
        others = ("relations", "relation", "hypernyms", "verify", "threshold", "explain", "resume")
        given = {name: getattr(arguments, name) for name in others}
        needless = [f"--{name}" for name, value in given.items() if value not in (None, []) and value is not False]
        needless += ["--top-k"] if arguments.top_k != TOP_K else []
        if needless:
            arguments.usage_error(f"--mentions-only finds no triples: leave out {', '.join(needless)}")
        if format != "jsonl":
            arguments.usage_error(f"--mentions-only writes JSON Lines, not {format}")
    if arguments.resume and STDIN in (arguments.paths or [STDIN]):
        arguments.usage_error("--resume cannot tell one text of standard input from another: name a FILE or DIR")
    if arguments.resume and arguments.output is None:
        arguments.usage_error("--resume needs -o FILE: it goes on from what that file holds")
    if arguments.resume and format != "jsonl":
        arguments.usage_error(
            f"--resume needs JSON Lines output, not {format}: only there can one see which documents are done, "
            "those without a triple included"
        )


def _verbosity(arguments: argparse.Namespace) -> int:
    """1, 0 or -1: on a terminal that shows the triples, a line of progress would get between them."""
    if arguments.quiet or (not arguments.verbose and arguments.output is None and sys.stdout.isatty()):
        return -1
    return int(arguments.verbose)
