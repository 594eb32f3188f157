"""Faults in the objects that cluster DNS is made of."""

from tests.cluster.faults.api import Create, Delete, EditText, Patch, scale
from tests.cluster.faults.conditions import HEALTHY, NO_DNS_PODS, Condition, both, dns_pods, endpoints, gone, items
from tests.cluster.faults.fault import Fault, Root
from tests.cluster.faults.objects import (
    COREFILE,
    DNS_DEPLOYMENT,
    DNS_SERVICE,
    KUBELET_CONFIG,
    NOBODY,
    slice_by_hand,
)
from tests.cluster.rig import Cluster

SERVICE, DEPLOYMENT, CONFIG_MAP = str(DNS_SERVICE), str(DNS_DEPLOYMENT), str(COREFILE)


def _leads_to_5353(cluster: Cluster) -> bool:
    slices = items(cluster, "-n", "kube-system", "endpointslices", "-l", "kubernetes.io/service-name=kube-dns")
    return any(port["port"] == 5353 for piece in slices for port in piece["ports"])


DNS_OBJECTS = (
    Fault(
        name="dns-service-deleted", reference="D01", says="the Service kube-dns does not exist",
        breaks=(Delete(DNS_SERVICE),), wait=both(gone(DNS_SERVICE), endpoints(0)),
        roots=(Root("dns.service.missing", "dns-service", SERVICE),), mentions=("10.96.0.10",),
    ),
    Fault(
        name="dns-selector", reference="D02", says="the selector of kube-dns matches no pod",
        breaks=(Patch(DNS_SERVICE, {"spec": {"selector": {"k8s-app": "kube-dnss"}}}),), wait=endpoints(0),
        roots=(Root("dns.service.selector", "dns-service", SERVICE),),
        mentions=("set selector service kube-dns k8s-app=kube-dns",),
    ),
    Fault(
        name="dns-no-tcp", reference="D05", says="kube-dns has no TCP port", answer="degraded",
        breaks=(Patch(DNS_SERVICE, [{"op": "remove", "path": "/spec/ports/1"}]),),
        roots=(Root("dns.service.ports", "dns-service", SERVICE),), mentions=("53/TCP", "dns-tcp"),
    ),
    Fault(
        name="dns-target-port", reference="D06", says="kube-dns leads to a port that CoreDNS does not open",
        breaks=(Patch(DNS_SERVICE, [{"op": "replace", "path": f"/spec/ports/{port}/targetPort", "value": 5353}
                                    for port in (0, 1)]),),
        wait=Condition("the endpoints lead to port 5353", _leads_to_5353),
        roots=(Root("dns.service.target-port", "dns-service", SERVICE),), mentions=("5353", "targetPort to 53"),
    ),
    Fault(
        name="dns-address", reference="D07", says="kubelets are configured with another DNS address than kube-dns has",
        breaks=(EditText(KUBELET_CONFIG, "kubelet", r"10\.96\.0\.10$", "10.96.0.11"),),
        roots=(Root("dns.service.address", "dns-service", SERVICE),), mentions=("10.96.0.11", "10.96.0.10"),
    ),
    Fault(
        name="dns-proxy-name", says="a label leaves kube-dns to a proxy that does not run", answer="degraded",
        breaks=(Patch(DNS_SERVICE, {"metadata": {"labels": {"service.kubernetes.io/service-proxy-name": "other"}}}),),
        roots=(Root("service.proxy-name", "service", SERVICE),), mentions=("service-proxy-name-",),
    ),
    Fault(
        name="dns-scaled-to-zero", reference="D08", says="CoreDNS is scaled to zero",
        breaks=(scale(DNS_DEPLOYMENT, 0),), wait=both(NO_DNS_PODS, endpoints(0)),
        roots=(Root("dns.pods.scaled-to-zero", "dns-workload", DEPLOYMENT),), mentions=("--replicas=2",),
        consequences=("dns.endpoints.empty",),
    ),
    Fault(
        name="dns-deployment-deleted", says="the Deployment coredns does not exist",
        breaks=(Delete(DNS_DEPLOYMENT),), wait=both(NO_DNS_PODS, endpoints(0)),
        roots=(Root("dns.workload.missing", "dns-workload", "Namespace kube-system"),),
        consequences=("dns.endpoints.empty",),
    ),
    Fault(
        name="corefile-deleted", reference="D21", says="the ConfigMap coredns is deleted while the pods run",
        answer="degraded", breaks=(Delete(COREFILE),),
        roots=(Root("dns.corefile.missing", "dns-workload", CONFIG_MAP),), mentions=("before any DNS pod restarts",),
    ),
    Fault(
        name="corefile-key", reference="D21", says="the key of the Corefile has another name", answer="degraded",
        breaks=(Patch(COREFILE, [{"op": "move", "from": "/data/Corefile", "path": "/data/corefile.txt"}]),),
        roots=(Root("dns.corefile.key", "dns-workload", CONFIG_MAP),), mentions=("Corefile",), healed=HEALTHY,
    ),
    Fault(
        name="dns-near-only", reference="SVC-15", answer="degraded",
        says="kube-dns leads to pods of the client's node only, and one node has none",
        breaks=(Patch(DNS_SERVICE, {"spec": {"internalTrafficPolicy": "Local"}}), scale(DNS_DEPLOYMENT, 1)),
        wait=both(dns_pods(1), endpoints(1)),
        roots=(Root("service.internal-local", "service", SERVICE),), mentions=("internalTrafficPolicy",),
    ),
    Fault(
        name="dns-slice-by-hand", answer="degraded", says="somebody added an address to kube-dns that no pod has",
        breaks=(Create((slice_by_hand("by-hand", DNS_SERVICE, NOBODY, 53, "dns", "dns-tcp"),)),),
        wait=both(dns_pods(2), endpoints(3)),
        roots=(Root("dns.endpoints.beside", "dns-service", "EndpointSlice kube-system/by-hand"),), mentions=(NOBODY,),
    ),
)
