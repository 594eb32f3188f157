"""Which keys a playbook file has, and what stands under them: the common part, without the arguments of step types."""

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr, WithJsonSchema

from bot.model.permission import CALLABLE

ParamType: TypeAlias = Literal["string", "int", "bool", "dnsname", "namespace", "pod", "service", "choice"]
MAX_STEPS = 200
DURATION = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$"
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
MAX_SECONDS = 30 * 86400.0


def read_duration(value: Any) -> float:
    """`15s`, `5m`, `1h`, `1d` or `500ms` in seconds."""
    text = value if isinstance(value, str) else ""
    found = re.fullmatch(DURATION, text) if len(text) < 20 else None
    if not found:
        raise ValueError("a duration is a number with its unit, as in 15s, 5m or 1h")
    seconds = float(text.removesuffix(found[2])) * _SECONDS[found[2]]
    if not 0 < seconds <= MAX_SECONDS:
        raise ValueError("a duration is more than nothing and at most 30d")
    return seconds


Duration: TypeAlias = Annotated[
    float,
    BeforeValidator(read_duration),
    WithJsonSchema({"type": "string", "pattern": DURATION, "examples": ["15s", "5m", "1h"]}),
]


def _say(pattern: str, meaning: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            raise ValueError(meaning)
        return value

    return BeforeValidator(check)


PEOPLE = rf"{CALLABLE}([, ]+{CALLABLE})*"
NAME = r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?"
WORD = r"[a-z][a-z0-9_]{0,39}"
Name: TypeAlias = Annotated[
    StrictStr,
    _say(NAME, "a playbook's name has small letters, digits and dashes, begins with a letter, and has 40 at most"),
    WithJsonSchema({"type": "string", "pattern": f"^{NAME}$"}),
]
Word: TypeAlias = Annotated[
    StrictStr,
    _say(WORD, "a name that expressions can use has small letters, digits and _ (no dash), and begins with a letter"),
    WithJsonSchema({"type": "string", "pattern": f"^{WORD}$"}),
]


def _refuse_expression(text: Any) -> Any:
    if isinstance(text, str) and "{{" in text:
        raise ValueError("`{{ … }}` is not rendered here: expressions stand under `with`, `when` and `outcomes` only")
    return text


People: TypeAlias = Annotated[
    StrictStr,
    _say(PEOPLE, "this calls nobody: write slack:U… for a person or group:S… for a user group, with the id from Slack"),
    BeforeValidator(_refuse_expression),
    WithJsonSchema({"type": "string", "pattern": f"^{PEOPLE}$", "examples": ["slack:U012AB3CD", "group:S012AB3CD"]}),
]


def _spell_bool(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


Plain: TypeAlias = Annotated[StrictStr, BeforeValidator(_refuse_expression)]
Condition: TypeAlias = Annotated[
    StrictStr, BeforeValidator(_spell_bool), WithJsonSchema({"type": ["string", "boolean"]})
]
Advice: TypeAlias = dict[Literal["pass", "info", "skipped", "unknown", "warn", "fail"], Plain]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ParamShape(Shape):
    """One parameter, given as `name=value`; `params.<name>` in expressions, null when it was not given."""

    type: ParamType = "string"
    default: Any = None
    required: StrictBool = False
    help: Plain = ""
    choices: list[StrictStr] = Field(default_factory=list, description="for `type: choice`")


class StepShape(Shape):
    """One step: a look (reads), a change (alters the cluster, always asks), or a guide step (asks or tells)."""

    id: Word = Field(description="how expressions name it: steps.<id>.outputs…")
    title: Plain = ""
    uses: StrictStr = Field(description="the step type")
    with_: Any = Field(default_factory=dict, alias="with", description="arguments of the step type")
    when: Condition = Field(default="", description="a bare expression; the step is made if it holds")
    needs: list[StrictStr] = Field(default_factory=list, description="ids of earlier steps to wait for")
    timeout: Duration = 15.0
    retries: StrictInt = Field(default=0, ge=0, le=5)
    fresh: StrictBool = Field(default=False, description="read again what an earlier step has read")
    essential: StrictBool = Field(default=False, description="if this cannot be told, the whole answer is unknown")
    on_fail: Literal["continue", "stop"] = "continue"
    advice: Advice = Field(default_factory=dict, description="in place of ours, by verdict")
    outcomes: Any = Field(default=None, description="how a generic look judges what it read")
    assign: People = Field(default="", description="who is asked by name")
    remind_after: Duration | None = None
    expires_after: Duration | None = None
    escalate_to: People = Field(default="", description="who is asked once `expires_after` is over")


class PlaybookShape(Shape):
    """A playbook: parameters, and steps in the order in which they are shown."""

    name: Name
    title: Plain
    summary: Plain = ""
    params: dict[Word, ParamShape | None] = Field(default_factory=dict)
    steps: list[StepShape] = Field(min_length=1, max_length=MAX_STEPS)
    overview: StrictBool = Field(default=False, description="tell a line for each layer, and what to run next")
    timeout: Duration = 120.0

