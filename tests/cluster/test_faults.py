"""Each row of the table of faults on a real cluster: the exact root causes, no more and no fewer, and nothing found any
longer once the fault is gone. The table is printed at the end."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import pytest

from tests.cluster.clusters import Clusters
from tests.cluster.faults.fault import Fault
from tests.cluster.faults.ledger import PROPERTY, Entry, Verdict
from tests.cluster.faults.recording import Recorder
from tests.cluster.faults.trial import NotHealed, Trial, expected, try_fault

pytestmark = pytest.mark.cluster


@dataclass(frozen=True, slots=True)
class Clock:
    """Of one row; `note` writes its line of the table, which travels with the report of the test."""

    fault: Fault
    record: Callable[[str, object], None]
    began: float = field(default_factory=time.monotonic)

    def note(self, verdict: Verdict, found: str = "", why: str = "") -> None:
        entry = Entry(
            name=self.fault.name, network=self.fault.network, expected=expected(self.fault), verdict=verdict,
            found=found, why=why, seconds=0.0 if verdict == "not run" else time.monotonic() - self.began)
        self.record(PROPERTY, asdict(entry))


def test_the_root_causes_are_exactly_those_of_the_fault(
    clusters: Clusters, fault: Fault, recorder: Recorder | None, record_property: Callable[[str, object], None]
) -> None:
    if lacking := clusters.lacking(fault):
        Clock(fault, record_property).note("not run", why=lacking)
        pytest.skip(lacking)
    cluster = clusters.of(fault.network, fault.proxy)
    clock = Clock(fault, record_property)
    try:
        trial = try_fault(cluster, fault, recorder)
    except Exception as error:
        if isinstance(error, NotHealed):
            clusters.close()
        clock.note("wrong", why=f"{type(error).__name__}: {error}")
        raise
    finally:
        if fault.spoils:
            clusters.close()
    _judge(fault, trial, clock)


def _judge(fault: Fault, trial: Trial, clock: Clock) -> None:
    why = "; ".join(trial.wrong)
    if fault.awaits:
        clock.note("not yet", trial.found, f"awaits {fault.awaits}" + (f" ({why})" if why else ""))
        if why:
            pytest.xfail(f"awaits {fault.awaits}: {why}")
        pytest.fail("The row is right now: take its `awaits` away.")
    clock.note("wrong" if why else "right", trial.found, why)
    assert not trial.wrong, why
