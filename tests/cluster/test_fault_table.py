"""The table of faults itself, and how answers are held against it. Needs no cluster."""

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bot.diagnosis.causes import CAUSES
from tests.cluster.clusters import Clusters
from tests.cluster.conftest import MOST_ROWS, in_groups
from tests.cluster.faults.conditions import NOW, Condition
from tests.cluster.faults.fault import Fault, Heal, Root
from tests.cluster.faults.ledger import Entry, Ledger
from tests.cluster.faults.table import FAULTS, THIRDS, NoSuchRow, choose
from tests.cluster.faults.trial import differences, try_fault
from tests.cluster.rig import Cluster

ROOT = Root("dns.service.selector", "dns-service", "Service kube-system/kube-dns")
FAULT = Fault(name="x", says="", roots=(ROOT,), mentions=("kubectl",), consequences=("dns.endpoints.*",))
HEALTHY = Fault(name="y", says="", answer="ok")
NOWHERE = Cluster(kubeconfig=Path("nowhere"), site=None)


def finding(root: Root = ROOT, advice: str = "`kubectl`", verdict: str = "FAIL") -> dict[str, Any]:
    return {"cause": root.cause, "layer": root.layer, "object": root.object, "summary": "", "advice": advice,
            "verdict": verdict, "evidence": []}


def report(answer: str, *found: dict[str, Any], also: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"answer": answer, "root_causes": list(found), "findings": [*found, *also]}


def test_every_expected_cause_stands_in_the_table_of_causes_on_its_layer() -> None:
    for row in (row for row in FAULTS if not row.awaits):
        for root in row.roots:
            layers = {str(cause.layer) for code, cause in CAUSES.items() if fnmatchcase(code, root.cause)}
            assert root.layer in layers, (row.name, root)


def test_the_thirds_together_are_all_rows_that_await_nothing_and_each_is_in_one() -> None:
    thirds = [choose(third=str(number))[0] for number in range(1, THIRDS + 1)]
    assert sorted(row.name for third in thirds for row in third) == sorted(
        row.name for row in FAULTS if not row.awaits)


def test_which_third_was_run_and_how_to_run_the_others_is_said() -> None:
    assert "THIRD=1" in choose(third="2")[1]
    assert "THIRD=3" in choose(third="2")[1]


def test_rows_of_one_kind_of_cluster_are_together_but_not_all_in_one_group() -> None:
    one, other = FAULT, replace(FAULT, network="weave")
    groups = [group for _, group in in_groups((*(one, other) * MOST_ROWS, one))]
    assert len(set(groups[:-1:2])) == len(set(groups[1::2])) == 1
    assert len(set(groups)) == 3


def test_several_rows_are_chosen_by_name_and_a_near_name_is_offered_for_a_wrong_one() -> None:
    assert {row.name for row in choose(only="dns-oom, dns-selector")[0]} == {"dns-oom", "dns-selector"}
    with pytest.raises(NoSuchRow, match="dns-selector"):
        choose(only="dns-selectr")


def test_an_answer_is_right_only_with_exactly_the_expected_root_causes() -> None:
    other = Root("dns.service.ports", "dns-service", ROOT.object)
    elsewhere = Root(ROOT.cause, ROOT.layer, "Service kube-system/other")
    assert differences(FAULT, report("broken", finding())) == []
    for wrong in (report("broken"), report("degraded", finding()), report("broken", finding(), finding(other)),
                  report("broken", finding(elsewhere)), report("broken", finding(advice=""))):
        assert differences(FAULT, wrong)


def test_consequences_may_be_told_and_nothing_else_beside_the_root_cause() -> None:
    allowed = finding(Root("dns.endpoints.empty", "dns-service", ROOT.object))
    strange = finding(Root("dns.pods.oom", "dns-workload", "Deployment kube-system/coredns"))
    assert differences(FAULT, report("broken", finding(), also=(allowed,))) == []
    assert differences(FAULT, report("broken", finding(), also=(strange,)))


@pytest.mark.parametrize("answer", ["unknown", "degraded", "broken"])
def test_a_lookalike_passes_with_ok_and_with_nothing_else(answer: str) -> None:
    assert differences(HEALTHY, report("ok")) == []
    assert differences(HEALTHY, report(answer))


def test_a_row_that_waits_for_a_look_is_never_counted_as_right() -> None:
    told: list[str] = []
    ledger = Ledger(tell=told.append)
    ledger.add(Entry(name="x", network="any", expected="ok", verdict="not yet", found="ok", why="awaits a look"))
    ledger.add(Entry(name="y", network="weave", expected="ok", verdict="not run", why="needs the images of weave"))
    printed = list(ledger.lines())
    assert printed[-1].startswith("1 not yet, 1 not run")
    assert "y (not run): needs the images of weave" in printed


class Unseen(Exception):
    """The fault does not show."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Breaks nothing, and notes that it would have."""

    told: list[str] = field(default_factory=list)
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        self.told.append("broken")
        return lambda then: self.told.append("healed")


def _never(cluster: Cluster) -> bool:
    raise Unseen


@pytest.mark.parametrize(("spoils", "left"), [(False, ["broken", "healed"]), (True, ["broken"])])
def test_what_a_row_breaks_is_healed_unless_it_spoils_its_cluster(spoils: bool, left: list[str]) -> None:
    made = Noted()
    row = replace(FAULT, breaks=(made,), spoils=spoils, before=NOW, healed=NOW, wait=Condition("it shows", _never))
    with pytest.raises(Unseen):
        try_fault(NOWHERE, row)
    assert made.told == left


def test_a_cluster_that_stands_is_used_by_all_of_its_kind_and_taken_down_once() -> None:
    down: list[str] = []
    clusters = Clusters(None, cluster=NOWHERE)
    clusters.stack.callback(down.append, "taken down")
    assert (clusters.of("any", "iptables"), clusters.of("bridge", "iptables")) == (NOWHERE, NOWHERE)
    assert down == []
    clusters.close()
    clusters.close()
    assert (down, clusters.cluster) == (["taken down"], None)
