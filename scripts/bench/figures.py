"""Write what the built-in model's benchmarks found into the pages that tell it.

    python scripts/bench/figures.py            # rewrites docs/benchmarks.md and docs/side-info.md
    python scripts/bench/figures.py --check    # says what would change, exit status 1 if anything
    python scripts/bench/figures.py --row s    # prints the model's row for the table of docs/history.md

A page has stretches between `<!-- figures: NAME -->` and `<!-- end -->`; each is replaced by what the function of that
name makes of the files in docs/results.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from figure_tables import FIGURES, Results, by_threshold, three

from zslre.evaluation.tables import percent

ROOT = Path(__file__).parent.parent.parent
PAGES = ("docs/benchmarks.md", "docs/side-info.md")
_STRETCH = re.compile(r"(<!-- figures: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--row", metavar="LETTER", help="print a row of what shipped, and write nothing")
    args = parser.parse_args()
    if args.row is not None:
        print(row(read, args.row))
        return 0
    changed = False
    for page in PAGES:
        before = (ROOT / page).read_text(encoding="utf-8")
        after = filled(before, read)
        if after != before:
            changed = True
            print(f"{page} {'is not' if args.check else 'was not'} as docs/results has it", file=sys.stderr)
            if not args.check:
                (ROOT / page).write_text(after, encoding="utf-8")
    return int(args.check and changed)


def read(name: str) -> Any:
    return json.loads((ROOT / "docs/results" / f"{name}.json").read_text(encoding="utf-8"))


def filled(page: str, results: Results) -> str:
    """The page with its stretches written anew."""

    def stretch(found: re.Match[str]) -> str:
        return f"{found[1]}{FIGURES[found['name']](results)}\n{found[3]}"

    return _STRETCH.sub(stretch, page)


def row(results: Results, letter: str) -> str:
    """The built-in model in one row, for the table of those that shipped."""
    d, r, c = results("documents"), results("redocred"), results("challenge_builtin")["given mentions"]
    threshold = d["threshold"]
    crowd = by_threshold(results, "crowded")[threshold]["weighed"]["crowded"]
    recalls = (percent(c[name]["recall"]) for name in ("plain", "direction", "neighbour", "pronoun"))
    false = (
        percent(c[n]["false, asked"]) for n in ("cooccurrence", "negation", "hypothetical", "neighbour", "pronoun")
    )
    cells = [
        letter,
        f"{threshold:.2f}",
        f"{d['printed']}, {percent(d['precision'])}, {percent(d['recall'])}",
        percent(d["of these found"] / d["named in one sentence"]),
        ", ".join(three(r["gold mentions"])),
        ", ".join(three(r["predicted mentions"])),
        f"{percent(crowd['precision'])}, {percent(crowd['recall'])}",
        ", ".join(recalls),
        percent(c["direction"]["right direction"]),
        ", ".join(false),
        percent(results("mentions")["redocred, last 250 dev documents"]["builtin"]["f1"]),
    ]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
