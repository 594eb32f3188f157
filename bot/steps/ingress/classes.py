"""`ingress.class`: does a controller serve the Ingress's class?

An Ingress does nothing by itself: only a controller that serves its class makes a way of it
(https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class).
"""

from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.ingress.controllers import find_workloads, pick, read_pods, recognise
from bot.steps.ingress.objects import IngressArgs, read_ingress
from bot.steps.patience import GRACE
from bot.steps.readings import items_or_skip, or_skip
from bot.steps.wording import list_names, read_at

DEFAULT = "ingressclass.kubernetes.io/is-default-class"


async def gather_class(cluster: Cluster, args: IngressArgs) -> Evidence:
    skipped: list[str] = []
    ingress = await read_ingress(cluster, args, skipped)
    evidence: Evidence = {"ingress": ingress, "classes": [], "workloads": None, "pod": ""}
    if ingress:
        evidence["classes"] = await read_classes(cluster, skipped)
        chosen = choose_class(ingress, evidence["classes"])
        known = recognise(chosen["controller"]) if chosen else None
        if chosen and known and known.names:
            workloads = await or_skip(find_workloads(cluster, known), skipped)
            evidence["workloads"] = workloads and (pick(workloads, chosen) or workloads)
            evidence["pod"] = await _pod(cluster, evidence["workloads"] or [], skipped)
    return {**evidence, "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now}


async def read_classes(cluster: Cluster, skipped: list[str]) -> list[dict[str, Any]] | None:
    items = await items_or_skip(cluster.list("IngressClass"), skipped)
    return None if items is None else [
        {"name": i["metadata"]["name"], "controller": i.get("spec", {}).get("controller", ""),
         "default": (i["metadata"].get("annotations") or {}).get(DEFAULT) == "true"} for i in items]


async def _pod(cluster: Cluster, workloads: list[dict[str, Any]], skipped: list[str]) -> str:
    """One pod of the controller, as namespace/name: who asks the backends."""
    for workload in workloads:
        for pod in await read_pods(cluster, workload, skipped):
            return f"{workload['namespace']}/{pod['metadata']['name']}"
    return ""


def choose_class(ingress: dict[str, Any], classes: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    """The class that counts: the one it names, else the default one."""
    classes = classes or []
    named = ingress["class"] or ingress["old_class"]
    if named:
        return next((one for one in classes if one["name"] == named), None)
    return next((one for one in classes if one["default"]), None)


def judge_class(evidence: Evidence, args: IngressArgs) -> Judgement:
    ingress, skipped = evidence["ingress"], tell_skipped(evidence, Layer.INGRESS)
    if ingress is None:
        return Judgement(skipped)
    outputs = {"controller_pod": evidence["pod"]}
    if evidence["classes"] is None:
        return Judgement(skipped, outputs)
    chosen = choose_class(ingress, evidence["classes"])
    found = _unserved(evidence) if chosen is None else _controller(evidence, chosen)
    return Judgement((found, *skipped), outputs)


def _unserved(evidence: Evidence) -> Finding:
    """No class of that name, or none at all. An old annotation needs no IngressClass: an address shows that it works.
    """
    ingress = evidence["ingress"]
    has = list_names(one["name"] for one in evidence["classes"]) or "none"
    named = ingress["class"] or ingress["old_class"]
    if ingress["addresses"] and not ingress["class"]:
        text = f"{ingress['name']} has an address, {list_names(ingress['addresses'])}, so a controller serves it."
        return note(Verdict.INFO, Layer.INGRESS, text, object=ingress["name"], evidence=(read_at(evidence),))
    if named:
        where = "ingressClassName" if ingress["class"] else "annotation kubernetes.io/ingress.class"
        text = f"{ingress['name']} is of class {named}, which does not exist: no controller serves it. There is {has}."
        return find("ingress.class.missing", text, object=ingress["name"],
                    evidence=(f"{ingress['name']}: {where} is {named}", f"IngressClasses: {has}", read_at(evidence)))
    text = f"{ingress['name']} names no class, and no IngressClass is the default: no controller serves it."
    return find("ingress.class.none", text, object=ingress["name"],
                evidence=(f"{ingress['name']}: ingressClassName is not set", f"IngressClasses: {has}, no default",
                          read_at(evidence)))


def _controller(evidence: Evidence, chosen: dict[str, str]) -> Finding:
    ingress, workloads = evidence["ingress"], evidence["workloads"]
    what = f"{ingress['name']} is of class {chosen['name']}, for {chosen['controller']}"
    line = f"IngressClass {chosen['name']}: spec.controller is {chosen['controller']}"
    if workloads and not any(w["ready"] for w in workloads):
        given = f"; the address {list_names(ingress['addresses'], 3)} stays written" if ingress["addresses"] else ""
        text = f"{what}, and {workloads[0]['name']} has no ready pod{given}."
        return find("ingress.controller.not-ready", text, object=str(workloads[0]["name"]), evidence=(
            line, f"{workloads[0]['name']}: 0 of {workloads[0]['wanted']} pods ready", read_at(evidence)))
    if ingress["addresses"]:
        text = f"{what}, which gave it {list_names(ingress['addresses'], 3)}; the way in was not tested."
    elif workloads == [] and evidence["read_at"] - ingress["created"] > GRACE:
        text = f"{what}, and no Deployment or DaemonSet of that controller runs."
        return find("ingress.controller.missing", text, object=f"IngressClass {chosen['name']}", verdict=Verdict.WARN,
                    evidence=(line, f"{ingress['name']}: status.loadBalancer is empty", read_at(evidence)))
    else:
        who = f"{workloads[0]['name']} runs" if workloads else "whether that runs is not known"
        text = f"{what}; {who}, and it has given the Ingress no address (not all do)."
        return note(Verdict.INFO, Layer.INGRESS, text, object=ingress["name"], evidence=(line, read_at(evidence)))
    return note(Verdict.PASS, Layer.INGRESS, text, object=ingress["name"], evidence=(line, read_at(evidence)))


CLASS = Look(
    name="ingress.class", args=IngressArgs, gather=gather_class, judge=judge_class,
    reads=("get ingresses.networking.k8s.io", "list ingressclasses.networking.k8s.io",
           "list deployments.apps", "get deployments.apps", "list daemonsets.apps", "get daemonsets.apps", "list pods"),
    by_hand="`kubectl -n NAMESPACE describe ingress NAME`, `kubectl get ingressclasses` "
    "(https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class)",
)
