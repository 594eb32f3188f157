"""Exec credential plugins (`aws eks get-token`, `gke-gcloud-auth-plugin` ...): run in time, and heard when they fail.

Ours rather than the one in the `kubernetes` package: that one only logs a failing plugin, has no time limit, and stands
still when a plugin writes much to stderr. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from bot.model.errors import Unauthorized

LIMIT = 10.0
"""Seconds a plugin may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What a plugin gave: a token, a certificate with its key (PEM), or both. `expires` in seconds since the epoch."""

    token: str = ""
    certificate: str = ""
    key: str = ""
    expires: float | None = None

    def __repr__(self) -> str:
        return f"Issued(expires={self.expires})"


async def run_plugin(
    spec: Mapping[str, Any], cluster: Mapping[str, Any], folder: Path, *, limit: float = LIMIT
) -> Issued:
    """`spec`: the `exec` block of a kubeconfig user; `folder`: where that kubeconfig stands. Raises Unauthorized."""
    command = str(spec.get("command") or "")
    if not command:
        raise Unauthorized("The kubeconfig's exec plugin has no `command`. Name the program that gives the token.")
    line, environment = _build_line(command, spec, folder), _build_environment(spec, cluster)
    stdout, stderr, code = await _run(line, environment, spec, limit)
    if code != 0:
        lines = stderr.decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        raise Unauthorized(
            f"The credential plugin `{command}` failed with status {code}: {said[:300]}. "
            "Run it by hand: perhaps you have to log in again."
        )
    return _read(stdout, command, str(spec.get("apiVersion") or ""))


async def _run(
    line: list[str], environment: dict[str, str], spec: Mapping[str, Any], limit: float
) -> tuple[bytes, bytes, int]:
    try:
        process = await asyncio.create_subprocess_exec(
            *line,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        hint = str(spec.get("installHint") or "Install it, or put it on the PATH.").strip()
        raise Unauthorized(f"The credential plugin `{line[0]}` cannot be started: {error.strerror}. {hint}") from error
    heard = False
    try:
        async with asyncio.timeout(limit):
            stdout, stderr = await process.communicate()
        heard = True
    except TimeoutError as error:
        raise Unauthorized(
            f"The credential plugin `{line[0]}` gave nothing in {limit:g} s. Run it by hand: does it wait for input?"
        ) from error
    finally:
        if not heard:  # also of one that has ended and left a child with its pipes
            await _end(process)
    return stdout, stderr, process.returncode or 0


async def _end(process: asyncio.subprocess.Process) -> None:
    """With its children. `wait` comes back only when the pipes are closed, which one in another session may hold."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process._transport.close()  # type: ignore[attr-defined]  # nothing public closes them
    await process.wait()


def _build_line(command: str, spec: Mapping[str, Any], folder: Path) -> list[str]:
    path = Path(command)
    program = str(folder / path) if os.sep in command and not path.is_absolute() else command
    return [program, *(str(argument) for argument in spec.get("args") or ())]


def _build_environment(spec: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, str]:
    added = {str(row["name"]): str(row["value"]) for row in spec.get("env") or () if "name" in row and "value" in row}
    info: dict[str, Any] = {"interactive": False}
    if spec.get("provideClusterInfo"):
        named = {"server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url"}
        info["cluster"] = {key: cluster[key] for key in sorted(named & cluster.keys())}
        for row in cluster.get("extensions") or ():
            if row.get("name") == "client.authentication.k8s.io/exec":
                info["cluster"]["config"] = row.get("extension")
    told = {"apiVersion": spec.get("apiVersion"), "kind": "ExecCredential", "spec": info}
    return {**os.environ, **added, "KUBERNETES_EXEC_INFO": orjson.dumps(told).decode()}


def _read(stdout: bytes, command: str, version: str) -> Issued:
    try:
        answer: Any = orjson.loads(stdout)
        status = answer["status"]
        given = str(answer["apiVersion"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Unauthorized(f"The credential plugin `{command}` gave no ExecCredential. Run it by hand.") from error
    if version and given != version:
        raise Unauthorized(f"The credential plugin `{command}` speaks {given}, the kubeconfig asks for {version}.")
    fields: Mapping[str, Any] = status if isinstance(status, dict) else {}
    token = str(fields.get("token") or "")
    certificate, key = str(fields.get("clientCertificateData") or ""), str(fields.get("clientKeyData") or "")
    if not token and not (certificate and key):
        raise Unauthorized(f"The credential plugin `{command}` ended well but gave no token. Run it by hand and look.")
    return Issued(token=token, certificate=certificate, key=key, expires=_read_time(fields.get("expirationTimestamp")))


def _read_time(text: object) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp() if isinstance(text, str) else None
    except ValueError:
        return None
