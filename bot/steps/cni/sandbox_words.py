"""What the messages of events about pods without a network mean. Pure."""

import re

from bot.networks import NETWORKS, Network, find_plugin
from bot.steps.wording import cut, list_names

IDS = re.compile(r"[0-9a-f]{12,}|[0-9a-f]{8}-[0-9a-f-]{27}")
PLUGIN = re.compile(r'plugin type="(?P<type>[^"]+)"')
PREAMBLE = re.compile(r'^.*?(?=plugin type=|plugin "|failed to find plugin|network (?!for sandbox))', re.DOTALL)
DENIED = re.compile(r'User "system:serviceaccount:(?P<space>[^:"]+):(?P<name>[^"]+)" cannot '
                    r'(?P<verb>\w+) resource "(?P<resource>[^"]+)"')
COMMON = tuple((re.compile(words), code, means) for words, code, means in (
    (r'failed to find plugin "[^"]+"', "cni.sandbox.plugin", "the plugin's program is not on the node"),
    (r"no IP addresses available in range set|range is full", "cni.sandbox.addresses",
     "the node's range has no free address"),
    (r"already has an IP address different from", "cni.sandbox.bridge", "the bridge has an address of another network"),
    (r"incompatible CNI versions|the version is empty", "cni.sandbox.version",
     "plugin and runtime speak different versions"),
))
BEFORE = tuple((re.compile(words, re.IGNORECASE), code, means) for words, code, means in (
    (r"open \S*resolv\S*: ", "node.resolv-conf", "its kubelet cannot read the file of resolvers it is told"),
    (r"sandbox image", "node.sandbox", "the image that holds a pod's network cannot be got"),
    (r"no runtime for|runtime handler", "node.sandbox", "its runtime lacks what the pod's RuntimeClass names"),
    (r"OCI runtime|runc|cgroup|too many open files|no space left|cannot allocate memory|temporarily unavailable",
     "node.sandbox", "its container runtime cannot start a pod"),
))
"""What fails on a node before the network plugin is asked: such words name neither a plugin nor CNI."""
POOL = re.compile(r'error parsing pool "(?P<name>[^"]+)"')
"""Calico's plugin on a pool that an annotation names: it takes what is no pool's name for a range of addresses."""
SHARED = {"cni.sandbox.locked": "ClusterInformation default", "cni.sandbox.blocks": "IPAMConfig default"}
"""What is not of the node that tells of it."""
ASKED = re.compile(r"\bcni\b|plugin|network", re.IGNORECASE)


def normalise(message: str) -> str:
    """Without what differs from try to try: ids, and the runtime's words in front of the plugin's."""
    plain = PREAMBLE.sub("", message, count=1)
    return cut(IDS.sub("…", plain), 300)


def read_message(message: str, networks: list[str] | None) -> tuple[str, str]:
    """The cause that the plugin's words speak for, and what it means in plain words. `networks`: those that run, None
    where that could not be read."""
    for pattern, code, means in BEFORE if not ASKED.search(message) else ():
        if pattern.search(message):
            return code, means
    plugin = PLUGIN.search(message)
    owner = find_plugin(plugin["type"]) if plugin else None
    if owner and networks is not None and (running := strange(owner, networks)):
        return "cni.sandbox.left-over", f"{owner.name}'s plugin is called, and {running}"
    for network in ([owner] if owner else NETWORKS):
        for told in network.events:
            if told.pattern.search(message):
                return told.cause, told.means
    for pattern, code, means in COMMON:
        if pattern.search(message):
            return code, means
    return "cni.sandbox.failed", "the network plugin fails"


def name_culprit(code: str, message: str, node: str) -> str:
    """The object that is at fault: mostly the node that tells of it."""
    pool = POOL.search(message)
    return f"IPPool {pool['name']}" if pool else SHARED.get(code, f"Node {node}")


def strange(owner: Network, networks: list[str]) -> str:
    """What runs in place of the network whose plugin is called; "" where it may well be the right one."""
    known = [network for network in NETWORKS if network.name in networks and not network.meta]
    if not known:
        return "no agent of it runs" if owner.agents and not owner.hidden and not owner.meta else ""
    if owner in known or owner.meta or (owner.name in ("Calico", "Flannel") and "Canal" in networks):
        return ""
    return f"the network that runs is {list_names(network.name for network in known)}"
