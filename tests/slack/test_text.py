"""Foreign text in Slack: shown to the letter, never working, never too long, never cut in two."""

import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.slack.messages import find_pings
from bot.slack import text as t

ANY = st.text(st.characters(codec=None), max_size=400) | st.text("<>&`*_~é👩🏽‍💻🇩🇪\u202e\x1b[31m\n\u0301", max_size=400)


@given(ANY, st.integers(2, 60))
def test_escaped_text_never_exceeds_its_limit_and_holds_no_half_entity(raw: str, limit: int) -> None:
    escaped = t.escape(raw, limit)
    assert 0 < t.size(escaped) <= limit
    assert re.sub("&(amp|lt|gt);", "", escaped).count("&") == 0
    assert not set("<>") & set(escaped)


@given(ANY)
def test_text_that_fits_is_shown_as_it_was_but_for_what_cannot_be_seen(raw: str) -> None:
    assert html.unescape(t.escape(raw, 10_000)) in (t.clean(raw), t.NOTHING)


@given(ANY)
def test_nothing_that_controls_the_display_is_left(raw: str) -> None:
    left = {unicodedata.category(character) for character in t.clean(raw)} - {"Cf", "Cn", "Co"}
    assert not {c for c in t.clean(raw) if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"}, left
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f") & set(t.clean(raw))


@pytest.mark.parametrize(
    "cluster",
    ["👩🏽‍💻", "🇩🇪", "e\u0301", "❤️", "👍🏿", "क्षि", "🏴\U000e0067\U000e0062\U000e007f"],
)
@pytest.mark.parametrize("before", range(8))
def test_a_cut_never_tears_a_character_apart(cluster: str, before: int) -> None:
    text = t.cut("x" * before + cluster * 3, 9)
    body = text.removesuffix(t.CUT)
    rest = body.removeprefix("x" * before)
    assert rest == cluster * (len(rest) // len(cluster))


def test_what_could_call_the_whole_channel_is_only_text() -> None:
    escaped = t.escape("<!channel> <@U1> <http://evil|bank> <!subteam^S1>")
    assert find_pings(escaped, []) == []
    assert escaped.startswith("&lt;!channel&gt;")


def test_terminal_colours_go_and_their_text_stays() -> None:
    assert (
        t.clean("\x1b[31;1mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07 \x00bell\r\nnext") == "red link bell\nnext"
    )


def test_secrets_go_before_anything_else() -> None:
    assert "xoxb" not in t.escape("token xoxb-123456789012-abcdefghijkl")


def test_code_cannot_be_left_by_a_backquote() -> None:
    assert t.code("a`b`c") == "`a'b'c`"


def test_lines_that_do_not_fit_are_counted() -> None:
    told = t.lines([t.Markup("x" * 100)] * 50, 1000)
    assert len(told) <= 1000
    assert told.endswith("… and 41 more")


def test_links_that_slack_made_of_words_are_words_again() -> None:
    typed = "dns name=<http://shop.example.com|shop.example.com> to <@U1|bob> at <https://x.io/a>"
    assert t.typed(typed) == "dns name=shop.example.com to <@U1|bob> at https://x.io/a"


def test_people_and_groups_of_a_refusal_are_shown_by_name() -> None:
    assert t.told("group:S0X9, group:SRE, slack:U0ALICE") == "<!subteam^S0X9>, group:SRE, <@U0ALICE>"
