"""`proxy.config`: the ConfigMap of kube-proxy, and whether what runs is what stands there.

kube-proxy reads its file when it starts. The kubelet brings a changed ConfigMap by exchanging a link, which kube-proxy
does not notice (cmd/kube-proxy/app/options.go watches the file), so what runs is asked of its page /configz.
"""

import asyncio
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import find_network
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.daemons import troubled
from bot.steps.findings import tell_skipped
from bot.steps.http_page import read_page
from bot.steps.nodes.status import sample_nodes
from bot.steps.proxy.config_fields import DEFAULT_MODE, pick_running, pick_written
from bot.steps.proxy.config_rules import judge_fields, judge_file, judge_running
from bot.steps.proxy.live import METRICS
from bot.steps.proxy.objects import choose_pods, find_proxy
from bot.steps.proxy.setup import locate, read_file, read_setup
from bot.steps.readings import items_or_skip, or_skip
from bot.steps.wording import list_names, read_at
from bot.steps.yaml_text import parse_yaml


class ConfigArgs(Args):
    """Reads kube-proxy's configuration where its command says it is, and what up to two of its pods run with.

    `nodes`: whose pods are asked; without them those that host DNS pods. Gives `mode`, "" where it is
    not known.
    """

    nodes: list[str] = Field(default_factory=list, max_length=20)


async def gather_config(cluster: Cluster, args: ConfigArgs) -> Evidence:
    proxy = await find_proxy(cluster)
    skipped = list(proxy.skipped)
    setup = await read_setup(cluster, proxy, skipped)
    path = setup["flags"].get("config", "") if setup else ""
    place = locate(setup, path) if setup and path else None
    base = {"proxy": proxy.daemon["name"] if proxy.daemon else "", "path": path,
            "ready": proxy.daemon["ready"] if proxy.daemon else 0, "own_ranges": _own_ranges(proxy.networks)}
    if place is None or not place["key"]:
        pods = await _running(cluster, proxy, args.nodes, skipped) if setup else []
        return {**base, "read_at": cluster.now, "file": {"state": "none"}, "pods": pods, "skipped": skipped}
    file = await read_file(cluster, proxy, place, skipped)
    text = file.pop("text")
    fields, mistake = parse_yaml(text) if file["state"] == "read" else ({}, "")
    pods, ranges = await asyncio.gather(_running(cluster, proxy, args.nodes, skipped), _ranges(cluster, skipped))
    return {**base, "read_at": cluster.now, "file": file, "mistake": mistake, **pick_written(fields), "pods": pods,
            "ranges": ranges, "skipped": list(dict.fromkeys(skipped))}


def _own_ranges(networks: tuple[str, ...]) -> list[str]:
    """Networks that give pods addresses without regard to the nodes' podCIDRs."""
    return [name for name in networks if (network := find_network(name)) and network.ranges == "own"]


async def _ranges(cluster: Cluster, skipped: list[str]) -> dict[str, list[str]]:
    """The podCIDRs of the nodes that were read."""
    nodes = await items_or_skip(sample_nodes(cluster), skipped)
    return {node["metadata"]["name"]: list(node["spec"].get("podCIDRs") or ()) for node in nodes or ()}


async def _running(cluster: Cluster, proxy: Any, nodes: list[str], skipped: list[str]) -> list[dict[str, Any]]:
    """What the chosen pods run with, as far as they tell."""
    chosen = await choose_pods(cluster, proxy, nodes)
    skipped += [missed for missed in chosen["skipped"] if missed not in skipped]
    asked = [pod for pod in chosen["pods"] if troubled(pod, "kube-proxy")["started"]]
    return list(await asyncio.gather(*(_page(cluster, proxy, pod, skipped) for pod in asked)))


async def _page(cluster: Cluster, proxy: Any, pod: dict[str, Any], skipped: list[str]) -> dict[str, Any]:
    facts = {"name": pod["name"], "node": pod["node"], "started": troubled(pod, "kube-proxy")["started"]}
    page = await or_skip(read_page(cluster, proxy.daemon["namespace"], pod["name"], METRICS, "/configz"), skipped)
    if page is None:
        return {**facts, "running": None, "error": "not permitted"}
    running = pick_running(page.text) if page.status == 200 else None
    return {**facts, "running": running, "error": page.error or ("" if running else f"status {page.status}")}


def judge_config(evidence: Evidence, args: ConfigArgs) -> Judgement:
    skipped, file = tell_skipped(evidence, Layer.PROXY), evidence["file"]
    if file["state"] == "none":
        told = () if skipped and not evidence["proxy"] else (_by_flags(evidence),)
        return Judgement((*told, *skipped), {"mode": _mode(evidence)})
    found = judge_file(evidence)
    if not found and file["state"] == "read":
        found = [*judge_fields(evidence), *judge_running(evidence)]
    return Judgement((*found, *skipped), {"mode": _mode(evidence)})


def _by_flags(evidence: Evidence) -> Finding:
    told = [pod["node"] for pod in evidence["pods"] if pod["running"]]
    own = f" By their own word those on {list_names(told)} run in mode {_mode(evidence)}." if told else ""
    what = f"kube-proxy is started without a file out of a ConfigMap ({evidence['path'] or 'by flags'})" \
        if evidence["proxy"] else "There is no kube-proxy pod"
    text = f"{what}, so there is no configuration to compare with what runs.{own}"
    return note(Verdict.INFO, Layer.PROXY, text, evidence=(read_at(evidence),))


def _mode(evidence: Evidence) -> str:
    """In which the pods run, else in which they would start; "" where neither is known."""
    running = next((pod["running"]["mode"] for pod in evidence["pods"] if pod["running"]), "")
    written = evidence["fields"]["mode"] or DEFAULT_MODE if evidence["file"]["state"] == "read" else ""
    return str(running or written)


CONFIG = Look(
    name="proxy.config", args=ConfigArgs, gather=gather_config, judge=judge_config,
    reads=("list daemonsets.apps", "get daemonsets.apps", "get configmaps/kube-proxy in kube-system",
           "get configmaps/kube-proxy-config in kube-system", "list nodes", "list pods in kube-system",
           "create pods/portforward in kube-system", "get pods/portforward in kube-system", "list services"),
    by_hand="`kubectl -n kube-system get configmap kube-proxy -o yaml`; what runs: `kubectl -n kube-system "
    "port-forward POD 10249`, then `curl http://127.0.0.1:10249/configz` "
    "(https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/)",
)
