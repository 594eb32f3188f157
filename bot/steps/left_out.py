"""Services that kube-proxy passes over by a label: it does not even hear of them (cmd/kube-proxy/app/server.go).

https://kubernetes.io/docs/reference/labels-annotations-taints/#servicekubernetesioservice-proxy-name; that the mark of
headless Services is heeded on one with an address, too, was seen on 1.34.
"""

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.readings import items_or_skip
from bot.steps.wording import read_at

LABEL = "service.kubernetes.io/service-proxy-name"
HEADLESS = "service.kubernetes.io/headless"


def proxy_name(service: Object) -> str:
    """Of the proxy that is to serve it in place of kube-proxy; "" where kube-proxy is."""
    return str((service["metadata"].get("labels") or {}).get(LABEL, ""))


def is_called_headless(service: Object) -> bool:
    return HEADLESS in (service["metadata"].get("labels") or {})


async def read_proxies(cluster: Cluster, name: str, skipped: list[str]) -> list[str] | None:
    """The names of DaemonSets: the other proxy may be one of these. None where they could not be read; nothing is read
    where there is no other."""
    sets = await items_or_skip(cluster.list("DaemonSet", form="metadata"), skipped) if name else ()
    return None if sets is None else sorted(item["metadata"]["name"] for item in sets)


def find_left_out(evidence: Evidence) -> Finding | None:
    """`evidence`: {service: {name, proxy_name, called_headless}, proxies, read_at}, of a Service with an address."""
    service, name = evidence["service"]["name"], evidence["service"].get("proxy_name", "")
    if evidence["service"].get("called_headless"):
        text = f"kube-proxy ignores {service}: its label {HEADLESS} calls it headless, and it has an address."
        return _left(evidence, HEADLESS, text, f"{service}: label {HEADLESS}, expected on headless Services only")
    if not name:
        return None
    line = f"{service}: label {LABEL} is {name}, which kube-proxy leaves alone"
    if evidence["proxies"] is None or name in evidence["proxies"]:
        text = f"{service} is left to the service proxy {name}, not to kube-proxy; path not tested."
        return note(Verdict.INFO, Layer.SERVICE, text, object=service, evidence=(line, read_at(evidence)))
    text = f"kube-proxy ignores {service}: its label {LABEL} leaves it to {name}, and no DaemonSet of that name runs."
    return _left(evidence, LABEL, text, line, f" Where {name} is a proxy of yours, look there.")


def _left(evidence: Evidence, label: str, text: str, line: str, more: str = "") -> Finding:
    service = evidence["service"]["name"]
    namespace, plain = service.removeprefix("Service ").split("/")
    return find("service.proxy-name", text, verdict=Verdict.WARN, object=service, evidence=(line, read_at(evidence)),
                advice=f"Take the label off: `kubectl -n {namespace} label service {plain} {label}-`.{more}")
