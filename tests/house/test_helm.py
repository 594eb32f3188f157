"""The chart promises little rights, a locked-down pod and readable refusals; rendered by Helm's own library."""

import tomllib
from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml

from bot import settings
from tests.house.chart import CHART, load_chart, of_kind, render

FULL: dict[str, Any] = {
    "replicas": 3,
    "image": {"repository": "registry.example/netcheck", "digest": "sha256:" + "a" * 64},
    "imagePullSecrets": [{"name": "registry"}],
    "settings": {"targets": {"prod": {"context": "prod"}}},
    "playbooks": {"shop.yaml": "name: shop\n"},
    "slack": {"existingSecret": "netcheck-slack"},
    "redis": {"existingSecret": "netcheck-redis"},
    "kubeconfigs": {"existingSecret": "netcheck-clusters", "keys": ["prod", "staging"]},
    "rbac": {"configMaps": {"kube-flannel": ["kube-flannel-cfg"]}, "logs": {"namespaces": ["kube-system", "shop"]},
             "probes": {"namespaces": ["probes"]}},
    "changes": {"enabled": True, "namespaces": ["kube-system", "shop"]},
    "podLabels": {"team": "platform"},
    "podAnnotations": {"example.com/note": "yes"},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"operator": "Exists"}],
    "priorityClassName": "system-cluster-critical",
    "dnsPolicy": "Default",
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}],
}
EVERY = pytest.mark.parametrize("values", [{}, FULL], ids=["defaults", "everything"])
WRITING = {"create", "update", "patch", "delete", "deletecollection", "*"}


def read_rules(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [rule for item in objects if item["kind"] in ("ClusterRole", "Role") for rule in item["rules"]]


def pod_of(values: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = of_kind(render(values), "Deployment")[0]["spec"]["template"]["spec"]
    return pod


@EVERY
def test_helm_lint_has_nothing_to_say(values: dict[str, Any]) -> None:
    report = helm.lint(CHART, values, strict=True, namespace="netcheck")
    remarks = [message for message in report["messages"] if "icon is recommended" not in message["error"]]
    assert (report["errors"], remarks) == ([], [])


@EVERY
def test_every_object_names_its_release_and_none_stands_twice(values: dict[str, Any]) -> None:
    keys = [(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in render(values)]
    assert len(keys) == len(set(keys))
    assert all(o["metadata"]["labels"]["app.kubernetes.io/instance"] == "netcheck" for o in render(values))


@EVERY
def test_the_pod_fits_the_restricted_pod_security_level(values: dict[str, Any]) -> None:
    pod = pod_of(values)
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert {volume["name"] for volume in pod["volumes"] if "emptyDir" in volume} == {"data", "tmp"}


@EVERY
def test_no_service_of_the_namespace_gets_into_the_environment_as_a_setting(values: dict[str, Any]) -> None:
    assert pod_of(values)["enableServiceLinks"] is False


@EVERY
def test_every_setting_that_the_pod_is_given_is_one_that_netcheck_knows(values: dict[str, Any]) -> None:
    given = {entry["name"]: entry.get("value", "x") for entry in pod_of(values)["containers"][0]["env"]}
    settings.load(environment={name: value for name, value in given.items() if name != "NETCHECK_SETTINGS"})


@EVERY
def test_the_probes_ask_the_pages_that_serve_answers(values: dict[str, Any]) -> None:
    container = pod_of(values)["containers"][0]
    assert container["args"] == ["serve"]
    assert container["ports"] == [{"name": "http", "containerPort": 8080}]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}


@EVERY
def test_no_role_reads_secrets_or_reaches_through_nodes_or_speaks_for_others(values: dict[str, Any]) -> None:
    for rule in read_rules(render(values)):
        assert "*" not in [*rule.get("apiGroups", []), *rule.get("resources", []), *rule["verbs"]]
        assert not {"secrets", "nodes/proxy", "pods/exec", "services/proxy"} & set(rule.get("resources", []))
        assert not {"impersonate", "escalate", "bind"} & set(rule["verbs"])


def test_by_default_nothing_can_be_altered() -> None:
    writing = [rule for rule in read_rules(render()) if WRITING & set(rule["verbs"])]
    assert {resource for rule in writing for resource in rule["resources"]} == {
        "subjectaccessreviews", "pods/portforward"}


def test_pods_are_asked_over_the_pod_network_in_the_named_namespaces_only_and_by_get() -> None:
    objects = render({"rbac": {"portForward": {"namespaces": ["openshift-dns"]}}})
    granting = [item for item in objects if item["kind"] in ("ClusterRole", "Role")
                and any("pods/proxy" in rule.get("resources", []) for rule in item["rules"])]
    assert [(item["kind"], item["metadata"]["namespace"]) for item in granting] == [("Role", "openshift-dns")]
    assert all(rule["verbs"] == ["get"] for rule in granting[0]["rules"] if "pods/proxy" in rule["resources"])


def test_probe_pods_are_made_in_the_named_namespace_only() -> None:
    making = [item for item in render(FULL) if item["kind"] in ("ClusterRole", "Role")
              for rule in item["rules"] if "pods" in rule.get("resources", []) and WRITING & set(rule["verbs"])]
    assert [(item["kind"], item["metadata"]["namespace"]) for item in making] == [("Role", "probes")]


def test_config_maps_are_read_by_name_only() -> None:
    rules = [rule for rule in read_rules(render(FULL)) if "configmaps" in rule.get("resources", [])]
    assert rules
    assert all(rule["resourceNames"] and "list" not in rule["verbs"] for rule in rules)


def test_changes_switched_on_allow_patching_in_the_named_namespaces_and_no_other_verb() -> None:
    roles = [role for role in of_kind(render(FULL), "Role") if role["metadata"]["name"].endswith("-changes")]
    assert {role["metadata"]["namespace"] for role in roles} == {"kube-system", "shop"}
    assert {verb for role in roles for rule in role["rules"] for verb in rule["verbs"]} == {"patch"}


def test_tokens_and_kubeconfigs_come_from_secrets_and_are_mounted_read_only() -> None:
    pod = pod_of(FULL)
    container = pod["containers"][0]
    environment = {entry["name"]: entry for entry in container["env"]}
    for name, secret in [("SLACK_BOT_TOKEN", "netcheck-slack"), ("REDIS_URL", "netcheck-redis")]:
        assert environment[name]["valueFrom"]["secretKeyRef"]["name"] == secret
    assert environment["KUBECONFIG"]["value"] == "/etc/netcheck/kubeconfigs/prod:/etc/netcheck/kubeconfigs/staging"
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    assert mounts["kubeconfigs"]["readOnly"] is True


def test_the_pod_asks_its_nodes_resolvers_where_that_is_wanted() -> None:
    assert "dnsPolicy" not in pod_of({})
    assert pod_of({"dnsPolicy": "Default"})["dnsPolicy"] == "Default"


def test_settings_and_playbooks_arrive_as_they_were_written() -> None:
    data = {item["metadata"]["name"]: item["data"] for item in of_kind(render(FULL), "ConfigMap")}
    assert yaml.safe_load(data["netcheck-settings"]["settings.yaml"]) == FULL["settings"]
    assert data["netcheck-playbooks"] == FULL["playbooks"]


def test_changed_settings_restart_the_pods() -> None:
    rendered = (render({}), render({"settings": {"a": 1}}))
    templates = [of_kind(objects, "Deployment")[0]["spec"]["template"] for objects in rendered]
    checksums = [template["metadata"]["annotations"]["checksum/settings"] for template in templates]
    assert checksums[0] != checksums[1]


def test_a_disruption_budget_exists_where_there_is_more_than_one_replica() -> None:
    assert of_kind(render(), "PodDisruptionBudget") == []
    assert len(of_kind(render(FULL), "PodDisruptionBudget")) == 1


@pytest.mark.parametrize(("values", "said"), [
    ({"replicas": 2}, "give redis.url or redis.existingSecret"),
    ({"kubeconfigs": {"existingSecret": "clusters"}}, "name the keys of the Secret"),
    ({"replica": 2}, "replica"),
    ({"redis": {"url": "localhost:6379"}}, "url"),
    ({"playbooks": {"shop": "name: shop"}}, "playbooks"),
], ids=["replicas without redis", "no keys", "unknown name", "no scheme", "no file name"])
def test_wrong_values_are_refused_with_what_to_do(values: dict[str, Any], said: str) -> None:
    with pytest.raises(helm.HelmError, match=said):
        render(values)


def test_the_chart_carries_the_version_of_the_product(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert load_chart().metadata["appVersion"] == project["version"]
