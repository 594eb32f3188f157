"""What a person is told, and which answers they can give."""

import pytest
from pydantic import ValidationError

from bot.steps.guide import APPROVAL, ASK, TELL, ApproveArgs, AskArgs, TellArgs


def test_who_is_told_something_says_that_it_is_done_or_what_they_found() -> None:
    args = TellArgs(text="Restart the node.")
    assert (TELL.text(args), TELL.choices(args)) == ("Restart the node.", ("Done", "Found a problem"))


def test_a_question_has_its_choices_or_says_what_kind_of_answer_is_expected() -> None:
    assert ASK.choices(AskArgs(text="Which?", choices=("a", "b"))) == ("a", "b")
    assert ASK.text(AskArgs(text="How many?", type="int")) == "How many? (a whole number)"
    assert ASK.choices(AskArgs(text="Well?", type="bool")) == ("Yes", "No")
    assert ASK.choices(AskArgs(text="Why?")) == ()


def test_an_approval_can_be_denied() -> None:
    assert APPROVAL.choices(ApproveArgs(text="Drain n1?")) == ("Approve", "Do not approve")


@pytest.mark.parametrize(
    "given", [{}, {"text": ""}, {"text": "x", "choices": ["a", "a"]}, {"text": "x", "choices": ["a"], "type": "int"}]
)
def test_a_question_that_nobody_could_answer_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AskArgs.model_validate(given)
