"""`netcheck serve` as a whole: real processes, a real store, the wire on both sides."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from bot.model import event as e
from tests.journal.awaiting import until
from tests.serve.stand import BoxedStand, open_stand


async def test_a_command_typed_in_slack_ends_with_the_answer_in_its_message(stand: BoxedStand) -> None:
    replica = stand.start()
    await replica.until_ready()
    run_id = await stand.begin("dns prod")
    await stand.until_root_says("nothing wrong")
    (root,) = stand.roots()
    assert "prod-box" in str(root.blocks)
    assert stand.cluster.server in str(root.blocks)
    await stand.until_over(run_id)
    await stand.check_nothing_is_doubled(run_id)
    assert (await replica.get("/healthz")) == (200, "ok\n")
    assert (await replica.gauge("netcheck_slack_connected")) == 1.0
    assert not [line for line in replica.said() if line["level"] in ("warning", "error")]


async def test_a_fault_is_told_in_the_thread_and_mended_by_whoever_may(tmp_path: Path) -> None:
    async with open_stand(tmp_path, "dns-selector") as stand:
        await asyncio.gather(*(stand.start().until_ready() for _ in range(2)))
        run_id = await stand.begin("dns prod")
        prompt = await stand.prompt()
        refused = await stand.slack.click("eve", prompt.channel, prompt.ts, "approve")
        assert refused.ok
        await stand.slack.until(lambda: "may not change" in stand.told("eve"))
        assert (await stand.slack.click("alice", prompt.channel, prompt.ts, "approve")).ok
        await stand.until_root_says("mended")
        await stand.until_over(run_id)
        await stand.check_nothing_is_doubled(run_id)


async def test_one_delivery_given_to_both_replicas_starts_one_run(stand: BoxedStand) -> None:
    await asyncio.gather(*(stand.start().until_ready() for _ in range(2)))
    await stand.deliver_to_all("alice", "#incidents", "dns prod")
    await stand.until_root_says("nothing wrong")
    (run_id,) = await stand.journal.recent("")
    await stand.until_over(run_id)
    await stand.check_nothing_is_doubled(run_id)
    assert len(stand.roots()) == 1


async def test_runs_are_shared_out_and_each_is_done_once(stand: BoxedStand) -> None:
    await asyncio.gather(*(stand.start().until_ready() for _ in range(2)))
    ids = [await stand.begin("dns prod") for _ in range(4)]
    for run_id in ids:
        await stand.until_over(run_id)
        await stand.check_nothing_is_doubled(run_id)
        started = [event for event in await stand.events(run_id) if isinstance(event, e.StepStarted)]
        assert len({event.step for event in started}) == len(started), "a step was begun twice"


async def test_no_token_and_no_password_is_ever_logged(stand: BoxedStand) -> None:
    replica = stand.start()
    await replica.until_ready()

    async def refused() -> bool:
        return ("apps.connections.open", "token_revoked") in stand.slack.calls

    stand.slack.faults.token_error = "token_revoked"
    stand.slack.socket.reset()
    await until(refused, 30)
    assert await replica.terminate() == 0
    log = replica.log.read_text()
    for secret in (stand.slack.bot_token, stand.slack.app_token, stand.cluster.token):
        assert secret not in log


def test_without_tokens_it_says_which_are_missing_and_does_not_start(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NETCHECK_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", "serve"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 3
    assert "SLACK_BOT_TOKEN and SLACK_APP_TOKEN must be set" in done.stderr
    assert "Traceback" not in done.stderr
