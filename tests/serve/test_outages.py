"""What may happen to a replica, to the store, and to Slack while a run is on: nothing is lost, nothing is doubled."""

import asyncio
from pathlib import Path

from bot.model import event as e
from bot.model.run import Status
from bot.playground.cluster_box.faults import Fault
from tests.journal.awaiting import until
from tests.serve.stand import SLOW, BoxedStand, open_stand


async def in_the_middle(stand: BoxedStand) -> str:
    """A run at which the only replica there is has got stuck on a slow cluster; a second one is ready."""
    await stand.start().until_ready()
    stand.cluster.faults.append(SLOW)
    run_id = await stand.begin("chain prod")
    await stand.start().until_ready()
    await stand.until_in_the_middle(run_id)
    return run_id


async def test_when_a_replica_is_killed_another_finishes_its_run_and_nothing_is_doubled(stand: BoxedStand) -> None:
    run_id = await in_the_middle(stand)
    holder = await stand.holder(run_id)
    killed, _ = stand.replicas
    assert await killed.gauge("netcheck_runs_in_work") == 1.0
    killed.kill()
    stand.cluster.faults.clear()
    await stand.until_over(run_id)
    await stand.until_root_says("works, with a fault in it")
    await stand.check_nothing_is_doubled(run_id)
    interrupted = [event for event in await stand.events(run_id) if isinstance(event, e.StepInterrupted)]
    assert len(interrupted) == 1, "what the dead replica was at was taken up again"
    assert await stand.holder(run_id) != holder


async def test_a_replica_that_is_told_to_stop_gives_its_run_away_at_once(stand: BoxedStand) -> None:
    run_id = await in_the_middle(stand)
    holder = await stand.holder(run_id)
    leaving, _ = stand.replicas
    assert await leaving.terminate() == 0
    assert await stand.holder(run_id) != holder, "a lease that is not given back lasts for ten seconds"
    stand.cluster.faults.clear()
    await stand.until_over(run_id)
    await stand.until_root_says("works, with a fault in it")
    await stand.check_nothing_is_doubled(run_id)
    assert not [line for line in leaving.said() if line["level"] == "error"]


async def test_a_change_cut_off_by_a_kill_is_never_made_again_unasked(tmp_path: Path) -> None:
    async with open_stand(tmp_path, "dns-selector") as stand:
        await stand.start().until_ready()
        run_id = await stand.begin("dns prod")
        first = await stand.prompt()
        stand.cluster.faults.append(Fault(path="/api/v1/namespaces/kube-system/services/kube-dns", hang=True))
        await stand.slack.click("alice", first.channel, first.ts, "approve")
        await stand.until_step(run_id, "select", Status.RUNNING)
        stand.replicas[0].kill()
        stand.cluster.faults.clear()
        await stand.start().until_ready()
        second = await stand.prompt(after=first)
        await stand.slack.click("alice", second.channel, second.ts, "approve")
        await stand.until_root_says("mended")
        await stand.until_over(run_id)
        events = await stand.events(run_id)
        granted = [event.attempt for event in events if isinstance(event, e.ApprovalGranted)]
        begun = [event.attempt for event in events if isinstance(event, e.StepStarted) and event.step == "select"]
        assert granted == begun == [1, 2]


async def test_while_the_store_is_away_people_are_told_and_a_run_goes_on_when_it_is_back(stand: BoxedStand) -> None:
    run_id = await in_the_middle(stand)
    known = await stand.events(run_id)
    stand.redis.stop()
    stand.cluster.faults.clear()
    assert (await stand.slack.command("bob", "#incidents", "dns prod")).ok
    await stand.slack.until(lambda: "store" in stand.told("bob"), 30)
    for replica in stand.replicas:
        status, said = await replica.get("/readyz")
        assert (status, "state store" in said) == (503, True)
        assert (await replica.get("/healthz"))[0] == 200
    stand.redis.start()
    await stand.until_over(run_id)
    await stand.until_root_says("works, with a fault in it")
    assert (await stand.events(run_id))[: len(known)] == known
    await stand.check_nothing_is_doubled(run_id)
    assert list(await stand.journal.recent("")) == [run_id], "what could not be written was not begun"


async def test_a_store_that_is_killed_and_started_again_loses_nothing_that_was_shown(stand: BoxedStand) -> None:
    run_id = await in_the_middle(stand)
    await asyncio.to_thread(stand.redis.save)
    stand.redis.kill()
    stand.redis.start()
    stand.cluster.faults.clear()
    await stand.until_over(run_id)
    await stand.until_root_says("works, with a fault in it")
    await stand.check_nothing_is_doubled(run_id)


async def test_when_slack_is_down_the_run_goes_on_and_its_thread_is_right_afterwards(stand: BoxedStand) -> None:
    stand.cluster.faults.append(SLOW)
    await stand.start().until_ready()
    run_id = await stand.begin("chain prod")
    stand.slack.faults.status = 503
    stand.slack.socket.reset()
    stand.cluster.faults.clear()

    async def closed() -> bool:
        return (await stand.run(run_id)).closed is not None

    await until(closed, 60)
    (root,) = stand.roots()
    assert "works, with a fault in it" not in root.text
    stand.slack.faults.status = None
    await stand.until_root_says("works, with a fault in it")
    await stand.until_over(run_id)
    await stand.check_nothing_is_doubled(run_id)
    await stand.begin("dns prod")
    await stand.until_root_says("nothing wrong")
