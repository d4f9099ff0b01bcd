"""`zslre side-info build --crawl` from the command line to the file, with a wiki on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from webserver import FakeClock, Reply, Request, Server, loopback, serve
from wordbag import BagOfWords

import zslre.sideinfo.crawler as crawler
from zslre.cli import main
from zslre.extractor import RelationExtractor
from zslre.relations import Relation, RelationSet
from zslre.sideinfo.crawler.reader import Reading, Text, read_here
from zslre.sideinfo.hypernyms import Hypernym, HypernymTable
from zslre.sideinfo.wikidata import Property

KNOWN = (Property("P1", ("owned by", "owner"), "owner of the subject"),)
ARTICLES = {"Acmex": "Acmex is a brewery in Rome.", "Zetar": "Zetar is a large brewery. It is old."}
ROWS = [
    {"text": "Ann gets paid by Acmex", "head": [0, 3, "PER"], "tail": [17, 22, "ORG"], "relation": "works for"},
    {"text": "Bob gets paid by Zetar", "head": [0, 3, "PER"], "tail": [17, 22, "ORG"], "relation": "works for"},
]
Build = Callable[..., int]


class ReaderHere:
    """Reads with the real patterns, in this process."""

    def read(self, text: Text) -> Reading:
        return read_here(text)

    def close(self) -> None: ...


def wikipedia(request: Request) -> Reply:
    asked = request.query["titles"][0].strip("\x1f").split("\x1f")
    pages = [
        {"title": title, "fullurl": f"http://wiki.test/wiki/{title}", "extract": ARTICLES[title]}
        if title in ARTICLES
        else {"title": title, "missing": True}
        for title in asked
    ]
    return Reply(json.dumps({"batchcomplete": True, "query": {"pages": pages}}).encode(), "application/json")


def wikidata(request: Request) -> Reply:
    nothing: dict[str, Any] = {"entities": {"-1": {"site": "enwiki", "title": "x", "missing": ""}}, "search": []}
    return Reply(json.dumps(nothing).encode(), "application/json")


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        running.pages.update({"wiki.test/w/api.php": wikipedia, "data.test/w/api.php": wikidata})
        yield running


@pytest.fixture
def build(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Runs the verb: the crawler is the real one, told of the server, of its names and of a clock that is fast."""
    settings = partial(
        crawler.CrawlSettings,
        cache=tmp_path / "cache",
        allow_hosts=frozenset({"wiki.test", "data.test"}),
        wikipedia_api=server.url("wiki.test/w/api.php"),
        wikidata_api=server.url("data.test/w/api.php"),
    )
    monkeypatch.setattr(crawler, "CrawlSettings", settings)
    monkeypatch.setattr(
        crawler, "crawl", partial(crawler.crawl, resolver=loopback, clock=FakeClock(), reader=ReaderHere())
    )
    monkeypatch.setenv("ZSLRE_CACHE", str(tmp_path / "vectors"))
    monkeypatch.setattr("zslre.sideinfo.wikidata.properties", lambda: KNOWN)
    monkeypatch.setattr("zslre.sideinfo.builder.properties", lambda: KNOWN)
    model = SimpleNamespace(encoder=BagOfWords(), detector=None)
    monkeypatch.setattr(RelationExtractor, "from_pretrained", lambda *given, **options: model)
    schema, data = tmp_path / "schema.toml", tmp_path / "examples.jsonl"
    RelationSet([Relation("works for", "a job")]).to_file(schema)
    data.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))

    def run(*options: str, out: Path = tmp_path / "out.toml") -> int:
        return main(["side-info", "build", str(schema), "-o", str(out), "--examples", str(data), "--crawl", *options])

    return run


def test_a_crawl_tells_what_the_entities_are(build: Build, server: Server, tmp_path: Path) -> None:
    contact = ("--contact", "ann@example.org")
    assert build(*contact) == 0
    out = tmp_path / "out.toml"
    (brewery,) = [s for s in RelationSet.from_file(out)["works for"].sources if s.item == "brewery"]
    assert (brewery.field, brewery.source, brewery.detail) == ("tail_hypernyms", "crawl", "2 of 2 names: Acmex, Zetar")

    table = HypernymTable.read(tmp_path / "out.hypernyms.jsonl")
    assert list(table) == ["Ann", "Acmex", "Bob", "Zetar"]
    assert table["Acmex"][0].name == "brewery"
    assert {e.url for e in table["Acmex"][0].evidence} == {"http://wiki.test/wiki/Acmex"}
    assert "Acmex is a brewery in Rome." in {e.sentence for e in table["Acmex"][0].evidence}

    assert {request.host for request in server.log} == {"wiki.test", "data.test"}
    assert all("ann@example.org" in request.headers["User-Agent"] for request in server.log)

    asked, written = len(server.log), out.read_bytes()
    assert build(*contact) == 0
    assert (len(server.log), out.read_bytes()) == (asked, written)


def test_no_contact_no_request_and_nothing_written(
    build: Build, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build() == 1
    assert "--contact" in capsys.readouterr().err
    assert not server.log
    assert not list(tmp_path.glob("out*"))


def test_offline_asks_wordnet_alone(build: Build, server: Server, tmp_path: Path) -> None:
    assert build("--offline") == 0
    assert not server.log
    table = HypernymTable.read(tmp_path / "out.hypernyms.jsonl")
    assert {e.source for hypernyms in table.values() for h in hypernyms for e in h.evidence} == {"wordnet"}


def test_a_wiki_that_is_down_costs_only_what_it_knows(
    build: Build, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.pages.clear()
    assert build("--contact", "ann@example.org", "-q") == 0
    said = capsys.readouterr().err
    assert "zslre: not answered: wikipedia: status 404: Ann, Acmex, Bob, Zetar\n" in said
    built = RelationSet.from_file(tmp_path / "out.toml")["works for"]
    assert "organization" in built.side.tail_hypernyms  # the tagger's type
    assert "brewery" not in built.side.tail_hypernyms


def test_a_table_that_no_crawl_wrote_stays_as_it_is(
    build: Build, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "out.hypernyms.jsonl"
    HypernymTable({"Acmex": (Hypernym("foundry", 2, 0.7),)}).write(table)
    before = table.read_bytes()
    assert build("--contact", "ann@example.org") == 1
    assert "give it as --hypernyms" in capsys.readouterr().err
    assert (table.read_bytes(), server.log) == (before, [])
