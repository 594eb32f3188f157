"""Which words a Corefile may use: CoreDNS's own plugins, those it has dropped and since when, and what replaced them.

Source: CoreDNS's plugin.cfg and release notes; the corefile-migration tool of coredns/deployment for the old ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

KNOWN = frozenset(
    """acl any auto autopath azure bind bufsize cache cancel chaos clouddns debug dns64 dnssec dnstap erratic errors
    etcd file forward geoip grpc grpc_server header health hosts https https3 import k8s_external kubernetes loadbalance
    local log loop metadata minimal multisocket nomad nsid pprof prometheus proxyproto quic ready reload rewrite root
    route53 secondary shed sign template timeouts tls trace transfer tsig view whoami on""".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Dropped:
    """`since`: the first version without it. `instead`: what to write; `{args}` stands for the old arguments."""

    since: tuple[int, ...]
    instead: str


DROPPED = {
    "proxy": Dropped((1, 5, 0), "forward {args}"),
    "federation": Dropped((1, 7, 0), ""),
}

DROPPED_OPTIONS = {
    "resyncperiod": Dropped((1, 7, 0), ""),
    "upstream": Dropped((1, 7, 0), ""),
    "transfer": Dropped((1, 8, 0), "transfer { to * }"),
}
"""Options of the `kubernetes` block."""


def is_dropped(dropped: Dropped, version: tuple[int, ...]) -> bool:
    """Whether this CoreDNS no longer has it; an unknown version is taken for a current one."""
    return not version or version >= dropped.since


def successor(dropped: Dropped, args: Sequence[str]) -> str:
    """The line to write instead; "" when it is simply to be removed."""
    return dropped.instead.format(args=" ".join(args)).strip()


def near(name: str) -> str:
    """The known plugin that may have been meant; "" when none is near."""
    return next(iter(get_close_matches(name, KNOWN, n=1, cutoff=0.7)), "")


def version_text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
