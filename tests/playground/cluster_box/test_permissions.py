"""Who may: the box's own token by the rules it was given, others by the roles of the bundle."""

from typing import Any

import pytest

from bot.playground.cluster_box.box import ClusterBox
from tests.playground.cluster_box.client import CORE, SLICES, Client, open_client
from tests.playground.cluster_box.town import ACCOUNT, PODS, make_town

REVIEWS = "/apis/authorization.k8s.io/v1"
LIST_PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"], "namespace": "kube-system"}
ONE_NODE = {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"], "resourceNames": ["node-1"]}


async def review(client: Client, user: str = "", groups: tuple[str, ...] = (), **attributes: str) -> Any:
    spec: dict[str, Any] = {"resourceAttributes": attributes}
    if not user:
        return await client.post(f"{REVIEWS}/selfsubjectaccessreviews", {"spec": spec})
    return await client.post(f"{REVIEWS}/subjectaccessreviews", {"spec": spec | {"user": user, "groups": groups}})


async def test_a_wrong_token_is_refused_everywhere_and_none_sees_the_version_only() -> None:
    async with ClusterBox(make_town()) as box:
        async with open_client(box, "wrong") as client:
            assert (await client.get("/version")).body["message"] == "Unauthorized"
        async with open_client(box, "") as client:
            assert (await client.get("/version")).status == 200
            answer = await client.get("/api/v1/nodes")
            assert answer.status == 403
            assert 'User "system:anonymous" cannot list resource "nodes"' in answer.body["message"]


async def test_a_missing_permission_is_worded_as_the_server_words_it() -> None:
    async with ClusterBox(make_town(), permissions=[LIST_PODS], user="reader") as box, open_client(box) as client:
        assert (await client.get(f"{CORE}/pods")).status == 200
        answers = {
            "/api/v1/pods": ("pods", 'list resource "pods" in API group "" at the cluster scope'),
            f"{CORE}/services": ("services", 'list resource "services" in API group "" in the namespace "kube-system"'),
            f"{CORE}/pods/{PODS[0]}/log": (
                f'pods "{PODS[0]}"',
                'get resource "pods/log" in API group "" in the namespace "kube-system"',
            ),
            SLICES: (
                "endpointslices.discovery.k8s.io",
                'list resource "endpointslices" in API group "discovery.k8s.io" in the namespace "kube-system"',
            ),
        }
        for path, (what, action) in answers.items():
            answer = await client.get(path)
            assert (answer.status, answer.body["message"]) == (
                403,
                f'{what} is forbidden: User "reader" cannot {action}',
            )


async def test_a_rule_for_one_name_allows_the_list_of_that_name_alone() -> None:
    async with ClusterBox(make_town(), permissions=[ONE_NODE]) as box, open_client(box) as client:
        assert (await client.get("/api/v1/nodes?fieldSelector=metadata.name=node-1")).names == ["node-1"]
        assert (await client.get("/api/v1/nodes/node-1")).status == 200
        assert (await client.get("/api/v1/nodes/node-2")).status == 403
        assert (await client.get("/api/v1/nodes")).status == 403


async def test_the_box_tells_its_token_what_it_may() -> None:
    async with ClusterBox(make_town(), permissions=[LIST_PODS]) as box, open_client(box) as client:
        yes = await review(client, verb="list", resource="pods", namespace="kube-system")
        no = await review(client, verb="list", resource="pods", namespace="default")
        assert (yes.status, yes.body["status"]["allowed"], no.body["status"]["allowed"]) == (201, True, False)
        rules = await client.post(f"{REVIEWS}/selfsubjectrulesreviews", {"spec": {"namespace": "kube-system"}})
        assert {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]} in rules.body["status"]["resourceRules"]


@pytest.mark.parametrize(
    ("verb", "resource", "allowed"),
    [("list", "pods", True), ("watch", "services", True), ("delete", "pods", False), ("list", "endpointslices", False)],
)
async def test_what_a_service_account_may_follows_from_its_roles(
    client: Client, verb: str, resource: str, allowed: bool
) -> None:
    status = (await review(client, ACCOUNT, verb=verb, resource=resource)).body["status"]
    assert status["allowed"] is allowed
    if allowed:
        origin = 'ClusterRoleBinding "dns" of ClusterRole "dns-reader"'
        assert status["reason"] == f'RBAC: allowed by {origin} to ServiceAccount "coredns/kube-system"'


async def test_a_mended_role_is_seen_at_once(client: Client) -> None:
    path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/dns-reader"
    rules = [{"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]}]
    await client.change(path, {"rules": rules})
    answer = await review(client, ACCOUNT, verb="list", group="discovery.k8s.io", resource="endpointslices")
    assert answer.body["status"]["allowed"] is True


async def test_rights_of_users_whose_roles_were_not_recorded_are_not_guessed(client: Client) -> None:
    answer = await review(client, "system:serviceaccount:other:other", verb="list", resource="pods")
    assert (answer.status, answer.body["reason"]) == (501, "NotRecorded")


async def test_whoever_is_impersonated_may_what_their_roles_say() -> None:
    async with ClusterBox(make_town()) as box, open_client(box) as client:
        assert (await client.get(f"{CORE}/pods", Impersonate_User=ACCOUNT)).status == 200
        refused = await client.get(f"{CORE}/events", Impersonate_User=ACCOUNT)
        assert (refused.status, f'User "{ACCOUNT}" cannot list' in refused.body["message"]) == (403, True)
        assert (await client.get(f"{CORE}/pods", Impersonate_User="alice")).body["reason"] == "NotRecorded"


async def test_impersonation_needs_a_permission_of_its_own() -> None:
    async with ClusterBox(make_town(), permissions=[LIST_PODS], user="reader") as box, open_client(box) as client:
        answer = await client.get(f"{CORE}/pods", Impersonate_User="alice")
        assert answer.status == 403
        assert answer.body["message"].startswith(
            'users "alice" is forbidden: User "reader" cannot impersonate resource'
        )
