"""Downloads from a server on this machine that keeps to HTTP, or fails in one of the ways that servers do."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from zslre.cli import main
from zslre.datasets import registry
from zslre.datasets.fetch import fetch
from zslre.datasets.registry import FILES, DataFile, select
from zslre.exceptions import DownloadError, InputError

CONTENT = bytes(range(256)) * 1_000


@dataclass
class Server:
    """Serves `content` under any path. `cut`: bytes after which the connection breaks; `ranges`: whether it resumes."""

    url: str = ""
    content: bytes = CONTENT
    cut: int | None = None
    ranges: bool = True
    status: int | None = None
    shift: int = 0
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers["Range"]
            state.asked.append((self.path, wanted))
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and state.ranges else 0  # type: ignore[index]
            body = state.content[start:]
            if state.status is not None or (start and not body):
                self.send_error(state.status if state.status is not None else 416)
                return
            self.send_response(206 if start else 200)
            if start:
                first = start + state.shift
                self.send_header("Content-Range", f"bytes {first}-{len(state.content) - 1}/{len(state.content)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if state.cut is None else body[: state.cut])

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_port}"
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


def data_file(server: Server, content: bytes = CONTENT) -> DataFile:
    digest = hashlib.sha256(content).hexdigest()
    return DataFile("some/rows.json", f"{server.url}/theirs/rows.json", digest, len(content), "MIT", "rows")


def test_a_file_is_fetched_once(server: Server, tmp_path: Path) -> None:
    seen: list[int] = []
    path = fetch(data_file(server), tmp_path, on_bytes=seen.append)
    assert path == tmp_path / "some" / "rows.json"
    assert path.read_bytes() == CONTENT
    assert seen == sorted(seen)
    assert seen[-1] == len(CONTENT)
    assert fetch(data_file(server), tmp_path) == path
    assert server.asked == [("/theirs/rows.json", None)]
    assert list(path.parent.iterdir()) == [path]


def test_a_mirror_has_the_names_of_the_registry(server: Server, tmp_path: Path) -> None:
    fetch(data_file(server), tmp_path, source=f"{server.url}/mirror/")
    assert server.asked == [("/mirror/some/rows.json", None)]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_goes_on(server: Server, tmp_path: Path, ranges: bool) -> None:
    """Where it stopped, if the server can; else from the beginning."""
    server.cut, server.ranges = 100_000, ranges
    with pytest.raises(DownloadError, match="the connection broke off"):
        fetch(data_file(server), tmp_path)
    partial = tmp_path / "some" / "rows.json.partial"
    kept = partial.read_bytes()
    assert len(kept) > 50_000
    assert CONTENT.startswith(kept)
    server.cut = None
    assert fetch(data_file(server), tmp_path).read_bytes() == CONTENT
    assert server.asked[1:] == [("/theirs/rows.json", f"bytes={len(kept)}-")]
    assert not partial.exists()


def test_a_whole_partial_file_needs_no_network(server: Server, tmp_path: Path) -> None:
    partial = tmp_path / "some" / "rows.json.partial"
    partial.parent.mkdir()
    partial.write_bytes(CONTENT)
    assert fetch(data_file(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == []


def test_a_partial_file_that_is_too_long_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    partial = tmp_path / "some" / "rows.json.partial"
    partial.parent.mkdir()
    partial.write_bytes(CONTENT + b"x")
    assert fetch(data_file(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == [("/theirs/rows.json", None)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CONTENT[:-1] + b"x", "is not the published file .SHA-256"),
        (CONTENT * 2, "is not the published file .more than its 256,000 bytes"),
    ],
)
def test_another_file_is_thrown_away(server: Server, tmp_path: Path, content: bytes, message: str) -> None:
    server.content = content
    with pytest.raises(DownloadError, match=message):
        fetch(data_file(server), tmp_path)
    assert list((tmp_path / "some").iterdir()) == []


def test_a_shorter_file_is_asked_for_again(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[:1_000]
    with pytest.raises(DownloadError, match="broke off after 1,000 of 256,000 bytes"):
        fetch(data_file(server), tmp_path)
    with pytest.raises(DownloadError, match="the server says 416"):
        fetch(data_file(server), tmp_path)
    server.content = CONTENT
    assert fetch(data_file(server), tmp_path).read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == [None, "bytes=1000-", None]


def test_the_wrong_part_is_not_appended(server: Server, tmp_path: Path) -> None:
    partial = tmp_path / "some" / "rows.json.partial"
    partial.parent.mkdir()
    partial.write_bytes(CONTENT[:10])
    server.shift = 5
    with pytest.raises(DownloadError, match="another part than it was asked for"):
        fetch(data_file(server), tmp_path)
    assert partial.read_bytes() == CONTENT[:10]


def test_a_file_put_there_by_hand_is_checked(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "some" / "rows.json"
    path.parent.mkdir()
    path.write_bytes(b"mine")
    with pytest.raises(DownloadError, match=r"rows\.json is there, but is not the published file"):
        fetch(data_file(server), tmp_path)
    assert path.read_bytes() == b"mine"


def test_a_missing_file_and_an_address_that_is_none(server: Server, tmp_path: Path) -> None:
    server.status = 404
    with pytest.raises(DownloadError, match=r"theirs/rows\.json: cannot be fetched \(the server says 404 Not Found\)"):
        fetch(data_file(server), tmp_path)
    with pytest.raises(DownloadError, match=r"no-address/some/rows\.json: cannot be fetched"):
        fetch(data_file(server), tmp_path, source="no-address")


def test_the_registry_is_in_order() -> None:
    assert len({file.name for file in FILES}) == len(FILES)
    for file in FILES:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.url.startswith("https://")
        assert file.url.rsplit("/", 1)[1] == file.name.rsplit("/", 1)[1]
        assert file.size > 0
        assert file.licence
    assert [file.name for file in select(["redocred", "fewrel/val_wiki.json"])][:2] == [
        "fewrel/val_wiki.json",
        "redocred/train_revised.json",
    ]
    with pytest.raises(InputError, match="did you mean 'fewrel'"):
        select(["fewrell"])


def test_the_copies_at_hand_are_the_published_files(shared: Path) -> None:
    same = {
        file.name
        for file in FILES
        if (path := shared / "data" / file.name).exists()
        and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
        and path.stat().st_size == file.size
    }
    fewrel = ("val_wiki", "pid2name", "val_pubmed", "pubmed_unsupervised", "val_nyt")
    assert same == {"redocred/dev_revised.json", *(f"fewrel/{name}.json" for name in fewrel)}


@pytest.fixture
def listed(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Server:
    """The server's file is the registry's only one; the cache is in a folder of the test."""
    monkeypatch.setattr(registry, "FILES", (data_file(server),))
    monkeypatch.setenv("ZSLRE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ZSLRE_DATA_SOURCE", raising=False)
    return server


def test_list_and_fetch(listed: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cache" / "data" / "some" / "rows.json"
    assert main(["data", "list"]) == 0
    folder, line = capsys.readouterr().out.splitlines()
    assert folder == f"data folder: {path.parent.parent}"
    assert re.fullmatch(r"  some/rows\.json +0\.3 MB  rows \(MIT\)", line)
    assert main(["data", "fetch", "some"]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert path.read_bytes() == CONTENT
    assert main(["data", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("* some/rows.json")


def test_dest_and_source(listed: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["data", "fetch", "some/rows.json", "--dest", str(tmp_path / "a")]) == 0
    assert (tmp_path / "a" / "some" / "rows.json").read_bytes() == CONTENT
    monkeypatch.setenv("ZSLRE_DATA_SOURCE", f"{listed.url}/variable")
    assert main(["data", "fetch", "some", "--dest", str(tmp_path / "b")]) == 0
    assert main(["data", "fetch", "some", "--dest", str(tmp_path / "c"), "--source", f"{listed.url}/option"]) == 0
    paths = [path for path, _ in listed.asked]
    assert paths == ["/theirs/rows.json", "/variable/some/rows.json", "/option/some/rows.json"]


def test_offline_the_error_says_where_to_put_the_file(
    listed: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:  # bound, but nobody listens
        free.bind(("127.0.0.1", 0))
        source = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert main(["data", "fetch", "some", "--source", source]) == 1
    said = capsys.readouterr().err
    assert f"{source}/some/rows.json: cannot be fetched (no connection: offline?)" in said
    assert f"put the file there by hand: {tmp_path / 'cache' / 'data' / 'some' / 'rows.json'}" in said


def test_one_failure_does_not_keep_the_others(
    listed: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = data_file(listed)
    bad = DataFile("some/bad.json", f"{listed.url}/bad.json", "0" * 64, good.size, "MIT", "other rows")
    monkeypatch.setattr(registry, "FILES", (bad, good))
    assert main(["data", "fetch", "some"]) == 1
    done = capsys.readouterr()
    assert done.out == f"{tmp_path / 'cache' / 'data' / 'some' / 'rows.json'}\n"
    assert "bad.json: is not the published file" in done.err


def test_progress_unless_quiet(listed: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for number, (options, shown) in enumerate((([], True), (["-q"], False))):
        monkeypatch.setattr("sys.stderr", terminal := Terminal())
        assert main(["data", "fetch", "some", "--dest", str(tmp_path / str(number)), *options]) == 0
        assert ("some/rows.json: 0.1 of 0.3 MB" in terminal.getvalue()) == shown
