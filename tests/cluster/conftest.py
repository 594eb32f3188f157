"""The cluster of this folder's tests. Without one each test is skipped, and the end of the run names it."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import pytest

from tests.cluster.rig import Cluster, raise_cluster, use_given_cluster

NAME = os.environ.get("NETCHECK_RIG_NAME", "nctest")  # a name of its own: what stands under it is taken down
PORT = int(os.environ.get("NETCHECK_RIG_PORT", "16480"))
NO_CLUSTER = "no cluster: set NETCHECK_RIG (the rig's program) or NETCHECK_TEST_KUBECONFIG"


@pytest.fixture(scope="session")
def rig_program() -> Path:
    """The program that makes clusters, for tests that need one of a kind of their own."""
    if not (named := os.environ.get("NETCHECK_RIG")):
        pytest.skip("needs a cluster of its own: set NETCHECK_RIG")
    return Path(named).resolve()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Two healthy nodes with CoreDNS and kube-proxy. Whoever breaks something mends it before the test ends."""
    with _open_cluster() as opened:
        yield opened


@pytest.fixture(scope="session")
def another_cluster(rig_program: Path) -> Callable[..., AbstractContextManager[Cluster]]:
    """`with another_cluster("--cni", "none") as bare:` stands beside the shared one and is gone after the block."""
    return partial(raise_cluster, rig_program, f"{NAME}2", PORT + 1)


def _open_cluster() -> AbstractContextManager[Cluster]:
    if given := os.environ.get("NETCHECK_TEST_KUBECONFIG"):
        return nullcontext(use_given_cluster(Path(given)))
    if named := os.environ.get("NETCHECK_RIG"):
        return raise_cluster(Path(named).resolve(), NAME, PORT)
    pytest.skip(NO_CLUSTER)
