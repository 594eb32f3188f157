"""Canal: Calico's policies and address management on Flannel's network, in one DaemonSet."""

from bot.networks.calico import CALICO
from bot.networks.flannel import FLANNEL
from bot.networks.network import Network, Port, Settings

CANAL = Network(
    name="Canal", agents=("canal", "rke2-canal"), labels=(("k8s-app", "canal"),),
    containers=("calico-node", "kube-flannel"), rights=(*FLANNEL.rights, *CALICO.rights),
    settings=(Settings("canal-config", "net-conf.json"), Settings("rke2-canal-config", "net-conf.json")),
    ports=(Port("udp", 8472, "VXLAN"),), log=(*FLANNEL.log, *CALICO.log), events=(*CALICO.events, *FLANNEL.events),
    files=("10-canal.conflist",), overhead=50, status="kubectl -n NAMESPACE logs POD -c kube-flannel --tail=50",
)
