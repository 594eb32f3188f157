"""Plain connections from the pod that netcheck itself runs in: no rights, no image. What they show is the way from this
one pod, on its node, under the policies that select it."""

import asyncio
import contextlib
import errno
import socket
import time

from bot.cluster import Dial, Dialled, DialOutcome

PATIENCE = 3.0
"""Seconds for a try."""
TRIES = 2
"""Datagrams: the first may get lost on a way that is open."""
_NO_WAY = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN})
_MOST = 2048
"""Bytes of an answer. What they say does not count."""


class OwnSockets:
    def __init__(self, pod: str) -> None:
        self.pod = pod

    async def dial(self, dial: Dial) -> Dialled:
        begun = time.monotonic()

        def told(outcome: DialOutcome, said: str = "") -> Dialled:
            return Dialled(outcome=outcome, said=said, seconds=round(time.monotonic() - begun, 1))

        try:
            async with asyncio.timeout(PATIENCE):
                await _try(dial)
        except TimeoutError:
            return told("timeout", f"no answer within {PATIENCE:g} s")
        except ConnectionRefusedError as error:
            return told("refused", error.strerror or str(error))
        except OSError as error:
            return told("unreachable" if error.errno in _NO_WAY else "untold", error.strerror or str(error))
        return told("ok")


async def _try(dial: Dial) -> None:
    """Raises OSError, and TimeoutError where the kernel gives up by itself."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in dial.address else socket.AF_INET
    kind, times = (socket.SOCK_DGRAM, TRIES) if dial.protocol == "UDP" else (socket.SOCK_STREAM, 1)
    with socket.socket(family, kind) as plug:
        plug.setblocking(False)
        await loop.sock_connect(plug, (dial.address, dial.port))
        for _ in range(times if dial.sends else 0):
            await loop.sock_sendall(plug, dial.sends)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE / times):
                    await loop.sock_recv(plug, _MOST)
                    return
        if dial.sends:
            raise TimeoutError
