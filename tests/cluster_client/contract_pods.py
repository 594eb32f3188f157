"""The part of the client's contract that is about pods themselves: what listens in them, and the ways to it."""

import struct

import dns.message
import dns.rdatatype
import pytest

from bot.cluster import Cluster
from bot.model.errors import NotFound, NotReached, ServerFailed
from tests.cluster_client.stand import SYSTEM, Stand


class PodContract:
    async def test_each_dns_pod_answers_over_a_forwarded_port(self, stand: Stand) -> None:
        cluster, o = stand.cluster, stand.oracle
        address = o.ask(o.core.read_namespaced_service, "kubernetes", "default")["spec"]["clusterIP"]
        for pod in stand.dns_pods():
            answer = await query(cluster, pod["metadata"]["name"], "kubernetes.default.svc.cluster.local")
            assert [str(row) for rrset in answer.answer for row in rrset] == [address]

    async def test_one_forwarded_port_carries_several_questions(self, stand: Stand) -> None:
        async with stand.cluster.forward(SYSTEM, stand.dns_pod(), 53) as stream:
            for name in ("kube-dns.kube-system.svc.cluster.local", "kubernetes.default.svc.cluster.local"):
                await stream.send(frame(name))
                size = struct.unpack("!H", await stream.read_exactly(2))[0]
                answer = dns.message.from_wire(await stream.read_exactly(size))
                assert str(answer.question[0].name) == f"{name}."
                assert answer.answer

    async def test_a_port_where_nobody_listens_is_said_to_be_that(self, stand: Stand) -> None:
        with pytest.raises(ServerFailed, match="could not reach the port in the pod"):
            await read_one_byte(stand.cluster, stand.dns_pod(), 9)

    async def test_a_port_of_a_pod_that_is_not_there_is_not_found(self, stand: Stand) -> None:
        with pytest.raises(NotFound, match="gone"):
            await read_one_byte(stand.cluster, "gone", 53)

    async def test_the_api_server_asks_a_pod_itself(self, stand: Stand) -> None:
        for pod in stand.dns_pods():
            assert await stand.cluster.ask_pod(SYSTEM, pod["metadata"]["name"], 8181, "ready") == "OK"

    async def test_a_port_that_the_api_server_cannot_reach_is_told_in_its_words_and_asked_once(
        self, stand: Stand
    ) -> None:
        cluster, pod = stand.cluster, stand.dns_pods()[0]
        with pytest.raises(NotReached) as caught:
            await cluster.ask_pod(SYSTEM, pod["metadata"]["name"], 9)
        assert caught.value.why == f"dial tcp {pod['status']['podIP']}:9: connect: connection refused"
        assert cluster.usage.requests == 1
        with pytest.raises(NotFound, match='pods "gone" not found'):
            await cluster.ask_pod(SYSTEM, "gone", 9)


async def query(cluster: Cluster, pod: str, name: str) -> dns.message.Message:
    async with cluster.forward(SYSTEM, pod, 53) as stream:
        await stream.send(frame(name))
        size = struct.unpack("!H", await stream.read_exactly(2))[0]
        return dns.message.from_wire(await stream.read_exactly(size))


def frame(name: str) -> bytes:
    """A question as DNS over TCP carries it: two bytes of length in front (RFC 1035 4.2.2)."""
    wire = dns.message.make_query(name, dns.rdatatype.A).to_wire()
    return struct.pack("!H", len(wire)) + wire


async def read_one_byte(cluster: Cluster, pod: str, port: int) -> bytes:
    async with cluster.forward(SYSTEM, pod, port) as stream:
        return await stream.read_exactly(1)
