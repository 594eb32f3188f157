"""What a run looks like in Slack: complete sentences, safe and small enough, whatever the cluster and people said."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import event as e
from bot.model.finding import Answer, Conclusion, Finding, RootCause, Verdict
from bot.model.run import Run, fold
from bot.playground.slack.blocks import check_message
from bot.playground.slack.messages import find_pings
from bot.slack import story
from bot.slack import text as t
from bot.slack.post import Post
from bot.slack.replies import run_reply, status_reply
from bot.slack.tables import draw, one_table, undrawn
from bot.slack.view import thread
from tests.slack import histories as h

DOCS = "https://example.org/causes.md"
WILD = st.text(st.characters(codec=None), max_size=200) | st.sampled_from(
    ["<!channel>", "<" * 3000, "`" * 50, "x" * 200_000, "\x1b[31m" * 900, "", " ", "👩🏽‍💻" * 2000, "&amp;" * 900]
)


def posts(told: h.Telling) -> dict[str, Post]:
    return {post.key: post for post in thread("dns-42", told.run, docs=DOCS)}


def fits(post: Post) -> None:
    """Slack takes it, nobody is called by it who should not be, and there is a sentence for who sees no blocks."""
    check_message([dict(block) for block in post.blocks])
    assert post.text.strip()
    assert t.size(post.text) <= 4000
    assert find_pings(post.text, [dict(block) for block in post.blocks]) == []


def fuzzed(run: Run, wild: list[str]) -> Run:
    """The same run with these texts wherever a cluster, a playbook or a person can have put one."""
    texts = iter(wild * 5000)

    def finding(old: Finding) -> Finding:
        lines = tuple(next(texts) for _ in range(5))
        words: dict[str, Any] = {name: next(texts) for name in ("summary", "advice", "object", "cause", "doc", "node")}
        grid = tuple((next(texts), next(texts)) for _ in range(3))
        return replace(old, evidence=lines, grid=grid, **words)

    steps: dict[str, Any] = {}
    for key, state in run.steps.items():
        new = replace(state, findings=tuple(finding(old) for old in state.findings), note=next(texts))
        match state.prompt:
            case e.ApprovalRequested() as asked:
                prompt = replace(asked, description=next(texts), difference=(next(texts), next(texts)), to=next(texts))
                new = replace(new, prompt=prompt)
            case e.QuestionAsked() as asked:
                new = replace(new, prompt=replace(asked, text=next(texts), choices=(next(texts), next(texts))))
        steps[key] = new
    renamed = tuple(replace(step, title=next(texts)) for step in run.playbook.steps)
    playbook = replace(run.playbook, name=next(texts), steps=renamed)
    params = {next(texts): next(texts)}
    began = replace(run.begun, playbook=playbook, target=next(texts), cluster=next(texts), params=params)
    spoken = tuple(replace(s, text=next(texts)) if isinstance(s, e.NoteAdded) else s for s in run.spoken)
    conclusion = run.conclusion and Conclusion(
        Answer.BROKEN,
        tuple(RootCause(finding(h.BROKEN), tuple(finding(h.CONSEQUENCE) for _ in range(9))) for _ in range(7)),
        tuple(next(texts) for _ in range(30)),
    )
    return replace(run, started=began, steps=steps, spoken=spoken, conclusion=conclusion)


HISTORIES = [
    h.broken().note().events,
    h.mended().events,
    [*h.asking().approve().events, e.StepStarted(at=h.START + 9, step="select", attempt=1),
     e.StepInterrupted(at=h.START + 10, step="select", attempt=1, reason="outcome unknown")],
    [*h.asking().events, e.Reminded(at=h.START + 900, step="select", to="slack:U0BOB"),
     e.HandedOver(at=h.START + 901, by=h.ALICE, to=h.BOB), e.RunCancelled(at=h.START + 902, by=h.BOB, reason="enough"),
     e.RunClosed(at=h.START + 903, reason="cancelled")],
    [*h.Telling(steps=(h.ASK,)).events, e.QuestionAsked(at=h.START + 1, step="ask", text="?", choices=("a", "b")),
     e.QuestionAnswered(at=h.START + 2, by=h.BOB, step="ask", answer="a", note="hm")],
    [*h.asking().events, e.ApprovalRefused(at=h.START + 9, by=h.BOB, step="select", attempt=1, reason="no")],
    [*h.asking().events, e.StepSkipped(at=h.START + 9, step="select", why="expired", reason="nobody answered in time")],
]  # fmt: skip


@pytest.mark.parametrize("events", HISTORIES)
@settings(max_examples=12)
@given(wild=st.lists(WILD, min_size=1, max_size=6))
def test_every_state_of_a_run_fits_into_slack_whatever_it_says(events: list[e.Event], wild: list[str]) -> None:
    for number in (len(events), len(events) // 2, max(1, len(events) - 1)):
        run = fuzzed(fold(events[:number]), wild)
        for post in thread("dns-42", run, docs=DOCS):
            fits(post)
        for told in (run_reply("dns-42", run, DOCS), status_reply([("dns-42", run)] * 30)):
            check_message([dict(block) for block in told.blocks])


GRID = (("from \\ to", "pods on n2", "outside"), ("pod on n1", "no answer", ""), ("pod on n2", "ok", "ok"))


def test_a_grid_is_a_table_with_a_square_and_a_word_in_each_cell() -> None:
    told = draw(GRID)
    assert told["type"] == "table"
    assert [cell["text"] for cell in told["rows"][0]] == list(GRID[0])
    cells = [row[1]["elements"][0]["elements"] for row in told["rows"][1:]]
    assert [(picture["name"], word["text"].strip()) for picture, word in cells] == [
        ("large_red_square", "no answer"), ("large_green_square", "ok")]
    assert told["rows"][1][2] == {"type": "raw_text", "text": "·"}


def test_a_table_that_slack_would_not_take_is_text_in_columns() -> None:
    (again,) = undrawn([draw(GRID)])
    text = again["elements"][0]["elements"][0]["text"]
    assert text.splitlines() == [
        "from \\ to  pods on n2   outside", "pod on n1  ✗ no answer    ·", "pod on n2    ok           ok"]
    assert draw((("to", *map(str, range(30))), ("a", *["ok"] * 30)))["type"] == "rich_text"
    assert [block["type"] for block in one_table([draw(GRID), draw(GRID)])] == ["table", "rich_text"]


@pytest.mark.parametrize("events", HISTORIES)
def test_every_prefix_of_a_history_can_be_shown(events: list[e.Event]) -> None:
    for number in range(1, len(events) + 1):
        for post in thread("dns-42", fold(events[:number]), docs=DOCS):
            fits(post)


@pytest.mark.parametrize("docs", [DOCS, ""])
def test_what_has_no_page_of_ours_is_told_without_a_way_to_it(docs: str) -> None:
    made_up = replace(h.BROKEN, cause="shop.web.missing", doc="")
    shown = [str(story.finding_elements(finding, docs)) for finding in (h.BROKEN, made_up)]
    assert [f"{DOCS}#" in text or "netcheck explain" in text for text in shown] == [True, False]


def test_a_run_of_sixty_steps_stays_small_in_the_channel() -> None:
    told = h.Telling(steps=tuple(h.look(f"s{number}") for number in range(60)))
    for number in range(40):
        told.look(f"s{number}", *([h.BROKEN] if number % 3 == 0 else []))
    root = posts(told)["root"]
    fits(root)
    assert str(root.blocks).count("\\n") < 20


def test_the_root_cause_stands_in_the_channel_with_advice_and_consequences() -> None:
    said = str(posts(h.broken())["root"].blocks)
    assert "selects k8s-app=dns, but the DNS pods carry" in said
    assert "kubectl -n kube-system patch service kube-dns" in said
    assert "has no endpoints" in said
    assert f"{DOCS}#dns.service.selector" in said


def test_the_evidence_stands_in_the_thread_and_not_in_the_channel() -> None:
    told = posts(h.broken())
    assert "spec.selector: k8s-app=dns (read 10:00:01)" in str(told["step:service"].blocks)
    assert "spec.selector" not in str(told["root"].blocks)


def test_what_is_well_needs_no_post_of_its_own() -> None:
    assert set(posts(h.broken())) == {"root", "step:service", "step:endpoints", "summary"}


def test_a_step_is_told_once_all_before_it_are_over() -> None:
    told = h.Telling().looks("platform", "plugin", "objects").look("service", h.BROKEN)
    assert "step:service" not in posts(told)
    assert "step:service" in posts(told.looks("pods"))


def test_a_prompt_shows_what_would_change_and_asks_again_before_it_happens() -> None:
    prompt = posts(h.asking())["ask:select:1"]
    said = str(prompt.blocks)
    assert "- k8s-app: dns\\n+ k8s-app: kube-dns" in said
    assert "On prod (context prod-eu): Set the selector of Service kube-system/kube-dns." in said
    assert "<!subteam^S0NETONCALL>" in prompt.text


def test_a_prompt_says_who_may_approve() -> None:
    may = ("group:S0NETONCALL", "group:menders", "*")
    prompt = next(p for p in thread("dns-42", h.asking().run, approvers=may) if p.key == "ask:select:1")
    assert "May be approved by: <!subteam^S0NETONCALL>, the group menders, everybody" in str(prompt.blocks)
    nobody = next(p for p in thread("dns-42", h.asking().run, approvers=()) if p.key == "ask:select:1")
    assert "nobody, as the settings are" in str(nobody.blocks)


def test_only_who_must_act_is_mentioned_in_the_thread() -> None:
    others = [post for key, post in posts(h.asking()).items() if not key.startswith(("ask", "root"))]
    assert not any("<@" in f"{post.text}{post.blocks}".replace("Asked for by <@", "") for post in others)


def test_a_change_whose_outcome_is_unknown_is_asked_again_in_a_new_post() -> None:
    told = h.asking().approve()
    told.add(e.StepStarted(at=told.now, step="select", attempt=1))
    told.add(e.StepInterrupted(at=told.now, step="select", attempt=1, reason="outcome unknown: it was being applied"))
    assert "outcome is unknown" in posts(told)["ask:select:1"].text
    again = posts(told.propose(attempt=2))
    assert "asked again below" in again["ask:select:1"].text
    assert again["ask:select:1"].edit_only
    assert "Approve this change?" in again["ask:select:2"].text


def test_a_mended_run_says_what_was_wrong_who_approved_and_that_it_was_looked_at_again() -> None:
    said = str(posts(h.mended())["root"].blocks)
    assert ":white_check_mark: *dns* on *prod*: mended" in said
    assert "It was: " in said
    assert "approved by <@U0BOB>" in said
    assert "Looked at again afterwards" in said


def test_a_fault_that_could_not_be_looked_at_again_is_not_called_mended() -> None:
    unknown = Finding(verdict=Verdict.UNKNOWN, summary="no answer within 15 s")
    told = h.asking().approve().apply().look("service-again", unknown)
    told.add(e.RunConcluded(at=told.now, conclusion=Conclusion(Answer.UNKNOWN), over=7))
    root = posts(told.close())["root"]
    assert "could not tell" in root.text
    assert "mended" not in f"{root.text}{root.blocks}"


def test_what_was_not_looked_at_is_named() -> None:
    told = h.Telling().looks(*[step.id for step in h.LOOKS])
    gaps = ("nodes: netcheck may not list nodes",)
    told.add(e.RunConcluded(at=told.now, conclusion=Conclusion(Answer.OK, (), gaps), over=7))
    assert "netcheck may not list nodes" in str(posts(told.close())["root"].blocks)


def test_an_open_run_can_be_stopped_and_a_closed_one_run_again() -> None:
    assert '"stop"' in str(posts(h.asking())["root"].blocks).replace("'", '"')
    closed = str(posts(h.broken())["root"].blocks)
    assert "'rerun'" in closed
    assert "'stop'" not in closed


def test_time_going_by_changes_no_post() -> None:
    assert thread("dns-42", h.asking().run) == thread("dns-42", h.asking().run)
