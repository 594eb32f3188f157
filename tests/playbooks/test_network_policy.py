"""The playbook network-policy: first whether policies count at all, then what they say; about a pod only where one is
given."""

from bot.engine.library import load_file, shipped_folder

PLAYBOOK = load_file(shipped_folder() / "network-policy.yaml")
ORDER = ("api.answers", "policy.enforcement", "policy.selection", "kubernetes.get", "policy.reach", "dns.policy",
         "dns.policy_clients")


def test_the_sequence_asks_first_whether_anything_enforces_policies() -> None:
    assert tuple(step.uses for step in PLAYBOOK.steps) == ORDER


def test_a_connection_is_evaluated_only_where_one_was_asked_about() -> None:
    steps = {step.uses: step for step in PLAYBOOK.steps}
    assert "params.pod" in steps["policy.reach"].when
    assert "params.to" in steps["policy.reach"].when
    assert steps["policy.reach"].essential
