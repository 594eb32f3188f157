"""What an agent's DaemonSet, pods, rights and log lines speak for. Pure.

A missing or unready agent is told by node, with the cause that its log names; a right that is missing is told once for
all nodes. Rollouts, new nodes and dead nodes explain themselves, unless the API server refuses to make the pods, the
DaemonSet itself keeps them off a node, or they crash again and again.
"""

import re
from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import Network
from bot.steps import Evidence
from bot.steps.cni.facts import advise
from bot.steps.cni.log_lines import API, RIGHTS, Told, read_lines
from bot.steps.daemons import is_gone, is_starting, troubled, why_not_there
from bot.steps.nodes.status import count_down, is_unconfigured, is_young, list_fit
from bot.steps.wording import cut, list_names, read_at

Agent = dict[str, Any]
VIOLATES = re.compile(r'violates PodSecurity "(?P<level>[^:"]+)')


def judge_agent(evidence: Evidence, agent: Agent, network: Network) -> list[Finding]:
    denied = [row["right"] for row in agent["rights"] if not row["allowed"]]
    found = [_forbidden(evidence, agent, network, denied)] if denied else []
    refused = agent["refusals"]
    if refused and agent["daemon"]["current"] < agent["daemon"]["desired"]:
        return [*found, _refused(evidence, agent, network)]
    return [*found, *_doubted(evidence, agent, network, denied), *_short(evidence, agent, network, denied)]


def _verdict(agent: Agent) -> Verdict:
    return Verdict.WARN if agent["daemon"]["ready"] else Verdict.FAIL


def _account(agent: Agent) -> str:
    """What findings about missing rights name."""
    return f"ServiceAccount {agent['daemon']['namespace']}/{agent['daemon']['account']}"


def _forbidden(evidence: Evidence, agent: Agent, network: Network, denied: list[str]) -> Finding:
    daemon, account = agent["daemon"], _account(agent)
    lines = [f"{pod}: {cut(told.text)}" for pod, lines in agent["logs"].items()
             for told in read_lines(network, lines) if told.cause == RIGHTS]
    user = f"system:serviceaccount:{daemon['namespace']}:{daemon['account']}"
    text = (f"{account}, which {network.name}'s agents run as, may not {list_names(denied, 4, 'or')}: agents that "
            "start now do not come up, and those that run no longer learn of nodes.")
    advice = (f"Give {account} its ClusterRole and ClusterRoleBinding again, as {network.name}'s manifest has them "
              f"(`kubectl get clusterrolebindings -o wide | grep {daemon['account']}`); check with `kubectl auth can-i "
              f"list nodes --as={user}`, then `kubectl -n {daemon['namespace']} rollout restart daemonset "
              f"{daemon['plain']}`.")
    return find(RIGHTS, text, verdict=_verdict(agent), object=account,
                evidence=(f"access review as {user}: {', '.join(f'{d}: no' for d in denied)}", *lines[:2],
                          read_at(evidence)), advice=advice)


def _refused(evidence: Evidence, agent: Agent, network: Network) -> Finding:
    """The API server lets no pod of the DaemonSet be made: mostly Pod Security."""
    daemon, why = agent["daemon"], agent["refusals"][0]
    secure = VIOLATES.search(why)
    place = f"Namespace {daemon['namespace']}"
    level = (f"{place}: Pod Security enforces {secure['level']}, expected privileged",) if secure else ()
    label = f"`kubectl label namespace {daemon['namespace']} --overwrite pod-security.kubernetes.io/enforce=privileged`"
    text = (f"Pods of {daemon['name']} ({network.name}) cannot be made in {place} ({daemon['current']} of "
            f"{daemon['desired']} are there): {cut(why, 200)}")
    about = place if secure else daemon["name"]
    return find("cni.agent.refused", text, verdict=_verdict(agent), object=about,
                evidence=(f"event FailedCreate of {daemon['name']}: {cut(why)}", *level, read_at(evidence)),
                advice=label if secure else "")


def _doubted(evidence: Evidence, agent: Agent, network: Network, denied: list[str]) -> list[Finding]:
    """Agents that are Ready and whose log says that they do not work: those without a probe."""
    found = []
    for pod in agent["pods"] or ():
        if pod["ready"] and not is_gone(pod) and network.silent:
            found += _lines(evidence, agent, network, pod, denied)
    return found


def _lines(
    evidence: Evidence, agent: Agent, network: Network, pod: dict[str, Any], denied: list[str]
) -> list[Finding]:
    """One finding for each cause that the pod's log names, or its probe: that of a new pod has peers to find yet. What
    the reviews allow again is history."""
    found: list[Finding] = []
    probe = "" if is_young(pod, evidence) else agent["unhealthy"].get(pod["name"], "")
    for told in read_lines(network, [*agent["logs"].get(pod["name"], []), probe]):
        code = _api(agent, told) if told.cause == API else told.cause
        if (code == RIGHTS and (denied or agent["rights"])) or any(code == f.cause for f in found):
            continue
        text = f"{network.name}'s agent on node {pod['node']} does not work: {told.means}."
        about = _account(agent) if code == RIGHTS else agent["daemon"]["name"]
        found.append(find(code, text, verdict=_verdict(agent), object=about, node=pod["node"],
                          advice=advise(code, agent["daemon"]),
                          evidence=(f"{pod['name']}: {cut(told.text)}", read_at(evidence))))
    return found


def _api(agent: Agent, told: Told) -> str:
    host = told.to.rpartition(":")[0].strip("[]")
    return "cni.agent.api" if host in agent["service"] else "cni.agent.api-address"


def _short(evidence: Evidence, agent: Agent, network: Network, denied: list[str]) -> list[Finding]:
    daemon, read = agent["daemon"], evidence["nodes"]["read"]
    fit = list_fit(read)
    kept = [name for name in fit if _could(read[name]) and _is_kept_off(agent, name)]
    away = [name for name in fit if name not in kept and not _is_served(agent, name) and (
        not _could(read[name]) or (_is_known(agent, name) and is_young(read[name], evidence)
                                   and not _keeps_crashing(agent, name)))]
    total = max(agent["covered"], daemon["desired"])
    if daemon["ready"] >= total:
        return []
    text = f"{daemon['name']} ({network.name}) has {daemon['ready']} of {total} pods ready"
    whole = agent.get("whole", True)
    ill = {name: why for name in fit if name not in away and (why := _why(agent, name))}
    lasting = {name: why for name, why in ill.items() if name in kept or not (
        is_young(daemon, evidence) or _is_new(evidence, agent, name))}
    if total - daemon["ready"] <= len(away) + count_down(evidence["nodes"]) and (whole or not lasting):
        text = f"{text}; the others belong on nodes that are new, not ready, or on their way out."
        return [] if denied else [_told(evidence, agent, text)]
    if not daemon["desired"] and any(other["daemon"]["ready"] for other in evidence["agents"]):
        return [_told(evidence, agent, f"{text}: it is set to run nowhere, and another network runs.")]
    told = [f for pod in agent["pods"] or () if not pod["ready"] and pod["node"] in ill
            for f in _lines(evidence, agent, network, pod, denied)]
    if told:
        return told
    if not lasting and (ill or is_young(daemon, evidence) or (daemon["rolling"] and not whole)):
        return [_told(evidence, agent, f"{text}. It is being rolled out.")]
    return [] if denied else _absent(evidence, agent, text, lasting)


def _told(evidence: Evidence, agent: Agent, text: str) -> Finding:
    return note(Verdict.INFO, Layer.CNI, text, object=agent["daemon"]["name"], evidence=(read_at(evidence),))


def _absent(evidence: Evidence, agent: Agent, text: str, ill: dict[str, str]) -> list[Finding]:
    """One finding for each node; one for all where no agent is ready, or nobody says where it is not."""
    daemon, verdict = agent["daemon"], _verdict(agent)
    advice = advise("cni.agent", daemon)
    if not daemon["ready"] or not ill:
        why = f": {next(iter(ill.values()))}" if ill else ""
        return [find("cni.agent", f"{text}{why}.", verdict=verdict, object=daemon["name"], advice=advice,
                     evidence=(*(f"node {name}: {why}" for name, why in list(ill.items())[:3]), read_at(evidence)))]
    return [find("cni.agent", f"{text}: on node {name}, {why}.", verdict=verdict, object=daemon["name"], node=name,
                 advice=advice, evidence=(f"{text}, expected one on each node", f"node {name}: {why}",
                                          read_at(evidence))) for name, why in ill.items()]


def _is_served(agent: Agent, node: str) -> bool:
    return any(pod["ready"] and pod["node"] == node and not is_gone(pod) for pod in agent["pods"] or ())


def _is_known(agent: Agent, node: str) -> bool:
    """Whether what is there of the agent was read: of many pods only those of nodes in doubt are."""
    return bool(agent.get("whole", True) or any(pod["node"] == node for pod in agent["pods"] or ()))


def _could(node: dict[str, Any]) -> bool:
    """A node that is not ready for want of this very agent is no excuse for the agent; one that is on its way out of
    the cluster, or not yet in it, is."""
    return (bool(node["ready"]) or is_unconfigured(node)) and not node.get("barred")


def _is_kept_off(agent: Agent, node: str) -> bool:
    """Whether it has no ready agent for as long as the DaemonSet and its node are as they are: age is no excuse."""
    place = agent["places"].get(node)
    return bool(place and why_not_there(agent["daemon"], place) and _why(agent, node))


def _keeps_crashing(agent: Agent, node: str) -> bool:
    """What ends again and again speaks against the agent, however new its node is; once it may be earlier than
    kube-proxy there."""
    here = [troubled(pod) for pod in agent["pods"] or () if pod["node"] == node and not is_gone(pod)]
    return any(container["ended"] and container["restarts"] + (not container["started"]) > 1 for container in here)


def _is_new(evidence: Evidence, agent: Agent, node: str) -> bool:
    """Whether the node's agent is so new that nothing speaks against it yet, or about to be made anew."""
    here = next((pod for pod in agent["pods"] or () if pod["node"] == node and not is_gone(pod)), None)
    if here is None:
        place = agent["places"].get(node)
        meant = not why_not_there(agent["daemon"], place) if place else not agent.get("whole", True)
        return bool(agent["daemon"]["rolling"] and meant)
    return is_starting(here, evidence)


def _why(agent: Agent, node: str) -> str:
    """What keeps this node without a ready agent; "" where it has one, or nothing is known."""
    if agent["pods"] is None:
        return ""
    here = [pod for pod in agent["pods"] if pod["node"] == node and not is_gone(pod)]
    if any(pod["ready"] for pod in here):
        return ""
    if not here:
        place = agent["places"].get(node)
        away = why_not_there(agent["daemon"], place) if place else ""
        return (away or "no pod of it is there") if _is_known(agent, node) else ""
    pod, container = here[0], troubled(here[0])
    probe = agent["unhealthy"].get(pod["name"], "")
    state = container["waiting"] or pod["reason"] or ("not ready" if container["started"] else pod["phase"])
    detail = probe or container["message"] or _ended(container)
    told = f"{pod['name']} is {state} (container {container['name']})"
    return cut(f"{told}: {detail}" if detail else told).rstrip(".")


def _ended(container: dict[str, Any]) -> str:
    ended = container["ended"]
    return f"{ended['reason']} (exit code {ended['code']}), {container['restarts']} restarts" if ended else ""
