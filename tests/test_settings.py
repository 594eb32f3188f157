"""Settings: wrong ones stop the start with the place and the fix."""

from pathlib import Path

import pytest

from bot.model.errors import SettingsError
from bot.settings import load

FILE = """
targets:
  prod: {context: prod-eu, change: ["group:net-oncall"], four_eyes: true, default: true}
  dev: {context: dev, change: ["*"]}
playbooks:
  dns-guided: {change: ["slack:U1"]}
slack:
  groups: {net-oncall: [U1, U2]}
"""


def written(tmp_path: Path, text: str) -> str:
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    return str(file)


def test_a_file_and_the_environment_make_the_settings(tmp_path: Path) -> None:
    environment = {"SLACK_BOT_TOKEN": "xoxb-1", "NETCHECK_PLAYBOOKS": "/a:/b", "NETCHECK_SETTINGS": "", "PATH": "/bin"}
    settings = load(written(tmp_path, FILE), environment)
    assert settings.targets["prod"].rules().change == ("group:net-oncall",)
    assert settings.targets["prod"].four_eyes
    assert settings.rules("dns-guided").change == ("slack:U1",)
    assert settings.rules("dns").change == ()
    assert settings.slack.bot_token.get_secret_value() == "xoxb-1"
    assert settings.playbook_folders == ("/a", "/b")


def test_without_settings_nobody_may_change_anything() -> None:
    assert load(None, {}).targets == {}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("targts: {}", "targts"),
        ("targets: {prod: {contxt: a}}", "targets.prod.contxt"),
        ("keep_days: soon", "keep_days"),
        ("- a", "holds a list"),
        ("a: [", "not YAML"),
        ("keep_days: 2001-99-01", "not YAML"),
        ("a: " + "[" * 5000 + "]" * 5000, "not YAML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(SettingsError, match=place):
        load(written(tmp_path, text), {})


def test_an_unknown_variable_of_ours_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="NETCHECK_DATADIR"):
        load(None, {"NETCHECK_DATADIR": "/x"})


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        load("nowhere.yaml", {})


def test_tokens_do_not_show_when_settings_are_printed() -> None:
    assert "xoxb-secret" not in repr(load(None, {"SLACK_BOT_TOKEN": "xoxb-secret", "REDIS_URL": "redis://:xoxb-secret@h"}))


def test_probe_pods_need_a_namespace_and_an_image_and_are_off_otherwise(tmp_path: Path) -> None:
    assert load(None, {}).probe.image == ""
    with pytest.raises(SettingsError, match=r"targets.prod.probe: .*both a namespace and an image"):
        load(written(tmp_path, "targets: {prod: {probe: {namespace: probes}}}"), {})


def test_what_the_command_line_says_of_probe_pods_wins_and_must_be_whole(tmp_path: Path) -> None:
    text = "targets: {prod: {probe: {namespace: a, image: b}}, dev: {context: dev}}"
    settings = load(written(tmp_path, text), {}).with_probe("probes", "busybox")
    assert (settings.probe.namespace, settings.probe.image) == ("probes", "busybox")
    assert settings.targets["prod"].probe is None
    with pytest.raises(SettingsError, match="--probe-namespace"):
        load(None, {}).with_probe("", "busybox")
