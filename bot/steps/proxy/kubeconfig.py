"""`proxy.kubeconfig`: which API server kube-proxy is told to use, and with what credentials.

Of the kubeconfig only the address, the context's names and the paths of files are kept: never a token or a key. An
address that no object of the cluster names may still be a load balancer: alone it is no proof of a fault.
"""

import asyncio
import re
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import note
from bot.model.finding import Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.daemons import troubled
from bot.steps.findings import tell_skipped
from bot.steps.nodes.kubeadm import read_kubeadm
from bot.steps.proxy.kubeconfig_rules import judge_address, judge_parts
from bot.steps.proxy.objects import choose_pods, find_proxy
from bot.steps.proxy.setup import locate, read_file, read_setup
from bot.steps.readings import items_or_skip
from bot.steps.wording import read_at
from bot.steps.yaml_text import parse_yaml

ENDPOINT = re.compile(r"^\s*controlPlaneEndpoint: *[\"']?([^\s\"']+)", re.MULTILINE)
API_PORT = 6443


class KubeconfigArgs(Args):
    """Compares the API server's address in kube-proxy's kubeconfig with those that the cluster knows.

    `synced`: nodes whose kube-proxy is known to have written rules since it started.
    """

    synced: list[str] = Field(default_factory=list, max_length=20)


async def gather_kubeconfig(cluster: Cluster, args: KubeconfigArgs) -> Evidence:
    proxy = await find_proxy(cluster)
    skipped = list(proxy.skipped)
    base: dict[str, Any] = {"proxy": proxy.daemon["name"] if proxy.daemon else "",
                            "ready": proxy.daemon["ready"] if proxy.daemon else 0}
    setup = await read_setup(cluster, proxy, skipped)
    path = await _path(cluster, proxy, setup, skipped) if setup else ""
    place = locate(setup, path) if setup and path else None
    if place is None or not place["key"]:
        return {**base, "read_at": cluster.now, "path": path, "file": {"state": "none"}, "skipped": skipped}
    file, pods, servers, endpoint = await asyncio.gather(
        read_file(cluster, proxy, place, skipped), choose_pods(cluster, proxy, []), _servers(cluster, skipped),
        _endpoint(cluster, skipped))
    config, mistake = parse_yaml(file.pop("text")) if file["state"] == "read" else ({}, "")
    return {**base, "read_at": cluster.now, "path": path, "file": file, "mistake": mistake,
            "parts": pick_parts(config), "servers": servers, "endpoint": endpoint,
            "pods": [{"node": pod["node"], "started": troubled(pod, "kube-proxy")["started"]} for pod in pods["pods"]],
            "skipped": list(dict.fromkeys([*skipped, *pods["skipped"]]))}


async def _path(cluster: Cluster, proxy: Any, setup: dict[str, Any], skipped: list[str]) -> str:
    """Out of the file of configuration where there is one, else out of the flag."""
    given = str(setup["flags"].get("config", ""))
    place = locate(setup, given) if given else None
    if not place or not place["key"]:
        return str(setup["flags"].get("kubeconfig", ""))
    file = await read_file(cluster, proxy, place, skipped)
    config, _ = parse_yaml(file["text"])
    connection = config.get("clientConnection")
    return str(connection.get("kubeconfig") or "") if isinstance(connection, dict) else ""


def pick_parts(config: dict[str, Any]) -> dict[str, Any]:
    """{context, server, authority, credentials}: `context` the one in use, "" where it leads nowhere; `authority` the
    path of the CA's file, or `inline`; `credentials` what kind there are, or the path of the token's file."""
    context = _named(config, "contexts", config.get("current-context")).get("context") or {}
    cluster = _named(config, "clusters", context.get("cluster")).get("cluster") or {}
    user = _named(config, "users", context.get("user")).get("user") or {}
    kinds = [kind for kind in ("token", "client-certificate", "client-certificate-data", "exec", "auth-provider")
             if user.get(kind)]
    inline = "inline" if cluster.get("certificate-authority-data") else ""
    return {"context": str(config.get("current-context") or "") if context else "",
            "server": str(cluster.get("server") or ""),
            "authority": str(cluster.get("certificate-authority") or inline),
            "unchecked": bool(cluster.get("insecure-skip-tls-verify")),
            "credentials": str(user.get("tokenFile") or next(iter(kinds), ""))}


def _named(config: dict[str, Any], part: str, name: Any) -> dict[str, Any]:
    rows = config.get(part)
    found = [row for row in rows if isinstance(row, dict) and row.get("name") == name] if isinstance(rows, list) else []
    return found[0] if found else {}


async def _servers(cluster: Cluster, skipped: list[str]) -> list[str]:
    """Where the API servers listen, as they say themselves: host:port."""
    slices = await items_or_skip(cluster.list(
        "EndpointSlice", "default", labels="kubernetes.io/service-name=kubernetes", limit=20), skipped)
    return [f"{address}:{port.get('port')}" for piece in slices or () for end in piece.get("endpoints") or ()
            for address in end.get("addresses") or () for port in piece.get("ports") or ()]


async def _endpoint(cluster: Cluster, skipped: list[str]) -> str:
    """What kubeadm was told to call the API servers by; "" where nobody says."""
    found = ENDPOINT.search(await read_kubeadm(cluster, skipped) or "")
    return f"{found[1]}" if found and ":" in found[1] else f"{found[1]}:{API_PORT}" if found else ""


def judge_kubeconfig(evidence: Evidence, args: KubeconfigArgs) -> Judgement:
    skipped, file = tell_skipped(evidence, Layer.PROXY), evidence["file"]
    if file["state"] in ("none", "unread", "elsewhere"):
        if skipped:
            return Judgement(skipped)
        what = "There is no kube-proxy DaemonSet" if not evidence["proxy"] else (
            f"kube-proxy's kubeconfig, {evidence['path']}, comes out of no ConfigMap" if evidence["path"] else
            "Which kubeconfig kube-proxy uses is not told by its configuration")
        text = f"{what}, so which API server it is told to use was not looked at."
        return Judgement((note(Verdict.INFO, Layer.PROXY, text, evidence=(read_at(evidence),)),))
    found = judge_parts(evidence)
    return Judgement((*(found or judge_address(evidence, args.synced)), *skipped))


KUBECONFIG = Look(
    name="proxy.kubeconfig", args=KubeconfigArgs, gather=gather_kubeconfig, judge=judge_kubeconfig,
    reads=("list daemonsets.apps", "get daemonsets.apps", "get configmaps/kube-proxy in kube-system",
           "get configmaps/kube-proxy-config in kube-system", "get configmaps/kubeadm-config in kube-system",
           "list endpointslices.discovery.k8s.io", "list nodes", "list pods in kube-system", "list services"),
    by_hand="`kubectl -n kube-system get configmap kube-proxy -o yaml` (key kubeconfig.conf, `server:`) beside "
    "`kubectl get endpointslices -l kubernetes.io/service-name=kubernetes` "
    "(https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/)",
)
