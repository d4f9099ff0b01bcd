"""The script that puts our figures beside the published ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from outcomes import outcome

from zslre.evaluation import report
from zslre.evaluation.outcome import Outcome


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "published.toml"
    path.write_text(
        "[[published]]\n"
        'setting = "zero-shot"\nfigure = "macro_f1"\npercent = 84.5\nby = "A | B"\n'
        'where = { data = "val_*", split = "*/m2/*" }\n'
        "[[published]]\n"
        'setting = "few-shot"\nfigure = "accuracy"\npercent = 93.0\nby = "C"\n'
        "where = { ways = 5, none_rate = 0 }\n",
        encoding="utf-8",
    )
    return path


def run(project: Path, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(project / "scripts" / "bench" / "table.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=check, encoding="utf-8")


def write(path: Path, *outcomes: Outcome) -> Path:
    path.write_text(json.dumps(report.scores(outcomes)), encoding="utf-8")
    return path


def test_the_table_by_hand(project: Path, published: Path, tmp_path: Path) -> None:
    details = {"data": "val_wiki.json", "model": "m", "command": "zslre evaluate"}
    zero = [outcome(right=n, split=f"s/m2/{n}", seed=n, **details) for n in (4, 8)]
    few = [outcome("few-shot", ways=ways, none_rate=0.0) for ways in (5, 10)]
    files = write(tmp_path / "zero.json", *zero), write(tmp_path / "few.json", *few)
    other = tmp_path / "other.json"
    other.write_text('{"scores": 1}', encoding="utf-8")

    done = run(project, *files, other, "--published", published)
    rows = [line for line in done.stdout.splitlines() if line.startswith("|")][2:]
    assert rows == [
        r"| zero-shot · data val_wiki.json · split s/m2/\* | macro-F1 | 60.0 ± 28.3 | 2 | 84.5 | A \| B | 1 |",
        "| few-shot · ways 5 · none rate 0 | accuracy | 60.0 | 1 | 93.0 | C | 2 |",
        "| few-shot · ways 10 · none rate 0 | accuracy | 60.0 | 1 |  |  | 3 |",
    ]
    assert "1. `zslre evaluate` (model m; split s/m2/4, s/m2/8; seed 4, 8; zero.json)" in done.stdout
    assert "2. command not recorded (few.json)" in done.stdout
    assert "passed over" in done.stderr
    assert "other.json" in done.stderr


def test_our_own_list_fits_what_evaluate_writes(project: Path, tmp_path: Path) -> None:
    zero = [outcome(split=f"re_matching/m15/{n}", data="train_wiki.json + val_wiki.json") for n in (40, 41)]
    few = outcome("few-shot", data="val_pubmed.json", ways=10, shots=5, none_rate=0.0)
    text = run(project, write(tmp_path / "r.json", *zero, few)).stdout
    for figure, by in (("84.5", "GLiREL"), ("73.7", "RE-Matching"), ("85.3", "PO-HRL")):
        assert any(figure in line and by in line for line in text.splitlines())
    assert "92.6" not in text


def test_without_results_there_is_no_table(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("[]", encoding="utf-8")
    done = run(project, other, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing to compare" in done.stderr
