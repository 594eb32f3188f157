"""Questions to a DNS pod over a forwarded port: DNS over TCP, each message behind its length in two bytes.

Works with the pod network down, needs no image, and goes past the Service: it shows the server, not the way to it.
Source: RFC 1035, 4.2.2.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.reversename

from bot.cluster import Cluster, Stream
from bot.model.errors import ClusterError, Forbidden, TimedOut
from bot.steps.wording import cut

PATIENCE = 6.5
"""Seconds for one answer: CoreDNS gives up on its upstream after five."""
MOST_RECORDS = 8


@dataclass(frozen=True, slots=True)
class Question:
    """`name` is absolute, with or without the dot at its end."""

    name: str
    type: str = "A"


Answers = list[dict[str, Any]]


def _no_more(answers: Answers) -> Sequence[Question]:
    return ()


async def ask(
    cluster: Cluster, namespace: str, pod: str, port: int, questions: Sequence[Question], patience: float = PATIENCE,
    then: Callable[[Answers], Sequence[Question]] = _no_more,
) -> Answers:
    """One answer for each question, in order: {name, type, outcome, rcode, records, authoritative, message}.

    `outcome`: answered; silent (in time came nothing); failed (the way to the pod, or what it sent). All are sent at
    once, so a slow one delays only those behind it. `then`: what to ask next, over the same stream, in view of the
    first answers. Raises Forbidden.
    """
    answers, opened = _unanswered(questions), False
    try:
        async with asyncio.timeout(patience * 2), cluster.forward(namespace, pod, port) as stream:
            opened = True
            await _exchange(stream, answers, 0, questions, patience)
            further = then(answers)
            first = len(answers)
            answers += _unanswered(further)
            await _exchange(stream, answers, first, further, patience)
    except Forbidden:
        raise
    except (TimedOut, TimeoutError) as error:
        if opened:
            _fill(answers, "silent", f"no answer within {patience:g} s")
        else:  # the pod was never asked
            _fill(answers, "failed", str(error) or f"no way to the pod within {patience * 2:g} s")
    except ClusterError as error:
        _fill(answers, "failed", str(error))
    return answers


def _unanswered(questions: Sequence[Question]) -> Answers:
    return [{"name": q.name, "type": q.type, "outcome": "failed", "message": ""} for q in questions]


def _fill(answers: Answers, outcome: str, message: str) -> None:
    """What stands behind a failure was not answered either, and for the same reason."""
    for answer in answers:
        if answer["outcome"] == "failed" and not answer["message"]:
            answer.update(outcome=outcome, message=cut(message, 300))


def frame(number: int, question: Question) -> bytes:
    """As it goes over TCP. Over UDP it is the same without the first two bytes."""
    query = dns.message.make_query(dns.name.from_text(question.name), question.type, id=number)
    wire = query.to_wire()
    return len(wire).to_bytes(2, "big") + wire


async def _exchange(
    stream: Stream, answers: Answers, first: int, questions: Sequence[Question], patience: float
) -> None:
    """Sends them all, and puts what comes in its place from `first` on."""
    with suppress(ClusterError):  # one that was closed before tells why when it is read
        await stream.send(b"".join(frame(number, q) for number, q in enumerate(questions, first + 1)))
    for _ in questions:
        async with asyncio.timeout(patience):
            size = int.from_bytes(await stream.read_exactly(2), "big")
            wire = await stream.read_exactly(size)
        number = int.from_bytes(wire[:2], "big")
        if 1 <= number <= len(answers):
            answers[number - 1].update(_read(wire))


def _read(wire: bytes) -> dict[str, Any]:
    try:
        message = dns.message.from_wire(wire)
    except (dns.exception.DNSException, ValueError) as error:
        return {"outcome": "failed", "message": f"an answer that is no DNS message ({type(error).__name__})"}
    records = [
        (dns.rdatatype.to_text(rrset.rdtype), record.to_text().strip('"').rstrip("."))
        for rrset in message.answer for record in rrset
    ]
    return {
        "outcome": "answered", "rcode": dns.rcode.to_text(message.rcode()), "message": "",
        "records": [text for _, text in records[:MOST_RECORDS]],
        "types": list(dict.fromkeys(kind for kind, _ in records)),
        "authoritative": bool(message.flags & dns.flags.AA),
    }


def is_name(text: str) -> bool:
    """Whether it can be asked for at all."""
    try:
        dns.name.from_text(text)
    except dns.exception.DNSException:
        return False
    return True


def reverse_name(address: str) -> str:
    return dns.reversename.from_address(address).to_text()
