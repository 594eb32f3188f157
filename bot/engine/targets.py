"""Which cluster a word means. Nothing ever runs on a cluster that was not named or is not the only one.

A target of the settings comes first, then a context of the kubeconfig. Anything else runs nothing: near names are
offered. The port `Clusters` is what wiring gives: the targets there are, and the way to each.
"""

import asyncio
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.cluster import Cluster
from bot.model.errors import NetcheckError, UsageError
from bot.model.permission import Rules
from bot.model.playbook import Playbook

LOOK_UP = 2.0
MISTYPED = 0.8
"""How near a word must come to the name of a target (1.0: the same) to be taken for it, mistyped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`context`: the context of the kubeconfig; empty: the cluster that netcheck runs in. `identity`: what tells this
    cluster from others. `namespace`: meant by parameters without one. `default`: meant when no target is named."""

    name: str
    context: str = ""
    server: str = ""
    identity: str = ""
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
    default = default_of(targets)
    if default:
        return default
    named = ", ".join(target.name for target in targets)
    raise UsageError(f"Which cluster? Name one of: {named}.", tuple(f"{playbook} {t.name}" for t in targets[:5]))


def default_of(targets: Sequence[Target]) -> Target | None:
    """The target that is meant when none is named: the default of the settings, or the only one."""
    default = next((target for target in targets if target.default), None)
    return default or (targets[0] if len(targets) == 1 else None)


async def understand(
    clusters: Clusters, playbook: Playbook, words: Sequence[str], may_look: Callable[[Target], bool]
) -> tuple[Target, str]:
    """The target that is meant by what stands after the playbook, and the word that is its first parameter ("": none).

    A word with `/` or `.` in it is that parameter, unless it is a target or so near to one that it is rather mistyped.
    """
    targets = clusters.targets()
    named = [word for word in words if _stands_for_target(targets, word)]
    others = [word for word in words if word not in named]
    if len(named) > 1:
        raise UsageError(f"“{' '.join(named)}”: one target at a time; parameters are given as name=value.")
    if len(others) > 1:
        raise UsageError(f"“{' '.join(others)}”: one parameter at most goes without its name; say name=value.")
    word = named[0] if named else ""
    try:
        return resolve(targets, word, playbook.name), "".join(others)
    except UsageError as error:
        raise await _with_offers(clusters, playbook, word, may_look, error) from None


def _stands_for_target(targets: Sequence[Target], word: str) -> bool:
    known = {name for target in targets for name in (target.name, target.context) if name}
    if word in known or not _is_dotted(word):
        return True
    return bool(difflib.get_close_matches(word, filter(_is_dotted, known), n=1, cutoff=MISTYPED))


def _is_dotted(word: str) -> bool:
    return "/" in word or "." in word


async def _with_offers(
    clusters: Clusters, playbook: Playbook, word: str, may_look: Callable[[Target], bool], error: UsageError
) -> UsageError:
    """What else may have been meant by a word that is no target; none of it runs by itself."""
    if _is_dotted(word) and playbook.params:
        given = f"{playbook.params[0].name}={word}"
        return UsageError(f"{error} If it is a parameter, say `{given}`.", (*error.near, f"{playbook.name} {given}"))
    default = default_of(clusters.targets())
    if not word or default is None or not may_look(default):
        return error
    return await _offer_namespace(clusters, default, word, playbook, error)


async def _offer_namespace(
    clusters: Clusters, target: Target, word: str, playbook: Playbook, error: UsageError
) -> UsageError:
    """The same error; where the target has a namespace of that name, with the offer to look there."""
    try:
        async with asyncio.timeout(LOOK_UP):
            await (await clusters.open(target)).get("Namespace", word)
    except (NetcheckError, TimeoutError):
        return error
    takes = any(param.name == "namespace" for param in playbook.params)
    text = f"{playbook.name} {target.name}" + (f" namespace={word}" if takes else "")
    return UsageError(f"{error} “{word}” is a namespace on {target.name}, {target.described}.", (text, *error.near))


def _unknown(targets: Sequence[Target], word: str, playbook: str) -> UsageError:
    known = ", ".join(target.name for target in targets[:8])
    names = dict.fromkeys(name for target in targets for name in (target.name, target.context) if name)
    near = difflib.get_close_matches(word, names, n=3, cutoff=0.5)
    message = f"“{word}” is no target and no context here, so nothing was run. There are: {known}."
    return UsageError(message, tuple(f"{playbook} {name}" for name in near))
