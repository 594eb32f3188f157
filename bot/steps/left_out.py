"""Services that kube-proxy leaves to another service proxy, by a label: it does not even hear of them.

https://kubernetes.io/docs/reference/labels-annotations-taints/#servicekubernetesioservice-proxy-name
"""

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.readings import items_or_skip
from bot.steps.wording import read_at

LABEL = "service.kubernetes.io/service-proxy-name"


def proxy_name(service: Object) -> str:
    """Of the proxy that is to serve it in place of kube-proxy; "" where kube-proxy is."""
    return str((service["metadata"].get("labels") or {}).get(LABEL, ""))


async def read_proxies(cluster: Cluster, name: str, skipped: list[str]) -> list[str] | None:
    """The names of DaemonSets: the other proxy may be one of these. None where they could not be read; nothing is read
    where there is no other."""
    sets = await items_or_skip(cluster.list("DaemonSet", form="metadata"), skipped) if name else ()
    return None if sets is None else sorted(item["metadata"]["name"] for item in sets)


def find_left_out(evidence: Evidence) -> Finding | None:
    """`evidence`: {service: {name, proxy_name}, proxies, read_at}."""
    service, name = evidence["service"]["name"], evidence["service"].get("proxy_name", "")
    if not name:
        return None
    line = f"{service}: label {LABEL} is {name}, which kube-proxy leaves alone"
    if evidence["proxies"] is None or name in evidence["proxies"]:
        text = f"{service} is left to the service proxy {name}, not to kube-proxy; path not tested."
        return note(Verdict.INFO, Layer.SERVICE, text, object=service, evidence=(line, read_at(evidence)))
    text = f"kube-proxy ignores {service}: its label {LABEL} leaves it to {name}, and no DaemonSet of that name runs."
    namespace, plain = service.removeprefix("Service ").split("/")
    return find("service.proxy-name", text, verdict=Verdict.WARN, object=service, evidence=(line, read_at(evidence)),
                advice=f"Take the label off: `kubectl -n {namespace} label service {plain} {LABEL}-`. Where {name} is "
                "a proxy of yours, look there.")
