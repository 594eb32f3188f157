"""The Ingress, HTTPRoute or Gateway that is asked about, read once a run by all looks of this package."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from bot.cluster import Cluster, Object
from bot.steps import Args
from bot.steps.readings import one_or_skip, or_skip
from bot.steps.wording import name_object, parse_time

OLD_CLASS = "kubernetes.io/ingress.class"
ALTERING = re.compile(r"rewrite|snippet|middleware|strip|app-root|auth|backend-protocol|canary", re.IGNORECASE)
"""In names of annotations by which controllers ask their backends for something else than they were asked for."""
Json = dict[str, Any]


GATEWAY_GROUP = "gateway.networking.k8s.io"
GATEWAY_API = f"{GATEWAY_GROUP}/v1"


class IngressArgs(Args):
    """Looks at one Ingress (or HTTPRoute, Gateway): `ingress`, "namespace/name"."""

    ingress: str = Field(pattern=r"^[a-z0-9-]+/[a-z0-9.-]+$")

    @property
    def namespace(self) -> str:
        return self.ingress.split("/")[0]

    @property
    def name(self) -> str:
        return self.ingress.split("/")[1]


async def read_ingress(cluster: Cluster, args: IngressArgs, skipped: list[str]) -> Json | None:
    """Its facts; None where there is none, or where it could not be read, which goes into `skipped`."""
    ingress = await one_or_skip(cluster.get("Ingress", args.name, args.namespace), skipped)
    return ingress_facts(ingress) if ingress else None


async def read_gateway_object(
    cluster: Cluster, kind: str, namespace: str, name: str, skipped: list[str]
) -> Object | None:
    """None where there is none, the Gateway API is not served, or it could not be read."""
    if GATEWAY_GROUP not in (await or_skip(cluster.groups(), skipped) or ()):
        return None
    return await one_or_skip(cluster.get(kind, name, namespace, api=GATEWAY_API), skipped) or None


def route_facts(item: Object) -> Json:
    """An HTTPRoute's backends, as those of an Ingress; those in other namespaces are left out."""
    meta = item["metadata"]
    refs = [ref for rule in item.get("spec", {}).get("rules") or () for ref in rule.get("backendRefs") or ()
            if ref.get("kind", "Service") == "Service" and ref.get("namespace", meta["namespace"]) == meta["namespace"]]
    return {"name": name_object("HTTPRoute", item), "plain": meta["name"], "namespace": meta["namespace"],
            "secrets": [], "backends": [{"place": "a rule", "service": ref["name"], "port": str(ref.get("port") or "")}
                                        for ref in refs]}


def ingress_facts(item: Object) -> Json:
    meta, spec = item["metadata"], item.get("spec", {})
    return {
        "name": name_object("Ingress", item), "plain": meta["name"], "namespace": meta["namespace"],
        "class": spec.get("ingressClassName", ""), "old_class": (meta.get("annotations") or {}).get(OLD_CLASS, ""),
        "hosts": sorted({rule.get("host", "") for rule in spec.get("rules") or ()}),
        "backends": list(_backends(spec)),
        "altered": sorted(key for key in meta.get("annotations") or () if ALTERING.search(key)),
        "secrets": sorted({tls["secretName"] for tls in spec.get("tls") or () if tls.get("secretName")}),
        "addresses": [i.get("ip") or i.get("hostname") or "" for i in
                      item.get("status", {}).get("loadBalancer", {}).get("ingress") or ()],
        "created": parse_time(meta.get("creationTimestamp")),
    }


def _backends(spec: Object) -> Iterator[Json]:
    """{place, host, path, service, port}: `service` is "" for a backend that is some other resource."""
    if "defaultBackend" in spec:
        yield _backend("the default backend", "", "/", spec["defaultBackend"])
    for rule in spec.get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            host, where = rule.get("host") or "", path.get("path") or "/"
            yield _backend(f"{host or '*'}{where}", host, where, path["backend"])


def _backend(place: str, host: str, path: str, backend: Object) -> Json:
    service = backend.get("service") or {}
    port = service.get("port") or {}
    number = str(port.get("name") or port.get("number") or "")
    return {"place": place, "host": host, "path": path, "service": service.get("name", ""), "port": number}
