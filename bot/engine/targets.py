"""Which cluster a word means. Nothing ever runs on a cluster that was not named or is not the only one.

A target of the settings comes first, then a context of the kubeconfig. Anything else runs nothing: near names are
offered. The port `Clusters` is what wiring gives: the targets there are, and the way to each.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.cluster import Cluster
from bot.model.errors import UsageError
from bot.model.permission import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`context`: the context of the kubeconfig; empty inside a cluster. `default`: meant when no target is named."""

    name: str
    context: str = ""
    server: str = ""
    namespace: str = ""
    rules: Rules = field(default_factory=Rules)
    default: bool = False
    configured: bool = False

    @property
    def described(self) -> str:
        """For people: which cluster and context this is."""
        where = f"context {self.context}" if self.context else "the cluster netcheck runs in"
        return f"{where} ({self.server})" if self.server else where


class Clusters(Protocol):
    def targets(self) -> Sequence[Target]:
        """Targets of the settings first, then the contexts that no target stands for."""

    async def open(self, target: Target) -> Cluster:
        """A cluster with a count of its own, over connections that all runs on the target share. Raises NetcheckError
        when the settings or the kubeconfig lead nowhere; an API server that does not answer shows at the first read."""


def resolve(targets: Sequence[Target], word: str, playbook: str) -> Target:
    """The target that a word names; no word: the default, if there is no doubt. Raises UsageError with near names."""
    if not targets:
        raise UsageError("There is no cluster: name a kubeconfig by --kubeconfig or KUBECONFIG, or set `targets`.")
    if word:
        for target in targets:
            if target.name == word:
                return target
        for target in targets:
            if target.context == word:
                return target
        raise _unknown(targets, word, playbook)
    default = next((target for target in targets if target.default), None)
    if default or len(targets) == 1:
        return default or targets[0]
    named = ", ".join(target.name for target in targets)
    raise UsageError(f"Which cluster? Name one of: {named}.", tuple(f"{playbook} {t.name}" for t in targets[:5]))


def _unknown(targets: Sequence[Target], word: str, playbook: str) -> UsageError:
    names = [target.name for target in targets]
    near = difflib.get_close_matches(word, names, n=3, cutoff=0.5)
    known = ", ".join(names[:8])
    message = f"“{word}” is no target and no context here, so nothing was run. There are: {known}."
    return UsageError(message, tuple(f"{playbook} {name}" for name in near))
