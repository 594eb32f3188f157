"""The pages do not lie: links lead somewhere, commands exist, and every setting is on the page."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot import settings

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"^\s*(?:\$ )?netcheck ([a-z]+)", re.MULTILINE)
FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"\bmake ([a-z][a-z-]+)\b")
ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_of_ours_leads_to_one(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if not re.match(r"[a-z]+:", link)]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_verb_that_a_page_types_is_a_verb_of_the_command_line() -> None:
    shown = subprocess.run([Path(sys.executable).parent / "netcheck", "--help"], capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    typed = {verb for page in PAGES for block in FENCE.findall(page.read_text()) for verb in COMMAND.findall(block)}
    assert sorted(verb for verb in typed if not re.search(rf"\b{verb}\b", shown.stdout)) == []


def test_every_make_verb_that_a_page_names_is_in_the_makefile(root: Path) -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    quoted = re.compile(r"`[^`\n]*`|^```.*?^```", re.MULTILINE | re.DOTALL)
    named = {verb for page in PAGES for text in quoted.findall(page.read_text()) for verb in TARGET.findall(text)}
    assert named <= verbs


def test_the_readme_opens_with_the_two_commands(root: Path) -> None:
    opening = "\n".join((root / "README.md").read_text().splitlines()[:60])
    assert "make demo" in opening
    assert "make test" in opening


def test_the_readme_names_every_playbook(root: Path) -> None:
    shipped = {path.stem for path in (root / "playbooks").glob("*.yaml")}
    assert shipped == set(re.findall(r"^\| `([a-z-]+)", (root / "README.md").read_text(), re.MULTILINE))


def test_every_setting_and_variable_is_on_the_page_of_operations(root: Path) -> None:
    page = (root / "docs/operations.md").read_text()
    names = [*settings.Settings.model_fields, *settings.ENVIRONMENT, *settings.ELSEWHERE]
    inner = [*settings.TargetSettings.model_fields, *(f"slack.{name}" for name in settings.SlackSettings.model_fields)]
    assert [name for name in [*names, *inner] if f"`{name}`" not in page and name != "slack"] == []


def test_the_example_of_settings_on_the_page_of_operations_is_accepted(root: Path, tmp_path: Path) -> None:
    example = re.findall(r"^```yaml\n(.*?)^```", (root / "docs/operations.md").read_text(), re.MULTILINE | re.DOTALL)[0]
    (tmp_path / "settings.yaml").write_text(example)
    loaded = settings.load(str(tmp_path / "settings.yaml"), environment={})
    assert loaded.targets["prod"].four_eyes


def test_every_metric_is_on_the_page_of_operations(root: Path) -> None:
    names = set(re.findall(r'"(netcheck_[a-z_]+)": \(', (root / "bot/serving.py").read_text()))
    page = (root / "docs/operations.md").read_text()
    assert names
    assert {name for name in names if f"`{name}`" not in page} == set()
