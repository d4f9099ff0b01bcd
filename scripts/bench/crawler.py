"""The crawler against 1,000 pages on 20 hosts, killed five times on the way: manners, losses, speed and memory.

    python scripts/bench/crawler.py --json docs/results/crawler.json

The hosts are loopback addresses, 127.0.0.2 and up (Linux answers on all of them), and the crawler is `zslre crawl` as a
user starts it. Each host has pages, a robots.txt with wildcards, forbidden paths that the list of addresses holds too,
and a few pages that redirect, are busy once, or are missing. The server checks each request as it comes in.

A request that a kill cuts off has to be made again: nothing of its answer is on disk. These are counted apart from
pages that were fetched twice: asked for again although the cache on disk had them when the process was killed. Findings
are lost if an uninterrupted reading of all pages has them and the table has not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from results import write_results

from zslre.sideinfo.crawler.crawler import journal_path
from zslre.sideinfo.crawler.journal import read_journal
from zslre.sideinfo.hypernyms import HypernymTable
from zslre.sideinfo.mining.hearst import PatternMatcher

HOSTS = 20
ROBOTS = """User-agent: *
Disallow: /

User-agent: zslre
Disallow: /private/
Disallow: /*.cgi$
Crawl-delay: {delay}
"""
MUST_BE_ZERO = (
    "requests at once to a host",
    "requests too soon",
    "requests to forbidden paths",
    "pages fetched twice",
    "findings lost",
    "findings too many",
)
FILLER = "<p>The weather was mild and the harvest came in early that year, as the older people had expected.</p>" * 10


@dataclass
class Hosts:
    """What the hosts serve, and what they see. Times in seconds."""

    delay: float
    pages: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    busy_once: set[str] = field(default_factory=set)
    asked: list[tuple[float, str]] = field(default_factory=list)
    now_asking: Counter[str] = field(default_factory=Counter)
    ended: dict[str, float] = field(default_factory=dict)
    at_once: int = 0
    too_soon: int = 0
    forbidden: int = 0
    shortest_pause: float = float("inf")
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begins(self, host: str, path: str) -> None:
        start = time.monotonic()
        with self.lock:
            self.asked.append((start, f"{host}{path}"))
            self.now_asking[host] += 1
            self.at_once += self.now_asking[host] > 1
            if host in self.ended and path != "/robots.txt":
                pause = start - self.ended[host]
                self.shortest_pause = min(self.shortest_pause, pause)
                self.too_soon += pause < self.delay
            self.forbidden += path.startswith("/private/") or path.endswith(".cgi")

    def ends(self, host: str) -> None:
        with self.lock:
            self.now_asking[host] -= 1
            self.ended[host] = time.monotonic()

    def answer(self, host: str, path: str) -> tuple[int, dict[str, str], bytes]:
        place = f"{host}{path}"
        if path == "/robots.txt":
            return 200, {"Content-Type": "text/plain"}, ROBOTS.format(delay=self.delay).encode()
        if place in self.busy_once:
            self.busy_once.discard(place)
            return 429, {"Retry-After": "1"}, b""
        if place in self.moved:
            return 301, {"Location": self.moved[place]}, b""
        if place in self.pages:
            return 200, {"Content-Type": "text/html; charset=utf-8", "ETag": '"1"'}, self.pages[place].encode()
        return 404, {}, b""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds between requests to a host")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    hosts = Hosts(args.delay)
    server = start(hosts)
    urls, expected = fill(hosts, args.pages, server.server_address[1])
    with tempfile.TemporaryDirectory() as folder:
        result = crawl_and_kill(hosts, urls, expected, Path(folder), args)
    result = {"machine": machine(), **result}
    write_results(args.json, result)
    print(json.dumps(result, indent=1))
    faults = [name for name in MUST_BE_ZERO if result[name]]
    if faults:
        raise SystemExit(f"faults: {', '.join(faults)}")


def start(hosts: Hosts) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            host = self.headers["Host"].partition(":")[0]
            hosts.begins(host, self.path)
            status, headers, body = hosts.answer(host, self.path)
            time.sleep(0.005)  # a network would take longer; long enough to notice a second request
            hosts.ends(host)  # before the last byte: the client's pause cannot begin earlier
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # the crawler was killed

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    server = Quiet(("0.0.0.0", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def fill(hosts: Hosts, count: int, port: int) -> tuple[list[str], dict[str, set[str]]]:
    """Write the pages; returns the addresses to crawl, and which kinds each name must have in the end.

    A few of the made-up names are no names to the tagger; what it makes of them is what is expected.
    """
    urls: list[str] = []
    expected: dict[str, set[str]] = defaultdict(set)
    said: list[tuple[str, str]] = []
    kinds = ("car company", "river", "city", "singer", "island")
    for number in range(count):
        host = f"127.0.0.{2 + number % HOSTS}"
        name, kind = made_up(number // 2), kinds[number % len(kinds)]
        path = f"/pages/{number}"
        said.append((name, f"{name} is a {kind}."))
        text = f"<nav><a href='/'>Home</a></nav>{FILLER}<p>{said[-1][1]} It was not a bank.</p>{FILLER}"
        hosts.pages[f"{host}{path}"] = text
        if number % 50 == 7:
            hosts.moved[f"{host}/old/{number}"] = path
            path = f"/old/{number}"
        if number % 50 == 9:
            hosts.busy_once.add(f"{host}{path}")
        urls.append(f"http://{host}:{port}{path}")
    for number in range(count // 20):
        host = f"127.0.0.{2 + number % HOSTS}"
        for path in (f"/private/{number}", f"/x/{number}.cgi", f"/missing/{number}"):
            hosts.pages[f"{host}{path}"] = f"{made_up(0)} is a secret."
            urls.append(f"http://{host}:{port}{path}")
        del hosts.pages[f"{host}/missing/{number}"]
    for (name, _), matches in zip(said, PatternMatcher().matches(sentence for _, sentence in said), strict=True):
        expected[name] |= {kind for match in matches for kind, _ in match.hypernyms}
    return urls, expected


def made_up(number: int) -> str:
    """A name for a number: made_up(250) is "Velkinaba"."""
    return "Vel" + "".join(
        ("ba", "do", "ki", "lu", "me", "na", "po", "ra", "si", "to")[int(digit)] for digit in f"{number:03}"
    )


def crawl_and_kill(
    hosts: Hosts, urls: list[str], expected: dict[str, set[str]], folder: Path, args: argparse.Namespace
) -> dict[str, Any]:
    rng = random.Random(args.seed)
    (folder / "names.txt").write_text("\n".join(expected))
    (folder / "urls.txt").write_text("\n".join(urls))
    output, cache = folder / "hypernyms.jsonl", folder / "cache"
    command = [sys.executable, "-m", "zslre", "crawl", "--entities", str(folder / "names.txt"), "--source", "web"]
    command += ["--seed-urls", str(folder / "urls.txt"), "-o", str(output), "--cache", str(cache), "--quiet"]
    command += ["--contact", "bench@example.org", "--delay", str(args.delay), "--parallel-hosts", str(HOSTS)]
    for number in range(HOSTS):
        command += ["--allow-host", f"127.0.0.{2 + number}"]

    had: list[tuple[float, set[str]]] = []  # when a process was killed, and what the cache had then
    done_at_kill: list[int] = []
    active, peaks = 0.0, []
    for attempt in range(args.kills + 1):
        before = len(hosts.asked)
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
        watch = Memory(process.pid)
        if attempt < args.kills:
            target = before + rng.randint(len(urls) // 12, len(urls) // 7)
            while len(hosts.asked) < target and process.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 2 * args.delay))
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        peaks.append(watch.stop())
        times = [start for start, _ in hosts.asked[before:]]
        active += times[-1] - times[0] if times else 0.0
        time.sleep(0.2)
        hosts.now_asking.clear()
        had.append((time.monotonic(), cached(cache)))
        done_at_kill.append(sum(1 for _ in read_journal(journal_path(output))))

    again, cut_off = repeated(hosts.asked, had[:-1])
    table = HypernymTable.read(output)
    found = {name: {hypernym.name for hypernym in table[name]} for name in table}
    return {
        "pages": args.pages,
        "hosts": HOSTS,
        "delay, seconds": args.delay,
        "kills": args.kills,
        "tasks done at each kill and at the end": done_at_kill,
        "findings expected": sum(map(len, expected.values())),
        "requests": len(hosts.asked),
        "requests at once to a host": hosts.at_once,
        "requests too soon": hosts.too_soon,
        "shortest pause, seconds": round(hosts.shortest_pause, 4),
        "requests to forbidden paths": hosts.forbidden,
        "pages fetched twice": again,
        "requests cut off by a kill and made again": cut_off,
        "findings lost": sum(len(kinds - found[name]) for name, kinds in expected.items()),
        "findings too many": sum(len(found[name] - kinds) for name, kinds in expected.items()),
        "pages per second while fetching": round(len(hosts.asked) / active, 1),
        "bound by the delay, pages per second": round(HOSTS / (args.delay + 0.005), 1),
        "peak memory of the crawler, MB": round(max(peak for peak, _ in peaks) / 1e6),
        "peak memory with its reading processes, MB": round(max(whole for _, whole in peaks) / 1e6),
    }


def cached(folder: Path) -> set[str]:
    """Host and path of each answer that the cache has on disk."""
    path = folder / "pages.sqlite"
    if not path.exists():
        return set()
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT value FROM responses").fetchall()
    urls = (urlsplit(json.loads(value)["url"]) for (value,) in rows)
    return {f"{url.hostname}{url.path}" for url in urls}


def repeated(asked: list[tuple[float, str]], had: list[tuple[float, set[str]]]) -> tuple[int, int]:
    """Requests for what was on disk already, and those for what a kill had cut off; answers 429 do not count."""
    again = cut_off = 0
    first: dict[str, float] = {}
    for start, place in asked:
        if place in first:
            kills = [(killed, pages) for killed, pages in had if first[place] < killed < start]
            again += any(place in pages for _, pages in kills)
            cut_off += bool(kills) and not any(place in pages for _, pages in kills)
        first[place] = start
    return again, cut_off


class Memory:
    """Watches the resident memory of a process, bytes: its peak, and that of its whole group."""

    def __init__(self, process: int) -> None:
        self._process, self._peak, self._whole = process, 0, 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> tuple[int, int]:
        self._stopped.set()
        self._thread.join()
        return self._peak, self._whole

    def _watch(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        while not self._stopped.wait(0.1):
            sizes = {}
            for stat in Path("/proc").glob("[0-9]*/stat"):
                try:
                    fields = stat.read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(fields[2]) == self._process:  # the process group
                    sizes[int(stat.parent.name)] = int(fields[21]) * page
            self._peak = max(self._peak, sizes.get(self._process, 0))
            self._whole = max(self._whole, sum(sizes.values()))


def machine() -> dict[str, Any]:
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


if __name__ == "__main__":
    main()
