"""`dns.external`: one name outside the cluster, asked of DNS pods as it stands and as pods ask it.

A pod with the usual search list and ndots:5 asks for a name with fewer dots under each suffix first: a wildcard there
answers in place of the name. What the list holds beside the cluster's own suffixes comes from the node: only the pod
knows it.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.dns.asking import ask_dns
from bot.steps.dns.client import find_running, read_resolv_conf
from bot.steps.dns.wire import is_name
from bot.steps.findings import tell_skipped
from bot.steps.readings import one_or_skip
from bot.steps.wording import count, cut, list_names, read_at

USUAL_DOTS = 5
Json = dict[str, Any]


class ExternalArgs(Args):
    """Asks up to two DNS pods for `name`, as it stands and with the search suffixes of the `namespace` that asks; with
    those of `pod` ("namespace/name") where its resolv.conf may be read."""

    pod: str = Field(default="", pattern=r"^$|^[a-z0-9-]+/[a-z0-9.-]+$")
    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,253}$")
    namespace: str = Field(default="default", pattern=r"^[a-z0-9-]+$")


async def gather_external(cluster: Cluster, args: ExternalArgs) -> Evidence:
    skipped: list[str] = []
    plain = args.name.rstrip(".").lower()
    asked: Json = {"zone": "", "answers": None}
    own = await _read_own(cluster, args.pod) if args.pod else None
    searched = _is_searched(args.name, own["ndots"] if own else USUAL_DOTS)
    if is_name(plain):
        suffixes = [f"{suffix}." for suffix in own["searches"]] if own else [f"{args.namespace}.svc", "svc"]
        asked = await ask_dns(cluster, asked_names(plain, suffixes if searched else ()), skipped)
    return {**asked, "name": plain, "searched": searched, "own": bool(own), "read_at": cluster.now,
            "skipped": list(dict.fromkeys(skipped))}


def asked_names(plain: str, suffixes: Sequence[str]) -> dict[str, str]:
    """{name: type}: the plain name, and longer ones as a resolver makes them, as far as they can be asked for. A node
    without a domain has `search .`, which adds nothing."""
    longer = [f"{plain}.{suffix}" for suffix in suffixes if suffix != "."]
    return {name: "A" for name in (f"{plain}.", *longer) if is_name(name)}


async def _read_own(cluster: Cluster, place: str) -> Json | None:
    """What the pod's resolv.conf says; None where that is not known: the look at the pod itself tells why."""
    namespace, name = place.split("/")
    pod = await one_or_skip(cluster.get("Pod", name, namespace), [])
    running = find_running(pod) if pod else ""
    return await read_resolv_conf(cluster, namespace, name, running, []) if running else None


def _is_searched(name: str, dots: int) -> bool:
    return not name.endswith(".") and name.count(".") < dots


def judge_external(evidence: Evidence, args: ExternalArgs) -> Judgement:
    name, skipped = evidence["name"], tell_skipped(evidence, Layer.CLIENT)
    if evidence["answers"] is None:
        text = f"“{cut(name, 80)}” is no name that DNS could know."
        return Judgement(skipped or (note(Verdict.UNKNOWN, Layer.CLIENT, text, evidence=(read_at(evidence),)),))
    if not evidence["answers"]:
        text = f"No DNS pod could be asked for {name}: none runs, or they share their nodes' network."
        return Judgement((note(Verdict.UNKNOWN, Layer.CLIENT, text, evidence=(read_at(evidence),)), *skipped))
    plain = [a for a in evidence["answers"] if a["name"].rstrip(".") == name]
    hijacked = _hijacked(evidence)
    found = _judge_plain(evidence, plain)
    return Judgement((*([hijacked] if hijacked else []), found, *_fan_out(evidence), *skipped))


def _told(answers: list[Json]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(
        cut(f"{a['pod']}: {a['name'].rstrip('.')}: {a.get('rcode') or a['message']}{' (authoritative)' * _own(a)} "
            f"{list_names(a.get('records', ()), 3)}".strip()) for a in answers[:3]))


def _own(answer: Json) -> bool:
    """CoreDNS hands on what it was told, so that the resolver's own zones are authoritative, too."""
    return bool(answer.get("authoritative"))


def _judge_plain(evidence: Evidence, answers: list[Json]) -> Finding:
    name, lines = evidence["name"], (*_told(answers), read_at(evidence))
    subject = f"Name {name}"
    unasked = [a for a in answers if a["outcome"] == "failed"]  # which says nothing of what the pod would answer
    if len(unasked) == len(answers):
        text = f"{name} could not be asked for: {cut(answers[0]['message'])}."
        return note(Verdict.UNKNOWN, Layer.CLIENT, text, object=subject, evidence=lines)
    answers = [a for a in answers if a not in unasked]
    good = [a for a in answers if a.get("rcode") == "NOERROR"]
    if good and len(good) < len(answers):
        text = f"{name} resolves at {len(good)} of {len(answers)} DNS pods."
        return find("dns.external.failed", text, verdict=Verdict.WARN, object=subject, evidence=lines)
    if good and not any(a["records"] for a in good):
        text = (f"{name} exists and has no IPv4 address: pods that ask for one get an empty answer. Whether it has an "
                "IPv6 address was not asked.")
        return note(Verdict.UNKNOWN, Layer.CLIENT, text, object=subject, evidence=lines)
    if good:
        records = list_names(dict.fromkeys(r for a in good for r in a["records"]))
        rest = f" {list_names(a['pod'] for a in unasked)} could not be asked." if unasked else ""
        unknown = evidence["searched"] and not evidence.get("own")
        more = " and suffixes that nodes add to the search list" if unknown else ""
        text = (f"{name} resolves to {records}, asked over TCP; UDP and the way to the DNS Service{more} were not "
                f"tested.{rest}")
        return note(Verdict.PASS, Layer.CLIENT, text, object=subject, evidence=lines)
    denied = [a for a in answers if a.get("rcode") == "NXDOMAIN"]
    if denied:
        who = "the answer is authoritative: CoreDNS serves that zone itself, or the resolver that it asks does" \
            if _own(denied[0]) else "the resolvers that CoreDNS asks say so"
        return find("dns.external.missing", f"{name} does not exist; {who}.", object=subject, evidence=lines)
    codes = {a.get("rcode", a["outcome"]) for a in answers}
    if "REFUSED" in codes:
        text = f"{name} is refused, by the resolver that CoreDNS asks for it or by a rule of CoreDNS."
        return find("dns.external.refused", text, object=subject, evidence=lines)
    if "SERVFAIL" in codes:
        text = f"{name} fails (SERVFAIL): the resolver that CoreDNS asks for it gives no answer, or cannot find one."
        return find("dns.external.failed", text, object=subject, evidence=lines)
    text = f"{name} gets no answer: {answers[0].get('rcode') or answers[0]['message']}."
    return find("dns.external.silent", text, object=subject, evidence=lines)


def _hijacked(evidence: Evidence) -> Finding | None:
    """The search list is tried first, so what answers there is what a pod gets."""
    name = evidence["name"]
    longer = [a for a in evidence["answers"] if a["name"].rstrip(".") != name and a.get("rcode") == "NOERROR"
              and a["records"]]
    plain = {r for a in evidence["answers"] if a["name"].rstrip(".") == name for r in a.get("records", ())}
    if not longer or set(longer[0]["records"]) <= plain:
        return None
    asked = longer[0]["name"].rstrip(".")
    text = (f"Pods that ask for {name} get {list_names(longer[0]['records'])}: with the search list they ask for "
            f"{asked} first, which has an answer.")
    return find("dns.external.hijacked", text, object=f"Name {name}", evidence=(*_told(longer), read_at(evidence)),
                advice=f"Find what answers for {asked} (a wildcard, `template` or `rewrite` in the Corefile, or a "
                f"wildcard upstream). Until then ask for {name}. with a dot at its end, or set ndots:1 in the pod's "
                "dnsConfig.")


def _fan_out(evidence: Evidence) -> list[Finding]:
    if not evidence["searched"] or evidence["name"].count(".") >= USUAL_DOTS:
        return []
    dots = evidence["name"].count(".")
    text = (f"{evidence['name']} has {count(dots, 'dot')}, fewer than {USUAL_DOTS}: pods with the usual ndots:5 ask "
            "for it under each search suffix first, some three queries more each time. A dot at its end saves them.")
    return [note(Verdict.INFO, Layer.CLIENT, text, evidence=(read_at(evidence),))]


EXTERNAL = Look(
    name="dns.external", args=ExternalArgs, gather=gather_external, judge=judge_external,
    reads=("list services", "list pods in {dns}", "create pods/portforward in {dns}",
           "get pods/portforward in {dns}", "get configmaps/kubelet-config in kube-system", "get pods"),
    by_hand="`kubectl -n kube-system port-forward POD 5353:53`, then `dig +tcp -p 5353 @127.0.0.1 NAME` "
    "(https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/)",
)
