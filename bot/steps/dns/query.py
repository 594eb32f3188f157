"""`dns.query_pods`: each DNS pod is asked directly, and its answers are compared with the cluster's objects.

Not tested by this: UDP, the way through the Service, policies. A good answer here and a failing client means that the
server is healthy and the way to it is broken.
"""

import asyncio
from typing import Any

from pydantic import Field

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import note
from bot.diagnosis.platform import addresses_of, dns_port, server_container
from bot.model.finding import Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.answer_rules import judge_names, judge_pods
from bot.steps.dns.corefile_blocks import find_narrowing, find_taker
from bot.steps.dns.corefile_facts import is_open, plugins, try_corefile
from bot.steps.dns.corefile_words import zones_of
from bot.steps.dns.objects import Dns, DnsArgs, find_dns
from bot.steps.dns.wire import Question, ask, is_name, reverse_name
from bot.steps.findings import tell_skipped
from bot.steps.nodes.kubelet_config import DEFAULT_DOMAIN
from bot.steps.podfacts import pod_facts
from bot.steps.readings import items_or_skip, one_or_skip, or_skip

MOST_PODS, MOST_ELSEWHERE = 3, 5
ALTERING = frozenset({"acl", "auto", "erratic", "file", "hosts", "rewrite", "template", "view"})
NOBODY = "netcheck-no-such-name.default.svc"
"""A name that no Service has: what comes back for it shows wildcards and rewrites."""


class QueryArgs(DnsArgs):
    """Asks up to three DNS pods over a port-forward, each by itself, for names whose answers are known.

    `names`: further names to ask for, as a pod in the namespace `default` would: each is tried with the search
    suffixes of the cluster.
    """

    names: list[str] = Field(default_factory=list, max_length=5)


async def gather_answers(cluster: Cluster, args: QueryArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    pods = [(pod, facts) for pod in dns.pods if (facts := pod_facts(pod))["started"] and not facts["deleting"]]
    if not pods:
        return {"read_at": cluster.now, "workload": dns.name, "pods": [], "names": {}, "skipped": list(dns.skipped)}
    skipped = [*dns.skipped, *dns.kubelet.skipped]
    corefile, kubernetes, services = await asyncio.gather(
        try_corefile(cluster, dns, skipped), or_skip(cluster.get("Service", "kubernetes", "default"), skipped),
        asyncio.gather(*(_service(cluster, name, skipped) for name in args.names)),
    )
    asked, configured = pods[:MOST_PODS], _configured(corefile, dns.kubelet.domain)
    known = next((z for z in configured["zones"] if not z.endswith(".arpa") and z != "." and is_name(z)), "")
    zone = dns.kubelet.domain or known or DEFAULT_DOMAIN
    questions = _questions(dns, zone, kubernetes, args)
    answers = await asyncio.gather(*(_ask(cluster, dns, pod, questions) for pod, _ in asked))
    return {
        "read_at": cluster.now, "workload": dns.name, "zone": zone, "guessed": not (dns.kubelet.domain or known),
        "configured": configured, "unchecked": _unchecked(dns, kubernetes), "service": _dns_name(dns, zone),
        "service_addresses": addresses_of(dns.service), "kubernetes_addresses": addresses_of(kubernetes),
        "names": {name: {"tried": _candidates(name, zone), "service": service}
                  for name, service in zip(args.names, services, strict=True)},
        "pods": [{"name": facts["name"], "node": facts["node"], "ready": facts["ready"], "started": facts["started"],
                  "answers": told} for (_, facts), told in zip(asked, answers, strict=True)],
        "unasked": [facts["name"] for _, facts in pods[MOST_PODS:]], "unseen": dns.unseen,
        "skipped": list(dict.fromkeys(skipped)),
    }


async def _ask(cluster: Cluster, dns: Dns, pod: Object, questions: list[Question]) -> list[dict[str, Any]]:
    if pod["spec"].get("hostNetwork"):  # the forwarded port would be the node's own
        return []
    port = dns_port(server_container(pod["spec"])) or 53
    return await ask(cluster, dns.namespace, pod["metadata"]["name"], port, questions)


def _configured(facts: Object, domain: str) -> dict[str, Any]:
    """`alters`: whether plugins may stand in the way of the answers that the `kubernetes` block would give. `taker`,
    `narrowing`: what else may, in words."""
    taker, narrowing = find_taker(facts, domain or DEFAULT_DOMAIN), find_narrowing(facts)
    words = [(directive["name"], directive["line"]) for block in facts.get("blocks", ())
             for directive in block["directives"] if directive["name"] in ALTERING]
    return {
        "config_map": facts["config_map"], "changed": facts.get("changed", 0.0),
        "zones": [zone for block, directive in plugins(facts, "kubernetes") for zone in zones_of(block, directive)],
        "taker": taker, "narrowing": narrowing,
        "alters": is_open(facts) or bool(words or taker or narrowing), "acl": any(name == "acl" for name, _ in words),
        "words": [f"`{name}` in line {line}" for name, line in words[:5]],
    }


def _unchecked(dns: Dns, kubernetes: Object | None) -> list[str]:
    """What the answers would be held against, and could not be read."""
    domain = ["the kubelets' clusterDomain"] if dns.kubelet.skipped else []
    return domain if kubernetes else [*domain, "Service default/kubernetes"]


async def _service(cluster: Cluster, name: str, skipped: list[str]) -> dict[str, Any]:
    """Whether a name that could be a Service's is one: {asked, exists, headless}."""
    labels = name.rstrip(".").split(".")
    if len(labels) > 1 and not (len(labels) == 2 or labels[2] == "svc"):
        return {}
    namespace = labels[1] if len(labels) > 1 else "default"
    facts: dict[str, Any] = {"asked": f"Service {namespace}/{labels[0]}"}
    found = await one_or_skip(cluster.get("Service", labels[0], namespace), skipped)
    if found is None:
        return {}
    if not found:
        return {**facts, "exists": False, "elsewhere": await _elsewhere(cluster, labels[0])}
    return {**facts, "exists": True, "headless": found["spec"].get("clusterIP") == "None"}


async def _elsewhere(cluster: Cluster, name: str) -> list[str]:
    """Namespaces with a Service of this name; a hint, so that a list that cannot be had is no loss."""
    reading = cluster.list("Service", fields=f"metadata.name={name}", form="metadata", limit=MOST_ELSEWHERE)
    return [item["metadata"]["namespace"] for item in await items_or_skip(reading, []) or ()]


def _questions(dns: Dns, zone: str, kubernetes: Object | None, args: QueryArgs) -> list[Question]:
    kind = "AAAA" if kubernetes and ":" in "".join(addresses_of(kubernetes)[:1]) else "A"
    questions = [Question(f"kubernetes.default.svc.{zone}", kind), Question(f"dns-version.{zone}", "TXT"),
                 Question(f"{NOBODY}.{zone}", kind)]
    own = addresses_of(dns.service)
    if own:
        questions += [Question(_dns_name(dns, zone), "AAAA" if ":" in own[0] else "A"),
                      Question(reverse_name(own[0]), "PTR")]
    return questions + [Question(tried, kind) for name in args.names for tried in _candidates(name, zone)]


def _candidates(name: str, zone: str) -> list[str]:
    """What a resolver with the usual search list and ndots:5 tries, the likely ones first."""
    plain = name.rstrip(".").lower()
    if not is_name(plain) or not plain:
        return []
    if name.endswith(".") or plain == zone or plain.endswith(f".{zone}"):
        return [plain]
    searched = [f"{plain}.{suffix}" for suffix in (f"default.svc.{zone}", f"svc.{zone}", zone)]
    return [candidate for candidate in [*searched, plain] if is_name(candidate)]


def _dns_name(dns: Dns, zone: str) -> str:
    meta = dns.service["metadata"] if dns.service else {"name": "kube-dns", "namespace": dns.namespace}
    return f"{meta['name']}.{meta['namespace']}.svc.{zone}"


def judge_answers(evidence: Evidence, args: QueryArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.DNS_SERVICE)
    if not evidence["pods"]:
        text = "No DNS pod runs, so none could be asked; what DNS answers was not tested."
        return Judgement((note(Verdict.SKIPPED, Layer.DNS_SERVICE, text), *skipped), {"answering": 0, "names": {}})
    findings, good = judge_pods(evidence)
    told, names = judge_names(evidence)
    return Judgement((*findings, *told, *skipped), {"answering": good, "names": names})


QUERY = Look(
    name="dns.query_pods", args=QueryArgs, gather=gather_answers, judge=judge_answers,
    reads=("create pods/portforward in {dns}", "get pods/portforward in {dns}", "get services", "list services",
           "list pods in {dns}", "get configmaps/coredns in {dns}", "get configmaps/kubelet-config in kube-system"),
    by_hand="`kubectl -n kube-system port-forward POD 5353:53`, then `dig +tcp -p 5353 @127.0.0.1 "
    "kubernetes.default.svc.cluster.local` "
    "(https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/)",
)
