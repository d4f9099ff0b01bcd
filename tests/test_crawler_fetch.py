"""Fetching, against a server on loopback: manners, limits, safety, cache."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from webserver import FakeClock, Reply, Request, Server, loopback

from zslre.exceptions import InputError
from zslre.sideinfo.crawler.addresses import is_public
from zslre.sideinfo.crawler.fetch import HTML, JSON, Fetcher, checked_url
from zslre.sideinfo.crawler.packed import gunzip
from zslre.sideinfo.crawler.problems import Missing, Refused, Spent, Unreachable
from zslre.sideinfo.crawler.settings import CrawlSettings

Make = Callable[..., Fetcher]
HOSTS = frozenset({"a.test", "b.test"})


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make(tmp_path: Path, clock: FakeClock) -> Iterator[Make]:
    made: list[Fetcher] = []

    def build(*, resolver: Any = loopback, **changes: Any) -> Fetcher:
        given = {"contact": "ann@example.org", "delay": 0.0, "cache": tmp_path, "allow_hosts": HOSTS, **changes}
        made.append(Fetcher(CrawlSettings(**given), resolver=resolver, clock=clock))
        return made[-1]

    yield build
    for fetcher in made:
        fetcher.close()


def get(fetcher: Fetcher, url: str, accept: str = HTML) -> bytes:
    return fetcher.get(url, accept=accept).body


# Who asks


def test_the_crawler_says_who_it_is_and_asks_for_nothing_it_cannot_limit(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = "hello"
    assert get(make(), server.url("a.test/x")) == b"hello"
    headers = server.asked("a.test/x")[0].headers
    assert headers["User-Agent"].startswith("zslre/")
    assert "(ann@example.org)" in headers["User-Agent"]
    assert headers["Accept-Encoding"] == "gzip"
    assert "Cookie" not in headers


@pytest.mark.parametrize("settings", [{}, {"contact": "ann"}, {"user_agent": "Mozilla/5.0"}])
def test_no_contact_no_crawl(settings: dict[str, str]) -> None:
    with pytest.raises(InputError, match="--contact"):
        _ = CrawlSettings(**settings).agent


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"timeout": 0.0}, "more than 0 s"),
        ({"timeout": 1e10}, "at most 86,400 s, got 10,000,000,000"),
        ({"delay": 1e10}, "at most 86,400 s"),
        ({"delay": -1.0}, "not be negative"),
    ],
)
def test_times_that_no_clock_knows(settings: dict[str, float], why: str) -> None:
    with pytest.raises(InputError, match=why):
        CrawlSettings(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("settings", [{"contact": "jürgen@例え.org"}, {"user_agent": "я/1 (ann@example.org)"}])
def test_a_header_in_other_letters_is_told(settings: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"no header can hold the '[例я]'"):
        _ = CrawlSettings(**settings).agent


def test_white_space_around_the_agent_does_no_harm(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = "x"
    assert get(make(user_agent=" me/1 (ann@example.org) "), server.url("a.test/x")) == b"x"


def test_a_damaged_cache_is_told(make: Make, tmp_path: Path) -> None:
    (tmp_path / "pages.sqlite").write_text("This is a note.\n" * 9)
    with pytest.raises(InputError, match=r"pages\.sqlite: cannot be read \(file is not a database\); delete it"):
        make()


def test_a_cache_that_is_a_file_is_told(make: Make, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("x")
    with pytest.raises(InputError, match="give another --cache"):
        make(cache=tmp_path / "notes")


def test_the_cache_is_closed_when_its_last_reader_has_ended(
    server: Server, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answer, closed = threading.Event(), threading.Event(), threading.Event()

    def slow(_: Any) -> Reply:
        asked.set()
        answer.wait(10)
        return Reply(b"x")

    server.pages["a.test/x"] = slow
    fetcher, found = make(), []
    monkeypatch.setattr(fetcher._cache, "close", closed.set)
    reading = threading.Thread(target=lambda: found.append(get(fetcher, server.url("a.test/x"))))
    reading.start()
    asked.wait(10)
    monkeypatch.setattr("zslre.sideinfo.crawler.fetch._LAST_WAIT", 0.01)
    fetcher.close()
    assert not closed.is_set()
    answer.set()
    reading.join(10)
    assert found == [b"x"]
    fetcher.close()
    assert closed.is_set()


def test_cookies_are_not_kept(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = Reply(b"x", headers={"Set-Cookie": "id=1"})
    server.pages["a.test/y"] = "y"
    fetcher = make()
    get(fetcher, server.url("a.test/x"))
    get(fetcher, server.url("a.test/y"))
    assert "Cookie" not in server.asked("a.test/y")[0].headers


# robots.txt


ROBOTS = b"""
User-agent: *
Disallow: /

User-agent: zslre
Disallow: /private/
Disallow: /*.php$
Allow: /private/open
Crawl-delay: 7
"""


def test_robots_txt_is_obeyed_for_this_agent(server: Server, make: Make) -> None:
    server.pages |= {"a.test/robots.txt": Reply(ROBOTS, "text/plain"), "a.test/x": "x", "a.test/private/open": "o"}
    server.pages |= {"a.test/private/x": "no", "a.test/index.php": "no"}
    fetcher = make()
    assert get(fetcher, server.url("a.test/x")) == b"x"
    assert get(fetcher, server.url("a.test/private/open")) == b"o"
    for place in ("a.test/private/x", "a.test/index.php"):
        with pytest.raises(Refused, match=r"robots\.txt forbids"):
            get(fetcher, server.url(place))
    assert len(server.asked("a.test/robots.txt")) == 1
    assert server.paths == ["a.test/x", "a.test/private/open"]


def test_a_byte_order_mark_does_not_hide_rules(server: Server, make: Make) -> None:
    rules = b"\xef\xbb\xbfUser-agent: *\nDisallow: /"
    server.pages |= {"a.test/robots.txt": Reply(rules, "text/plain"), "a.test/x": "x"}
    with pytest.raises(Refused, match=r"robots\.txt forbids"):
        get(make(), server.url("a.test/x"))


def test_another_agent_is_under_other_rules(server: Server, make: Make) -> None:
    server.pages |= {"a.test/robots.txt": Reply(ROBOTS, "text/plain"), "a.test/x": "x"}
    with pytest.raises(Refused):
        get(make(user_agent="other/1.0 (ann@example.org)"), server.url("a.test/x"))


def test_no_robots_txt_forbids_nothing_but_a_broken_one_forbids_all(server: Server, make: Make) -> None:
    server.pages |= {"a.test/x": "x", "b.test/robots.txt": Reply(status=500), "b.test/x": "x"}
    fetcher = make(retries=0)
    assert get(fetcher, server.url("a.test/x")) == b"x"
    with pytest.raises(Unreachable, match=r"robots\.txt"):
        get(fetcher, server.url("b.test/x"))


def test_a_page_that_redirects_to_a_forbidden_one_is_not_read(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = Reply(status=302, headers={"Location": server.url("b.test/private/y")})
    server.pages["b.test/robots.txt"] = Reply(b"User-agent: *\nDisallow: /private", "text/plain")
    with pytest.raises(Refused, match=r"robots\.txt forbids"):
        get(make(), server.url("a.test/x"))
    assert server.paths == ["a.test/x"]


# Pauses


def test_pauses_between_requests_to_a_host_and_only_there(server: Server, make: Make, clock: FakeClock) -> None:
    server.pages |= {f"{host}/{page}": "x" for host in HOSTS for page in "123"}
    fetcher = make(delay=2.0)
    for host in sorted(HOSTS):
        for page in "123":
            get(fetcher, server.url(f"{host}/{page}"))
    # Also before robots.txt: a run that was killed may have just asked.
    assert clock.naps == [2.0] * 4 + [2.0] * 4


def test_crawl_delay_is_kept_where_it_is_longer(server: Server, make: Make, clock: FakeClock) -> None:
    server.pages |= {"a.test/robots.txt": Reply(ROBOTS, "text/plain"), "a.test/1": "x", "a.test/2": "x"}
    fetcher = make(delay=2.0)
    get(fetcher, server.url("a.test/1"))
    get(fetcher, server.url("a.test/2"))
    assert clock.naps == [2.0, 7.0, 7.0]


def test_a_crawl_delay_beyond_patience_is_a_refusal(server: Server, make: Make) -> None:
    server.pages["a.test/robots.txt"] = Reply(b"User-agent: *\nCrawl-delay: 600", "text/plain")
    with pytest.raises(Refused, match="600 s"):
        get(make(), server.url("a.test/x"))


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for(server: Server, make: Make, clock: FakeClock, status: int) -> None:
    answers = iter([Reply(status=status, headers={"Retry-After": "13"}), Reply(b"at last")])
    server.pages["a.test/x"] = lambda _: next(answers)
    assert get(make(), server.url("a.test/x")) == b"at last"
    assert clock.naps == [13.0]


def test_back_off_grows_and_ends(server: Server, make: Make, clock: FakeClock) -> None:
    server.pages["a.test/x"] = Reply(status=500)
    with pytest.raises(Unreachable, match="status 500"):
        get(make(retries=3), server.url("a.test/x"))
    assert clock.naps == [1.0, 2.0, 4.0]
    assert len(server.asked("a.test/x")) == 4


def test_a_host_that_asks_for_too_long_a_wait_is_left_alone(server: Server, make: Make) -> None:
    server.pages |= {"a.test/x": Reply(status=429, headers={"Retry-After": "86400"}), "a.test/y": "y", "b.test/y": "y"}
    fetcher = make()
    for place in ("a.test/x", "a.test/y"):
        with pytest.raises(Unreachable, match="86,400 s"):
            get(fetcher, server.url(place))
    assert get(fetcher, server.url("b.test/y")) == b"y"
    assert server.paths == ["a.test/x", "b.test/y"]
    assert list(fetcher.down()) == ["a.test"]


def test_a_dead_host_is_given_up_after_three_pages(tmp_path: Path, make: Make) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    fetcher = make(retries=1)
    for page in range(5):
        with pytest.raises(Unreachable):
            fetcher.get(f"http://a.test:{port}/{page}", accept=HTML, obey_robots=False)
    assert fetcher.counts.requests == 3 * 2


def test_a_mediawiki_that_lags_is_busy(server: Server, make: Make, clock: FakeClock) -> None:
    lagging = Reply(b'{"error": {}}', "application/json", headers={"MediaWiki-API-Error": "maxlag", "Retry-After": "5"})
    answers = iter([lagging, Reply(b"{}", "application/json")])
    server.pages["a.test/api"] = lambda _: next(answers)
    assert get(make(), server.url("a.test/api"), JSON) == b"{}"
    assert clock.naps == [5.0]


JSON_TYPE = "application/json"
TIMED_OUT, BUSY = "internal_api_error_DBQueryTimeoutError", "cirrussearch-too-busy-error"


@pytest.mark.parametrize(
    "answer",
    [
        Reply(b'{"error": {}}', JSON_TYPE, headers={"MediaWiki-API-Error": TIMED_OUT}),
        Reply(b'{"error": {}}', JSON_TYPE, headers={"MediaWiki-API-Error": BUSY}),
        Reply(b'{"query": ', JSON_TYPE),
        Reply(b"", JSON_TYPE),
        Reply(b"<html>Our servers are under maintenance."),
    ],
)
def test_an_interface_in_trouble_is_asked_again(server: Server, make: Make, answer: Reply) -> None:
    server.pages["a.test/api"] = answer
    with pytest.raises(Unreachable):
        get(make(retries=1), server.url("a.test/api"), JSON)
    assert len(server.asked("a.test/api")) == 2
    server.pages["a.test/api"] = Reply(b"{}", JSON_TYPE)
    assert get(make(), server.url("a.test/api"), JSON) == b"{}"


# Limits


def endless() -> Iterator[bytes]:
    while True:
        yield b"<p>more</p>" * 500


def test_an_endless_page_is_left_at_the_limit(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = Reply(chunks=endless)
    with pytest.raises(Refused, match="more than the 100,000 bytes"):
        get(make(max_bytes=100_000), server.url("a.test/x"))


def test_a_page_that_announces_too_much_is_not_read(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = Reply(b"", headers={"Content-Length": "5000000000"})
    with pytest.raises(Refused, match="5,000,000,000 bytes"):
        get(make(), server.url("a.test/x"))


def test_a_decompression_bomb_does_not_go_off(server: Server, make: Make) -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    assert len(bomb) < 250_000
    server.pages["a.test/x"] = Reply(bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(Refused, match="more than the 1,000,000 bytes"):
        get(make(max_bytes=1_000_000), server.url("a.test/x"))


def test_unpacking_never_holds_more_than_a_piece() -> None:
    pieces = gunzip(iter([gzip.compress(bytes(10_000_000), 9)]))
    assert max(len(piece) for piece in pieces) <= 65_536


def test_gzip_in_several_members_and_cut_off() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two")
    assert b"".join(gunzip(iter([packed[:7], packed[7:30], packed[30:]]))) == b"one two"
    with pytest.raises(Refused, match="cut off"):
        list(gunzip(iter([packed[:-4]])))
    with pytest.raises(Refused, match="is not"):
        list(gunzip(iter([b"plain text"])))


def test_packed_pages_are_unpacked_and_other_packings_refused(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = Reply(gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})
    server.pages["a.test/y"] = Reply(zlib.compress(b"hello"), headers={"Content-Encoding": "deflate"})
    fetcher = make()
    assert get(fetcher, server.url("a.test/x")) == b"hello"
    with pytest.raises(Refused, match="deflate"):
        get(fetcher, server.url("a.test/y"))


def drip() -> Iterator[bytes]:
    for _ in range(100):
        yield b"."
        time.sleep(0.05)


def test_a_body_that_drips_is_cut_at_the_timeout(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = Reply(chunks=drip)
    started = time.monotonic()
    with pytest.raises(Unreachable, match="no answer in time"):
        make(timeout=0.3, retries=0).get(server.url("a.test/x"), accept=HTML, obey_robots=False)
    assert time.monotonic() - started < 3


def test_headers_that_drip_are_cut_at_the_timeout(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_slowly() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):  # cut, as it should be
                for _ in range(100):
                    connection.sendall(b"H")
                    time.sleep(0.05)

        threading.Thread(target=serve_slowly, daemon=True).start()
        fetcher = make(timeout=0.3, retries=0)
        started = time.monotonic()
        with pytest.raises(Unreachable, match="no answer in time"):
            fetcher.get(f"http://a.test:{listener.getsockname()[1]}/", accept=HTML, obey_robots=False)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("type", ["application/pdf", "image/png", ""])
def test_other_content_types_are_refused(server: Server, make: Make, type: str) -> None:
    server.pages["a.test/x"] = Reply(b"%PDF", type)
    with pytest.raises(Refused, match="content type"):
        get(make(), server.url("a.test/x"))


def test_max_pages_counts_requests_and_not_cached_pages(server: Server, make: Make) -> None:
    server.pages |= {"a.test/1": "x", "a.test/2": "x"}
    fetcher = make(max_pages=2)  # robots.txt and one page
    get(fetcher, server.url("a.test/1"))
    get(fetcher, server.url("a.test/1"))
    with pytest.raises(Spent, match="--max-pages 2"):
        get(fetcher, server.url("a.test/2"))


def test_a_missing_page_is_missing(server: Server, make: Make) -> None:
    with pytest.raises(Missing, match="404"):
        get(make(), server.url("a.test/x"))


def test_a_body_that_breaks_off_is_no_page(server: Server, make: Make) -> None:
    whole = iter([False, True])
    server.pages["a.test/x"] = lambda _: Reply(
        b"all of it", headers={"Content-Length": "9" if next(whole) else "5000", "Connection": "close"}
    )
    assert get(make(), server.url("a.test/x")) == b"all of it"
    assert len(server.asked("a.test/x")) == 2


# Redirects


def test_redirects_are_followed_across_hosts(server: Server, make: Make) -> None:
    server.pages |= {
        "a.test/x": Reply(status=301, headers={"Location": "/y"}),
        "a.test/y": Reply(status=302, headers={"Location": server.url("b.test/z")}),
        "b.test/z": "there",
    }
    page = make().get(server.url("a.test/x"), accept=HTML)
    assert (page.url, page.body) == (server.url("b.test/z"), b"there")


@pytest.mark.parametrize("location", ["http://[bad/", "//[", "http://*.test/"])
@pytest.mark.parametrize("place", ["a.test/x", "a.test/robots.txt"])
def test_a_redirect_to_what_is_no_address_costs_its_page_only(
    server: Server, make: Make, place: str, location: str
) -> None:
    server.pages |= {"a.test/x": "x", "b.test/x": "x", place: Reply(status=302, headers={"Location": location})}
    fetcher = make()
    with pytest.raises(Refused, match="no address"):
        get(fetcher, server.url("a.test/x"))
    assert get(fetcher, server.url("b.test/x")) == b"x"


@pytest.mark.parametrize(
    ("location", "path"),
    [("/M\u00fcnster", "/M%C3%BCnster"), ("/\u5317\u4eac", "/%E5%8C%97%E4%BA%AC"), ("/M%FCnster", "/M%FCnster")],
)
def test_a_redirect_in_utf8_is_followed(server: Server, make: Make, location: str, path: str) -> None:
    raw = location.encode().decode("latin-1")  # the server of the tests sends Latin-1
    server.pages |= {"a.test/x": Reply(status=302, headers={"Location": raw}), f"a.test{path}": "there"}
    assert get(make(), server.url("a.test/x")) == b"there"


def test_a_redirect_in_latin_1_is_followed(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = Reply(status=302, headers={"Location": "/M\u00fcnster"})
    server.pages["a.test/M%C3%BCnster"] = "there"
    assert get(make(), server.url("a.test/x")) == b"there"


def test_redirects_in_a_circle_end(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = Reply(status=302, headers={"Location": "/x?again"})
    with pytest.raises(Refused, match="more than 3 times"):
        get(make(max_redirects=3), server.url("a.test/x"))


# Safety


PRIVATE = """
127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1 255.255.255.255 198.18.0.1 ::1 ::
fe80::1 fe80::1%eth0 fc00::1 ff02::1 ::ffff:127.0.0.1 2002:7f00:1:: 64:ff9b::7f00:1 2001:0:4136:e378:8000:63bf:80ff:fffe
nonsense"""  # the last address is Teredo around 127.0.0.1


@pytest.mark.parametrize("address", PRIVATE.split())
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


def test_private_addresses_are_refused_after_resolution(server: Server, make: Make) -> None:
    fetcher = make(allow_hosts=frozenset())
    for url in (server.url("a.test/x"), f"http://127.0.0.1:{server.port}/"):
        resolver = loopback if "test" in url else (lambda host, port: [host])
        with pytest.raises(Refused, match="not a public address"):
            make(allow_hosts=frozenset(), resolver=resolver).get(url, accept=HTML)
    assert not server.log
    assert not fetcher.down()


def test_one_private_address_among_public_ones_is_enough(make: Make) -> None:
    fetcher = make(allow_hosts=frozenset(), resolver=lambda host, port: ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        fetcher.get("http://a.test/", accept=HTML)


def test_a_redirect_to_a_private_address_is_refused(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = Reply(status=302, headers={"Location": "http://inside.test/secret"})
    with pytest.raises(Refused, match="not a public address"):
        get(make(), server.url("a.test/x"))
    assert server.paths == ["a.test/x"]


def test_what_was_checked_is_what_is_connected_to(server: Server, make: Make) -> None:
    """DNS rebinding: a name that is public at the first look and private at the second is looked at once."""
    looks: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        looks.append(host)
        return ["192.0.2.1"] if len(looks) == 1 else ["127.0.0.1"]

    fetcher = make(allow_hosts=frozenset(), resolver=rebinding, retries=0, timeout=0.2)
    with pytest.raises((Refused, Unreachable)):
        fetcher.get(server.url("a.test/x"), accept=HTML)
    assert not server.log


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "neither http nor https"),
        ("ftp://a.test/x", "neither http nor https"),
        ("javascript:alert(1)", "neither http nor https"),
        ("http://user:secret@a.test/", "user name"),
        ("http:///x", "no host"),
        ("http://a.test:99999/", "no address"),
        ("http://[::1/", "no address"),
        ("http://*.test/", "no address"),
    ],
)
def test_addresses_that_are_never_asked(url: str, why: str, make: Make) -> None:
    with pytest.raises(Refused, match=why):
        make().get(url, accept=HTML)


def test_a_fragment_is_no_part_of_an_address() -> None:
    assert checked_url(" http://a.test/x?q=1#there ") == "http://a.test/x?q=1"


def test_a_redirect_to_a_file_is_refused(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = Reply(status=302, headers={"Location": "file:///etc/passwd"})
    with pytest.raises(Refused, match="neither http nor https"):
        get(make(), server.url("a.test/x"))


def test_proxies_of_the_environment_are_not_used(server: Server, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.pages["a.test/x"] = "hello"
    assert get(make(), server.url("a.test/x")) == b"hello"


def test_tls_is_verified(make: Make, clock: FakeClock) -> None:
    session = make()._lane("https://a.test/").session
    assert session.verify is True
    sent: dict[str, Any] = {}
    adapter = session.get_adapter("https://a.test/")
    import requests
    from requests.adapters import HTTPAdapter

    def record(self: Any, request: Any, **options: Any) -> Any:
        sent.update(options)
        raise requests.ConnectionError("enough")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HTTPAdapter, "send", record)
        with pytest.raises(requests.ConnectionError):
            adapter.send(requests.Request("GET", "https://a.test/").prepare(), verify=False)
    assert sent["verify"] is True


# Cache


def test_a_page_is_fetched_once_and_kept_on_disk(server: Server, make: Make) -> None:
    body = bytes(range(256))
    server.pages |= {"a.test/x": Reply(body), "a.test/gone": Reply(status=410)}
    first = make()
    assert get(first, server.url("a.test/x")) == body
    with pytest.raises(Missing):
        get(first, server.url("a.test/gone"))
    first.close()
    second = make()
    page = second.get(server.url("a.test/x"), accept=HTML)
    assert (page.body, page.type) == (body, "text/html; charset=utf-8")
    with pytest.raises(Missing):
        get(second, server.url("a.test/gone"))
    assert server.paths == ["a.test/x", "a.test/gone"]
    assert (second.counts.requests, second.counts.from_cache) == (0, 3)


def test_errors_are_not_cached(server: Server, make: Make) -> None:
    server.pages["a.test/x"] = Reply(status=500)
    with pytest.raises(Unreachable):
        get(make(retries=0), server.url("a.test/x"))
    server.pages["a.test/x"] = "well again"
    assert get(make(), server.url("a.test/x")) == b"well again"


def test_an_expired_page_is_asked_for_conditionally(server: Server, make: Make) -> None:
    def page(request: Request) -> Reply:
        if request.headers.get("If-None-Match") == '"v1"':
            return Reply(status=304)
        return Reply(b"hello", headers={"ETag": '"v1"'})

    server.pages["a.test/x"] = page
    brief = 0.2 / 86_400
    assert get(make(expire_days=brief), server.url("a.test/x")) == b"hello"
    time.sleep(1.1)  # the cache counts whole seconds
    assert get(make(expire_days=brief), server.url("a.test/x")) == b"hello"
    asked = server.asked("a.test/x")
    assert len(asked) == 2
    assert asked[1].headers["If-None-Match"] == '"v1"'


def test_connections_are_used_again(server: Server, make: Make) -> None:
    server.pages |= {f"a.test/{page}": "x" for page in range(5)}
    opened: list[str] = []

    def counting(host: str, port: int) -> list[str]:
        opened.append(host)
        return loopback(host, port)

    fetcher = make(resolver=counting)
    for page in range(5):
        get(fetcher, server.url(f"a.test/{page}"))
    assert len(opened) <= 2  # robots.txt is missing: what comes with an error is not read, so its connection ends
