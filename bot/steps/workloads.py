"""How a workload is named in a playbook: `Deployment namespace/name`."""

import re
from typing import Annotated

from pydantic import AfterValidator

_WORKLOAD = re.compile(r"(Deployment|DaemonSet|StatefulSet) ([^/\s]+)/([^/\s]+)")


def _check_workload(text: str) -> str:
    if not _WORKLOAD.fullmatch(text):
        raise ValueError("kind and name are expected, as in `Deployment shop/web` (or DaemonSet, or StatefulSet)")
    return text


Workload = Annotated[str, AfterValidator(_check_workload)]


def split_workload(workload: str) -> tuple[str, str, str]:
    """Kind, namespace, name."""
    kind, _, rest = workload.partition(" ")
    namespace, _, name = rest.partition("/")
    return kind, namespace, name
