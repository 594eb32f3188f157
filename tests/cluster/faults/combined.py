"""Two faults at once: both are told where they are independent, and the deeper one where it brings about the other."""

from tests.cluster.faults.api import Delete, Patch, RestartPods
from tests.cluster.faults.conditions import Condition, both, dns_log, dns_pods, endpoints, live_pods
from tests.cluster.faults.fault import Fault, Root
from tests.cluster.faults.node import NODES, Await, ForgetRules
from tests.cluster.faults.objects import COREFILE, DNS_PODS, DNS_SERVICE, PROXY, PROXY_PODS
from tests.cluster.faults.upstream import DEAD, UPSTREAM_DEAD

WRONG_SELECTOR = Patch(DNS_SERVICE, {"spec": {"selector": {"k8s-app": "kube-dnss"}}})
NO_PROXY_PODS = Condition("kube-proxy has ended", lambda c: not live_pods(c, PROXY_PODS))


COMBINED = (
    Fault(
        name="dns-selector-and-upstream", reference="D02+D13", says="the selector is wrong and the resolver is dead",
        breaks=(WRONG_SELECTOR, UPSTREAM_DEAD), wait=endpoints(0),
        roots=(Root("dns.service.selector", "dns-service", str(DNS_SERVICE)), DEAD),
        mentions=("set selector service kube-dns k8s-app=kube-dns",),
    ),
    Fault(
        name="dns-no-tcp-and-corefile-deleted", reference="D05+D21", answer="degraded",
        says="kube-dns has no TCP port and the Corefile is gone",
        breaks=(Patch(DNS_SERVICE, [{"op": "remove", "path": "/spec/ports/1"}]), Delete(COREFILE)),
        roots=(Root("dns.service.ports", "dns-service", str(DNS_SERVICE)),
               Root("dns.corefile.missing", "dns-workload", str(COREFILE))),
    ),
    Fault(
        name="proxy-deleted", reference="P01", network="bridge",
        says="kube-proxy's DaemonSet does not exist; its rules stand as they were",
        breaks=(Delete(PROXY), Await(NO_PROXY_PODS)), roots=(Root("proxy.missing", "proxy", str(PROXY)),),
    ),
    Fault(
        name="proxy-gone-when-dns-restarts", reference="D30", network="bridge",
        says="CoreDNS is started anew where neither kube-proxy nor its rules are left",
        breaks=(Delete(PROXY), Await(NO_PROXY_PODS), *(ForgetRules(node) for node in NODES), RestartPods(DNS_PODS)),
        wait=both(dns_pods(2, ready=False), dns_log("starting server with unsynced Kubernetes API")),
        roots=(Root("proxy.missing", "proxy", str(PROXY)),), consequences=("dns.pods.*", "dns.endpoints.*"),
    ),
)
