"""Causes on the way out: the resolvers to which names outside the cluster are forwarded."""

from bot.diagnosis.cause import Cause
from bot.diagnosis.commands import DNS_LOG, DNS_LOG_BEFORE, ask_dns
from bot.model.finding import Layer

LOOP = "https://coredns.io/plugins/loop/#troubleshooting"
KUBE_DNS = "https://cloud.google.com/kubernetes-engine/docs/how-to/kube-dns"
KUBE_DNS_BY_HAND = "`kubectl -n kube-system get configmap kube-dns -o yaml`"
FORWARD = "https://coredns.io/plugins/forward/"
BY_HAND = f"{ask_dns('kubernetes.io')}; {DNS_LOG}"

UPSTREAM: tuple[Cause, ...] = (
    Cause(
        code="dns.upstream.loop", layer=Layer.UPSTREAM, title="Queries come back to CoreDNS in a circle",
        explains=("dns.pods.crashing", "dns.pods.not-ready", "dns.pods.oom", "dns.endpoints.*", "dns.query.*",
                  "dns.upstream.unreachable", "dns.upstream.overload", "dns.upstream.stub"),
        meaning="CoreDNS saw its own probe return: the resolvers of the node lead back to it, mostly by the loopback "
        "address of systemd-resolved (127.0.0.53) in the node's /etc/resolv.conf.",
        by_hand=f"{DNS_LOG_BEFORE}, and `cat /etc/resolv.conf` on the node",
        mend="Set the kubelet's resolvConf to a file with the real resolvers (`/run/systemd/resolve/resolv.conf`), "
        "restart the kubelet and delete the CoreDNS pods; or forward to the resolvers' addresses in the Corefile.",
        source=LOOP,
    ),
    Cause(
        code="dns.upstream.dns-policy", layer=Layer.UPSTREAM, title="The DNS pods use themselves as resolver",
        explains=("dns.upstream.loop", "dns.upstream.unreachable", "dns.upstream.overload"),
        meaning="With dnsPolicy ClusterFirst the pod's /etc/resolv.conf names the DNS Service, so `forward . "
        "/etc/resolv.conf` leads back to CoreDNS.",
        by_hand="`kubectl -n kube-system get deployment coredns -o yaml` (dnsPolicy)",
        mend="Set `dnsPolicy: Default` in the pod template of the DNS workload.", source=LOOP,
    ),
    Cause(
        code="dns.kube-dns.circle", layer=Layer.UPSTREAM, title="kube-dns forwards to itself",
        explains=("dns.upstream.unreachable", "dns.upstream.stub", "dns.pods.crashing", "dns.pods.not-ready",
                  "dns.query.*", "dns.endpoints.*"),
        meaning="upstreamNameservers or stubDomains in the ConfigMap of kube-dns names the address of the cluster's "
        "own DNS Service: questions for these names come back until they time out, and keep the server busy.",
        by_hand=KUBE_DNS_BY_HAND,
        mend="Name the resolvers that are meant (`kubectl -n kube-system edit configmap kube-dns`), or take the key "
        "out: then the resolvers of the node are asked. kube-dns takes the change up by itself.", source=KUBE_DNS,
    ),
    Cause(
        code="dns.kube-dns.settings", layer=Layer.UPSTREAM, title="The settings of kube-dns are not valid",
        explains=("dns.upstream.unreachable", "dns.upstream.stub"),
        meaning="stubDomains and upstreamNameservers in the ConfigMap of kube-dns are JSON; with a mistake in one of "
        "them kube-dns passes over both, goes on with what it had, and has nothing of it after its next start.",
        by_hand=f"{KUBE_DNS_BY_HAND}, and `kubectl -n kube-system logs -l k8s-app=kube-dns -c kubedns --tail=100`",
        mend="Correct it (`kubectl -n kube-system edit configmap kube-dns`): stubDomains an object from domains to "
        "lists of servers, upstreamNameservers a list of at most three addresses.", source=KUBE_DNS,
    ),
    Cause(
        code="dns.upstream.unreachable", layer=Layer.UPSTREAM, title="The upstream resolver does not answer",
        explains=("dns.name.unresolved", "dns.external.failed", "dns.external.silent",
                  "service.external-name.unanswered"),
        meaning="Names of the cluster resolve; names outside fail with SERVFAIL, because the resolver to which they "
        "are forwarded gives no answer.",
        by_hand=BY_HAND,
        mend="Check that the resolver runs and that UDP and TCP 53 from the nodes to it are open (TCP 853 where "
        "`forward` names it with tls://); or forward to another one in the Corefile (`forward . ADDRESS`). Where it "
        "answers the nodes themselves, see how pods get out of them: `netcheck run connectivity`.",
        source=FORWARD,
    ),
    Cause(
        code="dns.upstream.taken", layer=Layer.UPSTREAM, title="A Service takes the resolver's address",
        explains=("dns.upstream.unreachable", "dns.upstream.stub", "dns.upstream.partly"),
        meaning="externalIPs of a Service may be any addresses, and the service proxy of each node leads what is sent "
        "to them to the pods of that Service. Where it is the address of a resolver outside, the questions that "
        "CoreDNS forwards never leave the node.",
        by_hand="`kubectl get services -A -o wide` (EXTERNAL-IP), against the resolvers in `forward`",
        mend="Take the address out of the Service's externalIPs; forbid the field with the admission plugin "
        "DenyServiceExternalIPs where nobody needs it.",
        source="https://kubernetes.io/docs/concepts/services-networking/service/#external-ips",
    ),
    Cause(
        code="dns.upstream.partly", layer=Layer.UPSTREAM, title="One of several upstream resolvers does not answer",
        explains=("dns.upstream.unreachable", "dns.upstream.stub"),
        meaning="CoreDNS forwards to several resolvers, and one of them has never answered. Questions are passed on to "
        "the others after a time-out, so names outside the cluster resolve, some of them late, until CoreDNS holds the "
        "resolver to be down; with one more that fails, none resolve.",
        by_hand="`kubectl -n kube-system port-forward POD 9153`, then `curl -s http://127.0.0.1:9153/metrics | grep "
        "healthcheck_failures`",
        mend="Check that this resolver runs and that UDP and TCP 53 from the nodes to it are open, or take it out of "
        "`forward` in the Corefile.",
        source="https://coredns.io/plugins/forward/",
    ),
    Cause(
        code="dns.upstream.overload", layer=Layer.UPSTREAM, title="CoreDNS refuses to forward more queries at once",
        explains=("dns.name.unresolved", "dns.external.refused"),
        meaning="The limit max_concurrent of `forward` was reached: the upstream resolver is slow, or the load high.",
        by_hand=f"{DNS_LOG} (concurrent queries exceeded maximum)",
        mend="Find out why the resolver is slow; add DNS replicas or the node-local cache; then raise max_concurrent.",
        source=FORWARD,
    ),
    Cause(
        code="dns.upstream.stub", layer=Layer.UPSTREAM, title="The resolver of one zone does not answer",
        meaning="A zone with a `forward` of its own fails; all other names resolve.",
        by_hand="`kubectl -n kube-system get configmap coredns -o yaml`: the server block of that zone; "
        + ask_dns("NAME.ZONE"),
        mend="Check the resolver named in that server block, and the firewall between it and the nodes.",
        source="https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/",
        explains=("dns.name.unresolved",),
    ),
)
