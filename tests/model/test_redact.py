"""Secrets never stay; what a network is diagnosed by always does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.redact import MASK, redact, redact_json

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJlLWhlcmU"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"token={JWT}", JWT),
        ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
        ("xoxb-1234567890-abcdefghij", "1234567890"),
        ("xapp-1-A0001-abcdefghijkl", "abcdefghijkl"),
        ("redis://:hunter2@redis:6379", "hunter2"),
        ("https://user:hunter2@example.org/x", "hunter2"),
        ("    client-key-data: c2VjcmV0c2VjcmV0", "c2VjcmV0c2VjcmV0"),
        ("    token: abcdef.0123456789abcdef", "0123456789abcdef"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----", "MIIB"),
        ("-----BEGIN PRIVATE KEY-----\nMIIBcut", "MIIBcut"),
    ],
)
def test_a_secret_is_taken_out_of_text(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert MASK in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "dial tcp 10.96.0.1:443: i/o timeout",
        'endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:kube-system:coredns" cannot list',
        ".:53 {\n    forward . /etc/resolv.conf\n}",
        "tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token",
        "https://10.0.0.1:6443/api",
        "nslookup kubernetes.default.svc.cluster.local",
    ],
)
def test_what_a_network_is_diagnosed_by_stays(text: str) -> None:
    assert redact(text) == text


def test_values_under_a_key_that_names_a_secret_go_whole() -> None:
    assert redact_json({"data": {"password": "x", "name": "y", "n": 1}, "l": [{"token": "z"}]}) == {
        "data": {"password": MASK, "name": "y", "n": 1},
        "l": [{"token": MASK}],
    }


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)
