"""Kubeconfig files: found, merged and complained about as kubectl does."""

from pathlib import Path

import pytest
import yaml

from bot.cluster.auth import connect
from bot.cluster.kubeconfig import contexts
from bot.model.errors import SettingsError, UsageError
from tests.cluster_client.server import write_kubeconfig


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write(file: Path, name: str, server: str = "https://10.0.0.1:6443") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    return write_kubeconfig(file, server, None, {"token": "t"}, name=name)


def test_the_file_in_the_home_folder_is_found(at_home: Path) -> None:
    write(at_home / ".kube" / "config", "home")
    assert contexts(None) == (("home",), "home")


def test_no_kubeconfig_at_all_is_no_error() -> None:
    assert contexts(None) == ((), "")


def test_of_several_files_the_first_that_says_something_wins(
    at_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = write(at_home / "a", "one"), write(at_home / "b", "two")
    monkeypatch.setenv("KUBECONFIG", f"{first}:{at_home}/missing:{second}")
    assert contexts(None) == (("one", "two"), "one")


async def test_a_file_without_a_current_context_leaves_the_choice_to_the_next(
    at_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (at_home / "a").write_text("kind: Config\n")
    monkeypatch.setenv("KUBECONFIG", f"{at_home}/a:{write(at_home / 'b', 'two', 'https://10.0.0.2:6443')}")
    credentials = await connect(None, None)
    assert (credentials.name, credentials.server) == ("two", "https://10.0.0.2:6443")


async def test_a_named_context_is_taken_instead_of_the_current_one(at_home: Path) -> None:
    files = f"{write(at_home / 'a', 'one')}:{write(at_home / 'b', 'two', 'https://10.0.0.2:6443/k8s/c1/')}"
    assert (await connect(files, "two")).server == "https://10.0.0.2:6443/k8s/c1"


async def test_a_mistyped_context_is_refused_with_what_may_have_been_meant(at_home: Path) -> None:
    with pytest.raises(UsageError, match=r"no context 'prd'.*Contexts: prod") as caught:
        await connect(str(write(at_home / "a", "prod")), "prd")
    assert caught.value.near == ("prod",)


async def test_without_a_current_context_nothing_is_guessed(at_home: Path) -> None:
    file = write(at_home / "a", "prod")
    file.write_text(file.read_text().replace("current-context: prod", "current-context: ''"))
    with pytest.raises(UsageError, match="names no current context"):
        await connect(str(file), None)


def test_a_file_that_was_named_and_is_missing_is_an_error(at_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"gone does not exist\. Check --kubeconfig"):
        contexts(str(at_home / "gone"))
    monkeypatch.setenv("KUBECONFIG", str(at_home / "gone"))
    with pytest.raises(SettingsError, match=r"gone does not exist\. Check KUBECONFIG"):
        contexts(None)


@pytest.mark.parametrize(("content", "found"), [
    ("clusters: [\n  {name: a", r"config:\d+:\d+: this kubeconfig is not YAML"),
    ("extensions: 2001-99-01\n", "config: this kubeconfig is not YAML"),
    ("- a\n- b\n", "config is no kubeconfig"),
    ("contexts: [{context: {}}]\n", "config: each entry of `contexts` must have a name"),
    ("contexts: [{name: a, context: text}]\n", "config: `context` of 'a' must hold fields"),
    ("contexts: {name: 7}\n", "config: each entry of `contexts` must have a name"),
])
def test_a_broken_file_is_named_with_the_place(at_home: Path, content: str, found: str) -> None:
    (at_home / "config").write_text(content)
    with pytest.raises(SettingsError, match=f"{at_home}/{found}"):
        contexts(str(at_home / "config"))


@pytest.mark.parametrize(("change", "found"), [
    ({"clusters": []}, "names the cluster 'prod', which is not there"),
    ({"users": []}, "names the user 'prod', which is not there"),
    ({"clusters": [{"name": "prod", "cluster": {}}]}, r"leads to no API server \(found ''\)"),
    ({"clusters": [{"name": "prod", "cluster": {"server": "10.0.0.1"}}]}, "leads to no API server"),
    ({"clusters": [{"name": "prod", "cluster": {"server": "https://a", "proxy-url": "socks5://b"}}]}, "not supported"),
])
async def test_a_context_that_leads_nowhere_is_told_before_anything_runs(
    at_home: Path, change: dict[str, object], found: str
) -> None:
    file = write(at_home / "config", "prod")
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **change}))
    with pytest.raises(SettingsError, match=found):
        await connect(str(file), None)
