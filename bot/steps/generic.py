"""`kubernetes.get`, `kubernetes.list`, `kubernetes.logs`: looks for which the playbook itself says what is wrong.

What they keep goes into the journal, so it is small: no managed fields, no values of environment variables, and rather
an error that says how to narrow the look than a part that is taken for the whole. Secrets are never read.
"""

from typing import Annotated, Any, ClassVar

import orjson
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from bot.cluster import Cluster, Object
from bot.cluster.records import find_kind
from bot.model.errors import ClusterError, NotFound, TooLarge
from bot.model.redact import mask_environment
from bot.model.template_values import pick
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.outcomes import MAX_OUTCOMES, ItemsClause, ObjectClause, Outcome, TextClause, conclude
from bot.steps.wording import count, cut, list_names, name_of

MAX_EVIDENCE_BYTES = 128 * 1024
MAX_LOG = 64 * 1024
_NOISE = "kubectl.kubernetes.io/last-applied-configuration"


def refuse_secrets(kind: str) -> str:
    if kind.lower() in ("secret", "secrets", "secretlist"):
        raise ValueError("netcheck never reads Secrets: what it reads is kept in the journal and shown in Slack")
    return kind


def _check_namespaced(text: str) -> str:
    namespace, slash, name = text.partition("/")
    if not (namespace and slash and name) or "/" in name:
        raise ValueError("namespace/name is expected, as in shop/web-0")
    return text


KindName = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*$"), AfterValidator(refuse_secrets)]
Namespaced = Annotated[str, AfterValidator(_check_namespaced)]
FieldPath = Annotated[str, Field(pattern=r"^[A-Za-z]\w*(\.[A-Za-z]\w*)*$")]
Kept = Annotated[tuple[FieldPath, ...], Field(max_length=30)]


class Reading(Args):
    raw: ClassVar[frozenset[str]] = frozenset({"outcomes"})

    api: str = Field(default="", description="apiVersion, for kinds that netcheck does not know, e.g. example.com/v1")
    kind: KindName = Field(description="as in YAML, e.g. Deployment")
    namespace: str = ""
    keep: Kept = Field(default=(), description="fields to keep, e.g. spec.replicas; all when empty")

    @field_validator("kind")
    @classmethod
    def _check_known(cls, kind: str, info: ValidationInfo) -> str:
        try:
            find_kind(kind, str(info.data.get("api", "?")))
        except ClusterError as error:
            raise ValueError(str(error)) from None
        return kind


class GetArgs(Reading):
    """Reads one object. In `outcomes` it is `object`, which is `none` when there is no such object."""

    name: str = Field(min_length=1)
    outcomes: tuple[Outcome[ObjectClause], ...] = Field(default=(), max_length=MAX_OUTCOMES)


class ListArgs(Reading):
    """Reads the objects of one kind, by labels or fields. In `outcomes` they are `items`."""

    labels: str = Field(default="", description="a label selector, e.g. app=web,tier!=cache")
    fields: str = Field(default="", description="a field selector, e.g. spec.nodeName=node-1")
    outcomes: tuple[Outcome[ItemsClause], ...] = Field(default=(), max_length=MAX_OUTCOMES)


class LogsArgs(Args):
    """Reads the end of a container's log. In `outcomes` it is `text`, and `lines` as a list."""

    raw: ClassVar[frozenset[str]] = frozenset({"outcomes"})

    pod: Namespaced = Field(description="namespace/name")
    container: str = ""
    tail: int = Field(default=200, ge=1, le=2000)
    previous: bool = Field(default=False, description="of the container before its last restart")
    outcomes: tuple[Outcome[TextClause], ...] = Field(default=(), max_length=MAX_OUTCOMES)


# --- kubernetes.get -----------------------------------------------------------------------------------------------


async def gather_object(cluster: Cluster, args: GetArgs) -> Evidence:
    try:
        found = await cluster.get(args.kind, args.name, args.namespace, api=args.api)
    except NotFound:
        await _confirm_kind(cluster, args)
        return {"object": None, "read_at": cluster.now}
    kept = trim(found, args.keep)
    _fit([kept], f"{args.kind} {args.name}", "name the fields that matter under `keep`")
    return {"object": kept, "read_at": cluster.now}


async def _confirm_kind(cluster: Cluster, args: GetArgs) -> None:
    """The same 404 comes for a kind that is not served; only a list tells the two apart. Raises NotFound then."""
    if args.api:
        await cluster.list(args.kind, args.namespace, api=args.api, limit=1, form="metadata")


def judge_object(evidence: Evidence, args: GetArgs) -> Judgement:
    found: Object | None = evidence["object"]
    subject = name_of(args.kind, args.namespace, args.name)
    seen = (f"{subject} {'is there' if found is not None else 'is not there'}",)
    facts = {"object": found, "args": _plain(args)}
    finding = conclude(args.outcomes, facts, evidence, subject, seen)
    return Judgement((finding,), {"found": found is not None, "object": found})


# --- kubernetes.list ----------------------------------------------------------------------------------------------


async def gather_items(cluster: Cluster, args: ListArgs) -> Evidence:
    metadata_only = bool(args.keep) and all(path.split(".")[0] == "metadata" for path in args.keep)
    listing = await cluster.list(
        args.kind, args.namespace, api=args.api, labels=args.labels, fields=args.fields,
        form="metadata" if metadata_only else "full",
    )
    how = "narrow it by `labels`, `fields` or `namespace`, or name the fields that matter under `keep`"
    if not listing.complete:
        raise TooLarge(f"there are more {args.kind} objects than one look may read; {how}")
    items = [trim(item, args.keep) for item in listing.items]
    _fit(items, f"the list of {count(len(items), args.kind + ' object')}", how)
    return {"items": items, "read_at": cluster.now}


def judge_items(evidence: Evidence, args: ListArgs) -> Judgement:
    items: list[Object] = evidence["items"]
    where = f" in {args.namespace}" if args.namespace else ""
    selected = "".join(f" with {selector}" for selector in (args.labels, args.fields) if selector)
    names = [pick(item, "metadata.name", "?") for item in items]
    named = f": {list_names(names)}" if names else ""
    seen = (cut(f"{count(len(items), args.kind + ' object')}{where}{selected}{named}"),)
    facts = {"items": items, "args": _plain(args)}
    finding = conclude(args.outcomes, facts, evidence, f"{args.kind} objects{where}{selected}", seen)
    return Judgement((finding,), {"count": len(items), "items": items})


# --- kubernetes.logs ----------------------------------------------------------------------------------------------


async def gather_log(cluster: Cluster, args: LogsArgs) -> Evidence:
    namespace, _, pod = args.pod.partition("/")
    text = await cluster.logs(namespace, pod, args.container, tail=args.tail, previous=args.previous)
    return {"text": text[-MAX_LOG:], "cut": len(text) > MAX_LOG, "read_at": cluster.now}


def judge_log(evidence: Evidence, args: LogsArgs) -> Judgement:
    lines = evidence["text"].splitlines()
    which = f", container {args.container}" if args.container else ""
    before = " before its last restart" if args.previous else ""
    seen = (f"the last {count(len(lines), 'line')} of its log{before}{which}",)
    facts = {"text": evidence["text"], "lines": lines, "args": _plain(args)}
    finding = conclude(args.outcomes, facts, evidence, f"Pod {args.pod}", seen)
    return Judgement((finding,), {"lines": len(lines)})


# --- what is kept -------------------------------------------------------------------------------------------------


def trim(item: Object, keep: tuple[str, ...] = ()) -> Object:
    """The object without what nobody judges and what may be secret; with `keep`, its name and those fields only."""
    item = mask_environment(item)
    if keep:
        picked: Object = {}
        for path in ("metadata.name", "metadata.namespace", *keep):
            _put(picked, path.split("."), pick(item, path))
        return picked
    metadata = {key: value for key, value in item.get("metadata", {}).items() if key != "managedFields"}
    if _NOISE in metadata.get("annotations", {}):
        metadata["annotations"] = {k: v for k, v in metadata["annotations"].items() if k != _NOISE}
    return {**item, "metadata": metadata}


def _put(target: Object, path: list[str], value: Any) -> None:
    if value is None:
        return
    for name in path[:-1]:
        inner = target.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        target = inner
    target.setdefault(path[-1], value)


def _fit(items: list[Object], what: str, how: str) -> None:
    size = len(orjson.dumps(items))
    if size > MAX_EVIDENCE_BYTES:
        limit = MAX_EVIDENCE_BYTES // 1024
        raise TooLarge(f"{what} has {size // 1024} KB, a look may keep {limit} KB; {how}")


def _plain(args: Args) -> dict[str, Any]:
    plain: dict[str, Any] = args.model_dump(mode="json", exclude={"outcomes"})
    return plain


GET = Look(
    name="kubernetes.get", args=GetArgs, gather=gather_object, judge=judge_object,
    by_hand="`kubectl get <kind> <name> -n <namespace> -o yaml` "
    "(https://kubernetes.io/docs/reference/kubectl/generated/kubectl_get/)",
)
LIST = Look(
    name="kubernetes.list", args=ListArgs, gather=gather_items, judge=judge_items,
    by_hand="`kubectl get <kind> -n <namespace> -l <labels> -o yaml` "
    "(https://kubernetes.io/docs/reference/kubectl/generated/kubectl_get/)",
)
LOGS = Look(
    name="kubernetes.logs", args=LogsArgs, gather=gather_log, judge=judge_log,
    by_hand="`kubectl logs -n <namespace> <pod> -c <container> --tail=200` "
    "(https://kubernetes.io/docs/reference/kubectl/generated/kubectl_logs/)",
)
