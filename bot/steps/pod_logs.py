"""The end of one container's log, for all looks that read logs."""

from dataclasses import dataclass

from bot.cluster import Cluster
from bot.model.errors import ClusterError, Forbidden
from bot.steps.wording import cut


@dataclass(frozen=True, slots=True)
class Log:
    """`error`: why it could not be read: the container is gone, or its node does not answer, which others tell."""

    text: str = ""
    error: str = ""


async def read_log(
    cluster: Cluster, namespace: str, pod: str, container: str, skipped: list[str], *, tail: int, previous: bool
) -> Log | None:
    """None where it may not be read, which goes into `skipped`."""
    try:
        return Log(await cluster.logs(namespace, pod, container, tail=tail, previous=previous))
    except Forbidden as error:
        skipped.append(error.permission)
        return None
    except ClusterError as error:
        return Log(error=cut(str(error)))
