"""What follows from a change: a mended cluster is seen mended, a broken one broken, and nothing is invented."""

from dataclasses import replace
from typing import Any

from bot.playground.bundle import Bundle, Read
from bot.playground.cluster_box.box import ClusterBox
from tests.playground.cluster_box.client import APPS, CORE, SLICES, Client, open_client
from tests.playground.cluster_box.test_streams import ask
from tests.playground.cluster_box.town import COREFILE, LABELS, NAMESPACE, PODS, make_slice, make_town

SERVICE = f"{CORE}/services/kube-dns"
DEPLOYMENT = f"{APPS}/deployments/coredns"
CONFIG = f"{CORE}/configmaps/coredns"
RESTART = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
BROKEN = COREFILE.replace("forward .", "proxy .")


async def read_slice(client: Client) -> Any:
    return (await client.get(f"{SLICES}?labelSelector=kubernetes.io/service-name=kube-dns")).body["items"][0]


async def read_pods(client: Client) -> list[Any]:
    items = (await client.get(f"{CORE}/pods?labelSelector=k8s-app=kube-dns")).body["items"]
    return [(item["metadata"]["name"], item["status"]["containerStatuses"][0]["ready"]) for item in items]


def addresses_of(found: Any) -> list[str]:
    """Of the endpoints that are ready."""
    ready = [endpoint for endpoint in found["endpoints"] or [] if endpoint["conditions"]["ready"]]
    return sorted(address for endpoint in ready for address in endpoint["addresses"])


async def test_slices_follow_a_mended_selector() -> None:
    async with ClusterBox(make_town(selector={"k8s-app": "kube-dnss"}), lag=0.0) as box, open_client(box) as client:
        assert (await read_slice(client))["endpoints"] is None
        await client.change(SERVICE, {"spec": {"selector": LABELS}})
        mended = await read_slice(client)
        assert addresses_of(mended) == ["10.1.1.2", "10.1.2.2"]
        assert mended["ports"] == [
            {"name": "dns", "protocol": "UDP", "port": 53},
            {"name": "dns-tcp", "protocol": "TCP", "port": 53},
        ]


async def test_slices_follow_a_broken_selector(client: Client) -> None:
    await client.change(SERVICE, {"spec": {"selector": {"k8s-app": "nosuch"}}})
    broken = await read_slice(client)
    assert (broken["endpoints"], broken["ports"]) == (None, None)


async def test_a_named_port_that_no_container_has_is_left_out_of_the_slice(client: Client) -> None:
    ports = [{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": "nosuch"}]
    await client.change(SERVICE, {"spec": {"ports": [*ports, {"$patch": "replace"}]}})
    found = await read_slice(client)
    assert (found["ports"], addresses_of(found)) == (None, ["10.1.1.2", "10.1.2.2"])


async def test_slices_that_nobody_kept_up_when_recorded_are_not_kept_up_here() -> None:
    town = make_town()
    stale = [make_slice([]) if item["kind"] == "EndpointSlice" else item for item in town.objects]
    async with ClusterBox(replace(town, objects=tuple(stale)), lag=0.0) as box, open_client(box) as client:
        await client.change(SERVICE, {"spec": {"ports": [{"port": 53, "name": "domain"}]}})
        assert (await read_slice(client))["endpoints"] is None


async def test_slices_of_pods_that_were_not_recorded_become_unknown() -> None:
    town = make_town()
    read = Read(verb="list", kind="Pod", api="v1", namespace=NAMESPACE, labels="k8s-app=kube-dns")
    narrow = replace(town, reads=(read, *(item for item in town.reads if item.kind != "Pod")))
    async with ClusterBox(narrow, lag=0.0) as box, open_client(box) as client:
        assert addresses_of(await read_slice(client)) == ["10.1.1.2", "10.1.2.2"]
        await client.change(SERVICE, {"spec": {"selector": {"k8s-app": None, "tier": "dns"}}})
        assert (await client.get(SLICES)).status == 501


async def test_a_restart_replaces_the_pods_and_the_slices_follow(client: Client) -> None:
    await client.change(DEPLOYMENT, RESTART)
    pods = await read_pods(client)
    assert [ready for _, ready in pods] == [True, True]
    assert not {name for name, _ in pods} & set(PODS)
    assert addresses_of(await read_slice(client)) == ["10.1.1.3", "10.1.2.3"]
    assert (await client.get(f"{CORE}/pods/{PODS[0]}")).status == 404
    assert (await client.get(DEPLOYMENT)).body["status"]["readyReplicas"] == 2


async def test_pods_started_by_the_box_answer_and_log_as_new_ones_do(client: Client) -> None:
    await client.change(DEPLOYMENT, RESTART)
    name = (await read_pods(client))[0][0]
    assert (await ask(client, "kube-dns.kube-system.svc.cluster.local.", pod=name)).answer
    assert "CoreDNS-1.12.0" in (await client.get(f"{CORE}/pods/{name}/log")).body


async def test_events_of_pods_started_by_the_box_are_known_and_those_of_others_are_not() -> None:
    town = make_town(corefile=BROKEN)
    unread = replace(town, reads=tuple(read for read in town.reads if read.kind != "Event"))
    async with ClusterBox(unread, lag=0.0) as box, open_client(box) as client:
        await client.change(DEPLOYMENT, RESTART)
        pods = (await client.get(f"{CORE}/pods?labelSelector=pod-template-hash!=1")).body["items"]
        uid = pods[0]["metadata"]["uid"]
        events = (await client.get(f"{CORE}/events?fieldSelector=involvedObject.uid={uid}")).body["items"]
        assert sorted(event["reason"] for event in events) == ["BackOff", "Scheduled"]
        assert pods[0]["status"]["containerStatuses"][0]["restartCount"] == 1
        assert (await client.get(f"{CORE}/events?fieldSelector=involvedObject.uid=Pod-{PODS[0]}")).status == 501


async def test_a_deployment_scaled_to_zero_comes_back() -> None:
    async with ClusterBox(make_town(replicas=0), lag=0.0) as box, open_client(box) as client:
        await client.change(DEPLOYMENT, {"spec": {"replicas": 2}})
        assert [ready for _, ready in await read_pods(client)] == [True, True]
        assert len(addresses_of(await read_slice(client))) == 2
        await client.change(DEPLOYMENT, {"spec": {"replicas": 0}})
        assert (await read_pods(client), (await read_slice(client))["endpoints"]) == ([], None)


def crashing(corefile: str = BROKEN) -> Bundle:
    return make_town(corefile=corefile, ready=False)


async def test_pods_that_crashed_for_their_corefile_come_back_when_it_is_mended() -> None:
    async with ClusterBox(crashing(), lag=0.0) as box, open_client(box) as client:
        await client.change(CONFIG, {"data": {"Corefile": COREFILE}})
        assert await read_pods(client) == [(name, True) for name in PODS]
        assert len(addresses_of(await read_slice(client))) == 2
        assert (await ask(client, "kube-dns.kube-system.svc.cluster.local.")).answer


async def test_a_restart_does_not_help_while_the_corefile_is_broken() -> None:
    async with ClusterBox(crashing(), lag=0.0) as box, open_client(box) as client:
        await client.change(DEPLOYMENT, RESTART)
        pods = await read_pods(client)
        assert [ready for _, ready in pods] == [False, False]
        log = await client.get(f"{CORE}/pods/{pods[0][0]}/log?previous=true")
        assert log.body == "/etc/coredns/Corefile:8 - Error during parsing: Unknown directive 'proxy'\n"


async def test_a_new_mistake_in_the_corefile_does_not_help_either() -> None:
    async with ClusterBox(crashing(), lag=0.0) as box, open_client(box) as client:
        for text in (COREFILE.replace("cache", "cahce"), COREFILE.replace("/etc/resolv.conf", "127.0.0.1"), ".:53 {\n"):
            await client.change(CONFIG, {"data": {"Corefile": text}})
            assert [ready for _, ready in await read_pods(client)] == [False, False]


async def test_pods_that_are_down_for_another_reason_stay_unknown_after_a_restart() -> None:
    async with ClusterBox(crashing(COREFILE), lag=0.0) as box, open_client(box) as client:
        await client.change(DEPLOYMENT, RESTART)
        assert (await client.get(f"{CORE}/pods?labelSelector=k8s-app=kube-dns")).body["reason"] == "NotRecorded"


async def test_a_restart_with_a_broken_corefile_keeps_an_old_pod_alive(client: Client) -> None:
    await client.change(CONFIG, {"data": {"Corefile": BROKEN}})
    assert [ready for _, ready in await read_pods(client)] == [True, True]
    await client.change(DEPLOYMENT, RESTART)
    assert sorted(ready for _, ready in await read_pods(client)) == [False, False, True]
