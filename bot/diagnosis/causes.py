"""The table of causes: every code that a finding can carry, and what each explains. Steps make their findings through
`find`, so that layer and page always agree with the table."""

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from bot.diagnosis.cause import Cause
from bot.diagnosis.causes_application import APPLICATION
from bot.diagnosis.causes_backends import BACKENDS
from bot.diagnosis.causes_calico import CALICO
from bot.diagnosis.causes_client import CLIENT
from bot.diagnosis.causes_cni import CNI
from bot.diagnosis.causes_corefile import COREFILE
from bot.diagnosis.causes_external import EXTERNAL
from bot.diagnosis.causes_ground import GROUND
from bot.diagnosis.causes_ingress import INGRESS
from bot.diagnosis.causes_local_cache import CACHE
from bot.diagnosis.causes_node_reports import NODE_REPORTS
from bot.diagnosis.causes_nodes import NODES
from bot.diagnosis.causes_path import PATH
from bot.diagnosis.causes_pods import PODS
from bot.diagnosis.causes_policy import POLICY
from bot.diagnosis.causes_proxy import PROXY
from bot.diagnosis.causes_proxy_setup import PROXY_SETUP
from bot.diagnosis.causes_sandbox import SANDBOXES
from bot.diagnosis.causes_service import SERVICE
from bot.diagnosis.causes_upstream import UPSTREAM
from bot.diagnosis.causes_ways import WAYS
from bot.diagnosis.causes_weave import WEAVE
from bot.model.errors import UsageError
from bot.model.finding import MAX_EVIDENCE, Finding, Layer, Verdict

ROWS = (
    *GROUND, *NODE_REPORTS, *CNI, *CALICO, *WEAVE, *SANDBOXES, *NODES, *PROXY, *PROXY_SETUP, *PATH, *PODS, *COREFILE,
    *SERVICE, *UPSTREAM, *CACHE, *POLICY, *APPLICATION, *BACKENDS, *WAYS, *INGRESS, *EXTERNAL, *CLIENT,
)
CAUSES: dict[str, Cause] = {cause.code: cause for cause in ROWS}

PAGE = "docs/causes.md"


def explain(code: str) -> Cause:
    """The row of this code. Raises UsageError with the codes that may have been meant."""
    if code in CAUSES:
        return CAUSES[code]
    near = tuple(get_close_matches(code, CAUSES, n=3, cutoff=0.5)) or tuple(c for c in CAUSES if code and code in c)[:3]
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise UsageError(f"There is no cause called “{code}”.{hint} All of them stand in {PAGE}.", near)


def page(code: str) -> str:
    """Where it is explained; "" for a code that the author of a playbook made up."""
    return f"{PAGE}#{code}" if code in CAUSES else ""


def brings_about(cause: Cause, code: str) -> bool:
    """Whether the table says that this cause explains findings of that code. No cause explains itself."""
    return code != cause.code and any(fnmatchcase(code, pattern) for pattern in cause.explains)


def _sentence(text: str) -> str:
    """Words of others may end with a period of their own, or were cut: one more is too many."""
    return text[:-1] if text.endswith(("..", "….")) and not text.endswith("...") else text


def find(
    code: str, summary: str, *, verdict: Verdict = Verdict.FAIL, object: str = "", node: str = "",
    evidence: Sequence[str] = (), advice: str = "",
) -> Finding:
    """A finding of this cause; what to do comes from the table unless the step knows better."""
    cause = CAUSES[code]
    return Finding(
        verdict=verdict, cause=code, layer=cause.layer, object=object, node=node, summary=_sentence(summary),
        evidence=tuple(evidence)[:MAX_EVIDENCE], advice=advice or cause.mend, doc=page(code),
    )


def note(
    verdict: Verdict, layer: Layer, summary: str, *, object: str = "", node: str = "", evidence: Sequence[str] = (),
    advice: str = "",
) -> Finding:
    """A finding without a cause: nothing wrong, or nothing that could be told."""
    return Finding(
        verdict=verdict, layer=layer, object=object, node=node, summary=_sentence(summary),
        evidence=tuple(evidence)[:MAX_EVIDENCE], advice=advice,
    )
