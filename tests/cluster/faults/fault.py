"""The form of a row of the table of faults."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from tests.cluster.faults.conditions import HEALTHY, NOW, Condition
from tests.cluster.rig import Cluster
from tests.cluster.rig.images import SHELL

Network = Literal["any", "bridge", "flannel", "flannel-hostgw", "weave", "calico", "none"]
Proxy = Literal["iptables", "nftables"]
PROBE = ("--probe-namespace", "default", "--probe-image", SHELL)
NODE_PROBE = ("--node-probe-namespace", "default", "--node-probe-image", SHELL, "--node-probe-folders",
              "/RUN_DIR/{node}/cni/net.d:/RUN_DIR/{node}/opt/cni/bin")
Answer = Literal["broken", "degraded", "ok", "unknown"]
Heal = Callable[[Cluster], None]


class Injection(Protocol):
    """One thing done to a cluster. `inject` gives what undoes it; `needs_nodes`: the API alone cannot do it."""

    needs_nodes: ClassVar[bool]

    def inject(self, cluster: Cluster) -> Heal: ...


@dataclass(frozen=True, slots=True)
class Root:
    """A root cause as it must be found. `cause` may be a pattern (`cni.agent*`), `object` may not."""

    cause: str
    layer: str
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One row. A row without roots is a look-alike: it passes only with the answer `ok`.

    `stage`: what the fault happens to, made before it and kept until nothing is found any longer; `cleared`: when it
    is gone. `says`: what is so in the cluster, as a sentence. `reference`: its id in the list of faults that the table
    began with, which is not part of this repository. `breaks`: done in this order, and undone in the same order, so
    that what restarts pods stands after the reason for it. `wait`: when the fault shows. `mentions`: words that stand
    in the summary or advice of some root cause, in a look-alike of any finding. `consequences`: patterns of further
    causes that may be told, as following from the roots. `healed`: when the next row may begin. `awaits`: what is
    lacking for it; such a row is run by name or with all others, in no third, and is never counted as right. `probe`,
    `node_probe`: it is asked with such pods allowed. `own_pod`: it is asked by netcheck in its own pod (own_pod.py).
    `spoils`: what it breaks cannot be mended again, so nothing is healed and the next row gets another cluster.
    """

    name: str
    says: str
    reference: str = ""
    network: Network = "any"
    proxy: Proxy = "iptables"
    stage: tuple[Injection, ...] = ()
    breaks: tuple[Injection, ...] = ()
    wait: Condition = NOW
    answer: Answer = "broken"
    roots: tuple[Root, ...] = ()
    mentions: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()
    before: Condition = HEALTHY
    healed: Condition = HEALTHY
    cleared: Condition = NOW
    playbook: str = "dns"
    arguments: tuple[str, ...] = ()
    probe: bool = False
    node_probe: bool = False
    own_pod: bool = False
    spoils: bool = False
    awaits: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What follows the playbook on the command line."""
        return (*self.arguments, *(PROBE if self.probe else ()), *(NODE_PROBE if self.node_probe else ()))

    @property
    def needs_nodes(self) -> bool:
        return self.network != "any" or self.proxy != "iptables" or any(
            b.needs_nodes for b in (*self.stage, *self.breaks))

    @property
    def is_lookalike(self) -> bool:
        return not self.roots
