"""Faults on the ways to an application's Service: by name, from outside, through policies; Services that lead to
something else than selected pods; and what lies below them."""

from dataclasses import replace

from tests.cluster.faults.api import Create, Delete, DeleteAtOnce, scale
from tests.cluster.faults.conditions import DNS_SERVES, NO_DNS_PODS, Condition, both, grown, node_ready
from tests.cluster.faults.corefile import RESTART, edit
from tests.cluster.faults.fault import Fault, Root
from tests.cluster.faults.node import NODES, Await, StopProcess
from tests.cluster.faults.objects import COREFILE, DNS_DEPLOYMENT, PROXY, Ref, slice_by_hand
from tests.cluster.faults.proxy import PROXY_FAULTS
from tests.cluster.faults.services import ASKED, SHOP, put, row
from tests.cluster.faults.shop import SERVICE, SPACE, Json, ends, ready, service, shop, workload
from tests.cluster.faults.upstream import UPSTREAM_DEAD
from tests.cluster.rig import Cluster

SECOND = NODES[1]
PEERS, OUTSIDE, LEGACY = (Ref("Service", name, SPACE) for name in ("peers", "outside", "legacy"))
SLICE = Ref("EndpointSlice", "legacy-1", SPACE)


def external(name: str) -> Json:
    return service("outside", type="ExternalName", externalName=name, selector=None, ports=None)


def headless(port: int = 8080) -> Json:
    ports = [{"name": "http", "port": port, "targetPort": 8080}]
    return service("peers", clusterIP="None", ports=ports)


def legacy(port: str = "http", of: str = "legacy", address: str = "192.0.2.80") -> Json:
    return slice_by_hand(SLICE.name, Ref("Service", of, SPACE), address, 8080, port)


def asked(ref: Ref, *more: str) -> tuple[str, ...]:
    return (f"{ref.namespace}/{ref.name}", *more)


BY_HAND = shop(service("legacy", selector=None), legacy())
ABROAD = shop(external("web.shop.svc.cluster.local"))
WRONG_SELECTOR = put(service(selector={"app": "webb"}))
PROXY_AWAY = next(row for row in PROXY_FAULTS if row.name == "proxy-kubeconfig")

FAR, FAR_RANGE = Ref("Service", "far", SPACE), Ref("ServiceCIDR", "netcheck-far", "")
RANGE = {"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": FAR_RANGE.name},
         "spec": {"cidrs": ["10.200.0.0/24"]}}


def _gives_addresses(cluster: Cluster) -> bool:
    conditions = FAR_RANGE.read(cluster).get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


FAR_READY = Condition("addresses of the new range are given out", _gives_addresses)


WAYS = (
    row("headless-port", "S16", "a headless Service is asked at its port, which is not that of its pods",
        "service.headless.port", put(headless(80)), stage=shop(headless()), object=PEERS,
        arguments=asked(PEERS, "port=http"), mentions=("8080",), wait=ready(2)),
    row("stateful-set", "SVC-10", "a StatefulSet names a Service that does not exist", "service.headless.stateful-set",
        put(workload("db", {"app": "web", "part": "db"}, kind="StatefulSet", replicas=1, spec={"serviceName": "peer"})),
        stage=shop(headless()), object=Ref("StatefulSet", "db", SPACE), arguments=asked(PEERS), answer="degraded",
        wait=both(ready(3), ends(3, "peers")), mentions=("serviceName peers",)),
    row("external-name-address", "S11", "an ExternalName is an address", "service.external-name.address",
        put(external("10.0.0.5")), stage=ABROAD, object=OUTSIDE, arguments=asked(OUTSIDE), mentions=("10.0.0.5",)),
    row("external-name-dead", "S11", "an ExternalName is a name that does not exist", "service.external-name.dead",
        put(external("wep.shop.svc.cluster.local")), stage=ABROAD, object=OUTSIDE, arguments=asked(OUTSIDE),
        mentions=("wep.shop.svc.cluster.local",)),
    row("external-name-loop", "S11", "an ExternalName leads to its own name", "service.external-name.loop",
        put(external(f"{OUTSIDE.name}.{OUTSIDE.namespace}.svc.cluster.local")), stage=ABROAD, object=OUTSIDE,
        arguments=asked(OUTSIDE)),
    row("external-name-unanswered", "D13", "the resolver that knows an ExternalName does not run",
        "service.external-name.unanswered", UPSTREAM_DEAD, stage=shop(external("netcheck-shop.example.com")),
        object=OUTSIDE, arguments=asked(OUTSIDE), mentions=("netcheck-shop.example.com",)),
    row("no-slice", "S12", "a Service without a selector has no EndpointSlice", "service.manual.no-slice",
        Delete(SLICE), stage=BY_HAND, object=LEGACY, arguments=asked(LEGACY), wait=grown(LEGACY, 35)),
    row("slice-label", "S12", "the EndpointSlice of a Service without a selector is labelled for another",
        "service.manual.no-slice", put(legacy(of="legacy-service")), stage=BY_HAND, object=LEGACY,
        arguments=asked(LEGACY), mentions=("legacy-1", "kubernetes.io/service-name=legacy")),
    row("slice-port", "S12", "the port of the EndpointSlice has another name than the Service's",
        "service.manual.port-name", put(legacy("web")), stage=BY_HAND, object=LEGACY, arguments=asked(LEGACY),
        mentions=("web", "http")),
    row("slice-of-lost-pod", "S12", "the EndpointSlice of a Service without a selector leads to a pod that is gone",
        "service.manual.no-pod", put(legacy(address="10.244.1.199")), stage=BY_HAND, object=LEGACY,
        arguments=asked(LEGACY), mentions=("10.244.1.199",)),
    row("node-port-local", "S09", "a node port for pods of its node only, and a node without any",
        "service.node-port.local", put(workload(replicas=1)),
        put(service(externalTrafficPolicy="Local", type="NodePort")), wait=both(ready(1), ends(1)),
        answer="degraded", mentions=("externalTrafficPolicy",)),
    row("internal-local", "SVC-15", "clients are led to pods of their node only, and one node has none",
        "service.internal-local", put(workload(replicas=1)), put(service(internalTrafficPolicy="Local")),
        wait=both(ready(1), ends(1)), answer="degraded", mentions=("internalTrafficPolicy",)),
    row("load-balancer", "S15", "a Service of type LoadBalancer, and nothing that gives it an address",
        "service.load-balancer", put(service(type="LoadBalancer")), wait=grown(SERVICE), answer="degraded",
        mentions=("MetalLB",)),
    row("unknown-to-dns", "SVC-16", "the Corefile leaves the Service's namespace out", "dns.corefile.namespaces",
        edit(r"pods insecure$", "pods insecure\n        namespaces kube-system default"), RESTART, object=COREFILE,
        layer="dns-workload", wait=both(DNS_SERVES, grown(SERVICE)),
        mentions=("those of shop",), consequences=("service.name.unknown",)),
    row("taken-by-block", "SVC-16", "a server block of its own takes the Service's namespace from the cluster's zone",
        "dns.corefile.shadowed", edit(r"\Z", "shop.svc.cluster.local:53 {\n    forward . /etc/resolv.conf\n}\n"),
        RESTART, object=COREFILE, layer="dns-workload", wait=both(DNS_SERVES, grown(SERVICE, 65)),
        mentions=("`shop.svc.cluster.local:53`",), consequences=("service.name.unknown",)),
    row("dns-down", "SVC-16", "nobody answers for the Service's name, since DNS is scaled to zero",
        "dns.pods.scaled-to-zero", scale(DNS_DEPLOYMENT, 0), wait=NO_DNS_PODS, object=DNS_DEPLOYMENT,
        layer="dns-workload", mentions=("--replicas=2",), consequences=("service.name.unanswered", "dns.*")),
    row("node-down", "K01", "the node of one pod of the Service is silent", "node.not-ready",
        StopProcess(f"kubelet-{SECOND}"), wait=both(node_ready(SECOND, ready=False), ends(1)), answer="degraded",
        object=f"Node {SECOND}", layer="node", network="bridge",
        consequences=("service.pods.node-down", "proxy.not-covering", "dns.*", "node.kubelet-way")),
    replace(
        row("address-outside", "S21", "a Service outlived the range that it has its address of",
            "service.address.outside", DeleteAtOnce(FAR_RANGE), wait=ends(2, "far"), object=FAR, arguments=asked(FAR),
            answer="degraded", mentions=("10.200.0.5", "10.96.0.0/12"), network="bridge"),
        stage=(SHOP, Create((RANGE,)), Await(FAR_READY), put(service("far", clusterIP="10.200.0.5")))),
    Fault(
        name="proxy-kubeconfig-and-service-selector", reference="P06+S01", network="bridge",
        says="kube-proxy asks an API server that is not there, and a Service's selector has a typing error",
        stage=(SHOP,), breaks=(*PROXY_AWAY.breaks, WRONG_SELECTOR), wait=both(PROXY_AWAY.wait, ends(0)),
        roots=(Root("proxy.api", "proxy", str(PROXY)), Root("service.selector", "service", str(SERVICE))),
        mentions=("192.0.2.10", "set selector service web 'app=web'"), consequences=("proxy.*",),
        playbook="service", arguments=ASKED,
    ),
)
