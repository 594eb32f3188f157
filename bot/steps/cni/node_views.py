"""How the CNI folders of nodes come to be seen: by pods of our own where the settings allow them, else by exec in the
network's agents where that is permitted. Gathers, concludes nothing."""

import asyncio
from typing import Any

from bot.cluster import Cluster, NodeProbePlace, Object
from bot.model.errors import ClusterError, Forbidden
from bot.networks import View
from bot.steps.cni.node_script import read_view, write_script
from bot.steps.daemons import daemon_facts, find_agents, is_gone, list_pods
from bot.steps.nodes.status import list_fit
from bot.steps.path.probe import LABELS
from bot.steps.wording import cut

MOST_NODES, MOST_AGENTS = 5, 3
PATIENCE, QUICK = 25.0, 8.0
BY_MARK = {"+k3s": ("/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/lib/rancher/k3s/data/cni")}
"""Marks in the version of platforms that keep the folders elsewhere (https://docs.k3s.io/networking)."""
USUAL = ("/etc/cni/net.d", "/opt/cni/bin")
Views = dict[str, Any]
"""{how, nodes: {name: view}, failures: {name: why}, unseen, needs}. `how`: "" where there is no way to see them;
`needs`: the permission without which there is none."""
NOTHING: Views = {"how": "", "nodes": {}, "failures": {}, "needs": ""}


async def see_nodes(cluster: Cluster, nodes: dict[str, Any], version: str) -> Views:
    fit = list_fit(nodes["read"])
    if place := cluster.node_probe:
        return await _probe(cluster, place, sorted(fit, key=lambda n: nodes["read"][n]["ready"])[:MOST_NODES], version,
                            nodes["total"])
    return await _by_exec(cluster, fit, nodes["total"])


async def _probe(cluster: Cluster, place: NodeProbePlace, chosen: list[str], version: str, total: int) -> Views:
    """Nodes that are not ready come first: a pod in the host's network starts there, too."""
    try:
        pods = [make_pod(place, node, find_folders(place, version)) for node in chosen]
        ends = await cluster.run_pods(place.namespace, pods, PATIENCE)
    except (ClusterError, ValueError) as error:
        if isinstance(error, Forbidden) and "PodSecurity" not in str(error):
            return {**NOTHING, "unseen": total, "needs": error.permission}
        return {"how": "probe", "nodes": {}, "failures": dict.fromkeys(chosen, cut(str(error), 300)),
                "unseen": total - len(chosen)}
    views = {node: read_view(end.log) for node, end in zip(chosen, ends, strict=True)}
    whys = {node: end.why or "its log holds nothing" for node, end in zip(chosen, ends, strict=True)}
    return _views("probe", views, whys, total)


def _views(how: str, views: dict[str, dict[str, Any] | None], whys: dict[str, str], total: int) -> Views:
    return {"how": how, "nodes": {node: view for node, view in views.items() if view},
            "failures": {node: whys[node] for node, view in views.items() if not view}, "unseen": total - len(views)}


def find_folders(place: NodeProbePlace, version: str) -> tuple[str, str]:
    given = (place.configuration, place.programs)
    return next((own for mark, own in BY_MARK.items() if mark in version), given) if given == USUAL else given


async def _by_exec(cluster: Cluster, fit: list[str], total: int) -> Views:
    """In the agents of one network."""
    none: Views = {**NOTHING, "unseen": total}
    try:
        found = next(((network.view, item) for network, item in await find_agents(cluster) if network.view), None)
        if not found:
            return none
        view, item = found
        daemon = daemon_facts(await cluster.get("DaemonSet", item["name"], item["namespace"]))
        read = await list_pods(cluster, daemon, [])
        if read is None:
            read = [pod for node in fit[:MOST_AGENTS] for pod in await list_pods(cluster, daemon, [], node) or ()]
        pods = [pod for pod in read if not is_gone(pod) and _runs(pod, view)]
    except ClusterError:
        return none
    first = {pod["node"]: pod for pod in sorted(pods, key=lambda pod: pod["ready"]) if pod["node"] in fit}
    chosen = list(first.values())[:MOST_AGENTS]
    if not chosen:
        return none
    try:
        told = await asyncio.gather(*(_ask(cluster, daemon["namespace"], pod["name"], view) for pod in chosen))
    except Forbidden as error:
        return {**none, "needs": error.permission}
    nodes = [pod["node"] for pod in chosen]
    views = {node: read_view(text) for node, (text, _) in zip(nodes, told, strict=True)}
    return _views("exec", views, {node: why for node, (_, why) in zip(nodes, told, strict=True)}, total)


def _runs(pod: dict[str, Any], view: View) -> bool:
    return any(c["name"] == view.container and c["started"] for c in pod["containers"])


async def _ask(cluster: Cluster, namespace: str, pod: str, view: View) -> tuple[str, str]:
    """What was printed, and why not. Raises Forbidden."""
    script = write_script(view.configuration, view.programs)
    try:
        async with asyncio.timeout(QUICK):
            done = await cluster.execute(namespace, pod, view.container, ("sh", "-c", script))
    except Forbidden:
        raise
    except ClusterError as error:
        return "", cut(str(error), 300)
    except TimeoutError:
        return "", f"exec in {namespace}/{pod} gave nothing within {QUICK:g} s"
    return done.stdout, cut(done.stderr, 300) or f"exec in {namespace}/{pod} ended with {done.exit_code}"


def make_pod(place: NodeProbePlace, node: str, folders: tuple[str, str]) -> Object:
    """Bound to the node past the scheduler, in the node's network, so that it starts also where the network does not
    work. Both folders are mounted for reading; the root user has no capability but to read what root owns."""
    volumes = {name: folder.replace("{node}", node) for name, folder in zip(("conf", "bin"), folders, strict=True)}
    container = {
        "name": "probe", "image": place.image, "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", write_script("/node/conf", "/node/bin")],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "200m", "memory": "32Mi"}},
        "securityContext": {"runAsUser": 0, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": name, "mountPath": f"/node/{name}", "readOnly": True} for name in volumes],
    }
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"labels": LABELS},
        "spec": {
            "nodeName": node, "restartPolicy": "Never", "activeDeadlineSeconds": 40, "hostNetwork": True,
            "dnsPolicy": "Default", "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False,
            "enableServiceLinks": False, "tolerations": [{"operator": "Exists"}], "containers": [container],
            # Directory: one that is not there is never made.
            "volumes": [{"name": name, "hostPath": {"path": path, "type": "Directory"}}
                        for name, path in volumes.items()],
            "imagePullSecrets": [{"name": place.pull_secret}] if place.pull_secret else [],
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        },
    }

