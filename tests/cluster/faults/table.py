"""The table of faults: every row, by network so that one cluster serves all of its rows, and how some are chosen."""

from collections.abc import Sequence
from difflib import get_close_matches

from tests.cluster.faults.access import ACCESS
from tests.cluster.faults.agents import AGENT_FAULTS
from tests.cluster.faults.bridge import BRIDGE_FAULTS
from tests.cluster.faults.calico import CALICO_FAULTS
from tests.cluster.faults.calico_nodes import CALICO_NODES
from tests.cluster.faults.clients import CLIENT_FAULTS, CLIENT_LOOKALIKES
from tests.cluster.faults.combined import COMBINED
from tests.cluster.faults.connectivity import CONNECTIVITY
from tests.cluster.faults.corefile import COREFILE_FAULTS
from tests.cluster.faults.dns_objects import DNS_OBJECTS
from tests.cluster.faults.external import EXTERNAL_FAULTS, EXTERNAL_LOOKALIKES
from tests.cluster.faults.fault import Fault
from tests.cluster.faults.firewall import FIREWALL
from tests.cluster.faults.flannel import FLANNEL_FAULTS
from tests.cluster.faults.ingress import INGRESS_FAULTS, INGRESS_LOOKALIKES
from tests.cluster.faults.local_cache import LOCAL_CACHE
from tests.cluster.faults.lookalikes import LOOKALIKES
from tests.cluster.faults.lookalikes_networks import LOOKALIKES_OF_NETWORKS
from tests.cluster.faults.lookalikes_nodes import LOOKALIKES_OF_NODES
from tests.cluster.faults.lookalikes_services import SERVICE_LOOKALIKES
from tests.cluster.faults.node_reports import NODE_REPORTS
from tests.cluster.faults.nodes import NODE_FAULTS
from tests.cluster.faults.overlays import OVERLAY_FAULTS
from tests.cluster.faults.pods import POD_FAULTS
from tests.cluster.faults.policy import POLICIES
from tests.cluster.faults.policy_reach import ALLOWED_BETWEEN_PODS, FAULTS_BETWEEN_PODS
from tests.cluster.faults.proxy import PROXY_FAULTS
from tests.cluster.faults.proxy_nftables import PROXY_NFTABLES
from tests.cluster.faults.proxy_rules import PROXY_RULES
from tests.cluster.faults.proxy_setup import PROXY_SETUP_FAULTS
from tests.cluster.faults.proxy_two import SECOND_PROXIES
from tests.cluster.faults.refusals import REFUSALS
from tests.cluster.faults.services import SERVICE_FAULTS
from tests.cluster.faults.services_policy import SERVICE_POLICIES
from tests.cluster.faults.services_ways import WAYS
from tests.cluster.faults.upstream import UPSTREAM_FAULTS
from tests.cluster.faults.weave import WEAVE_FAULTS, WEAVE_SPOILED

THIRDS = 3
NETWORKS = ("any", "bridge", "none", "flannel", "flannel-hostgw", "weave", "calico")
"""In the order in which their clusters are raised; `any` and `bridge` share one."""


def _gather(*subjects: Sequence[Fault]) -> tuple[Fault, ...]:
    rows = [row for subject in subjects for row in subject]
    names = [row.name for row in rows]
    assert len(names) == len(set(names)), f"rows of the same name: {sorted({n for n in names if names.count(n) > 1})}"
    return tuple(sorted(rows, key=lambda row: (NETWORKS.index(row.network), row.proxy)))


# What is told of nodes comes before the rows that make nodes come and go, of which events tell for an hour.
FAULTS = _gather(
    DNS_OBJECTS, COREFILE_FAULTS, ACCESS, POD_FAULTS, UPSTREAM_FAULTS, CLIENT_FAULTS, COMBINED, NODE_REPORTS,
    NODE_FAULTS, AGENT_FAULTS, PROXY_FAULTS, SECOND_PROXIES, FIREWALL, LOCAL_CACHE, POLICIES, FAULTS_BETWEEN_PODS,
    ALLOWED_BETWEEN_PODS, CONNECTIVITY, SERVICE_FAULTS, WAYS, REFUSALS, SERVICE_POLICIES, INGRESS_FAULTS,
    EXTERNAL_FAULTS, EXTERNAL_LOOKALIKES, CLIENT_LOOKALIKES, INGRESS_LOOKALIKES, SERVICE_LOOKALIKES, LOOKALIKES,
    LOOKALIKES_OF_NODES, PROXY_SETUP_FAULTS, PROXY_RULES, PROXY_NFTABLES, BRIDGE_FAULTS, OVERLAY_FAULTS,
    FLANNEL_FAULTS, WEAVE_FAULTS, CALICO_FAULTS, CALICO_NODES, LOOKALIKES_OF_NETWORKS, WEAVE_SPOILED,
)


class NoSuchRow(Exception):
    """A name was given that no row has; the message offers near ones."""


def choose(only: str = "", third: str = "") -> tuple[tuple[Fault, ...], str]:
    """The rows to try, and in words which they are. `only`: names with commas; `third`: 1, 2 or 3, of the rows
    that came out right before."""
    if only:
        names = [name.strip() for name in only.split(",") if name.strip()]
        known = {row.name for row in FAULTS}
        for name in names:
            if name not in known:
                near = get_close_matches(name, known, n=3, cutoff=0.4)
                hint = f" Did you mean {' or '.join(near)}?" if near else ""
                raise NoSuchRow(f"There is no row “{name}”.{hint} `make test-cluster LIST=1` prints all of them.")
        return tuple(row for row in FAULTS if row.name in names), f"the rows {', '.join(names)}"
    if third:
        if third not in ("1", "2", "3"):
            raise NoSuchRow(f"A third is 1, 2 or 3, not “{third}”.")
        others = " and ".join(f"`make test-cluster THIRD={n}`" for n in range(1, THIRDS + 1) if n != int(third))
        seen = tuple(row for row in FAULTS if not row.awaits)
        return seen[int(third) - 1::THIRDS], f"third {third} of {THIRDS} of the rows (the others: {others})"
    return FAULTS, "all rows"
