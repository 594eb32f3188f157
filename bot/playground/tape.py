"""What went over a forwarded port, understood afterwards: DNS messages (RFC 1035, 4.2.2) or one HTTP exchange.

A step speaks over the stream as it likes; the recorder keeps the bytes of both directions and reads them here.
"""

import zlib
from collections.abc import Iterator

import dns.exception
import dns.message
import dns.rdatatype

from bot.model.redact import redact
from bot.playground.bundle import DnsAnswer, HttpAnswer, Outcome
from bot.steps.http_page import join_chunks

NO_KUBELET = "dialing backend"
"""Of an API server that did not get to the kubelet: who refused was the node, and nobody within the pod."""


def read_tape(
    where: tuple[str, str, int], sent: bytes, received: bytes, outcome: Outcome, message: str
) -> Iterator[DnsAnswer | HttpAnswer]:
    """`where` is namespace, pod, port; `outcome` and `message` tell how the stream ended for those without an
    answer.
    """
    start = message.find("error forwarding port")
    message = message[start:] if start > 0 else message
    if sent[:4] in (b"GET ", b"HEAD"):
        yield _read_http(where, sent, received, outcome, message)
    elif sent:
        yield from _read_dns(where, sent, received, outcome, message)
    elif outcome != "silent" or message:  # nothing was sent: the port was not opened, and this is why
        namespace, pod, port = where
        outcome = "failed" if NO_KUBELET in message else outcome
        yield DnsAnswer(namespace=namespace, pod=pod, port=port, name="", type="", outcome=outcome, message=message)


def _read_dns(
    where: tuple[str, str, int], sent: bytes, received: bytes, outcome: Outcome, message: str
) -> Iterator[DnsAnswer]:
    namespace, pod, port = where
    answers = {wire[:2]: wire for wire in _split(received)}
    for question in _split(sent):
        try:
            asked = dns.message.from_wire(question).question[0]
        except (dns.exception.DNSException, ValueError, IndexError):
            continue
        wire = answers.get(question[:2], b"")
        yield DnsAnswer(
            namespace=namespace,
            pod=pod,
            port=port,
            name=asked.name.to_text().lower(),
            type=dns.rdatatype.to_text(asked.rdtype),
            outcome="answered" if wire else outcome,
            wire=b"\0\0" + wire[2:] if wire else b"",
            message="" if wire else message,
        )


def _split(data: bytes) -> Iterator[bytes]:
    while len(data) >= 2:
        size = int.from_bytes(data[:2], "big")
        if len(data) < 2 + size:
            return
        yield data[2 : 2 + size]
        data = data[2 + size :]


def _read_http(where: tuple[str, str, int], sent: bytes, received: bytes, outcome: Outcome, message: str) -> HttpAnswer:
    namespace, pod, port = where
    path, host = read_request(sent)
    host = "" if host == pod else host
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return HttpAnswer(namespace=namespace, pod=pod, port=port, path=path, host=host, outcome=outcome,
                          message=message)
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    text = join_chunks(body) if headers.get("transfer-encoding", "").lower() == "chunked" else body
    packed = headers.get("content-encoding", "").lower() == "gzip"
    return HttpAnswer(
        namespace=namespace,
        pod=pod,
        port=port,
        path=path,
        host=host,
        location=redact(headers.get("location", "")),
        status=int(lines[0].split()[1]),
        content_type=headers.get("content-type", ""),
        body=redact((_unpack(text) if packed else text).decode("utf-8", "replace")),
        packed=packed,
    )


def read_request(sent: bytes) -> tuple[str, str]:
    """The path that is asked for, and the host."""
    lines = sent.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    host = next((line[5:].strip() for line in lines if line.lower().startswith("host:")), "")
    return lines[0].split(" ")[1], host


def _unpack(data: bytes) -> bytes:
    """As much as came: a page may have been left before its end."""
    return zlib.decompressobj(wbits=31).decompress(data)
