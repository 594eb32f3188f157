"""What a person, a pipe and a post-mortem get to read of a run."""

import json
from dataclasses import replace

from bot.model import codec
from bot.model import event as e
from bot.model.finding import Answer, Conclusion, Finding, Layer, RootCause, Verdict
from bot.model.grid import SIGNS, align
from bot.model.playbook import Kind, Playbook, Step
from bot.model.run import fold
from bot.views import report, terminal, transcript

BAD = Finding(
    verdict=Verdict.FAIL,
    cause="dns.service.selector",
    layer=Layer.DNS_SERVICE,
    object="Service kube-system/kube-dns",
    summary="Service kube-dns selects k8s-app=kube-dnss; no pod has it",
    evidence=("spec.selector k8s-app=kube-dnss",),
    advice="set the selector to `k8s-app: kube-dns`",
    doc="dns-service-selector",
)
PLAN = Playbook(
    name="dns",
    title="Cluster DNS",
    summary="",
    steps=(Step(id="endpoints", uses="dns.endpoints", kind=Kind.LOOK, title="Endpoints"),),
)
EVENTS: list[e.Event] = [
    e.RunStarted(at=100.0, by="cli:alice", name="Alice", playbook=PLAN, target="prod", cluster="context prod-eu"),
    e.StepStarted(at=100.1, step="endpoints", attempt=1),
    e.StepFinished(
        at=100.5, step="endpoints", attempt=1, findings=(BAD,), evidence={"selector": "```"}, requests=4, bytes=900
    ),
    e.RunConcluded(at=100.6, conclusion=Conclusion(Answer.BROKEN, (RootCause(BAD),), ("logs: not looked at",)), over=1),
    e.NoteAdded(at=100.65, by="cli:bob", text="seen it"),
    e.RunClosed(at=100.7),
]


def test_the_json_report_has_exactly_the_promised_fields() -> None:
    told = report.report("dns-1", fold(EVENTS))
    assert list(told) == [
        "run", "target", "playbook", "verdict", "answer", "root_causes", "findings", "skipped", "requests", "bytes",
        "duration_ms",
    ]  # fmt: skip
    (root,) = told["root_causes"]
    assert list(root) == [
        "verdict", "cause", "layer", "object", "node", "summary", "evidence", "advice", "doc",
    ]  # fmt: skip
    assert told["verdict"] == "FAIL"
    assert told["answer"] == "broken"
    assert told["skipped"] == ["logs: not looked at"]
    assert (told["requests"], told["bytes"], told["duration_ms"]) == (4, 900, 700)
    assert root["object"] == "Service kube-system/kube-dns"


def test_the_exit_status_tells_the_answer() -> None:
    def status(answer: Answer) -> int:
        return report.exit_status(fold([EVENTS[0], e.RunConcluded(at=1, conclusion=Conclusion(answer), over=0)]))

    assert [status(answer) for answer in (Answer.OK, Answer.DEGRADED, Answer.BROKEN, Answer.UNKNOWN)] == [0, 1, 1, 2]
    assert report.exit_status(fold(EVENTS[:1])) == 2


def test_the_terminal_tells_answer_cause_advice_and_what_was_not_looked_at() -> None:
    text = terminal.tell("dns-1", fold(EVENTS))
    for part in ("prod", "context prod-eu", "Broken.", "kube-dnss", "What to do: set the selector", "logs: not looked"):
        assert part in text
    assert "netcheck explain dns.service.selector" in text


def test_the_transcript_tells_who_asked_what_was_seen_and_what_was_said() -> None:
    text = transcript.run_markdown("dns-1", fold(EVENTS), EVENTS)
    parts = ("Alice asks for `dns` on prod", "**Endpoints** took", "FAIL `dns.service.selector`", "cli:bob notes: seen")
    for part in parts:
        assert part in text
    assert "1970-01-01 00:01:40 UTC" in text


def test_a_grid_stands_in_columns_on_the_terminal_and_in_the_transcript() -> None:
    grid = (("from \\ to", "pods on n1", "outside"), ("pod on n1", "no answer", ""))
    finished = e.StepFinished(at=100.5, step="endpoints", attempt=1, findings=(replace(BAD, grid=grid),))
    events = [*EVENTS[:2], finished]
    lines = ("from \\ to  pods on n1   outside", "pod on n1  ✗ no answer    ·")
    for told in (terminal.tell("dns-1", fold(events)), transcript.run_markdown("dns-1", fold(events), events)):
        assert all(line in told for line in lines), told
    assert codec.from_json(codec.to_json(finished)) == finished


def test_columns_of_a_wide_grid_have_numbers_and_long_names_keep_both_ends() -> None:
    names = [f"pod on ip-10-0-0-{number}.eu-central-1.compute.internal" for number in range(3)]
    told = align((("to \\ from", *names), ("outside", "ok", "", "no answer")), SIGNS, 60)
    assert told[:2] == ["to \\ from  (1)   (2)  (3)", "outside      ok    ·  ✗ no answer"]
    assert told[2:] == [f"({number}) pod on ip-10-0-0-{number - 1}.e…-1.compute.internal" for number in (1, 2, 3)]


def test_the_transcript_as_json_is_the_journal_itself() -> None:
    body = json.loads(transcript.to_json({"dns-1": EVENTS}))
    assert [codec.from_json(raw) for raw in body["journals"]["dns-1"]] == EVENTS


def test_an_exported_journal_does_not_say_where_files_lay_on_somebodys_machine() -> None:
    began = EVENTS[0]
    assert isinstance(began, e.RunStarted)
    old = replace(began, playbook=replace(PLAN, source="/srv/own/playbooks/dns.yaml"))
    told = transcript.to_json({"dns-1": [old, *EVENTS[1:]]})
    assert "/srv/own" not in told
    assert json.loads(told)["journals"]["dns-1"][0]["playbook"]["source"] == "dns.yaml"
