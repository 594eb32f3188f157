"""The table of causes: complete, free of circles, in step with its page and with the steps that use it."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from bot.diagnosis.causes import CAUSES, brings_about, explain, find, note
from bot.diagnosis.pages import describe, make_page
from bot.model.errors import UsageError
from bot.model.finding import MAX_EVIDENCE, Layer, Verdict


def explained_by(code: str) -> set[str]:
    return {other for other in CAUSES if brings_about(CAUSES[other], code)}


def test_no_cause_explains_itself_in_a_circle() -> None:
    order = TopologicalSorter({code: explained_by(code) for code in CAUSES}).static_order()
    assert next(iter(order)) == "api.unreachable"


def test_every_pattern_of_the_table_means_a_cause_that_exists() -> None:
    idle = [
        (cause.code, pattern) for cause in CAUSES.values() for pattern in cause.explains
        if not any(brings_about(cause, code) for code in CAUSES if re.fullmatch(pattern.replace("*", ".*"), code))
    ]
    assert idle == []


def test_every_cause_can_be_found_by_a_step(root: Path) -> None:
    paths = [*(root / "bot/steps").rglob("*.py"), *(root / "bot/networks").glob("*.py")]
    text = "\n".join(path.read_text() for path in paths)
    made_of_parts = {"dns.corefile.no-ready", "dns.corefile.no-health"}
    assert {code for code in CAUSES if f'"{code}"' not in text} <= made_of_parts


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.code)
def test_every_cause_says_what_it_means_how_to_check_and_how_to_mend(cause: object) -> None:
    row = CAUSES[cause.code]  # type: ignore[attr-defined]
    assert row.title
    assert row.meaning.endswith(".")
    assert row.mend.endswith(".")
    assert "kubectl" in row.by_hand
    assert row.source.startswith("https://")
    assert "explain" not in describe(row).split("**Check")[0]


DEAD = ("cloud.weave.works", "coreos/flannel", "docs.projectcalico.org")
"""Addresses of old instructions that lead nowhere today, or to what no longer runs."""


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.code)
def test_no_command_of_a_cause_shows_less_than_it_should_or_writes_defaults_over_the_clusters_own(
    cause: object
) -> None:
    row = CAUSES[cause.code]  # type: ignore[attr-defined]
    commands = re.findall(r"`([^`]+)`", f"{row.by_hand} {row.mend}")
    logs = [command for command in commands if " logs -l " in command]
    assert all("--tail=" in command for command in logs), "kubectl shows ten lines of each pod"
    assert not any("--previous" in command for command in logs), "kubectl stops at a pod that never ended"
    assert all("--config" in command for command in commands if command.startswith("kubeadm init phase addon"))
    assert not any(command.startswith("kubectl describe pod") for command in commands), "it lies in a namespace"
    assert not any(dead in f"{row.by_hand} {row.mend} {row.source}" for dead in DEAD)


def test_the_page_of_causes_is_in_step_with_the_table(root: Path) -> None:
    assert (root / "docs/causes.md").read_text() == make_page()


def test_a_mistyped_cause_gets_near_names() -> None:
    with pytest.raises(UsageError, match=r"dns\.service\.selector") as caught:
        explain("dns.service.selctor")
    assert caught.value.near[0] == "dns.service.selector"
    assert explain("dns.service.selector").layer.value == "dns-service"


def test_a_finding_takes_layer_page_and_advice_from_the_table() -> None:
    finding = find("dns.pods.scaled-to-zero", "scaled to zero", evidence=[str(n) for n in range(9)])
    assert finding.layer == CAUSES["dns.pods.scaled-to-zero"].layer
    assert finding.doc == "docs/causes.md#dns.pods.scaled-to-zero"
    assert finding.advice == CAUSES["dns.pods.scaled-to-zero"].mend
    assert len(finding.evidence) == MAX_EVIDENCE


@pytest.mark.parametrize(("said", "told"), [
    ("Not helpful for scheduling..", "Not helpful for scheduling."), ("failed to con….", "failed to con…"),
    ("It ends.", "It ends."), ("And so on...", "And so on..."), ("", ""),
])
def test_words_of_others_at_the_end_of_a_sentence_bring_no_second_period(said: str, told: str) -> None:
    assert (find("node.not-ready", said).summary, note(Verdict.INFO, Layer.NODE, said).summary) == (told, told)
