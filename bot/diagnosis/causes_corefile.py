"""Causes in CoreDNS's configuration."""

from bot.diagnosis.cause import Cause
from bot.diagnosis.commands import DNS_LOG, DNS_LOG_BEFORE, install_again
from bot.model.finding import Layer

COREFILE_PAGE = "https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/"
MANUAL = "https://coredns.io/manual/toc/#configuration"
KUBERNETES_PLUGIN = "https://coredns.io/plugins/kubernetes/"
BY_HAND = "`kubectl -n kube-system get configmap coredns -o yaml`"
LOG_BY_HAND = f"{BY_HAND} and {DNS_LOG_BEFORE}"

NO_START = (
    "dns.pods.crashing", "dns.pods.not-ready", "dns.corefile.reload", "dns.corefile.stale", "dns.endpoints.*",
    "dns.query.*", "dns.upstream.*", "dns.name.unresolved",
)
STILL_OLD = ("dns.corefile.stale", "dns.query.*", "dns.name.*", "dns.upstream.*")
NO_NAMES = ("dns.query.*", "dns.name.*", "service.name.*", "dns.pods.not-ready", "dns.endpoints.*")


def _corefile(
    code: str, title: str, meaning: str, mend: str, *, explains: tuple[str, ...] = NO_START,
    by_hand: str = BY_HAND, source: str = COREFILE_PAGE,
) -> Cause:
    return Cause(
        code=code, layer=Layer.DNS_WORKLOAD, title=title, meaning=meaning, mend=mend, explains=explains,
        by_hand=by_hand, source=source,
    )


COREFILE: tuple[Cause, ...] = (
    _corefile(
        "dns.corefile.missing", "The ConfigMap with the Corefile does not exist",
        "Running DNS pods keep the copy they have; the next one that starts hangs in ContainerCreating.",
        f"Create the ConfigMap again before any DNS pod restarts ({install_again('coredns')}).",
        explains=("dns.pods.volume", *NO_START),
    ),
    _corefile(
        "dns.corefile.key", "The ConfigMap lacks the key with the Corefile",
        "The pods mount a key that is not there: running ones keep their copy, the next one hangs or starts without "
        "its configuration.",
        "Put the Corefile back under the key that the workload's volume names.",
        explains=("dns.pods.volume", *NO_START),
    ),
    _corefile(
        "dns.corefile.syntax", "The Corefile cannot be read",
        "CoreDNS ends at start with the line it does not understand; running pods keep the last good configuration.",
        "Correct the line (to a block that is not closed add its `}`); CoreDNS reads the ConfigMap again by itself, "
        "crashed pods start with the next try.",
        by_hand=LOG_BY_HAND, source=MANUAL,
    ),
    _corefile(
        "dns.corefile.directive-unknown", "The Corefile names a plugin that this CoreDNS does not have",
        "CoreDNS ends at start with “Unknown directive”; running pods keep the last good configuration.",
        "Correct the word, or use an image with that plugin compiled in.", by_hand=LOG_BY_HAND,
        source="https://coredns.io/plugins/",
    ),
    _corefile(
        "dns.corefile.directive-removed", "The Corefile names a plugin that CoreDNS has dropped",
        "Old instructions still show it; on this version CoreDNS ends at start with “Unknown directive”.",
        "Replace the line by its successor.", by_hand=LOG_BY_HAND,
        source="https://coredns.io/2019/04/06/coredns-1.5.0-release/",
    ),
    _corefile(
        "dns.corefile.reload", "CoreDNS runs an older configuration than the ConfigMap holds",
        "The Corefile was changed and CoreDNS could not load it: it goes on with the old one and fails at the next "
        "start.",
        f"Read why the reload failed ({DNS_LOG}) and correct the Corefile.",
        explains=STILL_OLD, by_hand=LOG_BY_HAND, source="https://coredns.io/plugins/reload/",
    ),
    _corefile(
        "dns.corefile.stale", "DNS pods still run the Corefile as it was before it was changed",
        "The ConfigMap is right as it stands; the pods started before it was changed, and answer as the old one said. "
        "A change reaches them within about two minutes where the Corefile they run loads `reload`, else only when "
        "they start anew.",
        "Wait two minutes and look again; if it stays so: `kubectl -n kube-system rollout restart deployment coredns`.",
        explains=STILL_OLD[1:], by_hand=f"{BY_HAND} (managedFields: time of the change), and `kubectl -n kube-system "
        "get pods -l k8s-app=kube-dns` (age)", source="https://coredns.io/plugins/reload/",
    ),
    _corefile(
        "dns.corefile.empty", "The Corefile is empty",
        "CoreDNS starts on its built-in default: it knows neither the cluster's names nor the paths of its probes.",
        f"Put the whole Corefile back ({install_again('coredns')}), then restart the DNS pods.",
        explains=(*NO_NAMES, "dns.pods.*", "dns.endpoints.*", "dns.upstream.*"), by_hand=LOG_BY_HAND, source=MANUAL,
    ),
    _corefile(
        "dns.corefile.no-kubernetes", "The Corefile does not serve the cluster's zone",
        "Without a `kubernetes` block for the zone, cluster names are passed on to the upstream resolver, which does "
        "not know them.",
        "Add `kubernetes cluster.local in-addr.arpa ip6.arpa { pods insecure; fallthrough in-addr.arpa ip6.arpa }` to "
        "the server block, each word on a line of its own.",
        explains=NO_NAMES, source=KUBERNETES_PLUGIN,
    ),
    _corefile(
        "dns.corefile.zone", "The Corefile serves another zone than kubelets hand out",
        "Pods search in the kubelet's clusterDomain; the `kubernetes` block names another zone.",
        "Name the kubelet's clusterDomain in the `kubernetes` block.", explains=NO_NAMES, source=KUBERNETES_PLUGIN,
    ),
    _corefile(
        "dns.corefile.namespaces", "The Corefile serves a part of the cluster's Services only",
        "The option `namespaces` of the `kubernetes` block leaves out all namespaces that it does not name, `labels` "
        "and `namespace_labels` what has not these labels: such Services, the API server's own name among them, do "
        "not resolve.",
        "Remove that line from the `kubernetes` block, or name all namespaces whose Services are used.",
        explains=NO_NAMES, source=KUBERNETES_PLUGIN,
    ),
    _corefile(
        "dns.corefile.shadowed", "A plugin or a server block keeps questions from the `kubernetes` block",
        "CoreDNS asks its plugins in an order of its own, not in that of the Corefile: `template` and `hosts` come "
        "before `kubernetes`. One that covers the cluster's zone and passes nothing on answers for all of its names. "
        "Of server blocks the one with the longest zone is asked, and no other.",
        "Let the plugin pass on what is not its own (`fallthrough`), or narrow it to its own zone.",
        explains=(*NO_NAMES, "dns.upstream.unreachable"), source="https://coredns.io/plugins/hosts/",
    ),
    _corefile(
        "dns.corefile.bind", "The Corefile binds CoreDNS to an address that only its own pod has",
        "With `bind 127.0.0.1` (or `lo`) nobody else is answered, while the probes, which listen apart, are content, "
        "and questions asked from within the pod succeed.",
        "Remove the line `bind` from the server block.",
        explains=("dns.query.*", "dns.name.*", "cni.path", "node.dns-port"),
        source="https://coredns.io/plugins/bind/",
    ),
    _corefile(
        "dns.corefile.port", "The Corefile serves the cluster's zone on another port than the DNS Service leads to",
        "The server block of the cluster's zone names a port in its key, and the Service sends questions to another "
        "one, where nobody listens; the probes have ports of their own and are content.",
        "Write the port that the Service leads to into the server block's key (`.:53`), or set the Service's "
        "targetPort and the containers' ports to the new one.",
        explains=(*NO_NAMES, "node.dns-port", "dns.upstream.unreachable"), source=MANUAL,
    ),
    _corefile(
        "dns.corefile.acl", "The Corefile keeps pods from asking",
        "The first rule of `acl` that fits an address of the pod network refuses, drops or empties the answer, so the "
        "server runs and its clients get nothing.",
        "Allow the pod network before the rule that refuses it: `allow net POD-RANGE` as the first line of `acl`.",
        explains=("dns.query.*", "dns.name.*"), source="https://coredns.io/plugins/acl/",
    ),
    _corefile(
        "dns.corefile.no-ready", "The readiness probe asks for a plugin that the Corefile does not load",
        "The pods are probed at /ready, but without `ready` in the Corefile nothing serves it.",
        "Add the line `ready` to the server block.",
        explains=("dns.pods.not-ready", "dns.endpoints.*"), source="https://coredns.io/plugins/ready/",
    ),
    _corefile(
        "dns.corefile.no-health", "The liveness probe asks for a plugin that the Corefile does not load",
        "The pods are probed at /health, but without `health` in the Corefile nothing serves it: the kubelet ends a "
        "working server again and again.",
        "Add the line `health` to the server block, or drop the probe.",
        explains=("dns.pods.liveness", "dns.pods.crashing", "dns.pods.not-ready", "dns.endpoints.*"),
        source="https://coredns.io/plugins/health/",
    ),
    _corefile(
        "dns.corefile.loop", "The Corefile forwards to CoreDNS itself",
        "A forward target is a loopback address or the DNS Service's own address, so each query comes back. The `loop` "
        "plugin ends CoreDNS when it sees that; without it CoreDNS eats its memory.",
        "Forward to /etc/resolv.conf or to the addresses of your resolvers.",
        explains=("dns.upstream.*", "dns.pods.oom", *NO_START), source="https://coredns.io/plugins/loop/",
    ),
)
