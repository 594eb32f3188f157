"""The lines of an overview: from the ground up, the cause apart from what follows, never better than what was seen."""

from dataclasses import replace

from bot.model import event as e
from bot.model.finding import Answer, Conclusion, Finding, Layer, RootCause, Verdict
from bot.model.overview import Line, next_playbooks, overview
from bot.model.playbook import Kind, Playbook, Step
from bot.model.run import Run, fold
from bot.slack.view import thread
from bot.views import terminal, transcript


def step(id: str, uses: str) -> Step:
    return Step(id=id, uses=uses, kind=Kind.LOOK, title=f"Look {id}")


PLAN = Playbook(
    name="network", title="All layers", summary="", overview=True,
    steps=(step("nodes", "node.network"), step("proxy", "proxy.coverage"), step("pods", "dns.pods")),
)  # fmt: skip


def found(verdict: Verdict, layer: Layer | None, summary: str, step: str = "") -> Finding:
    return Finding(verdict=verdict, layer=layer, summary=summary, step=step)


READY = found(Verdict.PASS, Layer.NODE, "2 nodes ready.", "nodes")
NO_PROXY = found(Verdict.FAIL, Layer.PROXY, "No service proxy runs.", "proxy")
NOT_READY = found(Verdict.FAIL, Layer.DNS_WORKLOAD, "0 of 2 DNS pods are ready.", "pods")


def events(*findings: Finding, roots: tuple[RootCause, ...] = ()) -> list[e.Event]:
    steps = [e.StepFinished(at=2, step=f.step, attempt=1, findings=(f,)) for f in findings]
    conclusion = Conclusion(Answer.BROKEN if roots else Answer.OK, roots)
    return [e.RunStarted(at=1, by="cli:alice", playbook=PLAN, target="prod"), *steps,
            e.RunConcluded(at=3, conclusion=conclusion, over=len(steps)), e.RunClosed(at=4)]


def run(*findings: Finding, roots: tuple[RootCause, ...] = ()) -> Run:
    return fold(events(*findings, roots=roots))


BROKEN = events(READY, NO_PROXY, NOT_READY, roots=(RootCause(NO_PROXY, (NOT_READY,)),))


def test_the_cause_names_the_next_playbook_and_what_follows_from_it_does_not() -> None:
    assert overview(fold(BROKEN)) == (
        Line("Nodes", Verdict.PASS),
        Line("Service proxy", Verdict.FAIL, "No service proxy runs.", "kube-proxy"),
        Line("Cluster DNS", Verdict.FAIL, "Follows from what is wrong elsewhere: 0 of 2 DNS pods are ready."),
    )
    assert next_playbooks(fold(BROKEN)) == ("kube-proxy",)


def test_what_could_not_be_told_is_no_pass_and_is_worth_a_closer_look() -> None:
    doubt = found(Verdict.UNKNOWN, None, "Look proxy: no answer within 15 s", "proxy")
    passed = found(Verdict.PASS, Layer.DNS_WORKLOAD, "2 of 2 DNS pods ready.", "pods")
    lines = {line.title: line for line in overview(run(doubt, passed))}
    assert lines["Service proxy"] == Line("Service proxy", Verdict.UNKNOWN, doubt.summary, "kube-proxy")
    assert lines["Nodes"] == Line("Nodes", Verdict.SKIPPED, "Nothing was looked at here.")


def test_a_layer_of_which_a_part_was_not_permitted_says_so() -> None:
    missed = found(Verdict.SKIPPED, Layer.DNS_SERVICE, "Not permitted: list services.")
    passed = found(Verdict.PASS, Layer.DNS_WORKLOAD, "2 of 2 DNS pods ready.")
    done = e.StepFinished(at=2, step="pods", attempt=1, findings=(passed, missed))
    begun, end = events()[0], e.RunConcluded(at=3, conclusion=Conclusion(Answer.OK), over=1)
    assert overview(fold([begun, done, end]))[-1] == Line("Cluster DNS", Verdict.INFO, f"In part: {missed.summary}")


def test_an_overview_stands_in_slack_the_terminal_and_the_transcript_with_what_to_run_next() -> None:
    told = fold(BROKEN)
    root = str(thread("network-1", told)[0].blocks)
    for text in (root, terminal.tell("network-1", told), transcript.run_markdown("network-1", told, BROKEN)):
        assert "Cluster DNS" in text
        assert "kube-proxy" in text
    assert '["kube-proxy prod"]' in root, "a button asks for it"
    assert "netcheck run kube-proxy prod" in terminal.tell("network-1", told)


def test_a_playbook_that_looks_at_one_thing_is_told_by_its_steps() -> None:
    begun = BROKEN[0]
    assert isinstance(begun, e.RunStarted)
    closer = fold([replace(begun, playbook=replace(PLAN, overview=False)), *BROKEN[1:]])
    assert (overview(closer), next_playbooks(closer)) == ((), ())
