"""`ingress.gateway`: what the controller of a Gateway says about it and about an HTTPRoute: their conditions.

Source: https://gateway-api.sigs.k8s.io/guides/implementers/#resource-status and its reference of conditions.
"""

from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.ingress.objects import IngressArgs, read_gateway_object
from bot.steps.patience import GRACE
from bot.steps.wording import cut, list_names, name_object, parse_time, read_at

MOST_PARENTS = 3
Json = dict[str, Any]
CAUSES = {
    "Accepted": "gateway.not-accepted", "ResolvedRefs": "gateway.unresolved", "Programmed": "gateway.not-programmed",
}
"""Conditions that must be True, and what it means where they are False."""


async def gather_gateway(cluster: Cluster, args: IngressArgs) -> Evidence:
    skipped: list[str] = []
    route = await read_gateway_object(cluster, "HTTPRoute", args.namespace, args.name, skipped)
    wanted = _parents(route) if route else [(args.namespace, args.name)]
    found = [(place, await read_gateway_object(cluster, "Gateway", *place, skipped)) for place in wanted[:MOST_PARENTS]]
    told = [_gateway(item) for _, item in found if item]
    missing = [f"{space}/{name}" for (space, name), item in found if item is None] if route and not skipped else []
    return {"objects": [*([_route(route)] if route else []), *told], "missing": missing,
            "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now}


def _parents(route: Object) -> list[tuple[str, str]]:
    home = route["metadata"]["namespace"]
    return list(dict.fromkeys((ref.get("namespace", home), ref["name"])
                              for ref in route.get("spec", {}).get("parentRefs") or ()
                              if ref.get("kind", "Gateway") == "Gateway"))


def _route(route: Object) -> Json:
    parents = route.get("status", {}).get("parents") or ()
    told = [(f"for {p['parentRef'].get('name', '')}", c) for p in parents for c in p.get("conditions") or ()]
    return _facts("HTTPRoute", route, told)


def _gateway(item: Object) -> Json:
    status = item.get("status", {})
    told = [("", c) for c in status.get("conditions") or ()]
    told += [(f"listener {one['name']}", c) for one in status.get("listeners") or ()
             for c in one.get("conditions") or ()]
    return _facts("Gateway", item, told)


def _facts(kind: str, item: Object, told: list[tuple[str, Object]]) -> Json:
    meta = item["metadata"]
    return {
        "name": name_object(kind, item), "created": parse_time(meta.get("creationTimestamp")),
        "generation": meta.get("generation", 0), "class": item.get("spec", {}).get("gatewayClassName", ""),
        "conditions": [{"of": of, "type": c["type"], "status": c["status"], "reason": c.get("reason", ""),
                        "message": cut(c.get("message", ""), 500), "seen": c.get("observedGeneration", 0)}
                       for of, c in told],
    }


def judge_gateway(evidence: Evidence, args: IngressArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.INGRESS)
    found = [f for item in evidence["objects"] for f in _judge(evidence, item)]
    found += [_no_gateway(evidence, name) for name in evidence["missing"]]
    if not found and evidence["objects"]:
        names = list_names(item["name"] for item in evidence["objects"])
        text = f"The controller has accepted {names} and resolved what they name; the way in was not tested."
        found = [note(Verdict.PASS, Layer.INGRESS, text, object=evidence["objects"][0]["name"],
                      evidence=(read_at(evidence),))]
    return Judgement((*found, *skipped))


def _no_gateway(evidence: Evidence, name: str) -> Finding:
    route = evidence["objects"][0]["name"]
    return find("gateway.missing", f"{route} names the Gateway {name}, which does not exist.", object=route,
                evidence=(f"{route}: parentRefs names {name}", f"Gateway {name}: not found", read_at(evidence)))


def _judge(evidence: Evidence, item: Json) -> list[Finding]:
    told = [c for c in item["conditions"] if c["type"] in CAUSES]
    bad = [c for c in told if c["status"] == "False"]
    undecided = [c for c in told if c["status"] == "Unknown"]
    if bad:
        return [_tell(evidence, item, condition) for condition in bad]
    if told and len(undecided) < len(told):
        return [_undecided(evidence, item, condition) for condition in undecided]
    age = evidence["read_at"] - item["created"]
    what = f" of class {item['class']}" if item["class"] else ""
    text = f"No controller has said anything about {item['name']}{what}."
    lines = (f"{item['name']}: no condition Accepted, expected True", read_at(evidence))
    if age < GRACE:
        return [note(Verdict.UNKNOWN, Layer.INGRESS, f"{text} It is new.", object=item["name"], evidence=lines)]
    return [find("gateway.unclaimed", text, object=item["name"], evidence=lines)]


def _tell(evidence: Evidence, item: Json, condition: Json) -> Finding:
    text = f"{_subject(item, condition)} is not {condition['type']}{_said(item, condition)}"
    return find(CAUSES[condition["type"]], text, object=item["name"], evidence=_lines(evidence, item, condition))


def _undecided(evidence: Evidence, item: Json, condition: Json) -> Finding:
    text = (f"Whether {_subject(item, condition)} is {condition['type']} its controller does not know yet"
            f"{_said(item, condition)}")
    return note(Verdict.UNKNOWN, Layer.INGRESS, text, object=item["name"], evidence=_lines(evidence, item, condition))


def _subject(item: Json, condition: Json) -> str:
    return " ".join(filter(None, (item["name"], condition["of"])))


def _said(item: Json, condition: Json) -> str:
    """In the controller's own words."""
    old = " (said of an older form of it)" if condition["seen"] < item["generation"] else ""
    words = ": ".join(filter(None, (condition["reason"], condition["message"].rstrip("."))))
    return f"{old}: {words}."


def _lines(evidence: Evidence, item: Json, condition: Json) -> tuple[str, ...]:
    line = (f"{_subject(item, condition)}: condition {condition['type']} is {condition['status']}, expected True; "
            f"reason {condition['reason'] or '(none)'}")
    return line, read_at(evidence)


GATEWAY = Look(
    name="ingress.gateway", args=IngressArgs, gather=gather_gateway, judge=judge_gateway,
    reads=("get httproutes.gateway.networking.k8s.io", "get gateways.gateway.networking.k8s.io"),
    by_hand="`kubectl -n NAMESPACE get httproute NAME -o yaml` (status.parents), `kubectl -n NAMESPACE get gateway "
    "NAME -o yaml` (status) (https://kubernetes.io/docs/concepts/services-networking/gateway/)",
)
