"""What the log lines of one kube-proxy speak for. Pure."""

import re
from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.proxy.klog import Match, Patterns, read_last
from bot.steps.wording import count, cut, list_names, parse_time, read_at

Pod = dict[str, Any]

PATTERNS: Patterns = tuple((meaning, re.compile(words)) for meaning, words in (
    ("notice", r"nodePortAddresses is unset|--nodeport-addresses"),
    ("lenient", r"Using lenient decoding as strict decoding failed(.*strict decoding error: (?P<why>[^,]+))?"),
    ("flag", r"unknown (shorthand )?flag: |invalid argument .* for .* flag"),
    ("config", r"failed (complete|validate|to load).*|unable to (load|read).*config.*|no kind .* is registered.*"),
    ("files", r"unable to read (certificate-authority|client-\w+|tokenFile) (?P<file>\S+)"),
    ("ipvs", r"can't use the IPVS proxier(: (?P<why>[^\"]+))?"),
    ("forbidden", r'(?P<what>[\w.]+)(?: \\?"[^"\\]+\\?")? is forbidden: User \\?"(?P<user>[^"\\]+)\\?" '
                  r"cannot (?P<verb>\w+)"),
    ("tls", r"x509: (?P<why>[^\"]+)"),
    ("credentials", r"Unauthorized|serviceaccount/token: no such file"),
    ("api", r"dial tcp:? (?P<to>\S+?): (?P<why>i/o timeout|connect: [\w ]+|lookup .*)|https://(?P<via>[^/\s\"\\]+)/\S*"
            r".*(?P<late>TLS handshake timeout|context deadline exceeded|EOF)"),
    ("rules", r"Failed to execute iptables-restore|Failed to ensure|nftables sync failed|[Ii]ptables-restore.*failed"),
    ("sync-failed", r"Sync failed"),
    ("node-name", r'nodes? \\?"(?P<name>[^"\\]+)\\?" not found'),
    ("node-address", r"Can't determine this node's IP|host IP unknown|[Ff]ailed to retrieve node IP"),
    ("port", r"failed to start proxy healthz|starting metrics server failed|(?P<where>\S+): bind: address already"),
    ("by-design", r"NodeIPs changed for the node|PodCIDRs changed for the node|Node is being deleted|"
                  r"configuration file was updated"),
    ("conntrack", r'"conntrack": executable file not found|conntrack.*executable file not found'),
    ("mode", r"Using (?P<mode>\w+) [Pp]roxier"),
    ("synced", r'[Cc]aches are synced.*(service config|endpoint ?slice config|endpoints config)'),
    ("synced-node", r"[Cc]aches are synced.*node informer|Successfully retrieved NodeIPs"),
))

YOUNG_LINE = 300.0
"""Seconds for which a line that tells its time counts as now. Reflectors that fail try again within a minute and a half
(30 s to dial, up to twice 30 s of waiting), and say nothing when they come through again."""
PATIENCE = 60.0
BEGAN_WITH = re.compile(r"(?:\boldN|\bN)odeIPs=\[(?P<addresses>[^\]]*)\]")
"""As the line tells it that is logged at the start, and each that is logged when the addresses change."""
SERIES = 3
"""Restarts by design from which they are no accident."""

AT_START: dict[str, tuple[str, str]] = {
    "flag": ("proxy.command", "does not start with the flags that it is given"),
    "config": ("proxy.config", "cannot use its configuration"),
    "files": ("proxy.credentials", "cannot read a file that its kubeconfig names"),
    "ipvs": ("proxy.mode", "cannot run in ipvs mode"),
    "port": ("proxy.port", "cannot open its own port"),
    "node-name": ("proxy.node-name", "looks for a Node that does not exist"),
    "node-address": ("proxy.node-address", "could not learn its node's address"),
    "conntrack": ("proxy.mode", "misses the program conntrack"),
}
TO_API: dict[str, tuple[str, str]] = {
    "forbidden": ("proxy.access", "is refused by the API server"),
    "tls": ("proxy.credentials", "does not trust the API server's certificate"),
    "credentials": ("proxy.credentials", "has no valid credentials for the API server"),
    "api": ("proxy.api", "cannot reach the API server"),
}


def judge_pod(evidence: Evidence, pod: Pod) -> list[Finding]:
    now = pod["now"] or {"lines": [], "whole": False}
    last = read_last(PATTERNS, now["lines"])
    found = [_tell(evidence, pod, code, what, row) for meaning, (code, what) in AT_START.items()
             if (row := _at_start(pod, last, meaning))]
    found += [_tell(evidence, pod, code, what, row) for meaning, (code, what) in TO_API.items()
              if (row := last.get(meaning)) and _stands(evidence, last, row)]
    rules = last.get("rules") or last.get("sync-failed")
    if rules and _is_young(evidence, rules):
        found.append(_tell(evidence, pod, "proxy.rules", "cannot write its rules", rules))
    found += _by_design(evidence, pod) + _moved(evidence, pod, last)
    if not found and _never_synced(evidence, pod, now, last):
        text = (f"kube-proxy on node {pod['node']} runs since {pod['started']} and has never received Services and "
                "EndpointSlices: its log holds no `Caches are synced` for them.")
        found.append(_fault(evidence, pod, "proxy.unsynced", text, f"{pod['name']}: the whole log was read"))
    return [*found, *_lenient(evidence, pod, last)]


def _at_start(pod: Pod, last: dict[str, Match], meaning: str) -> Match | None:
    """What ends a start counts while the proxy is down, out of this life or the one before."""
    if meaning in last and not (pod["ready"] and "synced" in last):
        return last[meaning]
    return _before(pod).get(meaning) if not pod["ready"] else None


def _before(pod: Pod) -> dict[str, Match]:
    return read_last(PATTERNS, (pod["before"] or {}).get("lines", ()))


def _stands(evidence: Evidence, last: dict[str, Match], row: Match) -> bool:
    """Nothing after it says that the caches came in, and it is no old story."""
    synced = max((last[m].place for m in ("synced", "synced-node") if m in last), default=-1)
    return bool(row.place > synced and _is_young(evidence, row))


def _is_young(evidence: Evidence, row: Match) -> bool:
    return not row.at or float(evidence["read_at"]) - row.at < YOUNG_LINE


def _never_synced(evidence: Evidence, pod: Pod, now: dict[str, Any], last: dict[str, Match]) -> bool:
    """Only a log that was read whole can miss a line."""
    started = parse_time(pod["started"])
    return bool(started and now["whole"] and "synced" not in last and now["lines"]
                and float(evidence["read_at"]) - started > PATIENCE)


def _by_design(evidence: Evidence, pod: Pod) -> list[Finding]:
    """It ends by itself when its node's addresses change: once is nothing, a series is a node whose address flaps."""
    row = _before(pod).get("by-design")
    if row is None:
        return []
    told = f"kube-proxy on node {pod['node']} restarted by design: {cut(row.text, 160)}"
    if pod["restarts"] < SERIES or "NodeIPs" not in row.text:
        return [note(Verdict.INFO, Layer.PROXY, told, object=evidence["proxy"], node=pod["node"],
                     evidence=(f"{pod['name']}, before: {cut(row.text)}", read_at(evidence)))]
    text = f"kube-proxy on node {pod['node']} restarted {count(pod['restarts'], 'time')}: its node's address changes."
    return [_fault(evidence, pod, "proxy.node-flaps", text, f"{pod['name']}, before: {cut(row.text)}")]


def _lenient(evidence: Evidence, pod: Pod, last: dict[str, Match]) -> list[Finding]:
    """Which field it is and what was meant tells the look at its configuration; here it has no more than a line."""
    if "lenient" not in last:
        return []
    why = last["lenient"].facts.get("why", "").replace('\\"', "'").rstrip('" ')
    text = (f"kube-proxy on node {pod['node']} passes over what it does not know in its configuration"
            f"{': ' + why if why else ''}.")
    return [note(Verdict.INFO, Layer.PROXY, text, object=evidence["proxy"], node=pod["node"],
                 evidence=(f"{pod['name']}: {cut(last['lenient'].text)}", read_at(evidence)))]


def _moved(evidence: Evidence, pod: Pod, last: dict[str, Match]) -> list[Finding]:
    """1.34 does not end when its node's address changes, and goes on with the old one. In mode nftables NodePorts are
    bound to that address. Source: pkg/proxy/node.go, pkg/proxy/nftables; seen on 1.34."""
    rows = [(row, told) for meaning in ("by-design", "synced-node")
            if (row := last.get(meaning)) and (told := BEGAN_WITH.search(row.text))]
    has: list[str] = pod.get("addresses", [])  # not in evidence of an earlier time
    if not rows or not has:
        return []
    row, told = rows[0]
    began = re.findall(r"[0-9a-fA-F.:]{3,}", told["addresses"])
    if not began or set(began) & set(has):
        return []
    text = (f"kube-proxy on node {pod['node']} goes on with the address {list_names(began)} that its node had when it "
            f"started; the Node has {list_names(has)} now.")
    seen = (f"{pod['name']}: {cut(row.text, 160)}", f"Node {pod['node']}: addresses {list_names(has)}")
    if "mode" in last and last["mode"].facts["mode"] == "nftables":
        return [_fault(evidence, pod, "proxy.node-moved", text, *seen)]
    return [note(Verdict.INFO, Layer.PROXY, text, object=evidence["proxy"], node=pod["node"],
                 evidence=(*seen, read_at(evidence)))]


def _tell(evidence: Evidence, pod: Pod, code: str, what: str, row: Match) -> Finding:
    facts = row.facts
    to = facts.get("to") or facts.get("via", "")
    detail = f" at {to}: {facts.get('why') or facts.get('late', '')}" if to else f": {cut(row.text, 240)}"
    return _fault(evidence, pod, code, f"kube-proxy on node {pod['node']} {what}{detail}.",
                  f"{pod['name']}: {cut(row.text)}")


def _fault(evidence: Evidence, pod: Pod, code: str, text: str, *told: str) -> Finding:
    about = evidence["account"] if code == "proxy.access" else evidence["proxy"]
    return find(code, text, verdict=Verdict.WARN, object=about, node=pod["node"],
                evidence=(*told, read_at(evidence)))
