"""Ingress controllers, as far as they are known: which workload serves classes of which controller.

Sources: the `controller` of the IngressClass in each one's own manifests or chart.
"""

from dataclasses import dataclass

from bot.cluster import Cluster, Object
from bot.model.errors import ClusterError
from bot.steps.findings import unread


@dataclass(frozen=True, slots=True)
class Controller:
    """`mark`: part of IngressClass.spec.controller. `names`: parts of its workload's name; none where it runs outside
    the cluster or cannot be told by name."""

    title: str
    mark: str
    names: tuple[str, ...] = ()


CONTROLLERS = (
    Controller("ingress-nginx", "k8s.io/ingress-nginx", ("ingress-nginx", "nginx-ingress")),
    Controller("NGINX Ingress Controller", "nginx.org/ingress-controller", ("nginx-ingress",)),
    Controller("Traefik", "traefik.io/ingress-controller", ("traefik",)),
    Controller("HAProxy", "haproxy", ("haproxy",)),
    Controller("Contour", "projectcontour.io", ("contour",)),
    Controller("Kong", "konghq.com", ("kong",)),
    Controller("Istio", "istio.io/ingress-controller", ("istiod",)),
    Controller("Cilium", "cilium.io/ingress-controller", ("cilium",)),
    Controller("AWS Load Balancer Controller", "ingress.k8s.aws/alb", ("aws-load-balancer-controller",)),
    Controller("Application Gateway", "azure/application-gateway", ("ingress-appgw",)),
    Controller("GKE", "k8s.io/ingress-gce"),
    Controller("OpenShift", "openshift.io/ingress-to-route"),
)


def recognise(controller: str) -> Controller | None:
    return next((one for one in CONTROLLERS if one.mark in controller), None)


async def find_workloads(cluster: Cluster, known: Controller, skipped: list[str]) -> list[dict[str, object]] | None:
    """{name, namespace, plain, wanted, ready, labels} of Deployments and DaemonSets that look like it; None where they
    could not be read. Two reads by name, and one for each that is found."""
    try:
        found = [(kind, item["metadata"]) for kind in ("Deployment", "DaemonSet")
                 for item in (await cluster.list(kind, form="metadata")).items
                 if any(part in item["metadata"]["name"] for part in known.names)]
        return [_facts(kind, await cluster.get(kind, meta["name"], meta["namespace"])) for kind, meta in found[:2]]
    except ClusterError as error:
        skipped.append(unread(error))
        return None


def _facts(kind: str, item: Object) -> dict[str, object]:
    meta, status = item["metadata"], item.get("status", {})
    daemon = kind == "DaemonSet"
    return {
        "name": f"{kind} {meta['namespace']}/{meta['name']}", "namespace": meta["namespace"], "plain": meta["name"],
        "wanted": status.get("desiredNumberScheduled", 0) if daemon else item["spec"].get("replicas", 1),
        "ready": status.get("numberReady" if daemon else "readyReplicas", 0),
        "labels": item["spec"].get("selector", {}).get("matchLabels", {}),
    }
