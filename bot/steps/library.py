"""The table of step types: what `uses:` can name. Adding one is one line here."""

from bot.steps import StepType
from bot.steps.api import ANSWERS
from bot.steps.cni_agents import AGENTS
from bot.steps.cni_sandbox import SANDBOX
from bot.steps.configmap_patch import CONFIG_MAP_PATCH
from bot.steps.dns_access import ACCESS
from bot.steps.dns_client import CLIENT
from bot.steps.dns_corefile import COREFILE
from bot.steps.dns_endpoints import ENDPOINTS
from bot.steps.dns_local_cache import LOCAL_CACHE
from bot.steps.dns_logs import LOGS as DNS_LOGS
from bot.steps.dns_memory import MEMORY
from bot.steps.dns_path import PATH
from bot.steps.dns_pods import PODS
from bot.steps.dns_policy import POLICY
from bot.steps.dns_query import QUERY
from bot.steps.dns_readiness import READINESS
from bot.steps.dns_service import SERVICE
from bot.steps.dns_upstream import UPSTREAM
from bot.steps.generic import GET, LIST, LOGS
from bot.steps.guide import APPROVAL, ASK, TELL
from bot.steps.node_network import NETWORK
from bot.steps.platform import FINGERPRINT
from bot.steps.proxy_coverage import COVERAGE
from bot.steps.proxy_live import LIVE
from bot.steps.proxy_logs import LOGS as PROXY_LOGS
from bot.steps.service_patch import SERVICE_PATCH
from bot.steps.workload_restart import RESTART
from bot.steps.workload_rollout import ROLLOUT
from bot.steps.workload_scale import SCALE

STEP_TYPES: dict[str, StepType] = {
    step.name: step
    for step in (
        ANSWERS, FINGERPRINT, NETWORK, SANDBOX, AGENTS, COVERAGE, LIVE, PROXY_LOGS,
        SERVICE, PODS, ACCESS, DNS_LOGS, COREFILE, READINESS, ENDPOINTS, UPSTREAM, QUERY,
        MEMORY, LOCAL_CACHE, POLICY, PATH, CLIENT,
        GET, LIST, LOGS, ROLLOUT,
        TELL, ASK, APPROVAL,
        SERVICE_PATCH, CONFIG_MAP_PATCH, RESTART, SCALE,
    )
}  # fmt: skip
