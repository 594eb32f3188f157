"""One read per run, tried with many askers at once, over a real client and a server that answers when told to."""

import asyncio

import pytest
from aiohttp import web

from bot.cluster import Access, Object, Usage
from bot.cluster.client import KubernetesCluster
from bot.cluster.reads import RunReads
from bot.model.errors import Forbidden, ServerFailed
from tests.cluster_client.server import Script, json, refuse

POD = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"nodeName": "n1"}}
PODS = {"metadata": {}, "items": [POD]}


class Gate:
    """The server holds every answer back until it is opened."""

    def __init__(self, script: Script) -> None:
        self.asked = asyncio.Event()
        self.open = asyncio.Event()
        self._script = script
        script.answer = self._answer

    async def _answer(self, _: web.Request) -> web.StreamResponse:
        self.asked.set()
        await self.open.wait()
        return web.json_response(PODS)


@pytest.fixture
def reads(cluster: KubernetesCluster) -> RunReads:
    return RunReads(cluster.scoped())


async def test_ten_who_ask_the_same_cost_one_request(script: Script, reads: RunReads) -> None:
    gate = Gate(script)
    gate.open.set()
    listings = await asyncio.gather(*(reads.list("Pod", "shop") for _ in range(10)))
    await reads.list("Pod", "shop")
    assert len(script.seen) == reads.usage.requests == 1
    assert all(listing == listings[0] for listing in listings)


async def test_what_is_made_of_a_list_is_made_once(script: Script, reads: RunReads) -> None:
    script.reply(json(PODS))
    assert [await reads.fold("Pod", count_pods, 0) for _ in range(2)] == [1, 1]
    assert len(script.seen) == 1


def count_pods(told: int, _: Object) -> int:
    return told + 1


async def test_what_differs_is_asked_for_itself(script: Script, reads: RunReads) -> None:
    script.reply(json(PODS))
    await reads.list("Pod", "shop")
    await reads.list("Pod", "shop", labels="app=web")
    await reads.list("Pod", "shop", limit=1)
    await reads.list("Pod")
    assert len(script.seen) == 4


async def test_an_object_of_a_list_that_was_read_whole_is_not_read_again(script: Script, reads: RunReads) -> None:
    script.reply(json(PODS), json(POD))
    await reads.list("Pod")
    assert (await reads.get("Pod", "web", "shop"))["spec"] == {"nodeName": "n1"}
    assert len(script.seen) == 1
    await reads.get("Pod", "other", "shop")
    assert len(script.seen) == 2


async def test_a_first_asker_who_is_cancelled_does_not_spoil_it_for_the_others(script: Script, reads: RunReads) -> None:
    gate = Gate(script)
    first = asyncio.create_task(reads.list("Pod"))
    await gate.asked.wait()
    second = asyncio.create_task(reads.list("Pod"))
    await asyncio.sleep(0)
    first.cancel()
    gate.open.set()
    assert len((await second).items) == 1
    assert len(script.seen) == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_read_that_nobody_waits_for_any_more_is_given_up(script: Script, reads: RunReads) -> None:
    gate = Gate(script)
    only = asyncio.create_task(reads.list("Pod"))
    await gate.asked.wait()
    only.cancel()
    with pytest.raises(asyncio.CancelledError):
        await only
    gate.open.set()
    assert len((await reads.list("Pod")).items) == 1
    assert len(script.seen) == 2


async def test_a_failure_is_told_to_all_who_wait_and_asked_anew_by_the_next(script: Script, reads: RunReads) -> None:
    script.reply(refuse(500, "etcdserver: request timed out"), json(PODS))
    results = await asyncio.gather(*(reads.list("Pod") for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [ServerFailed] * 3
    assert len(script.seen) == 1
    assert len((await reads.list("Pod")).items) == 1


async def test_a_missing_permission_is_asked_for_once(script: Script, reads: RunReads) -> None:
    script.reply(refuse(403, "pods is forbidden"))
    for _ in range(3):
        with pytest.raises(Forbidden):
            await reads.list("Pod")
    assert len(script.seen) == 1


async def test_a_change_makes_everything_forgotten_and_a_dry_run_nothing(script: Script, reads: RunReads) -> None:
    script.reply(json(PODS), json(POD), json(POD), json(PODS))
    await reads.list("Pod")
    await reads.patch("Pod", "web", "shop", {}, dry_run=True)
    await reads.list("Pod")
    assert len(script.seen) == 2
    await reads.patch("Pod", "web", "shop", {})
    await reads.list("Pod")
    assert len(script.seen) == 4


async def test_a_change_that_failed_makes_everything_forgotten_too(script: Script, reads: RunReads) -> None:
    script.reply(json(PODS), refuse(500, "no answer from the webhook"), json(PODS))
    await reads.list("Pod")
    with pytest.raises(ServerFailed):
        await reads.patch("Pod", "web", "shop", {})
    await reads.list("Pod")
    assert len(script.seen) == 3


async def test_a_fresh_view_reads_anew_once_and_the_others_get_what_it_read(script: Script, reads: RunReads) -> None:
    script.reply(json({"metadata": {}, "items": []}), json(PODS))
    assert (await reads.list("Pod")).items == ()
    view = reads.fresh()
    await asyncio.gather(view.list("Pod"), view.list("Pod"))
    assert len(script.seen) == 2
    assert len((await reads.list("Pod")).items) == 1
    assert len(script.seen) == 2


async def test_each_run_counts_from_nothing_and_alone(script: Script, cluster: KubernetesCluster) -> None:
    script.reply(json({"gitVersion": "v1.34.4"}))
    await cluster.version()
    one, other = RunReads(cluster.scoped()), RunReads(cluster.scoped())
    await one.version()
    assert one.usage == Usage(1, len(b'{"gitVersion": "v1.34.4"}'))
    assert other.usage == Usage()


async def test_permissions_are_asked_once_for_each_question(script: Script, reads: RunReads) -> None:
    script.reply(json({"status": {"allowed": True}}), json({"status": {"allowed": False}}))
    answers = [await reads.may(Access(verb, "pods")) for verb in ("get", "delete", "get", "delete")]
    assert answers == [True, False, True, False]
    assert len(script.seen) == 2


async def test_a_run_that_ends_leaves_no_read_behind(script: Script, reads: RunReads) -> None:
    gate = Gate(script)
    waiting = asyncio.create_task(reads.list("Pod"))
    await gate.asked.wait()
    await reads.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.open.set()
