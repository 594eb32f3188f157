"""The tutorial: one run, from `/netcheck dns prod` typed in Slack to its transcript, and every station on its way.

Nothing here is pretended but the two ends of the wire: a Slack workspace in a box, and in another box a cluster that
was recorded with a fault in it (the DNS Service selects no pod). Between them runs what runs in production, on a
journal in memory.
The numbers are those of "The walk" in docs/architecture.md.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.diagnosis.conclusion import conclude
from bot.journal.memory import MemoryJournal
from bot.model import event as e
from bot.model.command import RunPlaybook, parse
from bot.model.finding import Answer, Verdict
from bot.model.moves import Look, next_moves
from bot.model.run import Run, findings, fold
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import load_scenario
from bot.playground.slack.box import SlackBox
from bot.playground.slack.messages import Message
from bot.serving import at_work
from bot.settings import Settings, SlackSettings, TargetSettings
from bot.slack.view import thread
from bot.steps import Look as LookType
from bot.steps.library import STEP_TYPES


async def test_the_walk_of_a_command_from_slack_to_its_transcript(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        run_id = await words_become_a_fact(town)
        prompt = await town.slack.until(lambda: asking(town.slack), 20)
        events = await town.events(run_id)
        facts_become_a_run_and_its_next_moves(events)
        a_look_is_evidence_and_a_judgement(events)
        findings_become_an_answer(fold(events))
        await the_run_becomes_messages(town.slack, run_id, fold(events), prompt)
        await a_click_becomes_a_change(town, run_id, prompt)
        await the_journal_becomes_a_transcript(town.slack)


async def words_become_a_fact(town: "Town") -> str:
    """1 A person types; the socket brings the payload, slack/listen.py hands it on and acknowledges it.
    2 model/command.py makes a command of the words.
    3 engine/desk.py finds playbook and cluster, asks whether Alice may look, and writes one fact.
    4 The journal holds it as entry number 1: what is acknowledged is written."""
    outcome = await town.slack.command("alice", "#incidents", "dns prod")
    assert outcome.ok
    assert parse("dns prod") == RunPlaybook("dns", ("prod",))

    (run_id,) = await town.journal.recent("")
    first = (await town.journal.read(run_id))[0]
    assert (run_id, first.number) == ("dns-1", 1)
    assert isinstance(first.event, e.RunStarted)
    assert first.event.by == "slack:U0ALICE"
    assert first.event.target == "prod"
    assert "context prod-box" in first.event.cluster
    assert first.event.playbook.steps[0].uses == "api.answers"
    return run_id


def facts_become_a_run_and_its_next_moves(events: Sequence[e.Event]) -> None:
    """5 engine/worker.py sees that the run wants attention, and goes on with it until only a person can.
    6 model/run.py folds events into the run as it stood after each of them.
    7 model/moves.py says at every point what to do next: at first, whether the API answers at all; then all the looks
      that wait for nothing else, side by side; in the end, a person has to be asked."""
    begun = fold(events[:1])
    assert begun.steps == {}
    assert next_moves(begun, now=begun.last) == (Look("api", 1, {}),)

    answered = fold(events[: until_begun(events, "platform")])
    moves = next_moves(answered, now=answered.last)
    side_by_side = {move.step for move in moves if isinstance(move, Look)}
    assert {"platform", "nodes", "service", "pods", "endpoints"} <= side_by_side

    assert [step.id for step in fold(events).waiting_for_person] == ["select"]


def a_look_is_evidence_and_a_judgement(events: Sequence[e.Event]) -> None:
    """8 steps/: a look gathers evidence and judges it. Judging needs no cluster, so it can be done again: with what
    stands in the journal, by the rules of today."""
    finished = events[until_finished(events, "endpoints") - 1]
    assert isinstance(finished, e.StepFinished)
    kind = STEP_TYPES["dns.endpoints"]
    assert isinstance(kind, LookType)
    (again,) = kind.judge(dict(finished.evidence), kind.args()).findings
    assert (again.verdict, again.cause) == (Verdict.FAIL, "dns.service.selector")
    assert again.summary == finished.findings[0].summary


def findings_become_an_answer(run: Run) -> None:
    """8 When all is looked at, diagnosis/ says which finding explains the others."""
    essential = frozenset(step.id for step in run.playbook.steps if step.essential)
    told = conclude(findings(run), essential)
    assert told == run.conclusion
    assert told.answer is Answer.BROKEN
    assert [root.finding.cause for root in told.root_causes] == ["dns.service.selector"]


async def the_run_becomes_messages(slack: SlackBox, run_id: str, run: Run, prompt: Message) -> None:
    """9 slack/view.py says which posts there should be, slack/publish.py makes it so: they stand in the channel."""
    (root,) = slack.messages("#incidents")
    await slack.until(lambda: keys(slack, root) == [post.key for post in thread(run_id, run)], 20)
    assert run_id in str(root.blocks)
    assert run.begun.cluster in str(root.blocks)
    assert "+ " in str(prompt.blocks), "the difference that the change would make is shown before anybody approves it"


async def a_click_becomes_a_change(town: "Town", run_id: str, prompt: Message) -> None:
    """1 … 9 again: the click becomes ApprovalGranted at the desk, the worker goes on, the change is made, once, and
    the look is made again."""
    await town.slack.click("alice", prompt.channel, prompt.ts, "approve")
    await town.slack.until(lambda: "mended" in town.slack.messages("#incidents")[-1].text, 20)
    events = await town.events(run_id)
    assert sum(isinstance(event, e.ApprovalGranted) for event in events) == 1
    end = fold(events)
    assert end.state("select").by == "slack:U0ALICE"
    assert end.state("recheck").verdict is Verdict.PASS
    assert end.conclusion is not None
    assert end.conclusion.answer is Answer.OK
    assert end.closed is not None


async def the_journal_becomes_a_transcript(slack: SlackBox) -> None:
    """views/transcript.py tells the same journal once more, for whoever writes the post-mortem."""
    await slack.command("bob", "#incidents", "transcript")
    markdown = await slack.until(lambda: attached(slack), 20)
    for told in ("alice asks for `dns` on prod", "`dns.service.selector`", "U0ALICE **approves**", "closed (finished)"):
        assert told in markdown


# --- the two ends of the wire, and what stands there ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Town:
    slack: SlackBox
    journal: MemoryJournal

    async def events(self, run_id: str) -> list[e.Event]:
        return [entry.event for entry in await self.journal.read(run_id)]


@asynccontextmanager
async def a_town(folder: Path) -> AsyncIterator[Town]:
    """A workspace, a broken cluster, and netcheck at work between them."""
    slack, journal = SlackBox(rates="off"), MemoryJournal()
    await slack.start()
    async with ClusterBox(load_scenario("dns-selector"), context="prod-box") as cluster:
        settings = Settings(
            kubeconfig=str(cluster.write_kubeconfig(folder / "kubeconfig")),
            targets={"prod": TargetSettings(context="prod-box", default=True, change=("group:oncall",))},
            slack=SlackSettings(
                bot_token=SecretStr(slack.bot_token),
                app_token=SecretStr(slack.app_token),
                api_url=slack.api_url,
                groups={"oncall": ("U0ALICE",)},
            ),
        )
        async with at_work(settings, journal):
            await slack.until(lambda: slack.socket.connections)
            yield Town(slack, journal)
    await slack.stop()


def asking(slack: SlackBox) -> Message | None:
    """The message with the buttons to approve by."""
    roots = slack.messages("#incidents")
    replies = slack.thread("#incidents", roots[-1].ts) if roots else []
    return next((m for m in replies if any(block["type"] == "actions" for block in m.blocks)), None)


def keys(slack: SlackBox, root: Message) -> list[str]:
    """Which posts of the run stand there, in order."""
    return [str((m.metadata or {})["event_payload"]["key"]) for m in (root, *slack.thread("#incidents", root.ts))]


def attached(slack: SlackBox) -> str:
    """What the Markdown file in the thread says; "" before it is there."""
    (root,) = slack.messages("#incidents")
    files = [file for message in slack.thread("#incidents", root.ts) for file in message.files]
    named = [slack.world.files.find(file["id"]) for file in files if file["name"].endswith(".md")]
    return (named[0].content or b"").decode() if named else ""


def until_finished(events: Sequence[e.Event], step: str) -> int:
    """The number of the event with which a step was finished."""
    return next(n for n, x in enumerate(events, 1) if isinstance(x, e.StepFinished) and x.step == step)


def until_begun(events: Sequence[e.Event], step: str) -> int:
    """How many events there were before a step began."""
    return next(n for n, x in enumerate(events) if isinstance(x, e.StepStarted) and x.step == step)
