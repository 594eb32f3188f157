"""`proxy.written`: do the rules in the kernel lead where the EndpointSlices say?

Read inside kube-proxy's own container, whose image has the tools, for one Service: the cluster's DNS. Only the chains
of that Service are listed, so that the cost does not grow with the cluster. Needs `pods/exec`, which somebody must have
opted in to; without it the look is skipped.
"""

import asyncio
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import note
from bot.model.errors import ClusterError, Forbidden
from bot.model.finding import Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.daemons import troubled
from bot.steps.findings import tell_skipped, weigh
from bot.steps.proxy.backends import LEGACY, has_legacy, judge_legacy
from bot.steps.proxy.objects import CHANGE, choose_pods, find_proxy, read_dns_slices
from bot.steps.proxy.written_rules import chain_of, entry_of, judge_pod
from bot.steps.wording import cut, list_names, name_object, parse_time, read_at

JUMPS = ("iptables", "-t", "nat", "-S", "OUTPUT")
NFT = ("nft", "list", "chain", "ip", "kube-proxy")


class WrittenArgs(Args):
    """Reads the rules of the DNS Service in the kernel of up to two nodes, by commands in kube-proxy's container.

    `nodes`: their names; without them those that host DNS pods. `mode`: in which kube-proxy runs, "" where
    that is not known; only iptables and nftables are read.
    """

    nodes: list[str] = Field(default_factory=list, max_length=20)
    mode: str = "iptables"


async def gather_written(cluster: Cluster, args: WrittenArgs) -> Evidence:
    proxy = await find_proxy(cluster)
    chosen = await choose_pods(cluster, proxy, args.nodes)
    skipped: list[str] = chosen["skipped"]
    service = await _service(cluster, skipped) if proxy.daemon else None
    mode = args.mode
    base = {"proxy": proxy.daemon["name"] if proxy.daemon else "", "mode": mode, "service": service,
            "others": chosen["others"]}
    pods: list[dict[str, Any]] = []
    if proxy.daemon and service and mode in ("iptables", "nftables"):
        asked = [pod for pod in chosen["pods"] if troubled(pod, "kube-proxy")["started"]]
        pods = list(await asyncio.gather(*(
            _read(cluster, proxy.daemon["namespace"], pod, service, mode, skipped) for pod in asked)))
    return {**base, "read_at": cluster.now, "pods": pods, "skipped": list(dict.fromkeys(skipped))}


async def _service(cluster: Cluster, skipped: list[str]) -> dict[str, Any] | None:
    """{name, address, port, protocol, ends, changed}: one port of the DNS Service, and where it should lead."""
    read = await read_dns_slices(cluster, skipped)
    if read is None:
        return None
    service, listed = read
    meta, spec = service["metadata"], service["spec"]
    port = next((p for p in spec.get("ports") or () if p.get("port") == 53), None)
    address = str(spec.get("clusterIP", ""))
    if port is None or ":" in address or not address[:1].isdigit():
        return None
    slices = [piece for piece in listed if piece.get("addressType") == "IPv4"]
    changed = max((parse_time(p["metadata"].get("annotations", {}).get(CHANGE, "")) for p in slices), default=0.0)
    return {"name": name_object("Service", service), "id": f"{meta['namespace']}/{meta['name']}",
            "port_name": port.get("name", ""), "protocol": port.get("protocol", "TCP").lower(), "port": port["port"],
            "address": address, "changed": changed, "ends": _ends(slices, port.get("name", ""))}


def _ends(slices: list[Any], name: str) -> list[str]:
    """address:port of each ready endpoint."""
    return sorted({f"{address}:{port['port']}" for piece in slices for port in piece.get("ports") or ()
                   if (port.get("name") or "") == name for end in piece.get("endpoints") or ()
                   if end.get("conditions", {}).get("ready", True) for address in end.get("addresses") or ()})


async def _read(
    cluster: Cluster, namespace: str, pod: dict[str, Any], service: dict[str, Any], mode: str, skipped: list[str]
) -> dict[str, Any]:
    """{node, jump, chain, legacy}: each {text, code} of a command, or {error}."""
    entry = JUMPS if mode == "iptables" else entry_of(service)
    listing = ("iptables", "-t", "nat", "-S") if mode == "iptables" else NFT
    chain = (*listing, chain_of(service, mode))
    first, second = await asyncio.gather(
        _run(cluster, namespace, pod["name"], entry, skipped), _run(cluster, namespace, pod["name"], chain, skipped))
    legacy = await asyncio.gather(*(
        _run(cluster, namespace, pod["name"], command, skipped) for command in (LEGACY if has_legacy(first) else ())))
    return {"name": pod["name"], "node": pod["node"], "jump": first, "chain": second, "legacy": list(legacy)}


async def _run(
    cluster: Cluster, namespace: str, pod: str, command: tuple[str, ...], skipped: list[str]
) -> dict[str, Any]:
    try:
        done = await cluster.execute(namespace, pod, "kube-proxy", command)
    except Forbidden as error:
        skipped.append(error.permission)
        return {"error": "not permitted"}
    except ClusterError as error:
        return {"error": cut(str(error))}
    return {"text": done.stdout[:4000], "code": done.exit_code, "said": cut(done.stderr)}


def judge_written(evidence: Evidence, args: WrittenArgs) -> Judgement:
    skipped, service = tell_skipped(evidence, Layer.PROXY), evidence["service"]
    pods = [pod for pod in evidence["pods"] if pod["jump"].get("error") != "not permitted"]
    if not pods:
        if skipped:
            return Judgement(skipped)
        why = "no kube-proxy pod runs" if service and evidence["mode"] in ("iptables", "nftables") else \
            f"mode {evidence['mode'] or 'not known'}" if service else "there is no Service to look for"
        text = f"The rules in the kernel were not looked at: {why}."
        return Judgement((note(Verdict.INFO, Layer.PROXY, text, evidence=(read_at(evidence),)),))
    judged = [(pod, judge_pod(evidence, pod), judge_legacy(evidence, pod)) for pod in pods]
    found = weigh([[*rules, *legacy] for _, rules, legacy in judged], evidence["others"])
    good = [pod["node"] for pod, rules, legacy in judged if not rules and not any(f.cause for f in legacy)]
    if good:
        text = (f"The rules in the kernel of {list_names(good)} (mode {evidence['mode']}) lead from {service['name']} "
                f"to {list_names(service['ends']) or 'nobody'}, as its EndpointSlices say.")
        found.insert(0, note(Verdict.PASS, Layer.PROXY, text, object=evidence["proxy"], evidence=(read_at(evidence),)))
    return Judgement((*found, *skipped))


WRITTEN = Look(
    name="proxy.written", args=WrittenArgs, gather=gather_written, judge=judge_written,
    reads=("list pods in kube-system", "list daemonsets.apps", "get daemonsets.apps", "list nodes", "list services",
           "list endpointslices.discovery.k8s.io"),
    execs=("create pods/exec in kube-system", "get pods/exec in kube-system"),
    by_hand="`kubectl -n kube-system exec POD -- iptables-save -t nat` or `kubectl -n kube-system exec POD -- nft list "
    "table ip kube-proxy` (https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#is-kube-proxy-proxying)",
)
