"""`pods/log`: which container, which of its lives, how many lines; and the refusals a kubelet or API server would give.

Source: PodLogOptions, and the registry's rules for choosing a container (`registry/core/pod/strategy.go`, LogLocation);
messages as seen on 1.34.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.playground.bundle import Bundle, Log, Object
from bot.playground.cluster_box.status import Cause, Replayed, bad_request, invalid, not_recorded

MadeLogs = dict[tuple[str, bool], str]
"""Logs of pods that the box started itself: (pod uid, previous) to text."""


def read_log(bundle: Bundle, made: MadeLogs, pod: Object, query: Mapping[str, str]) -> str:
    tail, previous = _read_tail(query, pod["metadata"]["name"]), query.get("previous", "") in ("true", "1")
    container = choose_container(pod, query.get("container", ""))
    if not pod.get("spec", {}).get("nodeName"):
        return ""  # Seen on 1.34: nobody has the log of a pod that was never placed, and that is no error.
    state = _status_of(pod, container)
    _refuse_if_never_started(pod, container, state, previous)
    text = made.get((pod["metadata"].get("uid", ""), previous))
    if text is None:
        text = _find_recorded(bundle, pod, container, previous, tail)
    lines = text.splitlines(keepends=True)
    return "".join(lines[len(lines) - tail :] if 0 <= tail < len(lines) else lines)


def choose_container(pod: Object, asked: str) -> str:
    name = pod["metadata"]["name"]
    spec = pod.get("spec", {})
    usual = [container["name"] for container in spec.get("containers") or ()]
    first = [container["name"] for container in spec.get("initContainers") or ()]
    if asked:
        if asked not in (*usual, *first):
            raise bad_request(f"container {asked} is not valid for pod {name}")
        return asked
    default = pod["metadata"].get("annotations", {}).get("kubectl.kubernetes.io/default-container", "")
    if len(usual) == 1 or default in usual:
        return default or str(usual[0])
    extra = f" or one of the init containers: [{' '.join(first)}]" if first else ""
    raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(usual)}]{extra}")


def _read_tail(query: Mapping[str, str], name: str) -> int:
    text = query.get("tailLines", "")
    if not text:
        return -1
    if not re.fullmatch(r"-?\d+", text):
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    if int(text) < 0:
        message = f"Invalid value: {text}: must be greater than or equal to 0"
        raise invalid(name, [Cause("tailLines", message)], "PodLogOptions", kind="PodLogOptions")
    return int(text)


def _status_of(pod: Object, container: str) -> dict[str, Any]:
    status = pod.get("status", {})
    states = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    return next((state for state in states if state["name"] == container), {})


def _refuse_if_never_started(pod: Object, container: str, state: Mapping[str, Any], previous: bool) -> None:
    name = pod["metadata"]["name"]
    if previous:
        if not state.get("lastState", {}).get("terminated"):
            raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
        return
    waiting = state.get("state", {}).get("waiting")
    if waiting and not state.get("lastState", {}).get("terminated"):
        reason = waiting.get("reason", "ContainerCreating")
        raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {reason}')


def _find_recorded(bundle: Bundle, pod: Object, container: str, previous: bool, tail: int) -> str:
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    kept = [log for log in bundle.logs if (log.namespace, log.pod, log.previous) == (namespace, name, previous)]
    for log in kept:
        named = log.container or choose_container(pod, "")
        if named == container and (log.outcome != "answered" or _reaches(log, tail)):
            if log.outcome != "answered":
                raise Replayed(log.outcome, log.message)
            return log.text
    lines = f"{tail} lines of the" if tail >= 0 else "the whole"
    raise not_recorded(
        f"{lines} log of container {container} of pod {namespace}/{name}{' (previous)' if previous else ''}"
    )


def _reaches(log: Log, tail: int) -> bool:
    return 0 <= tail <= log.tail or log.text.count("\n") < log.tail
