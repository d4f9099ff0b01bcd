"""The command line: `zslre VERB …`, one module a verb.

A verb's module has `add_parser(subparsers)`, which sets `run` as a default: a function from the parsed arguments to the
exit status. Modules import what is heavy (NumPy, spaCy, the model) inside `run`: help and usage errors are quick.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from zslre._version import __version__
from zslre.exceptions import ZslreError

if TYPE_CHECKING:
    Subparsers: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

VERBS = ("predict", "train", "distill", "evaluate", "side-info", "crawl", "convert", "data", "relations", "info")

EXAMPLES = """\
examples:
  echo "Marie Curie was born in Warsaw." | zslre predict -
  zslre predict report.txt
  zslre predict report.txt --relation "acquired by" --relation "works for"
  zslre relations list acquire

Each command has its own help with an example: zslre COMMAND --help
"""

# What a shell reports for a process that the signal ended: 128 + SIGINT, 128 + SIGPIPE.
INTERRUPTED = 130
PIPE_CLOSED = 141


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line, with every verb in it."""
    parser = argparse.ArgumentParser(
        prog="zslre",
        description="Extract relation triples from text, for relations that you name yourself.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action="version", version=f"zslre {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for verb in VERBS:
        importlib.import_module(f"zslre.cli.{verb.replace('-', '_')}").add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's own) and return the exit status.

    0: done; 1: an error that the message explains; 130: interrupted. Usage errors leave with status 2 through
    `SystemExit`, as `argparse` does it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (open as long as the process)
    try:
        try:
            arguments = build_parser().parse_args(argv)
            status: int = arguments.run(arguments)
        finally:
            sys.stdout.flush()  # here, so that a full disk or a closed pipe is seen and not lost at interpreter exit
    except ZslreError as error:
        return _fail(str(error))
    except KeyboardInterrupt as stop:
        print(f"zslre: interrupted{f': {stop}' if stop.args else ''}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone, as in `zslre … | head`. What is still buffered must not complain when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        reason = error.strerror if error.strerror is not None else str(error)
        return _fail(f"{error.filename}: {reason}" if error.filename is not None else reason)
    return status


def _fail(message: str) -> int:
    print(f"zslre: error: {message}", file=sys.stderr)
    return 1
