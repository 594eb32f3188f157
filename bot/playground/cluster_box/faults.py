"""Ways to be unkind: what networks and overloaded API servers do, on request.

box.faults.append(Fault(path="/api/v1/pods", status=503, times=2))
"""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Fault:
    """Strikes requests whose path begins with `path`, `times` times (None: always). `latency` is in seconds.

    With `status`, that answer (429 with `retry_after`); with `drop`, the connection is closed without an answer; with
    `hang`, nothing comes at all; with `truncate`, the answer's JSON ends half-way. Latency alone only slows down.
    """

    path: str = "/"
    times: int | None = None
    latency: float = 0.0
    status: int = 0
    retry_after: int | None = None
    drop: bool = False
    hang: bool = False
    truncate: bool = False
    struck: int = field(default=0, init=False)

    def strikes(self, path: str) -> bool:
        """Counts."""
        if not path.startswith(self.path) or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True


async def pause(fault: Fault) -> None:
    if fault.latency:
        await asyncio.sleep(fault.latency)
