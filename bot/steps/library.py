"""The table of step types: what `uses:` can name. Adding one is one line here."""

from bot.steps import StepType
from bot.steps.api import ANSWERS
from bot.steps.changes import RESTART, SERVICE_PATCH
from bot.steps.dns_endpoints import ENDPOINTS
from bot.steps.dns_pods import PODS
from bot.steps.generic import GET, LIST, LOGS
from bot.steps.guide import APPROVAL, ASK, TELL
from bot.steps.platform import FINGERPRINT

STEP_TYPES: dict[str, StepType] = {
    step.name: step
    for step in (
        ANSWERS, FINGERPRINT, PODS, ENDPOINTS,
        GET, LIST, LOGS,
        TELL, ASK, APPROVAL,
        SERVICE_PATCH, RESTART,
    )
}  # fmt: skip
