"""Distillation where the tested relations were never seen: accuracy of a split's teacher and of its students.

    zslre evaluate train_wiki.json val_wiki.json --setting zero-shot --split re_matching/m15/40 \\
        --train train_wiki.json val_wiki.json --work build/splits
    python scripts/distill_splits.py build/splits/zero-shot-re_matching-m15-40-seed0 --split re_matching/m15/40 \\
        --data train_wiki.json val_wiki.json --work build/distilled

The students: in float32 (`float`; the teacher itself unless --base names a narrower encoder to start from), in 8 bits
(`int8`), ternary (`ternary`), ternary with tuned layers and no step of the whole (`untrained`), ternary with layers
that are fitted and rounded and not tuned either (`rounded`), and, with --base, ternary straight from the teacher
without the float student's help (`straight`). What they are shown are the rows of --data without the split's unseen
relations, their inverses and the tested sentences. Finished models are used again, stopped runs go on. Prints a table
and writes it to WORK/SPLIT.json. With `--also re_matching/m10/40` the models are tested on that split as well, whose
unseen relations must be among those of --split.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from zslre.cli import main as zslre
from zslre.cli.stopping import stop_after_step
from zslre.datasets.splits import published_split
from zslre.encoder.transformer import bf16_is_fast
from zslre.evaluation.tasks import make_task, read_labelled
from zslre.exceptions import InputError
from zslre.mentions import load_detector
from zslre.training.distillation import DistillationConfig
from zslre.training.distilled import distill_model
from zslre.training.observer import Observer
from zslre.training.unseen import fit_for_training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teacher", type=Path, help="model folder that was trained for the split")
    parser.add_argument("--split", required=True)
    parser.add_argument(
        "--data", nargs="+", type=Path, required=True, help="FewRel's train_wiki.json and val_wiki.json"
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for students and figures")
    parser.add_argument("-r", "--relations", type=Path, help="relation file for the test (default: the catalogue)")
    parser.add_argument("--also", nargs="+", default=[], metavar="SPLIT", help="other splits to test on")
    parser.add_argument("--base", help="encoder that the students start from, if not the teacher")
    every = ["float", "int8", "ternary", "untrained", "rounded", "straight"]
    parser.add_argument("--students", nargs="+", choices=every, default=every)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    split = published_split(args.split)
    data = read_labelled(args.data, None)
    examples = fit_for_training(data, make_task("zero-shot", data, split, row_split=False))
    folder = args.work / split.name.replace("/", "-")
    floats = folder / "float" if args.base is not None else args.teacher
    tuned = DistillationConfig().layer_steps
    # Name: what it learns from, what it starts from (None: the same), bits, steps, steps of each layer before those.
    recipes: dict[str, tuple[Path, str | None, str, int, int]] = {
        "float": (args.teacher, args.base, "32", args.steps, tuned),
        "int8": (floats, None, "8", args.steps, tuned),
        "ternary": (floats, None, "ternary", args.steps, tuned),
        "untrained": (floats, None, "ternary", 0, tuned),
        "rounded": (floats, None, "ternary", 0, 0),
        "straight": (args.teacher, args.base, "ternary", args.steps, tuned),
    }
    if args.base is None:
        recipes = {name: recipe for name, recipe in recipes.items() if name not in ("float", "straight")}
    models = {"teacher": args.teacher}
    for name, (teacher, base, bits, steps, layer_steps) in recipes.items():
        if name not in args.students:
            continue
        models[name] = folder / name
        if models[name].exists():
            continue
        print(f"{name}: {bits} bits, {steps} steps, from {teacher}", file=sys.stderr, flush=True)
        config = DistillationConfig(
            steps=steps,
            learning_rate=args.learning_rate,
            bf16=bf16_is_fast(),
            seed=args.seed,
            layer_steps=layer_steps,
        )
        with stop_after_step() as stopped:
            distill_model(
                teacher,
                examples,
                data.relations,
                models[name],
                config,
                bits=bits,
                base=base,
                detector=load_detector(),
                hold_out=sorted({r.name for key in split.dev if (r := data.relations.get(key))} & _seen(examples)),
                work=folder / f"{name}.training",
                resume=True,
                names=[path.name for path in args.data],
                observer=Observer(lambda line: print(line, file=sys.stderr, flush=True), stopped=stopped),
            )
    figures: dict[str, dict[str, Any]] = {}
    for name, model in models.items():
        scores = {some: _score(model, args, some, folder / f"{name}.json") for some in (args.split, *args.also)}
        figures[name] = {"macro_f1": scores, "bytes": (model / "encoder.safetensors").stat().st_size}
        print(f"{name:10} {figures[name]['bytes'] / 1e6:6.1f} MB", *(f"{s} {f1:.4f}" for s, f1 in scores.items()))
    (args.work / f"{split.name.replace('/', '-')}.json").write_text(json.dumps(figures, indent=1) + "\n")


def _seen(examples: list[Any]) -> set[str]:
    return {example.relation for example in examples if example.relation is not None}


def _score(model: Path, args: argparse.Namespace, split: str, output: Path) -> float:
    """Zero-shot macro-F1 on a split's test relations."""
    if split != args.split:
        output = output.with_stem(f"{output.stem}-{split.replace('/', '-')}")
    if not output.exists():
        output.parent.mkdir(parents=True, exist_ok=True)
        command = ["evaluate", *map(str, args.data), "--setting", "zero-shot", "--split", split, "-m", str(model)]
        command += ["-r", str(args.relations)] if args.relations is not None else []
        if zslre([*command, "--json", str(output), "-q"]) != 0:
            raise InputError(f"{model} could not be evaluated")
    return float(json.loads(output.read_text())["outcomes"][0]["figures"]["macro_f1"])


if __name__ == "__main__":
    main()
