"""Some names, asked of the DNS pods directly, for looks that are not about DNS itself."""

from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.platform import dns_port, server_container
from bot.steps.dns.objects import DnsArgs, find_dns
from bot.steps.dns.wire import Question, ask
from bot.steps.nodes.kubelet_config import DEFAULT_DOMAIN
from bot.steps.podfacts import pod_facts
from bot.steps.readings import or_skip

MOST_PODS = 2


async def ask_dns(cluster: Cluster, names: dict[str, str], skipped: list[str]) -> dict[str, Any]:
    """{zone, answers: [{pod, name, type, outcome, rcode, records, …}]}: `names` to types of records; names that end
    with a dot are asked as they are, others get the cluster's zone. `answers` is None where nobody could be asked."""
    dns = await or_skip(find_dns(cluster, DnsArgs()), skipped)
    if dns is None:
        return {"zone": DEFAULT_DOMAIN, "answers": None}
    skipped.extend(dns.skipped)
    zone = dns.kubelet.domain or DEFAULT_DOMAIN
    questions = [Question(name if name.endswith(".") else f"{name}.{zone}", kind) for name, kind in names.items()]
    serving = [pod for pod in dns.pods if (facts := pod_facts(pod))["started"] and not facts["deleting"]
               and not pod["spec"].get("hostNetwork")][:MOST_PODS]
    answers: list[dict[str, Any]] = []
    for pod in serving:
        name, port = pod["metadata"]["name"], dns_port(server_container(pod["spec"])) or 53
        told = await or_skip(ask(cluster, dns.namespace, name, port, questions), skipped)
        if told is None:
            return {"zone": zone, "answers": None}
        answers += [{"pod": name, **answer} for answer in told]
    return {"zone": zone, "answers": answers}
