"""A connection that policies do not allow, as a finding: a fault only where something enforces them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.diagnosis.causes import find, note
from bot.diagnosis.policy_evaluation import Direction, Ruling
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.policy.enforcers import judge_enforcement
from bot.steps.policy.words import tell_near, tell_policy
from bot.steps.wording import list_names, read_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """`what` is blocked; `wanted`: what no rule allows; `mend`: the command that allows it; `pod`: of whom it is told,
    where it is one pod only. `namespace`: of the policies; that of the DNS pods by default."""

    code: str
    direction: Direction
    ruling: Ruling
    verdict: Verdict
    what: str
    wanted: str
    mend: str
    namespace: str = ""


def convict(evidence: Evidence, blocked: Blocked) -> Finding:
    names, space = blocked.ruling.isolating, blocked.namespace or evidence["namespace"]
    here = [policy for policy in evidence["policies"] if policy["metadata"]["namespace"] == space]
    which = name_policies(evidence, names, space)
    nearest = tell_near(blocked.ruling.near, here, blocked.direction, blocked.wanted)
    enforcement = judge_enforcement(evidence["enforcement"])
    lines = [*(tell_policy(policy, blocked.direction) for policy in here if policy["metadata"]["name"] in names[:2]),
             *([nearest] if nearest else []), f"enforced: {enforcement.why}", read_at(evidence)]
    lacks = f"no rule of {'it' if len(names) == 1 else 'them'} allows {blocked.wanted}"
    advice = f"Allow it: {blocked.mend}. Or make the policy that is too wide narrower."
    if enforcement.enforced:
        text = f"{which} {'blocks' if len(names) == 1 else 'block'} {blocked.what}: {lacks}."
        return find(blocked.code, text, verdict=blocked.verdict, object=f"NetworkPolicy {space}/{names[0]}",
                    evidence=lines, advice=advice)
    known = "Nothing enforces policies here" if enforcement.enforced is False else \
        "Whether anything enforces policies is not known"
    text = f"{which} would block {blocked.what} if enforced: {lacks}. {known}: {enforcement.why}."
    verdict = Verdict.INFO if enforcement.enforced is False else Verdict.UNKNOWN
    return note(verdict, Layer.POLICY, text, object=f"NetworkPolicy {space}/{names[0]}", evidence=lines, advice=advice)


def name_policies(evidence: Evidence, names: Sequence[str], namespace: str = "") -> str:
    space = namespace or evidence["namespace"]
    return f"NetworkPolicy {list_names((f'{space}/{name}' for name in names), 3)}"
