"""Pods that run once and are gone again: the only thing netcheck ever creates, in the one namespace it was given.

Each is deleted in any case, ends by itself should that fail (activeDeadlineSeconds), and is swept by a later run should
this process be killed. What keeps one from starting is told within seconds.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import orjson

from bot.cluster import Object, PodEnd
from bot.cluster.answers import decode_object, locate, take_items, word
from bot.cluster.records import KINDS, Ask
from bot.cluster.transport import Query
from bot.model.errors import ClusterError, Forbidden, NotFound

LABEL = "app.kubernetes.io/name=netcheck-probe"
HOPELESS = frozenset({
    "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError",
    "CreateContainerError", "RunContainerError",
})
"""Reasons of a waiting container that waiting does not mend (kubelet, images and container errors)."""
PAUSE = 0.7
OLD = 120.0
"""Seconds; no run waits as long for its own."""
_POD = KINDS["Pod"]

Send = Callable[[Ask, str, str, Query, bytes | None], Awaitable[bytes]]
"""Ask, path, method, query and body to the body of the answer."""


async def run_pods(
    send: Send, namespace: str, pods: Sequence[Object], patience: float, now: float
) -> tuple[PodEnd, ...]:
    """Raises ClusterError where pods cannot be made or not be taken away; what befalls one is told in its PodEnd."""
    await _sweep(send, namespace, now)
    # Whatever happens to one, or to this run, the others are awaited: none stays behind.
    ends = await asyncio.gather(*(_run(send, namespace, pod, patience) for pod in pods), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    return tuple(end for end in ends if isinstance(end, PodEnd))


async def _sweep(send: Send, namespace: str, now: float) -> None:
    """Of those that a killed process left: another run may be using younger ones."""
    path = _POD.path(namespace)
    body = await send(word("list", _POD, namespace), path, "GET", (("labelSelector", LABEL),), None)
    for pod in take_items(decode_object(body, path), _POD, path):
        if now - datetime.fromisoformat(pod["metadata"]["creationTimestamp"]).timestamp() > OLD:
            await _delete(send, namespace, pod["metadata"]["name"])


async def _run(send: Send, namespace: str, pod: Object, patience: float) -> PodEnd:
    """Its name is chosen here, so that it can be deleted also where the answer to its creation never came."""
    name = f"netcheck-probe-{secrets.token_hex(4)}"
    body = orjson.dumps({**pod, "metadata": {**pod["metadata"], "name": name}})
    ask, made = word("create", _POD, namespace), True
    try:
        await send(ask, _POD.path(namespace), "POST", (), body)
        return await _follow(send, namespace, name, patience)
    except Forbidden as error:
        made = error.permission != ask.permission
        raise
    finally:
        if made:  # also when the run is cancelled: it is taken away before anything else happens
            await asyncio.shield(_delete(send, namespace, name))


async def _follow(send: Send, namespace: str, name: str, patience: float) -> PodEnd:
    """Raises Forbidden."""
    why, ended, path = "", False, locate(_POD, namespace, name)
    try:
        async with asyncio.timeout(patience):
            while not ended:
                pod = decode_object(await send(word("get", _POD, namespace, name), path, "GET", (), None), path)
                ended, why = _read(pod)
                await asyncio.sleep(0 if ended else PAUSE)
        if why:
            return PodEnd(why=why)
        log = locate(_POD, namespace, name, "log")
        text = await send(word("get", _POD, namespace, name).of("log"), log, "GET", (), None)
    except TimeoutError:
        return PodEnd(why=f"it did not end within {patience:g} s{f' ({why})' if why else ''}")
    except Forbidden:
        raise
    except ClusterError as error:
        return PodEnd(why=str(error))
    return PodEnd(log=text.decode(errors="replace"))


def _read(pod: Object) -> tuple[bool, str]:
    """Whether it is over, and what it waits for or has failed of."""
    status = pod.get("status", {})
    waiting: Object = next((s["state"]["waiting"] for s in status.get("containerStatuses", ())
                            if "waiting" in s.get("state", {})), {})
    if status.get("phase") == "Succeeded":
        return True, ""
    if status.get("phase") == "Failed":
        return True, f"{status.get('reason', 'failed')}: {status.get('message', 'its command ended in error')}"[:300]
    why = ": ".join(part for part in (waiting.get("reason", ""), waiting.get("message", "")) if part)[:300]
    return waiting.get("reason") in HOPELESS, why


async def _delete(send: Send, namespace: str, name: str) -> None:
    query = (("gracePeriodSeconds", "0"),)
    try:
        await send(word("delete", _POD, namespace, name), locate(_POD, namespace, name), "DELETE", query, None)
    except NotFound:
        return
