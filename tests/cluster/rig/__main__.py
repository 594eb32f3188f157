"""The command line of the test cluster: `python -m tests.cluster.rig up --cni flannel`, `... kubectl get pods -A`."""

import argparse
import os
import signal
import sys
from types import FrameType

from tests.cluster.rig.errors import RigFailed
from tests.cluster.rig.lifecycle import Options, down, prepare, up
from tests.cluster.rig.networks import NETWORKS
from tests.cluster.rig.site import Site, program
from tests.cluster.rig.standing import enter, start_process, stop_process

NAME, PORT = "NETCHECK_RIG_NAME", "NETCHECK_RIG_PORT"


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Ours, and those that belong to the program that is called, which may look like options of ours."""
    for verb, words in (("kubectl", 1), ("node", 2)):
        if verb in arguments:
            end = arguments.index(verb) + words
            return arguments[:end], arguments[end:]
    return arguments, []


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.rig", description=__doc__)
    parser.add_argument("--name", default=os.environ.get(NAME, "mine"), help=f"or {NAME}; two names, two clusters")
    parser.add_argument("--port", type=int, default=int(os.environ.get(PORT, "16443")), help=f"of 127.0.0.1; or {PORT}")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("build", help="programs and images into the cache")
    verbs.add_parser("down", help="end everything and leave nothing")
    options = verbs.add_parser("up", help="make a cluster and wait until it is ready")
    options.add_argument("--nodes", type=int, default=2, choices=range(1, 10))
    options.add_argument("--cni", default="bridge", choices=tuple(NETWORKS))
    options.add_argument("--proxy", default="iptables", choices=("iptables", "nftables", "none"))
    options.add_argument("--dns", default="coredns", choices=("coredns", "none"))
    verbs.add_parser("kubectl", help="... ARGUMENTS: as the administrator")
    verbs.add_parser("node", help="NODE COMMAND...: in a node's network, or in `lan`'s").add_argument("node")
    verbs.add_parser("upstream", help="the DNS server outside").add_argument("action", choices=("stop", "start"))
    process = verbs.add_parser("process", help="etcd apiserver kcm sched upstream kubelet-nX containerd-nX")
    process.add_argument("process")
    process.add_argument("action", choices=("stop", "start"))
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    own, line = split(arguments)
    asked = parse(own)
    site = Site(asked.name, asked.port)
    match asked.verb:
        case "build":
            for network in NETWORKS.values():
                prepare(network)
        case "up":
            up(site, Options(nodes=asked.nodes, cni=asked.cni, proxy=asked.proxy, dns=asked.dns))
            print(site.kubeconfig)
        case "down":
            down(site)
        case "kubectl":
            os.execv(program("kubectl"), ["kubectl", "--kubeconfig", str(site.kubeconfig), *line])
        case "node":
            entering = enter(site, asked.node)
            os.execvp(entering[0], [*entering, *line])
        case _:
            act = stop_process if asked.action == "stop" else start_process
            act(site, getattr(asked, "process", "upstream"))


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    try:
        main(sys.argv[1:])
    except RigFailed as failed:
        sys.exit(f"rig: {failed}")
