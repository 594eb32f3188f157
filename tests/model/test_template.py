"""What expressions compute, what they say when they cannot, and what is read from their source alone."""

from typing import Any

import pytest

from bot.model import template
from bot.model.errors import TemplateError

CONTEXT: dict[str, Any] = {
    "params": {"name": "web", "pod": None, "replicas": 3},
    "steps": {"pods": {"status": "done", "outputs": {"running": 2, "names": ["a", "b"], "items": {"x": 1}}}},
    "run": {"root_cause": "dns.service.selector"},
    "items": [
        {"name": "a", "phase": "Running", "status": {"ready": True, "restarts": 4}},
        {"name": "b", "phase": "Pending", "status": {"restarts": 1}},
    ],
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("steps.pods.outputs.running > 0", True),
        ("steps['pods'].outputs.running + 1", 3),
        ("run.root_cause == 'dns.service.selector' and not params.pod", True),
        ("[params.name] if params.name else []", ["web"]),
        ("params.nothing | default('x')", "x"),
        ("steps.gone.outputs.names | default([]) | length", 0),
        ("params.pod | default('none', true)", "none"),
        ("steps.gone is defined or params.name is defined", True),
        ("items | selectattr('phase', 'equalto', 'Running') | map(attribute='name') | list", ["a"]),
        ("items | rejectattr('status.ready') | map(attribute='name') | first", "b"),
        ("items | map(attribute='status.restarts') | sum", 5),
        ("items | sort(attribute='status.restarts') | map(attribute='name') | join(', ')", "b, a"),
        ("steps.pods.outputs.items.x", 1),
        ("steps.pods.outputs | keys", ["running", "names", "items"]),
        ("'we' in params.name and 'a' in steps.pods.outputs.names and 'zz' not in items[0]", True),
        ("params.name is startswith 'w' and params.name is endswith('b')", True),
        ("1 < params.replicas <= 3", True),
        ("'kube-system/' ~ params.name ~ '-' ~ params.replicas", "kube-system/web-3"),
        ("'a,b' | split(',') | last | upper", "B"),
        ("items[-1].name ~ items[0]['name'] ~ params.name[:2]", "bawe"),
        ("{'a': [1, 2.5, none, true]}", {"a": [1, 2.5, None, True]}),
        ("true == 1", False),
        ("(7 // 2) * 2 + 7 % 4 - 1 / 2", 8.5),
        ("[3, 1, 3] | unique | sort | reverse", [3, 1]),
        ("[] | first is none", True),
        ("'12' | int + ('x' | int(5))", 17),
    ],
)
def test_an_expression_gives_its_value(expression: str, value: Any) -> None:
    found = template.evaluate(expression, CONTEXT)
    assert found == value
    assert type(found) is type(value)


def test_one_expression_alone_keeps_its_type_and_among_other_text_it_is_text() -> None:
    text = "{{ params.replicas }} of {{ [1, none, true] }}"
    given = {"names": "{{ steps.pods.outputs.names }}", "text": text, "n": 5}
    rendered = {"names": ["a", "b"], "text": "3 of [1, null, true]", "n": 5}
    assert template.render(given, CONTEXT) == rendered


def test_what_is_marked_raw_is_handed_over_untouched() -> None:
    raw = [{"fail": {"when": "items", "message": "{{ not.here }}"}}]
    assert template.render({"outcomes": {template.RAW: raw}, "a": "{{ 1 }}"}, {}) == {"outcomes": raw, "a": 1}


def test_what_a_rendering_gave_is_never_rendered_again() -> None:
    evil = {"said": "{{ params.name }}"}
    assert template.render("x {{ said }}", {**CONTEXT, **evil}) == "x {{ params.name }}"
    assert template.render("{{ said }}", {**CONTEXT, **evil}) == "{{ params.name }}"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("steps.pods.outputs.runing", "`steps.pods.outputs.runing` is not there; there is `running`"),
        ("parms.name", "`parms` is not there; there is `params`"),
        ("params.pod.name", "`params.pod` is nothing (null) and has no field `name`"),
        ("items[5].name", "`items` has no entry 5: it holds 2"),
        ("params.name > 3", "a text and the number 3 have no order"),
        ("params.name + 1", "a number is needed, this is a text"),
        ("1 / 0", "a division by zero"),
        ("params.name if false", "there is no `else`"),
        ("items | centre", "there is no filter `centre`"),
        ("items | lenght", "did you mean `length`?"),
        ("items is mappin", "did you mean `mapping`?"),
        ("items | map('nothing')", "there is no filter `nothing`"),
        ("items | join(1, 2, 3, 4)", "the filter `join` takes other arguments"),
        ("params.name lower", "`lower` is too much"),
        ("{{ params.name }}", "leave out the braces"),
        ("params.name.upper()", "nothing can be called here"),
        ("", "there is no expression"),
    ],
)
def test_an_expression_that_cannot_be_told_says_which_and_why(expression: str, said: str) -> None:
    with pytest.raises(TemplateError) as caught:
        template.evaluate(expression, CONTEXT)
    assert said in str(caught.value)
    assert f"in `{expression}`" in str(caught.value)


def test_an_error_among_many_arguments_names_its_own_expression() -> None:
    with pytest.raises(TemplateError, match=r"in `params\.gone`: `params\.gone` is not there"):
        template.render({"a": "{{ params.name }}", "b": ["x {{ params.gone }}"]}, CONTEXT)


def test_checking_finds_every_flaw_of_a_text_with_its_place() -> None:
    text = "a {{ items | centre }} b {{ params.name }} c {{ f(1) }}"
    flaws = template.check(text)
    assert [text[flaw.offset :].lstrip()[:5] for flaw in flaws] == ["items", "f(1) "]
    assert template.check("params.name == 'x'", bare=True) == []
    assert template.check("plain text, {even with one brace}") == []


def test_references_are_the_dotted_paths_that_are_read() -> None:
    value = {
        "a": "{{ steps.pods.outputs['names'][0] }} {{ params.name | default(run.target) }}",
        "b": ["{{ steps[params.which].status }}"],
        "c": {template.RAW: "{{ steps.raw.outputs.x }}"},
        "d": "{{ broken( }}",
    }
    assert template.references(value) == {
        ("steps", "pods", "outputs", "names"), ("params", "name"), ("run", "target"), ("steps",), ("params", "which"),
    }
    assert template.references("steps.a.status == 'x'", bare=True) == {("steps", "a", "status")}
