"""What the dns playbook answers on a real cluster beside the table of faults: its cost, a server that is not there, and
names that a person asks about."""

from pathlib import Path

import pytest
import yaml

from tests.cluster.answers import ask
from tests.cluster.faults.conditions import HEALTHY
from tests.cluster.rig import Cluster

pytestmark = pytest.mark.cluster


def test_an_api_server_that_cannot_be_reached_is_one_finding(cluster: Cluster, tmp_path: Path) -> None:
    config = yaml.safe_load(cluster.kubectl("config", "view", "--raw", "--minify", "--flatten"))
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    report = ask(cluster, kubeconfig=path)
    assert report["answer"] == "broken"
    assert [finding["cause"] for finding in report["root_causes"]] == ["api.unreachable"]
    told = [finding["cause"] for finding in report["findings"] if finding["verdict"] in ("FAIL", "WARN", "UNKNOWN")]
    assert told == ["api.unreachable"]


def test_the_answer_costs_no_more_than_forty_requests_and_200_kb(cluster: Cluster) -> None:
    HEALTHY.until(cluster)
    report = ask(cluster)
    assert report["requests"] <= 40
    assert report["bytes"] <= 200_000


@pytest.mark.parametrize(("name", "cause"), [
    ("kubernetes.default", ""), ("kubernetes.default.svc.cluster.local", ""), ("no-such.default", "dns.name.not-found"),
])
def test_a_name_that_a_person_asks_about_is_looked_up_as_a_pod_would(cluster: Cluster, name: str, cause: str) -> None:
    HEALTHY.until(cluster)
    report = ask(cluster, f"name={name}")
    assert [finding["cause"] for finding in report["root_causes"]] == ([cause] if cause else [])
