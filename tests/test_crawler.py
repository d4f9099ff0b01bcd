"""Sources, journal and whole crawls, against a server on loopback with pages in the shape of the real ones."""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from webserver import FakeClock, Reply, Request, Server, loopback

from zslre.cli import main
from zslre.exceptions import InputError
from zslre.sideinfo.crawler import CrawlSettings, Entity, Outcome, crawl, read_entities
from zslre.sideinfo.crawler.crawler import journal_path
from zslre.sideinfo.crawler.entities import distinct
from zslre.sideinfo.crawler.journal import Entry, Journal, read_journal
from zslre.sideinfo.crawler.reader import Reading, Text
from zslre.sideinfo.crawler.sources import Result, Task
from zslre.sideinfo.crawler.text import links
from zslre.sideinfo.hypernyms import Evidence, HypernymTable
from zslre.sideinfo.mining.hearst import DEFINITION, Match
from zslre.sideinfo.mining.kinds import hypernyms
from zslre.sideinfo.mining.ranking import Finding

HOSTS = frozenset({"a.test", "b.test", "c.test", "wiki.test", "data.test", "search.test"})
Do = Callable[..., Outcome]


class SimpleReader:
    """Reads "X is a Y." only, and needs no tagger for it."""

    def read(self, text: Text) -> Reading:
        if text.links:
            return Reading(links=tuple(links(text.body.decode())))
        sentences = re.findall(r"[^.<>\n]+\.", text.body.decode())
        found = [(s, re.match(r"\s*(.+?) is an? ([\w ]+)\.", s)) for s in sentences]
        matches = tuple(Match(m[1], ((m[2], 1.0),), "is a", s.strip()) for s, m in found if m)
        if text.about and found and found[0][1]:
            matches = (Match(text.about, matches[0].hypernyms, DEFINITION, matches[0].sentence), *matches)
        return Reading(matches)

    def close(self) -> None: ...


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "hypernyms.jsonl"


@pytest.fixture
def do(server: Server, tmp_path: Path, output: Path) -> Do:
    def run(
        *names: str | Entity,
        sources: tuple[Any, ...],
        seeds: Any = (),
        sitemaps: Any = (),
        nouns: Any = hypernyms,
        on_progress: Any = None,
        **changes: Any,
    ) -> Outcome:
        given = {
            "contact": "ann@example.org",
            "delay": 0.0,
            "retries": 1,
            "cache": tmp_path / "cache",
            "allow_hosts": HOSTS,
            "wikipedia_api": server.url("wiki.test/w/api.php"),
            "wikidata_api": server.url("data.test/w/api.php"),
            "search": changes.pop("search", ""),
            **changes,
        }
        return crawl(
            [name if isinstance(name, Entity) else Entity(name) for name in names],
            output,
            CrawlSettings(**given),
            sources=sources,
            seeds=[server.url(seed) for seed in seeds],
            sitemaps=[server.url(sitemap) for sitemap in sitemaps],
            nouns=nouns,
            resolver=loopback,
            clock=FakeClock(),
            reader=SimpleReader(),
            on_progress=on_progress,
        )

    return run


def top(table: HypernymTable, name: str) -> list[str]:
    return [hypernym.name for hypernym in table[name]]


# WordNet


def test_wordnet_needs_no_network(do: Do, output: Path) -> None:
    senses = [("singer", "musician"), ("voice",)]
    outcome = do(
        "soprano",
        "zzz",
        sources=("wordnet",),
        contact="",
        nouns=lambda noun, context: senses if noun == "soprano" else (),
    )
    assert top(outcome.table, "soprano") == ["singer", "musician", "voice"]
    assert outcome.table["zzz"] == ()
    assert top(HypernymTable.read(output), "Soprano ") == ["singer", "musician", "voice"]


def test_wordnet_names_the_sense(do: Do) -> None:
    table = do("Danube", sources=("wordnet",), nouns=hypernyms).table
    assert table["Danube"][0].evidence[0].sentence.startswith("Danube.n.01: the 2nd longest European river")


# Wikipedia


def wiki(*pages: dict[str, Any], **query: Any) -> Callable[[Request], Reply]:
    """Answers with those of the pages that are asked for."""

    def answer(request: Request) -> Reply:
        assert request.query["maxlag"] == ["5"]
        asked = request.query["titles"][0].strip("\x1f").split("\x1f")
        renamed = {step["from"]: step["to"] for steps in query.values() for step in steps}
        wanted = {renamed.get(renamed.get(title, title), renamed.get(title, title)) for title in asked}
        found = [page for page in pages if page["title"] in wanted]
        missing = [{"title": title, "missing": True} for title in wanted - {page["title"] for page in found}]
        return json_reply({"batchcomplete": True, "query": {**query, "pages": found + missing}})

    return answer


def json_reply(value: Any) -> Reply:
    return Reply(json.dumps(value).encode(), "application/json; charset=utf-8")


def test_wikipedia_in_batches_with_redirects(do: Do, server: Server) -> None:
    server.pages["wiki.test/w/api.php"] = wiki(
        {
            "title": "BMW",
            "fullurl": "https://wiki.test/wiki/BMW",
            "extract": "Bayerische Motoren Werke is a car company.",
        },
        {"title": "Audi", "fullurl": "https://wiki.test/wiki/Audi", "extract": "Audi is a car maker."},
        normalized=[{"from": "bmw", "to": "Bmw"}],
        redirects=[{"from": "Bmw", "to": "BMW"}],
    )
    outcome = do("bmw", "Audi", "No|such", sources=("wikipedia",))
    assert len(server.paths) == 1
    (hypernym,) = outcome.table["bmw"]
    assert (hypernym.name, hypernym.count) == ("car company", 1)
    sentence = "Bayerische Motoren Werke is a car company."
    assert hypernym.evidence == (Evidence("wikipedia", "https://wiki.test/wiki/BMW", "2001-09-09", sentence),)
    assert top(outcome.table, "audi") == ["car maker"]
    assert outcome.table["No|such"] == ()


def test_more_names_than_a_batch(do: Do, server: Server) -> None:
    names = [f"Name {number}" for number in range(45)]
    server.pages["wiki.test/w/api.php"] = wiki(
        *({"title": n, "fullurl": "u", "extract": f"{n} is a thing."} for n in names)
    )
    outcome = do(*names, sources=("wikipedia",))
    assert len(server.paths) == 3
    assert all(top(outcome.table, name) == ["thing"] for name in names)


MERCURY = (
    {"title": "Mercury", "fullurl": "u", "extract": "Mercury may refer to:", "pageprops": {"disambiguation": ""}},
    {"title": "Mercury (planet)", "fullurl": "p", "extract": "Mercury is a planet. It orbits closest to the Sun."},
    {"title": "Mercury (element)", "fullurl": "e", "extract": "Mercury is a metal. It is liquid and toxic."},
)


@pytest.mark.parametrize(
    ("context", "kinds"),
    [
        ("Mercury is toxic and liquid.", ["metal"]),
        ("It orbits the Sun like Mercury.", ["planet"]),
        ("", []),
        ("Zzzz.", []),
    ],
)
def test_an_ambiguous_name_is_resolved_by_its_sentence(do: Do, server: Server, context: str, kinds: list[str]) -> None:
    extracts = wiki(*MERCURY)

    def answer(request: Request) -> Reply:
        if request.query["prop"] == ["links"]:
            titles = ["Mercury (element)", "Mercury (planet)", "Something else"]
            page = {"title": "Mercury", "links": [{"title": title} for title in titles]}
            return json_reply({"query": {"pages": [page]}})
        return extracts(request)

    server.pages["wiki.test/w/api.php"] = answer
    assert top(do(Entity("Mercury", context), sources=("wikipedia",)).table, "Mercury") == kinds


def test_continued_answers_are_put_together(do: Do, server: Server) -> None:
    def answer(request: Request) -> Reply:
        if "excontinue" in request.query:
            return json_reply({"query": {"pages": [{"title": "BMW", "extract": "BMW is a company."}]}})
        pages = [{"title": "BMW", "fullurl": "u"}]
        return json_reply({"continue": {"excontinue": 1, "continue": "||info"}, "query": {"pages": pages}})

    server.pages["wiki.test/w/api.php"] = answer
    assert top(do("BMW", sources=("wikipedia",)).table, "BMW") == ["company"]


NONSENSE = [
    b"<html>",
    b"[]",
    b'{"error": {"info": "no"}}',
    b"[" * 100_000,
    b'{"query": []}',
    b'{"query": {"pages": [1]}}',
]


@pytest.mark.parametrize("body", NONSENSE)
def test_a_wiki_that_answers_nonsense_costs_its_names_only(do: Do, server: Server, body: bytes) -> None:
    server.pages["wiki.test/w/api.php"] = Reply(body, "application/json")
    server.pages["a.test/x"] = "Audi is a car maker."
    outcome = do("BMW", "Audi", sources=("wikipedia", "web"), seeds=["a.test/x"])
    assert top(outcome.table, "Audi") == ["car maker"]
    assert set(outcome.unanswered) == {"BMW", "Audi"}
    assert "answers with" in outcome.unanswered["BMW"]


@pytest.mark.parametrize("trouble", [Reply(b'{"error": {"info": "no"}}', "application/json"), Reply(status=500)])
def test_a_meaning_that_cannot_be_had_costs_its_own_name_only(do: Do, server: Server, trouble: Reply) -> None:
    extracts = wiki(*MERCURY, {"title": "BMW", "fullurl": "u", "extract": "BMW is a company."})
    server.pages["wiki.test/w/api.php"] = lambda r: trouble if r.query["prop"] == ["links"] else extracts(r)
    outcome = do("BMW", Entity("Mercury", "Mercury is toxic."), "Nobody", sources=("wikipedia",))
    assert top(outcome.table, "BMW") == ["company"]
    assert list(outcome.unanswered) == ["Mercury"]
    outcome = do("BMW", Entity("Mercury", "Mercury is toxic."), "Nobody", sources=("wikipedia",))
    assert list(outcome.unanswered) == ["Mercury"]


def test_a_page_of_another_shape_costs_its_own_name_only(do: Do, server: Server) -> None:
    names = [f"Name {number}" for number in range(9)]
    good = wiki(*({"title": name, "fullurl": "u", "extract": f"{name} is a thing."} for name in names))

    def answer(request: Request) -> Reply:
        return json_reply({"query": {"pages": [1]}}) if "Name 5" in request.query["titles"][0] else good(request)

    server.pages["wiki.test/w/api.php"] = answer
    for _ in range(2):
        outcome = do(*names, sources=("wikipedia",))
        assert [name for name in names if not outcome.table[name]] == list(outcome.unanswered) == ["Name 5"]
    assert len(server.paths) == 1 + 2 + 2 + 2  # of nine, five, two or three, and one name


def test_batches_that_all_fail_are_not_taken_apart_for_ever(do: Do, server: Server) -> None:
    server.pages["wiki.test/w/api.php"] = Reply(b'{"error": {"info": "no"}}', "application/json")
    names = [f"Name {number}" for number in range(800)]
    outcome = do(*names, sources=("wikipedia",))
    assert set(outcome.unanswered) == set(names)
    assert len(server.paths) == 40 + 2 * 20


# Wikidata


def item(q: str, label: str, *, title: str = "", **claims: list[str]) -> dict[str, Any]:
    statements = {
        relation: [
            {"rank": "normal", "mainsnak": {"datavalue": {"value": {"entity-type": "item", "id": target}}}}
            for target in targets
        ]
        for relation, targets in claims.items()
    }
    links = {"enwiki": {"site": "enwiki", "title": title}} if title else {}
    return {"id": q, "labels": {"en": {"language": "en", "value": label}}, "claims": statements, "sitelinks": links}


ITEMS = {
    "Q1": item("Q1", "BMW", title="BMW", P31=["Q2", "Q3"]),
    "Q2": item("Q2", "automobile manufacturer", P279=["Q4"]),
    "Q3": item("Q3", "brand", P279=["Q6"]),
    "Q4": item("Q4", "manufacturer", P279=["Q5"]),
    "Q5": item("Q5", "company", P279=["Q4"]),  # a circle
    "Q6": item("Q6", "name"),
    "Q7": item("Q7", "soprano", P279=["Q8"]),
    "Q8": item("Q8", "voice type"),
}
HITS = {
    "Soprano": [{"id": "Q9", "label": "Sopranos"}, {"id": "Q7", "label": "soprano", "description": "highest voice"}]
}


def wikidata(request: Request) -> Reply:
    if request.query["action"] == ["wbsearchentities"]:
        return json_reply({"search": HITS.get(request.query["search"][0], [])})
    if "ids" in request.query:
        return json_reply({"entities": {q: ITEMS[q] for q in request.query["ids"][0].split("|")}})
    titles = request.query["titles"][0].strip("\x1f").split("\x1f")
    found = {q: known for q, known in ITEMS.items() if known["sitelinks"].get("enwiki", {}).get("title") in titles}
    return json_reply({"entities": {**found, "-1": {"site": "enwiki", "title": "x", "missing": ""}}})


def test_wikidata_goes_upwards_to_its_depth(do: Do, server: Server) -> None:
    server.pages["data.test/w/api.php"] = wikidata
    table = do("BMW", "Soprano", "Nobody", sources=("wikidata",), depth=1).table
    assert top(table, "BMW")[:2] == ["brand", "automobile manufacturer"]
    assert set(top(table, "BMW")[2:]) == {"name", "manufacturer"}
    assert table["BMW"][0].evidence[0].url == server.url("data.test/wiki/Q1")
    assert top(table, "Soprano") == ["voice type"]
    assert table["Nobody"] == ()


@pytest.mark.parametrize(
    "trouble", [json_reply({"error": {"info": "no"}}), json_reply({"search": [1]}), Reply(status=500)]
)
def test_a_search_that_fails_costs_its_own_name_only(do: Do, server: Server, trouble: Reply) -> None:
    server.pages["data.test/w/api.php"] = lambda r: trouble if r.query.get("search") == ["Err"] else wikidata(r)
    outcome = do("BMW", "Err", "Soprano", "Nobody", sources=("wikidata",), depth=0)
    assert (top(outcome.table, "Soprano"), len(top(outcome.table, "BMW"))) == (["voice type"], 2)
    assert list(outcome.unanswered) == ["Err"]


def test_depth_changes_how_far(do: Do, server: Server, output: Path) -> None:
    server.pages["data.test/w/api.php"] = wikidata
    assert set(top(do("BMW", sources=("wikidata",), depth=0).table, "BMW")) == {"brand", "automobile manufacturer"}
    (output.parent / "hypernyms.jsonl.journal").unlink()
    assert "company" in top(do("BMW", sources=("wikidata",), depth=4).table, "BMW")


# The web


def test_sites_count_once_however_often_they_say_it(do: Do, server: Server) -> None:
    page = "<p>BMW is a company.</p><p>BMW is a company.</p>"
    server.pages |= {"a.test/1": page, "a.test/2": page, "b.test/1": page, "c.test/1": "<p>BMW is a bank.</p>"}
    table = do("BMW", sources=("web",), seeds=["a.test/1", "a.test/2", "b.test/1", "c.test/1"]).table
    assert [(h.name, h.count) for h in table["bmw"]] == [("company", 2), ("bank", 1)]
    assert table["bmw"][0].confidence > table["bmw"][1].confidence


def test_sitemaps_lead_to_pages_one_level_deep(do: Do, server: Server) -> None:
    def sitemap(*places: str) -> Reply:
        locations = "".join(f"<url><loc> {server.url(place)} </loc></url>" for place in places)
        return Reply(f'<?xml version="1.0"?><urlset>{locations}</urlset>'.encode(), "application/xml")

    server.pages |= {
        "a.test/sitemap.xml": sitemap("a.test/part.xml", "a.test/1"),
        "a.test/part.xml": sitemap("a.test/deeper.xml", "a.test/2"),
        "a.test/deeper.xml": sitemap("a.test/3"),
        **{f"a.test/{n}": f"BMW is a thing {n}." for n in (1, 2, 3)},
    }
    table = do("BMW", sources=("web",), seeds=["a.test/sitemap.xml"]).table
    assert sorted(top(table, "BMW")) == ["thing 1", "thing 2"]


XML, GZIP = "text/xml; charset=utf-8", "application/x-gzip"
ONE_PAGE = b"<urlset><url><loc>{}</loc></url></urlset>"


@pytest.mark.parametrize(
    ("option", "place", "body", "type"),
    [
        ("sitemaps", "sitemap", ONE_PAGE, XML),
        ("sitemaps", "sitemap", b"<urlset><url><loc> <![CDATA[ {} ]]>\n</loc></url></urlset>", XML),
        ("sitemaps", "sitemap.xml.gz", gzip.compress(ONE_PAGE), GZIP),
        ("sitemaps", "sitemap.xml.gz", ONE_PAGE, XML),  # unpacked on the way
        ("sitemaps", "sitemap.txt", b"\n{}\nnonsense\n", "text/plain"),
        ("seeds", "sitemap.xml.gz", gzip.compress(ONE_PAGE), GZIP),
    ],
)
def test_what_is_given_as_a_sitemap_is_read_as_one(
    do: Do, server: Server, option: str, place: str, body: bytes, type: str
) -> None:
    packed = body.startswith(b"\x1f")
    text = (gzip.decompress(body) if packed else body).replace(b"{}", server.url("a.test/1?a=1").encode())
    server.pages[f"a.test/{place}"] = Reply(gzip.compress(text) if packed else text, type)
    server.pages["a.test/1"] = "BMW is a firm."
    outcome = do("BMW", sources=("web",), **{option: [f"a.test/{place}"]})
    assert (top(outcome.table, "BMW"), outcome.report.refused) == (["firm"], {})


def test_parts_of_an_index_need_no_suffix(do: Do, server: Server) -> None:
    def of(name: str, place: str) -> Reply:
        return Reply(f"<{name}><loc>{server.url(place)}</loc></{name}>".encode(), "application/xml")

    server.pages |= {
        "a.test/map": of("sitemapindex", "a.test/part"),
        "a.test/part": of("urlset", "a.test/1"),
        "a.test/1": "BMW is a firm.",
    }
    assert top(do("BMW", sources=("web",), sitemaps=["a.test/map"]).table, "BMW") == ["firm"]


@pytest.mark.parametrize(
    ("body", "type", "why"),
    [
        (gzip.compress(bytes(10_000_000)), GZIP, "unpacks to more than the 1,000,000 bytes of --max-bytes"),
        (gzip.compress(b"<loc>http://a.test/1</loc>")[:-9], GZIP, "is cut off in the middle of its gzip data"),
        (b"<urlset></urlset>", XML, "holds no address of a page: is it a sitemap?"),
        (b"<html>", "text/html", "content type text/html"),
        (b"\n" * 900_000, "text/plain", "holds no address of a page"),
        (b"<loc>" + b" " * 900_000, XML, "holds no address of a page"),
    ],
)
def test_sitemaps_that_cannot_be_read(do: Do, server: Server, body: bytes, type: str, why: str) -> None:
    server.pages["a.test/map"] = Reply(body, type)
    (problem,) = do("BMW", sources=("web",), sitemaps=["a.test/map"], max_bytes=1_000_000).report.refused.values()
    assert problem.startswith(why)


@pytest.mark.parametrize("kind", ["html", "json"])
def test_a_search_leads_to_its_first_results(do: Do, server: Server, kind: str) -> None:
    hits = [server.url(f"{host}/BMW AG".replace(" ", "%20")) for host in ("a.test", "b.test", "c.test")]
    links = "".join(f'<a href="{hit}">x</a>' for hit in hits)
    html = f'<nav><a href="http://ads.test/">ad</a></nav><a href="/settings">s</a>{links}'
    found = json_reply({"results": [{"url": hit} for hit in hits]}) if kind == "json" else Reply(html.encode())
    server.pages["search.test/find"] = found
    server.pages |= {f"{host}/BMW%20AG": "BMW is a company." for host in ("a.test", "b.test", "c.test")}
    search = f"{server.url('search.test/find')}?q={{name}}"
    table = do("BMW", "A&B c", sources=("web",), search=search, search_results=2).table
    assert table["BMW"][0].count == 2
    assert sorted(r.query["q"][0] for r in server.asked("search.test/find")) == ["A&B c", "BMW"]


NO_ADDRESS = "http://[x/"


@pytest.mark.parametrize("found", [f'<a href="{NO_ADDRESS}">x</a> <a href="{{}}">y</a>', '["{}", "http://[x/"]'])
def test_a_search_may_find_what_is_no_address(do: Do, server: Server, found: str) -> None:
    found = found.replace("{}", server.url("a.test/1"))
    type = "application/json" if found.startswith("[") else "text/html"
    server.pages |= {"search.test/": Reply(found.encode(), type), "a.test/1": "BMW is a company."}
    outcome = do("BMW", sources=("web",), search=server.url("search.test/?q={name}"), search_results=1)
    assert (top(outcome.table, "BMW"), outcome.failures) == (["company"], {})


def test_what_is_no_address_costs_its_own_page_only(do: Do, server: Server) -> None:
    locations = f"<loc>{NO_ADDRESS}</loc><loc>{server.url('a.test/1')}</loc>"
    server.pages |= {"a.test/map": Reply(locations.encode(), "text/xml"), "a.test/1": "BMW is a company."}
    server.pages["wiki.test/w/api.php"] = wiki({"title": "BMW", "fullurl": NO_ADDRESS, "extract": "BMW is a firm."})
    outcome = do("BMW", sources=("web", "wikipedia"), sitemaps=["a.test/map"])
    assert sorted(top(outcome.table, "BMW")) == ["company", "firm"]
    assert outcome.failures == {"is no address (Invalid IPv6 URL)": [NO_ADDRESS]}


@pytest.mark.parametrize("setting", ["search", "wikipedia_api", "wikidata_api"])
def test_settings_must_be_addresses(setting: str) -> None:
    with pytest.raises(InputError, match="is no address"):
        CrawlSettings(**{setting: f"{NO_ADDRESS}{{name}}"})  # type: ignore[arg-type]


def test_a_host_that_is_down_costs_its_own_names_only(do: Do, server: Server) -> None:
    server.pages["wiki.test/w/api.php"] = Reply(status=503)
    server.pages["data.test/w/api.php"] = wikidata
    outcome = do("BMW", sources=("wikipedia", "wikidata"))
    assert "brand" in top(outcome.table, "BMW")
    assert outcome.unanswered == {"BMW": "wikipedia: wiki.test: status 503"}
    server.pages["wiki.test/w/api.php"] = wiki({"title": "BMW", "fullurl": "u", "extract": "BMW is a company."})
    server.log.clear()
    outcome = do("BMW", sources=("wikipedia", "wikidata"))
    assert not outcome.unanswered
    assert "company" in top(outcome.table, "BMW")
    assert server.paths == ["wiki.test/w/api.php"]


def test_all_failures_are_told_by_name_and_by_cause(do: Do, server: Server, output: Path) -> None:
    server.pages |= dict.fromkeys(
        ["wiki.test/w/api.php", "data.test/w/api.php", "a.test/1", "a.test/2"], Reply(status=503)
    )
    names = [f"Name {number}" for number in range(70)]  # four batches for one, two for the other
    outcome = do(*names, sources=("wikipedia", "wikidata", "web"), seeds=["a.test/1", "a.test/2", "b.test/1"])
    down, busy = "wikipedia: wiki.test is down (status 503)", "wikidata: data.test: status 503"
    why = f"{down}; {busy}; web: not all pages were read (2 left)"
    assert outcome.unanswered == dict.fromkeys(names, why)
    pages = {server.url(place): place for place in ("a.test/1", "a.test/2", "b.test/1")}
    told = {cause: [pages.get(item, item) for item in items] for cause, items in outcome.failures.items()}
    assert {cause: sorted(items) for cause, items in told.items()} == {
        down: sorted(names),
        busy: sorted(names),
        "a.test: status 503": ["a.test/1", "a.test/2"],
        "status 404": ["b.test/1"],
    }
    assert HypernymTable.read(output).unanswered("name 69") == why
    assert not outcome.answered


def test_a_host_that_is_down_is_one_cause(do: Do, server: Server) -> None:
    server.pages["a.test/robots.txt"] = Reply(status=503)
    seeds = [f"a.test/{number}" for number in range(5)]
    assert list(do("BMW", sources=("web",), seeds=seeds).failures) == ["robots.txt: a.test: status 503"]
    server.pages["a.test/robots.txt"] = ""
    server.pages |= dict.fromkeys(seeds, Reply(status=503))
    assert list(do("BMW", sources=("web",), seeds=seeds).failures) == ["a.test is down (status 503)"]


def test_a_name_that_was_not_asked_differs_from_one_without_an_answer(do: Do, server: Server, output: Path) -> None:
    def nouns(noun: str, context: str) -> tuple[tuple[str, ...], ...]:
        if noun == "bad":
            raise KeyboardInterrupt
        return ()

    with pytest.raises(KeyboardInterrupt):
        do("none", "bad", "more", sources=("wordnet",), nouns=nouns)
    table = HypernymTable.read(output)
    assert [table.unanswered(name) for name in table] == ["", "wordnet: not asked yet", "wordnet: not asked yet"]
    do("none", "bad", "more", sources=("wordnet",), nouns=lambda noun, context: ())
    assert "unanswered" not in output.read_text()


def test_pages_that_were_not_reached_are_no_answer(do: Do, server: Server, output: Path) -> None:
    server.pages |= {"a.test/1": Reply(status=503), "a.test/map": Reply(status=503), "b.test/1": "BMW is a company."}
    outcome = do("BMW", "Audi", sources=("web",), seeds=["a.test/1", "b.test/1", "b.test/404"], sitemaps=["a.test/map"])
    why = "web: not all pages were read (2 left)"
    assert (outcome.unanswered, outcome.answered) == ({"BMW": why, "Audi": why}, True)
    assert HypernymTable.read(output).unanswered("Audi") == why
    server.pages |= {"a.test/1": "Audi is a car maker.", "a.test/map": Reply(b"<loc>http://[x/</loc>", XML)}
    assert do("BMW", "Audi", sources=("web",), seeds=["a.test/1"], sitemaps=["a.test/map"]).unanswered == {}


def test_an_interrupt_leaves_no_name_without_an_answer_that_says_nothing_of_it(
    do: Do, server: Server, output: Path
) -> None:
    def interrupt(request: Any) -> Reply:
        stop.set()
        return Reply(b"BMW is a company.")

    def progress(report: Any, counts: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt

    stop = threading.Event()
    server.pages |= {"a.test/1": interrupt, "a.test/2": lambda _: time.sleep(0.1) or Reply(b"")}
    with pytest.raises(KeyboardInterrupt):
        do("BMW", sources=("web",), seeds=[f"a.test/{n}" for n in (1, 2, 3, 4)], on_progress=progress)
    assert "not all pages were read" in HypernymTable.read(output).unanswered("BMW")


@pytest.mark.parametrize(
    ("pages", "answered"),
    [({}, False), ({"a.test/1": "Audi is a car."}, True), ({"a.test/1": Reply(status=503)}, False)],
)
def test_pages_that_are_all_missing_are_no_answer(do: Do, server: Server, pages: Any, answered: bool) -> None:
    server.pages |= pages
    for _ in range(2):
        assert do("BMW", sources=("web",), seeds=["a.test/1", "a.test/2"]).answered is answered


def test_a_search_that_finds_nothing_is_an_answer(do: Do, server: Server) -> None:
    server.pages["search.test/"] = json_reply([])
    search = server.url("search.test/?q={name}")
    for _ in range(2):
        assert do("BMW", sources=("web",), search=search).answered
    server.pages["search.test/"] = json_reply([server.url("a.test/gone")])
    assert not do("Audi", sources=("web",), search=search).answered


def test_a_later_run_begins_with_other_pages_than_those_that_failed(do: Do, server: Server) -> None:
    good = [f"a.test/{n}" for n in range(20)]
    bad = ["a.test/a", "a.test/b", "a.test/c"]
    server.pages |= dict.fromkeys(good, "BMW is a company.") | dict.fromkeys(bad, Reply(status=500))
    assert top(do("BMW", sources=("web",), seeds=bad + good).table, "BMW") == []
    assert top(do("BMW", sources=("web",), seeds=bad + good).table, "BMW") == ["company"]
    assert set(good) <= set(server.paths)


def test_what_was_known_stays_while_nobody_answers(do: Do, server: Server, output: Path, tmp_path: Path) -> None:
    server.pages["data.test/w/api.php"] = wikidata
    do("BMW", sources=("wikidata",))
    journal_path(output).unlink()
    server.pages["data.test/w/api.php"] = Reply(status=500)
    do("BMW", sources=("wikidata",), cache=tmp_path / "other")
    table = HypernymTable.read(output)
    assert "brand" in top(table, "BMW")
    assert table.unanswered("BMW") == "wikidata: data.test: status 500"


def test_one_host_is_asked_one_page_at_a_time_and_hosts_side_by_side(do: Do, server: Server) -> None:
    both = threading.Barrier(2, timeout=10)

    def page(request: Request) -> Reply:
        both.wait()  # ends only if another host is asked at the same time
        return Reply(b"BMW is a company.")

    seeds = [f"{host}/{n}" for n in range(3) for host in ("a.test", "b.test")]
    server.pages |= dict.fromkeys(seeds, page)
    assert do("BMW", sources=("web",), seeds=seeds).table["BMW"][0].count == 2
    for host in ("a.test", "b.test"):
        spans = sorted((r.start, r.end) for r in server.log if r.host == host)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))


# Stopping and going on


def test_a_finished_crawl_asks_nothing_again_and_new_names_use_old_pages(do: Do, server: Server) -> None:
    server.pages["a.test/1"] = "BMW is a company. Audi is a car maker."
    do("BMW", sources=("web",), seeds=["a.test/1"])
    server.log.clear()
    outcome = do("BMW", "Audi", sources=("web",), seeds=["a.test/1"])
    assert not server.log
    assert top(outcome.table, "Audi") == ["car maker"]


def test_max_pages_stops_and_a_later_run_goes_on(do: Do, server: Server) -> None:
    server.pages |= {f"a.test/{n}": f"BMW is a thing {n}." for n in range(5)}
    seeds = [f"a.test/{n}" for n in range(5)]
    outcome = do("BMW", sources=("web",), seeds=seeds, max_pages=3)  # robots.txt and two pages
    assert len(outcome.report.unfinished) == 3
    assert len(outcome.table["BMW"]) == 2
    assert len(do("BMW", sources=("web",), seeds=seeds).table["BMW"]) == 5
    assert sorted(server.paths) == sorted(seeds)


def test_what_will_never_be_had_is_not_asked_for_again(do: Do, server: Server) -> None:
    server.pages["a.test/1"] = Reply(b"%PDF", "application/pdf")
    for _ in range(2):
        outcome = do("BMW", sources=("web",), seeds=["a.test/1"])
        assert list(outcome.report.refused.values()) == [
            "content type application/pdf; wanted text/html, application/xhtml+xml, text/plain"
        ]
    assert server.paths == ["a.test/1"]


def test_an_interrupted_crawl_keeps_what_it_has_and_goes_on(server: Server, do: Do, output: Path) -> None:
    server.pages |= {f"a.test/{n}": f"BMW is a thing {n}." for n in range(30)}
    seeds = [f"a.test/{n}" for n in range(30)]

    def interrupt(report: Any, counts: Any) -> None:
        if report.tasks:
            raise KeyboardInterrupt

    server.pages["a.test/29"] = lambda _: time.sleep(0.5) or Reply(b"BMW is a thing 29.")
    with pytest.raises(KeyboardInterrupt):
        do("BMW", sources=("web",), seeds=seeds, on_progress=interrupt)
    assert 0 < len(HypernymTable.read(output)["BMW"]) < 30
    assert len(set(read_journal(journal_path(output)))) < 30
    outcome = do("BMW", sources=("web",), seeds=seeds)
    assert {h.name for h in outcome.table["BMW"]} <= {f"thing {n}" for n in range(30)}
    assert len({entry.task for entry in read_journal(journal_path(output))}) == 30


def test_an_error_in_a_source_is_raised_and_keeps_what_was_found(do: Do, server: Server, output: Path) -> None:
    def nouns(noun: str, context: str) -> tuple[tuple[str, ...], ...]:
        if noun == "bad":
            raise ZeroDivisionError("a bug")
        return (("thing",),)

    with pytest.raises(ZeroDivisionError):
        do("good", "bad", sources=("wordnet",), nouns=nouns)
    assert top(HypernymTable.read(output), "good") == ["thing"]


ENTRY = Entry(
    Task("web", "page", ("http://a.test/",)),
    5.0,
    Result(
        (
            Finding("BMW", (("car company", 1.0), ("company", 0.5)), Evidence("web", "u", "d", "s")),
            Finding("BMW", (), Evidence("web", "u", "d", "BMW and Fiat."), ("Fiat",)),
        ),
        (Task("w", "k", ()),),
    ),
    "why",
)


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_journal_that_was_cut_off_loses_the_last_line_only(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "j"
    for _ in range(2):
        journal = Journal(path)
        journal.add(ENTRY)
        journal.close()
    path.write_bytes(path.read_bytes()[:-cut])
    journal = Journal(path)
    assert list(read_journal(path)) == [ENTRY]
    assert (journal.done, journal.problems) == ({ENTRY.task}, {ENTRY.task: "why"})
    assert list(journal.findings()) == list(ENTRY.result.findings)
    journal.add(ENTRY)
    journal.close()
    assert list(read_journal(path)) == [ENTRY, ENTRY]


def test_a_journal_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_text("my notes\n")
    with pytest.raises(InputError, match="line 1"):
        Journal(path)
    assert path.read_text() == "my notes\n"


def test_old_entries_expire(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.add(ENTRY)
    journal.close()
    journal = Journal(tmp_path / "j", since=6.0)
    assert not journal.done
    assert not list(journal.findings())
    journal.close()


def test_two_crawls_cannot_write_one_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    with pytest.raises(InputError, match="another crawl"):
        Journal(tmp_path / "j")
    journal.close()
    Journal(tmp_path / "j").close()


# Other settings on the same table


def test_a_refusal_is_tried_again_when_what_it_was_refused_by_is_lifted(do: Do, server: Server) -> None:
    server.pages |= {"a.test/1": "BMW is a company.", "b.test/1": f"BMW is a firm. {'x' * 200}"}
    seeds = ["a.test/1", "b.test/1"]
    outcome = do("BMW", sources=("web",), seeds=seeds, allow_hosts=HOSTS - {"a.test"}, max_bytes=100)
    assert top(outcome.table, "BMW") == []
    assert sorted(why.partition(",")[0] for why in outcome.report.refused.values()) == [
        "has 215 bytes",
        "robots.txt: a.test is at 127.0.0.1",
    ]
    outcome = do("BMW", sources=("web",), seeds=seeds)
    assert sorted(top(outcome.table, "BMW")) == ["company", "firm"]
    assert not outcome.report.refused
    server.log.clear()
    assert sorted(top(do("BMW", sources=("web",), seeds=seeds, max_bytes=100).table, "BMW")) == ["company", "firm"]
    assert not server.log  # what is done stays done


def test_other_patterns_read_the_pages_of_the_cache_again(do: Do, server: Server, output: Path) -> None:
    server.pages["a.test/1"] = "BMW is a company."
    server.pages["wiki.test/w/api.php"] = wiki({"title": "BMW", "fullurl": "u", "extract": "BMW is a company."})
    ask = {"sources": ("web", "wikipedia"), "seeds": ["a.test/1"]}
    do("BMW", **ask)
    server.log.clear()
    for noisy, entries in ((True, 4), (False, 4), (True, 4)):
        assert top(do("BMW", noisy=noisy, **ask).table, "BMW") == ["company"]
        assert len(list(read_journal(journal_path(output)))) == entries
    assert not server.paths


def test_another_depth_asks_wikidata_only(do: Do, server: Server) -> None:
    server.pages |= {"data.test/w/api.php": wikidata, "a.test/1": "BMW is a company."}
    ask = {"sources": ("web", "wikidata"), "seeds": ["a.test/1"]}
    assert "manufacturer" not in top(do("BMW", depth=0, **ask).table, "BMW")
    server.log.clear()
    assert "manufacturer" in top(do("BMW", depth=1, **ask).table, "BMW")
    assert set(server.paths) == {"data.test/w/api.php"}
    assert "manufacturer" not in top(do("BMW", depth=0, **ask).table, "BMW")


def test_another_sentence_chooses_another_meaning_and_costs_no_other_name_a_page(do: Do, server: Server) -> None:
    extracts = wiki(*MERCURY, {"title": "BMW", "fullurl": "u", "extract": "BMW is a company."})

    def answer(request: Request) -> Reply:
        if request.query["prop"] == ["links"]:
            titles = ["Mercury (element)", "Mercury (planet)"]
            return json_reply({"query": {"pages": [{"title": "Mercury", "links": [{"title": t} for t in titles]}]}})
        return extracts(request)

    server.pages["wiki.test/w/api.php"] = answer
    names = [Entity("BMW"), Entity("Mercury", "Mercury is toxic and liquid.")]
    assert top(do(*names, sources=("wikipedia",)).table, "Mercury") == ["metal"]
    server.log.clear()
    table = do(Entity("BMW"), Entity("Mercury", "It orbits the Sun."), sources=("wikipedia",)).table
    assert (top(table, "Mercury"), top(table, "BMW")) == (["planet"], ["company"])
    assert not server.paths
    table = do(Entity("Mercury", "Mercury is toxic and liquid."), sources=("wikipedia",)).table
    assert (top(table, "Mercury"), server.paths) == (["metal"], [])


def test_old_results_count_until_there_are_new_ones(do: Do, server: Server) -> None:
    server.pages["data.test/w/api.php"] = wikidata
    do("BMW", sources=("wikidata",), depth=0)
    server.pages["data.test/w/api.php"] = Reply(status=503)
    outcome = do("BMW", sources=("wikidata",), depth=1, expire_days=30)
    assert set(top(outcome.table, "BMW")) >= {"brand", "automobile manufacturer"}


def test_rows_of_other_names_stay(do: Do, output: Path) -> None:
    def nouns(noun: str, context: str) -> tuple[tuple[str, ...], ...]:
        return ((f"kind of {noun}",),)

    do("Danube", "Elbe", sources=("wordnet",), nouns=nouns)
    journal_path(output).unlink()
    assert list(do("Rhine", "ELBE", sources=("wordnet",), nouns=nouns).table) == ["Rhine", "ELBE"]
    table = HypernymTable.read(output)
    assert {name: top(table, name) for name in table} == {
        "Danube": ["kind of Danube"],
        "ELBE": ["kind of ELBE"],
        "Rhine": ["kind of Rhine"],
    }


@pytest.mark.parametrize("there", ["names", "folder"])
def test_what_is_no_table_is_not_written_over(do: Do, output: Path, there: str) -> None:
    if there == "names":
        output.write_text("BMW\nAudi\n")
    else:
        output.mkdir()
    with pytest.raises(InputError, match=r"line 1: .*give another file to -o" if there == "names" else "is a folder"):
        do("BMW", sources=("wordnet",), nouns=lambda noun, context: ())
    assert [path.name for path in output.parent.iterdir()] == [output.name]


# Names


def test_entities_of_files(tmp_path: Path) -> None:
    plain, lines = tmp_path / "a.txt", tmp_path / "a.jsonl"
    plain.write_text("BMW\n\n  Deutsche Bank \n")
    lines.write_text('{"entity": "Mercury", "context": "It is toxic."}\n')
    assert list(read_entities(plain)) == [Entity("BMW"), Entity("Deutsche Bank")]
    assert list(read_entities(lines)) == [Entity("Mercury", "It is toxic.")]
    marked, loud = tmp_path / "b.txt", tmp_path / "b.JSONL"
    marked.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes())
    loud.write_bytes(b"\xef\xbb\xbf" + lines.read_bytes())
    assert [list(read_entities(path)) for path in (marked, loud)] == [list(read_entities(p)) for p in (plain, lines)]


@pytest.mark.parametrize(
    "line",
    [
        "BMW",
        "[]",
        "[" * 100_000,
        '{"entity": 1}',
        '{"entity": " "}',
        '{"entity": "a", "kontext": ""}',
        '{"entity": "a", "context": 1}',
        '{"entity": "Par\\ud800is"}',
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"entity": "x"}}\n{line}\n')
    with pytest.raises(InputError, match=r"a\.jsonl, line 2"):
        list(read_entities(path))


def test_a_name_is_asked_for_once() -> None:
    given = [Entity("BMW"), Entity("bmw ", "A context."), Entity("Audi")]
    assert distinct(given) == [Entity("BMW", "A context."), Entity("Audi")]


def test_a_name_that_no_file_can_hold_is_told_before_anything_is_asked() -> None:
    with pytest.raises(InputError, match="an entity's name holds half a surrogate pair at character 3"):
        distinct([Entity("Par\udcffis")])


# The command


@pytest.fixture
def command(server: Server, tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs the verb with the test's names and reader."""
    import zslre.sideinfo.crawler as package

    def with_stand_ins(*args: Any, **options: Any) -> Outcome:
        seen.update(options, settings=args[2])
        return crawl(*args, **options, resolver=loopback, clock=FakeClock(), reader=SimpleReader())

    seen: dict[str, Any] = {}
    monkeypatch.setattr(package, "crawl", with_stand_ins)

    def run(*arguments: str) -> int:
        allowed = [part for host in sorted(HOSTS) for part in ("--allow-host", host)]
        fixed = ["-o", str(output), "--cache", str(tmp_path / "cache"), "--delay", "0", *allowed]
        return main(["crawl", *arguments, *fixed])

    run.seen = seen  # type: ignore[attr-defined]
    return run


def test_the_command_asks_pages_and_writes_a_table(
    command: Callable[..., int], server: Server, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.pages["a.test/1"] = "BMW is a company."
    seeds = tmp_path / "seeds.txt"
    seeds.write_text(f"# pages\n{server.url('a.test/1')}\n{server.url('b.test/1')}\n")
    contact = ("--contact", "ann@example.org")
    assert command("BMW", "Audi", "--source", "web", "--seed-urls", str(seeds), *contact, "-v") == 0
    assert top(HypernymTable.read(output), "BMW") == ["company"]
    shown = capsys.readouterr().err
    assert "1 of 2 names have hypernyms; 4 pages fetched" in shown
    assert f"not answered: {server.url('b.test/1')}: status 404" in shown


def test_the_command_lists_failures_by_cause_and_all_of_many_in_a_file(
    command: Callable[..., int], server: Server, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names, all_of_it = tmp_path / "names.txt", output.with_name("hypernyms.jsonl.unanswered")
    names.write_text("".join(f"Name {number}\n" for number in range(12)))
    server.pages["wiki.test/w/api.php"] = Reply(status=503)
    wikipedia = ("--source", "wikipedia", "--wikipedia-api", server.url("wiki.test/w/api.php"), "--retries", "0")
    assert command("--entities", str(names), *wikipedia, "--contact", "a@b.org") == 1
    shown = capsys.readouterr().err
    assert "wikipedia: wiki.test: status 503: Name 0, Name 1," in shown
    assert "Name 9, … (12 in all)" in shown
    assert f"all of it is in {all_of_it}" in shown
    lines = [f"Name {number}\twikipedia: wiki.test: status 503" for number in range(12)]
    assert all_of_it.read_text().splitlines() == lines
    assert command("Name 0", *wikipedia, "--contact", "a@b.org") == 1
    assert "not answered: Name 0: wikipedia: wiki.test: status 503" in capsys.readouterr().err
    assert not all_of_it.exists()


def test_a_sitemap_of_the_command_needs_no_suffix(command: Callable[..., int], server: Server, output: Path) -> None:
    server.pages["a.test/map"] = Reply(ONE_PAGE.replace(b"{}", server.url("a.test/1").encode()), XML)
    server.pages["a.test/1"] = "BMW is a company."
    sources = ("--source", "web", "--contact", "ann@example.org", "--sitemap", server.url("a.test/map"))
    assert command("BMW", *sources) == 0
    assert top(HypernymTable.read(output), "BMW") == ["company"]


def test_no_contact_no_request(command: Callable[..., int], server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("BMW") == 1
    assert "--contact" in capsys.readouterr().err
    assert not server.log
    assert command("BMW", "--source", "wordnet") == 0


def test_a_dry_run_touches_nothing(
    command: Callable[..., int], server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search = server.url("search.test/?q={name}")
    sources = ("--source", "wikipedia", "--source", "web", "--search", search)
    assert command("BMW 7", *sources, "--contact", "ann@example.org", "--dry-run") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("https://en.wikipedia.org/w/api.php?action=query&")
    assert second == server.url("search.test/?q=BMW%207")
    assert not server.log
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "setting", "value"),
    [
        (["--user-agent", "me/1 (me@example.org)"], "user_agent", "me/1 (me@example.org)"),
        (["--delay", "3"], "delay", 3.0),
        (["--timeout", "7"], "timeout", 7.0),
        (["--retries", "2"], "retries", 2),
        (["--max-pages", "5"], "max_pages", 5),
        (["--max-bytes", "1000"], "max_bytes", 1000),
        (["--parallel-hosts", "3"], "parallel_hosts", 3),
        (["--expire-days", "2.5"], "expire_days", 2.5),
        (["--depth", "4"], "depth", 4),
        (["--search-results", "9"], "search_results", 9),
        (["--noisy-patterns"], "noisy", True),
        (["--wikipedia-api", "http://wiki.test/api"], "wikipedia_api", "http://wiki.test/api"),
        (["--wikidata-api", "http://data.test/api"], "wikidata_api", "http://data.test/api"),
        (["--allow-host", "B.test"], "allow_hosts", HOSTS),
    ],
)
def test_options_reach_the_settings(
    command: Callable[..., int], options: list[str], setting: str, value: Any, tmp_path: Path
) -> None:
    assert command("BMW", "--source", "wordnet", *options) == 0
    if setting != "delay":  # the fixture sets it last
        assert getattr(command.seen["settings"], setting) == value  # type: ignore[attr-defined]
    assert command.seen["settings"].cache == tmp_path / "cache"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["BMW", "--source", "web"],
        ["BMW", "--sitemap", "http://a.test/s.xml"],
        ["BMW", "--source", "books"],
        ["BMW", "--max-pages", "0"],
        ["BMW", "--timeout", "soon"],
        ["BMW", "-q", "-v"],
    ],
)
def test_usage_errors(command: Callable[..., int], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        command(*arguments)
    assert left.value.code == 2


def test_the_table_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["crawl", "BMW", "--source", "wordnet", "-o", "-"])
    assert (left.value.code, list(tmp_path.iterdir())) == (2, [])


@pytest.mark.parametrize("option", ["--entities", "--seed-urls"])
def test_what_is_read_is_not_written_over(
    command: Callable[..., int], output: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output.write_text(read := '{"entity": "BMW"}\n')
    sources = ("--source", "web", "--contact", "a@b.org", "--search", "http://a.test/{name}")
    assert command("BMW", *sources, option, str(output)) == 1
    assert "the output lies in the input" in capsys.readouterr().err
    assert output.read_text() == read


@pytest.mark.parametrize("line", ["file:///etc/passwd", "http://[x/"])
def test_bad_seed_files(
    command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    seeds = tmp_path / "seeds.txt"
    seeds.write_text(f"http://a.test/\n{line}\n")
    assert command("BMW", "--source", "web", "--contact", "a@b.org", "--seed-urls", str(seeds)) == 1
    assert "seeds.txt, line 2" in capsys.readouterr().err
