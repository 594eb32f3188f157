"""A playbook of a user's own, from its YAML to a mended cluster: looks, question, approval, change, look again.

Everything is the production code; the cluster is a small one in a box.
"""

from pathlib import Path

import pytest

from bot.model.command import RunPlaybook
from bot.model.errors import UsageError
from bot.model.event import Origin
from bot.model.finding import Answer, Verdict
from bot.playground.cluster_box.box import ClusterBox
from tests.playbooks.working import ALICE, until, working
from tests.playground.cluster_box.town import make_town

GUIDED = """\
name: guided
title: Mend the DNS Service
params:
  label: {default: kube-dns}
steps:
  - id: service
    title: The Service selects DNS pods
    uses: kubernetes.get
    with: {kind: Service, namespace: kube-system, name: kube-dns}
    outcomes:
      - pass: {when: "object.spec.selector['k8s-app'] == 'kube-dns'", message: It does.}
      - fail: {message: "It selects {{ object.spec.selector }}.", cause: own.selector}
  - id: pods
    title: There are DNS pods
    uses: kubernetes.list
    with: {kind: Pod, namespace: kube-system, labels: "k8s-app={{ params.label }}", keep: [status.phase]}
    outcomes:
      - pass: {when: "items | length > 1", message: "{{ items | length }} pods."}
  - id: ask
    title: How many people complain?
    uses: guide.ask
    with: {text: "{{ steps.pods.outputs.count }} pods run. How many people complain?", type: int}
    when: steps.service.verdict == 'fail'
  - id: mend
    title: Set the selector
    uses: service.patch
    with: {service: kube-system/kube-dns, selector: {k8s-app: "{{ params.label }}"}}
    when: run.root_cause == 'own.selector' and steps.ask.outputs.answer | int > 1
  - id: again
    title: The Service selects DNS pods
    uses: kubernetes.get
    fresh: true
    when: steps.mend.status == 'done'
    with: {kind: Service, namespace: kube-system, name: kube-dns}
    outcomes:
      - pass: {when: "object.spec.selector['k8s-app'] == 'kube-dns'", message: It does.}
      - fail: {message: "It selects {{ object.spec.selector }}.", cause: own.selector}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "guided.yaml").write_text(GUIDED)
    return tmp_path


async def test_a_written_playbook_finds_asks_changes_and_sees_that_it_helped(folder: Path) -> None:
    ill = make_town(selector={"k8s-app": "other"})
    async with ClusterBox(ill, lag=0.0) as box, working(box, folder) as (net, states):
        started = await net.desk.start(RunPlaybook("guided"), ALICE, Origin(surface="cli"))
        asked = await until(states, lambda run: run.waiting_for_person)
        assert asked.state("service").findings[0].summary == 'It selects {"k8s-app": "other"}.'
        question = "2 pods run. How many people complain? (a whole number)"
        assert getattr(asked.state("ask").prompt, "text", "") == question
        with pytest.raises(UsageError, match="the question asks for a whole number"):
            await net.desk.answer(started.run, "ask", "a lot", ALICE)
        await net.desk.answer(started.run, "ask", "12", ALICE)
        shown = await until(states, lambda run: run.state("mend").prompt)
        prompt = shown.state("mend").prompt
        assert getattr(prompt, "difference", ()) == ("  selector:", "-   k8s-app: other", "+   k8s-app: kube-dns")
        await net.desk.approve(started.run, "mend", shown.state("mend").attempt, ALICE)
        closed = await until(states, lambda run: run.closed)
    assert closed.state("again").findings[0].verdict is Verdict.PASS
    assert closed.conclusion is not None
    assert closed.conclusion.answer is Answer.OK


async def test_what_is_not_wrong_is_neither_asked_about_nor_changed(folder: Path) -> None:
    async with ClusterBox(make_town(), lag=0.0) as box, working(box, folder) as (net, states):
        await net.desk.start(RunPlaybook("guided"), ALICE, Origin(surface="cli"))
        closed = await until(states, lambda run: run.closed)
    assert closed.conclusion is not None
    assert closed.conclusion.answer is Answer.OK
    assert all(closed.state(step).skip for step in ("ask", "mend", "again"))
