"""What is advised about the API server's refusals, and which events tell of one."""

from typing import Any, cast

import pytest

from bot.cluster import Cluster, Listing
from bot.model.errors import Forbidden
from bot.steps.refusals import advise
from bot.steps.slice_refusals import read_refusal


@pytest.mark.parametrize(("refusal", "words"), [
    ('Internal error occurred: failed calling webhook "gate.example": failed to call webhook: Post "https://gate"',
     "Webhook gate.example does not answer"),
    ('admission webhook "gate.example" denied the request: no latest tags', "Webhook gate.example forbids"),
    ("ValidatingAdmissionPolicy 'small' with binding 'small' denied request: too large",
     "get validatingadmissionpolicy small"),
    ('violates PodSecurity "restricted:latest": runAsNonRoot != true', "kubectl label namespace shop"),
    ("exceeded quota: no-pods, requested: pods=1, used: pods=0, limited: pods=0", "describe resourcequota no-pods"),
    ("failed quota: compute: must specify limits.cpu for: web", "describe resourcequota compute"),
    ("maximum memory usage per Container is 100Mi, but limit is 170Mi", "-n shop describe limitrange"),
    ("no PriorityClass with name high was found", "Create PriorityClass high"),
    ('error looking up service account shop/web: serviceaccount "web" not found', "create serviceaccount web"),
    ("unable to create new content in namespace shop because it is being terminated", "is being deleted"),
    ("the server was unable to return a response", ""),
])
def test_each_kind_of_refusal_has_its_own_advice(refusal: str, words: str) -> None:
    told = advise(f'pods "web-1" is forbidden: {refusal}', "shop")
    assert words in told
    assert bool(told) is bool(words)


class Telling:
    """Of a cluster only its events, or that they may not be read."""

    def __init__(self, *events: dict[str, Any], refusal: Exception | None = None) -> None:
        self._events, self._refusal = events, refusal

    async def list(self, kind: str, namespace: str, **how: Any) -> Listing:
        if self._refusal:
            raise self._refusal
        return Listing(self._events)


def event(words: str, at: str = "2027-01-15T07:59:00Z") -> dict[str, Any]:
    of = "for Service shop/web: "
    return {"message": f"Error updating Endpoint Slices {of}failed to create EndpointSlice {of}{words}",
            "lastTimestamp": at}


async def read(cluster: Telling, skipped: list[str]) -> dict[str, Any]:
    return await read_refusal(cast("Cluster", cluster), "shop", "web", skipped)


async def test_the_newest_refusal_counts_and_what_mends_itself_does_not() -> None:
    told = Telling(event("denied: no", "2027-01-15T07:50:00Z"), event("denied: never"),
                   event("Operation cannot be fulfilled: the object has been modified", "2027-01-15T07:59:59Z"))
    assert await read(told, []) == {"message": "denied: never", "last": 1_799_999_940.0}
    assert await read(Telling(), []) == {}


@pytest.mark.parametrize(("words", "lasts"), [
    ("etcdserver: leader changed", False), ("context deadline exceeded", False),
    ('Internal error: failed calling webhook "gate.example": context deadline exceeded', True),
    ('endpointslices "web-1" is forbidden: exceeded quota: few', True),
])
async def test_an_api_server_that_was_busy_refuses_nothing(words: str, lasts: bool) -> None:
    assert bool(await read(Telling(event(words)), [])) is lasts


async def test_events_that_may_not_be_read_are_named() -> None:
    skipped: list[str] = []
    assert await read(Telling(refusal=Forbidden("no", "list events in shop")), skipped) == {}
    assert skipped == ["list events in shop"]
