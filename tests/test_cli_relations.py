"""`zslre relations list|show|check`."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from zslre.cli import relations as cli
from zslre.exceptions import InputError
from zslre.relations import Relation, RelationSet, SideInformation, catalogue
from zslre.terminal import columns

Run = Callable[..., tuple[int, str, str]]


def parse(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="zslre")
    cli.add_parser(parser.add_subparsers(required=True))
    return parser.parse_args(["relations", *argv])


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `zslre relations …`: exit status, standard output, standard error."""

    def runner(*argv: str) -> tuple[int, str, str]:
        arguments = parse(*argv)
        status = arguments.run(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return runner


# list


def test_list_shows_the_whole_catalogue_a_relation_a_line(run: Run) -> None:
    status, out, _ = run("list")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == [relation.id for relation in catalogue()]


def test_list_finds_by_id_name_description_synonym_and_type(run: Run) -> None:
    assert run("list", "P169")[1].split("  ")[:2] == ["P169", "chief executive officer"]
    _, out, _ = run("list", "ACQUIRE")
    assert re.findall(r"^P\d+", out, re.MULTILINE) == ["P127", "P1830"]
    assert "owned by  company, organization, building, asset -> company, organization, person" in out
    assert {"P19", "P569"} <= set(run("list", "born", "person")[1].split())
    assert "P20 " not in run("list", "born", "person")[1]
    assert "P1532" in run("list", "playing a sport")[1]
    assert "P403" in run("list", "stream")[1]


def test_list_does_not_find_a_word_across_two_phrases(run: Run) -> None:
    synonyms = catalogue()["P127"].side.synonyms
    with pytest.raises(InputError):
        run("list", f"{synonyms[0]} {synonyms[1]}")


def test_list_as_json_is_a_relation_set_file(run: Run, tmp_path: Path) -> None:
    _, out, _ = run("list", "born", "person", "--format", "json")
    file = tmp_path / "schema.json"
    file.write_text(out, encoding="utf-8")
    found = RelationSet.from_file(file)
    assert found["place of birth"] == catalogue()["P19"]
    assert len(found) < 10


def test_list_says_when_nothing_matches(run: Run) -> None:
    with pytest.raises(InputError, match="no relation of the catalogue has 'born' and 'zzz'; try fewer words"):
        run("list", "born", "zzz")


# show


@pytest.mark.parametrize("key", ["P127", "p127", "owned by", "Owned By"])
def test_show_finds_by_name_or_id(run: Run, key: str) -> None:
    status, out, _ = run("show", key)
    assert status == 0
    assert re.search(r"^name +owned by$", out, re.MULTILINE)
    assert re.search(r"^id +P127$", out, re.MULTILINE)
    assert re.search(r"^synonyms +is owned by, acquired by, ", out, re.MULTILINE)
    assert re.search(r"^head is a +company, ", out, re.MULTILINE)
    assert re.search(r"^inverse +owner of \(P1830\)$", out, re.MULTILINE)
    assert "keywords" not in out
    assert "symmetric" not in out


def test_show_says_that_a_relation_is_symmetric(run: Run) -> None:
    assert re.search(r"^symmetric +yes$", run("show", "spouse")[1], re.MULTILINE)


def test_show_and_check_know_strict_types(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schema.toml"
    RelationSet([Relation("supplies", "d", strict_types=True)]).to_file(file)
    assert re.search("^types +strict: other pairs are ruled out$", run("show", "supplies", "-r", str(file))[1], re.M)
    said = run("check", str(file))[1]
    assert "'supplies' has strict_types = true and no types; add head_hypernyms or tail_hypernyms" in said


def test_show_from_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schema.toml"
    RelationSet([Relation("buys from", "the head buys from the tail", inverse=("sells to",))]).to_file(file)
    _, out, _ = run("show", "buys from", "-r", str(file))
    assert out == (
        "name         buys from\ndescription  the head buys from the tail\ninverse      sells to\n"
    )  # fmt: skip
    with pytest.raises(InputError, match=r"schema\.toml: no relation 'buy from' here; did you mean 'buys from'\?"):
        run("show", "buy from", "--relations", str(file))


def test_show_suggests_the_nearest_name(run: Run) -> None:
    with pytest.raises(InputError, match=r"the catalogue: no relation 'spose' here; did you mean 'spouse'\? \(`zslre"):
        run("show", "spose")


@pytest.mark.parametrize("key", ["works for", "Works  For "])
def test_show_finds_by_a_synonym_that_one_relation_has(run: Run, key: str) -> None:
    assert re.search(r"^name +employer$", run("show", key)[1], re.MULTILINE)


def test_show_finds_by_a_synonym_of_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schema.toml"
    shared = [
        Relation(name, "d", SideInformation(("deals with", *own))) for name, own in (("a", ("b",)), ("b", ("c",)))
    ]
    RelationSet(shared).to_file(file)
    assert re.search(r"^name +b$", run("show", "C", "-r", str(file))[1], re.MULTILINE)
    assert re.search(r"^name +b$", run("show", "b", "-r", str(file))[1], re.MULTILINE)  # a name before a synonym
    with pytest.raises(InputError, match=r"schema\.toml: 'deals with' is a synonym of 'a', 'b'; give one of these"):
        run("show", "deals with", "-r", str(file))


def test_the_table_is_aligned_in_any_script() -> None:
    relations = [Relation("所属", id="W1"), Relation("works for", id="雇")]
    lines = cli.table(RelationSet(relations)).splitlines()
    assert len({columns(line) for line in lines}) == 1


def test_nothing_steers_the_terminal(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    RelationSet([Relation("a\x1b[31m", "d\x1b[0m", SideInformation(("s\x1b",), ("h\x1b",)), id="i\x1b")]).to_file(file)
    for argv in (("check", str(file)), ("show", "a\x1b[31m", "-r", str(file))):
        status, out, err = run(*argv)
        assert status == 0
        assert "a\ufffd[31m" in out
        assert "\x1b" not in out + err


# check


def test_check_finds_nothing_wrong_with_the_sample(run: Run, project: Path) -> None:
    file = str(project / "data" / "samples" / "relations.toml")
    status, out, err = run("check", file)
    assert (status, err) == (0, "")
    assert out.startswith(f"{file}: 6 relations\n")
    assert "acquired by" in out
    assert "company -> company, investor" in out
    assert "warning" not in out


def test_check_finds_nothing_wrong_with_the_catalogue() -> None:
    assert list(cli.warnings(catalogue())) == []


def test_check_warns_of_what_works_less_well(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text(
        '[{"name": "foundedBy"}, {"name": "founded_by", "description": "d", "inverse": ["started"]},'
        ' {"name": "Spouse"}, {"name": "supplies", "synonyms": ["sells to"], "head_hypernyms": ["company"]}]'
    )
    status, out, _ = run("check", str(file))
    assert status == 0
    warnings = [line.removeprefix(f"{file}: warning: ") for line in out.splitlines() if "warning" in line]
    assert warnings == [
        "'foundedBy' has only a name; add a description or synonyms",
        "'founded_by' does not say what its head and tail are; add head_hypernyms and tail_hypernyms",
        "'founded_by' has the inverse 'started', which is not here nor in the catalogue; correct it",
        "'Spouse' has only a name; add a description or synonyms (as an id alone, the catalogue's relation)",
        "'supplies' does not say what its head and tail are; add head_hypernyms and tail_hypernyms",
        "'foundedBy' and 'founded_by' look like the same relation; keep one, or tell them apart",
    ]
    assert re.search(r"^  +supplies +company -> \?$", out, re.MULTILINE)


def test_check_warns_of_relations_that_are_synonyms_of_each_other() -> None:
    def said(first: Relation, second: Relation) -> list[str]:
        return [warning for warning in cli.warnings(RelationSet([first, second])) if "each other" in warning]

    buys, gets = (Relation(a, side=SideInformation((b,))) for a, b in (("buys", "Acquires"), ("acquires", "buys")))
    assert said(buys, gets) == [
        "'buys' and 'acquires' are synonyms of each other; keep one, or tell them apart"
    ]  # fmt: skip
    assert said(buys, Relation("acquires", side=SideInformation(("takes over",)))) == []


@pytest.mark.parametrize(
    ("relation", "warned"),
    [
        (Relation("acquired by", id="P26"), True),
        (Relation("Spouse", id="p26"), False),
        (Relation("works for", id="P108"), False),  # the catalogue's synonym
        (Relation("home", side=SideInformation(("residence",)), id="P551"), False),
        (Relation("home", id="mine-7"), False),
    ],
)
def test_check_warns_of_an_id_of_another_relation(relation: Relation, warned: bool) -> None:
    said = [warning for warning in cli.warnings(RelationSet([relation])) if "has the id" in warning]
    assert said == (
        ["'acquired by' has the id 'P26', which is 'spouse' in the catalogue; correct it, or add that name as a "
         "synonym"] if warned else []
    )  # fmt: skip


def test_check_warns_of_inverses_that_cannot_be() -> None:
    relations = RelationSet(
        [
            Relation("a", inverse=("b",)),
            Relation("b", inverse=("c",)),
            Relation("c", inverse=("B",)),
            Relation("d", inverse=("e", "spouse")),
            Relation("e", symmetric=True),
            Relation("works for", id="P108", inverse=("employs",)),
            Relation("employs", inverse=("employer",)),  # the catalogue's name of P108
            Relation("one-sided", inverse=("f",)),
            Relation("f"),
        ]
    )
    assert [warning for warning in cli.warnings(relations) if "inverse" in warning] == [
        "'a' has the inverse 'b', whose inverse is 'c'; correct one of them",
        "'d' has the inverse 'e', which is symmetric, its own inverse; correct one of them",
        "'d' has the inverse 'spouse', which is symmetric, its own inverse; correct one of them",
    ]


@pytest.mark.parametrize(
    ("names", "near"),
    [
        (("parent of", "parents of"), True),
        (("works for", "works-for"), True),
        (("owner of", "owned by"), False),
        (("follows", "followed by"), False),
        (("C", "C++"), True),
        (("+", "-"), False),
        (("creates", "treats"), False),
    ],
)
def test_near_names(names: tuple[str, str], near: bool) -> None:
    said = [warning for warning in cli.warnings(RelationSet.of(list(names))) if "look like" in warning]
    assert bool(said) is near


def test_check_reads_every_file_and_exits_with_1_if_one_is_bad(run: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.toml"
    good.write_text('{"supplies": "sells goods to"}')
    bad.write_text("[[relations]]\nname = ''\n")
    status, out, err = run("check", str(bad), str(good), str(tmp_path / "none.json"))
    assert status == 1
    assert f"{good}: 1 relation\n" in out
    assert err.splitlines() == [
        f"zslre: error: {bad}: relation 1 (''): a relation's name is empty; give it one",
        f"zslre: error: {tmp_path / 'none.json'}: no such file; give the path of a relation set (.json or .toml)",
    ]


# help


@pytest.mark.parametrize("action", [[], ["list"], ["show"], ["check"]])
def test_help_shows_examples_that_parse(action: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(*action, "--help")
    assert left.value.code == 0
    examples = re.findall(r"^  zslre relations (.+)$", capsys.readouterr().out, re.MULTILINE)
    assert examples
    for example in examples:
        assert parse(*shlex.split(example.split(" > ")[0])).run


def test_examples_on_the_catalogue_work(run: Run) -> None:
    for example in re.findall(r"zslre relations (list.*|show.*)", cli.EXAMPLES):
        if "-r" not in example:
            assert run(*shlex.split(example))[0] == 0


@pytest.mark.parametrize("argv", [[], ["show"], ["check"], ["list", "--format", "csv"]])
def test_usage_errors(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(*argv)
    assert left.value.code == 2
    assert "usage: zslre relations" in capsys.readouterr().err
