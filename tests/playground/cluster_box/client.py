"""A plain HTTPS client of a box: it checks the box's certificate and sends its token, and knows nothing of netcheck."""

import ssl
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.playground.cluster_box.box import ClusterBox

CORE = "/api/v1/namespaces/kube-system"
APPS = "/apis/apps/v1/namespaces/kube-system"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices"
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def names(self) -> list[str]:
        return [item["metadata"]["name"] for item in self.body["items"]]


@dataclass(frozen=True, slots=True)
class Client:
    box: ClusterBox
    session: aiohttp.ClientSession

    async def get(self, path: str, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.get(self.box.server + path, headers=named) as response:
            return await _read(response)

    async def post(self, path: str, body: Any) -> Answer:
        async with self.session.post(self.box.server + path, json=body) as response:
            return await _read(response)

    async def patch(self, path: str, body: Any, media: str = STRATEGIC) -> Answer:
        async with self.session.patch(self.box.server + path, json=body, headers={"Content-Type": media}) as response:
            return await _read(response)

    async def change(self, path: str, body: Any) -> Any:
        """A patch that must be taken, and everything that follows from it."""
        answer = await self.patch(path, body)
        assert answer.status == 200, answer.body
        await self.box.settled()
        return answer.body

    def socket(self, path: str, *protocols: str) -> Any:
        return self.session.ws_connect(self.box.server + path, protocols=protocols)


@asynccontextmanager
async def open_client(box: ClusterBox, token: str | None = None) -> AsyncIterator[Client]:
    """`token` empty: none is sent."""
    authority = b64decode(box.kubeconfig()["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    sent = box.token if token is None else token
    headers = {"Authorization": f"Bearer {sent}"} if sent else {}
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(ssl=context)) as session:
        yield Client(box, session)


async def _read(response: aiohttp.ClientResponse) -> Answer:
    is_json = response.content_type == "application/json"
    return Answer(response.status, await (response.json() if is_json else response.text()), response.headers)
