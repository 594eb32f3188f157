"""netcheck inside the cluster: its own process in the network and under the name of a pod there, with that pod's
account, whose rights are those of the chart."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import yaml

from tests.cluster.faults.conditions import Condition, is_true, items
from tests.cluster.faults.neighbours import pod
from tests.cluster.rig import Cluster
from tests.house.chart import render

SPACE, NAME, NODE = "netcheck-own", "netcheck-0", "n2"
ACCOUNT = Path("/run/secrets/kubernetes.io/serviceaccount")
INSIDE = f"mount -t tmpfs own /run && mkdir -p {ACCOUNT} && cp $0/* {ACCOUNT} && exec \"$@\""
"""A folder of its own at the place where a pod finds its account; nobody else sees it."""
STANDS = Condition("netcheck's own pod runs", lambda c: any(is_true(p, "Ready") for p in items(c, "-n", SPACE, "pods")))


class OwnPod:
    """The pod that stands in for netcheck's; an injection of the table of faults."""

    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Callable[[Cluster], None]:
        objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}},
                   *render({"replicas": 0}, namespace=SPACE), pod(NAME, SPACE, "sleep", "3600", node=NODE)]
        manifest = yaml.safe_dump_all(objects)
        cluster.kubectl("apply", "-f", "-", stdin=manifest)
        STANDS.until(cluster)

        def heal(then: Cluster) -> None:
            then.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=manifest)

        return heal


def netcheck_inside(cluster: Cluster, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line as that pod would run it."""
    token = cluster.kubectl("-n", SPACE, "create", "token", "netcheck").strip()
    authority = cluster.kubectl("-n", SPACE, "get", "configmap", "kube-root-ca.crt", "-o", "jsonpath={.data.ca\\.crt}")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("token", token), ("namespace", SPACE), ("ca.crt", authority)):
            (Path(folder) / name).write_text(text)
        environment = {**{k: v for k, v in os.environ.items() if k != "KUBECONFIG"}, "HOME": folder,
                       "KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}
        line = ["nsenter", f"--target={_process_of(cluster)}", "--net", "--uts", "--", "unshare", "--mount", "sh", "-c",
                INSIDE, folder, str(Path(sys.executable).parent / "netcheck"), *words]
        return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=120)


def _process_of(cluster: Cluster) -> str:
    """A process of the pod, by its number on this machine."""
    (container,) = [p["status"]["containerStatuses"][0]["containerID"] for p in items(cluster, "-n", SPACE, "pods")]
    name = container.removeprefix("containerd://")
    own = [file.parent.name for file in Path("/proc").glob("[0-9]*/cgroup") if name in _read(file)]
    assert own, "no process of the pod is found"
    return own[0]


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # it has ended meanwhile
        return ""
