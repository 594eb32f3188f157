"""Which lines of a Corefile to alter so that what was found in it is gone: the arguments of `configmap.patch`. Pure.

Offered only where it mends all that was found in the Corefile: half a mend is a second outage.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from bot.diagnosis.directives import DROPPED, KNOWN, is_dropped, near, successor
from bot.model.finding import Finding, Verdict
from bot.steps import Evidence

PROBED = {"dns.corefile.no-ready": "ready", "dns.corefile.no-health": "health"}
MENDED = frozenset({"dns.corefile.directive-removed", "dns.corefile.directive-unknown", *PROBED})
Edit = dict[str, Any]


def propose_edits(evidence: Evidence, findings: Iterable[Finding]) -> list[Edit]:
    """[{line, old, new}], empty where nothing is wrong or not all of it can be mended by altering lines."""
    wrong = [finding for finding in findings if finding.verdict in (Verdict.FAIL, Verdict.WARN)]
    facts = evidence["corefile"]
    if not {finding.cause for finding in wrong} <= MENDED or facts["mistakes"] or facts["imports"]:
        return []
    edits = [*_respelled(evidence), *_probed(evidence, {finding.cause for finding in wrong})]
    lines = [edit["line"] for edit in edits]
    return edits if len(edits) == len(wrong) and len(set(lines)) == len(lines) else []


def _respelled(evidence: Evidence) -> Iterator[Edit]:
    """Plugins that were dropped or mistyped, by the ones that are meant."""
    version = tuple(evidence["version"])
    words = {(d["name"], d["line"]): d for block in evidence["corefile"]["blocks"] for d in block["directives"]}
    for (name, line), directive in words.items():
        if name in DROPPED and is_dropped(DROPPED[name], version):
            instead = successor(DROPPED[name], directive["args"])
            yield {"line": line, "old": " ".join([name, *directive["args"]]), "new": instead}
        elif name not in KNOWN and name not in DROPPED and near(name):
            yield {"line": line, "old": name, "new": near(name)}


def _probed(evidence: Evidence, codes: set[str]) -> Iterator[Edit]:
    """`ready` or `health` as a line of its own in front of the kubernetes block, or of the block's first plugin."""
    for code in sorted(codes & PROBED.keys()):
        plugin, port = PROBED[code], evidence["probes"][PROBED[code]]["port"]
        block = evidence["corefile"]["blocks"][0]
        at = next((d for d in block["directives"] if d["name"] == "kubernetes"), block["directives"][0])
        default = {"ready": 8181, "health": 8080}[plugin]
        word = plugin if port == default else f"{plugin} :{port}"
        yield {"line": at["line"], "old": at["name"], "new": f"{word}\n{at['name']}"}
