"""The clusters that are shipped to be tried: bundles recorded from a real one with a fault in it.

`expected` is the root cause as whoever broke the cluster knows it; the diagnosis is tested against it. A scenario is
recorded with `netcheck record` and nothing else; to add one, put its file into `scenarios/` and a line into the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from bot.model.errors import UsageError
from bot.playground.bundle import Bundle, load_bundle

FOLDER = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class Scenario:
    """`title` is what a person reads; `expected` are the codes of the root causes, none for a healthy cluster."""

    title: str
    expected: tuple[str, ...] = ()


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "dns-selector": Scenario("The DNS Service selects no pod", ("dns.service.selector",)),
        "corefile-broken": Scenario("CoreDNS crashes over its Corefile", ("dns.corefile.directive-unknown",)),
        "forward-loop": Scenario("CoreDNS forwards to itself", ("dns.corefile.loop",)),
        "scaled-to-zero": Scenario("CoreDNS is scaled to zero", ("dns.pods.scaled-to-zero",)),
        "role-endpointslices": Scenario("CoreDNS may not read EndpointSlices", ("dns.access.denied",)),
        "upstream-dead": Scenario("The resolver outside the cluster is dead", ("dns.upstream.unreachable",)),
        "no-network": Scenario("No network plugin is installed", ("cni.missing",)),
        "healthy": Scenario("Everything works"),
    }
)


def load_scenario(name: str) -> Bundle:
    """Raises UsageError with near names for one that is not shipped."""
    if name not in SCENARIOS:
        near = tuple(get_close_matches(name, SCENARIOS))
        raise UsageError(f"There is no scenario {name!r}. There are: {', '.join(SCENARIOS)}.", near)
    return load_bundle(FOLDER / f"{name}.json.gz")
