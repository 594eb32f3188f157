"""Where the parts meet: settings in, a netcheck that is ready to run out. The only module that knows all of them."""

import asyncio
import getpass
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.cluster import Cluster
from bot.cluster.auth import IN_CLUSTER, connect
from bot.cluster.client import KubernetesCluster
from bot.cluster.kubeconfig import Kubeconfig, read_kubeconfig
from bot.cluster.reads import RunReads
from bot.engine.desk import Desk
from bot.engine.incidents import Incidents
from bot.engine.library import Library, shipped_folder
from bot.engine.publishing import Surface
from bot.engine.targets import Target
from bot.engine.turn import Tools
from bot.engine.worker import Worker
from bot.journal import Journal
from bot.model.permission import Person, Rules
from bot.settings import Settings
from bot.steps.library import STEP_TYPES


class KubeClusters:
    """The targets of the settings, and the contexts of the kubeconfig; one connection pool for each."""

    def __init__(self, settings: Settings, *, context: str = "", prefer_current: bool = False) -> None:
        """`context`: the only one there is. `prefer_current`: the current context is meant when none is named, as with
        kubectl; else, among several, one must be named."""
        self._settings = settings
        self._targets = tuple(_targets(settings, context, prefer_current))
        self._open: dict[str, KubernetesCluster] = {}
        self._opening = asyncio.Lock()

    def targets(self) -> Sequence[Target]:
        return self._targets

    async def open(self, target: Target) -> Cluster:
        async with self._opening:
            if target.name not in self._open:
                named = self._settings.targets.get(target.name)
                path = (named.kubeconfig if named else "") or self._settings.kubeconfig or None
                self._open[target.name] = KubernetesCluster(await connect(path, target.context or None))
        return self._open[target.name].scoped()

    async def close(self) -> None:
        for cluster in self._open.values():
            await cluster.close()


def _targets(settings: Settings, context: str, prefer_current: bool) -> list[Target]:
    config = read_kubeconfig(settings.kubeconfig or None)
    if context:
        config.choose(context)
        return [Target(name=context, context=context, server=_server(config, context), default=True)]
    configured = [
        Target(
            name=name,
            context=given.context,
            server=_server(read_kubeconfig(given.kubeconfig) if given.kubeconfig else config, given.context),
            namespace=given.namespace,
            rules=given.rules(),
            default=given.default,
            configured=True,
        )
        for name, given in settings.targets.items()
    ]
    taken = {target.context for target in configured}
    read_only = Rules()
    for name in config.contexts:
        if name not in taken and name not in settings.targets:
            default = prefer_current and name == config.current and not settings.targets
            server = _server(config, name)
            configured.append(Target(name=name, context=name, server=server, rules=read_only, default=default))
    in_pod = bool(os.environ.get("KUBERNETES_SERVICE_HOST")) and not config.files
    return configured or [Target(name=IN_CLUSTER, rules=read_only, default=True)] * in_pod


def _server(config: Kubeconfig, context: str) -> str:
    """The address that `connect` will open for it, to be shown; a broken context is told when it is opened."""
    entry = config.contexts.get(context or config.current)
    cluster = config.clusters.get(str(entry.body.get("cluster"))) if entry else None
    return str(cluster.body.get("server") or "") if cluster else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Netcheck:
    """All parts of one process, put together. `worker.run()` is what makes runs go on."""

    settings: Settings
    clusters: KubeClusters
    desk: Desk
    worker: Worker
    surfaces: list[Surface]

    @property
    def incidents(self) -> Incidents:
        return Incidents(self.desk)

    async def close(self) -> None:
        await self.clusters.close()


def assemble(
    settings: Settings,
    journal: Journal,
    *,
    context: str = "",
    prefer_current: bool = False,
    wrap: Callable[[Cluster], Cluster] = lambda cluster: cluster,
) -> Netcheck:
    """Raises SettingsError for a kubeconfig that leads nowhere; a broken playbook shows in `library.problems()`.

    Surfaces may be added to `surfaces` before the worker runs. `wrap` goes around each run's cluster (the recorder).
    """
    clusters = KubeClusters(settings, context=context, prefer_current=prefer_current)
    surfaces: list[Surface] = []
    tools = Tools(
        journal=journal,
        clusters=clusters,
        step_types=STEP_TYPES,
        reads=lambda cluster: RunReads(wrap(cluster)),
        clock=time.time,
        nonce=nonce,
    )
    worker = Worker(f"{socket.gethostname()}-{secrets.token_hex(4)}", tools, surfaces, settings.keep_days * 86400)
    desk = Desk(
        journal=journal,
        library=Library([shipped_folder(), *map(Path, settings.playbook_folders)]),
        clusters=clusters,
        playbook_rules=settings.rules,
        clock=time.time,
        nonce=nonce,
        woken=worker.wake,
    )
    return Netcheck(settings=settings, clusters=clusters, desk=desk, worker=worker, surfaces=surfaces)


def nonce() -> str:
    return secrets.token_hex(6)


def terminal_person(environment: Mapping[str, str]) -> Person:
    """Who sits at the terminal: `cli:<user>`."""
    try:
        user = environment.get("USER") or getpass.getuser()
    except (KeyError, OSError):  # the user of a container is often a mere number
        user = str(os.getuid())
    return Person(id=f"cli:{user}", name=user)
