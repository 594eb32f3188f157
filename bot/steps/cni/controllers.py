"""What runs beside a network's agents as a Deployment: whether a pod of it is ready, and whether policies keep it from
the API server, without which it never is."""

from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.diagnosis.policy_evaluation import decide
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import find_network
from bot.steps import Evidence
from bot.steps.nodes.status import is_young
from bot.steps.policy.facts import party, read_policies, side
from bot.steps.policy.mends import allow
from bot.steps.policy.targets import read_targets
from bot.steps.policy.verdicts import Blocked, convict
from bot.steps.readings import one_or_skip
from bot.steps.wording import read_at

API = "default/kubernetes"
Row = dict[str, Any]


async def read_controllers(cluster: Cluster, agents: list[dict[str, str]], skipped: list[str]) -> list[Row]:
    """Deployments beside the agents; some platforms do without."""
    found = []
    for agent in agents:
        network = find_network(agent["network"])
        for name in network.controllers if network else ():
            place = {"name": f"Deployment {agent['namespace']}/{name}", "network": agent["network"]}
            item = await one_or_skip(cluster.get("Deployment", name, agent["namespace"]), skipped)
            if item:
                facts = {**place, "wanted": item["spec"].get("replicas", 1),
                         "ready": item["status"].get("readyReplicas", 0),
                         "created": item["metadata"].get("creationTimestamp", "")}
                idle = facts["wanted"] and not facts["ready"]
                found.append({**facts, **(await _read_way(cluster, item, skipped) if idle else {})})
            elif item is not None:
                found.append({**place, "absent": True})
    return found


async def _read_way(cluster: Cluster, item: Object, skipped: list[str]) -> Row:
    """{side, policies, api}: a pod of it as one side of a connection, and the API servers as the other, where policies
    may stand between them."""
    meta, template = item["metadata"], item["spec"]["template"]
    own = side({"metadata": {**template.get("metadata", {}), "name": meta["name"], "namespace": meta["namespace"]},
                "spec": template.get("spec", {})}, None)
    policies = [] if own["host"] else await read_policies(cluster, meta["namespace"], skipped)
    target = await read_targets(cluster, API, 0, skipped) if policies else None
    return {"side": own, "policies": policies or [], "api": target["rows"] if target else []}


def judge_controllers(evidence: Evidence) -> list[Finding]:
    found: list[Finding] = []
    for item in evidence["controllers"]:
        if item.get("absent"):
            text = (f"{item['network']} has no {item['name']}: where no platform does its work, what it keeps in order "
                    "for nodes and addresses that come and go is not done.")
            found.append(note(Verdict.INFO, Layer.CNI, text, object=item["name"], evidence=(read_at(evidence),)))
            continue
        if item["ready"] or (item["wanted"] and is_young(item, evidence)):
            continue
        text = (f"{item['name']} of {item['network']} has no ready pod ({item['wanted']} wanted): pods go on, and what "
                "it keeps in order for nodes and addresses that come and go is not done.")
        found += [*_held_back(evidence, item), find("cni.controller", text, verdict=Verdict.WARN, object=item["name"],
                  evidence=(f"{item['name']}: readyReplicas is 0, expected 1; spec.replicas is {item['wanted']}",
                            read_at(evidence)))]
    return found


def _held_back(evidence: Evidence, item: Row) -> list[Finding]:
    if not item.get("api"):
        return []
    own = item["side"]
    told = [(row, decide(item["policies"], "Egress", party(own), party(row["side"]), row["protocol"], row["port"]))
            for row in item["api"]]
    if any(ruling.allowed is not False for _, ruling in told):
        return []
    row, ruling = told[0]
    return [convict({**evidence, "policies": item["policies"], "enforcement": evidence["enforcers"]}, Blocked(
        code="policy.egress", direction="Egress", ruling=ruling, verdict=Verdict.WARN,
        what=f"the way of {item['name']} to the API server",
        wanted=f"port {row['port']}/{row['protocol']} to {row['side']['address']}", namespace=own["namespace"],
        mend=allow("Egress", own, row["side"], row["protocol"], row["port"])))]
