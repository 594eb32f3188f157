"""What does not fit on one page of a list: of what was selected the API server does not say how much it left out."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.playground.bundle import Bundle, Object
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import SCENARIOS, load_scenario, means_of
from tests.playground.answers import ask_box, causes_of


async def ask(bundle: Bundle, scenario: str, folder: Path) -> Any:
    told = SCENARIOS[scenario]
    async with ClusterBox(bundle) as box:
        return await ask_box(box, folder, told.playbook, *told.words, means=means_of(scenario, bundle))


def numbered(item: Object, number: int) -> Object:
    """Another one of the same."""
    other = copy.deepcopy(item)
    meta = other["metadata"]
    meta |= {"name": f"{meta['name']}-{number:03}", "uid": f"{meta['uid']}-{number}"}
    return other


async def test_endpoints_of_pods_beyond_the_first_page_are_not_called_stale(tmp_path: Path) -> None:
    bundle = load_scenario("service-healthy")
    pattern = next(o for o in bundle.objects if o["kind"] == "Pod" and o["metadata"]["namespace"] == "shop")
    crowd = [numbered(pattern, number) for number in range(150)]

    def with_crowd(item: Object) -> Object:
        if item["kind"] != "EndpointSlice" or item["metadata"]["namespace"] != "shop":
            return item
        end = next(e for e in item["endpoints"] if e["targetRef"]["uid"] == pattern["metadata"]["uid"])
        more = [{**end, "targetRef": {**end["targetRef"], "name": pod["metadata"]["name"],
                                      "uid": pod["metadata"]["uid"]}} for pod in crowd]
        return {**item, "endpoints": [*item["endpoints"], *more]}

    objects = (*map(with_crowd, bundle.objects), *crowd)
    run = await ask(replace(bundle, objects=objects), "service-healthy", tmp_path)
    assert (run["answer"], causes_of(run)) == ("ok", ())
    assert any("it has more, which were not read" in finding["summary"] for finding in run["findings"])


def with_nodes(bundle: Bundle, daemon: str, more: int) -> Bundle:
    """So many nodes more with a pod of the DaemonSet on each, which is ready but on the last one."""
    for item in bundle.objects:
        if item["kind"] in ("Node", "Pod", "DaemonSet"):
            item["metadata"]["creationTimestamp"] = "2026-01-01T08:00:00Z"
    node = next(o for o in bundle.objects if o["kind"] == "Node")
    pod = next(o for o in bundle.objects if o["kind"] == "Pod" and o["metadata"]["name"].startswith(f"{daemon}-"))
    nodes, pods = ([numbered(item, number) for number in range(more)] for item in (node, pod))
    for home, guest in zip(nodes, pods, strict=True):
        guest["spec"]["nodeName"] = home["metadata"]["name"]
    pods[-1]["status"] |= {"conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": [
        {**state, "ready": False, "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
        for state in pods[-1]["status"]["containerStatuses"]]}
    own = next(o for o in bundle.objects if o["kind"] == "DaemonSet" and o["metadata"]["name"] == daemon)
    counts = {key: number + more - key.endswith(("Ready", "Available"))
              for key, number in own["status"].items() if key.startswith(("desired", "current", "updated", "number"))}
    counted = {**own, "status": {**own["status"], **counts, "numberMisscheduled": 0}}
    return replace(bundle, objects=(*(o for o in bundle.objects if o is not own), counted, *nodes, *pods))


@pytest.mark.parametrize(("scenario", "daemon", "cause"), [
    ("proxy-healthy", "kube-proxy", "proxy.not-covering"), ("cni-healthy-weave", "weave-net", "cni.agent"),
    ("cni-healthy-flannel", "kube-flannel-ds", "cni.agent"),
])
async def test_of_many_agents_the_one_that_is_not_ready_is_named_with_its_node_and_no_other(
    scenario: str, daemon: str, cause: str, tmp_path: Path
) -> None:
    run = await ask(with_nodes(load_scenario(scenario), daemon, 30), scenario, tmp_path)
    found = [f for f in run["findings"] if f["cause"] == cause and f["object"].endswith(f"/{daemon}")]
    assert [f["node"] for f in found] == ["n1-029"]
    assert "31 of 32 pods ready" in found[0]["summary"]
    assert "CrashLoopBackOff" in "".join(found[0]["evidence"])


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
