"""What tries tell of a Service beside the ways between nodes: whether a pod behind it comes back to itself by it, and
whether its node port is open on each node. Pure.

A pod that asks its own Service may be led to itself: then the bridge must send a packet back where it came from
(hairpin; https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#a-pod-fails-to-reach-itself-via-the-service-ip).
"""

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.path.api import CLOSED
from bot.steps.path.peers import NODE_PORT
from bot.steps.path.rules import NOT_TESTED, SILENT, tell
from bot.steps.path.tries import Row, is_enforced, seen
from bot.steps.wording import list_names

OUTSIDE_UNSEEN = "What stands before the nodes, such as a firewall or security groups, is not seen from inside."


def is_own_service(evidence: Evidence, row: Row) -> bool:
    """A try from within a pod by the Service that it stands behind."""
    behind = evidence["from"] in evidence.get("ends", ())
    return bool(row["inside"] and behind and row["to"] == evidence["target"])


def judge_itself(evidence: Evidence, tries: list[Row]) -> list[Finding]:
    """Silence alone tells nothing: other Services must be reached from within the same pod."""
    own = [row for row in tries if is_own_service(evidence, row)]
    lost = [row for row in own if row["outcome"] in SILENT]
    alone = len(evidence.get("ends", ())) == 1
    others = [row for row in tries if row["inside"] and row["kind"] == "service" and row not in own]
    if not lost or (alone and lost != own) or not any(row["outcome"] == "ok" for row in others):
        return []
    me, node = evidence["from"], evidence["from_node"]
    names = [*evidence["hindered"].get(me, ()), *evidence.get("inside_held", ())] if is_enforced(evidence) else []
    if names:
        text = f"{NOT_TESTED} from Pod {me} to itself by {evidence['target']}: {list_names(names, 2)} may be why."
        return [note(Verdict.UNKNOWN, Layer.POLICY, text, evidence=seen(evidence, lost))]
    turns = "" if alone else " by turns, as when it is led to itself"
    text = (f"Pod {me} on {node} gets no answer from its own {evidence['target']}{turns}, while it reaches other "
            "Services: what would come back to the pod that sent it is dropped.")
    return [find("cni.hairpin", text, object=f"Node {node}", node=node, evidence=seen(evidence, [*own, *others]))]


def judge_node_ports(evidence: Evidence, tries: list[Row], lost: set[str]) -> list[Finding]:
    """Of nodes that must answer, by those who reach the Service's own address. `lost`: nodes with other trouble."""
    sound = {row["who"] for row in tries if row["to"] == evidence["target"] and row["outcome"] == "ok"}
    rows = [row for row in tries if row["kind"] == NODE_PORT and row["probe"] and row["who"] in sound]
    asked = {node: _from_elsewhere(rows, node) for node in sorted({row["to_node"] for row in rows} - lost)}
    shut = {node: own for node, own in asked.items() if all(row["outcome"] in CLOSED for row in own)}
    tried = [row for own in asked.values() for row in own]
    if tried and all(row["outcome"] == "refused" for row in tried):
        text = (f"{_port(evidence)} is refused on {list_names(shut)}, while the Service's own address answers: whether "
                "the service proxy serves node ports there was not looked at (kube-proxy: nodePortAddresses).")
        return [note(Verdict.UNKNOWN, Layer.SERVICE, text, object=evidence["target"], evidence=seen(evidence, tried))]
    return [_shut(evidence, node, own) for node, own in shut.items()]


def _from_elsewhere(rows: list[Row], node: str) -> list[Row]:
    """The way to a node's port from its own pods goes past much of what may stand before it."""
    own = [row for row in rows if row["to_node"] == node]
    return [row for row in own if row["at"] != node] or own


def _shut(evidence: Evidence, node: str, rows: list[Row]) -> Finding:
    text = (f"{_port(evidence)} does not answer on {node} ({tell(rows[0])}), while the Service's own address does: "
            f"from {list_names(dict.fromkeys(row['who'] for row in rows), 3)}.")
    return find("node.node-port", text, object=f"Node {node}", node=node, evidence=seen(evidence, rows))


def _port(evidence: Evidence) -> str:
    return f"Node port {evidence['node_port']['port']} of {evidence['target']}"


def tell_node_ports(evidence: Evidence, tries: list[Row]) -> list[Finding]:
    """What was open, what need not be, and what nobody can tell from here."""
    rows = [row for row in tries if row["kind"] == NODE_PORT and row["probe"]]
    good = sorted({row["to_node"] for row in rows if row["due"] and row["outcome"] == "ok"})
    bare = sorted({row["to_node"] for row in rows if not row["due"]})
    if not good:
        return []
    local = (f" {list_names(bare)} {'has' if len(bare) == 1 else 'have'} no endpoint and need not answer "
             "(externalTrafficPolicy Local).") if bare else ""
    text = f"{_port(evidence)} answers pods on {list_names(good)}.{local} {OUTSIDE_UNSEEN}"
    return [note(Verdict.INFO, Layer.SERVICE, text, object=evidence["target"], evidence=seen(evidence, rows))]
