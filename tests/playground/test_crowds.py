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
    assert [f["node"] for f in found] == ["z029-n1"]
    assert "31 of 32 pods ready" in found[0]["summary"]
    assert "CrashLoopBackOff" in "".join(found[0]["evidence"])


async def test_among_many_agents_some_are_asked_for_their_nodes_folders(tmp_path: Path) -> None:
    run = await ask(with_nodes(load_scenario("cni-healthy-weave"), "weave-net", 30), "cni-healthy-weave", tmp_path)
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
