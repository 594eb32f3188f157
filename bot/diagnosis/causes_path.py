"""Causes on the way between nodes: pods run and are ready, and what is sent to them does not arrive."""

from bot.diagnosis.cause import Cause
from bot.model.finding import Layer

SERVICE_PAGE = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/"
BY_HAND = (
    "From a pod on each node: `nslookup kubernetes.default` (the Service) and `nslookup kubernetes.default POD-IP` "
    "(each DNS pod). Where the API server runs on a node: `kubectl get --raw "
    "/api/v1/namespaces/kube-system/pods/POD:8181/proxy/ready`"
)

PATH: tuple[Cause, ...] = (
    Cause(
        code="cni.path", layer=Layer.CNI, title="Pods on one node are not reached from another",
        scope="node", explains=("node.dns-port", "node.kubelet-way", "cni.path-large", "dns.upstream.unreachable",
                                  "dns.upstream.stub"),
        meaning="The pods run and their kubelet finds them ready, but what another node sends to them over the pod "
        "network does not arrive: mostly a firewall or security group that drops what the network plugin sends between "
        "nodes. Every Service with pods on both sides then fails now and again, DNS first.",
        by_hand=BY_HAND,
        mend="Open the network plugin's port between all nodes, both ways; then look at the network agent's log on the "
        "node that is cut off.",
        source="https://github.com/flannel-io/flannel/blob/master/Documentation/troubleshooting.md",
    ),
    Cause(
        code="cni.own-pods", layer=Layer.CNI, title="A node does not reach its own pods", scope="node",
        explains=("cni.path", "dns.pods.not-ready", "dns.pods.liveness", "dns.pods.crashing",
                  "dns.endpoints.none-ready", "dns.upstream.unreachable", "dns.upstream.stub", "proxy.path",
                  "node.egress", "dns.pods.api-path", "dns.pods.unsynced"),
        meaning="A pod answers when it is asked from within, and gets no packet from its own node: the bridge or "
        "interface between the node and its pods is down or has another address than the pods' gateway, the node's "
        "route to its pods is wrong, or its firewall drops what the kubelet sends. Probes fail, and pods of the node "
        "reach nobody.",
        by_hand="On the node: `ip -br address` (cni0, cbr0, weave, cali…: up, with the gateway of the pod range), "
        "`ip route get POD-IP`, `ip rule`, `iptables -S`. "
        "`kubectl -n NAMESPACE describe pod POD` (Readiness probe failed)",
        mend="On the node: `ip link set cni0 up`, give the bridge its address back or restart the network plugin's "
        "agent there, and remove the rule that drops (`iptables -S`) or leads astray (`ip rule`); then make the node's "
        "pods anew, where they have another gateway.",
        source="https://www.cni.dev/plugins/current/main/bridge/",
    ),
    Cause(
        code="cni.bridge-filter", layer=Layer.CNI, title="Bridged traffic goes past the service proxy's rules",
        scope="node",
        meaning="Pods on the node ask a Service, are led to a pod of the same node, and its answer comes straight over "
        "the bridge, from an address that nobody asked: net.bridge.bridge-nf-call-iptables is 0 there, or the module "
        "br_netfilter is not loaded. Where it is 1, kube-proxy's rules on the node are old and still lead to a DNS pod "
        "that is gone. Other nodes work.",
        by_hand=f"{BY_HAND}. On the node: `sysctl net.bridge.bridge-nf-call-iptables`",
        mend="On the node: `modprobe br_netfilter` and `sysctl -w net.bridge.bridge-nf-call-iptables=1`, and both in "
        "/etc/modules-load.d and /etc/sysctl.d. Where it is 1 already, delete the kube-proxy pod of the node.",
        source="https://kubernetes.io/docs/setup/production-environment/container-runtimes/",
    ),
    Cause(
        code="proxy.path", layer=Layer.PROXY, title="Service addresses do not work on a node", scope="node",
        explains=("dns.pods.api-path", "dns.pods.unsynced", "dns.pods.not-ready", "dns.pods.crashing"),
        meaning="From a pod on the node each DNS pod is reached at its own address, and the Service is not: the rules "
        "that the service proxy should have written there are missing or old.",
        by_hand=f"{BY_HAND}; `kubectl -n kube-system logs -l k8s-app=kube-proxy --tail=100`",
        mend="See the log of the node's kube-proxy (`kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide`), "
        "then delete that pod: a new one writes all rules again.",
        source=f"{SERVICE_PAGE}#is-the-kube-proxy-working",
    ),
    Cause(
        code="node.dns-port", layer=Layer.NODE, title="Port 53 of DNS pods is blocked on the way",
        scope="node", explains=("dns.upstream.unreachable", "dns.upstream.stub"),
        meaning="A DNS pod is reached on its other ports and not on the one for DNS: a firewall on the node drops it. "
        "UDP carries nearly all questions; TCP those with long answers, and all from a node-local cache. Where the "
        "rule is not narrower, what the DNS pod there asks its upstream resolver is dropped as well.",
        by_hand=BY_HAND,
        mend="On the node, `nft list ruleset` and `iptables-save` show the rule (dport 53, in FORWARD); remove it, or "
        "allow UDP and TCP 53 from and to the pod network.",
        source=f"{SERVICE_PAGE}#does-the-service-work-by-dns-name",
    ),
    Cause(
        code="cni.path-large", layer=Layer.CNI, title="Large packets are lost between nodes", scope="node",
        meaning="Short requests to pods on the node are answered, long ones are not: the path between the nodes takes "
        "smaller packets than the pods' MTU, and nobody tells the sender (ICMP is dropped, or the overlay's own header "
        "was not counted: 50 bytes for VXLAN, 20 for IP in IP, 60 to 80 for WireGuard). Handshakes of TLS and long "
        "answers hang, while pings and short requests work.",
        by_hand="From a pod on another node: `wget -O /dev/null http://POD-IP:PORT/` and the same with 3000 letters "
        "after a `?`. On the nodes: `ip link`, and `ping -M do -s 1422 OTHER-NODE`. `kubectl get pods -A -o wide`",
        mend="Set the network plugin's MTU to what the path takes, less its own header, and make pods anew (they keep "
        "theirs); or mend the link that takes less than the others. Let ICMP type 3 pass.",
        source="https://docs.tigera.io/calico/latest/networking/configuring/mtu",
    ),
    Cause(
        code="node.path", layer=Layer.NODE, title="Pods of a node reach nothing outside it", scope="node",
        explains=("cni.path", "proxy.path", "node.egress", "node.dns-port", "node.node-port",
                  "dns.upstream.unreachable", "dns.upstream.stub"),
        meaning="Neither pods nor addresses of other nodes are reached from pods on the node, while the node itself is "
        "reached: it does not forward what its pods send. Mostly net.ipv4.ip_forward is 0 there, or its firewall drops "
        "in FORWARD (a policy of DROP, or a rule).",
        by_hand="On the node: `sysctl net.ipv4.ip_forward`, `iptables -S FORWARD` and `nft list ruleset`. "
        "`kubectl get nodes -o wide`",
        mend="On the node: `sysctl -w net.ipv4.ip_forward=1` (and a file in /etc/sysctl.d), and let FORWARD accept "
        "what comes from and goes to the pod range.",
        source="https://kubernetes.io/docs/setup/production-environment/container-runtimes/",
    ),
    Cause(
        code="node.node-port", layer=Layer.NODE, title="A node port is closed on one node", scope="node",
        meaning="The Service answers at its own address, and its node port does not on this node: a firewall there or "
        "a security group drops the port, or, where it is refused, the service proxy of the node has no rule for it.",
        by_hand="From another node: `nc -w 3 NODE-IP NODE-PORT` (`kubectl get nodes,services -A -o wide`). There "
        "`nft list ruleset` and `iptables-save`; nothing listens on the port, and need not",
        mend="Let the node ports (30000-32767 by default) pass on the node and between nodes; where it is refused, see "
        "the log of the node's kube-proxy.",
        source="https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport",
    ),
    Cause(
        code="node.egress", layer=Layer.NODE, title="Pods of a node reach nothing outside the cluster", scope="node",
        explains=("dns.upstream.unreachable", "dns.upstream.stub"),
        meaning="From pods on the node the cluster is reached and nothing beyond it, from other nodes it is. What pods "
        "send outside is masqueraded with the node's address: that rule is missing there, or a firewall drops it.",
        by_hand="On the node: `iptables -t nat -S POSTROUTING` and `nft list ruleset` (masquerade for the pod range). "
        "`kubectl get nodes -o wide`",
        mend="Restart the network plugin's agent on the node, which writes its masquerading anew; see security groups "
        "for what the node itself may reach.",
        source="https://kubernetes.io/docs/tasks/administer-cluster/ip-masq-agent/",
    ),
    Cause(
        code="path.refused", layer=Layer.SERVICE, title="A pod refuses connections on the port that is asked",
        meaning="The connection arrives and the pod itself refuses it: no program in it listens on this port, or only "
        "on 127.0.0.1.",
        by_hand="`kubectl -n NAMESPACE describe pod POD` (Ports), and `kubectl -n NAMESPACE port-forward POD PORT`",
        mend="Ask the port on which the program listens (of a Service: its targetPort), or have it listen on 0.0.0.0.",
        source=f"{SERVICE_PAGE}#are-the-pods-working",
    ),
    Cause(
        code="path.single", layer=Layer.SERVICE, scope="node",
        title="One pod is not reached where others of its node are",
        meaning="The way to the node's pods is open, and what is sent to this one is dropped without a word: by what "
        "enforces policies on its node (Weave Net drops what is for pods that its policy controller does not know of), "
        "by a policy of another kind, by a firewall's rule against this port on the node, or by a proxy in the pod "
        "itself.",
        by_hand="`kubectl get pods -A -o wide --field-selector spec.nodeName=NODE` (the network's agent and policy "
        "controller there); `kubectl -n NAMESPACE port-forward POD PORT` shows whether the pod answers at all",
        mend="See that the network's agent on the node is ready with all of its containers and read its log; then "
        "policies that select the pod, of all kinds, its sidecar, and the node's own rules about the port (`nft list "
        "ruleset`, `iptables-save`).",
        source="https://kubernetes.io/docs/concepts/services-networking/network-policies/",
    ),
    Cause(
        code="path.family", layer=Layer.CLIENT, title="The two ends have no family of addresses in common",
        meaning="The one pod has IPv4 addresses only and the other IPv6 only: the node or network plugin of one of "
        "them is not set up for both.",
        by_hand="`kubectl -n NAMESPACE get pod POD -o jsonpath={.status.podIPs}` for both",
        mend="Set the network plugin up for both families and make the pods anew, or let the Service have the family "
        "that both have (ipFamilies).",
        source="https://kubernetes.io/docs/concepts/services-networking/dual-stack/",
    ),
    Cause(
        code="path.pod", layer=Layer.CLIENT, title="One pod does not get through where others of its node do",
        meaning="Tried from within the pod itself nothing arrives, while a probe pod on the same node gets there: the "
        "way is open, and this pod's packets are dropped. Policies that select it (also of other kinds than "
        "NetworkPolicy), or a proxy in the pod itself, come before the network.",
        by_hand="`kubectl -n NAMESPACE exec POD -- nc -w 3 ADDRESS PORT`, and the same from another pod on its node",
        mend="See which policies select the pod (`kubectl get networkpolicies -A` and those of the network plugin), "
        "and the log of its sidecar.",
        source="https://kubernetes.io/docs/concepts/services-networking/network-policies/",
    ),
)
