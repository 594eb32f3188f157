"""Findings that every look can make: what it could not read."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.diagnosis.causes import note
from bot.model.errors import ClusterError, Forbidden
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.wording import read_at

PERMISSION = re.compile(r"[a-z]+ \S+( in \S+)?")
"""`verb resource[ in namespace]`, as Forbidden names it; everything else under `skipped` is a sentence."""


def unread(error: ClusterError) -> str:
    """What a look keeps under `skipped` for a read that failed: the missing permission, else what went wrong."""
    return error.permission if isinstance(error, Forbidden) else str(error)


def weigh(per_place: Sequence[Sequence[Finding]], others: int) -> list[Finding]:
    """Faults of single places (nodes) as one list: warnings where a part is broken, failures where every place that was
    looked at is."""
    broken = [any(f.verdict is Verdict.WARN for f in found) for found in per_place]
    whole = all(broken) and (len(broken) > 1 or not others)
    return [replace(f, verdict=Verdict.FAIL) if whole and f.verdict is Verdict.WARN else f
            for found in per_place for f in found]


def tell_skipped(evidence: Evidence, layer: Layer) -> tuple[Finding, ...]:
    """One finding for each read that failed: neither a fault nor a pass."""
    return tuple(_tell(evidence, missed, layer) for missed in dict.fromkeys(evidence.get("skipped", ())))


def _tell(evidence: Evidence, missed: str, layer: Layer) -> Finding:
    told = (read_at(evidence),)
    if PERMISSION.fullmatch(missed):
        return note(Verdict.SKIPPED, layer, f"Not looked at, because this is not permitted: {missed}.", evidence=told)
    return note(Verdict.UNKNOWN, layer, f"Could not be read: {missed}", evidence=told)
