"""Where the parts meet: settings in, a netcheck that is ready to run out. The only module that knows all of them."""

import asyncio
import getpass
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.cluster import Cluster, NodeProbePlace, ProbePlace, Sockets
from bot.cluster.auth import IN_CLUSTER, connect, connect_inside, identify_inside, pod_inside, server_inside
from bot.cluster.client import KubernetesCluster
from bot.cluster.credentials import Credentials
from bot.cluster.kubeconfig import Kubeconfig, read_kubeconfig
from bot.cluster.reads import RunReads
from bot.cluster.sockets import OwnSockets
from bot.engine.desk import Desk
from bot.engine.incidents import Incidents
from bot.engine.library import Library, shipped_folder
from bot.engine.publishing import Surface
from bot.engine.rulebook import Rulebook
from bot.engine.targets import Target
from bot.engine.tools import Tools
from bot.engine.worker import Worker
from bot.journal import Journal
from bot.model.errors import SettingsError
from bot.model.permission import Person
from bot.settings import Settings, TargetSettings
from bot.steps.library import STEP_TYPES

DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a run may use beside the API of its cluster: places where it may start pods, and connections of the pod that
    netcheck itself runs in."""

    probe: ProbePlace | None = None
    node_probe: NodeProbePlace | None = None
    sockets: Sockets | None = None


class KubeClusters:
    """The targets of the settings, and the contexts of the kubeconfig; one connection pool for each."""

    def __init__(
        self,
        settings: Settings,
        *,
        context: str = "",
        prefer_current: bool = False,
        means: Callable[[], Means] | None = None,
    ) -> None:
        """`context`: the only one there is. `prefer_current`: the current context is meant when none is named, as with
        kubectl; else, among several, one must be named. `means`: those of a recording, asked for by each run."""
        self._settings = settings
        self._means = means
        self._targets = tuple(_targets(settings, context, prefer_current))
        self._open: dict[str, KubernetesCluster] = {}
        self._opening = asyncio.Lock()

    def targets(self) -> Sequence[Target]:
        return self._targets

    async def open(self, target: Target) -> Cluster:
        async with self._opening:
            if target.name not in self._open:
                self._open[target.name] = KubernetesCluster(await self._connect(target))
        means = self._means() if self._means else _means(self._settings, target)
        return self._open[target.name].scoped(
            probe=means.probe, node_probe=means.node_probe, sockets=means.sockets)

    async def _connect(self, target: Target) -> Credentials:
        """Raises SettingsError where the kubeconfig leads elsewhere than people were told."""
        if not target.context:
            return connect_inside()
        named = self._settings.targets.get(target.name)
        path = (named.kubeconfig if named else "") or self._settings.kubeconfig or None
        if read_kubeconfig(path).identify(target.context) != target.identity:
            told = "leads to another cluster than when netcheck started"
            raise SettingsError(f"The context {target.context} {told} ({target.server}). Start netcheck anew.")
        return await connect(path, target.context)

    async def close(self) -> None:
        for cluster in self._open.values():
            await cluster.close()


def _means(settings: Settings, target: Target) -> Means:
    return Means(
        probe=_probe_place(settings, target.name),
        node_probe=_node_probe_place(settings, target.name),
        sockets=_own_sockets(target),
    )


def _own_sockets(target: Target) -> Sockets | None:
    """Of no other cluster than the one that netcheck runs in."""
    pod = "" if target.context else pod_inside()
    return OwnSockets(pod) if pod else None


def _probe_place(settings: Settings, target: str) -> ProbePlace | None:
    """Where pods may be started on this target: its own setting, else the one for all."""
    named = settings.targets.get(target)
    given = (named.probe if named else None) or settings.probe
    if not given.image:
        return None
    return ProbePlace(namespace=given.namespace, image=given.image, pull_secret=given.pull_secret)


def _node_probe_place(settings: Settings, target: str) -> NodeProbePlace | None:
    """The same for pods that see their node."""
    named = settings.targets.get(target)
    given = (named.node_probe if named else None) or settings.node_probe
    return NodeProbePlace(**given.model_dump()) if given.image else None


def _targets(settings: Settings, context: str, prefer_current: bool) -> list[Target]:
    config = read_kubeconfig(settings.kubeconfig or None)
    if context:
        config.choose(context)
        return [_on_context(config, context, default=True)]
    configured = [_configured(name, given, config) for name, given in settings.targets.items()]
    taken = {target.context for target in configured}
    for name in config.contexts:
        if name not in taken and name not in settings.targets:
            default = prefer_current and name == config.current and not settings.targets
            configured.append(_on_context(config, name, default=default))
    in_pod = bool(server_inside()) and not config.files
    return configured or [Target(name=IN_CLUSTER, identity=identify_inside(), default=True)] * in_pod


def _configured(name: str, given: TargetSettings, general: Kubeconfig) -> Target:
    config = read_kubeconfig(given.kubeconfig) if given.kubeconfig else general
    if server_inside() and not given.context and not given.kubeconfig:
        found = Target(name=name, identity=identify_inside())
    else:
        found = _on_context(config, _meant(name, given.context, config))
    namespace = given.namespace or found.namespace
    rules = given.rules()
    return replace(found, name=name, namespace=namespace, rules=rules, default=given.default, configured=True)


def _meant(name: str, context: str, config: Kubeconfig) -> str:
    """The context of a target: the one it names, or the only one there is. What kubectl happens to be at counts for
    nothing here: it changes under people's hands. Raises SettingsError where there is a doubt."""
    if context and context not in config.contexts:
        raise SettingsError(f"targets.{name}.context: {config} has no context {context!r}")
    if not context and not config.contexts:
        raise SettingsError(
            f"targets.{name}: names no context, so it means the cluster that netcheck runs in, and this is no pod. "
            "Set `context`"
        )
    if not context and len(config.contexts) > 1:
        known = ", ".join(config.contexts)
        raise SettingsError(f"targets.{name}: names no context, and {config} has several. Set `context`: {known}")
    return context or next(iter(config.contexts))


def _on_context(config: Kubeconfig, context: str, *, default: bool = False) -> Target:
    """A context as a target of its own, by whose rules nobody may change anything. The address is that which `connect`
    will open; a broken context is told when it is opened."""
    cluster = config.cluster(context)
    return Target(
        name=context,
        context=context,
        server=str(cluster.body.get("server") or "") if cluster else "",
        identity=config.identify(context),
        namespace=str(config.contexts[context].body.get("namespace") or ""),
        default=default,
    )


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
        return Incidents(self.desk, self.settings.keep_days * DAY)

    async def close(self) -> None:
        await self.clusters.close()


def assemble(
    settings: Settings,
    journal: Journal,
    *,
    context: str = "",
    prefer_current: bool = False,
    means: Callable[[], Means] | None = None,
    wrap: Callable[[Cluster], Cluster] = lambda cluster: cluster,
) -> Netcheck:
    """Raises SettingsError for a kubeconfig that leads nowhere; a broken playbook shows in `library.problems()`.

    Surfaces may be added to `surfaces` before the worker runs. `wrap` goes around each run's cluster (the recorder);
    `means` stand for those of the settings (a recording's).
    """
    clusters = KubeClusters(settings, context=context, prefer_current=prefer_current, means=means)
    rulebook = Rulebook(clusters, settings.rules)
    surfaces: list[Surface] = []
    tools = Tools(
        journal=journal,
        rulebook=rulebook,
        step_types=STEP_TYPES,
        reads=lambda cluster: RunReads(wrap(cluster)),
        clock=time.time,
        nonce=nonce,
        approval_lasts=settings.approval_hours * 3600,
    )
    worker = Worker(f"{socket.gethostname()}-{secrets.token_hex(4)}", tools, surfaces, settings.keep_days * DAY)
    desk = Desk(
        journal=journal,
        library=Library([shipped_folder(), *map(Path, settings.playbook_folders)]),
        rulebook=rulebook,
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
