"""Our figures beside the published ones, as a Markdown table.

    python scripts/bench/table.py docs/results/*.json

Reads what `zslre evaluate --json` wrote; files of other benchmarks are named and passed over. published.toml beside
this script says which published figure belongs to which setting. A result without one stands alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from zslre.evaluation.tables import FIGURES, describe, mean_spread, piped

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HEADER = ["setting", "figure", "ours", "runs", "published", "by", "run"]
# The figure that a setting is known by, where nothing published says another.
MAIN = {"few-shot": "accuracy", "combined": "harmonic_mean", "extraction": "f1"}
# Details that a reader needs to know what was measured; the rest stands below, with the command.
SHOWN = ("data", "split", "m", "ways", "shots", "none_rate", "side_information", "mentions")


def main() -> None:
    """Print the table, and below it how each run was made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="+", type=Path, help="files of zslre evaluate --json")
    parser.add_argument("--published", type=Path, default=Path(__file__).with_name("published.toml"))
    arguments = parser.parse_args()

    published = tomllib.loads(arguments.published.read_text(encoding="utf-8"))["published"]
    rows, runs = [HEADER], []
    for path in arguments.results:
        scores = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(scores, dict) or "summary" not in scores:
            print(f"passed over, not written by zslre evaluate: {path}", file=sys.stderr)
            continue
        for kind in scores["summary"]:
            runs.append(made_by(kind, path))
            rows += [[*row, str(len(runs))] for row in beside(kind, published)]
    if not runs:
        sys.exit("no file was written by zslre evaluate --json: there is nothing to compare")
    print(piped(rows))
    print("\nIn percent; ±: sample standard deviation over the runs.\n")
    print("\n".join(f"{number}. {run}" for number, run in enumerate(runs, 1)))


def beside(kind: Mapping[str, Any], published: list[dict[str, Any]]) -> list[list[str]]:
    """Our figure and each published one that belongs to it; alone, if there is none."""
    setting = describe(kind["setting"], {key: kind["details"][key] for key in SHOWN if key in kind["details"]})
    found = [(p["figure"], f"{p['percent']:.1f}", p["by"]) for p in published if belongs(p, kind)]
    return [
        [setting, FIGURES[figure], mean_spread(kind["figures"][figure]), str(kind["outcomes"]), percent, by]
        for figure, percent, by in found or [(MAIN.get(kind["setting"], "macro_f1"), "", "")]
    ]


def belongs(published: Mapping[str, Any], kind: Mapping[str, Any]) -> bool:
    """Whether the result is of the setting, and has the details, that the published figure names."""
    return published["setting"] == kind["setting"] and all(
        key in kind["details"] and agrees(wanted, kind["details"][key]) for key, wanted in published["where"].items()
    )


def agrees(wanted: str | float, found: Any) -> bool:
    """A text may hold * and ?; a number is equal or not.

    >>> agrees("*/m15/*", "re_matching/m15/40"), agrees(0, 0.0), agrees(5, 10)
    (True, True, False)
    """
    return fnmatchcase(str(found), wanted) if isinstance(wanted, str) else bool(found == wanted)


def made_by(kind: Mapping[str, Any], path: Path) -> str:
    """Model, seeds and splits, command, and the file with the details."""
    parts = [f"{key} {kind['details'][key]}" for key in ("model", "seed") if key in kind["details"]]
    parts += [f"{key} {', '.join(map(str, values))}" for key, values in kind["varied"].items()]
    command = f"`{kind['details']['command']}`" if "command" in kind["details"] else "command not recorded"
    return f"{command} ({'; '.join([*parts, path.name])})"


if __name__ == "__main__":
    main()
