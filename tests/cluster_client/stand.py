"""What the contract stands on: clients of several accounts on one cluster, and the oracle for the same cluster."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.cluster.auth import connect
from bot.cluster.client import KubernetesCluster
from bot.cluster.credentials import Credentials
from bot.cluster.records import Limits
from tests.cluster_client.oracle import Oracle

SYSTEM = "kube-system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """`open(kubeconfig, limits)` gives a client that the fixture closes; `nobody` is a kubeconfig whose account may
    read nothing but /version, `stranger` one whose token no server knows."""

    oracle: Oracle
    open: Callable[..., KubernetesCluster]
    admin: Path
    nobody: Path
    stranger: Path

    @property
    def cluster(self) -> KubernetesCluster:
        return self.open(self.admin)

    def dns_pods(self) -> list[Any]:
        listed = self.oracle.ask(self.oracle.core.list_namespaced_pod, SYSTEM, label_selector="k8s-app=kube-dns")
        return list(listed["items"])

    def dns_pod(self) -> str:
        return str(self.dns_pods()[0]["metadata"]["name"])


def write_account(admin: Path, file: Path, user: dict[str, Any]) -> Path:
    """The kubeconfig `admin` with another user; relative paths in it must not occur."""
    document = yaml.safe_load(admin.read_text())
    document["users"] = [{"name": entry["name"], "user": user} for entry in document["users"]]
    file.write_text(yaml.safe_dump(document))
    return file


@asynccontextmanager
async def set_up(oracle: Oracle, admin: Path, nobody: Path, folder: Path) -> AsyncIterator[Stand]:
    stranger = write_account(admin, folder / "stranger", {"token": "nobody-knows-this-token"})
    logins = {file: await connect(str(file), None) for file in (admin, nobody, stranger)}
    opened: list[KubernetesCluster] = []
    yield Stand(oracle=oracle, open=_make_opener(logins, opened), admin=admin, nobody=nobody, stranger=stranger)
    for cluster in opened:
        await cluster.close()


def _make_opener(
    logins: dict[Path, Credentials], opened: list[KubernetesCluster]
) -> Callable[..., KubernetesCluster]:
    def open_one(kubeconfig: Path, limits: Limits | None = None) -> KubernetesCluster:
        opened.append(KubernetesCluster(logins[kubeconfig], limits))
        return opened[-1]

    return open_one
