"""Calico's selectors, as its documentation has them."""

import pytest

from bot.diagnosis.calico_selectors import selects_labels

LABELS = {"role": "db", "kubernetes.io/os": "linux", "zone": "a"}


@pytest.mark.parametrize(("selector", "expected"), [
    ("", True), ("all()", True), ("!all()", False), ("has(role)", True), ("!has(role)", False),
    ("role == 'db'", True), ('role == "web"', False), ("role != 'web'", True), ("other != 'web'", True),
    ("kubernetes.io/os == 'linux'", True), ("zone in {'a', 'b'}", True), ("zone in { }", False),
    ("zone not in {'a'}", False), ("other not in {'a'}", True), ("role contains 'd'", True),
    ("role starts with 'x'", False), ("role ends with 'b'", True), ("other contains ''", False),
    ("role == 'web' || zone == 'a'", True), ("role == 'db' && zone == 'b'", False),
    ("!(role == 'db' && zone == 'b')", True), ("role == 'web' || role == 'db' && zone == 'b'", False),
])
def test_a_selector_selects_by_labels(selector: str, expected: bool) -> None:
    assert selects_labels(selector, LABELS) is expected


@pytest.mark.parametrize("selector", ["role = 'db'", "role == db", "(role == 'db'", "role == 'db' zone", "global()",
                                      "zone in {'a'", "role is 'db'", "🙂", "role =="])
def test_what_is_not_understood_is_not_guessed(selector: str) -> None:
    assert selects_labels(selector, LABELS) is None
