"""`dns.memory`: is the memory limit of the DNS pods enough for a cluster of this size?

By CoreDNS's own estimate (coredns/deployment, Scaling_CoreDNS.md): (pods + Services) / 1000 + 54 MB, of which 30 MB are
a full cache of usual size; with autopath / 250 + 56 MB. Services are counted only where they could matter.
"""

from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.diagnosis.platform import server_container
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.corefile_facts import plugins, try_corefile
from bot.steps.dns.load import MOST_PODS, read_load, tell_load
from bot.steps.dns.objects import DnsArgs, find_dns
from bot.steps.dns.pod_states import RECENT
from bot.steps.findings import tell_skipped
from bot.steps.nodes.status import sample_nodes
from bot.steps.podfacts import pod_facts
from bot.steps.readings import or_skip
from bot.steps.wording import count, parse_time, read_at

CACHE_MB, USUAL_CAPACITY = 30.0, 2 * 9984
"""A full cache of usual size: 9984 names that exist, and as many that do not (coredns.io/plugins/cache)."""
MANY_SERVICES = 10_000
"""The most that a cluster is made for (Kubernetes, "Considerations for large clusters": scalability thresholds)."""
_UNITS = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


class MemoryArgs(DnsArgs):
    """Compares the memory that the DNS pods may use with what a cluster of this size needs.

    `load`: whether up to two pods are asked what they count themselves: names in their caches, queries.
    """

    load: bool = True


async def gather_memory(cluster: Cluster, args: MemoryArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    skipped = list(dns.skipped)
    limits = server_container(dns.template).get("resources", {}).get("limits", {}) if dns.template else {}
    limit = str(limits.get("memory", ""))
    corefile = await try_corefile(cluster, dns, skipped)
    cache, autopath = cache_capacity(corefile), bool(plugins(corefile, "autopath"))
    needed = bool(read_quantity(limit)) and dns.server == "coredns"
    pods = most = await _most_pods(cluster, skipped) if needed else None
    big = needed and most is None
    if needed and (most is None or estimate(most, MANY_SERVICES, cache, autopath) > read_quantity(limit) / 1e6):
        pods, most = await _count(cluster, "Pod", skipped), None
    services = None
    if pods is not None and estimate(pods, MANY_SERVICES, cache, autopath) > read_quantity(limit) / 1e6:
        services = await _count(cluster, "Service", skipped)
    asked = 1 if big else MOST_PODS  # a big cluster costs more requests elsewhere, and its pods share the questions
    load = await read_load(cluster, dns, corefile, skipped, most=asked) if args.load else []
    facts = [pod_facts(pod) for pod in dns.pods]
    killed = [{key: pod[key] for key in ("name", "waiting", "restarts", "last_ended")} for pod in facts
              if pod["last_ended"].get("reason") == "OOMKilled"]
    return {"workload": dns.name, "server": dns.server, "limit": limit, "cache": cache, "autopath": autopath,
            "pods": pods, "bound": most is not None, "services": services, "killed": killed,
            "ready": sum(pod["ready"] for pod in facts), "load": load,
            "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now}


async def _most_pods(cluster: Cluster, skipped: list[str]) -> int | None:
    """As many as the nodes may hold, which other steps read as well; None where they are not all read."""
    nodes = await or_skip(sample_nodes(cluster), skipped)
    if nodes is None:
        return None
    each = [int(read_quantity(str(node["status"].get("capacity", {}).get("pods", "")))) for node in nodes.items]
    return sum(each) if all(each) and not nodes.remaining else None


async def _count(cluster: Cluster, kind: str, skipped: list[str]) -> int | None:
    listing = await or_skip(cluster.list(kind, limit=1, form="metadata"), skipped)
    return None if listing is None else len(listing.items) + listing.remaining


def cache_capacity(corefile: dict[str, Any]) -> int:
    """Names that all caches of the Corefile hold together; the usual number where the Corefile is not known."""
    if corefile.get("state") != "read":
        return USUAL_CAPACITY
    total = 0
    for _, directive in plugins(corefile, "cache"):
        told = {option[0]: option[1] for option in directive["options"] if len(option) > 1 and option[1].isdigit()}
        total += sum(int(told.get(name, USUAL_CAPACITY // 2)) for name in ("success", "denial"))
    return total


def estimate(pods: int, services: int, cache: int, autopath: bool) -> float:
    """MB that CoreDNS needs."""
    base, share = (56.0, 250.0) if autopath else (54.0, 1000.0)
    return base - CACHE_MB + CACHE_MB * cache / USUAL_CAPACITY + (pods + services) / share


def read_quantity(text: str) -> float:
    """A quantity as Kubernetes writes it, in bytes; 0 for none."""
    number = text.rstrip("kMGTim")
    try:
        return float(number) * _UNITS.get(text[len(number):], 0.0)
    except ValueError:
        return 0.0


def judge_memory(evidence: Evidence, args: MemoryArgs) -> Judgement:
    return Judgement((*_memory(evidence), *tell_skipped(evidence, Layer.DNS_WORKLOAD)))


def _memory(evidence: Evidence) -> list[Finding]:
    name, told = evidence["workload"], (read_at(evidence),)
    if not name:
        return []
    if evidence["server"] != "coredns":
        text = f"{name} is not CoreDNS: what memory it needs is not known."
        return [note(Verdict.INFO, Layer.DNS_WORKLOAD, text, evidence=told)]
    if not evidence["limit"]:
        text = f"{name} has no memory limit of its own."
        return [note(Verdict.PASS, Layer.DNS_WORKLOAD, text, object=name, evidence=told)]
    if evidence["pods"] is None:
        return []
    services = evidence["services"]
    need = estimate(evidence["pods"], MANY_SERVICES if services is None else services, evidence["cache"],
                    evidence["autopath"])
    size = (f"{'up to ' if evidence['bound'] else ''}{evidence['pods']} pods and "
            f"{f'up to {MANY_SERVICES}' if services is None else services} Services")
    if killed := [pod for pod in evidence["killed"] if _is_recent(pod, evidence)]:
        return [_killed(evidence, killed, f"about {need:.0f} MB are needed for {size}")]
    load = tell_load(evidence.get("load", []), evidence["cache"], float(evidence["read_at"]))
    if read_quantity(evidence["limit"]) / 1e6 >= need:
        text = f"{name} may use {evidence['limit']} of memory, and needs about {need:.0f} MB for {size}."
        return [note(Verdict.PASS, Layer.DNS_WORKLOAD, text, object=name, evidence=(*load, *told))]
    return [find(
        "dns.memory.limit", f"{name} may use {evidence['limit']} of memory, but needs about {need:.0f} MB for {size}.",
        verdict=Verdict.WARN, object=name, advice=_raise_limit(name, need),
        evidence=(f"{name}: limits.memory {evidence['limit']}, expected at least {need:.0f}M",
                  f"caches hold {evidence['cache']} names; autopath: {'yes' if evidence['autopath'] else 'no'}", *load,
                  *told),
    )]


def _raise_limit(name: str, need: float) -> str:
    kind, path = name.split(" ")
    namespace, workload = path.split("/")
    enough = -(-need * 1.5 // 10) * 10
    return f"`kubectl -n {namespace} set resources {kind.lower()} {workload} --limits=memory={enough:.0f}M`."


def _is_recent(pod: dict[str, Any], evidence: Evidence) -> bool:
    """As `dns.pods` counts it: an old end is no fault of today."""
    age = float(evidence["read_at"]) - parse_time(pod["last_ended"]["at"])
    return pod["waiting"] == "CrashLoopBackOff" or age <= RECENT


def _killed(evidence: Evidence, killed: list[dict[str, Any]], needed: str) -> Finding:
    """The same fault that `dns.pods` finds, told with the limit and with what would be enough."""
    name, limit = evidence["workload"], evidence["limit"]
    times = max(pod["restarts"] for pod in killed)
    lines = [f"{pod['name']}: OOMKilled at {pod['last_ended']['at']}, restarts {pod['restarts']}" for pod in killed[:3]]
    text = f"{name} runs out of memory: OOMKilled, {count(times, 'restart')}; its limit is {limit}, and {needed}."
    return find(
        "dns.pods.oom", text,
        verdict=Verdict.WARN if evidence["ready"] else Verdict.FAIL, object=name,
        evidence=(*lines, f"{name}: limits.memory {limit}", read_at(evidence)),
    )


MEMORY = Look(
    name="dns.memory", args=MemoryArgs, gather=gather_memory, judge=judge_memory,
    reads=("list nodes", "list pods", "list services", "list pods in {dns}", "get deployments.apps in {dns}",
           "get replicasets.apps in {dns}", "get configmaps/coredns in {dns}", "create pods/portforward in {dns}",
           "get pods/portforward in {dns}"),
    by_hand="`kubectl -n kube-system get deployment coredns -o yaml` (resources), `kubectl get pods,services -A`; "
    "`kubectl -n kube-system port-forward POD 9153`, then `curl -s http://127.0.0.1:9153/metrics | grep -E "
    "'cache_entries|dns_requests_total'` "
    "(https://kubernetes.io/docs/tasks/administer-cluster/dns-horizontal-autoscaling/)",
)
