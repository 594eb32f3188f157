"""Generic looks over the wire, and outcomes on evidence alone."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.cluster.client import KubernetesCluster
from bot.model.errors import NotFound, TooLarge
from bot.model.finding import Finding, Layer, Verdict
from bot.steps.generic import (
    GetArgs,
    ListArgs,
    LogsArgs,
    gather_items,
    gather_log,
    gather_object,
    judge_items,
    judge_log,
    judge_object,
    trim,
)
from tests.playground.cluster_box.town import NAMESPACE, PODS, make_object, make_town
from tests.steps.boxed import open_box

READY = [
    {"fail": {
        "when": "items | length == 0", "message": "No Deployment with app=web.", "advice": "Deploy {{ args.labels }}.",
    }},
    {"warn": {
        "when": "items[0].status.readyReplicas | default(0) < items[0].spec.replicas",
        "message": "{{ items[0].status.readyReplicas | default(0) }} of {{ items[0].spec.replicas }} replicas ready.",
    }},
    {"pass": {"message": "All replicas are ready."}},
]  # fmt: skip


def judged(items: list[Any], outcomes: list[Any]) -> Finding:
    given = {"kind": "Deployment", "namespace": "shop", "labels": "app=web", "outcomes": outcomes}
    args = ListArgs.model_validate(given)
    (finding,) = judge_items({"items": items, "read_at": 0}, args).findings
    return finding


def deployment(wanted: int, **status: int) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "spec": {"replicas": wanted}, "status": status}


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[KubernetesCluster]:
    async with open_box(make_town(), tmp_path) as cluster:
        yield cluster


def test_the_first_outcome_that_holds_gives_verdict_words_and_advice() -> None:
    none = judged([], READY)
    assert (none.verdict, none.summary, none.advice) == (
        Verdict.FAIL, "No Deployment with app=web.", "Deploy app=web.",
    )
    some = judged([deployment(3, readyReplicas=1)], READY)
    assert (some.verdict, some.summary) == (Verdict.WARN, "1 of 3 replicas ready.")
    assert judged([deployment(2)], READY).summary == "0 of 2 replicas ready."
    assert judged([deployment(2, readyReplicas=2)], READY).verdict is Verdict.PASS


def test_a_finding_shows_what_was_read_and_which_condition_held() -> None:
    finding = judged([], READY)
    assert finding.object == "Deployment objects in shop with app=web"
    assert finding.evidence == (
        "holds: items | length == 0", "0 Deployment objects in shop with app=web", "read 1970-01-01 00:00:00Z",
    )


def test_a_condition_that_cannot_be_told_is_neither_a_pass_nor_a_fault() -> None:
    broken = [{"fail": {"when": "items[0].spec.gone > 1", "message": "x"}}, {"pass": {"message": "fine"}}]
    finding = judged([deployment(1)], broken)
    assert finding.verdict is Verdict.UNKNOWN
    assert "outcome 1 (fail) cannot be told" in finding.summary
    assert "has no field `gone`" in finding.summary or "`gone` is not there" in finding.summary


def test_when_no_outcome_fits_it_could_not_be_told_and_without_any_nothing_was_judged() -> None:
    assert judged([], [{"pass": {"when": "items", "message": "x"}}]).verdict is Verdict.UNKNOWN
    assert judged([], []).verdict is Verdict.INFO


def test_an_outcome_may_name_its_cause_and_layer() -> None:
    clause = {"message": "x", "cause": "shop.web.missing", "layer": "service"}
    finding = judged([], [{"fail": clause}])
    assert (finding.cause, finding.layer) == ("shop.web.missing", Layer.SERVICE)


def test_only_a_cause_of_our_own_table_has_a_page() -> None:
    ours, made_up = [{"fail": {"message": "x", "cause": code}} for code in ("dns.service.selector", "shop.web.missing")]
    assert judged([], [ours]).doc == "docs/causes.md#dns.service.selector"
    assert judged([], [made_up]).doc == ""


def test_what_the_cluster_says_is_never_a_template() -> None:
    evil = {"metadata": {"name": "{{ args }}{{ 7*7 }}"}, "spec": {}, "status": {}}
    assert judged([evil], [{"fail": {"message": "{{ items[0].metadata.name }}"}}]).summary == "{{ args }}{{ 7*7 }}"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ({"fail": {"message": "{{ itms }}"}}, "there is no `itms` here"),
        ({"fail": {"when": "steps.a.status", "message": "x"}}, "there is no `steps` here"),
        ({"fail": {"when": "items | centre", "message": "x"}}, "no filter `centre`"),
        ({"fail": {"when": "items"}}, "Field required"),
        ({"fail": {"message": "a"}, "pass": {"message": "b"}}, "an outcome has one verdict"),
        ({}, "an outcome has one verdict"),
        ({"broken": {"message": "a"}}, "Extra inputs"),
    ],
)
def test_outcomes_that_make_no_sense_are_refused_when_the_file_is_read(outcome: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ListArgs.model_validate({"kind": "Pod", "outcomes": [outcome]})


@pytest.mark.parametrize("kind", ["Secret", "Secrets", "SecretList", "Deploymnt", "pods", ""])
def test_secrets_and_kinds_that_nobody_knows_cannot_be_read(kind: str) -> None:
    for args in (GetArgs, ListArgs):
        with pytest.raises(ValidationError):
            args.model_validate({"kind": kind, "name": "x"} if args is GetArgs else {"kind": kind})
    with pytest.raises(ValidationError, match="never reads Secrets"):
        GetArgs(kind="Secret", api="v1", name="x")


async def test_an_object_is_read_without_noise_and_without_values_of_its_environment(town: KubernetesCluster) -> None:
    args = GetArgs(kind="Service", name="kube-dns", namespace=NAMESPACE)
    evidence = await gather_object(town, args)
    assert evidence["object"]["spec"]["clusterIP"] == "10.2.0.10"
    assert judge_object(evidence, args).outputs["found"] is True
    container = {"name": "a", "env": [{"name": "DB", "value": "hunter2"}, {"name": "X", "valueFrom": {"y": "z"}}]}
    noise = {"managedFields": [1], "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}}
    pod = make_object("v1", "Pod", "p", metadata=noise, spec={"containers": [container]})
    for kept in (trim(pod), trim(pod, ("spec.containers",)), trim(pod, ("spec",))):
        assert "hunter2" not in str(kept)
        assert "managedFields" not in str(kept)
        assert "valueFrom" in str(kept)


async def test_an_absent_object_is_none_and_an_absent_kind_is_not_taken_for_it(town: KubernetesCluster) -> None:
    gone = GetArgs.model_validate({
        "kind": "ConfigMap", "name": "kubelet-config", "namespace": NAMESPACE,
        "outcomes": [{"fail": {"when": "object is none", "message": "It is gone."}}],
    })  # fmt: skip
    assert judge_object(await gather_object(town, gone), gone).findings[0].summary == "It is gone."
    with pytest.raises(NotFound):
        await gather_object(town, GetArgs(kind="Thing", api="example.com/v1", name="x"))


async def test_a_list_keeps_the_fields_that_matter(town: KubernetesCluster) -> None:
    args = ListArgs(kind="Pod", namespace=NAMESPACE, labels="k8s-app=kube-dns", keep=("status.podIP", "spec.nodeName"))
    evidence = await gather_items(town, args)
    assert evidence["items"][0] == {
        "metadata": {"name": PODS[0], "namespace": NAMESPACE},
        "status": {"podIP": "10.1.1.2"},
        "spec": {"nodeName": "node-1"},
    }
    assert judge_items(evidence, args).outputs["count"] == 2


async def test_rather_than_a_part_a_look_gives_an_error_that_says_how_to_narrow_it(tmp_path: Path) -> None:
    large = make_town(corefile="x" * 200_000)
    async with open_box(large, tmp_path) as cluster:
        with pytest.raises(TooLarge, match="name the fields that matter under `keep`"):
            await gather_object(cluster, GetArgs(kind="ConfigMap", name="coredns", namespace=NAMESPACE))


async def test_a_log_is_text_and_lines(town: KubernetesCluster) -> None:
    args = LogsArgs.model_validate({
        "pod": f"{NAMESPACE}/{PODS[0]}", "tail": 500,
        "outcomes": [{"fail": {"when": "lines | select('contains', 'two') | list", "message": "{{ lines | length }}"}}],
    })  # fmt: skip
    judgement = judge_log(await gather_log(town, args), args)
    assert (judgement.findings[0].verdict, judgement.findings[0].summary) == (Verdict.FAIL, "3")
    with pytest.raises(ValidationError, match="namespace/name is expected"):
        LogsArgs(pod="web-0")
