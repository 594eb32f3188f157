"""The answers as data: the table of kinds with their paths, the ceilings of a client, and what is asked for.

The table is the whole of what a playbook can name without `api`. Secret is not in it on purpose: netcheck never reads
one. Plurals and groups: https://kubernetes.io/docs/reference/kubernetes-api/ (v1.34).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType
from urllib.parse import quote

from bot.model.errors import NotFound, Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`builtin` kinds understand a strategic merge patch; those of a CustomResourceDefinition only a merge patch."""

    kind: str
    plural: str
    api: str = "v1"
    namespaced: bool = True
    builtin: bool = True

    @property
    def group(self) -> str:
        return self.api.rpartition("/")[0]

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """`/apis/apps/v1/namespaces/shop/deployments/web/scale`; raises Rejected for what cannot be a name."""
        root = f"/apis/{self.api}" if self.group else f"/api/{self.api}"
        scope = f"/namespaces/{quote_segment(namespace)}" if namespace and self.namespaced else ""
        tail = "".join(f"/{quote_segment(part)}" for part in (name, subresource) if part)
        return f"{root}{scope}/{self.plural}{tail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call may cost. Times in seconds; `bytes` is one answer or one whole list, decoded.
    `folded` is the page of a list of which no item is kept."""

    request: float = 5.0
    connect: float = 3.0
    stream: float = 10.0
    wait: float = 10.0
    attempts: int = 3
    page: int = 500
    folded: int = 100
    items: int = 5000
    bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is wanted of the API, in kubectl's words, for messages and for the permission a Forbidden names."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def permission(self) -> str:
        group = f".{self.group}" if self.group else ""
        scope = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb} {self.resource}{group}{scope}"

    def of(self, subresource: str) -> "Ask":
        return replace(self, resource=f"{self.resource}/{subresource}")

    def __str__(self) -> str:
        place = "/".join(part for part in (self.namespace, self.name) if part)
        return " ".join(part for part in (self.verb, self.resource, place) if part)

    @property
    def on_node(self) -> bool:
        """Whether the API server has to ask the kubelet of the pod's node for it."""
        return self.resource in ("pods/log", "pods/exec", "pods/portforward")


def quote_segment(text: str) -> str:
    """One segment of a path. A name from a person or a playbook must never reach another resource."""
    if text in ("", ".", "..") or any(sign in text for sign in "/%\\?#") or not text.isprintable():
        raise Rejected(
            f"{text!r} cannot be the name of an object: names hold no slash, percent sign or blank line. "
            "Give namespace and name apart from each other."
        )
    return quote(text, safe=":@")


def _tabulate(api: str, namespaced: bool, *pairs: str, builtin: bool = True) -> dict[str, Kind]:
    rows = (pair.split("=") for pair in pairs)
    return {kind: Kind(kind=kind, plural=plural, api=api, namespaced=namespaced, builtin=builtin)
            for kind, plural in rows}


KINDS: Mapping[str, Kind] = MappingProxyType({
    **_tabulate(
        "v1", True, "Pod=pods", "Service=services", "Endpoints=endpoints", "ConfigMap=configmaps", "Event=events",
        "ServiceAccount=serviceaccounts", "ReplicationController=replicationcontrollers", "LimitRange=limitranges",
        "ResourceQuota=resourcequotas", "PersistentVolumeClaim=persistentvolumeclaims",
    ),
    **_tabulate("v1", False, "Node=nodes", "Namespace=namespaces", "PersistentVolume=persistentvolumes"),
    **_tabulate(
        "apps/v1", True, "Deployment=deployments", "DaemonSet=daemonsets", "ReplicaSet=replicasets",
        "StatefulSet=statefulsets", "ControllerRevision=controllerrevisions",
    ),
    **_tabulate("batch/v1", True, "Job=jobs", "CronJob=cronjobs"),
    **_tabulate("autoscaling/v2", True, "HorizontalPodAutoscaler=horizontalpodautoscalers"),
    **_tabulate("policy/v1", True, "PodDisruptionBudget=poddisruptionbudgets"),
    **_tabulate("discovery.k8s.io/v1", True, "EndpointSlice=endpointslices"),
    **_tabulate("coordination.k8s.io/v1", True, "Lease=leases"),
    **_tabulate("networking.k8s.io/v1", True, "NetworkPolicy=networkpolicies", "Ingress=ingresses"),
    **_tabulate(
        "networking.k8s.io/v1", False, "IngressClass=ingressclasses", "ServiceCIDR=servicecidrs",
        "IPAddress=ipaddresses",
    ),
    **_tabulate("rbac.authorization.k8s.io/v1", True, "Role=roles", "RoleBinding=rolebindings"),
    **_tabulate(
        "rbac.authorization.k8s.io/v1", False, "ClusterRole=clusterroles", "ClusterRoleBinding=clusterrolebindings"
    ),
    **_tabulate("apiextensions.k8s.io/v1", False, "CustomResourceDefinition=customresourcedefinitions"),
    **_tabulate("apiregistration.k8s.io/v1", False, "APIService=apiservices"),
    **_tabulate(
        "admissionregistration.k8s.io/v1", False, "MutatingWebhookConfiguration=mutatingwebhookconfigurations",
        "ValidatingWebhookConfiguration=validatingwebhookconfigurations",
    ),
    **_tabulate("scheduling.k8s.io/v1", False, "PriorityClass=priorityclasses"),
    **_tabulate("storage.k8s.io/v1", False, "StorageClass=storageclasses"),
    # Of CustomResourceDefinitions: those that a run asks for so often that looking their names up would cost too much.
    **_tabulate(
        "crd.projectcalico.org/v1", False, "GlobalNetworkPolicy=globalnetworkpolicies", "IPPool=ippools", builtin=False,
    ),
    **_tabulate(
        "cilium.io/v2", False, "CiliumClusterwideNetworkPolicy=ciliumclusterwidenetworkpolicies", builtin=False,
    ),
    **_tabulate(
        "policy.networking.k8s.io/v1alpha1", False, "AdminNetworkPolicy=adminnetworkpolicies",
        "BaselineAdminNetworkPolicy=baselineadminnetworkpolicies", builtin=False,
    ),
})
_NAMESAKES = {("NetworkPolicy", "crd.projectcalico.org/v1"): Kind(
    kind="NetworkPolicy", plural="networkpolicies", api="crd.projectcalico.org/v1", builtin=False)}
"""Kinds of the same name as one of the table, as costly to look up."""


def find_kind(kind: str, api: str) -> Kind | None:
    """The row of the table, or None where only the API server can tell (an `api` the table does not hold)."""
    if kind == "Secret" and api in ("", "v1"):
        raise Rejected("netcheck never reads Secrets: whatever it shows is kept in the journal and in Slack.")
    row = _NAMESAKES.get((kind, api)) or KINDS.get(kind)
    if row and api in ("", row.api):
        return row
    if not api:
        near = get_close_matches(kind, KINDS, n=2, cutoff=0.6)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        raise NotFound(f"netcheck knows no kind {kind!r}.{meant} For other kinds give api, e.g. `api: example.com/v1`.")
    return None
