"""NetworkPolicies: the same objects are a fault where something enforces them, and nothing where nothing does."""

from typing import Any

from tests.cluster.faults.api import Create
from tests.cluster.faults.fault import Fault, Network, Root
from tests.cluster.faults.objects import Ref

DENY = Ref("NetworkPolicy", "deny-dns")
DNS = {"matchLabels": {"k8s-app": "kube-dns"}}
PORTS = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
ENFORCERS: tuple[Network, ...] = ("weave", "calico")
BARE: tuple[Network, ...] = ("bridge", "flannel")


def policy(ref: Ref, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": spec,
            "metadata": {"name": ref.name, "namespace": ref.namespace}}


ALLOW_ALL = tuple(Create((policy(
    Ref("NetworkPolicy", "allow-all", space), podSelector={}, ingress=[{}], egress=[{}],
    policyTypes=["Ingress", "Egress"]),)) for space in ("default", "kube-system"))
DENY_DNS = Create((policy(DENY, podSelector=DNS, policyTypes=["Ingress"]),))
ALLOW_DNS = Create((
    policy(Ref("NetworkPolicy", "default-deny"), podSelector={}, policyTypes=["Ingress"]),
    policy(Ref("NetworkPolicy", "allow-dns"), podSelector=DNS, policyTypes=["Ingress"], ingress=[{"ports": PORTS}]),
    policy(Ref("NetworkPolicy", "default-deny", "default"), podSelector={}, policyTypes=["Ingress", "Egress"],
           egress=[{"ports": PORTS}]),
))

POLICIES = (
    *(Fault(
        name=f"policy-on-dns-{network}", reference="D31", network=network,
        says="a policy lets nothing in to the DNS pods, and the network enforces it",
        breaks=(DENY_DNS,), roots=(Root("dns.policy.ingress", "policy", str(DENY)),), mentions=("53",),
        consequences=("dns.*",),
    ) for network in ENFORCERS),
    Fault(
        name="policy-isolates-dns-weave", reference="D31", network="weave",
        says="a policy lets nothing in to the DNS pods and nothing out of them",
        breaks=(Create((policy(DENY, podSelector=DNS, policyTypes=["Ingress", "Egress"]),)),),
        roots=(Root("dns.policy.isolated", "policy", str(DENY)),), consequences=("dns.*",),
    ),
    *(Fault(
        name=f"policy-dns-egress-{network}", reference="D31", network=network,
        says="a policy lets nothing out of the DNS pods",
        breaks=(Create((policy(DENY, podSelector=DNS, policyTypes=["Egress"]),)),),
        roots=(Root("dns.policy.egress", "policy", str(DENY)),), consequences=("dns.*",),
    ) for network in ENFORCERS),
    *(Fault(
        name=f"policy-not-enforced-{network}", reference="N01", network=network, answer="ok",
        says="a policy lets nothing in to the DNS pods, and nothing enforces it", breaks=(DENY_DNS,),
        mentions=("enforce",),
    ) for network in BARE),
    *(Fault(
        name=f"policy-allows-dns-{network}", network=network, answer="ok",
        says="all is denied by policies but DNS, which is allowed", breaks=(ALLOW_DNS,),
    ) for network in ENFORCERS),
    Fault(
        name="np-forbids-nothing", network="bridge", answer="ok", playbook="network-policy",
        says="policies allow everything, and nothing enforces them", breaks=ALLOW_ALL,
    ),
)
