"""Unpacking gzip piece by piece, so that what is too large is noticed while it is small."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from zslre.sideinfo.crawler.problems import Refused

_MAGIC = b"\x1f\x8b"
_CHUNK = 65_536


def unpacked(body: bytes, max_bytes: int) -> bytes:
    """The content of a gzip file, or the body itself if it is none; raises Refused if the content is larger."""
    if not body.startswith(_MAGIC):
        return body
    content = bytearray()
    for piece in gunzip(iter([body])):
        content += piece
        if len(content) > max_bytes:
            raise Refused(f"unpacks to more than the {max_bytes:,} bytes of --max-bytes")
    return bytes(content)


def gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Unpacked pieces of at most 64 KiB, so that a reader can stop before a decompression bomb has gone off.

    Raises Refused if the data is not gzip or is cut off.
    """
    unpack = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        while chunk:
            if unpack.eof:  # gzip files may follow each other
                unpack = zlib.decompressobj(wbits=31)
            try:
                yield unpack.decompress(chunk, _CHUNK)
            except zlib.error as error:
                raise Refused(f"says that it is gzip, but is not ({error})") from error
            chunk = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
    if not unpack.eof:
        raise Refused("is cut off in the middle of its gzip data")
