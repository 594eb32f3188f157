"""What the cluster client promises, for any cluster that answers: the real API server and the cluster in a box.

A module that has a cluster makes a class of `ClientContract` and gives the fixture `stand`. The cluster is a healthy
one with CoreDNS behind the Service kube-system/kube-dns. What the answers should be, the official client tells.
"""

from typing import Any

import pytest

from bot.cluster import Access
from bot.cluster.records import Limits
from bot.model.errors import ClusterError, Forbidden, NotFound, Rejected, Unauthorized
from tests.cluster_client.contract_pods import PodContract, read_one_byte
from tests.cluster_client.stand import SYSTEM, Stand

COREDNS = "system:serviceaccount:kube-system:coredns"
GROUPS = ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"]


class ClientContract(PodContract):
    async def test_the_version_is_what_the_server_says(self, stand: Stand) -> None:
        assert await stand.cluster.version() == stand.oracle.version()

    async def test_the_groups_are_those_that_are_served(self, stand: Stand) -> None:
        assert sorted(await stand.cluster.groups()) == sorted(stand.oracle.groups())

    async def test_an_object_is_the_one_the_official_client_gets(self, stand: Stand) -> None:
        cluster, o = stand.cluster, stand.oracle
        for kind, name, namespace, call in (
            ("Service", "kube-dns", SYSTEM, o.core.read_namespaced_service),
            ("Deployment", "coredns", SYSTEM, o.apps.read_namespaced_deployment),
            ("ConfigMap", "coredns", SYSTEM, o.core.read_namespaced_config_map),
            ("Namespace", SYSTEM, "", o.core.read_namespace),
            ("ClusterRole", "system:coredns", "", o.rbac.read_cluster_role),
        ):
            place = [name, namespace] if namespace else [name]
            assert await cluster.get(kind, name, namespace) == o.ask(call, *place)

    @pytest.mark.parametrize(("labels", "fields"), [
        ("", ""),
        ("k8s-app=kube-dns", ""),
        ("k8s-app==kube-dns", ""),
        ("k8s-app!=kube-dns", ""),
        ("k8s-app in (kube-dns, kube-proxy)", ""),
        ("k8s-app notin (kube-dns)", ""),
        ("k8s-app", ""),
        ("!pod-template-hash", ""),
        ("k8s-app=kube-dns,pod-template-hash", ""),
        ("k8s-app=nothing", ""),
        ("", "status.phase=Running"),
        ("", "status.phase!=Running"),
        ("k8s-app=kube-dns", "spec.nodeName=n1"),
        ("", "metadata.namespace=default"),
    ])
    async def test_a_list_holds_what_its_selectors_select(self, stand: Stand, labels: str, fields: str) -> None:
        for namespace in (SYSTEM, ""):
            ours = await stand.cluster.list("Pod", namespace, labels=labels, fields=fields)
            options = {"label_selector": labels, "field_selector": fields}
            core = stand.oracle.core
            call, place = (core.list_namespaced_pod, (SYSTEM,)) if namespace else (core.list_pod_for_all_namespaces, ())
            theirs = stand.oracle.ask(call, *place, **{key: value for key, value in options.items() if value})
            assert [_identify(item) for item in ours.items] == [_identify(item) for item in theirs["items"]]
            assert ours.complete

    async def test_items_of_a_list_are_the_objects_themselves(self, stand: Stand) -> None:
        cluster = stand.cluster
        for item in (await cluster.list("EndpointSlice", SYSTEM, labels="kubernetes.io/service-name=kube-dns")).items:
            assert item == await cluster.get("EndpointSlice", item["metadata"]["name"], SYSTEM)

    async def test_a_limit_gives_so_many_and_how_many_are_left(self, stand: Stand) -> None:
        whole = stand.oracle.ask(stand.oracle.core.list_service_for_all_namespaces)["items"]
        listing = await stand.cluster.list("Service", limit=1)
        assert (len(listing.items), listing.complete, listing.remaining) == (1, False, len(whole) - 1)
        assert _identify(listing.items[0]) == _identify(whole[0])
        ample = await stand.cluster.list("Service", limit=500)
        assert (len(ample.items), ample.complete, ample.remaining) == (len(whole), True, 0)

    async def test_a_limit_on_a_selection_says_only_that_there_is_more(self, stand: Stand) -> None:
        listing = await stand.cluster.list("Pod", SYSTEM, labels="k8s-app=kube-dns", limit=1)
        assert (len(listing.items), listing.complete, listing.remaining) == (1, False, 1)

    async def test_small_pages_give_the_same_list(self, stand: Stand) -> None:
        paged = stand.open(stand.admin, Limits(page=1))
        ours = await paged.list("Pod", labels="k8s-app=kube-dns")
        assert [_identify(item) for item in ours.items] == [_identify(item) for item in stand.dns_pods()]
        assert ours.complete
        assert paged.usage.requests >= len(ours.items)

    async def test_the_metadata_form_is_metadata_alone_and_the_same(self, stand: Stand) -> None:
        full = await stand.cluster.list("Deployment", SYSTEM)
        metadata = await stand.cluster.list("Deployment", SYSTEM, form="metadata")
        for ours, whole in zip(metadata.items, full.items, strict=True):
            assert ours.keys() == {"apiVersion", "kind", "metadata"}
            assert (ours["apiVersion"], ours["kind"]) == ("apps/v1", "Deployment")
            assert ours["metadata"]["uid"] == whole["metadata"]["uid"]
            assert ours["metadata"].get("labels") == whole["metadata"].get("labels")

    async def test_the_log_is_what_the_official_client_reads(self, stand: Stand) -> None:
        pod, core = stand.dns_pod(), stand.oracle.core
        ours = await stand.cluster.logs(SYSTEM, pod, tail=2)
        assert ours == stand.oracle.text(core.read_namespaced_pod_log, pod, SYSTEM, tail_lines=2)
        assert len(ours.splitlines()) == 2
        assert "CoreDNS" in await stand.cluster.logs(SYSTEM, pod, "coredns")

    async def test_a_log_that_is_not_there_is_refused_with_the_reason(self, stand: Stand) -> None:
        cluster, pod = stand.cluster, stand.dns_pod()
        with pytest.raises(Rejected, match="previous terminated container"):
            await cluster.logs(SYSTEM, pod, previous=True)
        with pytest.raises(Rejected, match="container none is not valid for pod"):
            await cluster.logs(SYSTEM, pod, "none")
        with pytest.raises(NotFound, match='pods "gone" not found'):
            await cluster.logs(SYSTEM, "gone")

    async def test_what_is_not_there_is_not_found_and_named(self, stand: Stand) -> None:
        with pytest.raises(NotFound, match='services "gone" not found'):
            await stand.cluster.get("Service", "gone", SYSTEM)
        with pytest.raises(NotFound):
            await stand.cluster.list("Widget", api="widgets.example.com/v1")
        assert (await stand.cluster.list("Pod", "no-such-namespace")).items == ()

    async def test_a_selector_that_makes_no_sense_is_refused(self, stand: Stand) -> None:
        with pytest.raises(Rejected, match="field label not supported"):
            await stand.cluster.list("Pod", fields="spec.nonsense=1")
        with pytest.raises(Rejected):
            await stand.cluster.list("Pod", labels="a=(b")

    @pytest.mark.parametrize("attributes", [
        {"verb": "list", "resource": "pods"},
        {"verb": "watch", "resource": "endpointslices", "group": "discovery.k8s.io"},
        {"verb": "delete", "resource": "pods", "namespace": SYSTEM},
        {"verb": "get", "resource": "nodes", "name": "n1"},
        {"verb": "get", "resource": "secrets", "namespace": SYSTEM},
        {"verb": "create", "resource": "selfsubjectreviews", "group": "authentication.k8s.io"},
    ])
    async def test_a_review_says_what_another_account_may(self, stand: Stand, attributes: dict[str, Any]) -> None:
        ours = await stand.cluster.may(Access(user=COREDNS, **attributes))
        assert ours is stand.oracle.may(COREDNS, GROUPS, **attributes)

    async def test_a_review_says_what_we_may_ourselves(self, stand: Stand) -> None:
        log = Access("get", "pods", namespace=SYSTEM, subresource="log")
        assert await stand.cluster.may(log) is True
        assert await stand.open(stand.nobody).may(log) is False

    async def test_a_missing_permission_names_itself(self, stand: Stand) -> None:
        nobody, pod = stand.open(stand.nobody), stand.dns_pod()
        assert (await nobody.version())["gitVersion"]
        asked: list[tuple[Any, str]] = [
            (nobody.list("Pod"), "list pods"),
            (nobody.list("EndpointSlice", SYSTEM), "list endpointslices.discovery.k8s.io in kube-system"),
            (nobody.get("Node", "n1"), "get nodes"),
            (nobody.logs(SYSTEM, pod), "get pods/log in kube-system"),
            (nobody.patch("Service", "kube-dns", SYSTEM, {}, dry_run=True), "patch services in kube-system"),
            (nobody.ask_pod(SYSTEM, pod, 53), "get pods/proxy in kube-system"),
            (read_one_byte(nobody, pod, 53), "create pods/portforward in kube-system"),
        ]
        for call, permission in asked:
            with pytest.raises(Forbidden) as caught:
                await call
            assert caught.value.permission == permission

    async def test_an_unknown_token_is_said_to_be_unknown(self, stand: Stand) -> None:
        with pytest.raises(Unauthorized, match="does not accept the credentials"):
            await stand.open(stand.stranger).list("Pod")

    async def test_a_dry_run_shows_the_change_and_makes_none(self, stand: Stand) -> None:
        before = await stand.cluster.get("Service", "kube-dns", SYSTEM)
        port = {"port": 53, "protocol": "UDP", "targetPort": 54}
        body = {"spec": {"selector": {"k8s-app": None, "app": "other"}, "ports": [port]}}
        after = await stand.cluster.patch("Service", "kube-dns", SYSTEM, body, dry_run=True)
        assert after["spec"]["selector"] == {"app": "other"}
        assert [(port["name"], port["targetPort"]) for port in after["spec"]["ports"] if port["port"] == 53] == [
            ("dns", 54), ("dns-tcp", _target(before, "dns-tcp")),
        ]
        assert await stand.cluster.get("Service", "kube-dns", SYSTEM) == before

    async def test_a_change_is_made_and_can_be_taken_back(self, stand: Stand) -> None:
        cluster, name = stand.cluster, "netcheck.example/tried"
        for value in ("yes", None):
            changed = await cluster.patch("Service", "kube-dns", SYSTEM, {"metadata": {"annotations": {name: value}}})
            assert (changed["metadata"].get("annotations") or {}).get(name) == value
            stored = stand.oracle.ask(stand.oracle.core.read_namespaced_service, "kube-dns", SYSTEM)
            assert stored == changed

    async def test_a_change_that_is_not_valid_is_refused_with_the_field(self, stand: Stand) -> None:
        with pytest.raises(Rejected, match="clusterIP"):
            await stand.cluster.patch("Service", "kube-dns", SYSTEM, {"spec": {"clusterIP": "1.2.3.4"}}, dry_run=True)
        with pytest.raises(NotFound):
            await stand.cluster.patch("Service", "gone", SYSTEM, {"spec": {}}, dry_run=True)

    async def test_every_error_is_one_of_the_tree(self, stand: Stand) -> None:
        for kind, name in (("Service", "x" * 300), ("Service", "UPPER_case"), ("Nonsense", "a")):
            with pytest.raises(ClusterError):
                await stand.cluster.get(kind, name, SYSTEM)


def _identify(item: dict[str, Any]) -> tuple[str, str, str]:
    return (item["metadata"].get("namespace", ""), item["metadata"]["name"], item["metadata"]["uid"])


def _target(service: dict[str, Any], name: str) -> Any:
    return next(port["targetPort"] for port in service["spec"]["ports"] if port["name"] == name)
