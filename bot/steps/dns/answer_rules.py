"""The answers of DNS pods against what the cluster's objects say. Pure."""

from collections import defaultdict
from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.dns.corefile_order import find_shadowed
from bot.steps.dns.corefile_words import covers
from bot.steps.dns.names import suggest
from bot.steps.patience import GRACE
from bot.steps.wording import count, cut, list_names, parse_time, read_at, tell_time

ACL = "the Corefile's acl may refuse netcheck, which asks from within the pod (127.0.0.1), and nobody else"
ALTERED = ("dns.query.zone", "dns.query.wrong", "dns.query.negative")
"""Answers that a line of the Corefile beside the `kubernetes` block may have made."""
UNREACHED = "dialing backend"
"""The API server did not even get to the kubelet: what refused was the node, and not the DNS server."""
Pod = dict[str, Any]
Answer = dict[str, Any]


def judge_pods(evidence: Evidence) -> tuple[list[Finding], int]:
    """Findings, and how many pods gave the right answers."""
    troubles: dict[str, list[tuple[Pod, str]]] = defaultdict(list)
    good, untold, failed = [], [], []
    for pod in evidence["pods"]:
        code, text = _judge_pod(pod, evidence)
        if code in ("dns.query.zone", "dns.query.negative") and _runs_older(pod, evidence):
            code = "dns.corefile.stale"
        if code == "failed":
            failed.append((pod, text))
        elif code == "untold":
            untold.append((pod, text))
        elif code and not pod["ready"] and _is_young(pod, evidence):
            untold.append((pod, f"started {pod['started']} and is not ready yet ({text})"))
        elif code:
            troubles[code].append((pod, text))
        else:
            good.append(pod)
    verdict = Verdict.WARN if good else Verdict.FAIL
    findings = [_left_out(evidence, code, hits, verdict) or _trouble(evidence, code, hits, verdict)
                for code, hits in sorted(troubles.items())]
    findings += _untold(evidence, untold, Verdict.INFO if good else Verdict.UNKNOWN)
    findings += _untold(evidence, failed, Verdict.UNKNOWN)
    if not troubles and good:
        findings.insert(0, _passed(evidence, good))
    return findings, len(good)


def _is_young(pod: Pod, evidence: Evidence) -> bool:
    return float(evidence["read_at"]) - parse_time(pod["started"]) < GRACE


def _runs_older(pod: Pod, evidence: Evidence) -> bool:
    """Whether its answers cannot come from the Corefile as it stands, which was changed after it started."""
    stands = evidence.get("configured") or {"changed": 0.0, "zones": (), "alters": False}
    serves = any(covers(zone, evidence["zone"]) for zone in stands["zones"])
    return serves and not stands["alters"] and 0 < parse_time(pod["started"]) < stands["changed"]


def _judge_pod(pod: Pod, evidence: Evidence) -> tuple[str, str]:
    """(cause, what was seen); ("", "") for right answers, "failed" where the way to the pod did, "untold" where there
    is none, or nothing to hold the answer against."""
    main = next((a for a in pod["answers"] if a["name"] == f"kubernetes.default.svc.{evidence['zone']}"), None)
    if main is None:
        return "untold", "it shares its node's network, so it cannot be asked this way"
    if (evidence.get("configured") or {}).get("acl") and (main["outcome"] == "silent" or _is_kept_back(main)):
        return "untold", f"{main.get('rcode') or 'no answer'}: {ACL}"
    if main["outcome"] == "silent":
        return "dns.query.silent", f"{main['name']}: {main['message']}"
    if main["outcome"] == "failed":
        refused = "connection refused" in main["message"] and UNREACHED not in main["message"]
        return ("dns.query.silent" if refused else "failed"), main["message"]
    seen = f"{main['name']} {main['type']}: {main['rcode']} {list_names(main['records'])}".strip()
    missed = main["rcode"] != "NOERROR" or not main["records"]
    if missed and main["rcode"] != "SERVFAIL" and evidence.get("guessed"):
        return "untold", f"{seen}; the cluster's domain could not be read, it may be another"
    if missed:
        return ("dns.query.servfail" if main["rcode"] == "SERVFAIL" else "dns.query.zone"), seen
    expected = set(evidence["kubernetes_addresses"])
    if expected and not set(main["records"]) <= expected:
        return "dns.query.wrong", f"{seen}, expected {list_names(sorted(expected))}"
    return _judge_rest(pod, evidence)


def _is_kept_back(answer: Answer) -> bool:
    return answer.get("rcode") == "REFUSED" or (answer.get("rcode") == "NOERROR" and not answer["records"])


def _judge_rest(pod: Pod, evidence: Evidence) -> tuple[str, str]:
    own = set(evidence["service_addresses"])
    for answer in pod["answers"]:
        if answer["outcome"] != "answered":
            continue
        if answer["name"] == evidence["service"] and answer["records"] and not set(answer["records"]) <= own:
            seen = list_names(answer["records"])
            return "dns.query.wrong", f"{answer['name']}: {seen}, expected {list_names(sorted(own))}"
        if answer["name"].startswith("netcheck-no-such-name.") and answer["records"]:
            return "dns.query.negative", f"{answer['name']}: {list_names(answer['records'])}, expected NXDOMAIN"
    return "", ""


def _trouble(evidence: Evidence, code: str, hits: list[tuple[Pod, str]], verdict: Verdict) -> Finding:
    says = {
        "dns.query.silent": "gives no answer", "dns.query.servfail": "cannot answer for the cluster's names",
        "dns.query.zone": f"does not serve the zone {evidence['zone']}", "dns.query.wrong": "gives a wrong address",
        "dns.query.negative": "gives an address for a name that does not exist",
        "dns.corefile.stale": "still answers as the Corefile said before it was changed",
    }[code]
    names = list_names(pod["name"] for pod, _ in hits)
    words = (evidence.get("configured") or {}).get("words") if code in ALTERED else ()
    only = hits[0][0] if len(hits) == 1 else None
    return find(
        code, f"{names}, asked directly, {says}: {cut(hits[0][1])}.", object=evidence["workload"],
        verdict=Verdict.WARN if code == "dns.query.negative" else verdict, node=only["node"] if only else "",
        evidence=(*(cut(f"{pod['name']} on {pod['node']}: {text}") for pod, text in hits[:3]),
                  *(_since(evidence, hits[0][0]) if code == "dns.corefile.stale" else ()), read_at(evidence)),
        advice=f"Look at {list_names(words)} of the Corefile in {evidence['configured']['config_map']}: such lines "
        "alter answers before the `kubernetes` block gives them." if words else "",
    )


def _left_out(evidence: Evidence, code: str, hits: list[tuple[Pod, str]], verdict: Verdict) -> Finding | None:
    """Names that are not known because the `kubernetes` block is not asked for them, or is not to know them."""
    stands = evidence.get("configured") or {}
    taker, narrowing = stands.get("taker", ""), stands.get("narrowing", "")
    if code != "dns.query.zone" or not (taker or narrowing):
        return None
    place, told = stands["config_map"], (*(cut(f"{pod['name']} on {pod['node']}: {text}") for pod, text in hits[:3]),)
    if taker:
        return find_shadowed(place, taker, evidence["zone"], verdict, (*told, read_at(evidence)))
    text = f"The Corefile in {place} leaves names of {evidence['zone']} out, by {narrowing}: {cut(hits[0][1])}."
    return find("dns.corefile.namespaces", text, verdict=verdict, object=place, evidence=(*told, read_at(evidence)),
                advice=f"Remove {narrowing} of the Corefile in {place}, or give the Services these labels.")


def _since(evidence: Evidence, pod: Pod) -> tuple[str]:
    stands = evidence["configured"]
    return (f"{stands['config_map']}: changed {tell_time(stands['changed'])}, {pod['name']} runs since "
            f"{pod['started']}",)


def _untold(evidence: Evidence, untold: list[tuple[Pod, str]], verdict: Verdict) -> list[Finding]:
    if not untold:
        return []
    text = f"{list_names(pod['name'] for pod, _ in untold)} could not be asked: {cut(untold[0][1], 300)}"
    return [note(verdict, Layer.DNS_SERVICE, text, object=evidence["workload"], evidence=(read_at(evidence),))]


def _passed(evidence: Evidence, good: list[Pod]) -> Finding:
    total = len(evidence["pods"]) + len(evidence["unasked"]) + evidence["unseen"]
    some = f"{len(good)} of {count(total, 'running DNS pod')}"
    verb, unchecked = "gives" if total == 1 else "give", evidence.get("unchecked")
    answers = f"the right answers for {evidence['zone']}"
    if unchecked:
        answers = f"answers for {evidence['zone']}, not compared with {list_names(unchecked)}"
    text = f"{some}, asked directly, {verb} {answers}; UDP and the way through the Service were not tested."
    lines = [
        f"{a['name']} {a['type']}: {a['rcode']} {list_names(a['records'], 3)}".strip()
        for a in good[0]["answers"][:5] if a["outcome"] == "answered" and not a["name"].startswith("netcheck-no-such")
    ]
    told = (*lines[:4], read_at(evidence))
    verdict = Verdict.INFO if unchecked else Verdict.PASS
    return note(verdict, Layer.DNS_SERVICE, text, object=evidence["workload"], evidence=told)


def judge_names(evidence: Evidence) -> tuple[list[Finding], dict[str, list[str]]]:
    """What became of the names that a person asked about."""
    findings, found = [], {}
    for name, asked in evidence["names"].items():
        told = [a for pod in evidence["pods"] for a in pod["answers"] if a["name"] in asked["tried"]]
        hits = [a for a in told if a["outcome"] == "answered" and a["rcode"] == "NOERROR" and a["records"]]
        found[name] = list(dict.fromkeys(record for a in hits for record in a["records"]))
        if asked["tried"]:
            findings.append(_name_found(evidence, name, hits) if hits else _name_lost(evidence, name, asked, told))
        else:
            findings.append(note(Verdict.UNKNOWN, Layer.CLIENT, f"“{cut(name, 80)}” is no name that DNS could know.",
                                 evidence=(read_at(evidence),)))
    return findings, found


def _name_found(evidence: Evidence, name: str, hits: list[Answer]) -> Finding:
    full = hits[0]["name"]
    text = f"{name} resolves to {list_names(hits[0]['records'])}" + (f", as {full}." if full != name else ".")
    return note(Verdict.PASS, Layer.CLIENT, text, object=f"Name {name}", evidence=(read_at(evidence),))


def _name_lost(evidence: Evidence, name: str, asked: dict[str, Any], told: list[Answer]) -> Finding:
    service = asked["service"]
    lines = [cut(f"{a['name']}: {a.get('rcode') or a['message']}") for a in told[:4]]
    rcodes = {str(a.get("rcode", a["outcome"])) for a in told}
    subject, evidence_lines = f"Name {name}", (*lines, read_at(evidence))
    if not told or rcodes <= {"failed"}:
        return note(Verdict.UNKNOWN, Layer.CLIENT, f"{name} could not be asked for.", object=subject,
                    evidence=(read_at(evidence),))
    if service.get("exists") and service.get("headless"):
        text = f"{name} has no address: {service['asked']} is headless and has no ready pod."
        return find("dns.name.headless-empty", text, object=service["asked"], evidence=evidence_lines)
    if rcodes <= {"NXDOMAIN", "NOERROR"}:
        why = f": there is no {service['asked']}" if service.get("exists") is False else ""
        meant = suggest(name, evidence["zone"], service.get("elsewhere", ()))
        return find("dns.name.not-found", f"{name} does not exist{why}.{' ' + meant if meant else ''}", object=subject,
                    evidence=evidence_lines)
    text = f"{name} could not be resolved: {list_names(sorted(rcodes))}."
    return find("dns.name.unresolved", text, object=subject, evidence=evidence_lines)
