"""What people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import command as c


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", c.Help()),
        ("  help me ", c.Help()),
        ("dns prod", c.RunPlaybook("dns", ("prod",))),
        ("DNS prod", c.RunPlaybook("dns", ("prod",))),
        ("dns prod name=shop.example.org", c.RunPlaybook("dns", ("prod",), {"name": "shop.example.org"})),
        ("dns\u00a0prod", c.RunPlaybook("dns", ("prod",))),
        ("service prod shop/web", c.RunPlaybook("service", ("prod", "shop/web"))),
        ("dns prod note=“two words”", c.RunPlaybook("dns", ("prod",), {"note": "two words"})),
        ("dns prod a=1 a=2", c.Unclear("`a` is given twice")),
        ("dns a&amp;b", c.RunPlaybook("dns", ("a&b",))),
        ("show dns-42", c.ShowRun("dns-42")),
        ("rerun dns-42", c.Rerun("dns-42")),
        ("cancel dns-42", c.Cancel("dns-42")),
        ("note dns-42 saw it too", c.AddNote("dns-42", "saw it too")),
        ("note saw it too", c.AddNote("", "saw it too")),
        ("handover dns-42 <@U1|bob> your turn", c.HandOver("dns-42", "<@U1|bob>", "your turn")),
        ("incident open DNS is slow", c.OpenIncident("DNS is slow")),
        ("incident close all well", c.CloseIncident("all well")),
        ("transcript", c.Transcript()),
        ("transcript inc-7", c.Transcript("inc-7")),
        ("list", c.ListPlaybooks()),
        ("status", c.ShowStatus()),
        ("doctor", c.Doctor()),
    ],
)
def test_text_becomes_the_command_that_was_meant(text: str, command: c.Command) -> None:
    assert c.parse(text) == command


@pytest.mark.parametrize("text", ["show", "cancel", "note", "handover dns-42", "incident", "incident open"])
def test_a_command_that_lacks_something_says_what(text: str) -> None:
    command = c.parse(text)
    assert isinstance(command, c.Unclear)
    assert command.problem


@given(st.text())
def test_any_text_gives_a_command(text: str) -> None:
    assert c.parse(text) is not None
