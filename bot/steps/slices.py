"""What the looks at DNS and at Services share about EndpointSlices."""

import asyncio

from bot.cluster import Cluster
from bot.diagnosis.causes import find
from bot.model.finding import Finding, Verdict
from bot.steps import Evidence
from bot.steps.wording import list_names, read_at

CONTROLLER = "endpointslice-controller.k8s.io"
"""Who keeps slices by selector. Without one it leaves them as they were; slices of others are kept by hand."""
SETTLE = 3.0
"""Seconds after a change of a Service until its EndpointSlices must have followed."""


async def let_follow(cluster: Cluster, changed: float) -> None:
    """Waits until the slices of a Service that was written at this time are what it asks for."""
    age = cluster.now - changed
    if 0 <= age < SETTLE:
        await asyncio.sleep(SETTLE - age)


def find_beside(cause: str, evidence: Evidence, own: set[str]) -> Finding | None:
    """Ready addresses that somebody wrote into a slice of his own and no pod has (`own`: those of the selected pods),
    where the controller keeps the Service's slices: proxies take all of them together."""
    strange = {piece["name"]: dead for piece in evidence["slices"] if not piece.get("managed", CONTROLLER)
               if (dead := [e["address"] for e in piece["endpoints"]
                            if e["ready"] and not e.get("uid") and e["address"] not in own])}
    if not strange:
        return None
    name, dead = next(iter(strange.items()))
    service = evidence["service"]["name"]
    namespace = service.removeprefix("Service ").split("/")[0]
    text = (f"EndpointSlice {namespace}/{name}, which no controller keeps, adds {list_names(dead)} to {service}: no "
            "pod that it selects has this address, and a part of all traffic goes there.")
    return find(
        cause, text, verdict=Verdict.WARN, object=f"EndpointSlice {namespace}/{name}",
        evidence=(f"EndpointSlice {namespace}/{name}: {list_names(dead)}, expected addresses of {service}'s pods",
                  read_at(evidence)),
        advice=f"See who made it (`kubectl -n {namespace} get endpointslice {name} -o yaml`), then "
        f"`kubectl -n {namespace} delete endpointslice {name}`.",
    )
