"""The clusters that are shipped to be tried: bundles recorded from a real one with a fault in it.

`index.json` beside them says what was broken, as whoever broke it knows it; the diagnosis is tested against it. Both
are written when the rows of the table of faults are tried with `--record` (tests/cluster/README.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

import msgspec

from bot.cluster import NodeProbePlace, ProbePlace
from bot.model.errors import UsageError
from bot.playground.bundle import Bundle, load_bundle
from bot.playground.connections import RecordedSockets
from bot.settings import NodeProbeSettings
from bot.wiring import Means

FOLDER = Path(__file__).parent / "scenarios"
INDEX = FOLDER / "index.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`title` is what a person reads; `roots` are pairs of cause and object, where the cause may be a pattern
    (`cni.agent*`); none for a cluster in which nothing is broken. `words` came after the playbook. `probe`,
    `node_probe`: it holds what such pods printed, for which they must be allowed."""

    title: str
    answer: str
    roots: tuple[tuple[str, str], ...] = ()
    playbook: str = "dns"
    words: tuple[str, ...] = ()
    probe: bool = False
    node_probe: bool = False


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(msgspec.json.decode(INDEX.read_bytes(), type=dict[str, Scenario]))


def load_scenario(name: str) -> Bundle:
    """Raises UsageError with near names for one that is not shipped."""
    if name not in SCENARIOS:
        near = tuple(get_close_matches(name, SCENARIOS))
        raise UsageError(f"There is no scenario {name!r}. There are: {', '.join(SCENARIOS)}.", near)
    return load_bundle(FOLDER / f"{name}.json.gz")


def means_of(name: str, bundle: Bundle) -> Means:
    """What was allowed when it was recorded."""
    return recorded_means(bundle, probe=SCENARIOS[name].probe, node_probe=SCENARIOS[name].node_probe)


def recorded_means(bundle: Bundle, *, probe: bool, node_probe: bool) -> Means:
    """With connections of the pod that netcheck ran in then. `probe`, `node_probe`: whether it holds what such pods
    printed."""
    place = {"namespace": bundle.runs[0].namespace, "image": bundle.runs[0].image} if bundle.runs else {}
    folders = NodeProbeSettings().model_dump(include={"configuration", "programs"})
    return Means(
        probe=ProbePlace(**place) if probe else None,
        node_probe=NodeProbePlace(**place, **folders) if node_probe else None,
        sockets=RecordedSockets(bundle) if bundle.own_pod else None,
    )
