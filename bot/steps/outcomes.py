"""Outcomes: how the author of a playbook judges what a generic look read. The first one whose `when` holds counts.

    outcomes:
      - fail: {when: "items | length == 0", message: "No Deployment with app=web in shop.", advice: "Deploy it."}
      - pass: {message: "All are ready."}

Expressions run when the evidence is judged, on the evidence alone, so old evidence can be judged again.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from bot.diagnosis.causes import page
from bot.model import template
from bot.model.errors import TemplateError
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.wording import cut, read_at

VERDICTS = ("fail", "warn", "info", "pass", "unknown")
MAX_OUTCOMES = 30


def _spell_bool(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


Condition = Annotated[str, BeforeValidator(_spell_bool), WithJsonSchema({"type": ["string", "boolean"]})]


class Clause(BaseModel):
    """`when`: a bare expression ("" = always). `message`: one sentence; may hold `{{ }}`, as may `advice`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    names: ClassVar[frozenset[str]] = frozenset()

    when: Condition = ""
    message: str = Field(min_length=1)
    advice: str = ""
    cause: str = Field(default="", pattern=r"^([a-z0-9-]+(\.[a-z0-9-]+)*)?$", description="a code for `run.root_cause`")
    layer: Layer | None = None

    @field_validator("when", "message", "advice")
    @classmethod
    def _check_expressions(cls, text: str, info: Any) -> str:
        bare = info.field_name == "when"
        if bare and not text:
            return text
        said = [flaw.message for flaw in template.check(text, bare)]
        read = {path[0] for path in template.references(text, bare)} - cls.names
        said += [f"there is no `{name}` here, there is {_list(cls.names)}" for name in sorted(read)]
        if said:
            raise ValueError("; ".join(said))
        return text


class ObjectClause(Clause):
    names = frozenset({"object", "args"})


class ItemsClause(Clause):
    names = frozenset({"items", "args"})


class TextClause(Clause):
    names = frozenset({"text", "lines", "args"})


C = TypeVar("C", bound=Clause)


class Outcome(BaseModel, Generic[C]):
    """One verdict with its clause: `- fail: {when: …, message: …}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    fail: C | None = None
    warn: C | None = None
    info: C | None = None
    pass_: C | None = Field(default=None, alias="pass")
    unknown: C | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Outcome[C]":
        if len(self._given()) != 1:
            raise ValueError(f"an outcome has one verdict: {', '.join(VERDICTS)}")
        return self

    def _given(self) -> list[tuple[Verdict, C]]:
        pairs = [(Verdict.FAIL, self.fail), (Verdict.WARN, self.warn), (Verdict.INFO, self.info)]
        pairs += [(Verdict.PASS, self.pass_), (Verdict.UNKNOWN, self.unknown)]
        return [(verdict, clause) for verdict, clause in pairs if clause is not None]

    @property
    def verdict(self) -> Verdict:
        return self._given()[0][0]

    @property
    def clause(self) -> C:
        return self._given()[0][1]


def conclude(
    outcomes: Iterable[Outcome[Any]], facts: Mapping[str, Any], evidence: Evidence, subject: str, seen: Iterable[str]
) -> Finding:
    """The finding of the first outcome that holds. `facts`: what expressions see; `seen`: evidence lines."""
    lines = (*seen, read_at(evidence))
    number = 0
    for number, outcome in enumerate(outcomes, 1):
        clause = outcome.clause
        try:
            if clause.when and not template.truth(clause.when, facts):
                continue
            summary, advice = (str(template.render([text], facts)[0]) for text in (clause.message, clause.advice))
        except TemplateError as error:
            said = f"{subject}: outcome {number} ({outcome.verdict.value}) cannot be told: {error}"
            return Finding(verdict=Verdict.UNKNOWN, summary=cut(said, 400), object=subject, evidence=lines)
        held = (f"holds: {cut(clause.when)}",) if clause.when else ()
        return Finding(
            verdict=outcome.verdict, summary=cut(summary, 600), cause=clause.cause, layer=clause.layer, object=subject,
            evidence=(*held, *lines)[:5], advice=advice[:2000], doc=page(clause.cause),
        )
    told = f"{subject}: none of its {number} outcomes fits" if number else f"{subject} was read, and not judged"
    verdict = Verdict.UNKNOWN if number else Verdict.INFO
    return Finding(verdict=verdict, summary=f"{told}.", object=subject, evidence=lines)


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
