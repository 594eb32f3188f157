"""Lines as CoreDNS and client-go write them, and the healthy ones that must mean nothing."""

import pytest

from bot.diagnosis.loglines import keep_telling, last_words, read_line

SAID = [
    ('[FATAL] plugin/loop: Loop (127.0.0.1:55953 -> :53) detected for zone ".", see https://coredns.io', "loop", {}),
    ("/etc/coredns/Corefile:12 - Error during parsing: Unknown directive 'forwrad'", "unknown-directive",
     {"line": "12", "word": "forwrad"}),
    ("plugin/kubernetes: /etc/coredns/Corefile:4 - Error during parsing: unknown property 'resyncperiod'", "parse",
     {"line": "4", "why": "unknown property 'resyncperiod'"}),
    ("/etc/coredns/Corefile:3 - Syntax error: Unexpected token '.', expecting '}'", "parse", {"at": "3"}),
    ("[ERROR] plugin/reload: Corefile changed but reload failed: starting with listener", "reload-failed", {}),
    ("[INFO] Reloading complete", "reloaded", {}),
    ("Listen: listen tcp :53: bind: permission denied", "bind", {"why": "permission denied"}),
    ('failed to list *v1.EndpointSlice: endpointslices.discovery.k8s.io is forbidden: User '
     '"system:serviceaccount:kube-system:coredns" cannot list resource "endpointslices"', "forbidden",
     {"what": "endpointslices.discovery.k8s.io", "verb": "list"}),
    ('failed to list *v1.Service: Get "https://10.96.0.1:443/api": dial tcp 10.96.0.1:443: i/o timeout', "api-net",
     {"to": "10.96.0.1:443", "why": "i/o timeout"}),
    ('[INFO] plugin/ready: Plugins not ready: "kubernetes"', "api-wait", {}),
    ('[INFO] plugin/ready: Still waiting on: "erratic,kubernetes"', "api-wait", {}),
    ('E1126 04:00:00.000000       1 reflector.go:178] pkg/mod/k8s.io/client-go@v0.18.3/tools/cache/reflector.go:125: '
     'Failed to list *v1.Namespace: Get "https://10.96.0.1:443/api/v1/namespaces": x509: certificate has expired',
     "api-tls", {"why": "certificate has expired"}),
    ("E1126 04:00:00.000000       1 reflector.go:153] Failed to list *v1.Service: Unauthorized", "api-credentials",
     {}),
    ("[ERROR] plugin/errors: 2 kubernetes.io. A: read udp 10.244.0.3:39587->192.0.2.53:53: i/o timeout", "upstream",
     {"to": "192.0.2.53", "why": "i/o timeout", "rcode": "2"}),
    ("[ERROR] plugin/errors: 2 kubernetes.io. A: dial tcp 192.0.2.53:53: connect: connection refused", "upstream",
     {"to": "192.0.2.53", "why": "connect: connection refused"}),
    ("[ERROR] plugin/errors: 2 kubernetes.io. A: dial tcp 192.0.2.53:53: connect: no route to host", "upstream",
     {"to": "192.0.2.53"}),
    ("[ERROR] plugin/errors: 5 a.b. A: concurrent queries exceeded maximum 1000", "overload", {}),
]


@pytest.mark.parametrize(("line", "meaning", "facts"), SAID, ids=[f"{m}-{i}" for i, (_, m, _) in enumerate(SAID)])
def test_the_line_is_understood(line: str, meaning: str, facts: dict[str, str]) -> None:
    match = read_line(line)
    assert match
    assert match.meaning == meaning
    assert facts.items() <= match.facts.items()


@pytest.mark.parametrize("line", [
    ".:53", "CoreDNS-1.14.7", "[INFO] plugin/reload: Running configuration SHA512 = 591cf3", "linux/amd64, go1.26.8, ",
    "[ERROR] plugin/errors: 2 a.example. A: tls: failed to verify certificate: x509: certificate has expired",
    '[INFO] 10.244.0.5:41000 - 51 "AAAA IN error.example.org. udp 40 false 1232" NXDOMAIN qr,rd,ra 115 0.01s',
    '[INFO] 127.0.0.1:5 - 9 "HINFO IN 4547. udp 57 false 512" NXDOMAIN qr,rd,ra 132 0.02s',
])
def test_a_healthy_line_means_nothing(line: str) -> None:
    assert read_line(line) is None


def test_of_a_long_log_the_last_telling_lines_are_kept_and_all_are_counted() -> None:
    line = "[ERROR] plugin/errors: 2 a{n}. A: read udp 10.0.0.1:1->192.0.2.53:53: i/o timeout"
    log = "\n".join([line.format(n=n) for n in range(50)] + ["[INFO] Reloading complete"])
    lines, telling = keep_telling(log)
    assert telling == 51
    assert lines[-1] == "[INFO] Reloading complete"
    assert [text.split()[3] for text in lines[:3]] == ["a47.", "a48.", "a49."]


@pytest.mark.parametrize(("log", "said"), [
    ("maxprocs: x\ncannot serve dns://.:53 - it is already defined\n",
     "cannot serve dns://.:53 - it is already defined"),
    ("flag provided but not defined: -nix\nUsage of /coredns:\n  -conf string\n    \tCorefile to load",
     "flag provided but not defined: -nix"),
    ("[INFO] SIGTERM: Shutting down servers then terminating\n", ""),
    (".:53\nCoreDNS-1.14.7\nlinux/amd64, go1.26, abc\n", ""),
    (".:53 on 127.0.0.1\n", ""),
    ("panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n", "panic: boom"),
])
def test_the_reason_of_a_server_that_ended_at_its_start_is_its_last_plain_line(log: str, said: str) -> None:
    assert last_words(log) == said
