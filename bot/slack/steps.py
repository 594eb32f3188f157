"""One post in the thread for each look that found something to tell. Pure.

A step is told once it is over and all steps before it are: so the thread keeps the order of the playbook, and a post
hardly ever has to be edited.
"""

from functools import lru_cache

from bot.model.finding import Finding
from bot.model.run import Run
from bot.slack import story, words
from bot.slack import text as t
from bot.slack.blocks import Block, context, rich
from bot.slack.post import Post, post
from bot.slack.tables import draw
from bot.slack.text import Markup

FINDINGS = 8


def step_posts(run: Run, docs: str) -> list[Post]:
    found: list[Post] = []
    for step in run.playbook.steps:
        state = run.state(step.id)
        if not state.over and not run.closed:
            break
        told = tuple(finding for finding in state.findings if finding.verdict in story.TOLD)
        if told and state.prompt is None:
            found.append(_post(step.id, step.title, told, docs))
    return found


@lru_cache(maxsize=1024)
def _post(id: str, title: str, told: tuple[Finding, ...], docs: str) -> Post:
    """Kept, because a thread is told anew with each event of its run, and what a step found stays as it is."""
    worst = max(told, key=lambda finding: finding.verdict.badness)
    sign, word = words.VERDICTS[worst.verdict]
    sentence = Markup(f"{t.one_line(title, 150)}: {word}. {t.one_line(worst.summary, 800)}")
    blocks: list[Block] = [context(Markup(f"{sign} *{t.one_line(title, 150)}*"))]
    blocks += [block for finding in told[:FINDINGS] for block in _blocks(finding, docs)]
    if len(told) > FINDINGS:
        blocks.append(context(Markup(f"And {words.count(len(told) - FINDINGS, 'more finding')}: see the transcript.")))
    return post(f"step:{id}", sentence, *blocks)


def _blocks(finding: Finding, docs: str) -> list[Block]:
    table = [draw(finding.grid)] if finding.grid else []
    return [rich(*story.finding_elements(finding, docs)), *table]
