"""What is said of a step type where an author gives no title: the page of step types, and the run itself."""

import pytest

from bot.engine.files.purpose import purpose
from bot.engine.library import load_text, reference
from bot.steps.library import STEP_TYPES


def test_no_two_step_types_are_told_alike() -> None:
    told = [purpose(step_type) for step_type in STEP_TYPES.values()]
    assert sorted(told) == sorted(set(told))
    assert all(told)


@pytest.mark.parametrize("name", ["service.pods", "service.endpoints", "ingress.class"])
def test_a_look_without_a_title_is_shown_by_the_question_that_it_answers(name: str) -> None:
    needed = "\n    with: {" + f"{name.split('.')[0]}: shop/web" + "}"
    title = load_text("a.yaml", f"name: a\ntitle: b\nsteps:\n  - id: look\n    uses: {name}{needed}\n").steps[0].title
    assert title.endswith("?")
    assert f"| `{name}` | look | {title} " in reference()
