"""What a step concluded, and what a whole run comes to: verdicts, layers, findings, root causes, the answer."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """FAIL: broken now. WARN: a fault that breaks part of it, or will at the next restart. INFO: different or unwise.

    UNKNOWN: looked, not decisive. SKIPPED: not this platform, or no permission (the verb is named).
    """

    PASS = "pass"
    INFO = "info"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    WARN = "warn"
    FAIL = "fail"

    @property
    def badness(self) -> int:
        """For choosing the worst of several: the order in which the members stand."""
        return list(Verdict).index(self)


class Layer(StrEnum):
    """From the ground up; the order breaks ties between causes that do not explain each other."""

    API = "api"
    NODE = "node"
    CNI = "cni"
    PROXY = "proxy"
    UPSTREAM = "upstream"
    DNS_WORKLOAD = "dns-workload"
    DNS_SERVICE = "dns-service"
    POLICY = "policy"
    SERVICE = "service"
    INGRESS = "ingress"
    CLIENT = "client"

    @property
    def height(self) -> int:
        return list(Layer).index(self)


class Answer(StrEnum):
    """What a run comes to. OK: nothing wrong among what was looked at. UNKNOWN: an essential step could not tell."""

    OK = "ok"
    DEGRADED = "degraded"
    BROKEN = "broken"
    UNKNOWN = "unknown"


MAX_EVIDENCE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One conclusion.

    `cause`: a stable code from the table of causes (`dns.service.selector`), or "" when nothing is wrong.
    `object`: "Kind namespace/name". `node`: where the effect is limited to, if it is limited to one node.
    `summary`: one sentence: object, field, value seen, value expected. `evidence`: at most five lines, with read time.
    `advice`: what to do, commands in backquotes. `doc`: anchor in docs/causes.md. `step`: the id of the step.
    `grid`: what was tried, from whom to whom, as the corner says; the first row and first column are names.
    """

    verdict: Verdict
    summary: str
    cause: str = ""
    layer: Layer | None = None
    object: str = ""
    node: str = ""
    evidence: tuple[str, ...] = ()
    advice: str = ""
    doc: str = ""
    step: str = ""
    grid: tuple[tuple[str, ...], ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two findings the same finding."""
        return (self.cause, self.object, self.node)


@dataclass(frozen=True, slots=True)
class RootCause:
    """A finding that no other one explains, with those that it explains."""

    finding: Finding
    consequences: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the person is told. `not_looked_at`: one line for each thing that was skipped or could not be told."""

    answer: Answer
    root_causes: tuple[RootCause, ...] = ()
    not_looked_at: tuple[str, ...] = ()


def worst(findings: tuple[Finding, ...] | list[Finding]) -> Verdict:
    """The worst verdict; PASS when there is none."""
    return max((f.verdict for f in findings), key=lambda verdict: verdict.badness, default=Verdict.PASS)
