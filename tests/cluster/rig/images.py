"""Container images without a registry: docker archives of one layer, written by hand from files of this machine."""

import hashlib
import io
import json
import lzma
import re
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.cluster.rig.commands import run
from tests.cluster.rig.packages import PATH, PROTOCOLS, find_program
from tests.cluster.rig.site import KUBERNETES, OWN, cache, given_folder, program

DOMAIN = f"{OWN}.test"  # no registry can have it
PAUSE = f"{DOMAIN}/pause:1"
DOOR = f"{DOMAIN}/door:1"
SHELL = "docker.io/library/busybox:1.35"  # by its usual name, so that usual manifests find it
APPLETS = (
    "sh", "nslookup", "wget", "httpd", "sleep", "cat", "nc", "ping", "ls", "ip", "echo", "date", "grep", "mkdir",
    "kill", "ps", "sed",
)  # fmt: skip
FOLDERS = ("/tmp", "/etc", "/proc", "/sys", "/dev", "/run")
XTABLES = Path("/usr/lib/x86_64-linux-gnu/xtables")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """`files`: path inside → file of this machine; `links`: path inside → what it points to."""

    tag: str
    entrypoint: str
    files: Mapping[str, Path]
    links: Mapping[str, str] = field(default_factory=dict)

    def recipe(self) -> str:
        """Changes when the image would."""
        stats = {inside: (source.stat().st_size, source.stat().st_mtime_ns) for inside, source in self.files.items()}
        return hashlib.sha256(json.dumps([asdict(self), stats], default=str, sort_keys=True).encode()).hexdigest()[:16]


def describe_images() -> dict[str, Image]:
    """Those that are ours; Weave Net's and Calico's come whole."""
    firewall, links = _firewall_tools()
    kube, coredns, flanneld = program("kube"), program("coredns"), program("flanneld")
    proxy, flannel = "/usr/local/bin/kube-proxy", "/opt/bin/flanneld"
    return {
        "pause": Image(tag=PAUSE, entrypoint="/pause", files={"/pause": program("pause")}),
        "door": Image(tag=DOOR, entrypoint="/door", files={"/door": program("door")}),
        "coredns": Image(tag=f"{DOMAIN}/coredns:v1.14.7", entrypoint="/coredns", files={"/coredns": coredns}),
        "busybox": Image(tag=SHELL, entrypoint="/bin/sh", files={"/bin/busybox": find_program("busybox")},
                         links={f"/bin/{name}": "busybox" for name in APPLETS}),
        "kube-proxy": Image(tag=f"{DOMAIN}/kube-proxy:{KUBERNETES}", entrypoint=proxy,
                            files={**firewall, proxy: kube}, links=links),
        "flannel": Image(tag=f"{DOMAIN}/flannel:v0.28.10", entrypoint=flannel,
                         files={**firewall, flannel: flanneld}, links=links),
    }  # fmt: skip


def write_image(name: str, image: Image) -> Path:
    """The archive in the cache; written once for each recipe."""
    target = cache() / "images" / f"{name}-{image.recipe()}.tar"
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        new = target.with_suffix(".new")
        with new.open("wb") as file:
            file.write(_archive(image))
        new.rename(target)
    return target


def unpack_given_image(name: str) -> Path:
    """An archive of the given folder, unpacked once."""
    folder = given_folder()
    assert folder, "whoever needs it has asked Network.lacking"
    packed = folder / f"{name}.tar.xz"
    stat = packed.stat()
    target = cache() / "images" / f"{name}-{stat.st_size}-{stat.st_mtime_ns}.tar"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_suffix(".new")
        new.write_bytes(lzma.decompress(packed.read_bytes()))
        new.rename(target)
    return target


def _firewall_tools() -> tuple[dict[str, Path], dict[str, str]]:
    """iptables and its like with all that they load, as kube-proxy and flanneld call them.

    The names of protocols are part of it: without them `nft -j` says 6 for tcp, kube-proxy takes the elements that it
    has just kept for left-over ones, and at each second start it empties its own maps.
    """
    names = ("xtables-nft-multi", "xtables-legacy-multi", "nft", "conntrack", "ipset")
    programs = [*(find_program(name) for name in names), *sorted(XTABLES.glob("*.so"))]
    libraries = {Path(found) for one in programs for found in re.findall(r"(/\S+) \(0x", run("ldd", one))}
    calls = [f"{family}{verb}" for family in ("iptables", "ip6tables") for verb in ("", "-save", "-restore")]
    files = {str(path): path for path in [*programs, *sorted(libraries), PROTOCOLS]}
    links = {f"/usr/sbin/{call}": "xtables-nft-multi" for call in calls}
    return files, {**links, "/usr/sbin/iptables-legacy": "xtables-legacy-multi"}


def _archive(image: Image) -> bytes:
    """What `docker save` would write: a configuration, one layer, and a list that joins them."""
    layer = _layer(image)
    digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "config": {"Entrypoint": [image.entrypoint], "Env": [f"PATH={PATH}"]},
    }).encode()  # fmt: skip
    named = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = json.dumps([{"Config": named, "RepoTags": [image.tag], "Layers": [f"{digest}/layer.tar"]}]).encode()
    return _tar({named: config, f"{digest}/layer.tar": layer, "manifest.json": manifest})


def _layer(image: Image) -> bytes:
    inside = [Path(path) for path in [*image.files, *image.links]]
    parents = {parent for path in inside for parent in path.parents} | {Path(path) for path in FOLDERS}
    contents = {path: source.resolve().read_bytes() for path, source in image.files.items()}
    return _tar(contents, image.links, sorted(str(path) for path in parents - {Path("/")}))


def _tar(contents: Mapping[str, bytes], links: Mapping[str, str] | None = None, folders: Sequence[str] = ()) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for path in folders:
            tar.addfile(_entry(path, tarfile.DIRTYPE))
        for path, content in contents.items():
            entry = _entry(path, tarfile.REGTYPE)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        for path, pointed in (links or {}).items():
            entry = _entry(path, tarfile.SYMTYPE)
            entry.linkname = pointed
            tar.addfile(entry)
    return written.getvalue()


def _entry(path: str, kind: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path.strip("/"))
    entry.type, entry.mode = kind, 0o755
    return entry
