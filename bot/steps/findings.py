"""Findings that every look can make."""

from bot.diagnosis.causes import note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence


def tell_skipped(evidence: Evidence, layer: Layer) -> tuple[Finding, ...]:
    """One finding for each permission that was missing: neither a fault nor a pass."""
    return tuple(
        note(Verdict.SKIPPED, layer, f"Not looked at, because this is not permitted: {permission}.")
        for permission in dict.fromkeys(evidence.get("skipped", ()))
    )
