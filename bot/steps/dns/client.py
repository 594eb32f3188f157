"""`dns.client`: what a pod's own configuration makes of names, and what kubelets complain about.

With `pod`: its spec, its events, and its /etc/resolv.conf where exec is permitted. Without: only what kubelets warn of,
in one read.
"""

import asyncio
from typing import Any

from pydantic import Field

from bot.cluster import Cluster, Object
from bot.diagnosis.platform import addresses_of
from bot.model.errors import ClusterError
from bot.steps import Evidence, Look
from bot.steps.dns.client_rules import REASONS, first_server, judge_configuration
from bot.steps.dns.objects import DnsArgs, find_service
from bot.steps.findings import unread
from bot.steps.nodes.kubelet_config import KubeletConfig
from bot.steps.readings import items_or_skip, one_or_skip
from bot.steps.wording import cut, name_object

PATH = "/etc/resolv.conf"
PATIENCE, DNS = 5.0, 53
MOST_EVENTS = 50
NOISE = ("BackOff", "Unhealthy", "Failed", "FailedMount", "FailedCreatePodSandBox", "FailedKillPod", "CgroupV1")
"""What kubelets warn of most, and what is about anything but DNS: left out by the server."""
WARNINGS = ",".join(("source=kubelet", "type=Warning", *(f"reason!={reason}" for reason in NOISE)))


class ClientArgs(DnsArgs):
    """Looks at how pods are told to resolve names.

    `pod`: "namespace/name" of the one that cannot.
    """

    pod: str = Field(default="", pattern=r"^$|^[a-z0-9-]+/[a-z0-9.-]+$")


async def gather_client(cluster: Cluster, args: ClientArgs) -> Evidence:
    service, kubelet = await find_service(cluster, args.service)
    skipped = list(kubelet.skipped)
    told = [] if args.pod else await _events(cluster, "", WARNINGS, skipped)
    pod = await _pod(cluster, args.pod, skipped) if args.pod else None
    first, known = first_server(pod) if pod else "", (*addresses_of(service), *kubelet.dns)
    other = await _other(cluster, first, skipped) if first and first not in known else ""
    return {
        "pod": pod, "other": other, "asked": args.pod, "events": told, "kubelet": _kubelet(kubelet),
        "service": addresses_of(service), "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now,
    }


async def _other(cluster: Cluster, address: str, skipped: list[str]) -> str:
    """The Service that has this address in the cluster and serves DNS there, "" where none has."""
    found = await items_or_skip(cluster.list("Service", fields=f"spec.clusterIP={address}"), skipped) or ()
    return next((name_object("Service", item) for item in found
                 if any(port["port"] == DNS for port in item["spec"].get("ports") or ())), "")


def _kubelet(kubelet: KubeletConfig) -> dict[str, Any]:
    return {"dns": list(kubelet.dns), "domain": kubelet.domain, "source": kubelet.source}


async def _events(cluster: Cluster, namespace: str, fields: str, skipped: list[str]) -> list[dict[str, str]]:
    """What kubelets say about DNS, the newest of each kind and node. No event proves nothing: they expire."""
    events = await items_or_skip(cluster.list("Event", namespace, fields=fields, limit=MOST_EVENTS), skipped) or ()
    newest: dict[tuple[str, str], dict[str, str]] = {}
    for event in events:
        told = {"reason": str(event.get("reason", "")), "message": cut(str(event.get("message", "")), 300),
                "about": _about(event.get("involvedObject", {})),
                "node": str(event.get("source", {}).get("host") or event.get("reportingInstance", "")),
                "last": str(event.get("lastTimestamp") or event.get("eventTime") or "")}
        key = (told["reason"], told["node"])
        if told["reason"] in REASONS and told["last"] >= newest.get(key, told)["last"]:
            newest[key] = told
    return [newest[key] for key in sorted(newest)]


def _about(item: Object) -> str:
    place = "/".join(filter(None, (item.get("namespace") if item.get("kind") != "Node" else "", item.get("name"))))
    return f"{item.get('kind', '')} {place}".strip()


async def _pod(cluster: Cluster, named: str, skipped: list[str]) -> dict[str, Any] | None:
    namespace, name = named.split("/")
    pod = await one_or_skip(cluster.get("Pod", name, namespace), skipped)
    if not pod:
        return None
    spec, uid = pod["spec"], pod["metadata"].get("uid", "")
    config = spec.get("dnsConfig") or {}
    running = find_running(pod)
    return {
        "name": name, "namespace": namespace, "node": spec.get("nodeName", ""), "host": bool(spec.get("hostNetwork")),
        "policy": spec.get("dnsPolicy", "ClusterFirst"), "nameservers": config.get("nameservers") or [],
        "searches": config.get("searches") or [],
        "options": {item["name"]: item.get("value", "") for item in config.get("options") or () if "name" in item},
        "container": running, "serves_dns": _serves_dns(pod),
        "events": await _events(cluster, namespace, f"involvedObject.uid={uid}", skipped) if uid else [],
        "resolv": await read_resolv_conf(cluster, namespace, name, running, skipped) if running else None,
    }


def find_running(pod: Object) -> str:
    """The name of a container that runs; "" where none does."""
    statuses = pod.get("status", {}).get("containerStatuses", ())
    return next((str(status["name"]) for status in statuses if "running" in status.get("state", {})), "")


def _serves_dns(pod: Object) -> bool:
    """A DNS server has to ask other resolvers than itself."""
    ports = [port for container in pod["spec"].get("containers", ()) for port in container.get("ports") or ()]
    return any(port.get("containerPort") == 53 or port.get("name") in ("dns", "dns-tcp") for port in ports)


async def read_resolv_conf(
    cluster: Cluster, namespace: str, pod: str, container: str, skipped: list[str]
) -> dict[str, Any] | None:
    """{nameservers, searches, ndots} as the container has them; None where it could not be read."""
    try:
        async with asyncio.timeout(PATIENCE):
            result = await cluster.execute(namespace, pod, container, ("cat", PATH))
    except ClusterError as error:
        skipped.append(unread(error))
        return None
    except TimeoutError:
        skipped.append(f"{PATH} of Pod {namespace}/{pod}: exec gave nothing within {PATIENCE:g} s.")
        return None
    return parse_resolv_conf(result.stdout) if result.exit_code == 0 else None


def parse_resolv_conf(text: str) -> dict[str, Any]:
    """As the resolver reads it (resolv.conf(5)): the last `search` counts, options add up; ndots is 1 if not given."""
    found: dict[str, Any] = {"nameservers": [], "searches": [], "ndots": 1}
    for line in text.splitlines():
        word, *values = line.split("#")[0].split(";")[0].split() or [""]
        if word == "nameserver":
            found["nameservers"] += values[:1]
        elif word == "search":
            found["searches"] = [value.rstrip(".") for value in values]
        elif word == "options":
            dots = [value.removeprefix("ndots:") for value in values if value.startswith("ndots:")]
            found["ndots"] = int(dots[-1]) if dots and dots[-1].isdigit() else found["ndots"]
    return found


CLIENT = Look(
    name="dns.client", args=ClientArgs, gather=gather_client, judge=judge_configuration,
    # Not exec: whoever wants resolv.conf read permits it, in namespaces of their own choice.
    reads=("list services", "get configmaps/kubelet-config in kube-system", "list events", "get pods"),
    by_hand="`kubectl -n NAMESPACE exec POD -- cat /etc/resolv.conf`, `kubectl -n NAMESPACE get pod POD -o yaml` "
    "(dnsPolicy, dnsConfig, hostNetwork) (https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/"
    "#check-the-local-dns-configuration-first)",
)
