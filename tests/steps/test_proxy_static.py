"""kube-proxy as static pods, mostly on evidence alone: nobody counts them, and each is written on its own node."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.playground.bundle import Read
from bot.playground.scenarios import load_scenario
from bot.steps.proxy.access import ACCESS
from bot.steps.proxy.command import COMMAND
from bot.steps.proxy.config import CONFIG
from bot.steps.proxy.coverage import COVERAGE, gather_coverage
from bot.steps.proxy.setup import login_file, parse_setup
from tests.steps.boxed import open_box
from tests.steps.dns_evidence import JUST_NOW, LONG_AGO, NOW, causes, judge, node, nodes, only
from tests.steps.test_proxy import coverage, pod

ENDED = {"reason": "Error", "code": 1, "at": LONG_AGO, "message": ""}
CRASHED = {"ready": False, "started": "", "waiting": "CrashLoopBackOff", "restarts": 9, "ended": ENDED}
CONTAINER = {"name": "kube-proxy", "image": "registry.k8s.io/kube-proxy:v1.34.4", "command": ["kube-proxy"]}
WAITS = {"ready": False, "started": "", "waiting": "ContainerCreating"}


def static(*pods: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**coverage(found=False, kubeadm=False, static=list(pods)), "version": "v1.34.4+rke2r1", **more}


@pytest.mark.parametrize(("evidence", "expected"), [
    (static(pod("n1"), pod("n2")), []),
    (static(pod("n1"), pod("n2", ready=False, container=CRASHED)), ["proxy.crashing"]),
    (static(pod("n1"), pod("n2", ready=False, container=CRASHED, created=JUST_NOW)), ["proxy.crashing"]),
    (static(pod("n1"), pod("n2", ready=False, container=WAITS)), ["proxy.not-covering"]),
    (static(pod("n1"), pod("n2", ready=False, container=WAITS, created=JUST_NOW)), []),
    (static(pod("n1")), ["proxy.not-covering"]),
    (static(pod("n1"), nodes=nodes(n1=node(), n2=node(created=JUST_NOW))), []),
    (static(pod("n1"), nodes=nodes(n1=node(), n2=node(False))), []),
    (static(pod("n1"), nodes=nodes(n1=node(), n2=node(linux=False))), []),
    (static(pod("n1"), nodes={**nodes(), "unread": 3}), []),
])
def test_a_node_without_its_static_pod_is_told_beside_those_that_have_theirs(
    evidence: Any, expected: list[str]
) -> None:
    assert causes(COVERAGE, evidence) == expected


def test_the_finding_names_the_node_and_is_a_warning_while_others_have_theirs() -> None:
    finding = only(COVERAGE, static(pod("n1")))
    assert (finding.node, finding.verdict) == ("n2", Verdict.WARN)
    assert "could not show it" in finding.summary
    none = only(COVERAGE, static(pod("n1", ready=False, container=CRASHED), nodes=nodes(n1=node())))
    assert none.verdict is Verdict.FAIL


def commanded(*words: str, on: str = "n1", image: str = "rancher/hardened-kubernetes:v1.34.4-rke2r1") -> dict[str, str]:
    setup = parse_setup({"containers": [{"name": "kube-proxy", "image": image, "args": list(words)}]})
    return {"node": on, "image": image, "name": setup["flags"].get("hostname-override", "")}


def command(*pods: dict[str, str], version: str = "v1.34.4+rke2r1") -> dict[str, Any]:
    setup = parse_setup({"hostNetwork": True, "containers": [
        {"name": "kube-proxy", "image": "x:v1.34.4", "args": ["--proxy-mode=ipvs"]}]})
    return {"read_at": NOW, "proxy": "Pods kube-system/kube-proxy", "setup": setup, "ready": 2, "version": version,
            "place": None, "file": {}, "static": list(pods), "skipped": []}


@pytest.mark.parametrize(("evidence", "expected"), [
    (command(commanded("--hostname-override=n1")), []), (command(commanded()), []),
    (command(commanded("--hostname-override=n1"), commanded("--hostname-override=n1", on="n2")), ["proxy.command"]),
    (command(commanded(), commanded(on="n2", image="x:v1.29.1-rke2r1")), ["proxy.version"]),
    (command(commanded(), commanded(on="n2", image="x:v1.35.0")), ["proxy.version"]),
    (command(commanded(image="x:v1.29.1"), version=""), []),
])
def test_each_static_pod_is_held_against_its_own_node_and_the_api_server(evidence: Any, expected: list[str]) -> None:
    assert causes(COMMAND, evidence) == expected


def test_one_that_is_well_tells_its_mode_out_of_its_command() -> None:
    assert "--proxy-mode=ipvs" in only(COMMAND, command(commanded())).summary


def test_who_logs_in_by_a_file_of_the_node_needs_no_account() -> None:
    mounts = [{"name": "file", "mountPath": "/var/lib/rancher/rke2/agent/kubeproxy.kubeconfig"}]
    line = "--kubeconfig=/var/lib/rancher/rke2/agent/kubeproxy.kubeconfig"
    setup = parse_setup({"containers": [{"args": [line], "volumeMounts": mounts}],
                         "volumes": [{"name": "file", "hostPath": {"path": "/x"}}]})
    brought = parse_setup({"containers": [{"args": ["--kubeconfig=/a/b"], "volumeMounts": [
        {"name": "map", "mountPath": "/a"}]}], "volumes": [{"name": "map", "configMap": {"name": "kube-proxy"}}]})
    assert login_file(setup).endswith("kubeproxy.kubeconfig")
    assert (login_file(brought), login_file(None)) == ("", "")
    finding = only(ACCESS, {"read_at": NOW, "account": "", "login": login_file(setup), "skipped": []})
    assert (finding.verdict, "kubeproxy.kubeconfig" in finding.summary) == (Verdict.INFO, True)


def test_of_one_that_is_started_by_flags_the_mode_is_what_it_says_itself() -> None:
    pods = [{"name": "kube-proxy-n1", "node": "n1", "started": LONG_AGO, "error": "", "running": {"mode": "ipvs"}}]
    told = {"read_at": NOW, "proxy": "Pods kube-system/kube-proxy", "path": "", "ready": 1, "own_ranges": [],
            "file": {"state": "none"}, "pods": pods, "skipped": []}
    judged = judge(CONFIG, told)
    assert (judged.outputs["mode"], [f.verdict for f in judged.findings]) == ("ipvs", [Verdict.INFO])
    silent = judge(CONFIG, {**told, "pods": [], "skipped": ["create pods/portforward in kube-system"]})
    assert (silent.outputs["mode"], silent.findings[-1].verdict) == ("", Verdict.SKIPPED)


async def test_a_daemon_set_that_is_for_no_node_gives_way_to_the_static_pods_beside_it(tmp_path: Path) -> None:
    """So it is on GKE."""
    bundle = load_scenario("proxy-node-selector")
    mirrors = tuple({
        "apiVersion": "v1", "kind": "Pod", "spec": {"nodeName": item["metadata"]["name"], "containers": [CONTAINER]},
        "metadata": {"namespace": "kube-system", "labels": {"component": "kube-proxy"},
                     "name": f"kube-proxy-{item['metadata']['name']}"},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    } for item in bundle.objects if item["kind"] == "Node")
    read = Read(verb="list", kind="Pod", api="v1", namespace="kube-system", labels="component=kube-proxy")
    gke = replace(bundle, objects=(*bundle.objects, *mirrors), reads=(*bundle.reads, read),
                  version={**bundle.version, "gitVersion": "v1.34.4-gke.100"})
    async with open_box(gke, tmp_path) as cluster:
        told = await gather_coverage(cluster, COVERAGE.args())
    assert [f.verdict for f in judge(COVERAGE, told).findings] == [Verdict.PASS]
    async with open_box(replace(gke, version=bundle.version), tmp_path) as cluster:
        told = await gather_coverage(cluster, COVERAGE.args())
    assert causes(COVERAGE, told) == ["proxy.not-covering"]
