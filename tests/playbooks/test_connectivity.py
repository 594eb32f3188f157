"""The playbook connectivity: from the ground up, policies before packets, and what is tried last of all."""

import pytest

from bot.engine.library import load_file, shipped_folder

PLAYBOOK = load_file(shipped_folder() / "connectivity.yaml")
ORDER = [step.uses for step in PLAYBOOK.steps]


@pytest.mark.parametrize(("before", "after"), [
    ("api.answers", "node.network"), ("node.network", "cni.agents"), ("cni.agents", "proxy.coverage"),
    ("path.ends", "policy.reach"), ("policy.reach", "path.matrix"), ("service.exists", "path.matrix"),
])
def test_what_stands_below_is_looked_at_before(before: str, after: str) -> None:
    assert ORDER.index(before) < ORDER.index(after)


def test_the_ends_are_looked_at_only_where_they_are_named_and_a_service_only_where_it_is_one() -> None:
    steps = {step.uses: step for step in PLAYBOOK.steps}
    for uses in ("path.ends", "policy.reach"):
        assert "params.from != ''" in steps[uses].when
    for uses in (uses for uses in ORDER if uses.startswith("service.")):
        assert "outputs.kind == 'Service'" in steps[uses].when
    assert not steps["path.matrix"].when
