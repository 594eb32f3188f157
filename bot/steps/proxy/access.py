"""`proxy.access`: may kube-proxy's account read what rules are made of? (kubeadm binds system:node-proxier)."""

import asyncio
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.dns.rights import account_exists, read_rights
from bot.steps.findings import tell_skipped
from bot.steps.proxy.objects import find_proxy
from bot.steps.proxy.setup import login_file, read_setup
from bot.steps.wording import list_names, read_at

NEEDED = [("", "services"), ("discovery.k8s.io", "endpointslices"), ("", "nodes")]
"""(group, resource) that it cannot do without."""
USUAL = ("kubeadm:node-proxier", "system:node-proxier", "eks:kube-proxy")
"""Names of bindings that installers give; any other is found among all of them."""


class AccessArgs(Args):
    """Asks the API server what kube-proxy's account may list and watch.

    `synced`: nodes whose kube-proxy is known to have written rules: then what its role grants is not asked again.
    """

    synced: list[str] = Field(default_factory=list, max_length=20)


async def gather_access(cluster: Cluster, args: AccessArgs) -> Evidence:
    proxy = await find_proxy(cluster)
    skipped = list(proxy.skipped)
    login = login_file(await read_setup(cluster, proxy, skipped)) or ("its kubeconfig" if proxy.static else "")
    if proxy.daemon is None or login:
        return {"read_at": cluster.now, "account": "", "login": login, "skipped": skipped}
    namespace, account = proxy.daemon["namespace"], proxy.daemon["account"]
    exists, rights = await asyncio.gather(
        account_exists(cluster, namespace, account, skipped),
        read_rights(cluster, namespace, account, NEEDED, bool(args.synced), skipped, usual=USUAL))
    return {"read_at": cluster.now, "proxy": proxy.daemon["name"], "ready": proxy.daemon["ready"],
            "account": f"ServiceAccount {namespace}/{account}", "login": "", "exists": exists, **rights,
            "skipped": skipped}


def judge_access(evidence: Evidence, args: AccessArgs) -> Judgement:
    skipped, account = tell_skipped(evidence, Layer.PROXY), evidence["account"]
    if not account:
        if skipped:
            return Judgement(skipped)
        text = (f"kube-proxy logs in by a file of its node ({evidence['login']}), not by a ServiceAccount; what that "
                "may was not looked at.") if evidence.get("login") else \
            "There is no kube-proxy DaemonSet, so there is no account to look at."
        return Judgement((note(Verdict.INFO, Layer.PROXY, text, evidence=(read_at(evidence),)),))
    if evidence["exists"] is False:
        text = f"{account}, which {evidence['proxy']} runs as, does not exist: none of its pods can be made."
        return Judgement((_fault(evidence, text, f"{account}: not found"), *skipped))
    denied = [answer for answer in evidence["answers"] if not answer["allowed"]]
    if denied:
        return Judgement((_denied(evidence, denied), *skipped))
    if not evidence["answers"]:
        text = f"Whether {account} may read what rules are made of could not be asked."
        return Judgement((note(Verdict.INFO, Layer.PROXY, text, object=account, evidence=(read_at(evidence),)),
                          *skipped))
    by = list_names(f"ClusterRoleBinding {b['name']} to ClusterRole {b['role']}" for b in evidence["bindings"] or ())
    text = f"{account} may list and watch Services, EndpointSlices and nodes" + (f", by {by}." if by else ".")
    verdict = Verdict.PASS if evidence["exists"] else Verdict.INFO  # a review takes any name
    return Judgement((note(verdict, Layer.PROXY, text, object=account, evidence=(read_at(evidence),)), *skipped))


def _denied(evidence: Evidence, denied: list[dict[str, Any]]) -> Finding:
    resources = list(dict.fromkeys(answer["resource"] for answer in denied))
    bindings = evidence["bindings"]
    why = "its bindings are not known" if bindings is None else "no ClusterRoleBinding names it" if not bindings else \
        f"ClusterRole {bindings[0]['role']} (by ClusterRoleBinding {bindings[0]['name']}) does not say so"
    text = (f"{evidence['account']} may not {list_names(dict.fromkeys(a['verb'] for a in denied), word='or')} "
            f"{list_names(resources)}: {why}.")
    table = ", ".join(f"{a['verb']} {a['resource']}: {'yes' if a['allowed'] else 'no'}" for a in evidence["answers"])
    return _fault(evidence, text, f"rights of {evidence['account']}: {table}", why)


def _fault(evidence: Evidence, text: str, *told: str) -> Finding:
    """Pods that have read everything before go on with it, and hear of no change."""
    verdict = Verdict.WARN if evidence["ready"] else Verdict.FAIL
    return find("proxy.rights", text, verdict=verdict, object=evidence["account"], evidence=(*told, read_at(evidence)))


ACCESS = Look(
    name="proxy.access", args=AccessArgs, gather=gather_access, judge=judge_access,
    reads=("list daemonsets.apps", "get daemonsets.apps", "get serviceaccounts",
           "create subjectaccessreviews.authorization.k8s.io", "get clusterrolebindings.rbac.authorization.k8s.io",
           "list clusterrolebindings.rbac.authorization.k8s.io", "get clusterroles.rbac.authorization.k8s.io"),
    by_hand="`kubectl auth can-i list endpointslices.discovery.k8s.io "
    "--as=system:serviceaccount:kube-system:kube-proxy`, `kubectl describe clusterrole system:node-proxier` "
    "(https://kubernetes.io/docs/reference/access-authn-authz/rbac/#other-component-roles)",
)
