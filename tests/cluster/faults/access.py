"""Faults in what CoreDNS may read, and as whom."""

from tests.cluster.faults.api import Delete, Patch, RestartPods, Wake
from tests.cluster.faults.conditions import NO_DNS_PODS, STARTED, both, dns_log, endpoints
from tests.cluster.faults.fault import Fault, Root
from tests.cluster.faults.objects import DNS_ACCOUNT, DNS_BINDING, DNS_DEPLOYMENT, DNS_PODS, DNS_ROLE
from tests.cluster.faults.pods import at_once

RESTART = RestartPods(DNS_PODS)
DENIED = ("dns.access.refused", "dns.pods.*", "dns.endpoints.none-ready", "dns.query.*")
FORBIDDEN = both(STARTED, dns_log("is forbidden"))

ACCESS = (
    Fault(
        name="dns-role", reference="D18", says="the role of CoreDNS lacks endpointslices",
        breaks=(Patch(DNS_ROLE, [{"op": "remove", "path": "/rules/1"}]), RESTART), wait=FORBIDDEN,
        roots=(Root("dns.access.denied", "dns-workload", str(DNS_ROLE)),), consequences=DENIED,
        mentions=("endpointslices.discovery.k8s.io",),
    ),
    Fault(
        name="dns-role-running", reference="D18", says="the role loses endpointslices while the pods run",
        answer="degraded", breaks=(Patch(DNS_ROLE, [{"op": "remove", "path": "/rules/1"}]),),
        roots=(Root("dns.access.denied", "dns-workload", str(DNS_ROLE)),), consequences=DENIED,
        mentions=("endpointslices.discovery.k8s.io",),
    ),
    Fault(
        name="dns-binding-deleted", says="no binding gives CoreDNS its role", breaks=(Delete(DNS_BINDING), RESTART),
        wait=FORBIDDEN, roots=(Root("dns.access.denied", "dns-workload", str(DNS_ACCOUNT)),), consequences=DENIED,
        mentions=("system:coredns",),
    ),
    Fault(
        name="dns-binding-subject", says="the binding names another account than CoreDNS has",
        breaks=(Patch(DNS_BINDING, [{"op": "replace", "path": "/subjects/0/name", "value": "core-dns"}]), RESTART),
        wait=FORBIDDEN, roots=(Root("dns.access.denied", "dns-workload", str(DNS_ACCOUNT)),), consequences=DENIED,
        mentions=("system:coredns",),
    ),
    Fault(
        name="dns-account-missing", says="the account of CoreDNS does not exist, so its pods cannot be made",
        breaks=(Delete(DNS_ACCOUNT), RESTART, Wake(DNS_DEPLOYMENT)), wait=both(NO_DNS_PODS, endpoints(0)),
        roots=(Root("dns.access.account", "dns-workload", str(DNS_ACCOUNT)),), mentions=("create serviceaccount",),
        consequences=("dns.pods.missing", "dns.endpoints.*", "dns.access.denied"),
    ),
    Fault(
        name="dns-no-token", reference="D42", says="CoreDNS has no token for the API server",
        breaks=(at_once({"automountServiceAccountToken": False}),), wait=dns_log("serviceaccount/token"),
        roots=(Root("dns.pods.api-credentials", "dns-workload", str(DNS_DEPLOYMENT)),),
        consequences=("dns.pods.*", "dns.endpoints.*", "dns.query.*"),
    ),
)
