"""What holds for a run by the settings as they are now: the cluster its target means, and who may do what there.

The desk asks before it writes what a person wants; the worker asks before it touches a cluster or offers a change.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.engine.targets import Clusters, Target, resolve
from bot.model.errors import Refused
from bot.model.event import RunStarted
from bot.model.permission import Person, Policy, Right, Rules, check, nobody_may_change


@dataclass(frozen=True, slots=True)
class Rulebook:
    """`playbooks`: the rules of a playbook, by its name."""

    clusters: Clusters
    playbooks: Callable[[str], Rules]

    def check(self, playbook: str, target: Target, by: Person, right: Right, started_by: str = "") -> None:
        """Raises Refused with a sentence that names who may."""
        check(self._policy(playbook, target), by, right, target.name, started_by=started_by)

    def check_run(self, began: RunStarted, by: Person, right: Right) -> None:
        """The same for a run that has begun. Raises UsageError where its target is no longer there."""
        self.check(began.playbook.name, self._named(began), by, right, began.by)

    def target(self, began: RunStarted) -> Target:
        """Where the run goes on. Raises Refused where its target was pointed at another cluster since: what was found
        and approved on one says nothing about another."""
        target = self._named(began)
        # Where an earlier release wrote no identity, what it told people serves instead.
        same = began.identity == target.identity if began.identity else began.cluster in ("", target.described)
        if same:
            return target
        now = target.described if target.described != began.cluster else target.identity
        raise Refused(
            f"This run is about {began.cluster}, and {target.name} means another cluster by now: {now}. "
            f"Nothing goes on from here; `{began.playbook.name} {target.name}` starts anew over there."
        )

    def approvers(self, began: RunStarted) -> tuple[str, ...]:
        """Those of the playbook where it narrows the target's, else those of the target."""
        policy = self._policy(began.playbook.name, self._named(began))
        return (policy.playbook.change or policy.target.change) if policy.target.change else ()

    def nobody(self, began: RunStarted) -> str:
        """Why nobody at all may approve a change of this run, and which setting would allow it; empty if somebody."""
        target = self._named(began)
        return nobody_may_change(self._policy(began.playbook.name, target), target.name, began.by)

    def _policy(self, playbook: str, target: Target) -> Policy:
        return Policy(target.rules, self.playbooks(playbook))

    def _named(self, began: RunStarted) -> Target:
        return resolve(self.clusters.targets(), began.target, began.playbook.name)
