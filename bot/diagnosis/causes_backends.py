"""Causes in the pods behind an application's Service: what keeps them from being ready, and what they answer."""

from typing import Literal

from bot.diagnosis.cause import Cause
from bot.model.finding import Layer

PAGE = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#are-the-pods-working"
PODS_PAGE = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/"
PROBES_PAGE = "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/"
BY_HAND = "`kubectl -n NAMESPACE get pods -l SELECTOR -o wide` and `kubectl -n NAMESPACE describe pod POD`"
UNREADY = ("service.endpoints.none-ready", "service.backends.*", "ingress.backend.no-endpoints", "ingress.way.*")


def _pods(
    code: str, title: str, meaning: str, mend: str, *, explains: tuple[str, ...] = UNREADY, by_hand: str = BY_HAND,
    source: str = PODS_PAGE, scope: Literal["cluster", "node"] = "cluster",
) -> Cause:
    return Cause(code=code, layer=Layer.SERVICE, title=title, meaning=meaning, mend=mend, explains=explains,
                 by_hand=by_hand, source=source, scope=scope)


BACKENDS: tuple[Cause, ...] = (
    _pods(
        "service.pods.no-network", "Pods of the Service wait for nodes with a network",
        "The scheduler finds only nodes that are not ready or have no network.",
        "Look at the nodes first (`kubectl get nodes`): without a network plugin none becomes Ready.",
    ),
    _pods(
        "service.pods.unschedulable", "Pods of the Service find no node",
        "The scheduler finds no node that fits: resources, node selector, affinity or taints.",
        "Read the PodScheduled condition; free or add capacity, or correct selector, affinity or tolerations.",
    ),
    _pods(
        "service.pods.sandbox", "The network of the Service's pods cannot be set up",
        "The pods have a node, and the runtime fails to give them a network (FailedCreatePodSandBox).",
        "The event's message names the plugin: check the network agent's pod on that node and the runtime's CNI files. "
        "`/netcheck network` looks at both.", scope="node",
    ),
    _pods(
        "service.pods.volume", "Pods of the Service cannot be made up",
        "A volume, ConfigMap or Secret that they mount or read does not exist, or cannot be read.",
        "The event's message names it: create it, or correct the workload.",
    ),
    _pods(
        "service.pods.container", "The container of the Service's pods cannot be made as it is written",
        "The kubelet or the runtime refuses what the workload says of its container: a user that must not be root and "
        "is, a command that the image does not have, a capability or a limit that is not allowed.",
        "The message names it: correct securityContext, command or resources in the workload.",
    ),
    _pods(
        "service.pods.image", "The image of the Service's pods cannot be pulled",
        "The node cannot get the container image: wrong name or tag, registry not reachable, or no pull secret.",
        "Correct the image (`kubectl -n NAMESPACE set image deployment/NAME CONTAINER=IMAGE`) or the access to the "
        "registry.",
    ),
    _pods(
        "service.pods.oom", "Pods of the Service run out of memory",
        "The kernel ends the container because it goes over its memory limit.",
        "Raise resources.limits.memory, or find what takes the memory.",
    ),
    _pods(
        "service.pods.liveness", "The kubelet ends pods of the Service that fail their liveness probe",
        "The liveness probe fails, so the container is ended again and again although it may work.",
        "Correct the probe's port, path or times, or what it asks.", source=PROBES_PAGE,
    ),
    _pods(
        "service.pods.crashing", "Pods of the Service crash",
        "The container ends soon after it starts.",
        "Read why: `kubectl -n NAMESPACE logs POD --previous`.",
        by_hand="`kubectl -n NAMESPACE logs POD --previous`",
    ),
    _pods(
        "service.pods.node-down", "Pods of the Service stand on a node that is not ready",
        "The node is not ready, so its pods are taken out of the Service although they may still run.",
        "Mend the node (`kubectl describe node NAME`).", scope="node",
    ),
    _pods(
        "service.pods.probe", "Pods of the Service fail their readiness probe",
        "The kubelet asks the pod as its readiness probe says and is not satisfied: the pod gets no connections. The "
        "probe may be wrong (port, path), or the application is not ready.",
        "Ask the same by hand: `kubectl -n NAMESPACE port-forward POD PORT`, then `curl -i "
        "http://127.0.0.1:PORT/PATH`. Correct the probe, or what keeps the application from being ready.",
        source=PROBES_PAGE,
    ),
    _pods(
        "service.pods.gate", "A readiness gate keeps pods of the Service from being ready",
        "The containers are ready. The pod also waits for a condition that another controller must set, often that of "
        "a load balancer.",
        "Check the controller that sets the condition (`kubectl -n NAMESPACE describe pod POD`, Readiness Gates), or "
        "take readinessGates out of the workload.",
        source="https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate",
    ),
    _pods(
        "service.pods.not-ready", "Pods of the Service are not ready",
        "The pods run, or should, and the condition Ready is False; no event says why.",
        "`kubectl -n NAMESPACE describe pod POD`, `kubectl -n NAMESPACE logs POD`.",
    ),
    _pods(
        "service.backends.refused", "Nothing listens on the Service's target port",
        "The pods are ready, and refuse connections on the port that the Service leads to: the application listens on "
        "another port, or not at all.",
        "Set targetPort to the port that the application listens on, or let it listen there.",
        by_hand="`kubectl -n NAMESPACE port-forward POD PORT`, then `curl -i http://127.0.0.1:PORT/`",
        explains=("path.refused", "ingress.way.*"), source=PAGE,
    ),
    _pods(
        "service.backends.loopback", "The application listens on localhost only",
        "A connection from within the pod is taken, one to the pod's address is refused: the application is bound to "
        "127.0.0.1, where no other pod can reach it.",
        "Let the application listen on 0.0.0.0 (or [::]) instead of 127.0.0.1.",
        by_hand="`kubectl -n NAMESPACE exec POD -- netstat -ltn`, or `kubectl get --raw "
        "/api/v1/namespaces/NAMESPACE/pods/POD:PORT/proxy/`",
        explains=("path.refused", "ingress.way.*"), source=PAGE,
    ),
)
