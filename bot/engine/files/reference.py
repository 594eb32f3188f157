"""The step types as a Markdown table: what each does, and its arguments. The page on writing playbooks holds it."""

from collections.abc import Mapping

from bot.engine.files.arguments import OUTCOMES
from bot.engine.files.purpose import page_of, purpose
from bot.engine.files.reading import kind_of
from bot.steps import Args, StepType


def make_reference(step_types: Mapping[str, StepType]) -> str:
    rows = [
        f"| `{name}` | {kind_of(step_type).value} | {_text(step_type)} | {_arguments(step_type.args)} |"
        for name, step_type in sorted(step_types.items())
    ]
    return "\n".join(["| step type | kind | what it does | arguments |", "|---|---|---|---|", *rows])


def _text(step_type: StepType) -> str:
    """What it is for, and what its arguments mean: one cell."""
    sentence, page = purpose(step_type), page_of(step_type.args)
    return (page if page.startswith(sentence) else f"{sentence} {page}".strip()).replace("|", "\\|")


def _arguments(args: type[Args]) -> str:
    named = []
    for name, field in args.model_fields.items():
        if name != OUTCOMES:
            needed = " (needed)" if field.is_required() else ""
            named.append(f"`{field.alias or name}`{needed}")
    return ", ".join(named) or "none"
