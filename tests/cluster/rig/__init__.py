"""A real Kubernetes cluster on one Linux machine: no Docker, no image registry, no virtual machine.

Reads from the top: `__main__` (the command line) and `cluster` (what tests hold) call `lifecycle` (up, down). Below it,
each part knows one thing: `packages`, `programs`, `images` and `stores` what is needed; `box` the namespaces that a
cluster lives in; `lan` the wire between nodes; `certificates`; `control_plane`, `nodes` and `processes` what runs;
`networks` how the network plugins differ, `objects` what is created in the API. `site` has names and addresses,
`commands` runs programs, `errors` the errors.

Imports nothing of the product. Only the tests of tests/cluster and people at a shell call it.
"""

from tests.cluster.rig.cluster import Cluster, raise_cluster, use_given_cluster
from tests.cluster.rig.errors import RigFailed
from tests.cluster.rig.lifecycle import Options
from tests.cluster.rig.site import Site

__all__ = ["Cluster", "Options", "RigFailed", "Site", "raise_cluster", "use_given_cluster"]
