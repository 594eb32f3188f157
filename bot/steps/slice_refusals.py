"""Of a Service whose EndpointSlices the API server does not let the controller write: what it said, and the finding.

The controller (pkg/controller/endpointslice of Kubernetes) tells it as an event of the Service and tries again, ever
more seldom. Mostly an admission webhook stands in the way that meant something else.
"""

import re
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find
from bot.model.finding import Finding, Verdict
from bot.steps import Evidence
from bot.steps.readings import items_or_skip
from bot.steps.refusals import advise
from bot.steps.wording import cut, parse_time, read_at

REASON = "FailedToUpdateEndpointSlices"
PASSES = re.compile(
    r"the object has been modified|already exists|Node \"[^\"]*\" not found"
    r"|^(?!.*calling webhook).*(etcdserver:|timed out|timeout|deadline exceeded|connection refused|unable to handle)")
"""Of what the next attempt mends by itself: it met another change, or an API server that changes its leader. That a
webhook gives no answer is told in the same words, and lasts."""
SLACK = 5.0
"""Seconds by which clocks of pods and controllers may differ."""


async def read_refusal(cluster: Cluster, namespace: str, name: str, skipped: list[str]) -> dict[str, Any]:
    """{message, last} of the newest refusal, {} where no event tells of one."""
    about = f"involvedObject.kind=Service,involvedObject.name={name},reason={REASON}"
    events = await items_or_skip(cluster.list("Event", namespace, fields=about, limit=20), skipped) or ()
    told = [(parse_time(event.get("lastTimestamp") or event.get("eventTime")), str(event.get("message", "")))
            for event in events]
    last, message = max((one for one in told if not PASSES.search(one[1])), default=(0.0, ""))
    return {"message": cut(_reason(message), 400), "last": last} if message else {}


def _reason(message: str) -> str:
    """Without the names of slices and Service that the controller puts before it, twice."""
    return re.split(r"for Service \S+: ", message)[-1]


def find_refused(evidence: Evidence, service: str, since: float, verdict: Verdict, *told: str) -> Finding | None:
    """`service`: "Service namespace/name". `since`: when its endpoints should first have been written anew; what was
    refused before that is over."""
    refused = evidence.get("refused") or {}
    if not refused or refused["last"] < since - SLACK:
        return None
    namespace = service.removeprefix("Service ").split("/")[0]
    text = (f"The API server does not let the controller write the EndpointSlices of {service}, which are out of date "
            f"therefore: {refused['message']}.")
    return find("service.endpoints.refused", text, verdict=verdict, object=service,
                evidence=(*told, f"event {REASON}: {cut(refused['message'])}", read_at(evidence)),
                advice=advise(refused["message"], namespace))
