"""What the log lines of DNS pods speak for. Pure.

A pod that is not ready: its lines, and those before its crash, are the reason. A ready pod: only a failed reload of the
Corefile as it stands counts; everything else was overcome.
"""

from collections import defaultdict
from typing import Any

from bot.diagnosis.causes import find, note
from bot.diagnosis.directives import DROPPED
from bot.diagnosis.loglines import Match, read_lines
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.dns.corefile_words import tell_dropped
from bot.steps.wording import cut, list_names, read_at

Pod = dict[str, Any]
Hits = list[tuple[Pod, Match]]

SIMPLE: dict[str, tuple[str, str]] = {
    "loop": ("dns.upstream.loop", "own queries come back"),
    "bind": ("dns.pods.bind", "port 53 cannot be opened"),
    "forbidden": ("dns.access.refused", "refused by the API server"),
    "api-tls": ("dns.pods.api-credentials", "the API server's certificate is not trusted"),
    "api-credentials": ("dns.pods.api-credentials", "no valid credentials for the API server"),
}
HISTORY = ("forbidden", "api-net", "api-tls", "api-credentials", "overload")


def judge_lines(evidence: Evidence) -> list[Finding]:
    hits: dict[str, Hits] = defaultdict(list)
    for pod in evidence["pods"]:
        for meaning, match in _meanings(pod).items():
            hits[meaning].append((pod, match))
    verdict = Verdict.WARN if any(pod["ready"] for pod in evidence["pods"]) else Verdict.FAIL
    found = [*_configuration(evidence, hits, verdict)]
    for meaning, (code, what) in SIMPLE.items():
        down = [(pod, match) for pod, match in hits[meaning] if not pod["ready"]]
        if down:
            found.append(_tell(evidence, code, what, down, verdict))
    found += _api_path(evidence, hits["api-net"], verdict)
    found = found or _said(evidence, verdict)
    return [*found, *_history(evidence, hits)]


def _meanings(pod: Pod) -> dict[str, Match]:
    """The last line of each meaning. What came before a crash counts while the pod is not up again."""
    lines = list((pod["now"] or {}).get("lines", ()))
    if not pod["ready"]:
        lines = [*(pod["before"] or {}).get("lines", ()), *lines]
    last = {match.meaning: (place, match) for place, match in enumerate(read_lines(lines))}
    reloaded = last.get("reloaded", (-1, None))[0]
    about_reload = ("reload-failed", "unknown-directive", "parse")
    return {m: match for m, (place, match) in last.items() if m not in about_reload or place > reloaded}


def _configuration(evidence: Evidence, hits: dict[str, Hits], verdict: Verdict) -> list[Finding]:
    """A Corefile that could not be loaded, as far as the ConfigMap still holds what the log complains of."""
    found: list[Finding] = []
    words = {match.facts["word"]: (pod, match) for pod, match in hits["unknown-directive"]}
    for word, (pod, match) in words.items():
        if _corrected(evidence, word):
            found.append(_waits(evidence, f"'{word}'"))
        else:
            found.append(_unknown_word(evidence, word, pod, match, verdict))
    for pod, match in hits["parse"][:1]:
        line = int(match.facts.get("line") or match.facts.get("at") or 0)
        why = match.facts.get("why") or match.facts.get("syntax", "")
        if pod["ready"] and not _still_wrong(evidence):
            continue
        place = _file_place(evidence, match)
        text = f"CoreDNS cannot load the Corefile in {place}, line {line}: {cut(why)}."
        found.append(find("dns.corefile.syntax", text, verdict=verdict, object=place,
                          evidence=(f"{pod['name']}: {cut(match.text)}", read_at(evidence))))
    for pod, match in hits["reload-failed"][:1]:
        if pod["ready"] and _still_wrong(evidence, words):
            text = f"{pod['name']} runs an older configuration than {_place(evidence)} holds: the reload failed."
            found.append(find("dns.corefile.reload", text, verdict=Verdict.WARN, object=_place(evidence),
                              evidence=(f"{pod['name']}: {cut(match.text)}", read_at(evidence))))
    return found


def _said(evidence: Evidence, verdict: Verdict) -> list[Finding]:
    """Of pods that ended: their own reason, in their own words, where it is none of those that are known."""
    said = [(pod, words) for pod in evidence["pods"]
            if not pod["ready"] and (words := (pod["before"] or {}).get("last")) and not read_lines([words])]
    if not said:
        return []
    names = list_names(pod["name"] for pod, _ in said)
    return [find(
        "dns.pods.said", f"{names} ended with: {cut(said[0][1])}", verdict=verdict, object=evidence["workload"],
        evidence=(*(cut(f"{pod['name']} on {pod['node']}: {words}") for pod, words in said[:3]), read_at(evidence)),
    )]


def _unknown_word(evidence: Evidence, word: str, pod: Pod, match: Match, verdict: Verdict) -> Finding:
    told = (f"{pod['name']}: {cut(match.text)}", read_at(evidence))
    line, place = int(match.facts["line"]), _file_place(evidence, match)
    if word in DROPPED:
        args: list[str] = next((d["args"] for d in _directives(evidence) if d["name"] == word), [])
        return tell_dropped({**evidence, "corefile": {"config_map": place}}, word, args, line, verdict, told)
    text = f"CoreDNS cannot load the Corefile in {place}: line {line}, unknown directive '{word}'."
    return find("dns.corefile.directive-unknown", text, verdict=verdict, object=place, evidence=told,
                advice=f"Correct or remove '{word}' in line {line} of the Corefile in {place}.")


def _place(evidence: Evidence) -> str:
    return str(evidence["corefile"].get("config_map") or evidence["workload"])


def _file_place(evidence: Evidence, match: Match) -> str:
    """The ConfigMap that holds the file that the line names: an imported one may be another's (AKS: coredns-custom)."""
    file = match.facts.get("file") or match.facts.get("path", "")
    folder, mounts = file.rpartition("/")[0], evidence.get("mounts", {})
    return str(mounts.get(folder) or _place(evidence))


def _directives(evidence: Evidence) -> list[dict[str, Any]]:
    return [d for block in evidence["corefile"].get("blocks", ()) for d in block["directives"]]


def _corrected(evidence: Evidence, word: str) -> bool:
    """Whether the ConfigMap no longer holds it, as far as it can be read whole."""
    facts = evidence["corefile"]
    whole = facts["state"] == "read" and not facts["imports"] and not facts["mistakes"]
    return whole and not any(d["name"] == word for d in _directives(evidence))


def _still_wrong(evidence: Evidence, words: dict[str, Any] | None = None) -> bool:
    """Whether a Corefile that was refused is still there; one that cannot be read is taken at the log's word."""
    facts = evidence["corefile"]
    if facts["state"] != "read" or facts["mistakes"]:
        return True
    return any(d["name"] in (words or {}) for d in _directives(evidence))


def _waits(evidence: Evidence, what: str) -> Finding:
    text = (f"{what}, of which the log complains, is no longer in {_place(evidence)}: pods that wait after a crash "
            "will start with their next try.")
    return note(Verdict.INFO, Layer.DNS_WORKLOAD, text, object=evidence["workload"], evidence=(read_at(evidence),))


def _tell(evidence: Evidence, code: str, what: str, hits: Hits, verdict: Verdict) -> Finding:
    names = list_names(pod["name"] for pod, _ in hits)
    return find(
        code, f"{names}: {what}: {cut(hits[0][1].text)}", verdict=verdict, object=evidence["workload"],
        evidence=(*(cut(f"{pod['name']} on {pod['node']}: {m.text}") for pod, m in hits[:3]), read_at(evidence)),
    )


def _api_path(evidence: Evidence, hits: Hits, verdict: Verdict) -> list[Finding]:
    """One finding for each node: what is broken may be that node's way to the Service address."""
    found = []
    for node in sorted({pod["node"] for pod, _ in hits if not pod["ready"]}):
        here = [(pod, match) for pod, match in hits if pod["node"] == node and not pod["ready"]]
        to = here[0][1].facts.get("to") or here[0][1].facts.get("via", "the API server")
        why = here[0][1].facts.get("why", "no route to host")
        text = f"{list_names(p['name'] for p, _ in here)} on node {node} cannot reach the API server at {to}: {why}."
        told = (*(f"{pod['name']}: {cut(match.text)}" for pod, match in here[:2]), read_at(evidence))
        found.append(find("dns.pods.api-path", text, verdict=verdict, object=evidence["workload"], node=node,
                          evidence=told))
    return found


def _history(evidence: Evidence, hits: dict[str, Hits]) -> list[Finding]:
    past = {m: [pod["name"] for pod, _ in hits[m] if pod["ready"]] for m in HISTORY}
    told = [f"{meaning} ({list_names(names, 3)})" for meaning, names in past.items() if names]
    if not told:
        return []
    text = f"Lines of ready pods that may be history: {'; '.join(told)}."
    return [note(Verdict.INFO, Layer.DNS_WORKLOAD, text, object=evidence["workload"], evidence=(read_at(evidence),))]
