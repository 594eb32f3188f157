"""`ingress.exists`: is there an Ingress of that name, or else an HTTPRoute or a Gateway?"""

from difflib import get_close_matches

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.ingress.objects import IngressArgs, read_gateway_object, read_ingress
from bot.steps.readings import items_or_skip
from bot.steps.wording import list_names, read_at

KINDS = ("HTTPRoute", "Gateway")


async def gather_existence(cluster: Cluster, args: IngressArgs) -> Evidence:
    skipped: list[str] = []
    kind = "Ingress" if await read_ingress(cluster, args, skipped) else ""
    for other in KINDS:
        if not kind and await read_gateway_object(cluster, other, args.namespace, args.name, skipped):
            kind = other
    near = [] if kind or skipped else await _near(cluster, args, skipped)
    return {"kind": kind, "near": near, "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now}


async def _near(cluster: Cluster, args: IngressArgs, skipped: list[str]) -> list[str]:
    """Ingresses that may be meant, as namespace/name."""
    items = await items_or_skip(cluster.list("Ingress", form="metadata"), skipped) or ()
    names = sorted(f"{i['metadata']['namespace']}/{i['metadata']['name']}" for i in items)
    namesakes = [name for name in names if name.endswith(f"/{args.name}")]
    return [*namesakes, *(n for n in get_close_matches(args.ingress, names, n=3, cutoff=0.6) if n not in namesakes)][:3]


def judge_existence(evidence: Evidence, args: IngressArgs) -> Judgement:
    kind, skipped = evidence["kind"], tell_skipped(evidence, Layer.INGRESS)
    if not kind:
        unknown = note(Verdict.UNKNOWN, Layer.INGRESS, f"Whether Ingress {args.ingress} exists could not be told.",
                       evidence=(read_at(evidence),))
        return Judgement((unknown, *skipped) if skipped else (_absent(evidence, args),))
    found = note(Verdict.PASS, Layer.INGRESS, f"{kind} {args.ingress} exists.", object=f"{kind} {args.ingress}",
                 evidence=(read_at(evidence),))
    return Judgement((found, *skipped), {"kind": kind})


def _absent(evidence: Evidence, args: IngressArgs) -> Finding:
    near = f" Did you mean {list_names(evidence['near'], word='or')}?" if evidence["near"] else ""
    return find("ingress.missing", f"There is no Ingress {args.ingress}.{near}", object=f"Ingress {args.ingress}",
                evidence=(f"Ingress {args.ingress}: not found", read_at(evidence)))


EXISTS = Look(
    name="ingress.exists", args=IngressArgs, gather=gather_existence, judge=judge_existence,
    reads=("get ingresses.networking.k8s.io", "list ingresses.networking.k8s.io",
           "get httproutes.gateway.networking.k8s.io", "get gateways.gateway.networking.k8s.io"),
    by_hand="`kubectl get ingresses -A`, `kubectl get httproutes,gateways -A` "
    "(https://kubernetes.io/docs/concepts/services-networking/ingress/)",
)
