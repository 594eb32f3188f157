"""Faults in the Corefile. The pods are restarted with it, all at once."""

from tests.cluster.faults.api import EditText, RestartPods
from tests.cluster.faults.conditions import CRASHED, DNS_SERVES, Condition, both, dns_log, dns_pods, endpoints
from tests.cluster.faults.fault import Fault, Root
from tests.cluster.faults.objects import COREFILE, DNS_DEPLOYMENT, DNS_PODS

CONFIG_MAP = str(COREFILE)
FIRST = r"^    errors\n"
FORWARD = r"forward \. /etc/resolv\.conf"
CRASHES = ("dns.pods.crashing", "dns.pods.not-ready", "dns.endpoints.*")
RESTART = RestartPods(DNS_PODS)
MANY = 200_000


def edit(pattern: str, new: str) -> EditText:
    return EditText(COREFILE, "Corefile", pattern, new)


def _crashing(name: str, reference: str, says: str, change: EditText, cause: str, *mentions: str,
              consequences: tuple[str, ...] = (), wait: Condition = CRASHED) -> Fault:
    return Fault(
        name=name, reference=reference, says=says, breaks=(change, RESTART), wait=wait, mentions=mentions,
        roots=(Root(cause, "dns-workload", CONFIG_MAP),), consequences=(*CRASHES, *consequences),
    )


def _wrong(name: str, says: str, change: EditText, cause: str, *mentions: str) -> Fault:
    """The pods are ready with it, and answer wrongly or nowhere."""
    return Fault(
        name=f"corefile-{name}", says=says, breaks=(change, RESTART), wait=DNS_SERVES, mentions=mentions,
        roots=(Root(cause, "dns-workload", CONFIG_MAP),),
        consequences=("dns.query.*", "dns.upstream.unreachable", "node.dns-port"),
    )


COREFILE_FAULTS = (
    _crashing("corefile-directive", "D09", "the Corefile has a directive that does not exist",
              edit(FIRST, "    errors\n    netcheckfoo\n"), "dns.corefile.directive-unknown", "netcheckfoo"),
    _crashing("corefile-proxy", "D11", "the Corefile has `proxy`, which CoreDNS dropped in 1.5",
              edit(FORWARD, "proxy . /etc/resolv.conf"), "dns.corefile.directive-removed",
              "`forward . /etc/resolv.conf`"),
    _crashing("corefile-loop", "D12", "the Corefile forwards to CoreDNS itself", edit(FORWARD, "forward . 127.0.0.1"),
              "dns.corefile.loop", "forward . /etc/resolv.conf", consequences=("dns.upstream.loop",)),
    _crashing("corefile-brace", "D09", "the Corefile's last brace is missing", edit(r"\}\s*\Z", ""),
              "dns.corefile.syntax", "`}`"),
    Fault(
        name="corefile-twice", says="the Corefile has two server blocks for the same zone and port",
        breaks=(edit(r"\Z", ".:53 {\n    forward . /etc/resolv.conf\n}\n"), RESTART), wait=CRASHED,
        roots=(Root("dns.pods.said", "dns-workload", str(DNS_DEPLOYMENT)),), mentions=("already defined",),
        consequences=CRASHES,
    ),
    Fault(
        name="corefile-stub", reference="D14", says="the resolver of one zone does not answer", answer="degraded",
        breaks=(edit(r"\Z", "corp.example:53 {\n    errors\n    forward . 192.0.2.9\n}\n"), RESTART),
        wait=DNS_SERVES, roots=(Root("dns.upstream.stub", "upstream", CONFIG_MAP),),
        mentions=("corp.example", "192.0.2.9"),
    ),
    Fault(
        name="corefile-no-kubernetes", reference="D16", says="the Corefile does not serve the cluster's zone",
        breaks=(edit(r"^    kubernetes [^}]*\}\n", ""), RESTART), wait=DNS_SERVES,
        roots=(Root("dns.corefile.no-kubernetes", "dns-workload", CONFIG_MAP),), mentions=("cluster.local",),
        consequences=("dns.query.zone", "dns.query.servfail"),
    ),
    Fault(
        name="corefile-no-ready", reference="D03", says="the Corefile lacks `ready`, which the probe asks for",
        breaks=(edit(r"^    ready\n", ""), RESTART), wait=both(dns_pods(2, ready=False), endpoints(0)),
        roots=(Root("dns.corefile.no-ready", "dns-workload", CONFIG_MAP),), mentions=("`ready`",),
        consequences=("dns.pods.not-ready", "dns.endpoints.none-ready"),
    ),
    Fault(
        name="corefile-no-health", says="the Corefile lacks `health`, which the liveness probe asks for",
        answer="degraded", breaks=(edit(r"^    health \{[^}]*\}\n", ""), RESTART),
        wait=DNS_SERVES, roots=(Root("dns.corefile.no-health", "dns-workload", CONFIG_MAP),),
        mentions=("`health`",), consequences=("dns.pods.liveness", "dns.pods.crashing"),
    ),
    Fault(
        name="corefile-not-reloaded", reference="D09", answer="degraded",
        says="a wrong Corefile was written and the pods go on with the old one",
        breaks=(edit(FIRST, "    errors\n    netcheckfoo\n"),), wait=dns_log("Unknown directive"),
        roots=(Root("dns.corefile.directive-unknown", "dns-workload", CONFIG_MAP),), mentions=("netcheckfoo",),
        consequences=("dns.corefile.reload",),
    ),
    _wrong("zone", "the Corefile serves another zone than kubelets tell pods to search",
           edit(r"kubernetes cluster\.local", "kubernetes cluster.example"), "dns.corefile.zone", "clusterDomain"),
    _wrong("acl", "the Corefile refuses what comes from the pod network",
           edit(FIRST, "    errors\n    acl {\n        block net 10.0.0.0/8\n    }\n"), "dns.corefile.acl",
           "allow net"),
    Fault(
        name="corefile-cache", reference="DNS-12", answer="degraded",
        says="the Corefile lets the cache grow beyond the memory of the pods",
        breaks=(edit(r"^    cache 30$", f"    cache 30 {{\n        success {MANY}\n        denial {MANY}\n    }}"),
                RESTART),
        wait=DNS_SERVES, roots=(Root("dns.memory.limit", "dns-workload", str(DNS_DEPLOYMENT)),),
        mentions=("170Mi",),
    ),
    _wrong("hosts", "the Corefile has `hosts` without `fallthrough`",
           edit(FIRST, "    errors\n    hosts {\n        192.0.2.80 printer.example\n    }\n"),
           "dns.corefile.shadowed", "`fallthrough`"),
    _wrong("template", "a template of the Corefile denies all names of the cluster",
           edit(FIRST, "    errors\n    template ANY ANY cluster.local {\n        rcode NXDOMAIN\n    }\n"),
           "dns.corefile.shadowed", "template ANY ANY cluster.local"),
    _wrong("bind", "CoreDNS is bound to localhost", edit(FIRST, "    errors\n    bind 127.0.0.1\n"),
           "dns.corefile.bind", "bind 127.0.0.1"),
    _wrong("block", "a server block of its own takes the cluster's zone from the block that serves it",
           edit(r"\Z", "cluster.local:53 {\n    errors\n    forward . /etc/resolv.conf\n}\n"),
           "dns.corefile.shadowed", "`cluster.local:53`"),
    _wrong("labels", "the Corefile serves Services of one label only, which none has",
           edit(r"pods insecure$", "pods insecure\n        labels netcheck/served=yes"), "dns.corefile.namespaces",
           "labels netcheck/served=yes"),
    _wrong("port", "the Corefile's server block has another port than the Service leads to",
           edit(r"\A\.:53", ".:5353"), "dns.corefile.port", "5353"),
)
