"""Each shipped playbook with each tier of rights, and with as good as none: a missing right is never a fault, each look
that is left out names it, and the answer says what was not looked at."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.engine.library import load_file, shipped_folder
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.cluster_box.roles import Rule
from bot.playground.scenarios import load_scenario
from tests.house.roles import REVIEWS, all_looks, cluster_rules
from tests.playground.answers import ask_box

EVERY = cluster_rules(all_looks())
T0: list[Rule] = [rule for rule in EVERY if not REVIEWS & {*rule.get("apiGroups", ())}]
T0B: list[Rule] = [rule for rule in EVERY if rule not in T0]
T0B += [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]
T1: list[Rule] = [{"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}]
T2: list[Rule] = [{"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["get", "create"]},
                  {"apiGroups": [""], "resources": ["pods/proxy"], "verbs": ["get"]}]
T3: list[Rule] = [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get", "create"]}]
T4: list[Rule] = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["create", "delete"]}]
TIERS: dict[str, list[Rule]] = {
    "nothing": [], "T0": T0, "T0b": [*T0, *T0B], "T1": [*T0, *T0B, *T1], "T2": [*T0, *T0B, *T1, *T2],
    "T3": [*T0, *T0B, *T1, *T2, *T3], "T4": [*T0, *T0B, *T1, *T2, *T3, *T4],
}
"""Each holds the ones before it."""
PERMISSION = re.compile(r"\b(get|list|create|delete|watch) [a-z]+(/[a-z-]+)?")
ASKED: dict[str, tuple[str, ...]] = {
    "cni": ("healthy",),
    "connectivity": ("conn-itself", "from=netcheck-shop/web", "to=netcheck-shop/web", "inside=yes"),
    "dns": ("healthy",), "dns-guided": ("healthy",), "external-dns-resolution": ("external-healthy", "api.example.com"),
    "ingress": ("ingress-log", "shop/web", "log=yes"), "kube-proxy": ("proxy-healthy",), "network": ("healthy-calico",),
    "network-policy": ("np-allows-calico", "pod=netcheck-shop/client", "to=netcheck-shop/web"),
    "node": ("node-healthy",), "service": ("service-healthy", "shop/web", "port=80"),
}
"""What each playbook is tried on, a cluster in order, and what it is asked."""


def test_every_shipped_playbook_is_tried() -> None:
    assert {*ASKED} == {load_file(path).name for path in shipped_folder().glob("*.yaml")}


async def run_with(tier: str, playbook: str, scenario: str, folder: Path, *words: str) -> Any:
    async with ClusterBox(load_scenario(scenario), permissions=TIERS[tier]) as box:
        return await ask_box(box, folder, playbook, *words)


@pytest.mark.parametrize("playbook", ASKED)
@pytest.mark.parametrize("tier", TIERS)
async def test_a_missing_right_is_never_a_fault_and_is_named(playbook: str, tier: str, tmp_path: Path) -> None:
    scenario, *words = ASKED[playbook]
    run = await run_with(tier, playbook, scenario, tmp_path, *words)
    assert [f["summary"] for f in run["findings"] if f["verdict"] in ("WARN", "FAIL")] == []
    refused = [f["summary"] for f in run["findings"] if "permitted" in f["summary"] or "may not" in f["summary"]]
    assert [text for text in refused if not PERMISSION.search(text)] == []
    assert {*refused} <= {*run["skipped"]}
    assert refused or tier != "nothing"


async def test_with_nothing_but_objects_a_wrong_selector_is_found_all_the_same(tmp_path: Path) -> None:
    for playbook in ("dns", "network"):
        run = await run_with("T0", playbook, "dns-selector", tmp_path)
        assert [root["cause"] for root in run["root_causes"]] == ["dns.service.selector"]


async def test_without_any_right_nothing_is_called_well(tmp_path: Path) -> None:
    for playbook in ("dns", "network"):
        run = await run_with("nothing", playbook, "healthy", tmp_path)
        assert run["answer"] == "unknown"
        assert {f["layer"] for f in run["findings"] if f["verdict"] == "PASS"} <= {"api", "node"}


async def test_a_port_forward_that_may_only_be_begun_is_skipped_with_the_verb_that_newer_clusters_ask_for(
    tmp_path: Path
) -> None:
    """From 1.35 on `create` is checked at the upgrade, not only `get`."""
    only_get: list[Rule] = [*T0, *T0B, {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["get"]}]
    bundle = load_scenario("healthy")
    newer = replace(bundle, version={**bundle.version, "minor": "35", "gitVersion": "v1.35.0"})
    async with ClusterBox(newer, permissions=only_get) as box:
        run = await ask_box(box, tmp_path, "dns")
    assert [f["summary"] for f in run["findings"] if f["verdict"] in ("WARN", "FAIL")] == []
    assert any("create pods/portforward" in text for text in run["skipped"])


def test_no_look_needs_endpoints_which_clusters_of_tomorrow_do_not_have() -> None:
    read = {permission.split()[1].split(".")[0] for look in all_looks() for permission in look.reads}
    assert "endpoints" not in read
