"""Causes for one name outside the cluster: what DNS pods answered for it."""

from bot.diagnosis.cause import Cause
from bot.diagnosis.commands import ask_dns
from bot.model.finding import Layer

PAGE = "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/"
BY_HAND = ask_dns("NAME")


def _external(code: str, title: str, meaning: str, mend: str) -> Cause:
    return Cause(code=code, layer=Layer.CLIENT, title=title, meaning=meaning, mend=mend, by_hand=BY_HAND, source=PAGE)


EXTERNAL: tuple[Cause, ...] = (
    _external(
        "dns.external.missing", "The outside name does not exist",
        "DNS pods answer that there is no such name (NXDOMAIN). Where the answer is authoritative, the name "
        "lies in a zone that the Corefile serves, or the resolver that it forwards to.",
        "Check the spelling; ask a resolver outside the cluster for the same name. A name that only a company's own "
        "resolvers know needs a `forward` of its zone to these in the Corefile.",
    ),
    _external(
        "dns.external.refused", "The outside name is refused",
        "The answer is REFUSED: the resolver does not serve this zone to these clients, or an `acl` of the Corefile "
        "stands before it.",
        "Ask the resolver's operators, forward the zone to one that serves it, or look at `acl` in the Corefile.",
    ),
    _external(
        "dns.external.failed", "The outside name fails",
        "The answer is SERVFAIL: CoreDNS got none from the resolver that it forwards this name to, or that resolver "
        "could not find one (its own upstream, DNSSEC).",
        "Ask the same resolver from a node: `dig @RESOLVER NAME`. If other names work there, the fault lies in the "
        "name's own zone.",
    ),
    _external(
        "dns.external.silent", "The outside name gets no answer",
        "DNS pods give none in time: the resolver that they ask is silent.",
        "Ask the same resolver from a node: `dig @RESOLVER NAME`.",
    ),
    _external(
        "dns.external.hijacked", "Another name answers in place of the outside name",
        "Pods ask for the name under their search suffixes first. One of these longer names has an answer, mostly by "
        "a wildcard, so the right one is never asked for.",
        "Take the wildcard away, ask with a dot at the name's end, or lower ndots in the pod's dnsConfig.",
    ),
)
