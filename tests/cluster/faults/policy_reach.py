"""NetworkPolicies between pods of a shop, asked about by the playbook of that name."""

from typing import Any

from tests.cluster.faults.api import Create
from tests.cluster.faults.conditions import Condition, is_true
from tests.cluster.faults.fault import Answer, Fault, Network, Root
from tests.cluster.faults.neighbours import (
    ADDRESS,
    CLIENT,
    CLOSED,
    FRONT,
    IMAGE,
    OPEN,
    PORT,
    SPACE,
    VISITOR,
    WEB,
    gets_through,
    open_shop,
    pod,
    web_server,
)
from tests.cluster.faults.node import NODES, Await
from tests.cluster.faults.objects import Ref
from tests.cluster.faults.policy import BARE, ENFORCERS, PORTS, policy

DENY, ALLOW, OUT = (Ref("NetworkPolicy", name, SPACE) for name in ("default-deny", "allow-web", "client-out"))
WEBS = {"matchLabels": {"app": "web"}}
CLIENTS = {"matchLabels": {"app": "client"}}
DENY_ALL = policy(DENY, podSelector={}, policyTypes=["Ingress"])
NAMES = {"ports": PORTS}
API = "default/kubernetes"


def _from(*peers: dict[str, Any], ports: list[dict[str, Any]] | None = None, ref: Ref = ALLOW,
          selector: dict[str, Any] | None = None) -> dict[str, Any]:
    rule = {"from": list(peers), **({"ports": ports} if ports else {})}
    return policy(ref, podSelector=selector or WEBS, policyTypes=["Ingress"], ingress=[rule])


def _to(*rules: dict[str, Any]) -> dict[str, Any]:
    return policy(OUT, podSelector=CLIENTS, policyTypes=["Egress"], egress=[NAMES, *rules])


def _space(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _row(
    name: str, says: str, *policies: dict[str, Any], network: Network, pod: str = CLIENT, to: str = WEB,
    reference: str = "", roots: tuple[Root, ...] = (), mentions: tuple[str, ...] = (), answer: Answer | None = None,
    consequences: tuple[str, ...] = (), arrives: bool | None = None,
) -> Fault:
    """`arrives`: whether it does on the cluster, by default where nothing is said to be wrong."""
    outside = to == API  # some networks do not filter what goes to the pod's own node, and the API server is on one
    through = not roots if arrives is None else arrives
    shows = gets_through(pod or CLIENT, "10.96.0.1" if outside else ADDRESS, through, 443 if outside else 80)
    return Fault(
        name=f"np-{name}-{network}", says=says, reference=reference, network=network, playbook="network-policy",
        arguments=tuple(f"{key}={value}" for key, value in (("pod", pod), ("to", to)) if value),
        stage=(open_shop(client=NODES[1] if outside else ""), Await(OPEN)), breaks=(Create(policies),), wait=shows,
        cleared=CLOSED, roots=roots,
        mentions=mentions, answer=answer or ("broken" if roots else "ok"), consequences=consequences,
    )


def _shut(ref: Ref, cause: str = "policy.ingress") -> tuple[Root, ...]:
    return (Root(cause, "policy", str(ref)),)


FREEZE, NO_OUT = Ref("NetworkPolicy", "freeze", SPACE), Ref("NetworkPolicy", "no-way-out", FRONT)


def _beside(name: str, **changes: Any) -> dict[str, Any]:
    """A further pod of the shop, on the first node."""
    made = pod(name, SPACE, "sleep", "3600", node=NODES[0])
    return {**made, "spec": {**made["spec"], **changes}}


def _more(name: str, says: str, more: dict[str, Any], *policies: dict[str, Any], words: tuple[str, ...],
          roots: tuple[Root, ...] = (), answer: Answer = "ok", mentions: tuple[str, ...] = ()) -> Fault:
    """With one pod more than the shop has."""
    where = more["metadata"]["name"]
    there = Condition(f"{where} is ready", lambda c: is_true(Ref("Pod", where, SPACE).read(c), "Ready"))
    return Fault(name=f"np-{name}-calico", says=says, network="calico", playbook="network-policy", arguments=words,
                 stage=(open_shop(web=NODES[1]), Await(OPEN), Create((more,)), Await(there)),
                 breaks=(Create(policies),), cleared=CLOSED, roots=roots, answer=answer, mentions=mentions)


CANARY = _beside("canary", containers=web_server()["spec"]["containers"])
CANARY["metadata"]["labels"] = {"app": "web", "track": "canary"}
MESH = _beside("car", initContainers=[{
    "name": "mesh", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "restartPolicy": "Always",
    "command": ["httpd", "-f", "-p", "8081"], "ports": [{"name": "admin", "containerPort": 8081}]}])
FROM_HOST = (f"pod={SPACE}/host", f"to={WEB}")
CALICO_DENY: dict[str, Any] = {
    "apiVersion": "crd.projectcalico.org/v1", "kind": "GlobalNetworkPolicy", "metadata": {"name": "deny-web"},
    "spec": {"selector": "app == 'web'", "types": ["Ingress"], "order": 10, "ingress": [{"action": "Deny"}]}}
FAULTS_BETWEEN_PODS = (
    *(_row("deny", "a policy lets nothing in to the web server", DENY_ALL, network=network, reference="N02",
           roots=_shut(DENY), mentions=("8080/TCP",)) for network in ENFORCERS),
    *(_row("namespace-label", "a rule names a namespace by a label that it does not have", DENY_ALL,
           _from({"namespaceSelector": {"matchLabels": {"role": "frontend"}}}), network=network, pod=VISITOR,
           reference="N04", roots=_shut(ALLOW, "policy.no-namespace"), mentions=(f"metadata.name: {FRONT}",))
      for network in ENFORCERS),
    *(_row("typo", "the policy for the web server selects no pod, by one letter", DENY_ALL,
           _from({"podSelector": CLIENTS}, selector={"matchLabels": {"app": "webb"}}), network=network,
           roots=_shut(ALLOW, "policy.selects-nothing"), mentions=("app=web in place of app=webb",))
      for network in ENFORCERS),
    _row("service-port", "a policy allows the Service's port, where policies see the pod's", DENY_ALL,
         _from({"podSelector": CLIENTS}, ports=[{"port": 80}]), network="weave", roots=_shut(ALLOW),
         mentions=("8080/TCP",)),
    _row("end-port", "a policy allows a range of ports that ends before the web server's", DENY_ALL,
         _from({"podSelector": CLIENTS}, ports=[{"port": 8000, "endPort": 8079}]), network="calico",
         roots=_shut(ALLOW), mentions=("8080/TCP",)),
    _row("named-port", "a policy allows a named port that the web server does not have", DENY_ALL,
         _from({"podSelector": CLIENTS}, ports=[{"port": "https"}]), network="calico", roots=_shut(ALLOW),
         mentions=("8080/TCP",)),
    _row("both-selectors", "a rule wants namespace and pod at once, where either was meant", DENY_ALL,
         _from({**_space(FRONT), "podSelector": {"matchLabels": {"app": "visitor"}}}), network="calico", pod=VISITOR,
         roots=_shut(ALLOW), mentions=("from Pod",)),
    *(_row("egress-api", "a policy allows the address of the API server's Service, where policies see the server's",
           _to({"to": [{"ipBlock": {"cidr": "10.96.0.1/32"}}], "ports": [{"port": 443}]}), network=network, to=API,
           roots=_shut(OUT, "policy.egress"), mentions=("6443/TCP",)) for network in ENFORCERS),
    *(_row("shut-in", "nothing may leave the pods of a namespace, and nobody thought of names",
           policy(OUT, podSelector={}, policyTypes=["Egress"]), network=network, pod="", to="", reference="D32",
           roots=_shut(OUT, "dns.policy.client"), answer="degraded", mentions=("port 53",)) for network in ENFORCERS),
    *(_row("no-names", "a policy lets a client out to the web server only, and so to no DNS server",
           policy(OUT, podSelector=CLIENTS, policyTypes=["Egress"], egress=[{"to": [{"podSelector": WEBS}]}]),
           network=network, reference="D32", roots=_shut(OUT, "dns.policy.client"), mentions=("port 53",), arrives=True)
      for network in ENFORCERS),
    _row("both-ends", "only names may leave the client's namespace, and nothing may enter the server's", DENY_ALL,
         policy(NO_OUT, podSelector={}, policyTypes=["Egress"], egress=[NAMES]), network="calico", pod=VISITOR,
         roots=(*_shut(NO_OUT, "policy.egress"), *_shut(DENY))),
    _row("names-nowhere", "a client's rule for names names the namespace of DNS by a label that it does not have",
         policy(OUT, podSelector=CLIENTS, policyTypes=["Egress"], egress=[{"to": [{"podSelector": WEBS}]}, {
             "to": [{"namespaceSelector": {"matchLabels": {"name": "kube-system"}}}], "ports": PORTS}]),
         network="calico", reference="N04", roots=_shut(OUT, "policy.no-namespace"), arrives=True,
         mentions=("kubernetes.io/metadata.name: kube-system",)),
    _more("canary", "one of the pods of a Service is shut to everybody", CANARY,
          policy(FREEZE, podSelector={"matchLabels": {"track": "canary"}}, policyTypes=["Ingress"]),
          words=(f"to={WEB}",), roots=_shut(FREEZE), answer="degraded", mentions=("canary",)),
    *(_more(f"host-{name}", f"a pod in its node's network asks, and the block of {of} is let in",
            _beside("host", hostNetwork=True), DENY_ALL, _from({"ipBlock": {"cidr": cidr}}), words=FROM_HOST,
            answer="unknown", mentions=("tunnel",))
      for name, of, cidr in (("nodes", "the nodes", "172.31.0.0/16"), ("pods", "pods", "10.244.0.0/16"))),
    _row("other-kind", "a policy of Calico's own kind lets nothing in to the web server", CALICO_DENY,
         network="calico", reference="N08", answer="unknown", arrives=False,
         mentions=("1 GlobalNetworkPolicy", "incomplete")),
    *(_row("not-enforced", "a policy lets nothing in to the web server, and nothing enforces it", DENY_ALL,
           network=network, reference="N01", answer="degraded", mentions=("enforce",), arrives=True,
           roots=(Root("policy.not-enforced", "policy", "NetworkPolicies"),)) for network in BARE),
)
ALLOWED_BETWEEN_PODS = (
    *(_row("allows", "all is denied but what is needed, which is allowed by labels and port", DENY_ALL,
           _from({"podSelector": CLIENTS}, ports=[{"port": PORT}]), _to({"to": [{"podSelector": WEBS}]}),
           network=network) for network in ENFORCERS),
    *(_row("metadata-name", "a namespace is let in by the label that each has with its own name", DENY_ALL,
           _from(_space(FRONT), ports=[{"port": PORT}]), network=network, pod=VISITOR) for network in ENFORCERS),
    _row("ports-allowed", "a range of ports and a named one let the client in", DENY_ALL,
         _from({"podSelector": CLIENTS}, ports=[{"port": 8000, "endPort": 8090}]),
         _from(_space(FRONT), ports=[{"port": "http"}], ref=Ref("NetworkPolicy", "allow-front", SPACE)),
         network="calico"),
    _row("except", "a block of addresses is allowed but for some that nobody has", DENY_ALL,
         _from({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["192.0.2.0/24"]}}), network="calico", pod=VISITOR),
    _more("mesh-port", "a named port is that of a container that goes on beside the others", MESH,
          _from({"podSelector": CLIENTS}, ports=[{"port": "admin"}], selector={"matchLabels": {"app": "car"}}),
          words=(f"pod={CLIENT}", f"to={SPACE}/car", "port=8081")),
    _row("sealed", "nothing may leave one kind of pods, as it is meant", policy(
        OUT, podSelector=CLIENTS, policyTypes=["Egress"]), network="calico", pod="", to="", arrives=False),
    _row("allows-api", "a policy lets a client out to the API server's own address",
         _to({"to": [{"ipBlock": {"cidr": "172.31.0.0/16"}}], "ports": [{"port": 6443}]}), network="calico",
         to=API),
)
