"""A cluster's life: up, in an order in which nothing waits that need not, and down, which leaves nothing."""

import fcntl
import hashlib
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.cluster.rig.box import Box, close_box, find_box, open_box
from tests.cluster.rig.certificates import write_identities
from tests.cluster.rig.commands import until
from tests.cluster.rig.control_plane import await_api, describe_control_plane
from tests.cluster.rig.errors import Lacking, StillStanding
from tests.cluster.rig.images import describe_images, write_image
from tests.cluster.rig.lan import describe_upstream, lay_wire
from tests.cluster.rig.networks import NETWORKS, Network
from tests.cluster.rig.nodes import describe_node, furnish_node
from tests.cluster.rig.objects import create_nodes, create_objects
from tests.cluster.rig.packages import install_packages, refusal
from tests.cluster.rig.processes import start
from tests.cluster.rig.programs import prepare_programs
from tests.cluster.rig.site import API_NODE, Site, cache
from tests.cluster.rig.stores import await_containerd, prepare_store

COMMON_IMAGES = ("door", "pause", "coredns", "busybox", "kube-proxy")
CGROUPS = Path("/sys/fs/cgroup")
WATCHERS, ENOUGH_WATCHERS = Path("/proc/sys/fs/inotify/max_user_instances"), 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`cni`: a name of NETWORKS; `proxy`: iptables, nftables or none; `dns`: coredns or none."""

    nodes: int = 2
    cni: str = "bridge"
    proxy: str = "iptables"
    dns: str = "coredns"


@dataclass(frozen=True, slots=True)
class Archives:
    """Of the images that every cluster has, and of those that its network brings."""

    common: Sequence[Path]
    own: Sequence[Path]


def prepare(network: Network) -> Archives:
    """Everything that outlives a cluster, but the stores."""
    if why := refusal() or network.lacking():
        raise Lacking(f"no such cluster can be made here: {why}")
    install_packages()
    _allow_watches()
    with _only_one_at_a_time():
        prepare_programs()
        images = describe_images()
        common = [write_image(name, images[name]) for name in COMMON_IMAGES]
        own = [write_image(name, images[name]) for name in network.images]
        return Archives(common, [*own, *network.unpack_archives()])


def up(site: Site, options: Options, *, dies_with_parent: bool = False) -> None:
    """Returns when nodes, network and DNS are ready, as far as these options let them be; else takes all down again.

    Raises StillStanding for a cluster of that name that is up, Lacking for what this machine lacks. What an `up` that
    was killed left behind is cleaned away first.
    """
    if (site.run / "ready").exists() and find_box(site):
        raise StillStanding(f"a cluster called {site.name} stands already; take it down first")
    down(site)
    try:
        _raise(site, options, dies_with_parent)
    except BaseException:
        down(site)
        raise
    (site.run / "ready").touch()


def up_without_nodes(site: Site, services: str) -> None:
    """Only etcd and an API server with that range of Service addresses: what is written stays as it is written."""
    prepare(NETWORKS["none"])
    box = _open(site, [API_NODE], dies_with_parent=True)
    for process in describe_control_plane(site, services)[:4]:
        start(site, box, process)
    await_api(site, box)


def down(site: Site) -> None:
    """Every process, mount, namespace, control group and file of the site; also of one that came up only in part."""
    with _undisturbed():
        if box := find_box(site):
            close_box(box)
        for group in find_cgroups(site):
            until(f"{group} is empty", partial(_remove_cgroup, group), 30)
        if site.run.exists():
            shutil.rmtree(site.run)
        with suppress(OSError):  # not empty: there are others
            site.run.parent.rmdir()


def find_cgroups(site: Site) -> list[Path]:
    """The control groups of its containers, which outlive them; the runtime's folder says which containers it has."""
    containers = [path.name for path in site.run.glob("n*/containerd-state/io.containerd.runtime.v2.task/k8s.io/*")]
    return [path for name in containers for where in ("", "*/") for path in CGROUPS.glob(f"{where}k8s.io/{name}")]


def _raise(site: Site, options: Options, dies_with_parent: bool) -> None:
    network = NETWORKS[options.cni]
    archives = prepare(network)
    nodes = [f"n{number}" for number in range(1, options.nodes + 1)]
    box = _open(site, nodes, dies_with_parent)
    etcd, api_server, *others = describe_control_plane(site)
    for process in (etcd, api_server, others[0], others[1], describe_upstream(site)):
        start(site, box, process)
    _furnish(site, box, network, nodes, archives)
    await_api(site, box)
    create_nodes(site, nodes)
    for process in (*others[2:], *(describe_node(site, node)[1] for node in nodes)):
        start(site, box, process)
    create_objects(site, box, network, len(nodes), proxy=options.proxy, dns=options.dns)


def _open(site: Site, nodes: Sequence[str], dies_with_parent: bool) -> Box:
    for folder in ("log", "pid", "pki"):
        (site.run / folder).mkdir(parents=True)
    box = open_box(site, dies_with_parent=dies_with_parent)
    lay_wire(box, nodes)
    write_identities(site, nodes)
    return box


def _furnish(site: Site, box: Box, network: Network, nodes: Sequence[str], archives: Archives) -> None:
    """The nodes up to their containerd, while the API server starts."""
    with _only_one_at_a_time():
        store = prepare_store(site, box, archives.common)
        if archives.own:
            store = prepare_store(site, box, archives.own, store)
    for node in nodes:
        furnish_node(site, node, store, network.plugins)
        for folder in network.folders:
            (site.node(node) / folder).mkdir()
        (site.node(node) / "machine-id").write_text(hashlib.sha256(node.encode()).hexdigest()[:32] + "\n")
        start(site, box, describe_node(site, node)[0])
    if network.prepare:
        network.prepare(site, box, nodes)
    for node in nodes:
        await_containerd(box, site.node(node) / "containerd.sock")


def _allow_watches() -> None:
    """Every kubelet, containerd and kube-proxy watches files; the usual limit for one user is full with three clusters.

    It is the one thing that is set for the whole machine, and it stays.
    """
    if int(WATCHERS.read_text()) < ENOUGH_WATCHERS:
        WATCHERS.write_text(str(ENOUGH_WATCHERS))


@contextmanager
def _only_one_at_a_time() -> Iterator[None]:
    """Two clusters that come up together share the cache; the second waits for what the first makes."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Whoever presses Ctrl-C twice still gets all of it taken down."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def _remove_cgroup(group: Path) -> bool:
    """It can be removed once the last process of it is gone."""
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    with suppress(OSError):  # other containers have theirs in it
        group.parent.rmdir()
    return True
