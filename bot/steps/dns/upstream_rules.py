"""What the answers for outside names say about the resolvers that CoreDNS forwards to. Pure."""

from typing import Any

from bot.diagnosis.causes import CAUSES, find, note
from bot.diagnosis.loglines import read_lines
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement
from bot.steps.dns.answer_rules import ACL
from bot.steps.dns.way_out import judge_way_out
from bot.steps.findings import tell_skipped
from bot.steps.wording import count, cut, list_names, parse_time, read_at, tell_time

RELOAD = 150.0
"""Seconds until a changed ConfigMap must have reached a pod that reloads its Corefile."""
NODE_RESOLVERS = "/etc/resolv.conf"

Pod = dict[str, Any]


def judge_forwarding(evidence: Evidence) -> Judgement:
    skipped = tell_skipped(evidence, Layer.UPSTREAM)
    answers = _answers(evidence)
    # One pod that got an answer has a way out, and of one that was not asked nothing is known.
    silent = any(told.cause == "dns.upstream.unreachable" and told.verdict is Verdict.FAIL for told in answers)
    found = [*_policy(evidence), *answers, *_taken(evidence), *(judge_way_out(evidence) if silent else ()),
             *_partly(evidence), *_stubs(evidence)]
    outputs = {"forwards": [{"zone": f["zone"], "targets": f["targets"]} for f in evidence["forwards"]]}
    return Judgement((*found, *skipped), outputs)


def _targets(evidence: Evidence) -> list[str]:
    return [target for forward in evidence["forwards"] if forward["zone"] == "." for target in forward["targets"]]


def _policy(evidence: Evidence) -> list[Finding]:
    uses_node, own = NODE_RESOLVERS in _targets(evidence), evidence.get("own")
    if evidence["server"] != "coredns" or not uses_node or not (own or evidence["policy"] == "ClusterFirst"):
        return []
    has = f"dnsPolicy {evidence['policy']}" + (f" with nameserver {list_names(own)}" if own else "")
    text = (f"{evidence['workload']} has {has}, expected Default: its /etc/resolv.conf names the DNS Service, so "
            "CoreDNS forwards to itself.")
    serving = any(pod["ready"] for pod in evidence["pods"])
    return [find("dns.upstream.dns-policy", text, verdict=Verdict.WARN if serving else Verdict.FAIL,
                 object=evidence["workload"], evidence=(
                     f"{evidence['workload']}: {has}, expected dnsPolicy Default",
                     f"forward: {list_names(_targets(evidence))}", read_at(evidence)))]


def _answers(evidence: Evidence) -> list[Finding]:
    asked = [pod for pod in evidence["pods"] if pod["answers"]]
    if not asked:
        if evidence["skipped"] and evidence["pods"]:
            return []
        text = "No DNS pod runs that could be asked, so forwarding was not tested."
        return [note(Verdict.SKIPPED, Layer.UPSTREAM, text)]
    if evidence["server"] == "coredns" and evidence["corefile_state"] == "read" and not _targets(evidence) \
            and not evidence["open"]:
        text = "The Corefile forwards no names outside the cluster's zones, so none were judged."
        return [note(Verdict.INFO, Layer.UPSTREAM, text, object=evidence["config_map"], evidence=(read_at(evidence),))]
    states = [(pod, *_state(pod, bool(evidence.get("acl")))) for pod in asked]
    dead = [(pod, seen) for pod, state, seen in states if state == "dead"]
    alive = [pod for pod, state, _ in states if state == "alive"]
    if dead:
        return [_unreachable(evidence, dead, bool(alive))]
    refused = [(pod, seen) for pod, state, seen in states if state == "refused"]
    if refused:
        return [_refused(evidence, refused, bool(alive))]
    untold = [(pod, seen) for pod, state, seen in states if state == "untold"]
    return [*([_passed(evidence, alive)] if alive else []), *_untested(evidence, untold)]


def _untested(evidence: Evidence, untold: list[tuple[Pod, str]]) -> list[Finding]:
    if not untold:
        return []
    text = f"Forwarding was not tested from {list_names(pod['name'] for pod, _ in untold)}: {cut(untold[0][1], 300)}"
    return [note(Verdict.UNKNOWN, Layer.UPSTREAM, text, object=evidence["workload"], evidence=(read_at(evidence),))]


def _state(pod: Pod, acl: bool) -> tuple[str, str]:
    """alive, dead, refused or untold, by the answer that came last: it cannot have come out of a cache."""
    first, *later = [answer for answer in pod["answers"] if not _is_stub(answer, pod)]
    decisive = later[0] if later and later[0]["outcome"] != "failed" else first
    seen = f"{decisive['name']}: {decisive.get('rcode') or decisive['message']}"
    if decisive["outcome"] == "failed":
        return "untold", seen
    if acl and (decisive["outcome"] == "silent" or decisive["rcode"] == "REFUSED"):
        return "untold", f"{seen}; {ACL}"
    if decisive["outcome"] == "silent":
        return "dead", seen
    return {"SERVFAIL": "dead", "REFUSED": "refused"}.get(decisive["rcode"], "alive"), seen


def _is_stub(answer: dict[str, Any], pod: Pod) -> bool:
    external = pod["answers"][0]["name"]
    return answer["name"] != external and not answer["name"].endswith(f".{external}")


def _unreachable(evidence: Evidence, dead: list[tuple[Pod, str]], some_alive: bool) -> Finding:
    named = [t for t in _targets(evidence) if t != NODE_RESOLVERS]
    matches = [m for m in read_lines(evidence["lines"]) if m.meaning == "upstream"]
    seen = list(dict.fromkeys(match.facts["to"] for match in matches if "to" in match.facts))
    resolvers = list_names(named or seen) or "the resolvers in the nodes' /etc/resolv.conf"
    why = next((match.facts.get("why", "") for match in matches), "")
    only = dead[0][0] if len(dead) == 1 and some_alive else None
    who = f"from {only['name']} on {only['node']}" if only else f"from {count(len(dead), 'DNS pod')}"
    text = f"Names outside the cluster do not resolve: no answer by {resolvers}, asked {who}" + (
        f" ({cut(why, 80)})." if why else ".")
    lines = [f"{pod['name']} on {pod['node']}: {cut(told)}" for pod, told in dead[:2]]
    lines += [cut(match.text) for match in matches[:1]]
    some = some_alive or _partly(evidence)  # a question may have gone to the dead one of several resolvers
    return find(
        "dns.upstream.unreachable", text, verdict=Verdict.WARN if some else Verdict.FAIL,
        object=f"Resolver {', '.join(named)}" if named else evidence["workload"], node=only["node"] if only else "",
        evidence=(*lines, f"forward: {list_names(_targets(evidence)) or 'not known'}", read_at(evidence)),
        advice=_look_again(evidence, dead) or (_look_there(only, named) if only else ""),
    )


def _look_there(pod: Pod, named: list[str]) -> str:
    """Others get answers: either the node asks other resolvers, or what its pods send does not get out."""
    own = "" if named else f" Its resolvers may be others: `cat /etc/resolv.conf` on {pod['node']}."
    return (f"From DNS pods on other nodes answers come, so look at the way out of {pod['node']}: `netcheck run cni`, "
            f"`netcheck run connectivity`.{own}")


def _look_again(evidence: Evidence, dead: list[tuple[Pod, str]]) -> str:
    """Where the Corefile was changed a moment ago, the pods may not have read it yet; "" where they have."""
    changed = evidence.get("changed", 0.0)
    if float(evidence["read_at"]) - changed > RELOAD or any(parse_time(p["started"]) > changed for p, _ in dead):
        return ""
    return (f"The Corefile was changed at {tell_time(changed)}, and its pods take up to two minutes to read it: look "
            f"again then. {CAUSES['dns.upstream.unreachable'].mend}")


def _refused(evidence: Evidence, refused: list[tuple[Pod, str]], some_alive: bool) -> Finding:
    if any(match.meaning == "overload" for match in read_lines(evidence["lines"])):
        text = f"{refused[0][0]['name']} refuses to forward: more queries are under way than max_concurrent allows."
        verdict = Verdict.WARN if some_alive else Verdict.FAIL
        return find("dns.upstream.overload", text, verdict=verdict, object=evidence["workload"],
                    evidence=(*(cut(line) for line in evidence["lines"][:2]), read_at(evidence)))
    text = f"The upstream resolver answers, and refuses {refused[0][1]}; set `external` to a name that it serves."
    return note(Verdict.INFO, Layer.UPSTREAM, text, object=evidence["workload"], evidence=(read_at(evidence),))


def _passed(evidence: Evidence, alive: list[Pod]) -> Finding:
    some = f"{len(alive)} of {count(len(evidence['pods']) + evidence['unasked'], 'running DNS pod')}"
    where = list_names(_targets(evidence)) or "its upstream"
    text = f"Names outside the cluster are answered ({evidence['external']}, {some}), forwarded to {where}."
    lines = [f"{a['name']}: {a['rcode']} {list_names(a['records'], 2)}".strip() for a in alive[0]["answers"]
             if a["outcome"] == "answered"]
    told = (*lines[:3], read_at(evidence))
    return note(Verdict.PASS, Layer.UPSTREAM, text, object=evidence["workload"], evidence=told)


def _taken(evidence: Evidence) -> list[Finding]:
    """Only told where names do not resolve: a Service may stand for a resolver on purpose."""
    found = []
    for taker in evidence.get("takers", ()):
        service, address = taker["service"], taker["address"]
        namespace, name = service.removeprefix("Service ").split("/")
        text = (f"{service} has the resolver's address {address} as an external address: on each node what is meant "
                "for the resolver is led to this Service instead.")
        seen = f"{service}: external address {address}, port 53, expected no resolver's address"
        found.append(find(
            "dns.upstream.taken", text, object=service, evidence=(seen, read_at(evidence)),
            advice=f"Take {address} out of externalIPs: `kubectl -n {namespace} edit service {name}`"))
    return found


def _partly(evidence: Evidence) -> list[Finding]:
    """A resolver that has never answered beside one that does: questions that go to it first wait for a time-out."""
    health = evidence.get("health") or {}
    dead = sorted(to for to, told in health.items() if told["failed"] and not told["answered"])
    others = sorted(to for to, told in health.items() if told["answered"])
    if not dead or not others:
        return []
    text = (f"Of the resolvers that CoreDNS forwards to, {list_names(dead)} never answered since its pod started; "
            f"{list_names(others)} did.")
    lines = [f"{to}: {health[to]['failed']:g} failed health checks, 0 answers" for to in dead[:3]]
    return [find("dns.upstream.partly", text, verdict=Verdict.WARN, object=evidence["config_map"],
                 evidence=(*lines, f"{others[0]}: {health[others[0]]['answered']:g} answers", read_at(evidence)))]


def _stubs(evidence: Evidence) -> list[Finding]:
    """Zones that have a `forward` of their own and do not answer."""
    found = []
    for forward in evidence["forwards"]:
        if forward["zone"] == ".":
            continue
        told = [a for pod in evidence["pods"] for a in pod["answers"]
                if a["name"].endswith(f".{forward['zone']}") and a["name"].startswith("netcheck-")]
        dead = [a for a in told if a["outcome"] == "silent" or a.get("rcode") == "SERVFAIL"]
        if not dead or forward["zone"] == evidence["external"]:
            continue
        targets = list_names(forward["targets"])
        text = f"Names in {forward['zone']} do not resolve: its upstream {targets} does not answer."
        seen = f"{dead[0]['name']}: {dead[0].get('rcode') or dead[0]['message']}"
        found.append(find("dns.upstream.stub", text, verdict=Verdict.WARN, object=evidence["config_map"],
                          evidence=(seen, _place(evidence, forward, targets), read_at(evidence))))
    return found


def _place(evidence: Evidence, forward: dict[str, Any], targets: str) -> str:
    """kube-dns has no Corefile, and so no line of it."""
    where = f"Corefile:{forward['line']}" if forward["line"] else f"{evidence['config_map']}: stubDomains"
    return f"{where}: forward to {targets}"
