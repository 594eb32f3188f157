"""`service.external_name`: does the name that an ExternalName Service stands for exist?"""

from ipaddress import ip_address

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.asking import ask_dns
from bot.steps.dns.wire import is_name
from bot.steps.findings import tell_skipped
from bot.steps.services.objects import ServiceArgs, read_service
from bot.steps.wording import cut, list_names, read_at


async def gather_external_name(cluster: Cluster, args: ServiceArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    target = service["external_name"].rstrip(".") if service else ""
    asked = {"zone": "", "answers": None}
    if target and is_name(target) and not is_address(target):
        asked = await ask_dns(cluster, {f"{target}.": "A"}, skipped)
    return {**asked, "service": service, "target": target, "skipped": list(dict.fromkeys(skipped)),
            "read_at": cluster.now}


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def judge_external_name(evidence: Evidence, args: ServiceArgs) -> Judgement:
    service, target, skipped = evidence["service"], evidence["target"], tell_skipped(evidence, Layer.SERVICE)
    if service is None:
        return Judgement(skipped)
    line = f"{service['name']}: spec.externalName is {target}"
    if is_address(target):
        text = f"{service['name']} is an ExternalName for {target}, which is an address: a CNAME leads to a name only."
        return Judgement((find("service.external-name.address", text, object=service["name"],
                               evidence=(f"{line}, expected a DNS name", read_at(evidence))), *skipped))
    own = f"{args.name}.{args.namespace}.svc."
    if target.startswith(own) or target == own.rstrip("."):
        text = f"{service['name']} is an ExternalName for itself."
        return Judgement((find("service.external-name.loop", text, object=service["name"],
                               evidence=(line, read_at(evidence))), *skipped))
    return Judgement((_resolved(evidence, line), *skipped))


def _resolved(evidence: Evidence, line: str) -> Finding:
    service, target, answers = evidence["service"], evidence["target"], evidence["answers"] or []
    lines = (line, *(cut(f"{a['pod']}: {a['name']} {a['type']}: {a.get('rcode') or a['message']} "
                         f"{list_names(a.get('records', ()), 3)}".strip()) for a in answers[:2]), read_at(evidence))
    answered = [a for a in answers if a["outcome"] == "answered"]
    if any(a["rcode"] == "NOERROR" for a in answered):
        text = f"{service['name']} leads to {target}, which resolves; TLS must be for that name, not the Service's."
        return note(Verdict.PASS, Layer.SERVICE, text, object=service["name"], evidence=lines)
    if any(a["rcode"] == "NXDOMAIN" for a in answered):
        text = f"{service['name']} leads to {target}, which does not exist."
        return find("service.external-name.dead", text, object=service["name"], evidence=lines)
    if answered or any(a["outcome"] == "silent" for a in answers):
        why = answered[0]["rcode"] if answered else answers[0]["message"]
        text = f"{service['name']} leads to {target}, which does not resolve: {why}. `/netcheck " \
            f"external-dns-resolution {target}` says why."
        return find("service.external-name.unanswered", text, object=service["name"], evidence=lines)
    text = f"Whether {target} exists, to which {service['name']} leads, could not be asked."
    return note(Verdict.UNKNOWN, Layer.SERVICE, text, object=service["name"], evidence=lines)


EXTERNAL_NAME = Look(
    name="service.external_name", args=ServiceArgs, gather=gather_external_name, judge=judge_external_name,
    reads=("get services", "list services", "list pods in {dns}", "create pods/portforward in {dns}",
           "get pods/portforward in {dns}", "get configmaps/kubelet-config in kube-system"),
    by_hand="`kubectl -n NAMESPACE get service NAME -o yaml` (externalName), then from a pod `nslookup NAME` "
    "(https://kubernetes.io/docs/concepts/services-networking/service/#externalname)",
)
