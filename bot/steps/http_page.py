"""One page of a small HTTP server behind a forwarded port: health and metrics pages of agents."""

import asyncio
import re
import zlib
from contextlib import suppress
from dataclasses import dataclass

from bot.cluster import Cluster
from bot.model.errors import ClusterError, Forbidden
from bot.steps.wording import cut

PATIENCE = 7.0
"""Seconds; a page that takes longer is no page."""
LARGEST = 400_000
"""Bytes of a page, unpacked."""
CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]*\r\n")
"""How a piece of a page begins that comes in pieces: with its length."""


@dataclass(frozen=True, slots=True)
class Page:
    """`status` 0 and `error` where there was no answer; `refused`: nobody listens on the port; `silent`: somebody
    listens, and says nothing. `location`: where it sends whoever asks."""

    status: int = 0
    text: str = ""
    location: str = ""
    error: str = ""
    refused: bool = False
    silent: bool = False


async def read_page(
    cluster: Cluster, namespace: str, pod: str, port: int, path: str, *, host: str = "", patience: float = PATIENCE
) -> Page:
    """Packed where the server can, which a metrics page of 100 kB repays tenfold. `host`: asked for as clients of a
    proxy do, by a newer HTTP than some of them would answer. Raises Forbidden, nothing else."""
    version = "1.1" if host else "1.0"
    ask = (f"GET {path} HTTP/{version}\r\nHost: {host or pod}\r\nAccept-Encoding: gzip\r\n"
           "Connection: close\r\n\r\n").encode()
    answer, there = bytearray(), False
    try:
        async with asyncio.timeout(patience), cluster.forward(namespace, pod, port) as stream:
            there = True
            with suppress(ClusterError):  # one that was closed before tells why when it is read
                await stream.send(ask)
            while len(answer) < LARGEST and (more := await stream.read()):
                answer += more
    except Forbidden:
        raise
    except TimeoutError:
        lacking = "way to it" if not there else "end of its answer" if answer else "answer"
        return Page(error=f"no {lacking} within {patience:g} s", silent=there and not answer)
    except ClusterError as error:
        return Page(error=cut(str(error), 300), refused="connection refused" in str(error))
    return _read(bytes(answer))


def _read(answer: bytes) -> Page:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) < 2 or not words[1].isdigit():
        return Page(error="what listens there does not speak HTTP" if answer else "the connection was closed")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = join_chunks(body)
    if headers.get("content-encoding") == "gzip":
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, LARGEST)
        except zlib.error:
            return Page(error="the page cannot be unpacked")
    return Page(status=int(words[1]), text=body.decode("utf-8", "replace"), location=headers.get("location", ""))


def join_chunks(body: bytes) -> bytes:
    """Out of chunks (RFC 9112, 7.1) up to what is none; the last one may have been left before its end."""
    whole = b""
    while size := CHUNK.match(body):
        length, rest = int(size[1], 16), body[size.end():]
        if not length:
            break
        whole, body = whole + rest[:length], rest[length + 2 :]
    return whole
