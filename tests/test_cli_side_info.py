"""`zslre side-info build|show`."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from wordbag import BagOfWords

from zslre.cli import side_info as cli
from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.relations import Relation, RelationSet, SideInformation, Source
from zslre.sideinfo.crawler import CrawlSettings, Entity
from zslre.sideinfo.hypernyms import Hypernym, HypernymTable
from zslre.sideinfo.wikidata import Property
from zslre.terminal import columns

Run = Callable[..., tuple[int, str, str]]
KNOWN = (Property("P1", ("employer", "works for"), "organization that employs this person"),)


def parse(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="zslre")
    cli.add_parser(parser.add_subparsers(required=True))
    return parser.parse_args(["side-info", *argv])


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run `zslre side-info …` with a bag of words for a model: exit status, standard output, standard error."""
    asked: list[object] = []

    def from_pretrained(model: str | None = None, *, threads: int | None = None) -> SimpleNamespace:
        asked.append((model, threads))
        return SimpleNamespace(encoder=BagOfWords(), detector=None)

    monkeypatch.setenv("ZSLRE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("zslre.sideinfo.wikidata.properties", lambda: KNOWN)
    monkeypatch.setattr("zslre.sideinfo.builder.properties", lambda: KNOWN)
    monkeypatch.setattr(RelationExtractor, "from_pretrained", from_pretrained)

    def runner(*argv: str) -> tuple[int, str, str]:
        arguments = parse(*argv)
        status = arguments.run(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    runner.asked = asked  # type: ignore[attr-defined]
    return runner


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    file = tmp_path / "schema.toml"
    RelationSet([Relation("works for", "a job"), Relation("bankrolled by", id="P1")]).to_file(file)
    return file


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    rows = [
        {"text": "Ann gets paid by Acme", "head": [0, 3, "PER"], "tail": [17, 21, "ORG"], "relation": "works for"},
        {"text": "Bob gets paid by Zeta", "head": [0, 3, "PER"], "tail": [17, 21, "ORG"], "relation": "works for"},
    ]
    file = tmp_path / "examples.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_build_writes_a_relation_file_with_sources(run: Run, schema: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.toml"
    status, printed, said = run("build", str(schema), "-o", str(out))
    built = RelationSet.from_file(out)
    assert (status, printed) == (0, "")
    assert "employer" in built["bankrolled by"].side.synonyms
    assert {source.source for source in built["bankrolled by"].sources} >= {"wikidata", "inflection"}
    assert said.splitlines()[1].startswith("bankrolled by: ")
    assert "person -> organization" in said
    assert RelationSet.from_file(schema)["bankrolled by"].sources == ()


def test_build_onto_its_own_input_is_idempotent(run: Run, schema: Path) -> None:
    run("build", str(schema), "-o", str(schema))
    once = schema.read_bytes()
    assert b"employer" in once
    run("build", str(schema), "-o", str(schema))
    assert schema.read_bytes() == once


def test_quiet_exclude_model_and_threads(run: Run, schema: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    _, _, said = run("build", str(schema), "-o", str(out), "-q", "--exclude", "P1", "-m", "mine", "--threads", "1")
    assert said == ""
    assert "employer" not in out.read_text()
    assert run.asked == [(Path("mine"), 1)]  # type: ignore[attr-defined]


def test_examples_and_a_table_of_hypernyms(run: Run, schema: Path, examples: Path, tmp_path: Path) -> None:
    out, table = tmp_path / "out.json", tmp_path / "hypernyms.jsonl"
    HypernymTable({name: (Hypernym("brewery", 2, 0.7),) for name in ("Acme", "Zeta")}).write(table)
    run("build", str(schema), "-o", str(out), "--examples", str(examples))
    assert "organization" in RelationSet.from_file(out)["works for"].side.tail_hypernyms
    run("build", str(schema), "-o", str(out), "--examples", str(examples), "--hypernyms", str(table))
    assert "brewery" in RelationSet.from_file(out)["works for"].side.tail_hypernyms


def test_crawl_asks_for_the_names_of_the_examples(
    run: Run, schema: Path, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def crawl(entities: Sequence[Entity], place: Path, settings: CrawlSettings, **options: object) -> SimpleNamespace:
        asked.append((entities, place, settings.contact, options["sources"]))
        table = HypernymTable({name: (Hypernym("brewery", 2, 0.7),) for name in ("Acme", "Zeta")})
        return SimpleNamespace(table=table, failures={}, report=SimpleNamespace(unfinished={}))

    monkeypatch.setattr("zslre.sideinfo.crawler.crawl", crawl)
    out = tmp_path / "out.json"
    base = ("build", str(schema), "-o", str(out), "--examples", str(examples), "--crawl")
    run(*base, "--contact", "ann@example.org")
    run(*base, "--offline")
    ann, bob = "Ann gets paid by Acme", "Bob gets paid by Zeta"
    names = [Entity(name, said) for name, said in (("Ann", ann), ("Acme", ann), ("Bob", bob), ("Zeta", bob))]
    place = tmp_path / "out.hypernyms.jsonl"
    assert asked == [
        (names, place, "ann@example.org", ("wikipedia", "wikidata", "wordnet")),
        (names, place, "", ("wordnet",)),
    ]
    (brewery,) = [s for s in RelationSet.from_file(out)["works for"].sources if s.item == "brewery"]
    assert brewery.source == "crawl"


def test_a_crawl_needs_a_contact_and_names_an_option_that_there_is(run: Run, schema: Path, tmp_path: Path) -> None:
    for contact in ((), ("--contact", "ann"), ("--contact", "ann@host"), ("--contact", "安@example.org")):
        with pytest.raises(InputError, match="--contact with an e-mail address") as error:
            run("build", str(schema), "-o", str(schema), "--examples", str(tmp_path / "none"), "--crawl", *contact)
        assert "--user-agent" not in str(error.value)


def test_a_strict_relation_without_types_of_its_own_is_warned_of(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schema.toml"
    typed = SideInformation(head_hypernyms=("person",))
    told = "the head is a person who trains the tail, a team"
    relations = [Relation("coaches", told, strict_types=True), Relation("trains", told, typed, strict_types=True)]
    RelationSet(relations).to_file(file)
    _, _, said = run("build", str(file), "-o", str(tmp_path / "out.toml"), "-q")
    assert said == (
        "zslre: 'coaches' has strict_types = true and no types; add head_hypernyms or tail_hypernyms "
        "(found ones rule nothing out)\n"
    )


def test_an_unknown_label_is_told_with_its_line(run: Run, schema: Path, examples: Path) -> None:
    with examples.open("a") as stream:
        stream.write(examples.read_text().splitlines()[0].replace("works for", "wörks for") + "\n")
    with pytest.raises(InputError, match=r"examples\.jsonl, line 3: labelled 'wörks for', which is not in the"):
        run("build", str(schema), "-o", str(schema), "--examples", str(examples))


def test_nothing_is_written_when_something_is_wrong(run: Run, schema: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.toml"
    for wrong in (["--exclude", "P77"], ["--examples", str(tmp_path / "none.jsonl")]):
        with pytest.raises(InputError):
            run("build", str(schema), "-o", str(out), *wrong)
    assert not out.exists()
    with pytest.raises(InputError, match=r"must end in \.json or \.toml"):
        run("build", str(schema), "-o", str(tmp_path / "out.txt"))
    with pytest.raises(InputError, match="there is no folder"):
        run("build", str(schema), "-o", str(tmp_path / "none" / "out.toml"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--crawl"], "give --examples too"),
        (["--hypernyms", "x.jsonl"], "give --examples too"),
        (["--hypernyms", "x.jsonl", "--crawl", "--examples", "e.jsonl"], "do not go together"),
    ],
)
def test_usage_errors_of_build(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = parse("build", "schema.toml", "-o", "out.toml", *options)
    with pytest.raises(SystemExit) as left:
        arguments.run(arguments)
    assert left.value.code == 2
    assert message in capsys.readouterr().err


def test_show_prints_each_item_with_its_source(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "built.toml"
    sources = (
        Source("synonyms", "funded by", "wordnet", "2026-05-01", 0.65, "fund.v.06: furnish money for"),
        Source("synonyms", "had by", "wordnet", "2026-05-01", 0.5),
    )
    side = SideInformation(("paid for by", "funded by"), ("organization",), keywords=("money",))
    RelationSet([Relation("bankrolled by", side=side, sources=sources), Relation("bare", "d", id="P5")]).to_file(file)
    status, out, _ = run("show", str(file))
    assert status == 0
    assert re.sub(" +", " ", out).splitlines() == [
        "bankrolled by",
        " synonym paid for by you",
        " synonym funded by 0.65 wordnet 2026-05-01 fund.v.06: furnish money for",
        " head type organization you",
        " keyword money you",
        " not synonym had by 0.50 wordnet 2026-05-01",
        "",
        "bare (P5)",
        " nothing but its name and description",
    ]


def test_show_of_a_relation_names_the_command_for_it(run: Run) -> None:
    with pytest.raises(InputError, match=r"^works for: no such file; .*, write zslre relations show 'works for'$"):
        run("show", "works for")


def test_what_is_printed_steers_no_terminal_and_is_aligned(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    side = SideInformation(("\x1b[2J", "東京"), ("\x1b]0;title",), keywords=("abcd",))
    RelationSet([Relation("made\x1b[31m by", side=side)]).to_file(file)
    _, out, _ = run("show", str(file))
    _, _, said = run("build", str(file), "-o", str(tmp_path / "out.json"))
    assert not {"\x1b"} & set(out + said)
    head, *lines = out.splitlines()
    assert head == "made\ufffd[31m by"
    assert len({columns(line) for line in lines}) == 1  # all end in "you"


@pytest.mark.parametrize("action", [[], ["build"], ["show"]])
def test_help_shows_examples_that_parse(action: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(*action, "--help")
    assert left.value.code == 0
    found = re.findall(r"^  zslre side-info (.+)$", capsys.readouterr().out, re.MULTILINE)
    assert found
    for example in found:
        assert parse(*shlex.split(example)).run
