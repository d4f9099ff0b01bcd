"""The pages' figures of the built-in model: that they are those of docs/results, and how they get there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from scripting import load_script

BENCH = Path(__file__).parent.parent / "scripts/bench"
DOCUMENTS = {"threshold": 0.5, "printed": 8, "true": 6, "precision": 0.75, "found": 5, "stated": 10, "recall": 0.5}
DOCUMENTS |= {"named in one sentence": 8, "of these found": 4}
PAGE = "Before.\n\n<!-- figures: documents -->\nold\n<!-- end -->\n\nold\n"

figures = load_script(BENCH / "figures.py")


def test_the_pages_have_the_figures_of_the_results() -> None:
    checked = subprocess.run([sys.executable, str(BENCH / "figures.py"), "--check"], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, ""), "run scripts/bench/figures.py"


def test_a_stretch_is_written_anew_and_nothing_else() -> None:
    def results(name: str) -> Any:
        return {"documents": DOCUMENTS}[name]

    page = figures.filled(PAGE, results)
    assert page.startswith("Before.\n\n<!-- figures: documents -->\n| threshold |")
    assert page.endswith("| 0.5 | 8 | 6 | 75.0 % | 5 (50.0 %) | 4 (50.0 %) |\n<!-- end -->\n\nold\n")
    assert figures.filled(page, results) == page


def test_a_page_that_is_behind_is_told_and_mended(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    (tmp_path / "page.md").write_text(PAGE)
    monkeypatch.setattr(figures, "ROOT", tmp_path)
    monkeypatch.setattr(figures, "PAGES", ("page.md",))
    monkeypatch.setattr(figures, "read", {"documents": DOCUMENTS}.__getitem__)
    for arguments, status, told in ((["--check"], 1, "is not as"), ([], 0, "was not as"), (["--check"], 0, "")):
        monkeypatch.setattr("sys.argv", ["figures.py", *arguments])
        assert figures.main() == status
        assert told in capsys.readouterr().err
    assert "75.0 %" in (tmp_path / "page.md").read_text()
