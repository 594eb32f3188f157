"""The library: what a good file becomes, which file wins, what happens when files change or go bad."""

import os
from pathlib import Path

import pytest

from bot.engine.library import Library, bare, lint, load_file, load_text, resolve_params, shipped_folder
from bot.model import template
from bot.model.errors import PlaybookError, UsageError
from bot.model.playbook import Kind, Playbook

HEAD = "name: {name}\ntitle: {title}\nsteps:\n  - id: look\n    uses: platform.fingerprint\n"
WHOLE = """\
name: shop
title: The shop
summary: Is the shop well?
timeout: 5m
params:
  name: {type: dnsname, default: "", help: a host name}
  pod: {type: pod, required: false}
  count: {type: int, default: 2}
  mode: {type: choice, choices: [quick, "on"], default: "on"}
  must: {required: true, help: what it is about}
  plain:
steps:
  - id: ready
    uses: kubernetes.list
    with: {kind: Deployment, labels: "app={{ params.name }}"}
    outcomes:
      - fail: {when: "items | length == 0", message: "{{ args.kind }}"}
    timeout: 1.5s
    retries: 2
    essential: true
    on_fail: stop
    advice: {fail: Deploy it.}
  - id: platform
    uses: platform.fingerprint
    when: true
  - id: mend
    title: Point the Service at the pods
    uses: service.patch
    with: {service: "{{ steps.ready.outputs.items[0].metadata.name }}", selector: {app: web}}
    when: run.root_cause == 'x' and steps.ready.verdict == 'fail'
    needs: [platform]
    assign: group:S012, slack:U012
    expires_after: 1h
    escalate_to: slack:W98765
"""


def write(folder: Path, file: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / file
    path.write_text(text)
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000))
    return path


def good(name: str, title: str = "x") -> str:
    return HEAD.format(name=name, title=title)


def test_a_file_becomes_steps_that_know_what_they_wait_for() -> None:
    playbook = load_text("shop.yaml", WHOLE)
    ready, platform, mend = playbook.steps
    assert (playbook.name, playbook.timeout, playbook.source) == ("shop", 300.0, "shop.yaml")
    assert (ready.kind, mend.kind) == (Kind.LOOK, Kind.CHANGE)
    assert (ready.timeout, ready.retries, ready.essential, ready.on_fail) == (1.5, 2, True, "stop")
    assert (ready.refers, ready.refers_run) == ((), False)
    assert (mend.refers, mend.needs, mend.refers_run) == (("ready", "platform"), ("platform",), True)
    assert (mend.assign, mend.expires_after, mend.escalate_to) == ("group:S012, slack:U012", 3600.0, "slack:W98765")
    assert (platform.when, mend.title, ready.title) == ("true", "Point the Service at the pods", "ready")


def test_outcomes_reach_the_step_type_as_they_were_written() -> None:
    rendered = template.render(load_text("shop.yaml", WHOLE).steps[0].with_, {"params": {"name": "web"}})
    assert rendered == {
        "kind": "Deployment", "labels": "app=web",
        "outcomes": [{"fail": {"when": "items | length == 0", "message": "{{ args.kind }}"}}],
    }


def test_parameters_have_types_and_defaults() -> None:
    playbook = load_text("shop.yaml", WHOLE)
    assert resolve_params(playbook, {"must": "x", "pod": "shop/web-0", "count": "5", "mode": "quick"}) == {
        "name": "", "pod": "shop/web-0", "count": 5, "mode": "quick", "must": "x", "plain": None,
    }
    assert bare(playbook, "web.shop") == {"name": "web.shop"}
    with pytest.raises(UsageError, match="takes no parameters"):
        bare(load_text("a.yaml", good("a")), "web.shop")


@pytest.mark.parametrize(
    ("given", "said", "near"),
    [
        ({}, "shop needs `must`: what it is about", ()),
        ({"must": "x", "cuont": "1"}, "Did you mean `count`?", ("count",)),
        ({"must": "x", "count": "many"}, "it takes a whole number", ()),
        ({"must": "x", "pod": "web-0"}, "it takes namespace/name of a pod", ()),
        ({"must": "x", "pod": "a/b/c"}, "it takes namespace/name of a pod", ()),
        ({"must": "x", "name": "a b"}, "it takes a host name", ()),
        ({"must": "x", "name": "a\n"}, "it takes a host name", ()),
        ({"must": "x", "mode": "quik"}, "it takes one of quick, on", ("mode=quick",)),
        ({"must": "x" * 2000}, "at most 1000 characters", ()),
    ],
)
def test_what_cannot_be_a_parameter_is_refused_with_what_may_have_been_meant(
    given: dict[str, str], said: str, near: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        resolve_params(load_text("shop.yaml", WHOLE), given)
    assert caught.value.near == near


def test_the_later_folder_is_laid_over_the_earlier(tmp_path: Path) -> None:
    write(tmp_path / "shipped", "a.yaml", good("a", "shipped"))
    write(tmp_path / "shipped", "b.yaml", good("b", "shipped"))
    write(tmp_path / "own", "other-name.yml", good("a", "own"))
    write(tmp_path / "own", ".hidden.yaml", "nonsense")
    write(tmp_path / "own", "notes.txt", "nonsense")
    library = Library([tmp_path / "shipped", tmp_path / "own"])
    assert [(playbook.name, playbook.title) for playbook in library.all()] == [("a", "own"), ("b", "shipped")]
    assert library.problems() == ()


def test_an_unknown_playbook_is_answered_with_near_names(tmp_path: Path) -> None:
    write(tmp_path, "network.yaml", good("network"))
    with pytest.raises(UsageError, match="Did you mean network") as caught:
        Library([tmp_path]).get("netwrok")
    assert caught.value.near == ("network",)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_changed_file_is_read_again_but_folders_are_not_looked_at_all_the_time(tmp_path: Path) -> None:
    clock = Clock()
    write(tmp_path, "a.yaml", good("a", "one"))
    library = Library([tmp_path], clock=clock, interval=2.0)
    assert library.get("a").title == "one"
    write(tmp_path, "a.yaml", good("a", "two"))
    assert library.get("a").title == "one"
    clock.now = 2.0
    assert library.get("a").title == "two"
    (tmp_path / "a.yaml").unlink()
    clock.now = 4.0
    assert library.all() == ()


def test_a_file_that_goes_bad_keeps_its_last_good_version_and_says_so(tmp_path: Path) -> None:
    clock = Clock()
    path = write(tmp_path, "a.yaml", good("a", "good"))
    library = Library([tmp_path], clock=clock, interval=1.0)
    assert library.get("a").title == "good"
    for number, text in enumerate(["steps: [", "name: a"], 1):
        write(tmp_path, "a.yaml", text)
        clock.now = float(number)
        assert library.get("a").title == "good"
        assert {problem.file for problem in library.problems()} == {str(path)}
    write(tmp_path, "a.yaml", good("a", "better"))
    clock.now = 9.0
    assert (library.get("a").title, library.problems()) == ("better", ())


def test_a_file_that_was_never_good_is_named_when_it_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "name: a\ntitle: x\nsteps: []\n")
    with pytest.raises(UsageError, match=r"cannot be used: .*a\.yaml:3:8"):
        Library([tmp_path]).get("a")


def test_two_files_of_one_folder_cannot_both_be_a_playbook(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", good("a"))
    write(tmp_path, "b.yaml", good("a"))
    library = Library([tmp_path, tmp_path / "absent"])
    assert [problem.message for problem in library.problems()] == [
        "the playbook `a` is in a.yaml too, and this file wins", "this folder of playbooks does not exist",
    ]


def test_lint_tells_all_of_all_files(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", good("a"))
    write(tmp_path, "b.yaml", "name: b\nstesp: 1\n")
    told = lint([tmp_path, tmp_path / "gone.yaml"])
    assert [(Path(problem.file).name, problem.line) for problem in told] == [
        ("b.yaml", 1), ("b.yaml", 1), ("b.yaml", 2), ("gone.yaml", 1),
    ]
    (tmp_path / "empty").mkdir()
    assert "there is no playbook here" in lint([tmp_path / "empty"])[0].message


def test_a_folder_or_a_pipe_with_the_name_of_a_file_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").mkdir()
    os.mkfifo(tmp_path / "b.yaml")
    assert Library([tmp_path]).all() == ()
    with pytest.raises(PlaybookError, match="cannot be read"):
        load_file(tmp_path / "a.yaml")


def test_the_shipped_playbooks_are_found() -> None:
    assert shipped_folder().is_dir()
    assert all(isinstance(playbook, Playbook) for playbook in Library([shipped_folder()]).all())


def test_a_playbook_knows_the_name_of_its_file_and_not_where_it_lies(tmp_path: Path) -> None:
    write(tmp_path, "other-name.yaml", good("a", "a"))
    assert Library([tmp_path]).get("a").source == "other-name.yaml"
