"""`dns.access`: the account of the DNS pods, and whether it may read what DNS is made of.

Roles are found by reference: the account's bindings, whatever they are called. A role of another name is no fault.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.diagnosis.platform import image_version
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.objects import DnsArgs, find_dns
from bot.steps.dns.rights import account_exists, read_rights
from bot.steps.findings import tell_skipped
from bot.steps.podfacts import pod_facts
from bot.steps.wording import list_names, read_at

SLICES_SINCE = (1, 8, 0)
"""CoreDNS reads EndpointSlices from here on, and Endpoints before."""


async def gather_access(cluster: Cluster, args: DnsArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    skipped = list(dns.skipped)
    base: dict[str, Any] = {"server": dns.server, "workload": dns.name, "skipped": skipped}
    if not dns.template:
        return {**base, "read_at": cluster.now, "account": "", "bindings": []}
    account = str(dns.template.get("serviceAccountName") or "default")
    serving = any(pod_facts(pod)["ready"] for pod in dns.pods)
    exists, rights = await asyncio.gather(
        account_exists(cluster, dns.namespace, account, skipped),
        read_rights(cluster, dns.namespace, account, _needed(image_version(dns.template)), serving, skipped),
    )
    return {
        **base, "read_at": cluster.now, "account": f"ServiceAccount {dns.namespace}/{account}", "exists": exists,
        **rights, "serving": serving,
    }


def _needed(version: tuple[int, ...]) -> list[tuple[str, str]]:
    """(group, resource) that CoreDNS cannot do without."""
    endpoints = ("", "endpoints") if version and version < SLICES_SINCE else ("discovery.k8s.io", "endpointslices")
    return [("", "services"), ("", "namespaces"), endpoints]


def judge_access(evidence: Evidence, args: DnsArgs) -> Judgement:
    skipped, account, bindings = tell_skipped(evidence, Layer.DNS_WORKLOAD), evidence["account"], evidence["bindings"]
    if not account:
        if skipped:
            return Judgement(skipped)
        text = "No DNS workload was found, so there is no account to look at."
        return Judgement((note(Verdict.INFO, Layer.DNS_WORKLOAD, text, evidence=(read_at(evidence),)),))
    outputs = {"account": account.removeprefix("ServiceAccount "), "bindings": [b["name"] for b in bindings or ()],
               "roles": [b["role"] for b in bindings or ()]}
    if evidence["exists"] is False:
        text = f"{account}, which {evidence['workload']} runs as, does not exist."
        namespace, name = account.split(" ")[1].split("/")
        missing = find("dns.access.account", text, object=account,
                       evidence=(f"{account}: not found, {evidence['workload']} expects it", read_at(evidence)),
                       advice=f"`kubectl -n {namespace} create serviceaccount {name}`, then restart the DNS pods.")
        return Judgement((missing, *skipped), outputs)
    denied = [a for a in evidence["answers"] if not a["allowed"]]
    if denied and evidence["server"] == "coredns":
        return Judgement((_denied(evidence, denied), *skipped), outputs)
    if evidence["answers"] and not denied:
        by = [f"ClusterRoleBinding {b['name']} to ClusterRole {b['role']}" for b in bindings or ()]
        text = f"{account} may list and watch what DNS is made of" + (f", by {list_names(by, 2)}." if by else ".")
        verdict = Verdict.PASS if evidence["exists"] else Verdict.INFO  # a review takes any name
        passed = note(verdict, Layer.DNS_WORKLOAD, text, object=account, evidence=(read_at(evidence),))
        return Judgement((passed, *skipped), outputs)
    exists = "exists" if evidence["exists"] else "could not be looked at"
    text = f"{account} {exists}; whether it may read what DNS is made of could not be asked."
    return Judgement((note(Verdict.INFO, Layer.DNS_WORKLOAD, text, object=account,
                           evidence=(read_at(evidence),)), *skipped), outputs)


def _denied(evidence: Evidence, denied: list[dict[str, Any]]) -> Finding:
    """The fault stands in the role where the account has one, and in its missing binding where it has none.

    Pods that have read the names before go on with them: they fail at their next start.
    """
    account, bindings = evidence["account"], evidence["bindings"] or []
    none = "no ClusterRoleBinding names it" if evidence["bindings"] is not None else "its bindings are not known"
    resources = list(dict.fromkeys(a["resource"] for a in denied))
    verbs = " or ".join(dict.fromkeys(a["verb"] for a in denied))
    bound = f"ClusterRole {bindings[0]['role']} (by ClusterRoleBinding {bindings[0]['name']})" if bindings else ""
    text = f"{account} may not {verbs} {list_names(resources)}" + f": {f'{bound} does not say so' if bound else none}."
    rules = list_names(f"`{r}`" for r in resources)
    advice = (
        f"Add list and watch on {rules} to ClusterRole {bindings[0]['role']}: "
        f"`kubectl edit clusterrole {bindings[0]['role']}`. Running pods recover by themselves." if bindings else
        f"Bind a ClusterRole with list and watch on services, namespaces, pods and endpointslices.discovery.k8s.io to "
        f"{account}: kubeadm calls both the role and the binding system:coredns."
    )
    table = ", ".join(f"{a['verb']} {a['resource']}: {'yes' if a['allowed'] else 'no'}" for a in evidence["answers"])
    return find(
        "dns.access.denied", text, object=f"ClusterRole {bindings[0]['role']}" if bindings else account,
        evidence=(f"rights of {account.split(' ')[1]}: {table}", bound or none, read_at(evidence)),
        advice=advice, verdict=Verdict.WARN if evidence.get("serving") else Verdict.FAIL,
    )


ACCESS = Look(
    name="dns.access", args=DnsArgs, gather=gather_access, judge=judge_access,
    reads=("get serviceaccounts in {dns}", "create subjectaccessreviews.authorization.k8s.io",
           "get clusterrolebindings.rbac.authorization.k8s.io", "list clusterrolebindings.rbac.authorization.k8s.io",
           "get clusterroles.rbac.authorization.k8s.io", "list services", "list pods in {dns}",
           "get deployments.apps in {dns}"),
    by_hand="`kubectl -n kube-system get serviceaccount coredns`, `kubectl describe clusterrole system:coredns`, "
    "`kubectl auth can-i list endpointslices --as=system:serviceaccount:kube-system:coredns` "
    "(https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/"
    "#does-coredns-have-sufficient-permissions)",
)
