"""The command line as a shell sees it: what a slip says, and with which exit status."""

import subprocess
import sys
from pathlib import Path

import pytest


def netcheck(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "netcheck"
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(("arguments", "said"), [
    (["nonsense"], "nonsense"),
    (["run"], "playbook"),
    (["run", "dns", "--output", "xml"], "'text', 'json', 'markdown'"),
    (["run", "dns", "--nix"], "--nix"),
    (["transcript", "dns-1", "--format", "text"], "'markdown', 'json'"),
], ids=["no verb", "no playbook", "no form", "no option", "no form of a transcript"])
def test_a_slip_is_said_in_one_line_and_ends_with_status_3(arguments: list[str], said: str) -> None:
    done = netcheck(*arguments)
    assert done.returncode == 3
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(("what", "said"), [
    ("dns.service.selector", "**Mend:**"), ("dns", "get endpointslices -l kubernetes.io/service-name=kube-dns"),
], ids=["a cause", "a playbook"])
def test_causes_and_playbooks_are_explained(what: str, said: str) -> None:
    assert said in netcheck("explain", what).stdout
    assert f"Did you mean {what}" in netcheck("explain", f"{what}s").stderr


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=["alone", "--help"])
def test_alone_it_shows_its_verbs(arguments: list[str]) -> None:
    done = netcheck(*arguments)
    assert done.returncode == 0
    assert "Run a playbook against a cluster" in done.stdout
