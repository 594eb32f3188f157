"""Ingress controllers, as far as they are known: which workload serves classes of which controller. Many clusters run
several of one make, each for a class of its own (one for inside, one for outside): its arguments tell them apart.

Sources: the `controller` of the IngressClass in each one's own manifests or chart.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.cluster import Cluster, Object
from bot.steps.readings import items_or_skip
from bot.steps.wording import labels_text


@dataclass(frozen=True, slots=True)
class Controller:
    """`mark`: part of IngressClass.spec.controller. `names`: parts of its workload's name; none where it runs outside
    the cluster or cannot be told by name. `serves`: requests pass through this very workload."""

    title: str
    mark: str
    names: tuple[str, ...] = ()
    serves: bool = False


MOST_PODS, MOST_WORKLOADS = 10, 4
ASIDE = ("default-backend", "defaultbackend", "admission", "operator", "controller-manager", "svclb-", "forward-auth",
         "exporter")
"""In names of workloads that come with a controller and serve nothing; k3s's load balancers are called svclb-…"""
CLASS = re.compile(r"[\w.-]*class[\w.-]*=(?P<value>\S+)", re.IGNORECASE)
"""An argument or variable by which a controller is told its class: `--ingress-class=internal`."""
CONTROLLERS = (
    Controller("ingress-nginx", "k8s.io/ingress-nginx", ("ingress-nginx", "nginx-ingress"), serves=True),
    Controller("NGINX Ingress Controller", "nginx.org/ingress-controller", ("nginx-ingress",), serves=True),
    Controller("Traefik", "traefik.io/ingress-controller", ("traefik",), serves=True),
    Controller("HAProxy", "haproxy", ("haproxy",), serves=True),
    Controller("Contour", "projectcontour.io", ("contour",)),
    Controller("Kong", "konghq.com", ("kong",), serves=True),
    Controller("Istio", "istio.io/ingress-controller", ("istiod",)),
    Controller("Cilium", "cilium.io/ingress-controller", ("cilium",)),
    Controller("AWS Load Balancer Controller", "ingress.k8s.aws/alb", ("aws-load-balancer-controller",)),
    Controller("Application Gateway", "azure/application-gateway", ("ingress-appgw",)),
    Controller("GKE", "k8s.io/ingress-gce"),
    Controller("OpenShift", "openshift.io/ingress-to-route"),
)


def recognise(controller: str) -> Controller | None:
    return next((one for one in CONTROLLERS if one.mark in controller), None)


def _is_of(name: str, known: Controller) -> bool:
    return any(part in name for part in known.names) and not any(part in name for part in ASIDE)


async def find_workloads(cluster: Cluster, known: Controller) -> list[dict[str, Any]]:
    """{name, namespace, plain, wanted, ready, labels, classes} of Deployments and DaemonSets that look like it. Two
    reads by name, and one for each that is found. Raises ClusterError."""
    found = [(kind, item["metadata"]) for kind in ("Deployment", "DaemonSet")
             for item in (await cluster.list(kind, form="metadata")).items
             if _is_of(item["metadata"]["name"], known)]
    return [_facts(kind, await cluster.get(kind, meta["name"], meta["namespace"]))
            for kind, meta in found[:MOST_WORKLOADS]]


def pick(workloads: list[dict[str, Any]], chosen: dict[str, Any]) -> list[dict[str, Any]]:
    """The one that serves the class: of several that which names the class and its controller best. [] where that fits
    more than one, or none."""
    fits = [len({chosen["name"], chosen["controller"]} & {*workload["classes"]}) for workload in workloads]
    best = [w for w, fit in zip(workloads, fits, strict=True) if fit == max(fits)]
    return best if len(best) == 1 else []


async def read_pods(cluster: Cluster, workload: dict[str, Any], skipped: list[str]) -> tuple[Object, ...]:
    labels = labels_text(workload["labels"])
    reading = cluster.list("Pod", workload["namespace"], labels=labels, limit=MOST_PODS)
    return await items_or_skip(reading, skipped) or ()


def _facts(kind: str, item: Object) -> dict[str, Any]:
    meta, status = item["metadata"], item.get("status", {})
    daemon = kind == "DaemonSet"
    return {
        "name": f"{kind} {meta['namespace']}/{meta['name']}", "namespace": meta["namespace"], "plain": meta["name"],
        "wanted": status.get("desiredNumberScheduled", 0) if daemon else item["spec"].get("replicas", 1),
        "ready": status.get("numberReady" if daemon else "readyReplicas", 0),
        "labels": item["spec"].get("selector", {}).get("matchLabels", {}), "classes": list(_classes(item)),
    }


def _classes(item: Object) -> Iterator[str]:
    for container in item["spec"]["template"].get("spec", {}).get("containers") or ():
        words = (*(container.get("command") or ()), *(container.get("args") or ()),
                 *(f"{variable['name']}={variable.get('value', '')}" for variable in container.get("env") or ()))
        yield from (found["value"] for word in words if (found := CLASS.fullmatch(word)))
