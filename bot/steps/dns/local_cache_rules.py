"""What is wrong with a NodeLocal DNSCache. Pure.

Where kubelets hand out its own address nothing else answers a node's pods; where it listens at the Service's address,
they get past it to the Service once its pod is gone in good order.
"""

from typing import Any

from bot.diagnosis.causes import find, note
from bot.diagnosis.platform import cache_addresses
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement
from bot.steps.findings import tell_skipped
from bot.steps.patience import GRACE
from bot.steps.wording import labels_text, list_names, parse_time, read_at


def judge_cache(evidence: Evidence, args: Args) -> Judgement:
    skipped = tell_skipped(evidence, Layer.DNS_SERVICE)
    if not evidence["known"]:
        return Judgement(skipped)
    cache = evidence["cache"]
    if cache is None:
        return Judgement((_absent(evidence), *skipped))
    found = [told for rule in (_template, _address, _upstream, _down) for told in rule(evidence, cache)]
    return Judgement((*(found or [_fine(evidence, cache)]), *skipped))


def _absent(evidence: Evidence) -> Finding:
    """Where kubelets hand out its address something else than a DaemonSet may listen there. Its Service that was left
    behind tells that a DaemonSet did."""
    local, others = cache_addresses(evidence["handed"]), evidence.get("others", [])
    if not local:
        text = "There is no node-local DNS cache: pods ask the DNS Service itself."
        return note(Verdict.INFO, Layer.DNS_SERVICE, text, evidence=(read_at(evidence),))
    seen = (f"{evidence['source']}: clusterDNS {list_names(evidence['handed'])}", "DaemonSets node-local-dns and "
            f"nodelocaldns: not found; of a name like theirs: {list_names(others) or 'none'}", read_at(evidence))
    text = f"Kubelets hand out {list_names(local)}, the address of a node-local DNS cache, and no DaemonSet of one runs"
    if others or not evidence.get("left"):
        return note(Verdict.UNKNOWN, Layer.DNS_SERVICE, f"{text}; who answers there was not tested.", evidence=seen)
    return find("dns.local-cache.missing", f"{text}, though its Service kube-dns-upstream is there: pods have no DNS.",
                verdict=Verdict.FAIL if local == evidence["handed"] else Verdict.WARN,
                object="DaemonSet kube-system/node-local-dns", evidence=seen)


def _fine(evidence: Evidence, cache: dict[str, Any]) -> Finding:
    text = f"{cache['name']} has {cache['ready']} of {cache['wanted']} pods ready"
    bind = cache["config"]["bind"] if cache["config"] else []
    used = not bind or any(address in bind for address in evidence["handed"] or evidence["service"])
    if not used:
        text += f"; kubelets hand out {list_names(evidence['handed'])}, so pods do not ask it"
    unknown = bool(cache.get("more")) and cache["ready"] < cache["wanted"]
    if unknown:
        text += "; on which nodes not, and why, was not looked at"
    text += "; path not tested."
    verdict = Verdict.UNKNOWN if unknown else Verdict.PASS if used else Verdict.INFO
    return note(verdict, Layer.DNS_SERVICE, text, object=cache["name"],
                evidence=(read_at(evidence),))


def _template(evidence: Evidence, cache: dict[str, Any]) -> list[Finding]:
    config = cache["config"]
    if not config or not config["unfilled"]:
        return []
    text = (f"{config['name']} still holds {list_names(config['unfilled'], 3)}, which was to be filled in before it "
            "was applied.")
    return [find("dns.local-cache.template", text, object=config["name"],
                 verdict=Verdict.WARN if cache["ready"] else Verdict.FAIL,
                 evidence=(f"{config['name']}: {list_names(config['unfilled'], 5)}", read_at(evidence)))]


def _address(evidence: Evidence, cache: dict[str, Any]) -> list[Finding]:
    """Kubelets send pods to a link-local address at which the cache does not listen."""
    local, config = cache_addresses(evidence["handed"]), cache["config"]
    if not local or not config or not config["bind"] or config["unfilled"]:
        return []
    if any(address in config["bind"] for address in local):
        return []
    text = f"Kubelets hand out {list_names(local)}, but {cache['name']} listens on {list_names(config['bind'])}."
    return [find("dns.local-cache.address", text, object=cache["name"], evidence=(
        f"{evidence['source']}: clusterDNS {list_names(evidence['handed'])}",
        f"{config['name']}: bind {' '.join(config['bind'])}", read_at(evidence)))]


def _upstream(evidence: Evidence, cache: dict[str, Any]) -> list[Finding]:
    """The Service by which the cache reaches the DNS pods. That these are down is told elsewhere."""
    upstream, name = cache["upstream"], f"Service {cache['namespace']}/kube-dns-upstream"
    if upstream is None:
        return []
    if upstream["missing"]:
        text, seen = f"{name} does not exist: the cache has nobody to ask for names of the cluster.", "not found"
    elif upstream["servers"] and not upstream["selected"]:
        seen = f"selector {labels_text(upstream['selector'])}"
        text = f"{name} selects no DNS pod ({seen}): the cache has nobody to ask for names of the cluster."
    elif cache["config"] and cache["config"]["tcp"] and [53, "TCP"] not in upstream["ports"]:
        seen = "no port 53/TCP"
        text = f"{name} has no port 53/TCP, and the cache asks over TCP (force_tcp): names of the cluster fail."
    else:
        return []
    labels = f"selector {labels_text(upstream['labels'])}" if upstream.get("labels") else "the DNS pods' labels"
    return [find("dns.local-cache.upstream", text, object=name, evidence=(
        f"{name}: {seen}, expected {labels} and ports 53/UDP, 53/TCP", read_at(evidence)))]


def _down(evidence: Evidence, cache: dict[str, Any]) -> list[Finding]:
    now = float(evidence["read_at"])
    down = [pod for pod in cache["pods"] if not pod["ready"] and not pod["deleting"] and (
        pod["waiting"] not in ("", "ContainerCreating") or now - parse_time(pod["created"]) > GRACE)]
    missing = cache["ready"] < cache["wanted"] and not cache["pods"] and now - parse_time(cache["created"]) > GRACE
    alone = bool(cache_addresses(evidence["handed"]))
    effect = "pods there have no DNS, although the DNS pods may be healthy" if alone else (
        "lookups of pods there go past the cache, or fail")
    verdict = Verdict.FAIL if alone else Verdict.WARN
    found = [find(
        "dns.local-cache.down", f"{cache['name']} is down on {pod['node'] or 'a node'} ({_why(pod)}): {effect}.",
        verdict=verdict, object=cache["name"], node=pod["node"],
        evidence=(f"Pod {cache['namespace']}/{pod['name']}: {_why(pod)} {pod['waiting_message']}".strip(),
                  f"kubelets hand out {list_names(evidence['handed']) or 'an address that is not known'}",
                  read_at(evidence)),
    ) for pod in down]
    if missing:
        text = f"{cache['name']} has {cache['ready']} of {cache['wanted']} pods ready: on the other nodes {effect}."
        seen = f"{cache['name']}: ready {cache['ready']}, expected {cache['wanted']}"
        found = [find("dns.local-cache.down", text, verdict=verdict, object=cache["name"],
                      evidence=(seen, read_at(evidence)))]
    return found


def _why(pod: dict[str, Any]) -> str:
    return str(pod["waiting"] or pod["last_ended"].get("reason") or "not ready")
