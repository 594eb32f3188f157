"""Which cluster a target of the settings is: nothing runs on one that was not named and is not the only one."""

import json
from pathlib import Path

import pytest

from bot import wiring
from bot.engine.targets import Target
from bot.model.errors import SettingsError
from bot.settings import Settings
from bot.wiring import KubeClusters

EU, US = "https://10.0.0.1:6443", "https://10.0.0.2:6443"
INSIDE = "https://10.96.0.1:443"


@pytest.fixture(autouse=True)
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def inside(outside: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")


def kubeconfig(file: Path, namespace: str = "", **servers: str) -> str:
    """A context for each server, of the same name; the first one is the current."""
    spaces = {"namespace": namespace} if namespace else {}
    file.write_text(json.dumps({
        "current-context": next(iter(servers)),
        "contexts": [{"name": n, "context": {"cluster": n, "user": "u", **spaces}} for n in servers],
        "clusters": [{"name": n, "cluster": {"server": server}} for n, server in servers.items()],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }))  # fmt: skip
    return str(file)


def target(settings: dict[str, object], name: str = "prod") -> Target:
    return next(t for t in KubeClusters(Settings.model_validate(settings)).targets() if t.name == name)


# --- a target that names no context ---------------------------------------------------------------------------------


async def test_inside_a_cluster_it_is_that_cluster_whatever_kubeconfig_there_is(tmp_path: Path, inside: None) -> None:
    clusters = KubeClusters(Settings.model_validate({
        "kubeconfig": kubeconfig(tmp_path / "config", eu=EU, us=US), "targets": {"prod": {}},
    }))  # fmt: skip
    found = next(t for t in clusters.targets() if t.name == "prod")
    assert (found.context, found.described) == ("", "the cluster netcheck runs in")
    assert INSIDE in found.identity
    assert (await clusters.open(found)).name == "in-cluster"
    await clusters.close()


def test_outside_it_is_the_only_context_there_is_and_says_which(tmp_path: Path) -> None:
    found = target({"kubeconfig": kubeconfig(tmp_path / "config", eu=EU), "targets": {"prod": {}}})
    assert found.described == f"context eu ({EU})"


def test_outside_among_several_contexts_the_current_one_is_not_guessed(tmp_path: Path) -> None:
    several = kubeconfig(tmp_path / "config", eu=EU, us=US)
    with pytest.raises(SettingsError, match=r"targets\.prod: names no context.*Set `context`: eu, us"):
        target({"kubeconfig": several, "targets": {"prod": {}}})


def test_outside_without_any_kubeconfig_it_is_said_what_to_set() -> None:
    with pytest.raises(SettingsError, match=r"targets\.prod.*this is no pod. Set `context`"):
        target({"targets": {"prod": {}}})


def test_a_kubeconfig_of_its_own_with_one_context_is_enough(tmp_path: Path, inside: None) -> None:
    settings: dict[str, object] = {"targets": {"prod": {"kubeconfig": kubeconfig(tmp_path / "prod", us=US)}}}
    assert target(settings).described == f"context us ({US})"


def test_a_kubeconfig_of_its_own_with_several_contexts_needs_one_named(tmp_path: Path) -> None:
    own = kubeconfig(tmp_path / "prod", eu=EU, us=US)
    with pytest.raises(SettingsError, match="Set `context`: eu, us"):
        target({"targets": {"prod": {"kubeconfig": own}}})
    assert target({"targets": {"prod": {"kubeconfig": own, "context": "us"}}}).server == US


def test_a_context_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    config = kubeconfig(tmp_path / "config", eu=EU)
    with pytest.raises(SettingsError, match=r"targets\.prod\.context: .*no context 'uk'"):
        target({"kubeconfig": config, "targets": {"prod": {"context": "uk"}}})


# --- what it is opened as -------------------------------------------------------------------------------------------


async def test_a_context_that_was_pointed_elsewhere_since_the_start_is_not_opened(tmp_path: Path) -> None:
    clusters = KubeClusters(Settings(kubeconfig=kubeconfig(tmp_path / "config", eu=EU)))
    kubeconfig(tmp_path / "config", eu=US)
    with pytest.raises(SettingsError, match=f"leads to another cluster.*{EU}"):
        await clusters.open(clusters.targets()[0])


async def test_only_of_the_cluster_that_it_runs_in_its_own_pod_tries_ways(
    tmp_path: Path, inside: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "pod_inside", lambda: "ops/netcheck-1")
    clusters = KubeClusters(Settings.model_validate({
        "kubeconfig": kubeconfig(tmp_path / "config", eu=EU), "targets": {"here": {}, "there": {"context": "eu"}}}))
    here, there = clusters.targets()
    own = (await clusters.open(here)).sockets
    assert own is not None
    assert own.pod == "ops/netcheck-1"
    assert (await clusters.open(there)).sockets is None
    await clusters.close()


def test_two_clusters_behind_one_address_are_told_apart_by_their_authority(tmp_path: Path) -> None:
    config = json.loads(Path(kubeconfig(tmp_path / "config", eu=EU, us=EU)).read_text())
    for number, cluster in enumerate(config["clusters"]):
        cluster["cluster"]["certificate-authority"] = f"ca-{number}.crt"
        (tmp_path / f"ca-{number}.crt").write_text(f"certificate {number}")
    (tmp_path / "config").write_text(json.dumps(config))
    eu, us = KubeClusters(Settings(kubeconfig=str(tmp_path / "config"))).targets()
    assert eu.identity != us.identity
    assert eu.identity.startswith(EU)


# --- namespace ------------------------------------------------------------------------------------------------------


def test_the_namespace_is_that_of_the_settings_else_that_of_the_context(tmp_path: Path) -> None:
    config = kubeconfig(tmp_path / "config", namespace="web", eu=EU)
    assert target({"kubeconfig": config, "targets": {"prod": {}}}).namespace == "web"
    assert target({"kubeconfig": config, "targets": {"prod": {"namespace": "shop"}}}).namespace == "shop"


# --- probe pods -----------------------------------------------------------------------------------------------------


async def test_pods_may_be_started_where_the_settings_say_so_and_nowhere_else(tmp_path: Path) -> None:
    config = kubeconfig(tmp_path / "config", eu=EU, us=US)
    probe = {"namespace": "probes", "image": "busybox"}
    targets = {"prod": {"context": "eu"}, "dev": {"context": "us", "probe": {}}}
    given = {"kubeconfig": config, "targets": targets}
    places = {}
    for all_of_them in ({}, {"probe": probe}):
        clusters = KubeClusters(Settings.model_validate({**given, **all_of_them}))
        for found in clusters.targets():
            places[found.name, bool(all_of_them)] = (await clusters.open(found)).probe
        await clusters.close()
    place = places.pop(("prod", True))
    assert place is not None
    assert (place.namespace, place.image) == ("probes", "busybox")
    assert set(places.values()) == {None}
