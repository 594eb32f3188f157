"""Corefiles as people write them, read the way CoreDNS reads them, with the right line numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.corefile import parse_corefile

KUBEADM = """.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
}
"""


def names(text: str) -> list[list[str]]:
    return [[directive.name for directive in block.directives] for block in parse_corefile(text).blocks]


def test_the_usual_corefile_is_read_with_nested_blocks_and_lines() -> None:
    (block,) = parse_corefile(KUBEADM).blocks
    assert block.keys == (".:53",)
    kubernetes = next(d for d in block.directives if d.name == "kubernetes")
    assert (kubernetes.line, kubernetes.args) == (7, ("cluster.local", "in-addr.arpa", "ip6.arpa"))
    assert [(o.name, o.args, o.line) for o in kubernetes.options][-1] == ("ttl", ("30",), 10)


def test_comments_and_quotes_do_not_confuse_the_braces() -> None:
    text = '. { # opens {\n  # a } comment\n  log . "{remote} }{ #x"\n  errors\n}\n'
    assert names(text) == [["log", "errors"]]
    assert parse_corefile(text).blocks[0].directives[0].args == (".", "{remote} }{ #x")


def test_snippets_stand_where_they_are_imported() -> None:
    text = "(common) {\n  errors\n  cache\n}\n. {\n  import common\n  forward . 9.9.9.9\n}\n"
    corefile = parse_corefile(text)
    assert names(text) == [["errors", "cache", "forward"]]
    assert not corefile.blocks[0].open
    assert corefile.imports == ()


def test_an_import_from_elsewhere_leaves_the_block_open() -> None:
    corefile = parse_corefile(". {\n  import custom/*.override\n}\nimport custom/*.server\n")
    assert corefile.blocks[0].open
    assert corefile.imports == ("custom/*.override", "custom/*.server")


def test_environment_variables_stay_as_they_are() -> None:
    assert parse_corefile("{$ZONE}:53 {\n kubernetes {$ZONE}\n}\n").blocks[0].directives[0].args == ("{$ZONE}",)


def test_keys_may_stand_on_several_lines_and_a_lone_block_may_go_without_braces() -> None:
    several = parse_corefile("example.org,\nexample.com:53 {\n errors\n}\n")
    assert several.blocks[0].keys == ("example.org", "example.com:53")
    assert names(".:53\nerrors\nforward . 9.9.9.9\n") == [["errors", "forward"]]


@pytest.mark.parametrize(("text", "line", "says"), [
    (".:53 {\n  errors\n  forward . 9.9.9.9\n", 1, "not closed"),
    (".:53 {\n  errors\n}\n}\n", 4, "where a server block should begin"),
    ("{\n errors\n}\n", 1, "where a server block should begin"),
    ("(a) {\n import a\n}\n. {\n import a\n}\n", 2, ""),
])
def test_a_mistake_of_form_is_told_with_its_line(text: str, line: int, says: str) -> None:
    mistakes = parse_corefile(text).mistakes
    assert not says or (mistakes[0].line, says in mistakes[0].message) == (line, True)


@given(st.text(alphabet='{}()#".:\n abi$', max_size=80))
def test_no_text_whatever_makes_it_fail(text: str) -> None:
    for mistake in parse_corefile(text).mistakes:
        assert 1 <= mistake.line <= text.count("\n") + 1


def test_blocks_nested_without_end_are_a_mistake_and_no_crash() -> None:
    assert "nested" in parse_corefile(". {\n" + "a {\n" * 5000).mistakes[0].message
