"""Multus: calls other plugins, and is no network by itself."""

from bot.networks.network import Network

MULTUS = Network(
    name="Multus", agents=("multus", "kube-multus-ds"), labels=(("name", "multus"),), plugins=("multus",), meta=True,
    files=("00-multus.conf", "00-multus.conflist"), groups=("k8s.cni.cncf.io",),
)
