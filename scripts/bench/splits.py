r"""Zero-shot on every published split: trains the models, tests them, and writes a file of figures for each number of
unseen relations. For a night, or a GPU.

    python scripts/bench/automatic_relations.py -o build/automatic.json
    python scripts/bench/splits.py --steps 350
    python scripts/bench/splits.py --steps 350 --transductive
    python scripts/bench/splits.py --only relation_prompt --dry-run
    python scripts/bench/splits.py --steps 160 --learning-rate 4e-5 \
        --base sentence-transformers/all-mpnet-base-v2 --markers text \
        --extra wikizsl/wikizsl67.json --work build/mpnet --results build/results

Run again, it goes on where it was stopped: finished models are used again, and finished files of figures are passed
over. The splits of one author and seed are nested: the five unseen relations are among the ten, and those among the
fifteen. So one model serves them all: the one that was trained without the fifteen (or ten). For the smaller tests this
is stricter than their authors are, who train on the ten others as well.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from zslre.cli.training import MARKER_PLACES, MARKERS_HELP
from zslre.datasets.splits import published_split, published_splits

# RE-Matching's splits of Wiki-ZSL are not here: they are of 113 relations, and the file has RelationPrompt's 67.
FAMILIES = ("re_matching", "relation_prompt", "relation_prompt/wiki")
SIZES = (15, 10, 5)
FEWREL = ("fewrel/train_wiki.json", "fewrel/val_wiki.json")
WIKIZSL = ("wikizsl/wikizsl67.json",)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("-r", "--relations", type=Path, default=Path("build/automatic.json"))
    parser.add_argument("--work", type=Path, default=Path("build/splits"))
    parser.add_argument("--results", type=Path, default=Path("docs/results"))
    parser.add_argument("--steps", type=int, default=350)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--base", help="base encoder (default: all-MiniLM-L6-v2)")
    parser.add_argument("--markers", choices=MARKER_PLACES, help=MARKERS_HELP)
    parser.add_argument("--extra", nargs="*", default=["redocred/dev_revised.json"], help="to train on as well")
    parser.add_argument("--only", choices=FAMILIES, action="append", help="default: all")
    parser.add_argument("--transductive", action="store_true", help="test so, into files of their own")
    parser.add_argument("--dry-run", action="store_true", help="print the commands")
    args = parser.parse_args()
    for command, result in (found for family in args.only or FAMILIES for found in commands(args, family)):
        if result.exists() and not args.dry_run:
            print(f"{result}: finished before", flush=True)
            continue
        print("zslre", shlex.join(command), flush=True)
        if not args.dry_run:
            # Written aside: `zslre evaluate` writes after each split, and a file that is there is a whole one.
            partial = result.with_suffix(".partial")
            subprocess.run([sys.executable, "-m", "zslre", *command, "--json", str(partial)], check=True)
            partial.replace(result)


def commands(args: argparse.Namespace, family: str) -> Iterator[tuple[list[str], Path]]:
    """The arguments of each `zslre evaluate`, and the file of its figures: largest m first, which trains the models."""
    data = [str(args.data / name) for name in (WIKIZSL if family.endswith("wiki") else FEWREL)]
    # Wiki-ZSL has rows whose head or tail is empty.
    shared = ["evaluate", *data, "--setting", "zero-shot", "-r", str(args.relations), "--skip-bad"]
    shared += ["--transductive"] if args.transductive else []
    setting = "transductive" if args.transductive else "zero_shot"
    training = ["--train", *data, *(str(args.data / name) for name in args.extra), "--work", str(args.work)]
    training += ["--steps", str(args.steps), "--learning-rate", str(args.learning_rate), "--resume"]
    training += ["--base", args.base] if args.base is not None else []
    training += ["--markers", args.markers] if args.markers is not None else []
    models: dict[str, str] = {}  # a split that a model is trained for → its folder
    for m in SIZES:
        splits = [name for name in published_splits() if name.rpartition("/")[0] == f"{family}/m{m}"]
        new = [name for name in splits if trained_without(name, models) is None]
        models |= {name: str(args.work / f"zero-shot-{name.replace('/', '-')}-seed0") for name in new}
        figures = f"{setting}_{family.replace('/', '_')}_m{m}.json"
        if new:
            yield [*shared, "--split", *new, *training], (args.results if new == splits else args.work) / figures
        if splits and new != splits:
            own = [part for name in splits for part in ("-m", str(trained_without(name, models)))]
            yield [*shared, "--split", *splits, *own], args.results / figures


def trained_without(name: str, models: dict[str, str]) -> str | None:
    """The folder of a model that saw none of this split's relations, if there is one of the same author and seed."""
    seed, test = name.rpartition("/")[2], set(published_split(name).test)
    fits = (m for split, m in models.items() if split.endswith(f"/{seed}") and test <= set(published_split(split).test))
    return next(fits, None)


if __name__ == "__main__":
    main()
