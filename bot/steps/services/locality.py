"""`service.locality`: are clients led to pods of their own node only, and are there any?"""

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.nodes.status import list_fit, read_nodes
from bot.steps.readings import one_or_skip
from bot.steps.services.objects import ServiceArgs, read_service, read_slices, ready_endpoints
from bot.steps.wording import list_names, read_at


class LocalityArgs(ServiceArgs):
    """Compares the nodes of a Service's endpoints with those of clients. `client`: "namespace/name" of one pod."""

    client: str = Field(default="", pattern=r"^$|^[a-z0-9-]+/[a-z0-9.-]+$")


async def gather_locality(cluster: Cluster, args: LocalityArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    evidence: Evidence = {"service": service, "slices": None, "fit": [], "client": None}
    if service and service["internal"] == "Local":
        nodes = await read_nodes(cluster, (), skipped)
        evidence |= {"slices": await read_slices(cluster, service, skipped), "fit": list_fit(nodes["read"])}
        evidence["client"] = await _client_node(cluster, args.client, skipped) if args.client else None
    return {**evidence, "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now}


async def _client_node(cluster: Cluster, client: str, skipped: list[str]) -> str | None:
    namespace, name = client.split("/")
    pod = await one_or_skip(cluster.get("Pod", name, namespace), skipped)
    return str(pod["spec"].get("nodeName", "")) if pod else None


def judge_locality(evidence: Evidence, args: LocalityArgs) -> Judgement:
    service, skipped = evidence["service"], tell_skipped(evidence, Layer.SERVICE)
    blind = evidence["slices"] is None or not (evidence["fit"] or evidence["client"])
    if service is None or (service["internal"] == "Local" and blind):
        return Judgement(skipped)
    told = _local(evidence, args.client) if service["internal"] == "Local" else None
    return Judgement((told or _anywhere(evidence), *skipped))


def _anywhere(evidence: Evidence) -> Finding:
    service = evidence["service"]
    sticky = "; each client stays with one pod (sessionAffinity ClientIP)" if service["affinity"] == "ClientIP" else ""
    far = "of the client's node, and each node has one" if service["internal"] == "Local" else "of any node"
    near = f", those near the client first (trafficDistribution {service['distribution']})" \
        if service.get("distribution") else ""
    text = f"Clients of {service['name']} are led to pods {far}{near}{sticky}; path not tested."
    verdict = Verdict.INFO if sticky else Verdict.PASS
    return note(verdict, Layer.SERVICE, text, object=service["name"], evidence=(read_at(evidence),))


def _local(evidence: Evidence, client: str) -> Finding | None:
    service = evidence["service"]
    homes = sorted({e["node"] for e in ready_endpoints(evidence["slices"])})
    without = [name for name in evidence["fit"] if name not in homes]
    if evidence["client"] is not None:
        without = [evidence["client"]] if evidence["client"] not in homes else []
    if not homes:
        text = f"{service['name']} has internalTrafficPolicy Local and no ready endpoint, on whatever node."
        return note(Verdict.INFO, Layer.SERVICE, text, object=service["name"], evidence=(read_at(evidence),))
    if not without:
        return None
    who = f"Pod {client} on {without[0]}" if evidence["client"] else f"pods on {list_names(without)}"
    text = (f"{service['name']} has internalTrafficPolicy Local and ready endpoints on {list_names(homes)} only: {who} "
            "cannot reach it.")
    verdict = Verdict.FAIL if evidence["client"] else Verdict.WARN
    return find("service.internal-local", text, verdict=verdict, object=service["name"], evidence=(
        f"{service['name']}: internalTrafficPolicy Local", f"ready endpoints on {list_names(homes)}",
        read_at(evidence)))


LOCALITY = Look(
    name="service.locality", args=LocalityArgs, gather=gather_locality, judge=judge_locality,
    reads=("get services", "list endpointslices.discovery.k8s.io", "list nodes", "get pods"),
    by_hand="`kubectl -n NAMESPACE get service NAME -o yaml` (internalTrafficPolicy, sessionAffinity), `kubectl -n "
    "NAMESPACE get endpointslices -l kubernetes.io/service-name=NAME -o wide` "
    "(https://kubernetes.io/docs/reference/networking/virtual-ips/#internal-traffic-policy)",
)
