"""What is done to a cluster that is up: its processes stopped and started, commands run in its networks."""

from dataclasses import replace

from tests.cluster.rig.box import Box, find_box
from tests.cluster.rig.control_plane import describe_control_plane
from tests.cluster.rig.errors import RigFailed
from tests.cluster.rig.lan import describe_upstream
from tests.cluster.rig.nodes import describe_node
from tests.cluster.rig.processes import Process, start, stop
from tests.cluster.rig.site import Site


def enter(site: Site, namespace: str) -> list[str]:
    """What to put before a command line, to run it in the network of a node or of the LAN."""
    return _box(site).enter(namespace)


def stop_process(site: Site, name: str) -> None:
    stop(site, _box(site), _find(site, name).name)


def start_process(site: Site, name: str, *more: str) -> None:
    """Anew, where it runs already. `more`: options put after its own, of which the last one counts."""
    stop_process(site, name)
    process = _find(site, name)
    start(site, _box(site), replace(process, line=[*process.line, *more]))


def _find(site: Site, name: str) -> Process:
    known = [*describe_control_plane(site), describe_upstream(site)]
    known += [process for node in site.nodes for process in describe_node(site, node)]
    found = next((process for process in known if process.name == name), None)
    if found is None:
        raise RigFailed(f"no process is called {name!r}; there are {', '.join(process.name for process in known)}")
    return found


def _box(site: Site) -> Box:
    if not (box := find_box(site)):
        raise RigFailed(f"no cluster called {site.name} is up")
    return box
