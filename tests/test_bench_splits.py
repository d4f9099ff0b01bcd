"""The commands of scripts/bench/splits.py."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from zslre.cli import build_parser
from zslre.datasets.splits import published_split, published_splits
from zslre.meanings import training_leaks
from zslre.relations import catalogue

SCRIPT = Path(__file__).parent.parent / "scripts" / "bench" / "splits.py"


@pytest.fixture(scope="module")
def commands() -> list[list[str]]:
    printed = subprocess.run([sys.executable, str(SCRIPT), "--dry-run"], capture_output=True, text=True, check=True)
    return [shlex.split(line)[1:] for line in printed.stdout.splitlines()]


def test_every_published_split_is_tested_by_a_model_that_saw_none_of_its_relations(commands: list[list[str]]) -> None:
    parsed = [build_parser().parse_args(command) for command in commands]
    assert all(command[0] == "evaluate" for command in commands)
    made = {f"zero-shot-{name.replace('/', '-')}-seed0": name for a in parsed if a.train for name in a.split}
    tested = Counter(name for args in parsed for name in args.split)
    families = ("re_matching/m", "relation_prompt/")
    wanted = {name for name in published_splits() if name.startswith(families)}
    assert set(tested) == wanted
    for args in parsed:
        assert args.resume or not args.train
        for name, model in zip(args.split, args.model or (), strict=bool(args.model)):
            left_out = published_split(made[Path(model).name])
            assert set(published_split(name).test) <= set(left_out.test)
            kept = catalogue().without(training_leaks(left_out.test, catalogue()))
            assert not training_leaks(published_split(name).test, kept)


def test_as_few_models_as_can_be_are_trained(commands: list[list[str]]) -> None:
    trained = [
        name for command in commands for name in build_parser().parse_args(command).split if "--train" in command
    ]
    assert len(trained) == len(set(trained)) == 5 + 5 + 5  # the last: m5 of Wiki-ZSL but for one, and its m10


def test_base_and_markers_are_handed_on() -> None:
    options = ["--base", "large", "--markers", "text", "--steps", "7", "--work", "w", "--dry-run"]
    printed = subprocess.run([sys.executable, str(SCRIPT), *options], capture_output=True, text=True, check=True)
    for line in printed.stdout.splitlines():
        args = build_parser().parse_args(shlex.split(line)[1:])
        wanted = ("large", "text", 7, Path("w")) if args.train else (None, None, None, None)
        assert (args.base, args.markers, args.steps, args.work) == wanted
