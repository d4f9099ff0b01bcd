"""Relations, relation sets, their files, and the built-in catalogue."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zslre.exceptions import InputError
from zslre.relations import Relation, RelationSet, SideInformation, Source, catalogue, resolve

OWNED = Relation("acquired by", "the tail bought the head", SideInformation(("bought by",), ("company",), ("company",)))
WORKS = Relation("works for", id="X1", side=SideInformation(keywords=("staff",)))
WED = Relation("wed to", symmetric=True)
THREE = RelationSet([OWNED, WORKS, WED])


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def writer(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return writer


def message(source: object) -> str:
    """What `RelationSet.of` says against `source`."""
    with pytest.raises(InputError) as caught:
        RelationSet.of(source)  # type: ignore[arg-type]
    return str(caught.value)


# One relation


def test_a_relation_collapses_white_space_and_takes_lists() -> None:
    relation = Relation(" acquired\n by ", "a\tb", SideInformation(["bought  by"]), inverse=["owns "])  # type: ignore[arg-type]
    assert (relation.name, relation.description) == ("acquired by", "a b")
    assert relation.side.synonyms == ("bought by",)
    assert relation.inverse == ("owns",)
    assert relation.keys == {"acquired by"}


def test_side_information_is_false_when_there_is_none() -> None:
    assert not SideInformation()
    assert SideInformation(keywords=("staff",))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Relation(" \n"), "a relation's name is empty; give it one"),
        (
            lambda: Relation("x", sources=[{"field": "synonyms"}]),  # type: ignore[arg-type]
            "relation 'x': each of sources must be a Source, got {'field': 'synonyms'}",
        ),
        (lambda: Relation("x", sources=5), "relation 'x': sources must be a list of Source, got 5"),  # type: ignore[arg-type]
        (lambda: Relation(3), "name must be text, got 3; put it in quotes"),
        (lambda: Relation("a", None), "description must be text, got None; put it in quotes"),
        (lambda: Relation("a", side=["b"]), "relation 'a': side must be a SideInformation, got ['b']"),
        (lambda: Relation("a", symmetric="yes"), "relation 'a': symmetric must be true or false, got 'yes'"),
        (lambda: Relation("a", id=" "), "relation 'a': id is empty; fill it in or leave it out"),
        (lambda: Relation("a", id=31), "id must be text, got 31; put it in quotes"),
        (lambda: Relation("a", inverse="b"), "inverse must be a list of texts, got 'b'; put it in square brackets"),
        (
            lambda: Relation("a", symmetric=True, inverse=("b",)),
            "relation 'a': is symmetric and has an inverse; keep one of the two",
        ),
        (lambda: Relation("a", inverse=("A",)), "relation 'a': is its own inverse; write symmetric = true instead"),
        (lambda: Relation("a", id="P1", inverse=("p1",)), "its own inverse"),
        (lambda: SideInformation("bought by"), "synonyms must be a list of texts, got 'bought by'; put it in square"),
        (lambda: SideInformation(head_hypernyms=[1]), "each of head_hypernyms must be text, got 1; put it in quotes"),
        (lambda: SideInformation(keywords=("a", "")), "keywords holds an empty text; remove it"),
        (lambda: Relation("a\ud800"), "name holds half a surrogate pair at character 1; remove it"),
    ],
)
def test_a_bad_relation_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        make()


# A set of them


def test_a_set_is_an_immutable_sequence_found_by_place_name_or_id() -> None:
    assert len(THREE) == 3
    assert THREE.names == ("acquired by", "works for", "wed to")
    assert THREE[0] is THREE["Acquired By"] is OWNED
    assert THREE["x1"] is THREE[-2] is WORKS
    assert THREE[1:] == (WORKS, WED)
    assert list(THREE) == [OWNED, WORKS, WED]
    assert "WORKS FOR" in THREE
    assert WED in THREE
    assert "lives in" not in THREE
    assert 3 not in THREE
    assert THREE.get("x1") is WORKS
    assert THREE.get("lives in") is None
    assert THREE.index(WED) == 2
    assert repr(THREE) == "RelationSet(['acquired by', 'works for', 'wed to'])"


def test_sets_of_equal_content_are_equal_and_hash_alike() -> None:
    same = RelationSet([OWNED, WORKS, WED])
    assert (same == THREE, hash(same) == hash(THREE)) == (True, True)
    assert RelationSet([WORKS, OWNED, WED]) != THREE
    assert [OWNED, WORKS, WED] != THREE
    assert pickle.loads(pickle.dumps(THREE)) == THREE


def test_select_without_and_merge() -> None:
    assert THREE.select(["wed to", "ACQUIRED BY"]).names == ("acquired by", "wed to")
    assert THREE.without(["x1"]).names == ("acquired by", "wed to")
    assert THREE.without([]) == THREE
    assert THREE.merge([WED, "lives in"]).names == (*THREE.names, "lives in")
    assert THREE.merge(THREE) == THREE


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    for action in (THREE.__getitem__, lambda name: THREE.select([name]), lambda name: THREE.without([name])):
        with pytest.raises(InputError, match="no relation 'work for' here; did you mean 'works for'"):
            action("work for")
    with pytest.raises(InputError, match=re.escape("write ['works for']")):
        THREE.select("works for")
    with pytest.raises(InputError, match="at least one relation"):
        THREE.without(THREE.names)
    with pytest.raises(IndexError):
        THREE[3]


@pytest.mark.parametrize("name", ["works for", "P127", "a" * 5000])
def test_a_single_name_is_no_file(name: str) -> None:
    for ask in (RelationSet.of, THREE.merge):
        with pytest.raises(InputError, match=re.escape(f"; a single name goes in a list: [{name!r:.60}]")):
            ask(name)
    assert "single name" not in message("none.json")


def test_what_is_no_name_is_refused() -> None:
    for ask in (lambda: THREE.select([0]), lambda: THREE.without([None]), lambda: THREE.get(0)):  # type: ignore[list-item, arg-type]
        with pytest.raises(InputError, match=r"expected a relation's name or id, got (?:0|None); relations\[0\]"):
            ask()


def test_one_name_or_id_with_two_meanings_is_refused() -> None:
    with pytest.raises(InputError, match=r"relation 4 \('WED TO'\): its name or id is that of relation 3 \('wed to'\)"):
        THREE.merge([Relation("WED TO")])
    with pytest.raises(InputError, match=r"relation 2 \('b'\): its name or id is that of relation 1 \('a'\)"):
        RelationSet([Relation("a", id="X1"), Relation("b", id="x1")])
    with pytest.raises(InputError, match="its name or id is that of relation 1"):
        RelationSet([Relation("a", id="X1"), Relation("x1")])
    assert len(RelationSet([Relation("a", id="a")])) == 1
    with pytest.raises(InputError, match="relation 1: 'a' is not a Relation"):
        RelationSet(["a"])  # type: ignore[list-item]


# What a set is made of


def test_a_string_is_a_catalogue_id_a_catalogue_label_or_a_new_name() -> None:
    relations = RelationSet.of(["P127", "p26", "Founded By", " supplies ", OWNED, {"name": "lives in"}, {"id": "P19"}])
    assert relations.names == (
        "owned by", "spouse", "founded by", "supplies", "acquired by", "lives in", "place of birth",
    )  # fmt: skip
    assert relations["supplies"] == Relation("supplies")
    assert relations["P26"].symmetric
    assert RelationSet.of(relations) is relations
    assert RelationSet.of([" P26", "place  of\nbirth"]).names == ("spouse", "place of birth")
    assert resolve("P50").name == "author"
    assert RelationSet.of(name for name in ["a", "b"]).names == ("a", "b")


def test_a_synonym_in_the_catalogue_brings_what_is_known_of_it() -> None:
    employer, found = catalogue()["employer"], resolve("Works for")
    assert found.name == "Works for"
    assert (found.id, found.description, found.inverse) == (employer.id, employer.description, employer.inverse)
    assert set(found.side.synonyms) == {"employer", *employer.side.synonyms} - {"works for"}
    assert found.side.tail_hypernyms == employer.side.tail_hypernyms
    owners = [r for r in catalogue() if "lives in" in r.side.synonyms]
    assert len(owners) > 1
    assert resolve("lives in") == Relation("lives in")  # which of them is meant nobody knows
    for verb in ("employs", "acquired by", "wrote"):  # which are compared in every tense and voice
        assert resolve(verb) == Relation(verb)
    with pytest.raises(InputError, match="its name or id is that of relation 1"):
        RelationSet.of(["employer", "works for"])


def test_what_the_user_wrote_is_kept_as_it_is() -> None:
    assert RelationSet.of({"spouse": "is wed to", "born": ""})[:] == (Relation("spouse", "is wed to"), Relation("born"))
    assert RelationSet.of([{"name": "spouse"}])[0] == Relation("spouse")
    assert RelationSet.of([{"name": "spouse", "id": "P26"}])[0] == Relation("spouse", id="P26")
    assert RelationSet.of({"relations": ["spouse"]})[0] == catalogue()["P26"]
    assert RelationSet.of({"relations": "a text"})[0] == Relation("relations", "a text")


def test_none_is_as_if_the_key_were_not_there() -> None:
    empty = {"description": None, "synonyms": None, "inverse": None, "symmetric": None, "sources": None}
    assert RelationSet.of([{"name": "a", "id": None, **empty}])[0] == Relation("a")
    assert RelationSet.of([{"id": "P127", "name": None, **empty}])[0] == catalogue()["P127"]
    assert RelationSet.of({"a": None})[0] == Relation("a")


class Frame(list[str]):
    """As a data frame does, it gives the names of its columns."""

    columns = ("name", "description")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ([], "a relation set needs at least one relation; add one"),
        ({}, "a relation set needs at least one relation; add one"),
        (["a", ""], "relation 2 (''): a relation's name is empty; give it one"),
        (["a", 3], "relation 2 (3): expected a name, an id or an object (a dict) with a name, got 3"),
        (["a", None], "relation 2: expected a name, an id or an object (a dict) with a name, got None"),
        (Frame(["name", "description"]), "expected a list of relations, got Frame; give its rows, such as"),
        ([{"name": "a", 1: "b"}], "relation 1 ('a'): unknown key 1 (known: name, id,"),
        ([{"name": None, "description": "b"}], "relation 1: has no name; add one"),
        (
            ["P99999"],
            "relation 1 ('P99999'): 'P99999' is not an id of the built-in catalogue; give the relation a name",
        ),
        ([{"id": "owned by"}], "relation 1 ('owned by'): 'owned by' is not an id of the built-in catalogue"),
        ([{"id": 127}], "relation 1 (127): id must be text, got 127; put it in quotes"),
        ([{"description": "x"}], "relation 1: has no name; add one (an entry with an id and nothing else is"),
        ([{"id": "P127", "synonyms": []}], "relation 1 ('P127'): has no name; add one"),
        (
            [{"name": "a", "synonym": []}],
            "relation 1 ('a'): unknown key 'synonym'; did you mean 'synonyms'? (known: name",
        ),
        ([{"name": "a", "aliases": []}], "unknown key 'aliases'; did you mean 'synonyms'?"),
        ([{"name": "a", "allowed_head": []}], "unknown key 'allowed_head'; did you mean 'head_hypernyms'?"),
        ([{"name": "a", "qqq": []}], "unknown key 'qqq' (known: name, id,"),
        (
            [{"name": "a", "synonyms": "b"}],
            "relation 1 ('a'): synonyms must be a list of texts, got 'b'; put it in square",
        ),
        ([{"name": "a", "symmetric": 1}], "relation 1 ('a'): symmetric must be true or false, got 1"),
        ([{"name": "a", "symmetric": True, "inverse": ["b"]}], "relation 1 ('a'): is symmetric and has an inverse"),
        (["a", {"name": "A"}], "relation 2 ('A'): its name or id is that of relation 1 ('a'), upper and lower case"),
        (
            ["works for", "on the staff of"],
            "relation 2 ('on the staff of'): its name or id is that of relation 1 ('works for'), both being P108;",
        ),
        ({"a": 3}, "relation 1 ('a'): description must be text, got 3; put it in quotes"),
        ({"relations": [], "version": 1}, "unknown key 'version' beside 'relations'; remove it or move it into"),
        (3, "expected a list of relations or an object of names and descriptions, got 3"),
        (OWNED, "expected a list of relations or an object of names and descriptions, got Relation("),
        ("P127", "P127: cannot read a relation set here; the file name must end in .json or .toml"),
    ],
)
def test_a_bad_source_is_refused(source: object, said: str) -> None:
    assert said in message(source)


# Files


def test_json_and_toml_say_the_same(write: Callable[[str, str], Path]) -> None:
    toml = write(
        "a.toml",
        '# ours\n[[relations]]\nname = "acquired by"\ndescription = """the tail\n  bought the head"""\n'
        'synonyms = ["bought by"]\nhead_hypernyms = ["company"]\ntail_hypernyms = ["company"]\n'
        '[[relations]]\nname = "works for"\nid = "X1"\nkeywords = ["staff"]\n'
        '[[relations]]\nname = "wed to"\nsymmetric = true\n',
    )
    entries = [
        {
            "name": "acquired by",
            "description": "the tail bought the head",
            "synonyms": ["bought by"],
            "head_hypernyms": ["company"],
            "tail_hypernyms": ["company"],
        },
        {"name": "works for", "id": "X1", "keywords": ["staff"]},
        {"name": "wed to", "symmetric": True},
    ]
    assert RelationSet.of(toml) == THREE
    for name, data in (("a.json", {"relations": entries}), ("b.JSON", entries)):
        assert RelationSet.of(str(write(name, json.dumps(data)))) == THREE
    assert [relation.to_dict() for relation in THREE] == entries


def test_short_forms_of_files(write: Callable[[str, str], Path]) -> None:
    assert RelationSet.of(write("a.json", '["P127", "supplies"]')).names == ("owned by", "supplies")
    assert RelationSet.of(write("b.json", '{"supplies": "sells goods to"}'))[0].description == "sells goods to"
    assert RelationSet.of(write("c.toml", 'relations = ["P127", "supplies"]')).names == ("owned by", "supplies")
    assert RelationSet.of(write("d.json", '\ufeff["supplies"]')).names == ("supplies",)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", '{"a": "b",\n"c" "d"}', ", line 2: not valid JSON (Expecting ':' delimiter); correct that line"),
        (
            "a.toml",
            "[[relations]]\nname = x",
            ": not valid TOML: Invalid value (at line 2, column 8); correct that line",
        ),
        ("a.json", '{"a": "b", "a": "c"}', ": the key 'a' stands twice in one object; remove or rename one"),
        ("a.json", "[" * 100_000, ": nested too deeply for a relation set"),
        ("a.json", f"[{'1' * 5000}]", ": cannot be read (Exceeds the limit"),
        ("a.json", "[]", ": a relation set needs at least one relation; add one"),
        ("a.toml", "", ": has no [[relations]] tables; write one for every relation"),
        ("a.toml", '[relations]\nname = "a"', ": has no [[relations]] tables"),
        ("a.json", '["a", "a"]', ": relation 2 ('a'): its name or id is that of relation 1 ('a')"),
        ("a.toml", "[[relations]]\nname = 3", ": relation 1 (3): name must be text, got 3; put it in quotes"),
        (
            "a.toml",
            '[[relations]]\nname = "a"\nSynonyms = []',
            "('a'): unknown key 'Synonyms'; did you mean 'synonyms'?",
        ),
        ("a.json", "7", ": expected a list of relations or an object of names and descriptions, got 7"),
        ("a.json", '["a\\ud800"]', "name holds half a surrogate pair at character 1; remove it"),
        ("a.txt", "a", ": cannot read a relation set here; the file name must end in .json or .toml"),
    ],
)
def test_a_bad_file_is_refused_by_name(write: Callable[[str, str], Path], name: str, text: str, said: str) -> None:
    path = write(name, text)
    shown = message(path)
    assert shown.startswith(str(path))
    assert shown.count(str(path)) == 1
    assert said in shown


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, link = tmp_path / "schema.toml", tmp_path / "link.toml"
    THREE.to_file(file)
    file.chmod(0o600)
    link.symlink_to(file)
    before = file.read_bytes()

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as stream:
            stream.write(data[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(InputError, match="No space left on device"):
            RelationSet([WORKS]).to_file(link)
    assert file.read_bytes() == before
    RelationSet([WORKS]).to_file(link)
    assert link.is_symlink()
    assert RelationSet.from_file(file).names == ("works for",)
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.toml", "schema.toml"]


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    assert message(tmp_path / "no.json") == (
        f"{tmp_path / 'no.json'}: no such file; give the path of a relation set (.json or .toml)"
    )
    (tmp_path / "latin.json").write_bytes('["à"]'.encode("latin-1"))
    assert "latin.json: not UTF-8 at byte 2; save the file as UTF-8" in message(tmp_path / "latin.json")
    (tmp_path / "folder.json").mkdir()
    assert "folder.json: cannot be read (" in message(tmp_path / "folder.json")
    with pytest.raises(InputError, match=r"cannot be written \(No such file or directory\); check the folder"):
        THREE.to_file(tmp_path / "no" / "a.json")
    with pytest.raises(InputError, match=r"a\.yaml: cannot write a relation set here"):
        THREE.to_file(tmp_path / "a.yaml")


def test_a_json_file_has_a_line_for_each_relation(tmp_path: Path) -> None:
    RelationSet.of({"a": "é", "b": ""}).to_file(tmp_path / "a.json")
    expected = '{"relations": [\n  {"name": "a", "description": "é"},\n  {"name": "b"}\n]}\n'
    assert (tmp_path / "a.json").read_bytes().decode() == expected


words = st.text(min_size=1, max_size=12).filter(str.strip)
phrases = st.lists(words, max_size=3).map(tuple)


@st.composite
def relations(draw: st.DrawFn) -> Relation:
    symmetric = draw(st.booleans())
    name = draw(words)
    return Relation(
        name,
        draw(st.text(max_size=20)),
        SideInformation(draw(phrases), draw(phrases), draw(phrases), draw(phrases)),
        symmetric,
        draw(st.none() | words),
        () if symmetric else tuple(f"not {word}" for word in draw(phrases)),
    )


@st.composite
def relation_sets(draw: st.DrawFn) -> RelationSet:
    kept: list[Relation] = []
    for relation in draw(st.lists(relations(), min_size=1, max_size=4)):
        if not any(relation.keys & other.keys for other in kept):
            kept.append(relation)
    return RelationSet(kept)


@settings(max_examples=150)
@given(before=relation_sets(), suffix=st.sampled_from([".json", ".toml"]))
def test_a_file_gives_back_what_was_written(
    before: RelationSet, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"round-trip{suffix}"
    before.to_file(path)
    assert RelationSet.from_file(path) == before


def test_characters_that_toml_wants_escaped(tmp_path: Path) -> None:
    odd = RelationSet([Relation('a"\\\x00\x7f\U0001f600', "# = [[x]] '''")])
    odd.to_file(tmp_path / "a.toml")
    assert RelationSet.from_file(tmp_path / "a.toml") == odd


def test_the_samples_load(project: Path) -> None:
    samples = project / "data" / "samples"
    schema = RelationSet.from_file(samples / "relations.toml")
    assert schema.names[:3] == RelationSet.from_file(samples / "relations.json").names
    assert schema["P169"] == catalogue()["P169"]
    assert schema["competes with"].symmetric


# The catalogue


@pytest.mark.parametrize("relation", list(catalogue()), ids=lambda relation: relation.id)
def test_every_relation_of_the_catalogue_is_whole(relation: Relation) -> None:
    side = relation.side
    assert relation.id is not None
    assert re.fullmatch(r"P[1-9][0-9]*", relation.id)
    assert len(relation.description) >= 12
    note = r"P\d|\b[Uu]se (this|for|on|in|\")|[Ii]nverse|see also|qualifier|on't|Do not|hould not|Prefer|\[|\(s\)"
    assert not re.search(note, relation.description), relation.description
    assert relation.description.count("(") == relation.description.count(")"), relation.description
    assert relation.description[-1] not in ",;:(-"
    assert len(side.synonyms) >= 3
    assert 1 <= len(side.head_hypernyms) <= 4
    assert 1 <= len(side.tail_hypernyms) <= 4
    folded = [synonym.casefold() for synonym in side.synonyms]
    assert len(set(folded)) == len(folded)
    assert relation.name.casefold() not in folded
    for phrase in (*side.head_hypernyms, *side.tail_hypernyms):
        assert re.fullmatch(r"[a-z][a-z' ]+", phrase), phrase
        assert not re.match(r"an? |the ", phrase), phrase


def test_inverses_of_the_catalogue_are_mutual_and_share_no_synonym() -> None:
    pairs = 0
    for relation in catalogue():
        for key in relation.inverse:
            other = catalogue()[key]
            pairs += 1
            assert relation.id in other.inverse
            assert not {s.casefold() for s in relation.side.synonyms} & {s.casefold() for s in other.side.synonyms}
        if relation.symmetric:
            assert relation.side.head_hypernyms == relation.side.tail_hypernyms or relation.id == "P129"
    assert pairs >= 40
    assert {"P26", "P3373", "P47", "P190", "P460", "P461", "P451", "P1038", "P1327", "P530"} <= {
        relation.id for relation in catalogue() if relation.symmetric
    }


def test_the_catalogue_has_what_news_and_business_text_speaks_of() -> None:
    ids = {relation.id for relation in catalogue()}
    assert {
        "P127",
        "P169",
        "P3320",
        "P488",
        "P108",
        "P69",
        "P19",
        "P20",
        "P112",
        "P159",
        "P749",
        "P355",
        "P1830",
    } <= ids
    assert {"acquired by", "bought by"} <= set(catalogue()["owned by"].side.synonyms)
    assert len(catalogue()) == len(ids) >= 200
    assert catalogue() is catalogue()


def test_the_catalogue_has_every_relation_of_the_data_sets(shared: Path) -> None:
    data = shared / "data"
    official = json.loads((data / "fewrel" / "splits.json").read_text("utf-8"))["fewrel_official"]
    zero_shot = json.loads((data / "wikizsl" / "labels.json").read_text("utf-8"))
    documents = json.loads((data / "redocred" / "dev_revised.json").read_text("utf-8"))
    wanted = {*official["train"], *official["val"], *zero_shot}
    wanted |= {label["r"] for document in documents for label in document["labels"]}
    assert not wanted - {relation.id for relation in catalogue()}


def test_the_build_script_makes_the_catalogue_that_is_there(shared: Path, project: Path, tmp_path: Path) -> None:
    import runpy
    import sys

    out = tmp_path / "catalogue.json"
    argv, sys.argv = sys.argv, ["build_catalogue.py", str(shared / "data/wikidata/properties.json"), "--out", str(out)]
    try:
        runpy.run_path(str(project / "scripts" / "build_catalogue.py"), run_name="__main__")
    finally:
        sys.argv = argv
    assert out.read_bytes() == (project / "zslre" / "assets" / "catalogue.json").read_bytes()


# What must not be trained on


# strict types and sources

SOURCE = Source("synonyms", "funded by", "wordnet", "2026-05-01", 0.65, 'fund.v.06: "furnish" money, \\ for')


@pytest.mark.parametrize("suffix", ["json", "toml"])
def test_strict_types_and_sources_survive_a_file(suffix: str, tmp_path: Path) -> None:
    bare = Source("keywords", "money", "examples", "2026-05-01", 1)
    relation = Relation("paid by", side=SideInformation(("funded by",)), strict_types=True, sources=(SOURCE, bare))
    file = tmp_path / f"set.{suffix}"
    RelationSet([relation, Relation("other")]).to_file(file)
    read = RelationSet.from_file(file)
    assert read[0].strict_types is True
    assert read[0].sources == (SOURCE, bare)
    assert (read[1].strict_types, read[1].sources) == (False, ())
    assert "strict_types" not in read[1].to_dict()


def test_sources_make_no_difference_to_what_a_relation_is() -> None:
    assert Relation("a", sources=(SOURCE,)) == Relation("a")
    assert Relation("a", strict_types=True) != Relation("a")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"field": "synonym"}, "unknown field 'synonym'"),
        ({"item": " "}, "item is empty"),
        ({"source": ""}, "source is empty"),
        ({"date": "May 2026"}, "date must be as in 2025-12-31, got 'May 2026'"),
        ({"confidence": 1.5}, "confidence must be from 0 to 1, got 1.5"),
        ({"confidence": True}, "confidence must be from 0 to 1"),
        ({"confidence": "high"}, "confidence must be from 0 to 1"),
        ({"detail": 3}, "detail must be text"),
        ({"sauce": "x"}, "unknown key 'sauce'; did you mean 'source'"),
    ],
)
def test_a_bad_source_says_what_is_wrong(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Relation.from_dict({"name": "a", "sources": [{**SOURCE.to_dict(), **change}]})


def test_sources_of_the_wrong_shape() -> None:
    with pytest.raises(InputError, match="sources must be a list of tables"):
        Relation.from_dict({"name": "a", "sources": "wordnet"})
    with pytest.raises(InputError, match="each must be a table"):
        Relation.from_dict({"name": "a", "sources": ["wordnet"]})
    with pytest.raises(InputError, match="has no confidence"):
        Relation.from_dict({"name": "a", "sources": [{"field": "synonyms", "item": "b", "source": "c", "date": "d"}]})
    with pytest.raises(InputError, match="sources has 'funded by' twice"):
        Relation("a", sources=(SOURCE, SOURCE))
    with pytest.raises(InputError, match="strict_types must be true or false, got 'yes'"):
        Relation.from_dict({"name": "a", "strict_types": "yes"})


def test_an_object_that_is_one_relation_is_told_from_names_with_descriptions() -> None:
    with pytest.raises(InputError, match=r"is one relation, 'works for': write it in a list"):
        RelationSet.of({"name": "works for", "description": "has a job there"})  # type: ignore[arg-type]
    assert RelationSet.of({"name": "is called", "employer": "has a job there"}).names == ("name", "employer")
