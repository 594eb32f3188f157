"""The shipped scenarios: small, clean, and diagnosed by the shipped playbook as what they are."""

import asyncio
import json
import re
import sys
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from bot.model.errors import UsageError
from bot.playground.bundle import Bundle, pack_bundle
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import FOLDER, SCENARIOS, load_scenario, means_of
from tests.playground.answers import ask_box, causes_of, is_meant
from tests.playground.cluster_box.client import CORE, open_client

NETCHECK = Path(sys.executable).parent / "netcheck"
MOST_REQUESTS, MOST_BYTES = 40, 200_000
"""What a run of `dns` may ask of a cluster, also where something is broken in it."""
MORE_REQUESTS, MORE_BYTES = 60, 1_000_000
"""What one may of a playbook that looks at more than one layer."""
LARGEST = 150_000
"""Bytes of a scenario on disk."""


@pytest.mark.hurried
@pytest.mark.parametrize("name", SCENARIOS)
async def test_the_diagnosis_of_a_scenario_is_what_was_broken_in_it(name: str, tmp_path: Path) -> None:
    scenario, bundle = SCENARIOS[name], load_scenario(name)
    async with ClusterBox(bundle) as box:
        run = await ask_box(box, tmp_path, scenario.playbook, *scenario.words, means=means_of(name, bundle))
    found = [(root["cause"], root["object"]) for root in run["root_causes"]]
    missing = [root for root in scenario.roots if not any(is_meant(root, one) for one in found)]
    strange = [one for one in found if not any(is_meant(root, one) for root in scenario.roots)]
    assert (run["answer"], missing, strange) == (scenario.answer, [], [])
    most = (MOST_REQUESTS, MOST_BYTES) if scenario.playbook == "dns" else (MORE_REQUESTS, MORE_BYTES)
    assert run["requests"] <= most[0]
    assert run["bytes"] <= most[1]
    assert not [finding for finding in run["findings"] if "not recorded" in finding["summary"]]


async def test_the_command_line_tells_the_same_of_a_scenario(tmp_path: Path) -> None:
    async with ClusterBox(load_scenario("dns-selector")) as box:
        kubeconfig = str(box.write_kubeconfig(tmp_path / "kubeconfig"))
        line = (str(NETCHECK), "run", "dns", "--kubeconfig", kubeconfig, "--output", "json")
        process = await asyncio.create_subprocess_exec(*line, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
    assert (process.returncode, causes_of(json.loads(output))) == (1, ("dns.service.selector",))


async def test_a_run_about_a_pod_that_is_not_there_can_tell_nothing(tmp_path: Path) -> None:
    async with ClusterBox(load_scenario("healthy")) as box:
        run = await ask_box(box, tmp_path, "dns", "pod=shop/gone")
    assert (run["answer"], run["root_causes"]) == ("unknown", [])


async def test_a_wrong_selector_once_mended_is_seen_mended(tmp_path: Path) -> None:
    async with ClusterBox(load_scenario("dns-selector"), lag=0.0) as box, open_client(box) as client:
        await client.change(f"{CORE}/services/kube-dns", {"spec": {"selector": {"k8s-app": "kube-dns"}}})
        assert (await ask_box(box, tmp_path))["answer"] == "ok"


async def test_a_mended_corefile_is_seen_to_have_mended_the_pods(tmp_path: Path) -> None:
    async with ClusterBox(load_scenario("corefile-proxy"), lag=0.0) as box, open_client(box) as client:
        text = (await client.get(f"{CORE}/configmaps/coredns")).body["data"]["Corefile"]
        await client.change(f"{CORE}/configmaps/coredns", {"data": {"Corefile": text.replace("proxy .", "forward .")}})
        run = await ask_box(box, tmp_path)
    assert causes_of(run) == ()
    assert any("2 ready endpoints" in finding["summary"] for finding in run["findings"])


async def test_a_workload_scaled_up_again_is_seen_to_be_there(tmp_path: Path) -> None:
    path = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
    async with ClusterBox(load_scenario("dns-scaled-to-zero"), lag=0.0) as box, open_client(box) as client:
        await client.change(path, {"spec": {"replicas": 2}})
        run = await ask_box(box, tmp_path)
    assert causes_of(run) == ()
    assert any(finding["summary"].startswith("2 of 2 DNS pods ready") for finding in run["findings"])


async def test_a_scenario_with_one_object_changed_by_hand_gives_another_answer(tmp_path: Path) -> None:
    async with ClusterBox(change_role(load_scenario("healthy"))) as box:
        run = await ask_box(box, tmp_path)
    assert (run["answer"], causes_of(run)) == ("degraded", ("dns.access.denied",))


def change_role(bundle: Bundle) -> Bundle:
    """CoreDNS may no longer read EndpointSlices."""
    objects = [deepcopy(item) for item in bundle.objects]
    for item in objects:
        if item["kind"] == "ClusterRole":
            item["rules"] = [rule for rule in item["rules"] if "endpointslices" not in rule.get("resources", ())]
    return replace(bundle, objects=tuple(objects))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_small_and_holds_no_secret(name: str) -> None:
    bundle = load_scenario(name)
    assert (FOLDER / f"{name}.json.gz").stat().st_size <= LARGEST
    assert (bundle.name, bundle.title) == (name, SCENARIOS[name].title)
    text = json.dumps([*bundle.objects, *(log.text for log in bundle.logs)])
    assert not re.search(r"PRIVATE KEY|eyJhbGciOi|client-key-data: (?!\[)", text)
    assert len(pack_bundle(bundle)) <= LARGEST


def test_every_file_is_a_scenario_and_a_mistyped_name_gets_near_ones() -> None:
    assert sorted(path.name for path in FOLDER.glob("*.gz")) == sorted(f"{name}.json.gz" for name in SCENARIOS)
    with pytest.raises(UsageError, match="There is no scenario 'dns-selektor'") as refusal:
        load_scenario("dns-selektor")
    assert "dns-selector" in refusal.value.near
