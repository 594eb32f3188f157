"""What is known about one network plugin. Each has a file of its own, and one line in NETWORKS."""

import re
from dataclasses import dataclass
from typing import Literal

Policy = Literal["yes", "no", "with an extra"]
Ranges = Literal["node", "own"]
StandsIn = Literal["no", "may", "always"]


@dataclass(frozen=True, slots=True)
class Right:
    """What the agent's ServiceAccount must be allowed, as in an access review."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}{'/' + self.subresource if self.subresource else ''}" + (
            f".{self.group}" if self.group else "")


@dataclass(frozen=True, slots=True)
class Port:
    """Between nodes: `udp` or `tcp` with a number, `protocol 4` (IP in IP) with 0."""

    protocol: str
    number: int
    use: str

    def __str__(self) -> str:
        return f"{self.protocol} {self.number or ''}".strip() + f" ({self.use})"


@dataclass(frozen=True, slots=True)
class Settings:
    """A ConfigMap of the network and the key in it that counts."""

    config_map: str
    key: str


@dataclass(frozen=True, slots=True)
class Enforcer:
    """What of the agent's DaemonSet enforces NetworkPolicies: one of these containers, or the agent itself.

    `switch`: an argument without which it may be off. `since`: the tag of the agent's image from which on it does.
    """

    containers: tuple[str, ...] = ()
    switch: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """A container of the agent that has the node's CNI folders, and where in it they are; "" for one it has not."""

    container: str
    configuration: str
    programs: str = ""


@dataclass(frozen=True, slots=True)
class Install:
    """How it is installed today: the command, the setting that must hold the cluster's pod range, and a word on it."""

    command: str
    range_setting: str
    word: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """Words of a log line or an event, and the cause that they speak for. Patterns are tolerant of versions."""

    pattern: re.Pattern[str]
    cause: str
    means: str


def sign(words: str, cause: str, means: str) -> Sign:
    return Sign(re.compile(words, re.IGNORECASE), cause, means)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """`agents`: names of its DaemonSets. `labels`: (key, value) pairs on them. `meta`: it only calls other plugins.

    `plugins`: what its CNI configuration calls itself in events of pods. `containers`: those of the agent that must
    run, the one whose log tells most first. `policy`: whether NetworkPolicies are enforced. `ranges`: whether pods
    get addresses out of their node's podCIDR, or by an address management of its own. `beside`: networks that may run
    at the same time and are one with it. `silent`: the agent has no probe, and is Ready whatever it lacks. `begun`: the
    log line of a start that succeeded; what stands before it is history. `note`: what a person should know.
    `files`: names of its configuration in the runtime's CNI folder. `status`: how it is asked by hand what it thinks of
    itself (NAMESPACE and POD stand for those of an agent). `controllers`: Deployments beside the agents. `groups`: API
    groups of its own kinds, which stay behind when it is removed. `overhead`: bytes that its tunnel takes of each
    packet. `install`: only for those that netcheck proposes where there is no network at all. `hidden`: platforms
    have it without a DaemonSet, in a process of the node. `view`: how its node's CNI folders can be seen by exec.
    `enforcer`: only where the agent enforces policies by a part of it that may be missing. `stands_in`: whether it can
    do, or always does, what kube-proxy does elsewhere. `bridged`: its pods hang on a bridge of their node.
    """

    name: str
    agents: tuple[str, ...]
    labels: tuple[tuple[str, str], ...] = ()
    plugins: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    rights: tuple[Right, ...] = ()
    settings: tuple[Settings, ...] = ()
    ports: tuple[Port, ...] = ()
    log: tuple[Sign, ...] = ()
    events: tuple[Sign, ...] = ()
    policy: Policy = "yes"
    ranges: Ranges = "node"
    beside: frozenset[str] = frozenset()
    silent: bool = False
    begun: re.Pattern[str] | None = None
    meta: bool = False
    note: str = ""
    files: tuple[str, ...] = ()
    status: str = ""
    controllers: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    overhead: int = 0
    install: Install | None = None
    hidden: bool = False
    view: View | None = None
    enforcer: Enforcer | None = None
    stands_in: StandsIn = "no"
    bridged: bool = False
