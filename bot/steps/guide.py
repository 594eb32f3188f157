"""Guide steps: what is told to a person or asked of them. What they say is `steps.<id>.outputs.answer`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.steps import Args, Guide

DONE = "Done"
PROBLEM = "Found a problem"
APPROVE = "Approve"
REFUSE = "Do not approve"
MAX_CHOICES = 10
"""Buttons of one Slack block: 25; more than ten nobody reads at night."""

Text = Annotated[str, Field(min_length=1, max_length=2500)]
Choice = Annotated[str, Field(min_length=1, max_length=75)]
AnswerType = Literal["string", "int", "bool", "dnsname", "namespace", "pod", "service"]
_EXPECTED: dict[str, str] = {
    "int": "a whole number",
    "dnsname": "a host name, as in example.com",
    "namespace": "a namespace",
    "pod": "namespace/name of a pod",
    "service": "namespace/name of a Service",
}


class TellArgs(Args):
    """Tells a person what to do, and waits until they have done it or found a problem."""

    text: Text


class AskArgs(Args):
    """Asks a person: one of `choices` as buttons, or a text of some `type`."""

    text: Text
    choices: tuple[Choice, ...] = Field(default=(), max_length=MAX_CHOICES)
    type: AnswerType | None = None

    @model_validator(mode="after")
    def _is_one_way(self) -> "AskArgs":
        if self.choices and self.type:
            raise ValueError("a question has `choices` or a `type`, not both")
        if len(set(self.choices)) != len(self.choices):
            raise ValueError("two of the `choices` are the same")
        return self


class ApproveArgs(Args):
    """Asks a person to approve something that is done outside of netcheck."""

    text: Text


def word_question(args: AskArgs) -> str:
    """The text, and what kind of answer is expected where that is not plain."""
    expected = _EXPECTED.get(args.type or "")
    return f"{args.text} ({expected})" if expected else args.text


def offer_choices(args: AskArgs) -> tuple[str, ...]:
    return ("Yes", "No") if args.type == "bool" else args.choices


TELL = Guide(name="guide.tell", args=TellArgs, text=lambda args: args.text, choices=lambda args: (DONE, PROBLEM))
ASK = Guide(name="guide.ask", args=AskArgs, text=word_question, choices=offer_choices)
APPROVAL = Guide(
    name="guide.approve", args=ApproveArgs, text=lambda args: args.text, choices=lambda args: (APPROVE, REFUSE)
)
