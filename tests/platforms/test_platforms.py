"""Every platform: no alarm where it is well, and the faults typical of it by name. Objects from a real API server
(tests/cluster/platforms), logs and pages by hand: none of these clusters was seen alive."""

from pathlib import Path
from typing import Any

import pytest

from bot.engine.library import load_file, shipped_folder
from bot.playground.bundle import Bundle, load_bundle
from bot.playground.cluster_box.box import ClusterBox
from tests.platforms.faults import FAULTS, Fault
from tests.platforms.lookalikes import LOOKALIKES
from tests.playbooks.views import is_part_of
from tests.playground.answers import ask_box
from tests.playground.test_tiers import TIERS

FOLDER = Path(__file__).parent / "bundles"
PLATFORMS = sorted(path.name.removesuffix(".json.gz") for path in FOLDER.glob("*.gz"))
PLAYBOOKS = ("network", "dns", "network-policy", "cni", "kube-proxy", "node", "dns-guided")
"""Those that need not be told what to look at; what `connectivity` tries is not in these bundles."""


def bundle_of(platform: str) -> Bundle:
    return load_bundle(FOLDER / f"{platform}.json.gz")


def shipped() -> list[str]:
    return [name for name in PLAYBOOKS if (shipped_folder() / f"{name}.yaml").exists()]


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("playbook", shipped())
async def test_a_healthy_cluster_of_this_platform_raises_no_alarm(
    platform: str, playbook: str, tmp_path: Path
) -> None:
    async with ClusterBox(bundle_of(platform), permissions=TIERS["T2"]) as box:  # no commands in pods
        run = await ask_box(box, tmp_path, playbook)
    alarms = [f["summary"] for f in run["findings"] if f["verdict"] in ("WARN", "FAIL")]
    assert (run["answer"], alarms) == ("ok", [])
    assert [f["summary"] for f in run["findings"] if "not recorded" in f["summary"]] == []


@pytest.mark.parametrize("platform", [name for name in PLATFORMS if name != "gke-cloud-dns"])
async def test_what_is_asked_of_its_dns_service_raises_no_alarm(platform: str, tmp_path: Path) -> None:
    """With Cloud DNS the Service leads nowhere, as it says. Live questions to applications are not in the bundles: what
    they would tell is unknown here, and no fault."""
    bundle = bundle_of(platform)
    metas = [item["metadata"] for item in bundle.objects if item["kind"] == "Service" and item["spec"].get("selector")]
    service = next(m for m in metas if m["labels"].get("kubernetes.io/cluster-service") or m["name"] == "dns-default")
    async with ClusterBox(bundle, permissions=TIERS["T2"]) as box:
        for words in (("service", f"{service['namespace']}/{service['name']}"),
                      ("external-dns-resolution", "kubernetes.io")):
            run = await ask_box(box, tmp_path, *words)
            assert [f["summary"] for f in run["findings"] if f["verdict"] in ("WARN", "FAIL")] == []
            assert run["answer"] == "ok"


@pytest.mark.parametrize("name", LOOKALIKES)
async def test_a_healthy_cluster_that_looks_ill_raises_no_alarm(name: str, tmp_path: Path) -> None:
    platform, edit = LOOKALIKES[name]
    async with ClusterBox(edit(bundle_of(platform))) as box:
        for playbook in PLAYBOOKS:
            run = await ask_box(box, tmp_path, playbook)
            assert [f["summary"] for f in run["findings"] if f["verdict"] in ("WARN", "FAIL")] == []
            assert run["answer"] == "ok"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.platform}: {fault.says}")
async def test_a_fault_typical_of_a_platform_is_named(fault: Fault, tmp_path: Path) -> None:
    async with ClusterBox(fault.edit(bundle_of(fault.platform))) as box:
        for playbook in fault.playbooks:
            run: Any = await ask_box(box, tmp_path, playbook)
            assert {(root["cause"], root["object"]) for root in run["root_causes"]} == fault.roots, playbook
        for playbook in (name for name in PLAYBOOKS if name not in fault.playbooks):
            run = await ask_box(box, tmp_path, playbook)
            found = {(root["cause"], root["object"]) for root in run["root_causes"]}
            assert [one for one in found if not is_part_of(fault.roots, *one)] == [], playbook


def test_each_platform_has_two_faults_of_its_own() -> None:
    assert {platform for platform in PLATFORMS if sum(f.platform == platform for f in FAULTS) < 2} == set()
    assert load_file(shipped_folder() / "network.yaml").overview
