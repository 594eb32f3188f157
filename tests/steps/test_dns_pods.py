"""dns.pods on evidence alone: each way in which a DNS pod can fail, and each way in which it only looks like it."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps.dns.pods import PODS
from bot.steps.podfacts import failing_container
from tests.steps.dns_evidence import (
    JUST_NOW,
    LONG_AGO,
    NOW,
    RECENTLY,
    WORKLOAD,
    causes,
    crashed,
    judge,
    node,
    nodes,
    only,
    pending,
    pod,
    pods_evidence,
    roots,
)

TAINTS = "0/2 nodes are available: 2 node(s) had untolerated taint {node.kubernetes.io/not-ready: }."
UNREADY = {"reason": "Unhealthy", "message": "Readiness probe failed: statuscode: 503", "last": LONG_AGO}
SANDBOX = {"reason": "FailedCreatePodSandBox", "message": "plugin type=\"flannel\" failed (add)", "last": JUST_NOW}
MOUNT = {"reason": "FailedMount", "message": 'configmap "coredns" not found', "last": JUST_NOW}
KILLED = {"reason": "Killing", "message": "Container coredns failed liveness probe", "last": JUST_NOW}


def test_two_ready_pods_on_two_nodes_pass_with_a_telling_summary() -> None:
    judgement = judge(PODS, pods_evidence(pod(), pod("coredns-2", "n2")))
    (finding,) = judgement.findings
    assert (finding.verdict, finding.summary) == (Verdict.PASS, "2 of 2 DNS pods ready, on 2 nodes.")
    assert judgement.outputs["ready"] == 2
    assert finding.evidence == ("read 2027-01-15 08:00:00Z",)


@pytest.mark.parametrize(("broken", "cause"), [
    (pending(TAINTS), "dns.pods.pending.no-network"),
    (pending("0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available"),
     "dns.pods.pending.unschedulable"),
    (pending("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."),
     "dns.pods.pending.unschedulable"),
    (pending("0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }, "
             "2 Insufficient cpu"), "dns.pods.pending.unschedulable"),
    (pod(ready=False, started="", waiting="ImagePullBackOff", waiting_message="not found"), "dns.pods.image"),
    (pod(ready=False, started="", waiting="ContainerCreating", events=[SANDBOX]), "dns.pods.sandbox"),
    (pod(ready=False, started="", waiting="ContainerCreating", events=[MOUNT]), "dns.pods.volume"),
    (pod(ready=False, started="", waiting="CreateContainerConfigError", waiting_message='secret "x" not found'),
     "dns.pods.volume"),
    (pod(ready=False, started="", waiting="CreateContainerConfigError",
         waiting_message="container has runAsNonRoot and image will run as root"), "dns.pods.container"),
    (crashed(), "dns.pods.crashing"),
    (crashed(reason="OOMKilled", code=137), "dns.pods.oom"),
    (crashed(last_ended={"reason": "StartError", "code": 128, "at": RECENTLY, "message":
                         "container init was OOM-killed (memory limit too low?)"}), "dns.pods.oom"),
    (crashed(last_ended={"reason": "StartError", "code": 128, "at": RECENTLY, "message":
                         'exec: "true": executable file not found in $PATH'}), "dns.pods.container"),
    (crashed(reason="Completed", code=0, events=[KILLED]), "dns.pods.liveness"),
    (pod(ready=False, events=[UNREADY]), "dns.pods.not-ready"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_pod_that_fails_is_named_for_its_own_reason(broken: dict[str, Any], cause: str) -> None:
    finding = only(PODS, pods_evidence(broken))
    assert (finding.verdict, finding.cause, finding.object) == (Verdict.FAIL, cause, WORKLOAD)
    assert broken["name"] in " ".join(finding.evidence)


def test_a_volume_whose_content_is_still_on_its_way_is_no_fault_of_a_new_pod() -> None:
    passing = {**MOUNT, "message": 'MountVolume.SetUp failed: configmap "kube-root-ca.crt" not found'}
    waits: dict[str, Any] = {"ready": False, "started": "", "waiting": "ContainerCreating", "events": [passing]}
    assert causes(PODS, pods_evidence(pod(**waits, created=JUST_NOW), pod("coredns-2", "n2"))) == []
    assert causes(PODS, pods_evidence(pod(**waits, created=LONG_AGO), pod("coredns-2", "n2"))) == ["dns.pods.volume"]


def test_while_another_pod_serves_a_failing_one_is_a_warning() -> None:
    found = judge(PODS, pods_evidence(crashed(), pod("coredns-2", "n2"))).findings
    assert [(f.verdict, f.cause) for f in found] == [(Verdict.WARN, "dns.pods.crashing")]


def test_scaled_to_zero_is_said_with_the_command_that_mends_it() -> None:
    finding = only(PODS, pods_evidence(workload={"wanted": 0}))
    assert finding.cause == "dns.pods.scaled-to-zero"
    assert "`kubectl -n kube-system scale deployment coredns --replicas=2`" in finding.advice


def test_pods_that_cannot_be_created_are_told_with_the_controllers_reason() -> None:
    finding = only(PODS, pods_evidence(workload={"failure": 'serviceaccount "coredns" not found'}))
    assert finding.cause == "dns.pods.missing"
    assert 'serviceaccount "coredns" not found' in finding.summary


def test_a_controller_is_given_a_minute_to_take_notice_and_no_more() -> None:
    just_changed = pods_evidence(workload={"settled": False, "changed": NOW - 5})
    assert only(PODS, just_changed).verdict is Verdict.UNKNOWN
    assert causes(PODS, pods_evidence(workload={"settled": False})) == ["dns.pods.missing"]


def test_pods_that_are_ending_are_waited_for_before_their_lack_is_a_fault() -> None:
    replaced = pods_evidence(pod(deleting=True), workload={"changed": NOW - 5})
    assert only(PODS, replaced).verdict is Verdict.UNKNOWN
    stuck = pods_evidence(pod(deleting=True), workload={"changed": NOW - 300})
    assert causes(PODS, stuck) == ["dns.pods.missing"]
    assert causes(PODS, pods_evidence(workload={"changed": NOW - 5})) == ["dns.pods.missing"]


def test_no_workload_at_all_is_a_fault_unless_something_could_not_be_looked_at() -> None:
    nothing = pods_evidence(workload={"name": "", "kind": "", "wanted": 0})
    assert causes(PODS, nothing) == ["dns.workload.missing"]
    assert causes(PODS, {**nothing, "version": "v1.33.1-gke.1"}) == []
    blind = judge(PODS, {**nothing, "skipped": ["list deployments.apps in kube-system"]}).findings
    assert {f.verdict for f in blind} == {Verdict.UNKNOWN, Verdict.SKIPPED}


def test_pods_on_a_dead_node_are_the_nodes_consequence() -> None:
    evidence = pods_evidence(pod(ready=False), pod("coredns-2", "n2"), nodes=nodes(n1=node(False), n2=node()))
    (finding,) = judge(PODS, evidence).findings
    assert (finding.cause, finding.node) == ("dns.pods.node-down", "n1")


# --- what only looks like a fault -------------------------------------------------------------------------------


def test_youth_excuses_not_being_ready_and_makes_no_healthy_cluster_doubtful() -> None:
    young = pod(ready=False, started=JUST_NOW, created=JUST_NOW)
    assert only(PODS, pods_evidence(young)).verdict is Verdict.UNKNOWN
    rolling = judge(PODS, pods_evidence(young, pod("coredns-2", "n2"))).findings
    assert {f.verdict for f in rolling} == {Verdict.PASS, Verdict.INFO}


@pytest.mark.parametrize("broken", [
    pending(TAINTS, created=JUST_NOW), crashed(created=JUST_NOW),
    pod(ready=False, started="", waiting="ContainerCreating", created=JUST_NOW, events=[SANDBOX]),
])
def test_positive_evidence_counts_at_any_age(broken: dict[str, Any]) -> None:
    assert only(PODS, pods_evidence(broken)).verdict is Verdict.FAIL


def test_a_pod_without_a_node_that_no_scheduler_looked_at_is_a_fault_once_it_is_old() -> None:
    waits = pod(node="", phase="Pending", ready=False, started="")
    assert only(PODS, pods_evidence(waits)).cause == "api.scheduler"
    assert only(PODS, pods_evidence({**waits, "created": JUST_NOW})).verdict is Verdict.UNKNOWN


def test_a_container_that_ended_well_a_moment_ago_and_runs_again_has_not_crashed() -> None:
    ended = {"reason": "Completed", "code": 0, "at": RECENTLY}
    again = pod(ready=False, restarts=1, last_ended=ended, started=RECENTLY)
    assert only(PODS, pods_evidence(again)).verdict is Verdict.UNKNOWN
    assert only(PODS, pods_evidence({**again, "waiting": "CrashLoopBackOff"})).cause == "dns.pods.crashing"


def test_a_pod_short_of_memory_that_is_ready_again_will_be_ended_again_and_one_that_ran_on_is_over_it() -> None:
    ended = {"reason": "OOMKilled", "code": 137, "at": RECENTLY}
    again = pod(restarts=1, last_ended=ended, started=RECENTLY)
    assert causes(PODS, pods_evidence(again, pod("coredns-2", "n2"))) == ["dns.pods.oom"]
    assert causes(PODS, pods_evidence({**again, "started": LONG_AGO}, pod("coredns-2", "n2"))) == []


def test_restarts_count_only_while_they_are_recent() -> None:
    old = {"reason": "Error", "code": 1, "at": LONG_AGO}
    assert [f.verdict for f in judge(PODS, pods_evidence(pod(restarts=50, last_ended=old))).findings] == [Verdict.INFO]
    overcome = crashed(ready=True, started=JUST_NOW, waiting="")
    assert causes(PODS, pods_evidence(overcome, pod("coredns-2", "n2"))) == []


def test_a_single_replica_on_a_single_node_is_fine_and_on_several_only_unwise() -> None:
    assert only(PODS, pods_evidence(pod(), nodes=nodes(n1=node()))).verdict is Verdict.PASS
    assert only(PODS, pods_evidence(pod())).verdict is Verdict.INFO


def test_pods_on_their_way_out_are_nobodys_fault() -> None:
    evidence = pods_evidence(pod(), pod("coredns-2", "n2"), pod("old", ready=False, deleting=True),
                             pod("evicted", ready=False, phase="Failed"))
    assert only(PODS, evidence).verdict is Verdict.PASS


def test_a_missing_permission_is_neither_fault_nor_pass() -> None:
    found = judge(PODS, pods_evidence(pod(), pod("coredns-2", "n2"), skipped=["list events in kube-system"])).findings
    assert [f.verdict for f in found] == [Verdict.PASS, Verdict.SKIPPED]
    assert "list events in kube-system" in found[1].summary


def test_on_a_cordoned_node_nothing_is_wrong() -> None:
    evidence = pods_evidence(pod(), pod("coredns-2", "n2"), nodes=nodes(n1=node(cordoned=True), n2=node()))
    assert causes(PODS, evidence) == []


def test_sandbox_faults_are_told_node_by_node() -> None:
    stuck: dict[str, Any] = {"ready": False, "started": "", "waiting": "ContainerCreating", "events": [SANDBOX]}
    found = judge(PODS, pods_evidence(pod(**stuck), pod("coredns-2", "n2", **stuck))).findings
    assert [f.node for f in found] == ["n1", "n2"]
    assert roots(*found) == ["dns.pods.sandbox"]


def _whole(init: dict[str, Any] | None = None, **others: dict[str, Any]) -> dict[str, Any]:
    """A pod as the API tells it: its DNS server is ready, and beside it stand these."""
    names = {"coredns": {"ready": True}, **others}
    ports = {"coredns": [{"name": "dns", "containerPort": 53}]}
    return {
        "metadata": {"name": "coredns-1"}, "spec": {
            "containers": [{"name": name, "ports": ports.get(name, [])} for name in names],
            "initContainers": [{"name": "init"}] if init else []},
        "status": {"containerStatuses": [{"name": name, **told} for name, told in names.items()],
                   "initContainerStatuses": [{"name": "init", **init}] if init else []}}


@pytest.mark.parametrize(("pod", "name"), [
    (_whole(), ""), (_whole(exporter={"ready": True}), ""), (_whole(exporter={"ready": False}), "exporter"),
    (_whole(init={"ready": False, "state": {"running": {}}}), "init"),
    (_whole(init={"ready": True, "state": {"terminated": {"exitCode": 0}}}), ""),
    (_whole(init={"ready": False, "started": True, "state": {"running": {}}}), ""),  # a sidecar of the new kind
])
def test_what_keeps_a_pod_from_being_ready_beside_its_dns_server_is_known(pod: dict[str, Any], name: str) -> None:
    assert (failing_container(pod) or {}).get("name", "") == name


def test_another_container_that_crashes_is_named_as_the_reason_why_dns_pods_are_not_ready() -> None:
    finding = only(PODS, pods_evidence(crashed(beside="exporter")))
    assert "container exporter: Error (exit code 1)" in finding.summary
    assert "logs coredns-1 -c exporter --previous" in finding.advice


def test_pods_that_no_scheduler_looks_at_speak_against_the_scheduler() -> None:
    waits: dict[str, Any] = {"node": "", "phase": "Pending", "ready": False, "started": ""}
    finding = only(PODS, pods_evidence(pod(**waits)))
    assert (finding.cause, finding.object) == ("api.scheduler", "Scheduler default-scheduler")
    assert only(PODS, pods_evidence(pod(**waits, created=JUST_NOW))).verdict is Verdict.UNKNOWN
    named = only(PODS, pods_evidence(pod(**waits, scheduler="gpu")))
    assert (named.cause, named.object) == ("dns.pods.pending.unschedulable", WORKLOAD)


def test_pods_that_may_not_be_made_are_a_warning_while_others_serve() -> None:
    why = 'failed calling webhook "gate.example": service "gate" not found'
    finding = only(PODS, pods_evidence(pod(), workload={"failure": why}))
    assert (finding.cause, finding.verdict) == ("dns.pods.missing", Verdict.WARN)
    assert "gate.example" in finding.advice
    rollout = pods_evidence(pod(), pod("coredns-2", "n2"), workload={"failure": why, "updated": 0})
    assert causes(PODS, rollout) == ["dns.pods.missing"]
    assert causes(PODS, pods_evidence(pod(), pod("coredns-2", "n2"), workload={"failure": why})) == []
    assert causes(PODS, pods_evidence(pod())) == []
