"""What is waited for before and after netcheck is asked."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.cluster.faults.objects import DNS_DEPLOYMENT, DNS_PODS, DNS_SERVICE, Ref
from tests.cluster.rig import Cluster

Json = dict[str, Any]


class NotInTime(Exception):
    """What was waited for did not come about."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`what` as it reads after “waiting until”."""

    what: str
    holds: Callable[[Cluster], bool]

    def until(self, cluster: Cluster, patience: float = 180.0) -> None:
        deadline = time.monotonic() + patience
        while not self.holds(cluster):
            if time.monotonic() > deadline:
                raise NotInTime(f"not within {patience:g} s: {self.what}")
            time.sleep(0.5)


def items(cluster: Cluster, *words: str) -> list[Json]:
    listed: list[Json] = json.loads(cluster.kubectl("get", *words, "-o", "json"))["items"]
    return listed


def live_pods(cluster: Cluster, labels: str = DNS_PODS, namespace: str = "kube-system") -> list[Json]:
    found = items(cluster, "-n", namespace, "pods", "-l", labels)
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def is_true(item: Json, kind: str) -> bool:
    return any(c["type"] == kind and c["status"] == "True" for c in item.get("status", {}).get("conditions", ()))


def ready_endpoints(cluster: Cluster) -> list[Json]:
    found = items(cluster, "-n", "kube-system", "endpointslices", "-l",
                  f"kubernetes.io/service-name={DNS_SERVICE.name}")
    return [e for piece in found for e in piece.get("endpoints") or () if e["conditions"]["ready"]]


def both(*parts: Condition) -> Condition:
    return Condition(" and ".join(part.what for part in parts), lambda c: all(part.holds(c) for part in parts))


# --- of the DNS pods ----------------------------------------------------------------------------------------------


def dns_pods(number: int, ready: bool = True) -> Condition:
    def hold(cluster: Cluster) -> bool:
        return [is_true(pod, "Ready") for pod in live_pods(cluster)] == [ready] * number
    return Condition(f"{number} DNS pods are {'ready' if ready else 'there and not ready'}", hold)


def endpoints(number: int) -> Condition:
    return Condition(f"{number} endpoints are ready", lambda c: len(ready_endpoints(c)) == number)


def _statuses(cluster: Cluster) -> list[Json]:
    return [status for pod in live_pods(cluster) for status in pod["status"].get("containerStatuses", ())]


def _have_crashed(cluster: Cluster) -> bool:
    found = _statuses(cluster)
    return len(found) == 2 and all(s.get("lastState", {}).get("terminated") and not s["ready"] for s in found)


def waiting_for(*reasons: str) -> Condition:
    def hold(cluster: Cluster) -> bool:
        return any(s["state"].get("waiting", {}).get("reason") in reasons for s in _statuses(cluster))
    return Condition(f"a DNS pod waits for {' or '.join(reasons)}", hold)


def ended_by(reason: str) -> Condition:
    def hold(cluster: Cluster) -> bool:
        ends = [s.get("lastState", {}).get("terminated", {}) for s in _statuses(cluster)]
        return any(end.get("reason") == reason for end in ends)
    return Condition(f"a DNS pod was ended as {reason}", hold)


def _unscheduled(cluster: Cluster) -> list[Json]:
    return [pod for pod in live_pods(cluster) if any(
        c["type"] == "PodScheduled" and c["status"] == "False" for c in pod["status"].get("conditions", ()))]


def dns_log(words: str) -> Condition:
    def hold(cluster: Cluster) -> bool:
        lines = ("-n", "kube-system", "logs", "-l", DNS_PODS, "--tail=-1", "--ignore-errors")
        return words in cluster.kubectl(*lines, check=False)
    return Condition(f"a DNS pod logs “{words}”", hold)


CRASHED = Condition("both DNS pods have crashed", _have_crashed)
PENDING = Condition("a DNS pod finds no node", lambda c: bool(_unscheduled(c)))
NO_DNS_PODS = Condition("there is no DNS pod", lambda c: not live_pods(c))
STARTED = Condition("both DNS pods have an address", lambda c: [bool(p["status"].get("podIP")) for p in live_pods(c)]
                    == [True, True])
DNS_SERVES = both(dns_pods(2), endpoints(2))
NOW = Condition("nothing need be waited for", lambda c: True)


# --- of anything --------------------------------------------------------------------------------------------------


def gone(ref: Ref) -> Condition:
    return Condition(f"{ref} is gone", lambda c: ref.find(c) is None)


def node_ready(name: str, ready: bool) -> Condition:
    node = Ref("Node", name, "")
    return Condition(f"node {name} is {'' if ready else 'not '}ready",
                     lambda c: is_true(node.read(c), "Ready") is ready)


def daemon_pods(ref: Ref, ready: int) -> Condition:
    def hold(cluster: Cluster) -> bool:
        item = ref.read(cluster)
        status = item["status"]
        seen: int = status.get("observedGeneration", 0)
        number: int = status.get("numberReady", 0)
        return (seen, number) == (item["metadata"]["generation"], ready)
    return Condition(f"{ref} has {ready} ready pods", hold)


def left_out(ref: Ref, pods: int) -> Condition:
    """It wants fewer pods than there are nodes, and has made anew those that it wants."""
    def hold(cluster: Cluster) -> bool:
        item = ref.read(cluster)
        return int(item["status"]["desiredNumberScheduled"]) == pods and _is_rolled_out(
            item, pods, "numberReady", "updatedNumberScheduled")
    return Condition(f"{ref} wants {pods} pods, which are new and ready", hold)


def age(at: str) -> float:
    """Seconds since then."""
    return (datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds()


def grown(ref: Ref, seconds: int = 130) -> Condition:
    """What is younger than this is told as new, and not as a fault."""
    def hold(cluster: Cluster) -> bool:
        return age(ref.read(cluster)["metadata"]["creationTimestamp"]) > seconds
    return Condition(f"{ref} is more than {seconds} s old", hold)


def event(namespace: str, reason: str, words: str) -> Condition:
    def hold(cluster: Cluster) -> bool:
        told = items(cluster, "-n", namespace, "events", "--field-selector", f"reason={reason}")
        return any(words in str(item.get("message")) for item in told)
    return Condition(f"an event {reason} says “{words}”", hold)


EVERYTHING = "nodes,daemonsets.apps,deployments.apps,pods,endpointslices.discovery.k8s.io"


def _is_healthy(cluster: Cluster) -> bool:
    """In one read. Nodes are ready, agents and kube-proxy on each of them, DNS rolled out, its two pods endpoints."""
    found = items(cluster, "-A", EVERYTHING)
    nodes = [item for item in found if item["kind"] == "Node"]
    sets = [item for item in found if item["kind"] == "DaemonSet"]
    dns = [item for item in found if item["kind"] == "Deployment" and item["metadata"]["name"] == DNS_DEPLOYMENT.name]
    pods = [item for item in found if item["kind"] == "Pod" and item["metadata"].get("labels", {}).get("k8s-app")
            == "kube-dns" and "deletionTimestamp" not in item["metadata"]]
    slices = [item for item in found if item["kind"] == "EndpointSlice" and item["metadata"].get("labels", {}).get(
        "kubernetes.io/service-name") == DNS_SERVICE.name]
    ready = [e for piece in slices for e in piece.get("endpoints") or () if e["conditions"]["ready"]]
    return (
        all(is_true(node, "Ready") for node in nodes)
        and all(_is_rolled_out(item, len(nodes), "numberReady", "updatedNumberScheduled") for item in sets)
        and [_is_rolled_out(item, 2, "replicas", "updatedReplicas", "readyReplicas") for item in dns] == [True]
        and [is_true(pod, "Ready") for pod in pods] == [True, True] and len(ready) == 2
    )


def _is_rolled_out(item: Json, number: int, *counted: str) -> bool:
    status = item["status"]
    settled = status.get("observedGeneration") == item["metadata"]["generation"]
    return settled and all(status.get(name, 0) == number for name in counted)


HEALTHY = Condition("nodes, network agents, kube-proxy and DNS are complete and ready", _is_healthy)
