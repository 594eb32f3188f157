"""A list, page by page (API concepts, "Retrieving large results sets in chunks"). Of a page nothing is held here once
it is handed over, so who keeps little of each needs little memory, however long the list is.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from bot.cluster import Form, Headers, Listing
from bot.cluster.answers import decode_object, read_paging, take_cells, take_items
from bot.cluster.records import Kind, Limits
from bot.cluster.transport import Query

Send: TypeAlias = Callable[[Query, Headers], Awaitable[bytes]]
"""Asks for the list with this query, in the form that these headers name."""

_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
_ACCEPT: Mapping[Form, Headers] = MappingProxyType({
    "full": (), "metadata": (("Accept", _METADATA_LIST),), "table": (("Accept", _TABLE),),
})


async def read_pages(
    send: Send, kind: Kind, path: str, limits: Limits, *, labels: str = "", fields: str = "", size: int,
    form: Form = "full",
) -> AsyncIterator[Listing]:
    """Pages of `size` up to the ceilings of items and bytes; `complete` is true of the last of a list that ended."""
    include = "None" if form == "table" else ""
    selectors = (("labelSelector", labels), ("fieldSelector", fields), ("includeObject", include))
    query = tuple((key, value) for key, value in (*selectors, ("limit", str(size))) if value)
    token, items, taken = "", 0, 0
    while True:
        body = await send((*query, *((("continue", token),) if token else ())), _ACCEPT[form])
        taken += len(body)
        page, token = _take(body, kind, path, form)
        items += len(page.items)
        del body
        yield page
        del page
        if not token or items >= limits.items or taken >= limits.bytes:
            return


def _take(body: bytes, kind: Kind, path: str, form: Form) -> tuple[Listing, str]:
    """The page, and the token of the next one."""
    page = decode_object(body, path)
    items = take_cells(page, kind, path) if form == "table" else take_items(page, kind, path)
    token, left = read_paging(page, path)
    return Listing(tuple(items), complete=not token, remaining=max(left, 1) if token else 0), token
