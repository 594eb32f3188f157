"""Secrets never stay; what a network is diagnosed by always does."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model.redact import _MARKS, _PATTERNS, MASK, mask_environment, redact, redact_json

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
        ("--password=hunter2 --v=2", "hunter2"),
        ("--token=hunter2", "hunter2"),
        ("--db-password hunter2", "hunter2"),
        ("E1123 login failed user=app password=hunter2 host=10.0.0.7", "hunter2"),
        ("connecting with DB_PASSWORD = 'hunter 2'", "hunter 2"),
        ("DB_PASSWORD: hunter2", "hunter2"),
        ("dbPassword=hunter2", "hunter2"),
        ("PGPASSWORD=hunter2 psql", "hunter2"),
        ('got {"user":"x","password":"hunter2","n":1}', "hunter2"),
        (r'msg="{\"token\":\"hunter2\"}"', "hunter2"),
        ("map[password:hunter2 user:x]", "hunter2"),
        ("key AKIAIOSFODNN7EXAMPLE was used", "AKIAIOSFODNN7EXAMPLE"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI"),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI"),
        ("Authorization: Token hunter2", "hunter2"),
        ("https://example.org/?a=1&access_token=hunter2", "hunter2"),
        (".:53 {\n    tsig {\n        secret key.example. aHVudGVyMg==\n    }\n}", "aHVudGVyMg=="),
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
        "open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory",
        "service account token: no such file",
        "cannot read the token: open /var/run/secrets/kubernetes.io/serviceaccount/token: permission denied",
        "token=/var/run/secrets/kubernetes.io/serviceaccount/token",
        "the flag --token is required",
        "--token-auth-file=/etc/kubernetes/tokens.csv --tls-private-key-file=/etc/kubernetes/pki/apiserver.key",
        "automountServiceAccountToken: false",
        "  - serviceAccountToken:\n      expirationSeconds: 3607\n      path: token",
        "  secret:\n    secretName: coredns-tls",
        'secrets "regcred" is forbidden: User "system:serviceaccount:shop:web" cannot get resource "secrets"',
        'MountVolume.SetUp failed for volume "token" : secret "web-token" not found',
        "system:serviceaccount:kube-system:token-cleaner",
        ".:53 {\n    errors\n    tls /etc/tls/tls.crt /etc/tls/tls.key\n    cache 30\n}",
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


def test_a_key_names_a_secret_by_its_last_word() -> None:
    kept = {"token-ttl": "5m", "secretName": "web-tls", "Corefile": ".:53 {\n    errors\n}", "tokenFile": "/a/token"}
    secret = {"DB_PASSWORD": "x", "slack_token": "x", "aws-secret-access-key": "x", "apiToken": "x", "PGPASSWORD": "x"}
    assert redact_json({**kept, **secret}) == {**kept, **dict.fromkeys(secret, MASK)}


def test_a_password_in_the_arguments_of_a_container_is_taken_out() -> None:
    args = ["--user=web", "--password=hunter2", "--token", "hunter2", "--token", "--v=2"]
    assert redact_json({"args": args}) == {
        "args": ["--user=web", f"--password={MASK}", "--token", MASK, "--token", "--v=2"]
    }


def test_values_of_environment_variables_are_masked_where_they_stand_in_the_object() -> None:
    container = {"name": "web", "env": [{"name": "A", "value": "hunter2"}, {"name": "B", "valueFrom": {"x": "y"}}]}
    masked = {"name": "web", "env": [{"name": "A", "value": MASK}, {"name": "B", "valueFrom": {"x": "y"}}]}
    assert mask_environment({"spec": {"containers": [container]}}) == {"spec": {"containers": [masked]}}


def test_a_range_of_addresses_in_the_environment_is_no_secret() -> None:
    env = [{"name": "IPALLOC_RANGE", "value": "10.32.0.0/12"}, {"name": "B", "value": "10.32.0.0/12 hunter2"}]
    assert mask_environment({"env": env}) == {"env": [env[0], {"name": "B", "value": MASK}]}


PIECES = (
    *("password", "--token", "DB_", "secret", "api-key", "Authorization", "Token", "bearer", "=", ":", " ", '"', "'"),
    *("\\", "x1", "/var/run/", "//", "@", "]", MASK, "\n", "- ", ",", "&", "aws_access_key", "is", "abcdefgh12"),
)


@settings(max_examples=600)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_redacting_what_is_full_of_secrets_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.sampled_from([pattern for pattern, _ in _PATTERNS]).flatmap(st.from_regex))
def test_nothing_that_a_pattern_would_find_is_passed_over_for_want_of_a_mark(text: str) -> None:
    assert any(mark in text.casefold() for mark in _MARKS)
