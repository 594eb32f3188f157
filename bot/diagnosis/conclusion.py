"""The root-cause rule: which findings no other one explains, what follows from them, and what the run comes to.

    findings in force: a look made again has taken the place of the first (model/run.py)
      │ the same cause on the same object and node, seen twice, is one finding
      │ who explains whom: the table of causes, on the same node where the cause is bound to one
    root causes, each with its consequences (of consequences); lines for what was not looked at; the answer
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.diagnosis.causes import CAUSES, brings_about
from bot.model.finding import Answer, Conclusion, Finding, Layer, RootCause, Verdict, worst

BAD = (Verdict.FAIL, Verdict.WARN)
BLIND = (Verdict.SKIPPED, Verdict.UNKNOWN)


def conclude(findings: Sequence[Finding], essential: frozenset[str] = frozenset()) -> Conclusion:
    """`findings`: those in force (model/run.py), `step` filled in. `essential`: ids of the steps without which nothing
    can be said."""
    bad = sorted(_merge(f for f in findings if f.verdict in BAD), key=_rank)
    roots = [b for b in bad if not any(_explains(a, b) for a in bad)]
    follows: dict[int, list[Finding]] = {index: [] for index in range(len(roots))}
    for finding in bad:
        if finding not in roots:
            follows[_first_root(finding, roots, bad)].append(finding)
    causes = tuple(_root(root, follows[index]) for index, root in enumerate(roots))
    blind = sorted((f for f in findings if f.verdict in BLIND), key=lambda f: (f.step, f.summary))
    lines = tuple(dict.fromkeys(f.summary for f in blind))
    return Conclusion(answer=_answer(bad, findings, essential), root_causes=_join_nodes(causes), not_looked_at=lines)


def _root(finding: Finding, follows: Sequence[Finding]) -> RootCause:
    """What breaks something else now is itself no mere warning."""
    return RootCause(replace(finding, verdict=worst([finding, *follows])), tuple(follows))


def _merge(findings: Iterable[Finding]) -> list[Finding]:
    """One finding per key, the worst one; a finding without a cause stands for itself."""
    best: dict[object, Finding] = {}
    for finding in findings:
        key = finding.key if finding.cause else (finding.step, finding.summary, finding.object, finding.node)
        if key not in best or _weight(finding) < _weight(best[key]):
            best[key] = finding
    return list(best.values())


def _weight(finding: Finding) -> tuple[int, str, str]:
    return (-finding.verdict.badness, finding.step, finding.summary)


def _rank(finding: Finding) -> tuple[int, str, str, str, str, str]:
    height = finding.layer.height if finding.layer else len(Layer)
    return (height, finding.cause, finding.object, finding.node, finding.step, finding.summary)


def _explains(a: Finding, b: Finding) -> bool:
    cause = CAUSES.get(a.cause)
    if a is b or cause is None or not brings_about(cause, b.cause):
        return False
    return cause.scope == "cluster" or not a.node or a.node == b.node


def _first_root(finding: Finding, roots: Sequence[Finding], bad: Sequence[Finding]) -> int:
    """The lowest root cause from which explanations lead to this finding."""
    above, seen = [finding], [finding]
    while above:
        explained = above.pop()
        for candidate in bad:
            if candidate not in seen and _explains(candidate, explained):
                above.append(candidate)
                seen.append(candidate)
    return next(index for index, root in enumerate(roots) if root in seen)


def _join_nodes(causes: Sequence[RootCause]) -> tuple[RootCause, ...]:
    """The same fault of the same object on several nodes is one root cause: the first stands for it."""
    joined: dict[object, RootCause] = {}
    for cause in causes:
        finding = cause.finding
        key = (finding.cause, finding.object) if finding.cause and finding.node else finding
        if key in joined:
            first = joined[key]
            joined[key] = RootCause(first.finding, (*first.consequences, finding, *cause.consequences))
        else:
            joined[key] = cause
    return tuple(joined.values())


def _answer(bad: Sequence[Finding], counted: Sequence[Finding], essential: frozenset[str]) -> Answer:
    if any(f.verdict is Verdict.FAIL for f in bad):
        return Answer.BROKEN
    told = {f.step for f in counted if f.verdict is not Verdict.SKIPPED}
    unknown = {f.step for f in counted if f.verdict is Verdict.UNKNOWN}
    skipped = {f.step for f in counted} - told  # a permission less that left the rest of the step standing is no doubt
    if essential & (unknown | skipped):
        return Answer.UNKNOWN
    return Answer.DEGRADED if bad else Answer.OK
