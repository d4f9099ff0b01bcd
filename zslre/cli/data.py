"""`zslre data`: public datasets, listed and fetched."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from zslre.cli.progress import Progress
from zslre.exceptions import DownloadError
from zslre.paths import cache_dir

if TYPE_CHECKING:
    from zslre.cli import Subparsers

SOURCE_VARIABLE = "ZSLRE_DATA_SOURCE"
DESCRIPTION = f"""\
Public datasets: what there is, and fetching it into the data folder (default: `data` in zslre's cache folder).

Each file is checked by its SHA-256 before it gets its name, and an interrupted download goes on where it stopped.
Files come from their authors' addresses, or with --source, or {SOURCE_VARIABLE} in the environment, from a mirror
that has them under the names that the list shows. On a machine without a network, put them there by hand: `fetch`
says where.
"""
EXAMPLES = """\
examples:
  zslre data list
  zslre data fetch fewrel
  zslre data fetch fewrel/val_wiki.json redocred --dest datasets
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb `data`."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser(
        "data", help="list and fetch public datasets", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=raw
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list",
        help="show what can be fetched",
        description="Show the files with size, licence and content; a star marks those that are there.",
        epilog="example:\n  zslre data list",
        formatter_class=raw,
    )
    fetching = actions.add_parser(
        "fetch",
        help="download files and check them",
        description="Download files, or all files of a folder, and print where they are.",
        epilog="example:\n  zslre data fetch fewrel redocred/dev_revised.json",
        formatter_class=raw,
    )
    fetching.add_argument("names", nargs="+", metavar="NAME", help="a file or folder of `zslre data list`")
    fetching.add_argument(
        "--source",
        metavar="URL",
        default=os.environ.get(SOURCE_VARIABLE) or None,
        help=f"a mirror (default: ${SOURCE_VARIABLE}, else the authors' addresses)",
    )
    fetching.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    for action in (listing, fetching):
        action.add_argument("--dest", metavar="DIR", type=Path, help="the data folder (default: in the cache folder)")
    listing.set_defaults(run=run_list)
    fetching.set_defaults(run=run_fetch)


def run_list(arguments: argparse.Namespace) -> int:
    """Print a line for each file."""
    from zslre.datasets.registry import FILES

    folder = _folder(arguments)
    print(f"data folder: {folder}")
    width = max(len(file.name) for file in FILES)
    for file in FILES:
        there = "*" if (folder / file.name).exists() else " "
        print(f"{there} {file.name:{width}}  {file.size / 1e6:5.1f} MB  {file.what} ({file.licence})")
    return 0


def run_fetch(arguments: argparse.Namespace) -> int:
    """Fetch the files, print their paths; 1 if any could not be had, after the others are fetched."""
    from zslre.datasets.fetch import fetch
    from zslre.datasets.registry import select

    status = 0
    progress = Progress(verbosity=-1 if arguments.quiet else 0)
    for file in select(arguments.names):

        def show(done: int, name: str = file.name, size: int = file.size) -> None:
            progress.update(lambda: f"{name}: {done / 1e6:.1f} of {size / 1e6:.1f} MB")

        try:
            path = fetch(file, _folder(arguments), source=arguments.source, on_bytes=show)
        except DownloadError as error:
            progress.clear()
            print(f"zslre: error: {error}", file=sys.stderr)
            status = 1
        else:
            progress.clear()
            print(path, flush=True)
    return status


def _folder(arguments: argparse.Namespace) -> Path:
    return arguments.dest if arguments.dest is not None else cache_dir() / "data"
