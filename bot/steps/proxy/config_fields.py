"""The fields of kube-proxy's configuration: which there are, and those that are compared with what runs. Pure.

Source: https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/. The page /configz has them by the
names of the program's own types, which changed with 1.33; both are read.
"""

from difflib import get_close_matches
from typing import Any

import orjson

KIND, API = "KubeProxyConfiguration", "kubeproxy.config.k8s.io/v1alpha1"
MODES = ("", "iptables", "ipvs", "nftables")
"""On Linux; empty stands for the best one there is, today iptables."""
DEFAULT_MODE = "iptables"

FIELDS: dict[str, tuple[str, ...]] = {
    "": ("kind", "apiVersion", "featureGates", "clientConnection", "logging", "hostnameOverride", "bindAddress",
         "healthzBindAddress", "metricsBindAddress", "bindAddressHardFail", "enableProfiling",
         "showHiddenMetricsForVersion", "mode", "iptables", "ipvs", "nftables", "winkernel", "detectLocalMode",
         "detectLocal", "clusterCIDR", "nodePortAddresses", "oomScoreAdj", "conntrack", "configSyncPeriod", "portRange",
         "windowsRunAsService", "udpIdleTimeout", "resourceContainer"),
    "clientConnection": ("kubeconfig", "acceptContentTypes", "contentType", "qps", "burst"),
    "iptables": ("masqueradeBit", "masqueradeAll", "localhostNodePorts", "syncPeriod", "minSyncPeriod"),
    "nftables": ("masqueradeBit", "masqueradeAll", "syncPeriod", "minSyncPeriod"),
    "ipvs": ("syncPeriod", "minSyncPeriod", "scheduler", "excludeCIDRs", "strictARP", "tcpTimeout", "tcpFinTimeout",
             "udpTimeout"),
    "conntrack": ("maxPerCore", "min", "tcpEstablishedTimeout", "tcpCloseWaitTimeout", "tcpBeLiberal", "udpTimeout",
                  "udpStreamTimeout", "max"),
    "detectLocal": ("bridgeInterface", "interfaceNamePrefix"),
}
"""By the part they stand in. A field that later versions may add is not misspelt by being absent here."""


def pick_written(config: dict[str, Any]) -> dict[str, Any]:
    """{fields, unknown: [{name, near}]} of a configuration as it is written; nothing else of it is kept."""
    parts = {part: config.get(part) for part in FIELDS if part and isinstance(config.get(part), dict)}
    fields = {
        "kind": _text(config, "kind"), "api": _text(config, "apiVersion"), "mode": _text(config, "mode"),
        "ranges": _split(config.get("clusterCIDR")), "detect": _text(config, "detectLocalMode"),
        "node_ports": _list(config.get("nodePortAddresses")), "health": _text(config, "healthzBindAddress"),
        "metrics": _text(config, "metricsBindAddress"), "bind": _text(config, "bindAddress"),
        "kubeconfig": _text(config.get("clientConnection") or {}, "kubeconfig"),
    }
    unknown = [_unknown("", name) for name in config if name not in FIELDS[""]]
    unknown += [_unknown(part, name) for part, told in parts.items() for name in told or ()
                if name not in FIELDS[part]]
    return {"fields": fields, "unknown": unknown[:10]}


def _unknown(part: str, name: Any) -> dict[str, str]:
    folded = {known.casefold(): known for known in FIELDS[part]}
    near = get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.8)
    return {"name": f"{part}.{name}".lstrip("."), "near": folded[near[0]] if near else ""}


def pick_running(page: str) -> dict[str, Any] | None:
    """The same fields of /configz, as far as they are compared; None where the page cannot be read."""
    try:
        told: Any = orjson.loads(page)["kubeproxy.config.k8s.io"]
        local = told.get("DetectLocal") or {}
        conntrack = (told.get("Linux") or told).get("Conntrack") or {}
        return {
            "mode": str(told.get("Mode") or DEFAULT_MODE),
            "ranges": _list(local.get("ClusterCIDRs")) or _split(told.get("ClusterCIDR")),
            "node_ports": _list(told.get("NodePortAddresses")),
            "kubeconfig": str(told["ClientConnection"]["Kubeconfig"]),
            "per_core": conntrack.get("MaxPerCore"), "least": conntrack.get("Min"),
        }
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None


def _text(config: dict[str, Any], name: str) -> str:
    value = config.get(name)
    return str(value) if isinstance(value, str | int) else ""


def _list(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _split(value: Any) -> list[str]:
    return [part.strip() for part in str(value).split(",") if part.strip()] if value else []
