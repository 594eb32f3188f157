"""Logging in by real exec plugins (small shell scripts), token files and the pod's own account."""

import asyncio
import json as text
import os
import select
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.cluster.auth import IN_CLUSTER, connect
from bot.cluster.client import KubernetesCluster
from bot.cluster.credentials import Credentials, Login
from bot.cluster.plugin import run_plugin
from bot.model.errors import SettingsError, Unauthorized, UsageError
from tests.cluster_client.certificates import Authority
from tests.cluster_client.conftest import Open
from tests.cluster_client.server import Script, json

VERSION = {"gitVersion": "v1.34.4"}
API = "client.authentication.k8s.io/v1"


def write_plugin(folder: Path, *lines: str) -> dict[str, Any]:
    """The user of a kubeconfig that runs a script of these lines. It counts its runs in the file `runs`."""
    script = folder / "plugin.sh"
    script.write_text("\n".join(["#!/bin/sh", f'echo run >> "{folder}/runs"', *lines, ""]))
    script.chmod(0o755)
    return {"exec": {"apiVersion": API, "command": "./plugin.sh", "interactiveMode": "Never"}}


def print_token(token: str, expires_in: float | None = None) -> str:
    status: dict[str, Any] = {"token": token}
    if expires_in is not None:
        end = datetime.fromtimestamp(time.time() + expires_in, UTC)
        status["expirationTimestamp"] = end.isoformat().replace("+00:00", "Z")
    return f"echo '{text.dumps({'apiVersion': API, 'kind': 'ExecCredential', 'status': status})}'"


def count_runs(folder: Path) -> int:
    return len((folder / "runs").read_text().splitlines())


def accept_only(script: Script, tokens: set[str]) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        known = request.headers.get("Authorization", "").removeprefix("Bearer ") in tokens
        return json(VERSION)() if known else json({"kind": "Status", "message": "Unauthorized"}, 401)()

    script.answer = answer


async def test_a_plugin_gives_the_token_once_for_many_requests(
    script: Script, open_cluster: Open, tmp_path: Path
) -> None:
    accept_only(script, {"good"})
    cluster = await open_cluster(user=write_plugin(tmp_path, print_token("good", 3600)))
    await asyncio.gather(*(cluster.version() for _ in range(8)))
    assert count_runs(tmp_path) == 1


async def test_a_refused_token_is_renewed_once_for_all_who_were_refused(
    script: Script, open_cluster: Open, tmp_path: Path
) -> None:
    accept_only(script, {"second"})
    once = f'[ $(wc -l < "{tmp_path}/runs") = 1 ] && {print_token("first")} && exit'
    cluster = await open_cluster(user=write_plugin(tmp_path, once, print_token("second")))
    answers = await asyncio.gather(*(cluster.version() for _ in range(8)))
    assert answers == [VERSION] * 8
    assert count_runs(tmp_path) == 2


async def test_a_token_that_stays_refused_is_an_error_and_no_endless_loop(
    script: Script, open_cluster: Open, tmp_path: Path
) -> None:
    accept_only(script, set())
    cluster = await open_cluster(user=write_plugin(tmp_path, print_token("bad")))
    with pytest.raises(Unauthorized, match="does not accept the credentials"):
        await cluster.version()
    assert (count_runs(tmp_path), len(script.seen)) == (2, 1)


async def test_a_token_about_to_expire_is_renewed_before_it_does(
    script: Script, open_cluster: Open, tmp_path: Path
) -> None:
    accept_only(script, {"good"})
    cluster = await open_cluster(user=write_plugin(tmp_path, print_token("good", 0)))
    await cluster.version()
    await cluster.version()
    assert count_runs(tmp_path) == 2
    assert [request.headers["Authorization"] for request in script.seen] == ["Bearer good"] * 2


@pytest.mark.parametrize(("lines", "found"), [
    (["echo 'session expired, log in again' >&2", "exit 3"], "failed with status 3: session expired, log in again"),
    (["echo '{}'"], "gave no ExecCredential"),
    (["echo nonsense"], "gave no ExecCredential"),
    ([f"""echo '{{"apiVersion": "{API}", "kind": "ExecCredential", "status": {{}}}}'"""], "gave no token"),
    (["""echo '{"apiVersion": "v0", "kind": "ExecCredential", "status": {"token": "t"}}'"""], f"speaks v0.*{API}"),
])
async def test_a_plugin_that_gives_no_token_is_an_error_and_nothing_is_asked_without_one(
    script: Script, open_cluster: Open, tmp_path: Path, lines: list[str], found: str
) -> None:
    cluster = await open_cluster(user=write_plugin(tmp_path, *lines))
    with pytest.raises(Unauthorized, match=f"plugin.sh` .*{found}"):
        await cluster.version()
    assert script.seen == []


async def test_a_plugin_that_is_not_installed_says_how_to_get_it(open_cluster: Open) -> None:
    spec = {"apiVersion": API, "command": "no-such-plugin", "installHint": "See the manual of your cloud."}
    with pytest.raises(Unauthorized, match=r"no-such-plugin.*cannot be started.*See the manual of your cloud"):
        await (await open_cluster(user={"exec": spec})).version()


async def test_a_plugin_that_hangs_is_ended_after_its_time_with_the_programs_it_started(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "child")
    child = os.open(tmp_path / "child", os.O_RDONLY | os.O_NONBLOCK)
    lines = [f'echo $$ > "{tmp_path}/pid"', f'(echo begun; exec sleep 600) > "{tmp_path}/child" &', "wait"]
    spec = write_plugin(tmp_path, *lines)["exec"]
    with pytest.raises(Unauthorized, match="gave nothing in 2 s"):
        await asyncio.wait_for(run_plugin(spec, {}, tmp_path, limit=2), 60)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert os.read(child, 100) == b"begun\n"
    select.select([child], [], [], 10)
    assert os.read(child, 100) == b"", "the child still holds its end"
    os.close(child)


async def test_a_plugin_whose_child_left_its_session_does_not_keep_netcheck_waiting(tmp_path: Path) -> None:
    lines = [f"""setsid sh -c 'echo $$ > "{tmp_path}/child"; exec sleep 600' &""", "wait"]
    spec = write_plugin(tmp_path, *lines)["exec"]
    with pytest.raises(Unauthorized, match="gave nothing in 2 s"):
        await asyncio.wait_for(run_plugin(spec, {}, tmp_path, limit=2), 60)
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)


async def test_a_plugin_may_write_more_to_stderr_than_a_pipe_holds(tmp_path: Path) -> None:
    spec = write_plugin(tmp_path, "head -c 300000 /dev/zero | tr '\\0' x >&2", print_token("good"))["exec"]
    assert (await run_plugin(spec, {}, tmp_path)).token == "good"


async def test_a_plugin_is_told_of_the_cluster_and_gets_its_own_environment(tmp_path: Path) -> None:
    spec = write_plugin(tmp_path, f'echo "$KUBERNETES_EXEC_INFO" > "{tmp_path}/info"', print_token("$STAGE"))["exec"]
    spec |= {"provideClusterInfo": True, "env": [{"name": "STAGE", "value": "prod"}]}
    await run_plugin(spec, {"server": "https://10.0.0.1:6443"}, tmp_path)
    told = text.loads((tmp_path / "info").read_text())
    assert told["apiVersion"] == API
    assert told["spec"] == {"interactive": False, "cluster": {"server": "https://10.0.0.1:6443"}}


async def test_a_token_file_is_read_again_when_its_token_is_refused(
    script: Script, open_cluster: Open, tmp_path: Path
) -> None:
    accept_only(script, {"new"})
    (tmp_path / "token").write_text("old\n")
    cluster = await open_cluster(user={"tokenFile": "token", "token": "ignored"})
    with pytest.raises(Unauthorized):
        await cluster.version()
    (tmp_path / "token").write_text("new\n")
    assert await cluster.version() == VERSION


@pytest.mark.parametrize("user", [
    {"client-certificate-data": "no base64!", "client-key-data": "x"},
    {"client-certificate-data": "bm8gY2VydGlmaWNhdGU=", "client-key-data": "bm8ga2V5"},
    {"auth-provider": {"name": "oidc", "config": {"id-token": "not.a-token"}}},
    {"tokenFile": "gone"},
])
async def test_credentials_that_cannot_be_loaded_are_an_error_that_names_context_and_file(
    script: Script, open_cluster: Open, tmp_path: Path, user: dict[str, Any]
) -> None:
    with pytest.raises(Unauthorized, match=f"context 'test' cannot be loaded from {tmp_path}/config"):
        await (await open_cluster(user=user)).version()
    assert script.seen == []


async def test_a_user_without_any_credentials_is_refused_before_anything_is_asked(
    script: Script, open_cluster: Open
) -> None:
    with pytest.raises(Unauthorized, match="has no token, no client certificate and no exec plugin"):
        await (await open_cluster(user={"comment": "nothing"})).version()
    assert script.seen == []


async def test_a_pod_uses_its_own_account_and_takes_up_a_token_that_was_replaced(
    script: Script, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept_only(script, {"pod-1"})
    (tmp_path / "ca.crt").write_bytes(authority.certificate.read_bytes())
    (tmp_path / "token").write_text("pod-1")
    _pretend_to_be_a_pod(monkeypatch, tmp_path, script.port)
    cluster = KubernetesCluster(await connect(None, None, account=tmp_path))
    try:
        assert (cluster.name, cluster.server) == (IN_CLUSTER, script.url)
        assert await cluster.version() == VERSION
        accept_only(script, {"pod-2"})
        (tmp_path / "token").write_text("pod-2")
        assert await cluster.version() == VERSION
    finally:
        await cluster.close()


async def test_a_pod_has_no_contexts_to_choose_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend_to_be_a_pod(monkeypatch, tmp_path, 6443)
    with pytest.raises(UsageError, match="no context 'prod'"):
        await connect(None, "prod")


async def test_without_kubeconfig_and_pod_there_is_no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend_to_be_a_pod(monkeypatch, tmp_path, 6443)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    with pytest.raises(SettingsError, match="no cluster to talk to"):
        await connect(None, None)


async def test_a_renewal_that_fails_does_no_harm_while_the_token_still_holds() -> None:
    logins: list[Login | Exception] = [Login(authorization="a", expires=time.time() + 30), Unauthorized("plugin away")]
    credentials = Credentials("test", "https://127.0.0.1", lambda: _next(logins))
    first = await credentials.current()
    credentials._renew_at = 0.0
    assert await credentials.current() is first


async def test_who_asked_first_may_go_away_without_harm_to_the_others() -> None:
    gate = asyncio.Event()

    async def load() -> Login:
        await gate.wait()
        return Login(authorization="a")

    credentials = Credentials("test", "https://127.0.0.1", load)
    first, second = asyncio.create_task(credentials.current()), asyncio.create_task(credentials.current())
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert (await second).authorization == "a"


def test_a_login_never_shows_its_token() -> None:
    assert "s3cret" not in repr(Login(authorization="Bearer s3cret"))


async def _next(logins: list[Login | Exception]) -> Login:
    match logins.pop(0):
        case Login() as login:
            return login
        case error:
            raise error


def _pretend_to_be_a_pod(monkeypatch: pytest.MonkeyPatch, home: Path, port: int) -> None:
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(port))
