"""Calico (https://docs.tigera.io/calico/latest/operations/troubleshoot/).

Seen on 1.34 with Calico 3.32 (VXLAN): where a pool is disabled, the routes to its addresses on other nodes go as well,
so pods that run are no longer reached from there; calico-node's image has no `base64`, but its shell does.
"""

from bot.networks.network import Install, Network, Port, Right, Settings, View, sign

API = "crd.projectcalico.org/v1"
"""Of Calico's own kinds."""
KIN = frozenset({"Calico", "Canal"})
"""The networks that are set up by these kinds."""

CALICO = Network(
    name="Calico", agents=("calico-node",), labels=(("k8s-app", "calico-node"),), plugins=("calico", "calico-ipam"),
    containers=("calico-node",), ranges="own", beside=frozenset({"Flannel"}),
    rights=(Right("list", "nodes"), Right("list", "pods"), Right("list", "ippools", "crd.projectcalico.org"),
            Right("patch", "nodes", subresource="status")),
    settings=(Settings("calico-config", "cni_network_config"),),
    ports=(Port("udp", 4789, "VXLAN"), Port("tcp", 179, "BGP"), Port("protocol", 4, "IP in IP"),
           Port("tcp", 5473, "Typha")),
    log=(
        sign(r"is forbidden|connection is unauthorized", "cni.agent.forbidden", "the API server refuses it"),
        sign(r"unable to connect to BIRD\w* socket", "cni.agent.settings", "its probe asks BIRD, which does not run: "
             "VXLAN wants no -bird-ready in the probe, and BGP wants calico_backend bird"),
        sign(r"BIRD is not ready|BGP not established", "cni.agent.peers", "its BGP peers are not connected"),
        sign(r"[Ff]ailed to parse (config parameter|Felix environment)", "cni.agent.settings",
             "a setting of it is not valid"),
        sign(r"is already using the IPv\d address", "cni.address.duplicate", "another node has the address it took"),
        sign(r"[Cc]ouldn't autodetect|Unable to auto-detect", "cni.agent.interface", "it finds no address to use"),
    ),
    events=(
        sign(r"calico/nodename", "cni.sandbox.agent", "calico-node has not run on the node"),
        sign(r"calico-kubeconfig: no such file", "cni.sandbox.agent", "the file calico-kubeconfig, which calico-node "
             "writes there for the plugin, is gone"),
        sign(r'error parsing pool "|given pool .*(not exist|not enabled)', "cni.sandbox.pool",
             "they are to get addresses of a pool that does not exist"),
        sign(r"per host block limit|failed to find or claim a block", "cni.sandbox.blocks", "Calico's IPAMConfig lets "
             "the node have no further block of addresses"),
        sign(r"no configured Calico pools|cannot find a qualified ippool|failed to request (\d+ )?IPv\d addresses",
             "cni.sandbox.addresses", "no enabled pool has a free address"),
        sign(r"not ready to process requests", "cni.sandbox.locked", "its datastore is locked"),
        sign(r"is forbidden|[Uu]nauthorized", "cni.sandbox.forbidden", "the plugin's own credentials are refused"),
    ),
    files=("10-calico.conflist",), stands_in="may", controllers=("calico-kube-controllers",), overhead=50,
    groups=("crd.projectcalico.org", "operator.tigera.io"),
    status="kubectl -n NAMESPACE exec POD -c calico-node -- calico-node -felix-ready",
    install=Install(
        "kubectl apply -f https://raw.githubusercontent.com/projectcalico/calico/v3.32.1/manifests/calico.yaml",
        "CALICO_IPV4POOL_CIDR in its DaemonSet"),
    view=View("calico-node", "/host/etc/cni/net.d"),
)
