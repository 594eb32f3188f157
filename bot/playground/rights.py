"""The roles and bindings behind the service accounts that a recording saw, so that the box can answer access
reviews.

Kept are those that matter: for each user asked about, its bindings and their roles. Where they may not be read, the
answers of the reviews themselves stay in the bundle.
"""

from collections.abc import Iterable

from bot.cluster import Cluster
from bot.model.errors import ClusterError
from bot.playground.bundle import Object, Read
from bot.playground.cassette import Cassette

_API = "rbac.authorization.k8s.io/v1"


async def read_rights(cluster: Cluster, cassette: Cassette) -> None:
    """Reads past the cassette and puts into it what matters; a reader without permission leaves it as it was."""
    users = _users_of(cassette)
    if not users:
        return
    spaces = sorted({user.split(":")[2] for user in users})
    try:
        bindings = [("ClusterRoleBinding", item) for item in (await cluster.list("ClusterRoleBinding")).items]
        for space in spaces:
            bindings += [("RoleBinding", item) for item in (await cluster.list("RoleBinding", space)).items]
        roles = {
            ("ClusterRole", "", item["metadata"]["name"]): item for item in (await cluster.list("ClusterRole")).items
        }
        for space in spaces:
            for item in (await cluster.list("Role", space)).items:
                roles[("Role", space, item["metadata"]["name"])] = item
    except ClusterError:
        return
    for kind, binding in bindings:
        if _concerns(binding, users):
            _keep(cassette, kind, binding)
            reference = binding["roleRef"]
            space = binding["metadata"].get("namespace", "") if reference["kind"] == "Role" else ""
            role = roles.get((reference["kind"], space, reference["name"]))
            if role is not None:
                _keep(cassette, reference["kind"], role)
    cassette.roles_of = tuple(sorted(users))


def _users_of(cassette: Cassette) -> frozenset[str]:
    """Service accounts asked about in reviews, and those of the pods seen."""
    asked = {review.user for review in cassette.reviews if review.user.count(":") == 3}
    for (_, kind, namespace, _), item in cassette.objects.items():
        if kind == "Pod":
            account = (item.get("spec") or {}).get("serviceAccountName") or "default"
            asked.add(f"system:serviceaccount:{namespace}:{account}")
    return frozenset(asked)


def _concerns(binding: Object, users: Iterable[str]) -> bool:
    """Also bindings of groups: whoever asks may name the groups of a service account."""
    home = binding["metadata"].get("namespace", "")
    for subject in binding.get("subjects") or ():
        name, space = subject.get("name", ""), subject.get("namespace") or home
        if subject.get("kind") == "ServiceAccount" and f"system:serviceaccount:{space}:{name}" in users:
            return True
        if subject.get("kind") == "User" and name in users:
            return True
        if subject.get("kind") == "Group" and name.startswith(("system:serviceaccounts", "system:authenticated")):
            return True
    return False


def _keep(cassette: Cassette, kind: str, item: Object) -> None:
    metadata = item["metadata"]
    read = Read(verb="get", kind=kind, api=_API, namespace=metadata.get("namespace", ""), name=metadata["name"])
    cassette.keep(read, [item])
