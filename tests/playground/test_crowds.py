"""What does not fit on one page of a list: of what was selected the API server does not say how much it left out."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.playground.bundle import Bundle, Object
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import SCENARIOS, load_scenario, means_of
from tests.playground.answers import ask_box, causes_of

RECORDED = 1_800_000_000.0
OLD, NEW = "2027-01-01T08:00:00Z", "2027-01-15T07:59:20Z"
"""Long before, and forty seconds before."""


async def ask(bundle: Bundle, scenario: str, folder: Path) -> Any:
    told = SCENARIOS[scenario]
    async with ClusterBox(bundle) as box:
        return await ask_box(box, folder, told.playbook, *told.words, means=means_of(scenario, bundle))


def numbered(item: Object, number: int) -> Object:
    """Another one of the same, that comes after all others by its name."""
    other = copy.deepcopy(item)
    meta = other["metadata"]
    meta |= {"name": f"z{number:03}-{meta['name']}", "uid": f"{meta['uid']}-{number}"}
    return other


def with_crowd(bundle: Bundle, namespace: str, name: str, size: int) -> Bundle:
    """So many pods more like the first whose name begins so, each among the endpoints."""
    pattern = next(o for o in bundle.objects if o["kind"] == "Pod" and o["metadata"]["name"].startswith(name))
    crowd = [numbered(pattern, number) for number in range(size)]

    def grown(item: Object) -> Object:
        ends = [e for e in item["endpoints"] if e["targetRef"]["uid"] == pattern["metadata"]["uid"]] \
            if item["kind"] == "EndpointSlice" and item["metadata"]["namespace"] == namespace else []
        more = [{**end, "addresses": [pod["status"]["podIP"]], "targetRef": {
            **end["targetRef"], "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}}
            for end in ends for pod in crowd]
        return {**item, "endpoints": [*item["endpoints"], *more]} if more else item

    for number, pod in enumerate(crowd):
        address = f"10.244.9.{number}"
        pod["status"] |= {"podIP": address, "podIPs": [{"ip": address}]}
    return replace(bundle, objects=(*map(grown, bundle.objects), *crowd))


async def test_endpoints_of_pods_beyond_the_first_page_are_not_called_stale(tmp_path: Path) -> None:
    run = await ask(with_crowd(load_scenario("service-healthy"), "shop", "web-", 150), "service-healthy", tmp_path)
    assert (run["answer"], causes_of(run)) == ("ok", ())
    assert any("it has more, which were not read" in finding["summary"] for finding in run["findings"])


async def test_many_dns_pods_are_as_well_as_two(tmp_path: Path) -> None:
    run = await ask(with_crowd(load_scenario("healthy"), "kube-system", "coredns-", 30), "healthy", tmp_path)
    assert (run["answer"], causes_of(run)) == ("ok", ())


Alter = Callable[[Object], None]


def crashes(pod: Object) -> None:
    _wait(pod, "CrashLoopBackOff", restartCount=3, lastState={"terminated": {
        "exitCode": 1, "reason": "Error", "startedAt": OLD, "finishedAt": OLD, "containerID": "x"}})


def starts(pod: Object) -> None:
    """Made a moment before the recording."""
    _wait(pod, "ContainerCreating")
    pod["metadata"]["creationTimestamp"] = NEW


def waits_for_a_node(pod: Object) -> None:
    del pod["spec"]["nodeName"]
    pod["status"] = {"phase": "Pending", "conditions": [{
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "Insufficient cpu"}]}


def leaves(pod: Object) -> None:
    crashes(pod)
    pod["metadata"]["deletionTimestamp"] = NEW


def _wait(pod: Object, reason: str, **changes: Any) -> None:
    states = [{**state, "ready": False, "started": False, "state": {"waiting": {"reason": reason}}, **changes}
              for state in pod["status"]["containerStatuses"]]
    pod["status"] |= {"conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": states}


def dies(node: Object) -> None:
    """The API goes on to show its pods as they were last seen."""
    for condition in node["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition |= {"status": "Unknown", "reason": "NodeStatusUnknown", "lastTransitionTime": OLD}


def joins(node: Object) -> None:
    node["metadata"]["creationTimestamp"] = NEW


def bars(node: Object) -> None:
    """After its pods were made, which stay."""
    node["spec"]["taints"] = [{"key": "own", "value": "yes", "effect": "NoSchedule"}]


def nothing(item: Object) -> None:
    pass


def with_nodes(
    bundle: Bundle, daemon: str, more: int = 30, pod: Alter = nothing, node: Alter = nothing, ill: int = 1,
    rolling: bool = False,
) -> Bundle:
    """So many nodes more with a pod of the DaemonSet on each; the last `ill` pods and nodes are altered, and the pods
    then counted as not ready."""
    old = [copy.deepcopy(item) for item in bundle.objects]
    for item in old:
        if item["kind"] in ("Node", "Pod", "DaemonSet"):
            item["metadata"]["creationTimestamp"] = OLD
    home = next(o for o in old if o["kind"] == "Node")
    guest = next(o for o in old if o["kind"] == "Pod" and o["metadata"]["name"].startswith(f"{daemon}-"))
    nodes, pods = ([numbered(item, number) for number in range(more)] for item in (home, guest))
    for one, other in zip(nodes, pods, strict=True):
        other["spec"]["nodeName"] = one["metadata"]["name"]
    for one, other in zip(nodes[-ill:], pods[-ill:], strict=True):
        node(one)
        pod(other)
    own = next(o for o in old if o["kind"] == "DaemonSet" and o["metadata"]["name"] == daemon)
    own["status"] = {
        key: number + more - (ill if key.endswith(("Ready", "Available")) or (rolling and key.startswith("upd")) else 0)
        for key, number in own["status"].items() if key.startswith(("desired", "current", "updated", "number"))
    } | {"numberMisscheduled": 0, "observedGeneration": own["status"]["observedGeneration"]}
    return replace(bundle, recorded_at=RECORDED, objects=(*old, *nodes, *pods))


AGENTS = (("proxy-healthy", "kube-proxy", "proxy."), ("cni-healthy-weave", "weave-net", "cni.agent"),
          ("cni-healthy-flannel", "kube-flannel-ds", "cni.agent"))


@pytest.mark.parametrize(("scenario", "daemon", "cause"), AGENTS)
async def test_of_many_agents_the_one_that_crashes_is_named_with_its_node_and_no_other(
    scenario: str, daemon: str, cause: str, tmp_path: Path
) -> None:
    run = await ask(with_nodes(load_scenario(scenario), daemon, pod=crashes), scenario, tmp_path)
    found = [f for f in run["findings"] if f["cause"].startswith(cause)]
    assert {f["node"] for f in found} == {"z029-n1"}
    assert "31 of 32 pods ready" in found[0]["summary"]
    assert "CrashLoopBackOff" in "".join(found[0]["evidence"])


@pytest.mark.parametrize(("scenario", "daemon", "cause"), AGENTS)
@pytest.mark.parametrize("changes", [
    {"node": dies}, {"pod": starts, "rolling": True}, {"pod": starts, "node": joins}, {"pod": leaves, "rolling": True},
    {"pod": starts, "node": joins, "ill": 6}, {"node": dies, "ill": 5},
], ids=["a dead node", "rolled out", "a new node", "an old pod leaves", "six new nodes", "five dead nodes"])
async def test_among_many_agents_what_is_new_or_on_a_dead_node_is_no_fault_of_theirs(
    changes: dict[str, Any], scenario: str, daemon: str, cause: str, tmp_path: Path
) -> None:
    run = await ask(with_nodes(load_scenario(scenario), daemon, **changes), scenario, tmp_path)
    assert [f["summary"] for f in run["findings"] if f["cause"].startswith(cause)] == []
    assert "Could not be read: Node: " not in "".join(f["summary"] for f in run["findings"])


@pytest.mark.parametrize(("scenario", "daemon", "cause"), AGENTS)
async def test_among_many_agents_a_node_that_a_later_taint_bars_is_not_said_to_have_none(
    scenario: str, daemon: str, cause: str, tmp_path: Path
) -> None:
    bundle = with_nodes(load_scenario(scenario), daemon, pod=crashes)
    bars(next(o for o in bundle.objects if o["kind"] == "Node"))
    run = await ask(bundle, scenario, tmp_path)
    assert {f["node"] for f in run["findings"] if f["cause"].startswith(cause)} == {"z029-n1"}


@pytest.mark.parametrize(("scenario", "daemon", "cause"), AGENTS)
async def test_an_agent_that_no_node_takes_costs_nothing_else_that_is_told(
    scenario: str, daemon: str, cause: str, tmp_path: Path
) -> None:
    run = await ask(with_nodes(load_scenario(scenario), daemon, pod=waits_for_a_node), scenario, tmp_path)
    assert [f["cause"] for f in run["findings"] if "31 of 32 pods ready" in f["summary"]] != []
    assert not [f["summary"] for f in run["findings"] if "no name was given" in f["summary"]]


async def test_without_a_look_at_all_pods_one_that_is_not_ready_counts_and_no_node_is_named(tmp_path: Path) -> None:
    run = await ask(with_nodes(load_scenario("healthy"), "kube-proxy", pod=crashes), "healthy", tmp_path)
    finding, = (f for f in run["findings"] if f["cause"].startswith("proxy."))
    assert (run["answer"], finding["node"]) == ("degraded", "")
    assert "31 of 32 pods ready" in finding["summary"]


async def test_on_five_hundred_nodes_agents_that_are_not_ready_are_named_within_the_budget(tmp_path: Path) -> None:
    bundle = with_nodes(load_scenario("cni-healthy-calico"), "calico-node", 498, crashes, ill=100)
    run = await ask(bundle, "cni-healthy-calico", tmp_path)
    nodes = [f["node"] for f in run["findings"] if f["cause"] == "cni.agent"]
    assert nodes == ["z398-n1", "z399-n1"]
    assert run["requests"] <= 60
    assert run["bytes"] <= 1_000_000


async def test_on_fifteen_nodes_the_one_is_named_whose_proxy_crashes(tmp_path: Path) -> None:
    run = await ask(with_nodes(load_scenario("proxy-healthy"), "kube-proxy", 13, crashes), "proxy-healthy", tmp_path)
    assert {f["node"] for f in run["findings"] if f["cause"] == "proxy.crashing"} == {"z012-n1"}


async def test_among_many_agents_some_are_asked_for_their_nodes_folders(tmp_path: Path) -> None:
    run = await ask(with_nodes(load_scenario("cni-healthy-weave"), "weave-net"), "cni-healthy-weave", tmp_path)
    assert any("On n1 and n2 the runtime takes 10-weave.conflist" in finding["summary"] for finding in run["findings"])


async def test_a_pod_that_waits_now_is_found_behind_many_old_events(tmp_path: Path) -> None:
    bundle = load_scenario("calico-token-wrong")
    event = next(o for o in bundle.objects if o["kind"] == "Event" and o["reason"] == "FailedCreatePodSandBox")
    old = [numbered(event, number) for number in range(40)]
    for number, item in enumerate(old):
        item["metadata"]["namespace"] = item["involvedObject"]["namespace"] = "aaa"
        item["involvedObject"] |= {"name": f"gone-{number}", "uid": f"gone-{number}"}
        item["lastTimestamp"] = item["firstTimestamp"]
    objects = (*(o for o in bundle.objects if o is not event), *old, event)
    run = await ask(replace(bundle, objects=objects), "calico-token-wrong", tmp_path)
    assert causes_of(run) == ("cni.sandbox.forbidden",)
