"""Antrea: Open vSwitch on each node (https://antrea.io/docs/main/docs/network-requirements/)."""

from bot.networks.network import Network, Port

ANTREA = Network(
    name="Antrea", agents=("antrea-agent",), labels=(("component", "antrea-agent"),), plugins=("antrea",),
    containers=("antrea-agent", "antrea-ovs"),
    ports=(Port("udp", 6081, "Geneve"), Port("tcp", 10349, "its controller")),
    files=("10-antrea.conflist",), overhead=50, groups=("crd.antrea.io",), controllers=("antrea-controller",),
    stands_in="may", status="kubectl -n NAMESPACE exec POD -c antrea-agent -- antctl get agentinfo",
)
