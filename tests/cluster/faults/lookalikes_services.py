"""Services that are in order and look ill: nothing may be called broken there."""

from tests.cluster.faults.conditions import Condition, both, grown
from tests.cluster.faults.fault import Fault, Injection
from tests.cluster.faults.services import ASKED, SERVING, SHOP, put
from tests.cluster.faults.services_policy import FROM
from tests.cluster.faults.services_ways import ABROAD, BY_HAND, LEGACY, OUTSIDE, PEERS, asked, headless
from tests.cluster.faults.shop import HTTP, SERVICE, client, ends, ready, service, shop, started, workload


def _ok(
    name: str, reference: str, says: str, *breaks: Injection, arguments: tuple[str, ...] = ASKED,
    stage: Injection = SHOP, wait: Condition = SERVING, mentions: tuple[str, ...] = ()
) -> Fault:
    return Fault(name=f"service-{name}", reference=reference, says=says, stage=(stage,), breaks=breaks, wait=wait,
                 answer="ok", playbook="service", arguments=arguments, mentions=mentions)


SERVICE_LOOKALIKES = (
    _ok("healthy", "", "a Service and its pods are in order", wait=SERVING, arguments=(*ASKED, "port=80")),
    _ok("headless", "H09", "a headless Service has no address", stage=shop(headless()), arguments=asked(PEERS),
        wait=both(ready(2), ends(2, "peers"))),
    _ok("kubernetes", "H12", "the API server's own Service has no selector", arguments=("default/kubernetes",)),
    _ok("by-hand", "SVC-12", "a Service without a selector has an EndpointSlice that somebody made", stage=BY_HAND,
        arguments=asked(LEGACY)),
    _ok("external-name", "SVC-11", "a Service stands for a name elsewhere", stage=ABROAD, arguments=asked(OUTSIDE)),
    _ok("published-unready", "H24", "a Service publishes pods that are not ready",
        put(workload(readinessProbe={"tcpSocket": {"port": 9}, "periodSeconds": 1})),
        put(service(publishNotReadyAddresses=True)), wait=both(started(2), ends(2))),
    _ok("load-balancer-inside", "H35", "a Service waits for a load balancer, and is asked from inside",
        put(service(type="LoadBalancer")), stage=shop(client()), arguments=(*ASKED, FROM),
        wait=both(ready(3), grown(SERVICE)), mentions=("waits for a load balancer",)),
    _ok("canary", "SVC-03", "a Service selects pods of two Deployments that serve the same",
        put(workload("web-canary", {"app": "web", "track": "canary"}, replicas=1)), wait=both(ready(3), ends(3)),
        mentions=("Deployment shop/web-canary",)),
    _ok("undeclared-port", "SVC-04", "targetPort is a number that no container declares, and something listens there",
        put(workload(ports=[{**HTTP, "containerPort": 9999, "name": "other"}])),
        put(service(ports=[{"port": 80, "targetPort": 8080}])), wait=SERVING, mentions=("that is allowed",)),
    _ok("of-dns", "", "the Service of cluster DNS, by UDP and TCP", arguments=("kube-system/kube-dns",)),
)
