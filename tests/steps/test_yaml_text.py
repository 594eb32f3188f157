"""What a ConfigMap holds is read, or told as what it is; nothing that may stand there ends a run."""

import pytest

from bot.steps.nodes.kubelet_config import parse_kubelet_config
from bot.steps.yaml_text import parse_yaml


@pytest.mark.parametrize(("text", "mistake"), [
    ("a: 1", ""), ("", "no fields"), ("- a", "no fields"), ("a: [", "expected"), ("a: 2001-99-01", "month"),
    ("[" * 5000, "nested too deeply"), ('a: !!int ""', "index"), ("a: !!bool foo", "foo"),
    ("a: !!timestamp foo", "attribute"), ("a: \x07", "special characters"),
])
def test_a_text_is_a_mapping_or_there_is_a_reason_why_not(text: str, mistake: str) -> None:
    read, told = parse_yaml(text)
    assert (mistake in told, bool(told)) == (True, not read)


def test_settings_of_kubelets_that_cannot_be_read_are_noted_with_their_place() -> None:
    assert parse_kubelet_config("clusterDNS: [10.0.0.10]").dns == ("10.0.0.10",)
    (missed,) = parse_kubelet_config("clusterDNS: 2001-99-01").skipped
    assert "ConfigMap kube-system/kubelet-config, key kubelet" in missed
