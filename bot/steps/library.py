"""The table of step types: what `uses:` can name. Adding one is one line here."""

from bot.steps import StepType
from bot.steps.api import ANSWERS
from bot.steps.changes.configmap_patch import CONFIG_MAP_PATCH
from bot.steps.changes.service_patch import SERVICE_PATCH
from bot.steps.changes.workload_restart import RESTART
from bot.steps.changes.workload_rollout import ROLLOUT
from bot.steps.changes.workload_scale import SCALE
from bot.steps.cni.agents import AGENTS
from bot.steps.cni.calico_nodes import CALICO_NODES
from bot.steps.cni.files import FILES
from bot.steps.cni.plan import PLAN
from bot.steps.cni.plugin import PLUGIN
from bot.steps.cni.runtime import RUNTIME
from bot.steps.cni.sandbox import SANDBOX
from bot.steps.dns.access import ACCESS
from bot.steps.dns.client import CLIENT
from bot.steps.dns.corefile import COREFILE
from bot.steps.dns.endpoints import ENDPOINTS
from bot.steps.dns.external import EXTERNAL
from bot.steps.dns.front import SERVICE
from bot.steps.dns.local_cache import LOCAL_CACHE
from bot.steps.dns.logs import LOGS as DNS_LOGS
from bot.steps.dns.memory import MEMORY
from bot.steps.dns.path import PATH
from bot.steps.dns.pods import PODS
from bot.steps.dns.policy import POLICY
from bot.steps.dns.policy_clients import CLIENTS
from bot.steps.dns.query import QUERY
from bot.steps.dns.readiness import READINESS
from bot.steps.dns.upstream import UPSTREAM
from bot.steps.generic import GET, LIST, LOGS
from bot.steps.guide import APPROVAL, ASK, TELL
from bot.steps.ingress.backends import BACKENDS as INGRESS_BACKENDS
from bot.steps.ingress.classes import CLASS
from bot.steps.ingress.existence import EXISTS as INGRESS_EXISTS
from bot.steps.ingress.gateways import GATEWAY
from bot.steps.ingress.log import LOG as INGRESS_LOG
from bot.steps.ingress.way import WAY as INGRESS_WAY
from bot.steps.nodes.addresses import ADDRESSES
from bot.steps.nodes.agents import REQUIRED
from bot.steps.nodes.conditions import CONDITIONS
from bot.steps.nodes.events import EVENTS
from bot.steps.nodes.kubelet import WAY
from bot.steps.nodes.network import NETWORK
from bot.steps.nodes.ranges import RANGES
from bot.steps.nodes.versions import VERSIONS
from bot.steps.path.ends import ENDS
from bot.steps.path.matrix import MATRIX
from bot.steps.platform import FINGERPRINT
from bot.steps.policy.enforcement import ENFORCED
from bot.steps.policy.reach import REACH
from bot.steps.policy.selection import SELECTION
from bot.steps.proxy.access import ACCESS as PROXY_ACCESS
from bot.steps.proxy.command import COMMAND
from bot.steps.proxy.config import CONFIG
from bot.steps.proxy.conntrack import CONNTRACK
from bot.steps.proxy.coverage import COVERAGE
from bot.steps.proxy.health import HEALTH_LOOK
from bot.steps.proxy.kubeconfig import KUBECONFIG
from bot.steps.proxy.live import LIVE
from bot.steps.proxy.logs import LOGS as PROXY_LOGS
from bot.steps.proxy.written import WRITTEN
from bot.steps.services.address import ADDRESS
from bot.steps.services.backends import BACKENDS
from bot.steps.services.endpoints import ENDPOINTS as SERVICE_ENDPOINTS
from bot.steps.services.existence import EXISTS
from bot.steps.services.exposure import EXPOSURE
from bot.steps.services.external_name import EXTERNAL_NAME
from bot.steps.services.headless import STATEFUL
from bot.steps.services.locality import LOCALITY
from bot.steps.services.manual import MANUAL
from bot.steps.services.names import NAME as SERVICE_NAME
from bot.steps.services.pods import PODS as SERVICE_PODS
from bot.steps.services.ports import PORTS
from bot.steps.services.selector import SELECTOR

STEP_TYPES: dict[str, StepType] = {
    step.name: step
    for step in (
        ANSWERS, FINGERPRINT, NETWORK, SANDBOX, AGENTS, CALICO_NODES, FILES, PLUGIN, RUNTIME, PLAN, COVERAGE, LIVE,
        PROXY_LOGS, CONDITIONS, ADDRESSES, RANGES, REQUIRED, EVENTS, WAY, VERSIONS,
        COMMAND, CONFIG, KUBECONFIG, PROXY_ACCESS, HEALTH_LOOK, WRITTEN, CONNTRACK,
        SERVICE, PODS, ACCESS, DNS_LOGS, COREFILE, READINESS, ENDPOINTS, UPSTREAM, QUERY,
        MEMORY, LOCAL_CACHE, POLICY, PATH, CLIENT,
        ENFORCED, SELECTION, REACH, CLIENTS, ENDS, MATRIX,
        EXISTS, ADDRESS, SELECTOR, PORTS, SERVICE_PODS, SERVICE_ENDPOINTS, BACKENDS,
        STATEFUL, EXTERNAL_NAME, MANUAL, EXPOSURE, LOCALITY, SERVICE_NAME,
        EXTERNAL, INGRESS_EXISTS, CLASS, GATEWAY, INGRESS_LOG, INGRESS_BACKENDS, INGRESS_WAY,
        GET, LIST, LOGS, ROLLOUT,
        TELL, ASK, APPROVAL,
        SERVICE_PATCH, CONFIG_MAP_PATCH, RESTART, SCALE,
    )
}  # fmt: skip
