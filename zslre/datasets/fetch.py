"""Downloading a public file once: streamed to FILE.partial, resumed from there, checked, and only then renamed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import requests

from zslre.datasets.registry import DataFile
from zslre.exceptions import DownloadError
from zslre.paths import sha256

TIMEOUT = (10.0, 60.0)  # seconds to connect, seconds without a byte
_CHUNK = 1 << 16


def fetch(
    file: DataFile,
    folder: Path,
    *,
    source: str | None = None,
    on_bytes: Callable[[int], None] = lambda done: None,
) -> Path:
    """Where `file` is in `folder`, fetched unless it is there already.

    `source` is the address of a mirror, which has the files under their registry names; None takes the registry's own
    addresses. `on_bytes` is told how many bytes are there. Raises DownloadError if the server cannot be reached or
    does not send this very file; what came before a broken connection is kept and not fetched again.
    """
    target = folder / file.name
    url = f"{source.rstrip('/')}/{file.name}" if source is not None else file.url
    if target.exists():
        if sha256(target) != file.sha256:
            raise DownloadError(
                f"{target} is there, but is not the published file (SHA-256 {file.sha256}): move it away, fetch again"
            )
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    try:
        _download(url, partial, file.size, on_bytes)
    except requests.RequestException as error:
        raise DownloadError(
            f"{url}: cannot be fetched ({_short(error)}). Try again, name a mirror with --source, or put the file "
            f"there by hand: {target.absolute()}"
        ) from error
    size = partial.stat().st_size
    if size < file.size:
        raise DownloadError(f"{url}: broke off after {size:,} of {file.size:,} bytes: fetch again to go on from there")
    if size > file.size or (found := sha256(partial)) != file.sha256:
        partial.unlink()
        what = f"more than its {file.size:,} bytes" if size > file.size else f"SHA-256 {found}, not {file.sha256}"
        raise DownloadError(f"{url}: is not the published file ({what}): it was thrown away; try another --source")
    partial.replace(target)
    return target


def _download(url: str, partial: Path, size: int, on_bytes: Callable[[int], None]) -> None:
    """Fetch `url` into `partial`, behind what is there if the server can; stops once there are more than `size`."""
    done = partial.stat().st_size if partial.exists() else 0
    if done >= size:  # what a stop just before the rename leaves, or no part of this file
        if done == size:
            return
        done = 0
    # Compressed transfer would make ranges and sizes count other bytes than the file's.
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={done}-"} if done else {})}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            partial.unlink()  # so that the next try is not refused again
        response.raise_for_status()
        resumed = response.status_code == requests.codes.partial_content
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
            raise requests.RequestException("the server sent another part than it was asked for")
        done = done if resumed else 0
        with partial.open("ab" if resumed else "wb") as stream:
            for chunk in response.iter_content(_CHUNK):
                done += stream.write(chunk)
                on_bytes(done)
                if done > size:
                    return


def _short(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"the server says {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off; what came is kept"
    if isinstance(error, requests.Timeout):
        return "the server does not answer"
    if isinstance(error, requests.ConnectionError):
        return "no connection: offline?"
    return str(error)
