"""Debian's part: the packages that hold the container runtime, the store, the plugins and the firewall tools."""

import os
import shutil
import sys
from pathlib import Path

from tests.cluster.rig.commands import run
from tests.cluster.rig.errors import Lacking

PLUGINS, PROTOCOLS = Path("/usr/lib/cni"), Path("/etc/protocols")
NEEDED = {
    "containerd": "containerd", "ctr": "containerd", "runc": "runc", "etcd": "etcd-server", "socat": "socat",
    "busybox": "busybox-static", "iptables": "iptables", "nft": "nftables", "conntrack": "conntrack", "ipset": "ipset",
    "ip": "iproute2", "sysctl": "procps", "nsenter": "util-linux", "mount": "mount", "ldd": "libc-bin",
}  # fmt: skip
FILES = {PLUGINS: "containernetworking-plugins", PROTOCOLS: "netbase"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def refusal() -> str:
    """Why no cluster can be made here; empty where one can."""
    if not sys.platform.startswith("linux"):
        return "needs Linux"
    return "" if os.geteuid() == 0 else "needs root"


def find_program(name: str) -> Path:
    """Its real file, also where it is in a folder that is only on root's PATH."""
    if not (found := shutil.which(name, path=PATH)):
        raise Lacking(f"the program {name} is not installed (Debian package {NEEDED.get(name, name)})")
    return Path(os.path.realpath(found))


def install_packages() -> None:
    """What is missing, by apt-get; raises Lacking with the names where there is no apt-get."""
    missing = {package for name, package in NEEDED.items() if not shutil.which(name, path=PATH)}
    missing |= {package for path, package in FILES.items() if not path.exists()}
    if not missing:
        return
    names = sorted(missing)
    if not shutil.which("apt-get"):
        raise Lacking(f"these Debian packages, or what is in them, are missing: {' '.join(names)}")
    print(f"installing {' '.join(names)} ...", file=sys.stderr, flush=True)
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *names, env={"DEBIAN_FRONTEND": "noninteractive"})
