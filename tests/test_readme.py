"""README.md keeps its promises: its Python runs, its commands and options exist, its relation files load."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from zslre.cli import build_parser
from zslre.relations import RelationSet

PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def blocks(*languages: str) -> list[str]:
    """The contents of the fenced blocks in one of these languages, in order."""
    return [
        body for language, body in re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S) if language in languages
    ]


def commands() -> list[str]:
    """Every `zslre …` command of the shell blocks: without comments, split at && and pipes."""
    lines = "\n".join(blocks("sh", "console")).replace("\\\n", " ").splitlines()
    parts = [part.strip().removeprefix("$ ") for line in lines for part in re.split(r"&&|\|", line.split(" #")[0])]
    return [part for part in parts if part.startswith("zslre ")]


def test_python_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after another in one namespace, as a reader would type them, with `data/` beside them."""
    shutil.copytree(PROJECT / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    for number, source in enumerate(blocks("toml"), 1):
        (tmp_path / toml_name(number)).write_text(source, encoding="utf-8")
    namespace: dict[str, object] = {"__name__": "readme"}
    found = blocks("python")
    assert found
    for number, source in enumerate(found, 1):
        exec(compile(source, f"README.md, Python block {number}", "exec"), namespace)


@pytest.mark.parametrize("command", commands())
def test_commands_and_options_exist(command: str) -> None:
    build_parser().parse_args(shlex.split(re.split(r" [<>] ", command)[0])[1:])


def test_there_are_commands() -> None:
    verbs = {command.split()[1] for command in commands()}
    assert {"predict", "train", "relations", "info"} <= verbs


def toml_name(number: int) -> str:
    """The name that the README gives its relation file: the first comment of the block."""
    first = blocks("toml")[number - 1].splitlines()[0]
    assert first.startswith("# "), "a TOML block starts with a comment that names the file"
    return first.removeprefix("# ")


@pytest.mark.parametrize("number", range(1, len(blocks("toml")) + 1))
def test_relation_files_load(number: int, tmp_path: Path) -> None:
    file = tmp_path / toml_name(number)
    file.write_text(blocks("toml")[number - 1], encoding="utf-8")
    assert len(RelationSet.from_file(file)) > 0


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", README))))
def test_links_lead_to_files(link: str) -> None:
    assert (PROJECT / link).exists()


def test_every_install_is_pinned() -> None:
    """An install without the constraints may bring gigabytes of CUDA packages along with torch."""
    for name in ("README.md", "CONTRIBUTING.md", ".ci/run"):
        text = (PROJECT / name).read_text(encoding="utf-8")
        installs = re.findall(
            r"pip install (?!\.\*|…)(.*?)(?:&&|$)", text, re.M
        )  # not the pattern that .ci/run looks for
        assert installs
        assert not [install for install in installs if "-c constraints.txt" not in install], name


def test_every_data_file_has_its_source_and_licence() -> None:
    told = (PROJECT / "data" / "README.md").read_text(encoding="utf-8")
    files = [file.relative_to(PROJECT / "data") for file in (PROJECT / "data").rglob("*") if file.is_file()]
    assert not [file.as_posix() for file in files if file.name != "README.md" and f"`{file.as_posix()}`" not in told]
