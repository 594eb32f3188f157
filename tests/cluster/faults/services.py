"""Faults of an application's Service: what it selects, its ports, its endpoints."""

from typing import Any

from tests.cluster.faults.api import Create, Delete, Put, Rename, RestartPods, Wake, scale
from tests.cluster.faults.conditions import NOW, Condition, both, event
from tests.cluster.faults.fault import Answer, Fault, Injection, Root
from tests.cluster.faults.objects import NOBODY, Ref, slice_by_hand
from tests.cluster.faults.shop import (
    SERVICE,
    SPACE,
    TO_HTTP,
    WEB,
    Json,
    ends,
    ready,
    serve,
    service,
    shop,
    started,
    waiting,
    workload,
)

ASKED = (f"{SPACE}/web",)
UNREADY = ("service.endpoints.none-ready",)
SHOP = shop()
SERVING = both(ready(2), ends(2))
ELSEWHERE = Ref("Service", "web", "kube-system")


def row(
    name: str, reference: str, says: str, cause: str, *breaks: Injection, wait: Condition = NOW,
    mentions: tuple[str, ...] = (), object: object = SERVICE, answer: Answer = "broken", layer: str = "service",
    stage: Injection = SHOP, arguments: tuple[str, ...] = ASKED, **more: Any
) -> Fault:
    return Fault(name=f"service-{name}", reference=reference, says=says, stage=(stage,), breaks=breaks, wait=wait,
                 answer=answer, roots=(Root(cause, layer, str(object)),), mentions=mentions, playbook="service",
                 arguments=arguments, **more)


def put(*objects: Json) -> Put:
    return Put(objects)


def _to(target: int | str, **changes: Any) -> Put:
    return put(service(ports=[{"port": 80, "targetPort": target, **changes}]))


QUOTA: Json = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "no-pods", "namespace": SPACE},
               "spec": {"hard": {"pods": "0"}}}
NO_PAGE = {"httpGet": {"path": "/healthy", "port": 8080}, "periodSeconds": 1}
REPORT = workload("report", {"app": "web", "part": "report"}, replicas=1, command=serve("9090"), readinessProbe=None,
                  ports=[{"name": "report", "containerPort": 9090}])

SERVICE_FAULTS = (
    row("selector", "S01", "the selector of the Service has a typing error", "service.selector",
        put(service(selector={"app": "webb"})), wait=ends(0),
        mentions=("app=webb", "set selector service web 'app=web'")),
    row("selector-key", "S01", "the selector of the Service has a key that the pods do not have", "service.selector",
        put(service(selector={"app": "web", "tier": "front"})), wait=ends(0), mentions=("tier",)),
    row("missing", "SVC-01", "the Service does not exist, one of nearly that name does", "service.missing",
        Rename(SERVICE, "webs"), mentions=("webs",)),
    row("elsewhere", "S07", "the Service is in another namespace than it is looked for in", "service.elsewhere",
        Delete(ELSEWHERE), stage=shop(service(namespace="kube-system", selector={"k8s-app": "kube-dns"},
                                              ports=[{"port": 80, "targetPort": 9153}])),
        object=ELSEWHERE, arguments=("kube-system/web",), mentions=("web.shop",)),
    row("probe", "S02", "the readiness probe asks for a page that is not there", "service.pods.probe",
        put(workload(readinessProbe=NO_PAGE)), mentions=("404",), object=WEB, consequences=UNREADY,
        wait=both(started(2), event(SPACE, "Unhealthy", "404"), ends(2, ready=False))),
    row("port-name", "S03", "targetPort is a name that no port of the pods has", "service.port.name", _to("htpp"),
        wait=SERVING, mentions=("htpp", "http"), consequences=("service.endpoints.no-port",)),
    row("port-protocol", "SVC-04", "the Service's port is UDP, the pods' port of that name TCP",
        "service.port.protocol", _to("http", protocol="UDP"), wait=SERVING, mentions=("UDP", "TCP"),
        consequences=("service.endpoints.no-port",)),
    row("port-number", "S05", "targetPort is a number on which nothing listens", "service.backends.refused",
        _to(8081), wait=SERVING, mentions=("8081", "8080 answers")),
    row("port-asked", "SVC-04", "a port is asked for that the Service does not have", "service.port",
        put(service(ports=[{"port": 81, "targetPort": 8080}])), arguments=(*ASKED, "port=80"), mentions=("81",)),
    row("port-of-two", "SVC-04", "of two ports of the Service one is no port of its pods", "service.port.name",
        put(service(ports=[TO_HTTP, {"name": "metrics", "port": 9100, "targetPort": "metrics"}])), wait=SERVING,
        answer="degraded", mentions=("metrics",)),
    row("loopback", "SVC-06", "the application listens on localhost only", "service.backends.loopback",
        put(workload(command=serve("127.0.0.1:8080"), readinessProbe=None)), wait=SERVING, mentions=("0.0.0.0",)),
    row("mixed", "SVC-03", "the selector also hits pods of another workload, which serve something else",
        "service.selector.mixed", put(service(ports=[{"port": 80, "targetPort": 8080}])), put(REPORT),
        wait=both(ready(3), ends(3)), answer="degraded", mentions=("Deployment shop/report",),
        consequences=("service.backends.refused",)),
    row("proxy-name", "SVC-02", "a label leaves the Service to a proxy that does not run", "service.proxy-name",
        put(service(labels={"service.kubernetes.io/service-proxy-name": "other"})), answer="degraded",
        mentions=("service-proxy-name-",)),
    row("called-headless", "SVC-02", "a label calls the Service headless, and it has an address", "service.proxy-name",
        put(service(labels={"service.kubernetes.io/headless": ""})), wait=SERVING, answer="degraded",
        mentions=("kubernetes.io/headless-",)),
    row("slice-by-hand", "", "somebody added an address to the Service that no pod has", "service.endpoints.beside",
        Create((slice_by_hand("by-hand", SERVICE, NOBODY, 8080, "http"),)), wait=both(ready(2), ends(3)),
        object=Ref("EndpointSlice", "by-hand", SPACE), answer="degraded", mentions=(NOBODY,)),
    row("scaled-to-zero", "SVC-03", "the workload behind the Service is scaled to zero",
        "service.workload.scaled-to-zero", scale(WEB, 0), wait=both(ready(0), ends(0)), object=WEB,
        mentions=("--replicas=1",)),
    row("quota", "SVC-03", "a quota keeps the pods of the Service from being made", "service.workload.no-pods",
        put(QUOTA), RestartPods("app=web", SPACE), Wake(WEB), object=WEB, mentions=("quota",),
        wait=both(ready(0), event(SPACE, "FailedCreate", "quota"))),
    row("image", "SVC-05", "the image of the Service's pods does not exist", "service.pods.image",
        put(workload(image="shop.invalid/web:v0")), wait=waiting("ErrImageNeverPull"), object=WEB,
        mentions=("shop.invalid/web",), consequences=UNREADY),
    row("crashing", "SVC-05", "the pods of the Service end soon after they start", "service.pods.crashing",
        put(workload(command=["/bin/sh", "-c", "exit 3"], readinessProbe=None)), wait=waiting("CrashLoopBackOff"),
        object=WEB, mentions=("exit code 3",), consequences=UNREADY),
    row("gate", "S18", "pods of the Service wait for a readiness gate", "service.pods.gate",
        put(workload(pod={"readinessGates": [{"conditionType": "example.com/load-balanced"}]})),
        wait=both(started(2), ends(2, ready=False)), object=WEB, mentions=("example.com/load-balanced",),
        consequences=UNREADY),
)
