"""A run told layer by layer: a line each, from the ground up, and the playbook that looks closer. Pure.

Worked out from findings and conclusion whenever it is shown, so that it needs no event of its own. Only playbooks that
say `overview: true` are told so: in those that look closely at one layer the steps say more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.model.finding import Finding, Layer, Verdict, worst
from bot.model.playbook import Playbook
from bot.model.run import Run, findings


@dataclass(frozen=True, slots=True)
class Rung:
    """`uses`: how the names of its step types begin, for what the engine found about a step (it names no layer)."""

    title: str
    layers: tuple[Layer, ...]
    uses: tuple[str, ...]
    closer: str = ""


RUNGS = (
    Rung("API server", (Layer.API,), ("api.",)),
    Rung("Nodes", (Layer.NODE,), ("platform.", "node."), "node"),
    Rung("Network plugin", (Layer.CNI,), ("cni.",), "cni"),
    Rung("Service proxy", (Layer.PROXY,), ("proxy.",), "kube-proxy"),
    Rung("Cluster DNS", (Layer.UPSTREAM, Layer.DNS_WORKLOAD, Layer.DNS_SERVICE), ("dns.",), "dns"),
    Rung("NetworkPolicies", (Layer.POLICY,), ("policy.", "dns.policy"), "network-policy"),
    Rung("Services", (Layer.SERVICE,), ("service.",), "service"),
    Rung("Ingress", (Layer.INGRESS,), ("ingress.",), "ingress"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """`said`: the sentence behind the verdict, "" where all is well. `closer`: the playbook to run next, or ""."""

    title: str
    verdict: Verdict
    said: str = ""
    closer: str = ""


def overview(run: Run) -> tuple[Line, ...]:
    """A line for each layer that the playbook looks at; none before the run has come to something."""
    if not run.playbook.overview or run.conclusion is None:
        return ()
    found = findings(run)
    return tuple(_line(run, rung, [f for f in found if _rung(run.playbook, f) is rung])
                 for rung in RUNGS if _covers(run.playbook, rung))


def next_playbooks(run: Run) -> tuple[str, ...]:
    """The playbooks that look closer where something is wrong or in doubt, the lowest layer first."""
    return tuple(dict.fromkeys(line.closer for line in overview(run) if line.closer))


def _covers(playbook: Playbook, rung: Rung) -> bool:
    return any(step.uses.startswith(rung.uses) for step in playbook.steps)


def _rung(playbook: Playbook, finding: Finding) -> Rung | None:
    if finding.layer:
        return next((rung for rung in RUNGS if finding.layer in rung.layers), None)
    uses = next((step.uses for step in playbook.steps if step.id == finding.step), "")
    return next((rung for rung in reversed(RUNGS) if uses.startswith(rung.uses)), None)


def _line(run: Run, rung: Rung, found: Sequence[Finding]) -> Line:
    """What is wrong of itself counts before what follows from something else, that before what is not known."""
    causes = run.conclusion.root_causes if run.conclusion else ()
    roots = [root.finding for root in causes if _rung(run.playbook, root.finding) is rung]
    if roots:
        more = f" And {len(roots) - 1} more." if len(roots) > 1 else ""
        return Line(rung.title, worst(roots), roots[0].summary + more, _closer(run, rung))
    bad = [f for f in found if f.verdict in (Verdict.WARN, Verdict.FAIL)]
    if bad:
        return Line(rung.title, worst(bad), f"Follows from what is wrong elsewhere: {bad[0].summary}")
    told = {verdict: [f.summary for f in found if f.verdict is verdict] for verdict in Verdict}
    if told[Verdict.UNKNOWN]:
        return Line(rung.title, Verdict.UNKNOWN, told[Verdict.UNKNOWN][0], _closer(run, rung))
    return _unblemished(rung.title, told)


def _closer(run: Run, rung: Rung) -> str:
    return "" if rung.closer == run.playbook.name else rung.closer


def _unblemished(title: str, told: Mapping[Verdict, Sequence[str]]) -> Line:
    """Nothing is wrong or in doubt; what was left out takes away from what passed."""
    missed, seen = told[Verdict.SKIPPED], [*told[Verdict.INFO], *told[Verdict.PASS]]
    if missed or not seen:
        said = missed[0] if missed else "Nothing was looked at here."
        return Line(title, Verdict.INFO, f"In part: {said}") if seen else Line(title, Verdict.SKIPPED, said)
    if told[Verdict.INFO]:
        return Line(title, Verdict.INFO, told[Verdict.INFO][0])
    return Line(title, Verdict.PASS)
