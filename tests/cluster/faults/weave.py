"""Further faults of Weave Net: its password, the range it gives addresses from, and what calls it on a node."""

import hashlib
import json
from typing import Any

from tests.cluster.faults.agents import NO_NETWORK, NOT_THERE
from tests.cluster.faults.api import Create, Patch, Remake, RestartPods
from tests.cluster.faults.conditions import HEALTHY, NOW, Condition, both, daemon_pods, event, grown, left_out
from tests.cluster.faults.fault import Answer, Fault, Injection, Root
from tests.cluster.faults.neighbours import (
    ADDRESS,
    CLIENT,
    CLOSED,
    OPEN,
    SPACE,
    WEB,
    gets_through,
    open_shop,
    web_server,
)
from tests.cluster.faults.node import NODES, Await, EditFile, HideFiles, OnNode
from tests.cluster.faults.objects import DNS_PODS, WEAVE, Ref, pod_on
from tests.cluster.faults.overlays import crashed, cut_off_long
from tests.cluster.rig import Cluster

SECOND = NODES[1]
CONTAINERS = "/spec/template/spec/containers"
NEW_POD = Create((pod_on(SECOND, "netcheck-new"),))
NEW_PODS = Create(tuple(pod_on(node, f"netcheck-new-{node}-{number}") for node in NODES for number in range(6)))
DAEMON = str(WEAVE.set)
APART = "netcheck_apart"
FORGET = tuple(HideFiles(node, "weavedb") for node in NODES)
"""What the routers wrote down about who owns which addresses."""


def _one_by_one(*changes: dict[str, Any]) -> Patch:
    """A template that counts on a node when its agent is made anew there, and not before."""
    return Patch(WEAVE.set, [{"op": "replace", "path": "/spec/updateStrategy", "value": {"type": "OnDelete"}},
                             *changes])


def _range(cidr: str) -> tuple[Injection, ...]:
    """From now on all agents give addresses out of it: they forget what they gave before."""
    change = {"op": "replace", "path": f"{CONTAINERS}/0/env/2/value", "value": cidr}
    return _one_by_one(change), RestartPods(WEAVE.pods)


def _ask(cluster: Cluster, *about: str) -> list[str]:
    """What each router says of itself."""
    listed = json.loads(cluster.kubectl("-n", "kube-system", "get", "pods", "-l", WEAVE.pods, "-o", "json"))["items"]
    return [cluster.kubectl("-n", "kube-system", "exec", pod["metadata"]["name"], "-c", "weave", "--", "./weave",
                            "--local", "status", *about, check=False) for pod in listed]


def _waits(cluster: Cluster) -> bool:
    told = _ask(cluster)
    return len(told) == len(NODES) and all("waiting for IP(s)" in text for text in told)


def _told(words: str) -> Condition:
    """Both routers run, and one at least says why it has no connection: the other one may only see that it ends."""
    return both(daemon_pods(WEAVE.set, len(NODES)), Condition(
        f"a router says “{words}”", lambda c: any(words in text for text in _ask(c, "connections"))))


def _on_both(command: tuple[str, ...]) -> tuple[Injection, ...]:
    return tuple(OnNode(node, command, ("true",)) for node in NODES)


def _row(
    name: str, reference: str, says: str, *breaks: Injection, wait: Condition, root: Root, mentions: tuple[str, ...],
    answer: Answer = "broken", consequences: tuple[str, ...] = NO_NETWORK, spoils: bool = False,
) -> Fault:
    return Fault(name=f"weave-{name}", reference=reference, says=says, network="weave", playbook="cni", answer=answer,
                 breaks=breaks, wait=wait, roots=(root,), mentions=mentions, consequences=consequences, spoils=spoils)


def _meet(cluster: Cluster) -> bool:
    told = _ask(cluster, "connections")
    return len(told) == len(NODES) and all("established" in text for text in told)


WEAVE_FAULTS = (
    _row("password", "CNI-03", "the agent of one node has a password, the other one has none",
         _one_by_one({"op": "add", "path": f"{CONTAINERS}/0/env/-", "value": {"name": "WEAVE_PASSWORD", "value": "x"}}),
         RestartPods(WEAVE.pods, node=SECOND),
         wait=both(grown(WEAVE.set), Condition("the agents count no connection", cut_off_long), _told("password")),
         root=Root("cni.agent.password", "cni", DAEMON), mentions=("WEAVE_PASSWORD", "rollout restart")),
    _row("no-hairpin", "C27", "the plugin of a node sends nothing back where it came from",
         EditFile(SECOND, "cni/net.d/10-weave.conflist", r'"hairpinMode": true', '"hairpinMode": false'), wait=NOW,
         root=Root("cni.hairpin", "cni", f"Node {SECOND}"), answer="degraded", consequences=(),
         mentions=("hairpinMode",)),
    _row("range-of-nodes", "C31", "the range of Weave Net holds the nodes themselves, so that its agents do not start",
         *_range("172.31.0.0/16"), wait=both(daemon_pods(WEAVE.set, 0), crashed(WEAVE)),
         root=Root("cni.plan.overlap", "cni", DAEMON), mentions=("172.31.0.0/16",)),
    _row("agent-refuses", "C16", "no agent runs on a node, and a pod asks it for an address",
         Patch(WEAVE.set, {"spec": {"template": {"spec": {"affinity": NOT_THERE}}}}), Await(left_out(WEAVE.set, 1)),
         NEW_POD, wait=event("default", "FailedCreatePodSandBox", "127.0.0.1:6784"),
         root=Root("cni.agent", "cni", DAEMON), mentions=(SECOND,)),
    Fault(
        name="weave-policies-stopped", reference="NP-01", network="weave", playbook="connectivity", probe=True,
        says="what enforces policies does not start on a node, and a pod there is new",
        arguments=(f"from={CLIENT}", f"to={WEB}"), cleared=CLOSED,
        stage=(open_shop(web=NODES[0], client=NODES[0]), Await(OPEN)),  # an address of the old pod would still be known
        breaks=(_one_by_one({"op": "add", "path": f"{CONTAINERS}/1/command", "value": ["/no-such-program"]}),
                RestartPods(WEAVE.pods, node=SECOND), Remake(Ref("Pod", "web", SPACE), web_server(SECOND), OPEN)),
        wait=both(Condition("the routers have met again: what is dropped is dropped for want of policies", _meet),
                  gets_through(CLIENT, ADDRESS, through=False), grown(Ref("Node", SECOND, ""))),
        roots=(Root("cni.agent", "cni", DAEMON),), mentions=("weave-npc",),
        consequences=(*NO_NETWORK, "node.path", "path.single"),  # probe pods there are new, too
    ),
)
WEAVE_SPOILED = (
    _row("range-overlaps", "C31", "Weave Net gives pods addresses out of the range of Services",
         *_range("10.98.0.0/16"), wait=daemon_pods(WEAVE.set, 2), root=Root("cni.plan.overlap", "cni", DAEMON),
         mentions=("10.98.0.0/16",), spoils=True),
    _row("range-changed", "CNI-06", "the range of Weave Net was changed, and pods run with addresses of the old one",
         *_range("10.200.0.0/16"), wait=daemon_pods(WEAVE.set, 2), root=Root("cni.plan.outside", "cni", DAEMON),
         answer="degraded", mentions=("10.200.0.0/16",), spoils=True),
    _row("range-exhausted", "C17", "the range of Weave Net is too small for the pods",
         *_range("10.244.0.0/29"), Await(daemon_pods(WEAVE.set, 2)), RestartPods(DNS_PODS), Await(HEALTHY), NEW_PODS,
         wait=Condition("both agents wait for addresses", _waits),
         root=Root("cni.sandbox.addresses", "cni", DAEMON), answer="degraded", mentions=("10.244.0.0/29",),
         consequences=("dns.*",), spoils=True),
    _row("split", "CNI-03", "two agents that began without each other shared the pod range out twice",
         _one_by_one({"op": "replace", "path": f"{CONTAINERS}/0/env/5/value", "value": "consensus=1"}),
         *_on_both(("nft", f"table inet {APART} {{ chain input {{ type filter hook input priority -300; iifname != lo "
                    f"{WEAVE.ports} drop; }}; }}")),
         *FORGET, RestartPods(WEAVE.pods), Await(daemon_pods(WEAVE.set, 2)),
         *_on_both(("nft", "delete", "table", "inet", APART)), wait=_told("seeded by different peers"),
         root=Root("cni.agent.seeds", "cni", DAEMON), mentions=("weave-netdata.db", "IPALLOC_INIT"), spoils=True),
    _row("two-ranges", "CNI-03", "the range was changed, and only one node's agent was made anew since",
         _one_by_one({"op": "replace", "path": f"{CONTAINERS}/0/env/2/value", "value": "10.200.0.0/16"}),
         RestartPods(WEAVE.pods, node=SECOND), wait=_told("Incompatible IP allocation ranges"),
         root=Root("cni.agent.ranges", "cni", DAEMON), mentions=("IPALLOC_RANGE",),
         consequences=(*NO_NETWORK, "cni.plan.outside"), spoils=True),
    _row("cloned-node", "CNI-03", "a node was copied from another one, with its machine's id",
         EditFile(SECOND, "machine-id", r"\w+", hashlib.sha256(NODES[0].encode()).hexdigest()[:32]), *FORGET[1:],
         OnNode(SECOND, ("ip", "link", "delete", "weave"), ("true",)), RestartPods(WEAVE.pods, node=SECOND),
         wait=_told("peer names collision"), root=Root("cni.agent.name", "cni", DAEMON), mentions=("machine-id",),
         spoils=True),
)
