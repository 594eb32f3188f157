"""What a recording needs beside what the playbook read, so that the box can show what follows from a change.

Read is what every playbook may lead to: the API's own Service, whose name each DNS server must know, and the
workloads that own the pods that were seen, which start new ones when they are restarted or scaled. What may not be
read is left out.
"""

from contextlib import suppress

from bot.cluster import Cluster
from bot.model.errors import ClusterError
from bot.playground.bundle import Object
from bot.playground.cassette import Cassette

_OWNERS = ("ReplicaSet", "DaemonSet", "StatefulSet", "Deployment")


async def read_surroundings(cluster: Cluster, cassette: Cassette) -> None:
    """`cluster` is the recording one: what is read here is kept like everything else."""
    with suppress(ClusterError):
        await cluster.get("Service", "kubernetes", "default")
    pending = [item for item in cassette.objects.values() if item["kind"] == "Pod"]
    while pending:
        wanted = sorted({owner for item in pending for owner in _owners_of(item)})
        pending = []
        for kind, namespace, name in wanted:
            if not _is_held(cassette, kind, namespace, name):
                with suppress(ClusterError):
                    pending.append(await cluster.get(kind, name, namespace))


def _owners_of(item: Object) -> list[tuple[str, str, str]]:
    metadata = item["metadata"]
    owners = metadata.get("ownerReferences") or ()
    return [(owner["kind"], metadata["namespace"], owner["name"]) for owner in owners if owner["kind"] in _OWNERS]


def _is_held(cassette: Cassette, kind: str, namespace: str, name: str) -> bool:
    return any((key[1], key[2], key[3]) == (kind, namespace, name) for key in cassette.objects)
