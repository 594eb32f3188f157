"""Nothing that is written in a playbook or found in a cluster makes a rendering long, large, or a way out.

Bounds are asserted on what was counted, not on a clock: all work of the evaluation is paid for before it is done, so
whatever ends within its units ends soon.
"""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import template
from bot.model.errors import TemplateError
from bot.model.template_evaluation import Evaluation
from bot.model.template_filters import FILTERS
from bot.model.template_syntax import MAX_SOURCE, parse
from bot.model.template_tests import TESTS
from bot.model.template_values import MAX_TEXT, Meter

BIG = "x" * 200_000
LONG = list(range(5_000))
CONTEXT: dict[str, Any] = {"big": BIG, "long": LONG, "x": {"y": 1}, "n": 10**9, "rows": [{"a": BIG}] * 50}

NOT_IN_THE_LANGUAGE = [
    "range(10**9)", "lipsum(n=100000)", "cycler(1)", "joiner()", "namespace()", "dict(a=1)", "self.x()", "caller()",
    "''.__class__", "''.__class__.__mro__", "x.__globals__", "cycler.__init__.__globals__", "''['__class__']",
    "x|attr('__class__')", "''|attr('format')", "'{0.__class__}'.format(x)", "'{a}'.format_map(x)", "x.items()",
    "[].append(1)", "'%0999999999d' % 1", "'%s' % x", "'%s'|format(x)", "'a'.center(10**9)", "'a'.ljust(10**9)",
    "'a'.rjust(10**9)", "'a'.zfill(10**9)", "'a'|center(1000000000)", "'a'|indent(1000000000)", "'a'|wordwrap(1)",
    "'a'|format", "x|xmlattr", "long|batch(2)", "long|slice(2)", "x|pprint", "long|random", "x|safe", "x|urlize",
    "2 ** 999999999", "n ** n", "'a' * 10**9", "'a' * 1000000000", "[1] * 1000000000", "long * 1000000",
    "x(*long)", "x|map(*long)", "long[1, 2]", "a := 1", "lambda: 1", "x; y", "x = 1", "`x`",
]
TOO_MUCH = [
    "big ~ big", "big + big", "big ~ big ~ big ~ big", "[big, big]|join", "[big, big]|join(big)",
    "big|replace('x', big)",
    "big|replace('', big)", "long|map('string')|join(big)", "rows|map(attribute='a')|join", "rows|string|length",
    "rows|tojson|length", "long|select('in', long)|list", "long|map('in', long)",
    "n * n * n", "1e300 * 1e300", "(" * 4000, "-" * 4000 + "1", "not " * 1900 + "x", "[" * 4000, "x" + ".y" * 3900,
    "x" + "|upper" * 1200, "big" + "~big" * 1900, "9" * 5000, "1e99999", "1" + "+1" * 3900, "x if " * 1500 + "x",
]  # fmt: skip
BLOCKS = [
    "{% for a in long %}{% for b in long %}{{ a }}{% endfor %}{% endfor %}", "{% set a = 1 %}",
    "{% macro m() %}{% endmacro %}", "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}",
    "{% filter upper %}x{% endfilter %}", "{% raw %}{{ x }}{% endraw %}", "{# hidden #}", "{% if x %}{% endif %}",
    "{% call x() %}{% endcall %}", "{{ x", "{{ }}", "{{ x }} {%", "{{ '}}' ",
]  # fmt: skip


@pytest.mark.parametrize("expression", NOT_IN_THE_LANGUAGE)
def test_what_could_escape_or_swell_is_refused_before_it_runs(expression: str) -> None:
    """Most of it by its form alone; what only its values give away is refused when it has them."""
    with pytest.raises(TemplateError):
        template.evaluate(expression, CONTEXT)
    with pytest.raises(TemplateError):
        template.render(f"a {{{{ {expression} }}}}", CONTEXT)


@pytest.mark.parametrize("expression", TOO_MUCH, ids=lambda text: text[:30])
def test_what_grows_too_large_or_too_deep_stops(expression: str) -> None:
    with pytest.raises(TemplateError):
        template.evaluate(expression, CONTEXT)


@pytest.mark.parametrize("text", BLOCKS, ids=lambda text: text[:30])
def test_texts_hold_expressions_and_nothing_else_of_jinja(text: str) -> None:
    with pytest.raises(TemplateError):
        template.render(text, CONTEXT)
    assert template.check(text)


def test_a_source_longer_than_8_kb_is_refused() -> None:
    assert template.evaluate("1" + " " * (MAX_SOURCE - 1), {}) == 1
    with pytest.raises(TemplateError, match="8192 are allowed"):
        template.evaluate("1" + " " * MAX_SOURCE, {})


def test_the_output_of_one_rendering_is_256_kb_at_most_however_it_is_spread() -> None:
    assert template.render("{{ big }}", CONTEXT) == BIG
    shared = {"a": "{{ big }}", "b": "-{{ big }}"}
    for value in ["{{ big }}{{ big }}", ["{{ big }}", "{{ big }}"], shared, "{{ rows }}"]:
        with pytest.raises(TemplateError, match="larger than 256 KB"):
            template.render(value, CONTEXT)


def test_no_filter_but_join_and_replace_makes_more_out_of_less() -> None:
    """And those two were asked for too much above. `map` applies one of the others to each item."""
    for name, function in FILTERS.items():
        meter = Meter()
        for value in ("ab", [1, 2], {"a": "b"}, 5, None):
            for args in [(), (10**6,), ("x",), ("a", 10**6)]:
                try:
                    made = function(meter, value, *args)
                except (TemplateError, TypeError, ValueError, AttributeError, LookupError):
                    continue
                assert len(str(made)) < 500, (name, value, args)


WORDS = [*FILTERS, *TESTS, "big", "long", "x", "rows", "n", "y", "if", "else", "in", "is", "not", "and", "or", "none",
         "{{", "}}", "{%", "%}", "|", ".", "[", "]", "(", ")", "{", "}", ",", ":", "~", "+", "-", "*", "**", "//", "%",
         "==", "<", "'a'", '"', "'", "1", "1.5e9", "0x", "__class__", "\n", "\\", "é", "\x00"]  # fmt: skip
SOURCES = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["x", "y", "n"]), inner, max_size=3),
    max_leaves=8,
)


@given(SOURCES, st.dictionaries(st.sampled_from(["x", "y", "n", "long"]), JSON))
@settings(max_examples=400)
def test_whatever_is_written_only_a_template_error_comes_of_it(source: str, context: dict[str, Any]) -> None:
    for ask in (template.evaluate, template.truth, template.render):
        with suppress(TemplateError):
            ask(source, {**CONTEXT, **context})
    template.check(source)
    template.check(source, bare=True)
    template.references(source)


@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
@settings(max_examples=400)
def test_the_work_of_an_evaluation_is_paid_for(source: str) -> None:
    meter = Meter()
    made: Any = ""
    with suppress(TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        made = Evaluation(CONTEXT, meter).value(parse(source))
        assert meter.left >= 0
    assert not isinstance(made, str) or len(made) <= MAX_TEXT
