"""What kube-proxy's configuration speaks for: as a file, by its fields, and beside what runs. Pure."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.proxy.config_fields import API, DEFAULT_MODE, KIND, MODES
from bot.steps.wording import list_names, parse_time, read_at, tell_time

BY_RANGE = ("", "ClusterCIDR")
"""Values of detectLocalMode with which clusterCIDR tells what comes from a pod."""
COMPARED = (("mode", "mode"), ("ranges", "clusterCIDR"), ("node_ports", "nodePortAddresses"),
            ("kubeconfig", "clientConnection.kubeconfig"))
NO_SOCKET = "a NodePort has no listening socket of its own, which is normal"
"""The opener of such sockets left kube-proxy with 1.27 (kubernetes#108496)."""


def _fault(evidence: Evidence, code: str, text: str, *told: str, node: str = "", later: bool = True) -> Finding:
    """`later`: it strikes at the next start, and now only where no pod is ready."""
    verdict = Verdict.WARN if not later or evidence["ready"] else Verdict.FAIL
    return find(code, text, verdict=verdict, object=evidence["file"]["config_map"], node=node,
                evidence=(*told, read_at(evidence)))


def judge_file(evidence: Evidence) -> list[Finding]:
    """Whether there is a configuration that kube-proxy can start with."""
    file, name, fields = evidence["file"], evidence["file"].get("config_map", ""), evidence.get("fields", {})
    if file["state"] == "missing":
        if file.get("optional"):
            return []
        text = f"{name} does not exist: kube-proxy pods that run go on, and none can start again."
        told = f"{name}: not found, {evidence['proxy']} mounts it for {evidence['path']}"
        return [_fault(evidence, "proxy.settings.missing", text, told)]
    if file["state"] == "no-key" and not file["alike"]:  # else the command is at fault, which is told by its own look
        text = f"{name} has no key {file['key']}, which {evidence['proxy']} is started with."
        return [_fault(evidence, "proxy.settings.missing", text,
                       f"{name}: keys {list_names(file['keys']) or 'none'}, expected {file['key']}")]
    if file["state"] != "read":
        return []
    wrong = evidence["mistake"] or _unfit(fields)
    if not wrong:
        return []
    text = f"{name}, key {file['key']}, is no configuration that kube-proxy can start with: {wrong}."
    return [_fault(evidence, "proxy.settings.invalid", text, f"{name}: {wrong}")]


def _unfit(fields: dict[str, Any]) -> str:
    if fields["kind"] != KIND:
        return f"kind is {fields['kind'] or 'absent'}, expected {KIND}"
    if not fields["api"].startswith(API.split("/")[0]):
        return f"apiVersion is {fields['api'] or 'absent'}, expected {API}"
    if fields["mode"] not in MODES:
        return f"mode is {fields['mode']}, expected {list_names(filter(None, MODES), word='or')}"
    return ""


def judge_fields(evidence: Evidence) -> list[Finding]:
    fields, file = evidence["fields"], evidence["file"]
    found = [*_misspelt(evidence), *_ranges(evidence)]
    ports = list_names(fields["node_ports"]) or (
        "the node's primary addresses (mode nftables)" if fields["mode"] == "nftables" else "every address of the node")
    text = (f"{file['config_map']} sets mode {fields['mode'] or f'(empty: {DEFAULT_MODE})'}; NodePorts are served on "
            f"{ports}, and {NO_SOCKET}.")
    verdict = Verdict.INFO if found or any(e["near"] == "" for e in evidence["unknown"]) else Verdict.PASS
    return [note(verdict, Layer.PROXY, text, object=file["config_map"], evidence=(read_at(evidence),)), *found]


def _misspelt(evidence: Evidence) -> Iterator[Finding]:
    """A field that is not known is passed over in silence: decoding is tried again without strictness."""
    name = evidence["file"]["config_map"]
    for field in evidence["unknown"]:
        if field["near"]:
            text = (f"{name} sets {field['name']}, which is no field and is passed over; {field['near']} is one.")
            yield _fault(evidence, "proxy.settings.misspelt", text,
                         f"{name}: {field['name']}, expected {field['near']}", later=False)
        else:
            text = f"{name} sets {field['name']}, which is not known here; kube-proxy passes over unknown fields."
            yield note(Verdict.INFO, Layer.PROXY, text, object=name, evidence=(read_at(evidence),))


def _ranges(evidence: Evidence) -> Iterator[Finding]:
    """Pods of a node outside of clusterCIDR are taken for strangers: what they send to Services is masqueraded."""
    fields, name = evidence["fields"], evidence["file"]["config_map"]
    if not fields["ranges"] or fields["detect"] not in BY_RANGE or evidence["own_ranges"]:
        return
    given = [network for text in fields["ranges"] if (network := _network(text))]
    outside = {node: text for node, ranges in evidence["ranges"].items() for text in ranges
               if (own := _network(text)) and any(g.version == own.version for g in given)
               and not any(own.version == g.version and own.subnet_of(g) for g in given)}
    if outside:
        node, text = next(iter(outside.items()))
        said = (f"{name} sets clusterCIDR {list_names(fields['ranges'])}, which does not hold the pods of "
                f"{list_names(outside)}: what they send to Services is masqueraded, and policies see the node.")
        yield _fault(evidence, "proxy.settings.pod-range", said,
                     f"{name}: clusterCIDR {list_names(fields['ranges'])}", f"Node {node}: podCIDR {text}", later=False)


def _network(text: str) -> Any:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def judge_running(evidence: Evidence) -> list[Finding]:
    """What runs was read at its start; only what the ConfigMap sets is compared."""
    found: list[Finding] = []
    for pod in evidence["pods"]:
        running = pod["running"]
        if running is None:
            continue
        unlike = [(word, evidence["fields"][key], running[key]) for key, word in COMPARED
                  if evidence["fields"][key] and evidence["fields"][key] != running[key]]
        if unlike:
            found.append(_old(evidence, pod, unlike))
    asked = [pod for pod in evidence["pods"] if pod["running"] is not None]
    if asked and not found:
        nodes = list_names(pod["node"] for pod in asked)
        text = f"kube-proxy on {nodes} runs with what {evidence['file']['config_map']} says."
        found.append(note(Verdict.PASS, Layer.PROXY, text, object=evidence["proxy"], evidence=(read_at(evidence),)))
    return [*found, *_unasked(evidence)]


def _old(evidence: Evidence, pod: dict[str, Any], unlike: list[tuple[str, Any, Any]]) -> Finding:
    word, written, running = unlike[0]
    text = (f"kube-proxy on node {pod['node']} runs with {word} {_say(running)}, and {evidence['file']['config_map']} "
            f"says {_say(written)}: it was changed after the pod had started.")
    told = [f"{pod['name']} /configz: {what} {_say(now)}, expected {_say(then)}" for what, then, now in unlike[:2]]
    changed = evidence["file"]["changed"]
    told.append(f"{evidence['file']['config_map']}: changed {tell_time(changed) if changed else 'at an unknown time'}; "
                f"{pod['name']}: started {pod['started']}")
    return _fault(evidence, "proxy.settings.not-loaded", text, *told, node=pod["node"], later=False)


def _unasked(evidence: Evidence) -> Iterator[Finding]:
    """Where a pod does not tell, only the times are known."""
    changed = evidence["file"]["changed"]
    for pod in evidence["pods"]:
        if pod["running"] is None and pod["error"] != "not permitted":
            older = parse_time(pod["started"]) < changed
            rest = f" It started before {evidence['file']['config_map']} was changed." if older else ""
            text = f"What kube-proxy on node {pod['node']} runs with could not be asked: {pod['error']}.{rest}"
            yield note(Verdict.UNKNOWN, Layer.PROXY, text, object=evidence["proxy"], node=pod["node"],
                       evidence=(read_at(evidence),))


def _say(value: Any) -> str:
    return list_names(value) or "none" if isinstance(value, list) else str(value or "none")
