"""`api.answers`: does the API server answer? The first step of every run: one finding, not forty."""

import asyncio
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.errors import ClusterError, Malformed, ServerFailed, TimedOut, Unauthorized, Unreachable
from bot.model.finding import Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.wording import cut, read_at

PATIENCE = 8.0
"""Seconds until a silent API server counts as not reachable."""


class ApiArgs(Args):
    """Asks the API server for its version."""


async def gather_answer(cluster: Cluster, args: ApiArgs) -> Evidence:
    evidence: dict[str, Any] = {"server": cluster.server, "cluster": cluster.name}
    try:
        async with asyncio.timeout(PATIENCE):
            version = await cluster.version()
    except (Unreachable, Unauthorized, ServerFailed, TimedOut, Malformed) as error:
        return {**evidence, "read_at": cluster.now, "error": {"class": type(error).__name__, "message": str(error)}}
    except TimeoutError:
        told = {"class": "TimedOut", "message": f"no answer within {PATIENCE:g} s"}
        return {**evidence, "read_at": cluster.now, "error": told}
    except ClusterError as error:  # it answers; what it refuses is said by the steps that need it
        return {**evidence, "read_at": cluster.now, "refused": str(error)}
    return {**evidence, "read_at": cluster.now, "version": version.get("gitVersion", "")}


def judge_answer(evidence: Evidence, args: ApiArgs) -> Judgement:
    server = evidence["server"]
    error = evidence.get("error")
    if error is None:
        version = evidence.get("version", "")
        told = f"The API server {server} answers" + (f", version {version}" if version else "")
        passed = note(Verdict.PASS, Layer.API, told + ".", evidence=(read_at(evidence),))
        return Judgement((passed,), {"version": version})
    refused = error["class"] == "Unauthorized"
    said = "does not accept the credentials" if refused else "is not reachable"
    finding = find(
        "api.unreachable", f"API server {server} {said}: {cut(error['message'])}", object=f"API server {server}",
        evidence=(f"{error['class']}: {cut(error['message'])}",),
        advice="Renew the credentials in the kubeconfig (`kubectl auth whoami` tries them)." if refused else "",
    )
    return Judgement((finding,))


ANSWERS = Look(
    name="api.answers", args=ApiArgs, gather=gather_answer, judge=judge_answer, reads=("get /version",),
    by_hand="`kubectl version` and `kubectl get --raw /readyz` "
    "(https://kubernetes.io/docs/tasks/debug/debug-cluster/)",
)
