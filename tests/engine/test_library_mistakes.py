"""Mistakes in playbook files: each with its place, what was meant and what to do, all at once; and hostile files."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.files.document import MAX_BYTES, MAX_PROBLEMS, read_document
from bot.engine.library import load_file, load_text
from bot.model.errors import PlaybookError
from bot.steps.library import STEP_TYPES

HEAD = "name: a\ntitle: b\nsteps:\n"
STEP = "  - {id: one, uses: platform.fingerprint}\n"


def problems(text: str | bytes) -> list[str]:
    """As `line:column: message (hint)`."""
    with pytest.raises(PlaybookError) as caught:
        load_text("f.yaml", text)
    return [str(problem).removeprefix("f.yaml:") for problem in caught.value.problems]


MANY = """\
name: list
tittle: x
params:
  n: {type: int, default: "3"}
  Foo: {}
steps:
  - id: a-b
    uses: platform.fingerprnt
    wen: x
  - id: q
    uses: platform.fingerprint
    with: {foo: 1, b: "{{ steps.z.outputs.x }} {{ y | centre }}"}
    when: steps.later.outputs.x > (
    timeout: 15
    needs: [later, nope]
    remind_after: 5m
  - id: later
    title: 5
    uses: dns.pods
    when: "steps.q.output.x and parms.x and params.m and run.cause"
    advice: {fial: "x", fail: "{{ x }}"}
  - id: later
    uses: dns.pods
    on_fail: halt
    outcomes: []
  - 5
"""


def test_all_mistakes_of_a_file_are_told_at_once_each_at_its_place() -> None:
    found = problems(MANY)
    expected = [
        ("1:1", "`title` is missing"),
        ("1:7", "`list` is a command of netcheck"),
        ("2:1", "no `tittle` here (did you mean `title`?)"),
        ("5:3", "small letters"),
        ("7:9", "no dash"),
        ("8:11", "no step type `platform.fingerprnt` (did you mean `platform.fingerprint`?)"),
        ("9:5", "no `wen` here (did you mean `when`?)"),
        ("12:12", "no `foo` here"),
        ("12:20", "no `b` here"),
        ("12:27", "no step `z`"),
        ("12:50", "no filter `centre`"),
        ("13:11", "`steps.later.outputs.x > (`"),
        ("14:14", "a number with its unit, as in 15s"),
        ("15:13", "`later` stands later in the file"),
        ("15:20", "no step `nope`"),
        ("16:5", "`remind_after` is for changes and guide steps"),
        ("18:12", "a text is expected (put it in quotes)"),
        ("20:12", "a step has no `output` (did you mean `outputs`?)"),
        ("20:33", "there is no `parms` here (did you mean `params`?)"),
        ("20:45", "no parameter `m`"),
        ("20:58", "a run has no `cause` (did you mean"),
        ("21:14", "did you mean `fail`?"),
        ("21:31", "is not rendered here"),
        ("22:9", "`later` stands here twice (first in line 17)"),
        ("24:14", "'continue' or 'stop'"),
        ("25:5", "takes no `outcomes`"),
        ("26:5", "a mapping is expected"),
    ]
    for place, said in expected:
        assert any(line.startswith(f"{place}: ") and said in line for line in found), (place, said, found)
    assert len(found) == len(expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\nname: b\n" + HEAD[8:] + STEP, "2:1: `name` stands here twice (first in line 1)"),
        (HEAD + "  - &x {id: one, uses: platform.fingerprint}\n", "4:5: `&x` is an anchor"),
        (HEAD + "  - &x {id: one, uses: platform.fingerprint}\n  - *x\n", "5:5: `*x` is an alias"),
        (HEAD + "  - {<<: {}, id: one, uses: platform.fingerprint}\n", "4:6: `<<` would merge"),
        ("name: !!str a\n" + HEAD[8:] + STEP, "1:7: `tag:yaml.org,2002:str` is a tag"),
        ("name: !python/object:os.system a\n" + HEAD[8:] + STEP, "1:7: `!python/object:os.system` is a tag"),
        (HEAD + STEP + "---\nname: b\n", "5:1: a second document begins here"),
        (HEAD + "  - [\n", "5:1: this is not YAML"),
        (HEAD + "\t- x\n", "4:1: this is not YAML"),
        ("? [a]\n: b\n", "1:3: a key must be a word"),
        (b"name: a\ntitle: \xff\n", "2:8: this is not UTF-8"),
        ("name: a\ntitle: \x07\n", "2:8: this is not YAML"),
        ("title: .nan\nname: a\n" + HEAD[17:] + STEP, "1:8: `.nan` is not a number"),
        ("", "1:1: a playbook is a mapping"),
        ("- a\n", "1:1: a playbook is a mapping"),
        (HEAD[:-7] + "steps: []\n", "3:8: there must be at least one entry"),
        (HEAD + STEP * 2, "5:10: the id `one` stands here twice (first in line 4)"),
    ],
)
def test_what_yaml_allows_and_playbooks_do_not_is_told_with_its_place(text: str | bytes, said: str) -> None:
    assert any(line.startswith(said) for line in problems(text)), problems(text)


def test_scalars_are_those_of_yaml_1_2() -> None:
    text = "a: on,b: no,c: 0o17,d: 017,e: 1:30:00,f: 2026-01-01,g: ~,h: True,i: 0x1F,j: 1e3,k: '5',l: 1_000"
    assert read_document("x", text.replace(",", "\n")).value == {
        "a": "on", "b": "no", "c": 15, "d": 17, "e": "1:30:00", "f": "2026-01-01", "g": None, "h": True, "i": 31,
        "j": 1000.0, "k": "5", "l": "1_000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("uses", "rest", "at", "said"),
    [
        ("kubernetes.get", "with: {kind: Secret, name: a}", "Secret", "netcheck never reads Secrets"),
        ("kubernetes.get", "with: {kind: Pod, nmae: a}", "nmae", "there is no `nmae` here (did you mean `name`?)"),
        ("kubernetes.get", "when: true", "{id", "`name` is missing"),
        ("workload.restart", "with: {workload: web}", "web", "kind and name are expected"),
        ("kubernetes.logs", "with: {pod: a/b, tail: many}", "many", "`many` stands here, a whole number is expected"),
        ("guide.tell", "with: {text: 'a {{ steps.x.status }}'}", "steps.x", "the step `x` is this step itself"),
        ("guide.tell", "with: {'{{ a }}': b, text: c}", "'{{", "a key cannot hold an expression"),
        ("guide.tell", "with: {'raw!': b, text: c}", "'raw!'", "a key cannot hold an expression"),
        ("guide.tell", "with: {text: a}, retries: 1", "retries", "`retries` is for looks"),
        ("guide.tell", "with: {text: '{{ steps | length }}'}", "steps |", "says not which step is meant"),
        ("guide.tell", "with: [a]", "[a]", "a list stands here, a mapping of arguments is expected"),
        ("guide.tell", "with: {text: a}, escalate_to: slack:U012", "escalate", "is asked when `expires_after` is over"),
        ("guide.tell", "with: {text: a}, assign: '@oncall'", "'@oncall'", "calls nobody: write slack:U… for a person"),
        ("guide.tell", "with: {text: a}, assign: group:net-oncall", "group:", "or group:S… for a user group"),
        ("guide.tell", "with: {text: a}, assign: 'slack:U012 bob'", "'slack:U012 bob'", "this calls nobody"),
        ("guide.tell", "with: {text: a}, expires_after: 1h, escalate_to: '@lead'", "'@lead'", "this calls nobody"),
        ("guide.tell", "with: {text: a}, assign: '{{ params.who }}'", "'{{", "is not rendered here"),
    ],
)
def test_arguments_are_checked_against_the_step_type(uses: str, rest: str, at: str, said: str) -> None:
    line = f"  - {{id: x, uses: {uses}, {rest}}}"
    found = problems(f"{HEAD}{line}\n")
    assert any(f"4:{line.index(at) + 1}: " in told and said in told for told in found), found


def test_arguments_with_expressions_are_checked_when_they_have_values() -> None:
    steps = STEP + (
        "  - {id: x, uses: kubernetes.logs, with: {pod: '{{ steps.one.outputs.a }}', tail: '{{ params | length }}'}}\n"
        "  - {id: y, uses: service.patch, with: '{{ steps.one.outputs.c }}'}\n"
    )
    assert len(load_text("f.yaml", HEAD + steps).steps) == 3


def test_a_place_inside_an_outcome_is_told() -> None:
    outcomes = "    outcomes:\n      - pass: {message: x}\n      - fail: {mesage: y, message: '{{ objct }}'}\n"
    found = problems(HEAD + "  - id: x\n    uses: kubernetes.get\n    with: {kind: Pod, name: a}\n" + outcomes)
    assert found[0].startswith("9:16: there is no `mesage` here (did you mean `message`?)")
    assert found[1].startswith("9:36: there is no `objct` here")


def test_a_file_of_10_mb_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: [" + b"x, " * (10 * MAX_BYTES // 3))
    with pytest.raises(PlaybookError, match=r"has 10\.0 MB, a playbook may have 1 MB"):
        load_file(path)


LAUGHS = "a0: &a0 lol\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS, "a: &a [*a]\n", "[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000, "a: b\n" * 200_000,
        "- [\n" * 100_000, "&a " * 100_000, "!" * 500_000, "%" * 500_000, "|\n" * 200_000, "a: '" + "x" * 900_000,
        "- {}\n" * 190_000, "a: " + "9" * 900_000, "a: 1e" + "9" * 900_000, "- *a\n" * 150_000,
        HEAD + "  - {id: x, uses: y, when: '" + "(" * 500_000 + "'}\n", HEAD + "  - {}\n" * 100_000,
        HEAD + STEP * 15_000,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_a_hostile_file_ends_in_few_problems(text: str) -> None:
    assert 1 <= len(problems(text)) <= MAX_PROBLEMS + 1


NAMES = ["name", "title", "steps", "id", "uses", "with", "when", "needs", "params", "outcomes", "timeout", "advice"]
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
    | st.sampled_from([*STEP_TYPES, "{{ steps.a }}", "{{", "{{ a | b }}", "5m", "a", "Secret", "Pod", "a/b"])
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner),
    max_leaves=20,
)
FIELDS = sorted({name for step_type in STEP_TYPES.values() for name in step_type.args.model_fields})
STEPS = st.fixed_dictionaries(
    {"id": st.sampled_from(["a", "b", "c"]), "uses": st.sampled_from([*STEP_TYPES])},
    optional={"with": st.dictionaries(st.sampled_from(FIELDS), TREES, max_size=4), "when": TREES, "outcomes": TREES},
)
NEARLY = st.fixed_dictionaries({"name": st.just("a"), "title": st.just("b"), "steps": st.lists(STEPS, max_size=3)})


@given(st.binary(max_size=200) | st.text(max_size=200))
@settings(max_examples=300)
def test_any_bytes_give_a_playbook_or_its_problems(data: bytes | str) -> None:
    with suppress(PlaybookError):
        load_text("f.yaml", data)


@given(TREES | NEARLY)
@settings(max_examples=300)
def test_any_yaml_gives_a_playbook_or_its_problems(tree: Any) -> None:
    with suppress(PlaybookError):
        load_text("f.yaml", yaml.safe_dump(tree, allow_unicode=True))
