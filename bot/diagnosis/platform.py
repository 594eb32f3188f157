"""By which marks platforms, DNS servers and service proxies are known. Names count only where nothing better does.

Sources: the labels and names that kubeadm, k3s, RKE2, EKS, GKE, AKS, OpenShift and the CoreDNS chart write.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

VERSION_MARKS = (("+k3s", "k3s"), ("+rke2", "RKE2"), ("-eks-", "EKS"), ("-gke.", "GKE"))
NODE_LABELS = (
    ("eks.amazonaws.com/", "EKS"), ("cloud.google.com/gke-", "GKE"), ("kubernetes.azure.com/", "AKS"),
    ("node.openshift.io/os_id", "OpenShift"), ("minikube.k8s.io/", "minikube"), ("k3s.io/", "k3s"),
)
PROVIDERS = (
    ("kind://", "kind"), ("k3s://", "k3s"), ("azure://", "AKS or Azure"), ("aws://", "AWS"), ("gce://", "Google Cloud"),
)
PROXY_INSIDE = {
    "k3s": "k3s has the service proxy built in. Its mode, its log and its rules were not looked at; on the node: "
    "`curl http://127.0.0.1:10249/proxyMode` and `journalctl -u k3s -u k3s-agent | grep -i proxy`.",
    "RKE2": "RKE2 starts it as static pods, unless it is told not to, and none was found; whether Service addresses "
    "work was not tested.",
}
"""Platforms whose service proxy is no DaemonSet, so that none is missed there, and what is said of it."""
OPENSHIFT_GROUP = "config.openshift.io"
AUTOMATIC_DNS = frozenset({"GKE", "EKS"})
"""Platforms that can run DNS outside the cluster (GKE Cloud DNS, EKS Auto Mode)."""
LINK_LOCAL = "169.254."
"""Where a node-local DNS cache listens: kubelets may hand that out in place of the Service's address."""
DNS_NAMES = ("dns", "dns-tcp")
NODE_CACHE = re.compile(r"node-?(local-)?(dns-?)?cache|nodelocaldns|node-local-dns")


def recognise_platform(version: str, nodes: Sequence[Json], groups: Iterable[str], kubeadm: bool) -> str:
    """`nodes`: {labels, provider}. "" when nothing marks it."""
    if OPENSHIFT_GROUP in groups:
        return "OpenShift"
    for mark, platform in VERSION_MARKS:
        if mark in version:
            return platform
    labels = {key for node in nodes for key in node.get("labels", ())}
    for prefix, platform in NODE_LABELS:
        if any(key.startswith(prefix) for key in labels):
            return platform
    provider = next((str(node.get("provider")) for node in nodes if node.get("provider")), "")
    known = next((platform for prefix, platform in PROVIDERS if provider.startswith(prefix)), "")
    return known or ("kubeadm" if kubeadm else "")


def may_serve_outside(version: str) -> bool:
    """Whether this platform can have its cluster DNS outside the cluster, so that no pod of it is missed."""
    return recognise_platform(version, (), (), False) in AUTOMATIC_DNS


def choose_service(services: Iterable[Json], addresses: Sequence[str]) -> dict[str, Any] | None:
    """The cluster's DNS Service among those with its label: the one whose address kubelets hand out, or named so."""
    candidates = [dict(item) for item in services if _serves_dns(item)]
    if not candidates:
        return None
    return max(candidates, key=lambda item: _service_rank(item, addresses))


def cache_addresses(handed: Sequence[str]) -> list[str]:
    """Of the addresses that kubelets hand out those of a node-local DNS cache."""
    return [address for address in handed if address.startswith(LINK_LOCAL)]


def has_address(service: Json | None, addresses: Sequence[str]) -> bool:
    """Whether it has one of the addresses that kubelets hand out, or there is none by which it could be known."""
    known = [address for address in addresses if not address.startswith(LINK_LOCAL)]
    return not known or any(address in addresses_of(service) for address in known)


def addresses_of(service: Json | None) -> list[str]:
    """Of a Service, in the cluster; [] where it is headless, or there is none."""
    spec = service["spec"] if service else {}
    return [a for a in spec.get("clusterIPs") or [spec.get("clusterIP", "")] if a and a != "None"]


def _serves_dns(service: Json) -> bool:
    ports = service["spec"].get("ports") or ()
    return "dns" in service["metadata"]["name"] or any(port.get("port") == 53 for port in ports)


def _service_rank(service: Json, addresses: Sequence[str]) -> tuple[bool, bool, bool, bool, str]:
    meta, own = service["metadata"], addresses_of(service)
    labels = meta.get("labels", {})
    return (
        any(address in own for address in addresses), meta["name"] == "kube-dns",
        labels.get("kubernetes.io/name") in ("CoreDNS", "KubeDNS"), meta["namespace"] == "kube-system", meta["name"],
    )


def server_name(pod_spec: Json) -> str:
    """`coredns`, `kube-dns`, or "" for a pod that is not known as either."""
    containers = pod_spec.get("containers") or ()
    images = [str(container.get("image", "")).rsplit("/", 1)[-1] for container in containers]
    if any(NODE_CACHE.search(image) for image in images):
        return ""
    if any("kube-dns" in image or "kubedns" in image for image in images):
        return "kube-dns"
    if any(image.startswith("coredns") or "-coredns" in image for image in images):
        return "" if any("autoscaler" in image for image in images) else "coredns"
    return "coredns" if any(_runs_corefile(container) for container in containers) else ""


def looks_like_dns(pod_spec: Json) -> bool:
    """A DNS server for the cluster: known by name of image, by its Corefile, or by serving port 53 named dns."""
    if server_name(pod_spec):
        return True
    containers = pod_spec.get("containers") or ()
    if any(NODE_CACHE.search(str(container.get("image", ""))) for container in containers):
        return False
    return not pod_spec.get("hostNetwork") and any(dns_port(container) for container in containers)


def _runs_corefile(container: Json) -> bool:
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    return "-conf" in words and any(str(word).endswith("Corefile") for word in words) and bool(dns_port(container))


def dns_port(container: Json, protocol: str = "TCP") -> int:
    """The container port on which DNS is served over this protocol; 0 when it declares none."""
    ports = [port for port in container.get("ports") or () if port.get("protocol", "TCP") == protocol]
    named = [port for port in ports if port.get("name") in DNS_NAMES]
    chosen = named or [port for port in ports if port.get("containerPort") == 53]
    return int(chosen[0]["containerPort"]) if chosen else 0


def server_container(pod_spec: Json) -> Json:
    """The container that serves DNS: the one that declares the port, else the first."""
    containers = pod_spec.get("containers") or [{}]
    return next((c for c in containers if dns_port(c) or dns_port(c, "UDP")), containers[0])


def image_version(pod_spec: Json) -> tuple[int, ...]:
    """Of CoreDNS's image tag: (1, 14, 7); () when the tag does not tell."""
    image = str(server_container(pod_spec).get("image", ""))
    found = re.search(r":v?(\d+)\.(\d+)(?:\.(\d+))?", image.rsplit("/", 1)[-1])
    return tuple(int(part) for part in found.groups(default="0")) if found else ()
