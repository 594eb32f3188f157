"""The guided runbook on a real cluster, from Slack: asked for, approved with a click, made, looked at again, closed as
mended. Slack stands in a box; everything else is the running program with a real store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from bot.model.finding import Answer
from tests.cluster.cluster_dns import ask, have_crashed, is_healthy, patch, pods, read, restart, until
from tests.cluster.rig import Cluster
from tests.serve.stand import Stand, stand_before

pytestmark = pytest.mark.cluster


@dataclass(frozen=True, slots=True)
class Mend:
    """`breaks` leaves the fault behind; `changes`: the steps that ask, in their order; `undo` sees to it that nothing of
    the test stays."""

    name: str
    breaks: Callable[[Cluster], None]
    changes: tuple[str, ...]


def select_nothing(cluster: Cluster) -> None:
    patch(cluster, "service", "kube-dns", {"spec": {"selector": {"k8s-app": "kube-dnss"}}})


def scale_to_zero(cluster: Cluster) -> None:
    patch(cluster, "deployment", "coredns", {"spec": {"replicas": 0}})
    until("no pods", lambda: not pods(cluster))


def write_corefile(cluster: Cluster, old: str, new: str) -> None:
    before = read(cluster, "configmap", "coredns")["data"]["Corefile"]
    assert old in before
    patch(cluster, "configmap", "coredns", {"data": {"Corefile": before.replace(old, new)}})
    restart(cluster)


def forward_by_proxy(cluster: Cluster) -> None:
    write_corefile(cluster, "forward . /etc/resolv.conf", "proxy . /etc/resolv.conf")
    until("CoreDNS crashes", lambda: have_crashed(cluster))


def drop_ready(cluster: Cluster) -> None:
    write_corefile(cluster, "    ready\n", "")
    until("pods run", lambda: sum(bool(pod["status"].get("podIP")) for pod in pods(cluster)) == 2)


MENDS = (
    Mend("the selector of kube-dns is wrong", select_nothing, ("select",)),
    Mend("CoreDNS is scaled to zero", scale_to_zero, ("scale",)),
    Mend("the Corefile has a line that CoreDNS dropped", forward_by_proxy, ("configure", "restart")),
    Mend("the Corefile lacks what the readiness probe asks", drop_ready, ("configure", "restart")),
)


@contextmanager
def kept(cluster: Cluster) -> Iterator[None]:
    """Service, Deployment and Corefile are afterwards as they were, whatever happened."""
    service, deployment = read(cluster, "service", "kube-dns"), read(cluster, "deployment", "coredns")
    corefile = read(cluster, "configmap", "coredns")["data"]["Corefile"]
    try:
        yield
    finally:
        patch(cluster, "service", "kube-dns", {"spec": {"selector": service["spec"]["selector"]}})
        patch(cluster, "deployment", "coredns", {"spec": {"replicas": deployment["spec"]["replicas"]}})
        if read(cluster, "configmap", "coredns")["data"]["Corefile"] != corefile:
            patch(cluster, "configmap", "coredns", {"data": {"Corefile": corefile}})
            restart(cluster)


async def approve_in_slack(stand: Stand, run_id: str, changes: tuple[str, ...]) -> None:
    prompt = None
    for change in changes:
        prompt = await stand.prompt(after=prompt)
        assert f"ask:{change}" in str(prompt.metadata), prompt.text
        assert (await stand.slack.click("alice", prompt.channel, prompt.ts, "approve")).ok
    await stand.until_over(run_id)


@pytest.mark.parametrize("mend", MENDS, ids=lambda mend: mend.name)
async def test_what_is_approved_in_slack_is_made_and_seen_to_have_mended_the_cluster(
    cluster: Cluster, mend: Mend, tmp_path: Path
) -> None:
    until("the cluster is healthy", lambda: is_healthy(cluster))
    (tmp_path / "kubeconfig").write_bytes(cluster.kubeconfig.read_bytes())
    context = yaml.safe_load(cluster.kubectl("config", "view", "--raw"))["current-context"]
    with kept(cluster):
        mend.breaks(cluster)
        async with stand_before(tmp_path, context) as stand:
            await stand.start().until_ready()
            run_id = await stand.begin("dns-guided prod")
            await approve_in_slack(stand, run_id, mend.changes)
            run = await stand.run(run_id)
            said = stand.roots()[-1].text
        assert run.conclusion is not None
        assert run.conclusion.answer is Answer.OK, run.conclusion
        assert "mended" in said.lower()
        assert ask(cluster)["answer"] == "ok"
        assert is_healthy(cluster)
