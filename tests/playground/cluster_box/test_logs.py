"""Logs under a pod: which container, which life, how many lines, and the refusals for what is not there."""

from dataclasses import replace

import pytest

from bot.playground.bundle import Log
from bot.playground.cluster_box.box import ClusterBox
from tests.playground.cluster_box.client import CORE, Client, open_client
from tests.playground.cluster_box.town import NAMESPACE, PODS, make_object, make_town

LOG = f"{CORE}/pods/{PODS[0]}/log"


async def test_the_tail_of_a_recorded_log_is_given(client: Client) -> None:
    assert (await client.get(f"{LOG}?tailLines=2")).body == "two\nthree\n"
    assert (await client.get(f"{LOG}?tailLines=500")).body == "one\ntwo\nthree\n"
    assert (await client.get(f"{LOG}?container=coredns")).body == "one\ntwo\nthree\n"


async def test_a_log_that_was_cut_when_recorded_is_not_given_as_if_it_were_whole() -> None:
    town = make_town()
    cut = Log(namespace=NAMESPACE, pod=PODS[0], tail=3, text="one\ntwo\nthree\n")
    async with ClusterBox(replace(town, logs=(cut,))) as box, open_client(box) as client:
        assert (await client.get(f"{LOG}?tailLines=3")).status == 200
        assert (await client.get(f"{LOG}?tailLines=4")).body["reason"] == "NotRecorded"


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("previous=true", 400, f'previous terminated container "coredns" in pod "{PODS[0]}" not found'),
        ("container=nosuch", 400, f"container nosuch is not valid for pod {PODS[0]}"),
        ("tailLines=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        (
            "follow=true",
            501,
            "not recorded: the bundle does not know how a log goes on: following is not possible on a bundle",
        ),
    ],
)
async def test_a_log_that_cannot_be_is_refused(client: Client, query: str, status: int, message: str) -> None:
    answer = await client.get(f"{LOG}?{query}")
    assert (answer.status, answer.body["message"]) == (status, message)


async def test_a_log_never_recorded_says_so(client: Client) -> None:
    answer = await client.get(f"{CORE}/pods/{PODS[1]}/log")
    assert (answer.status, answer.body["reason"]) == (501, "NotRecorded")


async def test_one_of_several_containers_must_be_named_unless_one_is_the_default() -> None:
    spec = {"nodeName": "node-1", "containers": [{"name": "web"}, {"name": "proxy"}]}
    pods = [
        make_object("v1", "Pod", "two", spec=spec),
        make_object(
            "v1",
            "Pod",
            "named",
            spec=spec,
            metadata={"annotations": {"kubectl.kubernetes.io/default-container": "web"}},
        ),
    ]
    logs = [Log(namespace=NAMESPACE, pod=pod, container="web", tail=9, text="hello\n") for pod in ("two", "named")]
    town = make_town()
    bundle = replace(town, objects=(*town.objects, *pods), logs=tuple(logs))
    async with ClusterBox(bundle) as box, open_client(box) as client:
        answer = await client.get(f"{CORE}/pods/two/log")
        assert answer.status == 400
        assert answer.body["message"] == "a container name must be specified for pod two, choose one of: [web proxy]"
        assert (await client.get(f"{CORE}/pods/named/log")).body == "hello\n"


async def test_a_container_that_never_started_has_no_log_and_a_pod_never_placed_an_empty_one() -> None:
    states = [{"name": "web", "state": {"waiting": {"reason": "ContainerCreating"}}, "lastState": {}}]
    spec = {"containers": [{"name": "web"}]}
    pods = [
        make_object("v1", "Pod", "creating", spec=spec | {"nodeName": "node-1"}, status={"containerStatuses": states}),
        make_object("v1", "Pod", "pending", spec=spec, status={"phase": "Pending"}),
    ]
    town = make_town()
    async with ClusterBox(replace(town, objects=(*town.objects, *pods))) as box, open_client(box) as client:
        answer = await client.get(f"{CORE}/pods/creating/log")
        assert answer.body["message"] == 'container "web" in pod "creating" is waiting to start: ContainerCreating'
        pending = await client.get(f"{CORE}/pods/pending/log")
        assert (pending.status, pending.body) == (200, "")
