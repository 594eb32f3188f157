"""The cluster's DNS server, found by reference and not by name, for all steps about DNS: its Service, the workload
behind it, its pods. Reads only; within a run each read is made once, however many steps ask."""

import asyncio
from dataclasses import dataclass, replace

from pydantic import Field

from bot.cluster import Cluster, Listing, Object
from bot.diagnosis.platform import choose_service, has_address, looks_like_dns, server_name
from bot.model.errors import NotFound
from bot.steps import Args
from bot.steps.dns.served import declare, served_port
from bot.steps.nodes.kubelet_config import KubeletConfig, read_kubelet_config
from bot.steps.readings import items_or_skip, or_skip
from bot.steps.wording import write_selector

LABELLED = "k8s-app=kube-dns"
HOME = "kube-system"
MOST_PODS = 20
"""DNS pods that are read; where there are more, their number is told."""


class DnsArgs(Args):
    """Looks at the cluster's DNS server, which is found by itself.

    `service`: "namespace/name" of the DNS Service, where it cannot be found by its label or by the address that
    kubelets hand out.
    """

    service: str = Field(default="", pattern=r"^$|^[a-z0-9-]+/[a-z0-9.-]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dns:
    """`service` is None where there is none. `kind`: Deployment or DaemonSet, "" where no workload was found.

    `workload` may be None although pods are there (no owner, or it may not be read). `pods`: of the DNS server, by the
    workload's own labels. `selected`: all that the Service selects. `unseen`: how many more pods there are.
    `skipped`: reads that failed, without which it may not be the cluster's, or not all of it.
    """

    namespace: str
    service: Object | None
    kind: str
    workload: Object | None
    pods: tuple[Object, ...]
    selected: tuple[Object, ...]
    kubelet: KubeletConfig
    unseen: int = 0
    skipped: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`Deployment kube-system/coredns`; what findings about the workload name."""
        item = self.workload
        if item is None:
            return f"Pod {self.namespace}/{self.pods[0]['metadata']['name']}" if self.pods else ""
        return f"{self.kind} {self.namespace}/{item['metadata']['name']}"

    @property
    def template(self) -> Object:
        """The pod spec that the DNS server runs with, {} when nothing is known of it."""
        if self.workload is not None:
            return dict(self.workload["spec"]["template"].get("spec", {}))
        return dict(self.pods[0].get("spec", {})) if self.pods else {}

    @property
    def server(self) -> str:
        """`coredns`, `kube-dns`, or "" when it is neither, or there is none."""
        return server_name(self.template)


async def find_dns(cluster: Cluster, args: DnsArgs) -> Dns:
    service, kubelet = await find_service(cluster, args.service)
    namespace = service["metadata"]["namespace"] if service else HOME
    selector = service["spec"].get("selector") or {} if service else {}
    skipped: list[str] = []
    listed = await _list_pods(cluster, namespace, selector) if selector else Listing(())
    servers = [pod for pod in listed.items if looks_like_dns(pod.get("spec", {}))]
    if servers:
        kind, workload = await or_skip(_owner(cluster, namespace, servers[0]), skipped) or ("", None)
        unseen = _count_unseen(listed, workload)
    else:
        kind, workload, skipped = await _search(cluster, namespace, selector)
        mine = await _list_pods(cluster, namespace, match_labels(workload)) if workload else Listing(())
        servers, unseen = list(mine.items), _count_unseen(mine, workload)
    if service is None:  # it may be the one that has the kubelets' address
        skipped += kubelet.skipped
    found = Dns(
        namespace=namespace, service=service, kind=kind, workload=workload, pods=tuple(servers),
        selected=listed.items, kubelet=kubelet, unseen=unseen, skipped=tuple(skipped),
    )
    port = await served_port(cluster, namespace, service, found.template)
    return _serving(found, port) if port else found


def _serving(dns: Dns, port: int) -> Dns:
    """With the port on which it serves in place of those that its containers declare."""
    mine = {pod["metadata"]["uid"]: {**pod, "spec": declare(pod["spec"], port)} for pod in dns.pods}
    workload = dns.workload
    if workload:
        template = workload["spec"]["template"]
        spec = {**workload["spec"], "template": {**template, "spec": declare(template["spec"], port)}}
        workload = {**workload, "spec": spec}
    return replace(dns, workload=workload, pods=tuple(mine.values()),
                   selected=tuple(mine.get(pod["metadata"].get("uid"), pod) for pod in dns.selected))


async def find_service(cluster: Cluster, named: str = "") -> tuple[Object | None, KubeletConfig]:
    """By its label; else by the address that kubelets hand out; else OpenShift's. None where there is none."""
    if named:
        namespace, name = named.split("/")
        given, kubelet = await asyncio.gather(_get(cluster, "Service", name, namespace), read_kubelet_config(cluster))
        return given, kubelet
    labelled, kubelet = await asyncio.gather(cluster.list("Service", labels=LABELLED), read_kubelet_config(cluster))
    service = choose_service(labelled.items, kubelet.dns)
    if not has_address(service, kubelet.dns):  # the label may be gone, or stand on somebody else's Service too
        found = await asyncio.gather(*(cluster.list("Service", fields=f"spec.clusterIP={a}") for a in kubelet.dns))
        service = choose_service([item for listing in found for item in listing.items], kubelet.dns) or service
    if service is None:
        named_services = await asyncio.gather(
            _get(cluster, "Service", "kube-dns", HOME), _get(cluster, "Service", "dns-default", "openshift-dns")
        )
        service = next((item for item in named_services if item), None)
    return service, kubelet


async def _search(cluster: Cluster, namespace: str, selector: dict[str, str]) -> tuple[str, Object | None, list[str]]:
    """The DNS workload where the Service leads to no DNS pod: looked for among the namespace's workloads."""
    skipped: list[str] = []
    kinds = ("Deployment", "DaemonSet")
    lists = await asyncio.gather(*(items_or_skip(cluster.list(kind, namespace), skipped) for kind in kinds))
    found = [
        (kind, item) for kind, items in zip(kinds, lists, strict=True) for item in items or ()
        if looks_like_dns(item["spec"]["template"].get("spec", {}))
    ]
    found.sort(key=lambda pair: _likeness(pair[1], selector), reverse=True)
    return (*found[0], skipped) if found else ("", None, skipped)


def _likeness(workload: Object, selector: dict[str, str]) -> tuple[bool, bool, int, str]:
    """The selector's own pods first, then the usual label, then what runs."""
    labels = workload["spec"]["template"]["metadata"].get("labels", {})
    matches = bool(selector) and selector.items() <= labels.items()
    usual = labels.get("k8s-app") == "kube-dns" or "dns.operator.openshift.io/daemonset-dns" in labels
    running = int(workload.get("status", {}).get("readyReplicas", 0))
    return (matches, usual, running, workload["metadata"]["name"])


async def _owner(cluster: Cluster, namespace: str, pod: Object) -> tuple[str, Object | None]:
    """Who made the pod: (kind, workload). Raises ClusterError."""
    owner = _controller(pod)
    kind, name = str(owner.get("kind", "")), str(owner.get("name", ""))
    if kind != "ReplicaSet":
        return kind, (await _get(cluster, kind, name, namespace) if kind == "DaemonSet" else None)
    return "Deployment", await _deployment(cluster, namespace, name, pod["metadata"].get("labels", {}))


async def _deployment(cluster: Cluster, namespace: str, replica_set: str, labels: dict[str, str]) -> Object | None:
    """A Deployment calls its ReplicaSets by its own name and their hash, so that they need not be read mostly."""
    called, _, mark = replica_set.rpartition("-")
    guessed = await _get(cluster, "Deployment", called, namespace) if mark == labels.get("pod-template-hash") else None
    if guessed and match_labels(guessed).items() <= labels.items():
        return guessed
    above = _controller(await _get(cluster, "ReplicaSet", replica_set, namespace) or {"metadata": {}})
    return await _get(cluster, "Deployment", above["name"], namespace) if above else None


def _controller(item: Object) -> Object:
    owners = item["metadata"].get("ownerReferences", [])
    return next((owner for owner in owners if owner.get("controller")), {})


def match_labels(workload: Object | None) -> dict[str, str]:
    return dict(workload["spec"].get("selector", {}).get("matchLabels", {})) if workload else {}


async def _list_pods(cluster: Cluster, namespace: str, labels: dict[str, str]) -> Listing:
    listing = await cluster.list("Pod", namespace, labels=write_selector(labels), limit=MOST_PODS)
    return replace(listing, items=tuple(sorted(listing.items, key=lambda pod: str(pod["metadata"]["name"]))))


def _count_unseen(listing: Listing, workload: Object | None) -> int:
    """How many pods more the workload says it has, where the list was cut; at least one then."""
    status = workload.get("status", {}) if workload else {}
    number = status.get("replicas") or status.get("currentNumberScheduled", 0)
    return max(listing.remaining, number - len(listing.items)) if listing.remaining else 0


async def _get(cluster: Cluster, kind: str, name: str, namespace: str) -> Object | None:
    try:
        return await cluster.get(kind, name, namespace)
    except NotFound:
        return None
