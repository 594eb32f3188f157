"""The programs that Debian lacks: built from Go modules into the cache, or unpacked from the given folder."""

import hashlib
import lzma
import shutil
import sys
from pathlib import Path

from tests.cluster.rig.commands import run
from tests.cluster.rig.errors import Lacking
from tests.cluster.rig.site import KUBERNETES, given_folder, program

SOURCES = Path(__file__).parent / "go"
KUBE_PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")
PACKAGES = {
    "pause": ".", "kube": ".", "coredns": ".", "flanneld": ".", "door": ".",
    "flannelcni": "github.com/containernetworking/plugins/plugins/meta/flannel",
}  # fmt: skip


def prepare_programs() -> None:
    """All of them in the cache, newer than none of their sources. Raises Lacking without Go."""
    program("kube").parent.mkdir(parents=True, exist_ok=True)
    given = given_folder()
    for name in PACKAGES:
        packed = given / f"{name}.xz" if given else None
        _renew(name, packed if packed and packed.exists() else None)
    for name in KUBE_PROGRAMS:
        if not program(name).is_symlink():
            program(name).symlink_to("kube")


def _renew(name: str, packed: Path | None) -> None:
    """A program stays while its sources and its packed form stay the same; one that runs keeps its file until it ends.

    What was unpacked once is good enough for whoever does not give the folder.
    """
    note, new = program(name).with_suffix(".origin"), program(name).with_suffix(".new")
    sources = _digest(SOURCES / name)
    stamp = f"{packed.stat().st_size} {packed.stat().st_mtime_ns}" if packed else ""
    if program(name).exists() and note.exists() and note.read_text().startswith(f"{sources} {stamp}"):
        return
    if packed:
        new.write_bytes(lzma.decompress(packed.read_bytes()))
        new.chmod(0o755)
    else:
        _build(name, new)
    new.rename(program(name))
    note.write_text(f"{sources} {stamp}")


def _build(name: str, target: Path) -> None:
    if not shutil.which("go"):
        raise Lacking(f"building {name} needs Go; or name a folder of prebuilt programs in NETCHECK_RIG_IMAGES")
    long = ", the longest of them, about 8 minutes on 2 cores" if name == "kube" else ""
    print(f"building {name} once{long} ...", file=sys.stderr, flush=True)
    flags = "-s -w"
    if name == "kube":
        major, minor, _ = KUBERNETES.removeprefix("v").split(".")
        values = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
        flags += "".join(f" -X k8s.io/component-base/version.{key}={value}" for key, value in values.items())
    run("go", "build", "-mod=readonly", "-trimpath", "-ldflags", flags, "-o", target, PACKAGES[name],
        cwd=SOURCES / name, env={"CGO_ENABLED": "0"})  # fmt: skip


def _digest(folder: Path) -> str:
    texts = b"".join(path.name.encode() + path.read_bytes() for path in sorted(folder.iterdir()))
    return hashlib.sha256(texts).hexdigest()
