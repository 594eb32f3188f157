"""What listens behind a forwarded port of a pod: its recorded DNS and HTTP answers, or nobody.

DNS runs over TCP there, each message behind its length in two bytes (RFC 1035, 4.2.2).
"""

import asyncio
import gzip
import re
from collections.abc import Callable, Iterable

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype

from bot.playground.bundle import Bundle, DnsAnswer, HttpAnswer, Object, Outcome
from bot.playground.cluster_box.forward import ForwardFailed, Program, Wire
from bot.playground.tape import NO_KUBELET, read_request

_NEW_EACH_TIME = re.compile(r"^netcheck-\d+\.")
_HOW_OFTEN = re.compile(r" -retry=\d+ -timeout=\d+")

Resolve = Callable[[Object, dns.message.Message], dns.message.Message | None]
"""A pod of the box and a question to what its DNS server says; None where the box cannot know."""


def find_program(bundle: Bundle, pod: Object, port: int, resolve: Resolve, *, restarted: bool) -> Program:
    """The pod's program on that port; what it was recorded to answer counts until it is `restarted`."""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    here = ("", "", 0) if restarted else (namespace, name, port)
    answers = [answer for answer in bundle.dns if (answer.namespace, answer.pod, answer.port) == here]
    pages = [page for page in bundle.http if (page.namespace, page.pod, page.port) == here and page.way == "forward"]

    async def run(wire: Wire) -> None:
        if not is_running(pod):
            raise ForwardFailed(_refused_text(pod, port))
        first = await wire.read()
        if first[:4] in (b"GET ", b"HEAD"):
            await _serve_http(wire, first, pages, f"{namespace}/{name}:{port}")
        elif first:
            await _serve_dns(wire, first, answers, pod, port, resolve)

    recorded: tuple[DnsAnswer | HttpAnswer, ...] = (*answers, *pages)
    if recorded and {answer.outcome for answer in recorded} <= {"refused", "failed"}:
        return _fail_at_once(pod, port, recorded[0])
    return run


def find_unopened(bundle: Bundle, pod: Object, ports: Iterable[int]) -> DnsAnswer | None:
    """A port that was never opened, since the API server did not get to the pod's kubelet: nothing was asked there."""
    here = [(pod["metadata"]["namespace"], pod["metadata"]["name"], port) for port in ports]
    known: tuple[DnsAnswer | HttpAnswer, ...] = (*bundle.dns, *bundle.http)
    told = [one for one in known if (one.namespace, one.pod, one.port) in here]
    if any(one.outcome == "answered" for one in told):  # another time it was
        return None
    return next((one for one in told if isinstance(one, DnsAnswer) and not one.name
                 and (one.outcome == "silent" or NO_KUBELET in one.message)), None)


def plain_name(text: str) -> str:
    """A probe may ask for a name that is new in each run, so that no cache holds it: any such name has its answer."""
    return _NEW_EACH_TIME.sub("netcheck-0.", text.lower())


def plain_command(words: Iterable[str]) -> tuple[str, ...]:
    """Without how often and how patiently a question is put: the answer that was recorded is the same."""
    return tuple(_HOW_OFTEN.sub("", word) for word in words)


def is_running(pod: Object) -> bool:
    states = pod.get("status", {}).get("containerStatuses") or ()
    return any("running" in state.get("state", {}) for state in states)


def _fail_at_once(pod: Object, port: int, answer: DnsAnswer | HttpAnswer) -> Program:
    async def run(wire: Wire) -> None:
        _raise_recorded(answer.outcome, answer.message, pod, port)

    return run


def _raise_recorded(outcome: Outcome, message: str, pod: Object, port: int) -> None:
    raise ForwardFailed(_refused_text(pod, port) if outcome == "refused" else message)


async def _serve_dns(
    wire: Wire, pending: bytes, answers: list[DnsAnswer], pod: Object, port: int, resolve: Resolve
) -> None:
    while True:
        while len(pending) < 2 or len(pending) < 2 + int.from_bytes(pending[:2], "big"):
            more = await wire.read()
            if not more:
                return
            pending += more
        size = int.from_bytes(pending[:2], "big")
        question, pending = pending[2 : 2 + size], pending[2 + size :]
        try:
            query = dns.message.from_wire(question)
        except (dns.exception.DNSException, ValueError):
            return
        answer = await _answer(query, answers, pod, port, resolve)
        await wire.write(len(answer).to_bytes(2, "big") + answer)


async def _answer(
    query: dns.message.Message, answers: list[DnsAnswer], pod: Object, port: int, resolve: Resolve
) -> bytes:
    asked = query.question[0]
    key = (plain_name(asked.name.to_text()), dns.rdatatype.to_text(asked.rdtype))
    for answer in answers:
        if (plain_name(answer.name), answer.type) == key and answer.transport == "tcp":
            match answer.outcome:
                case "answered":
                    return query.id.to_bytes(2, "big") + answer.wire[2:]
                case "silent":
                    await asyncio.Event().wait()
                case outcome:
                    _raise_recorded(outcome, answer.message, pod, port)
    made = resolve(pod, query)
    if made is None:
        raise ForwardFailed(f"NotRecorded: the bundle does not know what this pod answers to {key[0]} {key[1]}")
    return made.to_wire()


async def _serve_http(wire: Wire, pending: bytes, pages: list[HttpAnswer], where: str) -> None:
    while b"\r\n\r\n" not in pending:
        more = await wire.read()
        if not more:
            return None
        pending += more
    path, host = read_request(pending)
    for page in sorted(pages, key=lambda page: page.host != host):
        if page.path == path and page.host in (host, ""):  # few servers care who is asked for
            if page.outcome == "silent":
                await asyncio.Event().wait()
            if page.outcome != "answered":
                raise ForwardFailed(page.message)
            packed = page.packed and b"accept-encoding: gzip" in pending.lower()
            body = gzip.compress(page.body.encode()) if packed else page.body.encode()
            encoding = "Content-Encoding: gzip\r\n" if packed else ""
            location = f"Location: {page.location}\r\n" if page.location else ""
            head = (
                f"HTTP/1.1 {page.status} \r\nContent-Type: {page.content_type}\r\n{encoding}{location}"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            return await wire.write(head.encode() + body)
    raise ForwardFailed(f"NotRecorded: the bundle does not know what {where} answers to GET {path} for {host}")


def _refused_text(pod: Object, port: int) -> str:
    """containerd's words for a port on which nobody listens."""
    uid = pod["metadata"].get("uid", "")
    sandbox = uid.replace("-", "") * 2
    return (
        f"error forwarding port {port} to pod {sandbox}, uid : failed to execute portforward in network namespace "
        f'"/var/run/netns/cni-{uid}": failed to connect to localhost:{port} inside namespace "{sandbox}", '
        f"IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused "
        "IPv6 dial tcp6: address localhost: no suitable address found "
    )
