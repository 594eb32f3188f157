"""Probe pods: one on each of a few nodes, asking DNS as any pod there would, by UDP and TCP. Only where the settings
name a namespace and an image for them. Gathers, concludes nothing.

The image needs a shell with `nslookup` and `nc`, as busybox has them.
"""

import re
import shlex
from typing import Any

from bot.cluster import Cluster, Object, ProbePlace
from bot.diagnosis.platform import dns_port, server_container
from bot.steps import Evidence
from bot.steps.nodes.status import read_nodes
from bot.steps.path.api import READY_PORT
from bot.steps.wording import cut

Row = dict[str, Any]
SERVICE, API = "the DNS Service", "the API server's Service"
LABELS = {"app.kubernetes.io/name": "netcheck-probe"}
MOST_NODES = 5
PATIENCE = 25.0
TRIES = 5
"""Connections to the Service's address, by each protocol: each may be led to another pod."""
NAME = "kubernetes.default.svc.cluster.local"
"""Any answer to it, also that there is no such name, shows the way."""
_ASK = f"nslookup -retry=3 -timeout=6 {NAME}"
"""Three questions within the 6 seconds, from one port, so that all go to the same pod. The first ones are lost where a
network that enforces policies learns of a new pod only after its start: Weave Net was seen to."""
_LINE = re.compile(r"^netcheck (\d+) (\d+) (?:(\d+)s )?(.*)$", re.MULTILINE)
_TRY = ('set -f; t() { i=$1; s=$(date +%s); shift; out=$("$@" 2>&1 </dev/null); '
        'echo "netcheck $i $? $(($(date +%s)-s))s $(echo $out | cut -c1-160)"; }')
_OUTSIDE = ("o() { r=$(sed -n 's/^nameserver //p' /etc/resolv.conf | head -n 1); case $r in ''|127.*|169.254.*|::1) "
            f"echo no resolver outside; false;; *) {_ASK} $r;; esac; }}")
_LONG = r"""p=$(printf '%03000d' 0)
l() { nc -w 3 $1 $2 -e /bin/sh -c 'printf "GET %s%s HTTP/1.0\r\n\r\n" "$0" "$1"; read -r -t 4 said
case $said in HTTP/*) exit 0;; esac; echo a long request timed out >&2; exit 1' "$3" "$p"; }"""
"""Written at once and straight to the connection, so that packets are as large as they may be: through nc's own small
buffer they would all be short. By hand, since not every busybox has a wget that works."""
OUTSIDE = "the node's resolver"
"""A way whose address only the pod knows: it is given the resolvers of its node."""


async def run_probes(
    cluster: Cluster, place: ProbePlace, homes: set[str], targets: list[Row], skipped: list[str]
) -> Evidence:
    """A pod on each of a few nodes, of `homes` first, tries every target. {probe_namespace, probed, unprobed,
    probe_rows: {from, seconds, outcome, said} and what the target says of itself, probe_failures}. Raises
    ClusterError."""
    nodes = await read_nodes(cluster, tuple(homes), skipped)
    fit = [name for name, node in nodes["read"].items() if node["ready"] and node["linux"] and not node["virtual"]]
    chosen = sorted(fit, key=lambda name: (name not in homes, name))[:MOST_NODES]
    script = write_script(targets)
    ends = await cluster.run_pods(place.namespace, [make_pod(place, node, script) for node in chosen], PATIENCE)
    logs = [(node, end.why, read_log(end.log, targets)) for node, end in zip(chosen, ends, strict=True)]
    return {
        "probe_namespace": place.namespace, "probed": chosen, "unprobed": nodes["total"] - len(chosen),
        "probe_rows": [{"from": node, **row} for node, _, rows in logs for row in rows],
        "probe_failures": {node: why or "its log holds no answer" for node, why, rows in logs if not rows},
    }


def write_script(targets: list[Row]) -> str:
    return "\n".join([_TRY, _OUTSIDE, _LONG, *(f"t {n} {_command(way)} &" for n, way in enumerate(targets)), "wait"])


def list_targets(service: Object | None, pods: list[tuple[Object, dict[str, Any]]], api: Object) -> list[Row]:
    """Of each DNS pod its port for DNS and another one, which tells whether it is reached at all."""
    ways: list[tuple[str, str, str, int, str]] = []
    for pod, facts in pods:
        port = dns_port(server_container(pod["spec"])) or 53
        asked = [("UDP", port)] if port == 53 else []  # nslookup knows that one only
        ways += [(facts["name"], facts["node"], facts["ip"], number, protocol)
                 for protocol, number in [*asked, ("TCP", port), ("TCP", READY_PORT)]]
    own = (service or {}).get("spec", {}).get("clusterIP", "None")
    if own != "None":
        ways += [(SERVICE, "", own, 53, protocol) for protocol in ("UDP", "TCP") for _ in range(TRIES)]
    ways.append((API, "", api["clusterIP"], api["ports"][0]["port"], "TCP"))
    return [{"to": to, "to_node": node, "address": address, "port": port, "protocol": protocol}
            for to, node, address, port, protocol in ways]


def read_log(log: str, targets: list[Row]) -> list[Row]:
    told = {int(number): (int(code), text, int(took or 0)) for number, code, took, text in _LINE.findall(log)}
    return [{**way, "outcome": read_end(way["protocol"], *told[number][:2]), "said": cut(told[number][1]),
             "seconds": told[number][2]} for number, way in enumerate(targets) if number in told]


def _command(way: Row) -> str:
    if way["to"] == OUTSIDE:
        return "o"
    if way["protocol"] == "UDP":
        return f"{_ASK} {way['address']}"
    if way.get("large"):
        page = f"{way['path']}{'&' if '?' in way['path'] else '?'}netcheck="
        return f"l {way['address']} {way['port']} {shlex.quote(page)}"
    return f"nc -w 3 {way['address']} {way['port']}"


def read_end(protocol: str, code: int, text: str) -> str:
    """ok, timeout, refused, unreachable or untold, by exit status and words of busybox."""
    low = text.lower()
    if code == 0 or (protocol == "UDP" and any(word in low for word in ("nxdomain", "servfail", "can't find"))):
        return "ok"
    marks = (("refused", "refused"), ("unreachable", "unreachable"), ("no route", "unreachable"),
             ("timed out", "timeout"), ("timeout", "timeout"))
    return next((outcome for mark, outcome in marks if mark in low), "untold")


def make_pod(place: ProbePlace, node: str, script: str) -> Object:
    """Fits the restricted level of PodSecurity; bound to the node past the scheduler, whatever its taints."""
    container = {
        "name": "probe", "image": place.image, "imagePullPolicy": "IfNotPresent", "command": ["/bin/sh", "-c", script],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "200m", "memory": "32Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"labels": LABELS},
        "spec": {
            "nodeName": node, "restartPolicy": "Never", "activeDeadlineSeconds": 40, "dnsPolicy": "Default",
            "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False, "enableServiceLinks": False,
            "tolerations": [{"operator": "Exists"}], "containers": [container],
            "imagePullSecrets": [{"name": place.pull_secret}] if place.pull_secret else [],
            "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "runAsGroup": 65534,
                                "seccompProfile": {"type": "RuntimeDefault"}},
        },
    }
