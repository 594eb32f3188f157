"""`service.policy`: do NetworkPolicies let clients through to the Service's pods? (SVC-13; page: NetworkPolicy).

Policies see the pod and its port, not the Service and its. Evaluated, not tried.
"""

import asyncio
from dataclasses import replace
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import note
from bot.diagnosis.policy_evaluation import Direction, Ruling, decide
from bot.diagnosis.policy_selectors import selects
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.policy.clients import anybody
from bot.steps.policy.enforcement import read_enforcers
from bot.steps.policy.facts import namespace_labels, party, reach, read_policies, side
from bot.steps.policy.targets import read_side
from bot.steps.policy.verdicts import Blocked, convict
from bot.steps.policy.words import write_policy
from bot.steps.services.objects import find_target, member, read_selected, read_service
from bot.steps.services.ports import PortArgs, is_asked
from bot.steps.wording import list_names, read_at

MOST_PORTS = 3


class PolicyArgs(PortArgs):
    """Asks what NetworkPolicies say about the Service's pods: to everybody, or to `client`, "namespace/name" of a pod.
    """

    client: str = Field(default="", pattern=r"^$|^[a-z0-9-]+/[a-z0-9.-]+$")


async def gather_policy(cluster: Cluster, args: PolicyArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    found, _ = await read_selected(cluster, service, skipped) if service and service["selector"] else (None, 0)
    live = [pod for pod in found or () if not member(pod)["gone"] and member(pod)["ips"]]
    server = side(live[0], None) if live else None
    client = await read_side(cluster, args.client, skipped)
    spaces = dict.fromkeys((args.namespace, *([client["namespace"]] if client else [])))
    lists = await asyncio.gather(*(read_policies(cluster, space, skipped) for space in spaces)) if server else []
    mine = [p for told in lists for p in told or () if any(_may_select(p, one) for one in (server, client) if one)]
    enforcement = None
    if mine and server:
        enforcement = await read_enforcers(cluster)
        for one in filter(None, (server, client)):
            one["namespace_labels"] = await namespace_labels(cluster, one["namespace"], skipped)
    ports = [(port["port"], port["protocol"], number) for port in (service or {"ports": []})["ports"]
             if live and is_asked(port, args.port) and (number := find_target(port, member(live[0])))]
    return {
        "namespace": args.namespace, "service": service, "server": server, "client": client, "policies": mine,
        "known": None not in lists, "ports": ports[:MOST_PORTS], "enforcement": enforcement,
        "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now,
    }


def _may_select(policy: dict[str, Any], pod: dict[str, Any]) -> bool:
    here = policy["metadata"]["namespace"] == pod["namespace"] and not pod["host"]
    return here and selects(policy["spec"].get("podSelector") or {}, pod["labels"]) is not False


def judge_policy(evidence: Evidence, args: PolicyArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.POLICY)
    if not evidence["server"] or not evidence["ports"] or not evidence["known"]:
        text = f"Service {args.service} has no pod and port that policies could be about."
        return Judgement(skipped or (note(Verdict.SKIPPED, Layer.POLICY, text),))
    if args.client and not evidence["client"]:
        text = f"There is no Pod {args.client}, from which policies could be looked at."
        return Judgement(skipped or (note(Verdict.UNKNOWN, Layer.POLICY, text, evidence=(read_at(evidence),)),))
    told = [(port, direction, ruling) for port in evidence["ports"] for direction, ruling in _rule(evidence, port)]
    blocked = next((one for one in told if one[2].allowed is False), None)
    if blocked:
        return Judgement((_blocked(evidence, args, *blocked), *skipped))
    return Judgement((_open(evidence, args, [ruling.allowed for _, _, ruling in told]), *skipped))


def _rule(evidence: Evidence, port: list[Any]) -> list[tuple[Direction, Ruling]]:
    _, protocol, number = port
    server, policies = party(evidence["server"]), evidence["policies"]
    if not evidence["client"]:
        return [("Ingress", _rule_all(evidence, protocol, number))]
    rulings = reach(policies, party(evidence["client"]), server, protocol, number)
    return [("Egress", rulings["Egress"]), ("Ingress", rulings["Ingress"])]


def _rule_all(evidence: Evidence, protocol: str, number: int) -> Ruling:
    """What is so for everybody: for the pods of the Service's own namespace, and for those of others."""
    facts = evidence["server"]
    crowds = (anybody(facts, facts["namespace"], facts["namespace_labels"]), anybody(facts))
    told = [decide(evidence["policies"], "Ingress", party(facts), crowd, protocol, number) for crowd in crowds]
    same = len({ruling.allowed for ruling in told}) == 1
    return replace(told[0], allowed=told[0].allowed if same else None)


def _open(evidence: Evidence, args: PolicyArgs, allowed: list[bool | None]) -> Finding:
    who, name = f"Pod {args.client}" if args.client else "every pod", evidence["service"]["name"]
    if all(allowed):
        text = f"NetworkPolicies let {who} through to the pods of {name}; path not tested."
        return note(Verdict.PASS, Layer.POLICY, text, object=name, evidence=(read_at(evidence),))
    names = list_names(f"{p['metadata']['namespace']}/{p['metadata']['name']}" for p in evidence["policies"])
    if args.client:
        text = f"Whether NetworkPolicy {names} lets {who} through to {name} depends on what was not read."
        return note(Verdict.UNKNOWN, Layer.POLICY, text, object=name, evidence=(read_at(evidence),))
    text = f"NetworkPolicy {names} lets some pods through to those of {name} and others not: say from=namespace/pod."
    return note(Verdict.INFO, Layer.POLICY, text, object=name, evidence=(read_at(evidence),))


def _blocked(
    evidence: Evidence, args: PolicyArgs, port: list[Any], direction: Direction, ruling: Ruling
) -> Finding:
    outward, server, client = direction == "Egress", evidence["server"], evidence["client"]
    who, name = f"Pod {args.client}" if client else "all clients", evidence["service"]["name"]
    ports = [{"protocol": port[1], "port": port[2]}]
    home = client["namespace"] if outward else evidence["namespace"]
    subject = {k: v for k, v in (client if outward else server)["labels"].items() if not k.endswith("-hash")}
    peers = {"to": [_peer(server)]} if outward else ({"from": [_peer(client)]} if client else {})
    mend = write_policy(f"allow-{args.name}", home, {"matchLabels": subject}, direction,
                        [{**peers, "ports": ports}])
    return convict(evidence, Blocked(
        code="service.policy.egress" if outward else "service.policy.ingress", direction=direction, ruling=ruling,
        verdict=Verdict.FAIL, what=f"{who} from the pods of {name}", wanted=f"port {port[2]}/{port[1]}"
        + (f" to {name}" if outward else (f" from {who}" if client else "")), namespace=home, mend=mend))


def _peer(pod: dict[str, Any]) -> dict[str, Any]:
    labels = {key: value for key, value in pod["labels"].items() if not key.endswith("-hash")}
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": pod["namespace"]}},
            "podSelector": {"matchLabels": labels}}


POLICY = Look(
    name="service.policy", args=PolicyArgs, gather=gather_policy, judge=judge_policy,
    reads=("get services", "list pods", "get pods", "get namespaces", "list networkpolicies.networking.k8s.io",
           "list daemonsets.apps", "get daemonsets.apps", "get /version"),
    by_hand="`kubectl -n NAMESPACE get networkpolicies -o yaml` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/"
    "#any-network-policy-ingress-rules-affecting-the-target-pods)",
)
