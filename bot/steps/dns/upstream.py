"""`dns.upstream`: do names outside the cluster resolve, and where are they forwarded to?"""

import asyncio
from typing import Any

from pydantic import Field

from bot.cluster import Cluster, Object
from bot.diagnosis.loglines import keep_telling
from bot.diagnosis.platform import addresses_of, dns_port, server_container
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.corefile_facts import forward_zones, plugins, try_corefile
from bot.steps.dns.kube_dns import list_forwards, read_settings
from bot.steps.dns.objects import Dns, DnsArgs, find_dns
from bot.steps.dns.resolvers import count_answers, find_takers, list_resolvers
from bot.steps.dns.upstream_rules import judge_forwarding
from bot.steps.dns.way_out import find_unmasked
from bot.steps.dns.wire import Question, ask, is_name
from bot.steps.podfacts import pod_facts, spread
from bot.steps.readings import or_skip

MOST_PODS = 2
"""One a node: what keeps them from a resolver lies in the Corefile, which they share, or in the way from their node."""
MOST_STUBS = 3
RECENT_LINES = 20


class UpstreamArgs(DnsArgs):
    """Asks DNS pods of two nodes for a name outside the cluster, and for one that no cache can hold.

    `external`: a name that your upstream resolvers know or deny; behind a wall without internet any name of yours.
    """

    external: str = Field(default="kubernetes.io", pattern=r"^[A-Za-z0-9.-]{1,200}$")


async def gather_upstream(cluster: Cluster, args: UpstreamArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    skipped = list(dns.skipped)
    corefile = await try_corefile(cluster, dns, skipped)
    forwards = [{"zone": zone, "targets": d["args"][1:], "line": d["line"]}
                for block, d in plugins(corefile, "forward") for zone in forward_zones(block, d)]
    settings = await read_settings(cluster, dns, skipped)
    forwards += list_forwards(settings)
    pods = [(pod, facts) for pod in dns.pods if (facts := pod_facts(pod))["started"] and not facts["deleting"]]
    stubs = [f["zone"] for f in forwards if f["zone"] != "." and is_name(f["zone"])][:MOST_STUBS]
    chosen = [one for first in spread(pods)[:1] for one in first][:MOST_PODS]
    asked = await asyncio.gather(*(
        _ask(cluster, dns, pod, args.external, () if place else stubs, skipped)
        for place, (pod, _) in enumerate(chosen)
    ))
    health = await count_answers(cluster, dns, corefile, chosen[0][1]["name"], skipped) if chosen and any(
        len(forward["targets"]) > 1 for forward in forwards) else {}
    lines = await asyncio.gather(*(
        _lines(cluster, dns, facts, skipped) for (_, facts), told in zip(chosen, asked, strict=True) if _failing(told)
    ))
    told = [line for one in lines for line in one][:10]
    silent = any(map(_failing, asked))
    takers = await find_takers(cluster, list_resolvers(forwards, told)) if silent else []
    unmasked = await find_unmasked(cluster, [facts["ip"] for _, facts in chosen]) if silent else []
    return {
        "read_at": cluster.now, "workload": dns.name, "server": dns.server,
        "config_map": corefile["config_map"] or settings["config_map"],
        "changed": corefile.get("changed", 0.0), "acl": bool(plugins(corefile, "acl")),
        "corefile_state": corefile["state"], "open": bool(corefile.get("imports")), "forwards": forwards[:20],
        **_own_resolvers(dns),
        "pods": [{"name": facts["name"], "node": facts["node"], "ready": facts["ready"], "started": facts["started"],
                  "answers": told} for (_, facts), told in zip(chosen, asked, strict=True)],
        "lines": told, "takers": takers, "unmasked": unmasked, "external": args.external,
        "health": health, "unasked": len(pods) - len(chosen) + dns.unseen, "skipped": list(dict.fromkeys(skipped)),
    }


def _own_resolvers(dns: Dns) -> dict[str, Any]:
    """{policy: as it works, own: addresses of the DNS Service itself among its pods' nameservers}."""
    policy = dns.template.get("dnsPolicy", "ClusterFirst") if dns.template else ""
    if policy == "ClusterFirst" and dns.template.get("hostNetwork"):
        policy = "Default"  # so the kubelet takes it
    named = (dns.template.get("dnsConfig") or {}).get("nameservers") or () if policy == "None" else ()
    return {"policy": policy, "own": [address for address in named if address in addresses_of(dns.service)]}


async def _ask(
    cluster: Cluster, dns: Dns, pod: Object, external: str, stubs: tuple[str, ...] | list[str], skipped: list[str]
) -> list[dict[str, Any]]:
    """First the plain name; if that came, one that nobody has asked for before: the plain one may be cached."""
    if pod["spec"].get("hostNetwork"):
        return []
    name, port = pod["metadata"]["name"], dns_port(server_container(pod["spec"])) or 53
    unique = [Question(f"netcheck-{int(cluster.now)}.{zone}") for zone in (external, *stubs)]
    asking = ask(cluster, dns.namespace, name, port, [Question(external)],
                 then=lambda answers: () if _failing(answers) else unique)
    return await or_skip(asking, skipped) or []


def _failing(answers: list[dict[str, Any]]) -> bool:
    return any(answer.get("rcode") not in ("NOERROR", "NXDOMAIN") for answer in answers)


async def _lines(cluster: Cluster, dns: Dns, pod: Object, skipped: list[str]) -> list[str]:
    """The newest lines, read after the questions: they name the resolver that did not answer."""
    reading = cluster.logs(dns.namespace, pod["name"], pod["container"], tail=RECENT_LINES)
    text = await or_skip(reading, skipped) or ""
    return [line for line in keep_telling(text)[0] if "plugin/errors" in line or "concurrent queries" in line]


def judge_upstream(evidence: Evidence, args: UpstreamArgs) -> Judgement:
    return judge_forwarding(evidence)


UPSTREAM = Look(
    name="dns.upstream", args=UpstreamArgs, gather=gather_upstream, judge=judge_upstream,
    reads=("create pods/portforward in {dns}", "get pods/portforward in {dns}", "get pods/log in {dns}",
           "list services", "list pods in {dns}", "get configmaps/coredns in {dns}",
           "get configmaps/kube-dns in {dns}", "list daemonsets.apps", "list ippools.crd.projectcalico.org"),
    by_hand="`kubectl -n kube-system port-forward POD 5353:53`, then `dig +tcp -p 5353 @127.0.0.1 kubernetes.io`; "
    "`kubectl -n kube-system get configmap coredns -o yaml` (forward) "
    "(https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/#known-issues)",
)
