"""The kinds a cluster serves, as its discovery lists them. Seen on Kubernetes 1.34 (`kubectl get --raw /api/v1`,
`/apis/…`).

Kinds of custom resources are not here: a bundle that holds some brings them along (`custom`).
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """`group` is empty for the core group; `subresources` are those the box serves."""

    group: str
    version: str
    name: str
    plural: str
    namespaced: bool
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()

    @property
    def api(self) -> str:
        """As in `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As in messages: `endpointslices.discovery.k8s.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified(self) -> str:
        """As in validation errors: `Deployment.apps`."""
        return f"{self.name}.{self.group}" if self.group else self.name


_TABLE = """
v1 configmaps ConfigMap yes cm
v1 endpoints Endpoints yes ep
v1 events Event yes ev
v1 namespaces Namespace no ns
v1 nodes Node no no
v1 persistentvolumeclaims PersistentVolumeClaim yes pvc
v1 pods Pod yes po
v1 replicationcontrollers ReplicationController yes rc
v1 resourcequotas ResourceQuota yes quota
v1 secrets Secret yes -
v1 serviceaccounts ServiceAccount yes sa
v1 services Service yes svc
apps/v1 controllerrevisions ControllerRevision yes -
apps/v1 daemonsets DaemonSet yes ds
apps/v1 deployments Deployment yes deploy
apps/v1 replicasets ReplicaSet yes rs
apps/v1 statefulsets StatefulSet yes sts
events.k8s.io/v1 events Event yes ev
autoscaling/v2 horizontalpodautoscalers HorizontalPodAutoscaler yes hpa
batch/v1 cronjobs CronJob yes cj
batch/v1 jobs Job yes -
networking.k8s.io/v1 ingressclasses IngressClass no -
networking.k8s.io/v1 ingresses Ingress yes ing
networking.k8s.io/v1 ipaddresses IPAddress no ip
networking.k8s.io/v1 networkpolicies NetworkPolicy yes netpol
networking.k8s.io/v1 servicecidrs ServiceCIDR no -
policy/v1 poddisruptionbudgets PodDisruptionBudget yes pdb
rbac.authorization.k8s.io/v1 clusterrolebindings ClusterRoleBinding no -
rbac.authorization.k8s.io/v1 clusterroles ClusterRole no -
rbac.authorization.k8s.io/v1 rolebindings RoleBinding yes -
rbac.authorization.k8s.io/v1 roles Role yes -
storage.k8s.io/v1 storageclasses StorageClass no sc
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations MutatingWebhookConfiguration no -
admissionregistration.k8s.io/v1 validatingwebhookconfigurations ValidatingWebhookConfiguration no -
apiextensions.k8s.io/v1 customresourcedefinitions CustomResourceDefinition no crd,crds
apiregistration.k8s.io/v1 apiservices APIService no -
scheduling.k8s.io/v1 priorityclasses PriorityClass no pc
coordination.k8s.io/v1 leases Lease yes -
node.k8s.io/v1 runtimeclasses RuntimeClass no -
discovery.k8s.io/v1 endpointslices EndpointSlice yes -
"""
_SUBRESOURCES = {"Pod": ("log", "portforward", "exec", "proxy")}


def _rows() -> Iterable[Kind]:
    for line in _TABLE.split("\n"):
        if line:
            api, plural, name, namespaced, short = line.split()
            group, _, version = api.rpartition("/")
            names = () if short == "-" else tuple(short.split(","))
            yield Kind(group, version, name, plural, namespaced == "yes", names, _SUBRESOURCES.get(name, ()))


KINDS: tuple[Kind, ...] = tuple(_rows())


def find_kind(api: str, name: str, custom: Iterable[Kind] = ()) -> Kind | None:
    """The kind by `apiVersion` and `kind` of an object; with an empty `api`, the first of that name."""
    return next((kind for kind in (*KINDS, *custom) if kind.name == name and api in ("", kind.api)), None)


def guess_kind(api: str, name: str, namespaced: bool) -> Kind:
    """A custom resource whose definition was not read; its plural is made as nearly all are."""
    group, _, version = api.rpartition("/")
    lower = name.lower()
    changes = lower.endswith("y") and lower[-2:-1] not in "aeiou"  # policies, and gateways
    plural = f"{lower[:-1]}ies" if changes else f"{lower}es" if lower.endswith(("s", "x")) else f"{lower}s"
    return Kind(group, version, name, plural, namespaced)
