"""`service.name`: what DNS pods answer for the Service's name, against its addresses (page: by DNS name).

Asked directly, over a forwarded port: a right answer here and a failing client mean that the way to DNS is broken.
"""

from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.asking import ask_dns
from bot.steps.findings import tell_skipped
from bot.steps.nodes.kubelet_config import DEFAULT_DOMAIN
from bot.steps.services.objects import ServiceArgs, read_service, read_slices, ready_endpoints
from bot.steps.wording import cut, list_names, read_at

SETTLE = 60.0
"""Seconds for which a DNS server may hold on to what it knew of a name before its Service was made: CoreDNS keeps
answers, also that there is none, for 30 (https://coredns.io/plugins/cache/)."""


async def gather_name(cluster: Cluster, args: ServiceArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    kind = "AAAA" if service and service["families"][:1] == ["IPv6"] else "A"
    wanted = {f"{args.name}.{args.namespace}.svc": kind}
    asked = await ask_dns(cluster, wanted, skipped) if service else {"answers": None}
    slices = await read_slices(cluster, service, skipped) if service and service["headless"] else []
    return {"zone": DEFAULT_DOMAIN, **asked, "service": service, "skipped": list(dict.fromkeys(skipped)),
            "expected": [e["address"] for e in ready_endpoints(slices or [])], "read_at": cluster.now}


def judge_name(evidence: Evidence, args: ServiceArgs) -> Judgement:
    service, answers, skipped = evidence["service"], evidence["answers"], tell_skipped(evidence, Layer.SERVICE)
    if service is None or answers is None or (skipped and not answers):  # pods that may not be listed are not none
        return Judgement(skipped, {"doubt": False})
    name = f"{args.name}.{args.namespace}.svc.{evidence['zone']}"
    found = _wrong(evidence, name) or _silent(evidence, name)
    if found is None:
        some = list_names(dict.fromkeys(a["pod"] for a in answers))
        text = f"{some}, asked directly, give {name} as {list_names(_records(answers)) or 'known'}; UDP and the way " \
            "to the DNS Service were not tested."
        found = note(Verdict.PASS, Layer.SERVICE, text, object=service["name"], evidence=(read_at(evidence),))
    return Judgement((found, *skipped), {"doubt": found.verdict in (Verdict.FAIL, Verdict.UNKNOWN)})


def _records(answers: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(r for a in answers if a["outcome"] == "answered" for r in a["records"]))


def _wrong(evidence: Evidence, name: str) -> Finding | None:
    service = evidence["service"]
    answered = [a for a in evidence["answers"] if a["outcome"] == "answered"]
    unknown = [a for a in answered if a["rcode"] == "NXDOMAIN"]
    if unknown and service["headless"] and not evidence["expected"]:
        text = f"{name} does not resolve: {service['name']} is headless and has no ready pod."
        return note(Verdict.INFO, Layer.SERVICE, text, object=service["name"], evidence=(read_at(evidence),))
    wanted = set(evidence["expected"] if service["headless"] else service["addresses"])
    wrong = [a for a in answered if a["rcode"] == "NOERROR" and set(a["records"]) - wanted] if wanted else []
    if (unknown or wrong) and evidence["read_at"] - service["created"] < SETTLE:
        text = f"DNS does not give the address of {name} yet: its Service is new, and answers are kept for a while."
        return note(Verdict.INFO, Layer.SERVICE, text, object=service["name"], evidence=(
            *_lines([*unknown, *wrong]), read_at(evidence)))
    if unknown:
        text = f"DNS does not know {name}, although {service['name']} exists."
        lines = (*_lines(unknown), read_at(evidence))
        return find("service.name.unknown", text, object=service["name"], evidence=lines)
    if not wrong or service["type"] == "ExternalName":
        return None
    text = f"DNS gives {list_names(wrong[0]['records'])} for {name}, expected {list_names(sorted(wanted))}."
    if service["headless"]:  # pods come and go while both are read
        return note(Verdict.INFO, Layer.SERVICE, text, object=service["name"], evidence=(read_at(evidence),))
    return find("service.name.wrong", text, object=service["name"], evidence=(*_lines(wrong), read_at(evidence)))


def _silent(evidence: Evidence, name: str) -> Finding | None:
    answers = evidence["answers"]
    good = [a for a in answers if a["outcome"] == "answered" and a["rcode"] in ("NOERROR", "NXDOMAIN")]
    if good or {a["outcome"] for a in answers} == {"failed"}:
        if good:
            return None
        text = f"No DNS pod could be asked for {name}: {cut(answers[0]['message'])}."
        return note(Verdict.UNKNOWN, Layer.SERVICE, text, evidence=(read_at(evidence),))
    why = f"DNS pods answer {answers[0].get('rcode') or answers[0]['message']}" if answers else "no DNS pod runs"
    text = f"{name} does not resolve: {why}. That is so for every name: `/netcheck dns` says why."
    return find("service.name.unanswered", text, object=evidence["service"]["name"],
                evidence=(*(_lines(answers) or [f"asked 0 DNS pods for {name}"]), read_at(evidence)))


def _lines(answers: list[dict[str, Any]]) -> list[str]:
    return [cut(f"{a['pod']}: {a['name']} {a['type']}: {a.get('rcode') or a['message']} "
                f"{list_names(a.get('records', ()))}".strip()) for a in answers[:3]]


NAME = Look(
    name="service.name", args=ServiceArgs, gather=gather_name, judge=judge_name,
    reads=("get services", "list services", "list pods in {dns}", "list endpointslices.discovery.k8s.io",
           "create pods/portforward in {dns}", "get pods/portforward in {dns}",
           "get configmaps/kubelet-config in kube-system"),
    by_hand="`kubectl -n kube-system port-forward POD 5353:53`, then `dig +tcp -p 5353 @127.0.0.1 "
    "NAME.NAMESPACE.svc.cluster.local` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#does-the-service-work-by-dns-name)",
)
