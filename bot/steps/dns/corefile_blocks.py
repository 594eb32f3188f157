"""Which server block of a Corefile is asked for a name: the one with the longest zone, and no other. Pure.

Source: https://coredns.io/manual/toc/#how-queries-are-processed-in-coredns.
"""

from typing import Any

from bot.diagnosis.corefile import port_of
from bot.steps.dns.corefile_facts import plugins, zone_of
from bot.steps.dns.corefile_words import covers

ELSEWHERE = ("k8s_external", "file", "auto", "etcd", "secondary", "k8s_gateway", "kubernetai")
"""Plugins that can serve a cluster's zone in place of `kubernetes`."""
NARROWING = ("labels", "namespace_labels")
"""Options of `kubernetes` that leave out what has not these labels."""


def find_taker(facts: dict[str, Any], domain: str, namespace: str = "default") -> str:
    """The server block, in words, that takes questions for this namespace's names from the `kubernetes` block; "" where
    there is none, or more may stand in it than can be seen."""
    served = plugins(facts, "kubernetes")
    default = facts.get("port", 53)
    ports = {port_of(key, default) for block, _ in served for key in block["keys"]}
    asked = [(zone_of(key), key, block) for block in facts.get("blocks", ()) for key in block["keys"]
             if port_of(key, default) in ports and covers(zone_of(key), f"{namespace}.svc.{domain}")]
    if not served or not asked:
        return ""
    _, key, block = max(asked, key=lambda told: len(told[0]))
    able = any(directive["name"] in ("kubernetes", *ELSEWHERE) for directive in block["directives"])
    return "" if able or block["open"] else f"`{key}` in line {block['line']}"


def find_narrowing(facts: dict[str, Any]) -> str:
    """The option, in words, by which every `kubernetes` block leaves Services out; "" where one serves all."""
    told = [(name, values, directive["line"]) for _, directive in plugins(facts, "kubernetes")
            for name, *values in directive["options"] if name in NARROWING]
    if not told or len({line for _, _, line in told}) < len(plugins(facts, "kubernetes")):
        return ""
    name, values, line = told[0]
    return f"`{' '.join([name, *values])}` of the `kubernetes` block in line {line}"
