"""Each read of a look failing in turn, and what is found then."""

from collections.abc import AsyncIterator, Awaitable, Callable, Container
from dataclasses import dataclass, field
from typing import Any

from bot.model.finding import Finding, Verdict
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.cluster_box.faults import Fault

Findings = tuple[Finding, ...]
REFUSED: dict[str, Any] = {"status": 403}
BROKEN: dict[str, Any] = {"status": 500}
GARBLED: dict[str, Any] = {"truncate": True}


@dataclass(slots=True, kw_only=True)
class Exactly(Fault):
    """Strikes this path and none below it; one without a path strikes nothing and remembers what was asked for."""

    asked: list[str] = field(default_factory=list)

    def strikes(self, path: str) -> bool:
        self.asked.append(path)
        return path == self.path


async def each_failing(
    box: ClusterBox, how: dict[str, Any], look: Callable[[], Awaitable[Findings]]
) -> AsyncIterator[tuple[str, Findings]]:
    """(what was read, what is found without it), for each read that the look makes."""
    spy = Exactly(path="")
    box.faults[:] = [spy]
    await look()
    assert spy.asked
    for path in dict.fromkeys(spy.asked):
        box.faults[:] = [Exactly(path=path, **how)]
        yield resource(path), await look()
    box.faults.clear()


async def check_each(
    box: ClusterBox, how: dict[str, Any], look: Callable[[], Awaitable[Findings]], uses: str, *,
    faults: Callable[[Findings], set[str]], stands_without: Container[tuple[str, str]],
) -> None:
    """A read that fails makes no fault, is named, and lets nothing pass but what stands without it."""
    blind = Verdict.SKIPPED if how is REFUSED else Verdict.UNKNOWN
    before = faults(await look())
    async for missed, found in each_failing(box, how, look):
        assert faults(found) <= before, (missed, found)
        named = any(f.verdict is blind and missed.split("/")[0] in f.summary for f in found)
        assert named or (uses, missed) in stands_without, (missed, found)
        passed = any(f.verdict is Verdict.PASS for f in found)
        assert not passed or (uses, missed) in stands_without, (missed, found)


def resource(path: str) -> str:
    """`pods`, `portforward`, `configmaps/coredns`, `version`."""
    parts = path.strip("/").split("/")
    if len(parts) < 3:
        return parts[-1]
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    parts = parts[2:] if parts[0] == "namespaces" and len(parts) > 2 else parts
    if parts[0] == "configmaps":
        return "/".join(parts)
    return parts[2] if len(parts) > 2 else parts[0]
