"""Rules in the backend of iptables that kube-proxy does not write with: the kernel follows both. Pure.

`iptables` of the nf_tables backend says so by itself where the legacy backend has tables; only then the others are
asked for, since asking the legacy backend makes its tables. Not seen: a kube-proxy that writes with the legacy one.
Sources: iptables/xtables-standalone.c; kube-proxy's image chooses between them by the kubelet's rules
(https://github.com/kubernetes-sigs/iptables-wrappers); seen with iptables 1.8.9.
"""

import re
from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.wording import count, cut, read_at

WARNED = "iptables-legacy tables present"
LEGACY = (("iptables-legacy", "-t", "nat", "-S", "PREROUTING"), ("iptables-legacy", "-t", "nat", "-S", "OUTPUT"),
          ("iptables-legacy", "-S", "FORWARD"))
"""What leads into kube-proxy's chains, and what drops packets on their way. Chains of others are not listed."""
DROPS = re.compile(r"^-[AP] .*\b(DROP|REJECT)\b", re.MULTILINE)


def has_legacy(told: dict[str, Any]) -> bool:
    """Whether a command of the other backend warned of them."""
    return WARNED in str(told.get("said", ""))


def judge_legacy(evidence: Evidence, pod: dict[str, Any]) -> list[Finding]:
    """`pod["legacy"]`: what each of LEGACY told; none of them where there are no such tables."""
    told: list[dict[str, Any]] = pod.get("legacy") or []
    failed = next((str(one.get("error") or one.get("said")) for one in told if one.get("error") or one.get("code")), "")
    if failed:
        text = f"iptables-legacy has tables on {pod['node']}, too, which could not be read: {cut(failed, 160)}"
        return [_note(evidence, pod, Verdict.UNKNOWN, text)]
    texts = [str(one["text"]) for one in told]
    mine = [line for text in texts[:2] for line in text.splitlines() if "-j KUBE-SERVICES" in line]
    if mine:
        text = (f"Two backends of iptables hold kube-proxy's rules on {pod['node']}: it writes with nf_tables, and "
                "those in iptables-legacy are of an earlier time and are followed as well.")
        return [find("proxy.two-backends", text, verdict=Verdict.WARN, object=evidence["proxy"], node=pod["node"],
                     evidence=(f"{pod['name']}, iptables-legacy -t nat: {cut(mine[0], 160)}", read_at(evidence)))]
    drops = DROPS.findall(texts[2]) if texts else []
    if not drops:
        return []
    text = (f"iptables-legacy on {pod['node']} holds {count(len(drops), 'rule')} that drops or rejects forwarded "
            "packets; `iptables-save` does not show them, and the kernel follows both. Whether they meet packets of "
            "pods was not tested.")
    return [_note(evidence, pod, Verdict.INFO, text)]


def _note(evidence: Evidence, pod: dict[str, Any], verdict: Verdict, text: str) -> Finding:
    return note(verdict, Layer.PROXY, text, object=evidence["proxy"], node=pod["node"],
                evidence=(f"{pod['name']}: iptables says that {WARNED}", read_at(evidence)))
