"""How platforms and DNS servers are known: by marks and references, never by a name alone."""

import pytest

from bot.diagnosis.platform import (
    choose_service,
    dns_port,
    image_version,
    looks_like_dns,
    recognise_platform,
    server_name,
)
from bot.networks import recognise, recognise_all


@pytest.mark.parametrize(("version", "labels", "provider", "kubeadm", "platform"), [
    ("v1.34.1+k3s1", [], "", False, "k3s"), ("v1.33.2+rke2r1", [], "", False, "RKE2"),
    ("v1.33.1-eks-abc", [], "aws://", True, "EKS"), ("v1.33.1-gke.100", [], "gce://", False, "GKE"),
    ("v1.33.1", ["kubernetes.azure.com/mode"], "azure://", False, "AKS"),
    ("v1.34.0", [], "kind://docker", True, "kind"),
    ("v1.34.0", [], "", True, "kubeadm"), ("v1.34.0", [], "", False, ""),
])
def test_the_platform_is_known_by_its_marks(
    version: str, labels: list[str], provider: str, kubeadm: bool, platform: str
) -> None:
    assert recognise_platform(version, [{"labels": labels, "provider": provider}], (), kubeadm) == platform


def pod(image: str, **more: object) -> dict[str, object]:
    return {"containers": [{"image": image, "name": "c", **more}]}


@pytest.mark.parametrize(("spec", "server"), [
    (pod("registry.k8s.io/coredns/coredns:v1.12.0"), "coredns"),
    (pod("rancher/mirrored-coredns-coredns:1.12.0"), "coredns"),
    (pod("mirror.example/dns:7", args=["-conf", "/etc/coredns/Corefile"],
         ports=[{"name": "dns-tcp", "containerPort": 53}]), "coredns"),
    (pod("registry.k8s.io/dns/k8s-dns-kube-dns:1.23.0"), "kube-dns"),
    (pod("registry.k8s.io/dns/k8s-dns-node-cache:1.23.0", args=["-conf", "/etc/Corefile"]), ""),
    (pod("registry.k8s.io/cpa/cluster-proportional-autoscaler:v1.8.9"), ""),
    (pod("nginx:1.27"), ""),
])
def test_a_dns_server_is_known_by_its_image_or_its_corefile(spec: dict[str, object], server: str) -> None:
    assert server_name(spec) == server
    assert looks_like_dns(spec) == bool(server)


def service(name: str, ip: str, namespace: str = "kube-system", **labels: str) -> dict[str, object]:
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"clusterIP": ip, "clusterIPs": [ip], "ports": [{"port": 53, "protocol": "UDP"}]}}


def test_among_several_the_service_is_the_one_that_kubelets_hand_out() -> None:
    named = {"kube-dns-upstream": "10.96.0.20", "kube-dns": "10.96.0.11", "extra": "10.96.0.10"}
    others = [service(name, ip) for name, ip in named.items()]
    chosen = choose_service(others, ["10.96.0.10"])
    assert chosen
    assert chosen["metadata"]["name"] == "extra"
    unknown = choose_service(others, [])
    assert unknown
    assert unknown["metadata"]["name"] == "kube-dns"


def test_no_service_is_made_up() -> None:
    assert choose_service([], ["10.96.0.10"]) is None


def test_the_port_and_version_come_from_the_pod_itself() -> None:
    openshift = {"ports": [{"name": "dns", "containerPort": 5353, "protocol": "UDP"},
                           {"name": "dns-tcp", "containerPort": 5353, "protocol": "TCP"}]}
    assert (dns_port(openshift, "TCP"), dns_port(openshift, "UDP"), dns_port({}, "UDP")) == (5353, 5353, 0)
    assert image_version(pod("r/coredns:v1.11.3-eksbuild.1")) == (1, 11, 3)
    assert image_version(pod("r/coredns@sha256:abc")) == ()


def test_networks_are_known_by_name_or_label_and_canal_is_one() -> None:
    assert [n.name for n in (recognise("kube-flannel-ds", {}), recognise("x", {"k8s-app": "cilium"})) if n] == [
        "Flannel", "Cilium"]
    assert recognise("fluent-bit", {"app": "logs"}) is None
    found = recognise_all([{"name": "canal", "labels": {"k8s-app": "canal"}}, {"name": "kube-proxy", "labels": {}}])
    assert [network.name for network, _ in found] == ["Canal"]
