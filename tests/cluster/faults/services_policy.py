"""NetworkPolicies before the pods of an application's Service, asked about by the playbook `service`; and the overview
of a cluster whose policies nothing enforces."""

from tests.cluster.faults.api import Create
from tests.cluster.faults.fault import Answer, Fault, Network, Root
from tests.cluster.faults.neighbours import CLOSED, OPEN, open_shop
from tests.cluster.faults.node import Await
from tests.cluster.faults.objects import Ref
from tests.cluster.faults.policy import BARE, ENFORCERS, policy
from tests.cluster.faults.policy_reach import DENY_ALL
from tests.cluster.faults.services import ASKED, put
from tests.cluster.faults.shop import CLIENT, SPACE, Json, client, ready, shop

DENY = Ref("NetworkPolicy", "deny", SPACE)
NOBODY_IN = policy(DENY, podSelector={"matchLabels": {"app": "web"}}, policyTypes=["Ingress"])
NOBODY_OUT = policy(DENY, podSelector={"matchLabels": {"app": "client"}}, policyTypes=["Egress"], egress=[
    {"ports": [{"protocol": "TCP", "port": 80}]}])
SOME_IN = policy(DENY, podSelector={}, policyTypes=["Ingress"], ingress=[
    {"from": [{"podSelector": {"matchLabels": {"app": "client"}}}], "ports": [{"protocol": "TCP", "port": 8080}]}])
FROM = f"from={CLIENT.namespace}/{CLIENT.name}"


def _row(
    name: str, says: str, network: Network, denied: Json, *arguments: str, cause: str = "",
    mentions: tuple[str, ...] = (), reference: str = "N02", answer: Answer = "broken"
) -> Fault:
    return Fault(
        name=f"service-policy-{name}-{network}", says=says, network=network, reference=reference,
        stage=(shop(client()),), breaks=(put(denied),), wait=ready(3), playbook="service",
        arguments=(*ASKED, *arguments), answer=answer if cause else "ok",
        roots=(Root(cause, "policy", str(DENY)),) if cause else (), mentions=mentions)


SERVICE_POLICIES = (
    *(_row("nobody", "a policy lets nobody in to the Service's pods", network, NOBODY_IN, cause="policy.ingress",
           mentions=("8080/TCP",)) for network in ENFORCERS),
    *(_row("port", "a policy lets the client out to the Service's port instead of that of its pods", network,
           NOBODY_OUT, FROM, cause="policy.egress", mentions=("8080/TCP",)) for network in ENFORCERS),
    *(_row("allows", "a policy lets the client in to the Service's pods and nobody else", network, SOME_IN, FROM)
      for network in ENFORCERS),
    *(_row("idle", "a policy lets nobody in to the Service's pods, and nothing enforces it", network, NOBODY_IN,
           mentions=("enforce",), reference="N01") for network in BARE),
    *(Fault(
        name=f"overview-policy-idle-{network}", network=network, reference="N01", playbook="network",
        says="a policy lets nothing in to a web server, and nothing enforces it, as the overview finds",
        stage=(open_shop(), Await(OPEN)), cleared=CLOSED, breaks=(Create((DENY_ALL,)),), answer="degraded",
        roots=(Root("policy.not-enforced", "policy", "NetworkPolicies"),), mentions=("enforces",),
    ) for network in BARE),
)
