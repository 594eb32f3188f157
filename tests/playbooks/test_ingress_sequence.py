"""The shipped playbooks for Ingresses and for outside names keep their order, and branch where they must."""

import pytest

from bot.engine.library import load_file, shipped_folder

ORDERS = {
    "ingress": ("api.answers", "ingress.exists", "ingress.class", "ingress.log", "ingress.gateway", "ingress.backends",
                "service.exists", "service.selector", "service.endpoints", "service.backends", "policy.reach"),
    "external-dns-resolution": ("api.answers", "dns.service", "dns.pods", "dns.corefile", "dns.upstream",
                                "dns.external", "dns.policy", "dns.client"),
}


@pytest.mark.parametrize("name", ORDERS)
def test_the_steps_come_in_the_order_of_the_way_that_they_follow(name: str) -> None:
    uses = [step.uses for step in load_file(shipped_folder() / f"{name}.yaml").steps]
    places = [uses.index(one) for one in ORDERS[name]]
    assert places == sorted(places)


def test_gateways_are_asked_about_only_where_it_is_one() -> None:
    steps = {step.id: step for step in load_file(shipped_folder() / "ingress.yaml").steps}
    assert "HTTPRoute" in steps["gateway"].when
    assert "Ingress" in steps["class"].when


def test_the_name_that_fails_is_not_taken_for_one_that_resolvers_know() -> None:
    steps = {step.id: step for step in load_file(shipped_folder() / "external-dns-resolution.yaml").steps}
    assert steps["upstream"].with_ == {"external": "{{ params.known }}"}
