"""Which of several controllers serves a class: many clusters run one for inside and one for outside."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.playground.bundle import Bundle
from bot.playground.scenarios import load_scenario
from bot.steps.ingress.controllers import CONTROLLERS, find_workloads, pick
from bot.steps.ingress.way import WAY, gather_way
from tests.steps.boxed import open_boxed

MAKE = "k8s.io/ingress-nginx"
INSIDE, OUTSIDE = {"name": "inside", "controller": f"{MAKE}-inside"}, {"name": "nginx", "controller": MAKE}
NGINX, TRAEFIK = CONTROLLERS[0], next(one for one in CONTROLLERS if one.title == "Traefik")


def running(name: str, *classes: str) -> dict[str, Any]:
    return {"name": name, "classes": [*classes]}


@pytest.mark.parametrize(("workloads", "chosen", "expected"), [
    ([running("only")], OUTSIDE, "only"),
    ([running("only", "another")], OUTSIDE, "only"),
    ([running("a", f"{MAKE}-inside", "inside"), running("b", MAKE, "nginx")], INSIDE, "a"),
    ([running("a", f"{MAKE}-inside", "nginx"), running("b", MAKE, "nginx")], OUTSIDE, "b"),  # the name was not changed
    ([running("a", MAKE, "inside"), running("b", MAKE, "nginx")], OUTSIDE, "b"),             # told apart by name alone
    ([running("a", MAKE, "nginx"), running("b", MAKE, "nginx")], OUTSIDE, ""),               # for a namespace each
    ([running("a"), running("b")], OUTSIDE, ""), ([], OUTSIDE, ""),
])
def test_of_several_the_one_counts_that_names_the_class_and_its_controller_best(
    workloads: list[dict[str, Any]], chosen: dict[str, str], expected: str
) -> None:
    assert [one["name"] for one in pick(workloads, chosen)] == [expected] * bool(expected)


def beside(name: str, **container: Any) -> Bundle:
    """A healthy Ingress, and one workload more."""
    bundle = load_scenario("ingress-healthy")
    own = next(item for item in bundle.objects if item["metadata"]["name"] == "ingress-nginx-controller"
               and item["kind"] == "Deployment")
    other = deepcopy(own)
    other["metadata"] |= {"name": name, "uid": name}
    other["spec"]["template"]["spec"]["containers"][0] |= container
    return replace(bundle, objects=(*bundle.objects, other))


@pytest.mark.parametrize(("argument", "asked"), [("--ingress-class=inside", False), ("--ingress-class=nginx", True)])
async def test_a_controller_of_another_class_is_not_asked_for_the_rule(
    argument: str, asked: bool, tmp_path: Path
) -> None:
    async with open_boxed(beside("ingress-nginx-inside", args=[argument]), tmp_path) as boxed:
        told = await gather_way(boxed.cluster, WAY.args(ingress="shop/web"))
    assert bool(told["rows"]) is asked, told
    assert asked or "their arguments do not tell" in told["why"]


async def test_what_comes_with_a_controller_and_serves_nothing_is_not_taken_for_it(tmp_path: Path) -> None:
    for name in ("svclb-traefik-0a1b2c3d", "traefik-forward-auth", "traefik-exporter"):
        async with open_boxed(beside(name), tmp_path) as boxed:
            assert await find_workloads(boxed.cluster, TRAEFIK) == []


async def test_a_class_is_told_by_arguments_and_by_variables(tmp_path: Path) -> None:
    told = beside("nginx-ingress-2", args=["--ingress-class=a", "--v=2"], env=[{"name": "INGRESS_CLASS", "value": "b"}])
    async with open_boxed(told, tmp_path) as boxed:
        found = await find_workloads(boxed.cluster, NGINX)
    assert {one["plain"]: one["classes"] for one in found} == {
        "ingress-nginx-controller": [], "nginx-ingress-2": ["a", "b"]}
