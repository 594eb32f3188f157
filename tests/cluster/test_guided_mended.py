"""The guided runbook on a real cluster, from Slack: asked for, approved with a click, made, looked at again, closed as
mended. Slack stands in a box; everything else is the running program with a real store."""

from pathlib import Path

import pytest
import yaml

from bot.model.finding import Answer
from tests.cluster.answers import ask
from tests.cluster.faults.conditions import HEALTHY
from tests.cluster.faults.table import choose
from tests.cluster.faults.trial import made
from tests.cluster.rig import Cluster
from tests.serve.stand import Stand, stand_before

pytestmark = pytest.mark.cluster

MENDS = {
    "dns-selector": ("select",),
    "dns-scaled-to-zero": ("scale",),
    "corefile-proxy": ("configure", "restart"),
    "corefile-no-ready": ("configure", "restart"),
}
"""Rows of the table of faults, and the steps that ask for approval, in their order."""


async def approve_in_slack(stand: Stand, run_id: str, changes: tuple[str, ...]) -> None:
    prompt = None
    for change in changes:
        prompt = await stand.prompt(after=prompt)
        assert f"ask:{change}" in str(prompt.metadata), prompt.text
        assert (await stand.slack.click("alice", prompt.channel, prompt.ts, "approve")).ok
    await stand.until_over(run_id)


@pytest.mark.parametrize("name", MENDS)
async def test_what_is_approved_in_slack_is_made_and_seen_to_have_mended_the_cluster(
    cluster: Cluster, name: str, tmp_path: Path
) -> None:
    ((fault,), _) = choose(only=name)
    (tmp_path / "kubeconfig").write_bytes(cluster.kubeconfig.read_bytes())
    context = yaml.safe_load(cluster.kubectl("config", "view", "--raw"))["current-context"]
    fault.before.until(cluster)
    with made(cluster, fault.breaks, fault.healed):
        fault.wait.until(cluster)
        async with stand_before(tmp_path, context) as stand:
            await stand.start().until_ready()
            run_id = await stand.begin("dns-guided prod")
            await approve_in_slack(stand, run_id, MENDS[name])
            run, said = await stand.run(run_id), stand.roots()[-1].text
        assert run.conclusion is not None
        assert run.conclusion.answer is Answer.OK, run.conclusion
        assert "mended" in said.lower()
        HEALTHY.until(cluster)
        assert ask(cluster)["answer"] == "ok"
