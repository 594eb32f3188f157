"""Probe pods: one on each of a few nodes, asking DNS as any pod there would, by UDP and TCP. Only where the settings
name a namespace and an image for them. Gathers, concludes nothing.

The image needs a shell with `nslookup` and `nc`, as busybox has them.
"""

import re
from typing import Any

from bot.cluster import Cluster, Object, ProbePlace
from bot.steps.wording import cut

Row = dict[str, Any]
MOST_NODES = 5
PATIENCE = 25.0
TRIES = 3
"""Questions to the Service's address: each may be led to another pod."""
NAME = "kubernetes.default.svc.cluster.local"
"""Any answer to it, also that there is no such name, shows the way."""
_LINE = re.compile(r"^netcheck (\d+) (\d+) ?(.*)$", re.MULTILINE)
_TRY = 't() { i=$1; shift; out=$("$@" 2>&1 </dev/null); echo "netcheck $i $? $(echo $out | cut -c1-160)"; }'


async def probe(
    cluster: Cluster, place: ProbePlace, nodes: list[str], targets: list[Row]
) -> tuple[list[Row], dict[str, str]]:
    """Rows from each node to each target ({to, to_node, address, protocol, port}), and why nodes were not tried."""
    script = "\n".join([_TRY, *(f"t {number} {_command(target)} &" for number, target in enumerate(targets)), "wait"])
    ends = await cluster.run_pods(place.namespace, [make_pod(place, node, script) for node in nodes], PATIENCE)
    rows: list[Row] = []
    for node, end in zip(nodes, ends, strict=True):
        told = {int(number): (int(code), text) for number, code, text in _LINE.findall(end.log)}
        rows += [{**target, "from": node, "outcome": read_end(target["protocol"], *told[number]),
                  "said": cut(told[number][1])} for number, target in enumerate(targets) if number in told]
    return rows, {node: end.why or "its log holds nothing that was asked for"
                  for node, end in zip(nodes, ends, strict=True) if not _LINE.search(end.log)}


def _command(target: Row) -> str:
    if target["protocol"] == "UDP":
        return f"nslookup -retry=1 -timeout=2 {NAME} {target['address']}"
    return f"nc -w 3 {target['address']} {target['port']}"


def read_end(protocol: str, code: int, text: str) -> str:
    """ok, timeout, refused, unreachable or untold, by exit status and words of busybox."""
    low = text.lower()
    marks = (("refused", "refused"), ("no route", "unreachable"), ("unreachable", "unreachable"),
             ("timed out", "timeout"), ("no response", "timeout"), ("timeout", "timeout"))
    if code == 0:
        return "ok"
    found = next((outcome for mark, outcome in marks if mark in low), "")
    if found:
        return found
    answered = "nxdomain" in low or "servfail" in low or "can't find" in low or "can't resolve" in low
    return "ok" if protocol == "UDP" and answered else "untold"


def make_pod(place: ProbePlace, node: str, script: str) -> Object:
    """Fits the restricted level of PodSecurity; bound to the node past the scheduler, whatever its taints."""
    container = {
        "name": "probe", "image": place.image, "imagePullPolicy": "IfNotPresent", "command": ["/bin/sh", "-c", script],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "200m", "memory": "32Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"]}},
    }
    secrets = [{"name": place.pull_secret}] if place.pull_secret else []
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"generateName": "netcheck-probe-", "labels": {"app.kubernetes.io/name": "netcheck-probe"}},
        "spec": {
            "nodeName": node, "restartPolicy": "Never", "activeDeadlineSeconds": 40, "dnsPolicy": "Default",
            "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False, "enableServiceLinks": False,
            "tolerations": [{"operator": "Exists"}], "imagePullSecrets": secrets, "containers": [container],
            "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "runAsGroup": 65534,
                                "seccompProfile": {"type": "RuntimeDefault"}},
        },
    }
