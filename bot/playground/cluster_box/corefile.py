"""Corefiles, as far as the box must understand them: would CoreDNS start with this text, and which zones does it serve?

Source: CoreDNS's plugin.cfg (the plugins built into the released binary) and the Caddyfile syntax it inherits.
"""

import re
from dataclasses import dataclass

from bot.playground.bundle import Object
from bot.playground.cluster_box.kinds import find_kind
from bot.playground.cluster_box.store import Store

_BUILT_IN = """
root metadata geoip cancel tls quic grpc_server https https3 timeouts multisocket reload nsid bufsize bind debug trace
ready health pprof prometheus errors log dnstap local dns64 any chaos loadbalance cache rewrite header dnssec autopath
minimal template transfer hosts route53 azure clouddns k8s_external kubernetes file auto secondary etcd loop forward
grpc erratic whoami on sign acl view tsig nomad import startup shutdown
"""
PLUGINS = frozenset(_BUILT_IN.split())


@dataclass(frozen=True, slots=True)
class Directive:
    name: str
    arguments: tuple[str, ...]
    line: int
    block: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Corefile:
    """The directives of all server blocks, and why CoreDNS would not start (empty: it would)."""

    directives: tuple[Directive, ...]
    fault: str = ""

    @property
    def kubernetes_zones(self) -> tuple[str, ...]:
        """Lower case, without the last dot."""
        found = [item.arguments for item in self.directives if item.name == "kubernetes"]
        return tuple(zone.rstrip(".").lower() for arguments in found for zone in arguments)


def read_corefile(text: str) -> Corefile:
    directives: list[Directive] = []
    depth, block, snippet = 0, [""], False
    for number, line in enumerate(text.splitlines(), 1):
        words = re.findall(r'"[^"]*"|\S+', re.split(r"(?:^|\s)#", line)[0])
        if not words:
            continue
        if words == ["}"]:
            depth -= 1
            if depth < 0:
                return Corefile(tuple(directives), _fault(number, "Unexpected '}' because no matching opening brace"))
            continue
        opens = words[-1] == "{"
        names = words[:-1] if opens else words
        if depth == 0:
            block, snippet = names, bool(names) and names[0].startswith("(")
        elif depth == 1 and not snippet:
            if names[0] not in PLUGINS:
                return Corefile(tuple(directives), _fault(number, f"Unknown directive '{names[0]}'"))
            directives.append(Directive(names[0], tuple(names[1:]), number))
        elif depth == 2 and directives and not snippet:
            last = directives[-1]
            directives[-1] = Directive(last.name, last.arguments, last.line, (*last.block, tuple(names)))
        depth += opens
    if depth > 0:
        return Corefile(tuple(directives), _fault(text.count("\n") + 1, "Unexpected EOF, expecting '}'"))
    return Corefile(tuple(directives)) if block != [""] else Corefile((), _fault(1, "no server blocks"))


def find_fault(text: str) -> str:
    """Why CoreDNS would end soon after it starts with this text, as it prints it; empty if it would run."""
    corefile = read_corefile(text)
    names = {directive.name for directive in corefile.directives}
    for directive in corefile.directives if "loop" in names else ():
        zone, targets = directive.arguments[:1], directive.arguments[1:]
        if directive.name == "forward" and any(_is_loopback(target) for target in targets):
            where = "Loop (127.0.0.1:46337 -> :53)"
            return corefile.fault or (
                f'[FATAL] plugin/loop: {where} detected for zone "{zone[0]}", see '
                "https://coredns.io/plugins/loop#troubleshooting."
            )
    return corefile.fault


def _is_loopback(target: str) -> bool:
    return target.removeprefix("dns://").strip("[]").startswith(("127.", "::1", "localhost"))


def _fault(line: int, what: str) -> str:
    return f"/etc/coredns/Corefile:{line} - Error during parsing: {what}"


def find_corefile(store: Store, pod: Object) -> str | None:
    """The text that the pod mounts as its Corefile; None if it runs no CoreDNS or the ConfigMap is not there."""
    spec = pod.get("spec", {})
    if not any("coredns" in container.get("image", "") or "coredns" in (container.get("command") or ())
               for container in spec.get("containers") or ()):
        return None
    kind = find_kind("v1", "ConfigMap")
    assert kind is not None
    for volume in spec.get("volumes") or ():
        source = volume.get("configMap") or {}
        keys = [item["key"] for item in source.get("items") or () if item.get("path") == "Corefile"] or ["Corefile"]
        found = store.find(kind, pod["metadata"].get("namespace", ""), source.get("name", "")) if source else None
        if found is not None and keys[0] in (found.get("data") or {}):
            return str(found["data"][keys[0]])
    return None
