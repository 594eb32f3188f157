"""A playbook file as JSON Schema, for editors: the common keys, and for each `uses` the arguments of that step type."""

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from bot.engine.files.arguments import OUTCOMES
from bot.engine.files.shape import PlaybookShape
from bot.steps import StepType

_EXPRESSION = {"type": "string", "pattern": r"\{\{"}


def make_schema(step_types: Mapping[str, StepType]) -> dict[str, Any]:
    """JSON Schema (2020-12) of a playbook file."""
    wanted = sorted(step_types.values(), key=lambda step_type: step_type.name)
    models: list[Any] = [(step_type.args, "validation") for step_type in wanted]
    by_model, whole = models_json_schema([(PlaybookShape, "validation"), *models], by_alias=True)
    definitions = whole["$defs"]
    root = _named(by_model[(PlaybookShape, "validation")], definitions)
    step = definitions["StepShape"]
    for properties in (root["properties"], step["properties"]):
        properties["timeout"]["default"] = f"{properties['timeout']['default']:g}s"
    step["properties"]["uses"]["enum"] = [step_type.name for step_type in wanted]
    del step["properties"][OUTCOMES]["default"]
    arguments = {each.name: _named(by_model[(each.args, "validation")], definitions) for each in wanted}
    step["allOf"] = [_when_used(name, args) for name, args in arguments.items()]
    used = {step_type.args.__name__ for step_type in wanted}
    kept = {name: value for name, value in definitions.items() if name not in used | {"PlaybookShape"}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": kept}


def _named(reference: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A model's own schema instead of a pointer to it."""
    name = str(reference.get("$ref", "")).rpartition("/")[2]
    return dict(definitions[name]) if name else dict(reference)


def _when_used(name: str, args: dict[str, Any]) -> dict[str, Any]:
    properties = dict(args.get("properties", {}))
    outcomes = properties.pop(OUTCOMES, None)
    required = [key for key in args.get("required", ()) if key != OUTCOMES]
    arguments: dict[str, Any] = {
        "type": "object",
        "description": args.get("description", ""),
        "additionalProperties": False,
        "properties": {key: {"anyOf": [value, _EXPRESSION]} for key, value in properties.items()},
    }
    given: dict[str, Any] = {"with": {"anyOf": [arguments, _EXPRESSION]}, OUTCOMES: outcomes or False}
    then: dict[str, Any] = {"properties": given}
    if required:
        arguments["required"] = required
        then["required"] = ["with"]
    return {"if": {"properties": {"uses": {"const": name}}, "required": ["uses"]}, "then": then}
