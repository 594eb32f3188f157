"""Streams into pods: the framing of port-forward and exec, the DNS and HTTP behind it, and how it is refused."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import aiohttp
import dns.message
import dns.rcode
import pytest

from bot.playground.bundle import DnsAnswer
from bot.playground.cluster_box.box import ClusterBox
from tests.playground.cluster_box.client import CORE, Client, open_client
from tests.playground.cluster_box.town import NAMESPACE, PODS, make_object, make_town

V4 = "v4.channel.k8s.io"
V5 = "v5.channel.k8s.io"
KNOWN = "kubernetes.default.svc.cluster.local."


def forward(pod: str = PODS[0], *ports: int) -> str:
    return f"{CORE}/pods/{pod}/portforward?" + "&".join(f"ports={port}" for port in ports or (53,))


def frame(name: str, type_: str = "A") -> bytes:
    wire = dns.message.make_query(name, type_).to_wire()
    return len(wire).to_bytes(2, "big") + wire


async def read_all(socket: Any) -> list[bytes]:
    return [message.data async for message in socket]


async def ask(client: Client, name: str, type_: str = "A", pod: str = PODS[0]) -> dns.message.Message:
    """One DNS question over a forwarded port; an error of the stream is raised as text."""
    async with client.socket(forward(pod), V4) as socket:
        assert [await socket.receive_bytes(), await socket.receive_bytes()] == [b"\x005\x00", b"\x015\x00"]
        await socket.send_bytes(b"\x00" + frame(name, type_))
        data = await socket.receive_bytes()
        if data[0] == 1:
            raise ConnectionError(data[1:].decode())
        return dns.message.from_wire(data[3:])


async def test_each_channel_begins_with_its_port_and_dns_answers_follow_on_the_first(client: Client) -> None:
    answer = await ask(client, KNOWN)
    assert [record.to_text() for record in answer.answer] == [f"{KNOWN} 30 IN A 10.2.0.1"]


async def test_questions_may_come_in_pieces_and_several_at_once(client: Client) -> None:
    both = frame(KNOWN) + frame(KNOWN)
    async with client.socket(forward(), V4) as socket:
        await socket.receive_bytes()
        await socket.receive_bytes()
        for cut in (both[:1], both[1:20], both[20:]):
            await socket.send_bytes(b"\x00" + cut)
        assert [(await socket.receive_bytes())[0] for _ in range(2)] == [0, 0]


async def test_each_port_has_its_own_pair_of_channels(client: Client) -> None:
    async with client.socket(forward(PODS[0], 53, 8181), V4) as socket:
        greetings = [await socket.receive_bytes() for _ in range(4)]
        assert greetings == [b"\x005\x00", b"\x015\x00", b"\x02\xf5\x1f", b"\x03\xf5\x1f"]
        await socket.send_bytes(b"\x02GET /ready HTTP/1.1\r\n\r\n")
        page = await socket.receive_bytes()
        assert page[0] == 2
        assert page.endswith(b"\r\n\r\nOK")


async def test_v5_alone_is_refused_and_v4_chosen_when_both_are_offered(client: Client) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.socket(forward(), V5)
    assert refusal.value.status == 403
    async with client.socket(forward(), V5, V4) as socket:
        assert socket.protocol == V4


async def test_a_name_of_the_cluster_that_was_not_recorded_is_answered_from_its_services(client: Client) -> None:
    found = await ask(client, "kube-dns.kube-system.svc.cluster.local.")
    assert [record.to_text().split()[-1] for record in found.answer] == ["10.2.0.10"]
    absent = await ask(client, "nosuch.kube-system.svc.cluster.local.")
    assert (absent.rcode(), bool(absent.authority)) == (dns.rcode.NXDOMAIN, True)
    version = await ask(client, "dns-version.cluster.local.", "TXT")
    assert '"1.1.0"' in version.answer[0].to_text()
    reverse = await ask(client, "10.0.2.10.in-addr.arpa.", "PTR")
    assert "kube-dns.kube-system.svc.cluster.local." in reverse.answer[0].to_text()


@pytest.mark.parametrize("name", ["example.org.", "web.shop.svc.cluster.local."])
async def test_a_name_that_the_bundle_cannot_know_is_not_answered(client: Client, name: str) -> None:
    with pytest.raises(ConnectionError, match="NotRecorded: the bundle does not know what this pod answers"):
        await ask(client, name)


async def test_a_crashing_pod_refuses_the_connection_in_the_runtimes_words() -> None:
    async with (
        ClusterBox(make_town(ready=False)) as box,
        open_client(box) as client,
        client.socket(forward(), V4) as socket,
    ):
        frames = await read_all(socket)
    assert socket.close_code == 1000
    assert frames[:2] == [b"\x005\x00", b"\x015\x00"]
    assert b"dial tcp4 127.0.0.1:53: connect: connection refused" in frames[2]


async def test_a_question_that_stayed_without_an_answer_stays_so() -> None:
    town = make_town()
    silent = DnsAnswer(namespace=NAMESPACE, pod=PODS[0], port=53, name="slow.example.", type="A", outcome="silent")
    async with (
        ClusterBox(replace(town, dns=(*town.dns, silent))) as box,
        open_client(box) as client,
        client.socket(forward(), V4) as socket,
    ):
        await socket.receive_bytes()
        await socket.receive_bytes()
        await socket.send_bytes(b"\x00" + frame("slow.example."))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.receive(), 0.05)


async def test_a_pod_without_a_node_or_without_a_sandbox_cannot_be_reached() -> None:
    spec = {"containers": [{"name": "web"}]}
    pods = [
        make_object("v1", "Pod", "pending", spec=spec),
        make_object("v1", "Pod", "creating", spec=spec | {"nodeName": "n"}),
    ]
    town = make_town()
    async with ClusterBox(replace(town, objects=(*town.objects, *pods))) as box, open_client(box) as client:
        for pod, status in (("pending", 400), ("creating", 500), ("nosuch", 404)):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await client.socket(forward(pod), V4)
            assert refusal.value.status == status
        assert (await client.get(forward())).body["message"] == "Upgrade request required"


async def test_from_1_35_on_a_forward_needs_create_as_well() -> None:
    rules = [{"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["get"]}]
    town = make_town()
    newer = replace(town, version={"major": "1", "minor": "35", "gitVersion": "v1.35.0"})
    async with (
        ClusterBox(town, permissions=rules) as box,
        open_client(box) as client,
        client.socket(forward(), V4) as socket,
    ):
        assert socket.protocol == V4
    async with ClusterBox(newer, permissions=rules) as box, open_client(box) as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await client.socket(forward(), V4)
        assert refusal.value.status == 403


async def test_a_recorded_command_gives_its_output_and_exit_code_and_any_other_is_unknown(client: Client) -> None:
    async with client.socket(f"{CORE}/pods/{PODS[0]}/exec?command=false&stdout=true", V5) as socket:
        frames = await read_all(socket)
    assert frames[0] == b"\x01out\n"
    status = json.loads(frames[-1][1:])
    assert (frames[-1][0], status["details"]["causes"][0]) == (3, {"reason": "ExitCode", "message": "1"})
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.socket(f"{CORE}/pods/{PODS[0]}/exec?command=ls", V5)
    assert refusal.value.status == 501
