"""`ingress.log`: what the controller's log says against an Ingress, its Services and its Secrets.

Every controller words it in its own way, and a line does not tell whether it was overcome since. So lines are quoted,
and nothing is concluded from them. For TLS they are the one sign of a Secret that is missing: Secrets are never read.
"""

import re
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import note
from bot.model.finding import Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.ingress.objects import IngressArgs, read_ingress
from bot.steps.pod_logs import read_log
from bot.steps.policy.targets import read_pod
from bot.steps.wording import cut, read_at

TAIL, MOST = 300, 3
COMPLAINT = re.compile(
    r"^[WEF]\d{4} |level\"?[=:] ?\"?(warn|err|fatal)|\b(warn(ing)?|error|failed|cannot|invalid|ignoring|not found|"
    r"no endpoints|unavailable)\b", re.IGNORECASE)
"""A line of a log that is no mere notice: by its level, where it has one of the usual ones, or by its words."""


class LogArgs(IngressArgs):
    """Reads the log of a controller's pod for what it says against one Ingress. `pod`: "namespace/name"."""

    pod: str = Field(pattern=r"^[a-z0-9-]+/[a-z0-9.-]+$")


async def gather_log(cluster: Cluster, args: LogArgs) -> Evidence:
    skipped: list[str] = []
    ingress, pod = await read_ingress(cluster, args, skipped), await read_pod(cluster, args.pod, skipped)
    log = None
    if ingress and pod:
        space, name = args.pod.split("/")
        log = await read_log(cluster, space, name, pod["spec"]["containers"][0]["name"], skipped, tail=TAIL,
                             previous=False)
    lines = [cut(line, 300) for line in log.text.splitlines() if _is_meant(line, ingress)] if log and ingress else []
    return {"read_at": cluster.now, "read": bool(log and not log.error), "error": log.error if log else "",
            "lines": list(dict.fromkeys(lines))[-MOST:], "skipped": list(dict.fromkeys(skipped))}


def _is_meant(line: str, ingress: dict[str, Any]) -> bool:
    """Whether it complains, and names the Ingress, a Service or a Secret of it."""
    names = {ingress["plain"], *ingress["secrets"], *(backend["service"] for backend in ingress["backends"])} - {""}
    places = "|".join(re.escape(f"{ingress['namespace']}/{name}") for name in sorted(names))
    return bool(COMPLAINT.search(line) and re.search(rf"(?<![\w.-])({places})(?![\w.-])", line))


def judge_log(evidence: Evidence, args: LogArgs) -> Judgement:
    skipped, read = tell_skipped(evidence, Layer.INGRESS), (read_at(evidence),)
    if evidence["error"]:
        text = f"The log of Pod {args.pod} could not be read: {evidence['error']}."
        return Judgement((note(Verdict.UNKNOWN, Layer.INGRESS, text, evidence=read), *skipped))
    if not evidence["read"]:
        return Judgement(skipped or (note(Verdict.SKIPPED, Layer.INGRESS, f"There is no log of Pod {args.pod}."),))
    if evidence["lines"]:
        text = (f"The log of Pod {args.pod} complains about Ingress {args.ingress} or what it names: "
                f"“{evidence['lines'][-1]}”. Whether that was overcome since, it does not tell.")
        found = note(Verdict.INFO, Layer.INGRESS, text, evidence=(*evidence["lines"], *read), advice="See whether the "
                     f"line comes again: `kubectl -n {args.pod.split('/')[0]} logs {args.pod.split('/')[1]} -f`.")
    else:
        text = f"The last {TAIL} lines that Pod {args.pod} logged hold no complaint about Ingress {args.ingress}."
        found = note(Verdict.PASS, Layer.INGRESS, text, evidence=read)
    return Judgement((found, *skipped))


LOG = Look(
    name="ingress.log", args=LogArgs, gather=gather_log, judge=judge_log,
    # Not pods/log: whoever wants a controller's log read permits it, in that namespace (rbac.logs.namespaces).
    reads=("get ingresses.networking.k8s.io", "get pods"),
    by_hand="`kubectl -n NAMESPACE logs POD --tail=300` of the controller "
    "(https://kubernetes.io/docs/concepts/services-networking/ingress-controllers/)",
)
