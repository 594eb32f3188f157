"""What a Web API call says: form, JSON, multipart or query string, with nested values as JSON or as JSON in a string.

[D apis/web-api/using-the-web-api]
"""

import json
from typing import Any

from aiohttp import web

from bot.playground.slack.refusal import Json, RefusalError, missing

TRUE = frozenset({"1", "true", "True", "yes"})


class Arguments:
    """Typed access to the values of one call; a wrong one is a refusal in Slack's words."""

    def __init__(self, values: Json) -> None:
        self._values = {name: value for name, value in values.items() if value is not None}

    def text(self, name: str, default: str = "") -> str:
        value = self._values.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise missing(name)
        return value

    def flag(self, name: str) -> bool:
        value = self._values.get(name)
        return value is True or str(value) in TRUE

    def whole(self, name: str, default: int, least: int, most: int, code: str = "invalid_arguments") -> int:
        try:
            value = int(self._values.get(name, default))
        except (TypeError, ValueError):
            raise RefusalError(code) from None
        if not least <= value <= most:
            raise RefusalError(code)
        return value

    def has(self, name: str) -> bool:
        return name in self._values

    def nested(self, name: str, code: str) -> Any:
        """A structure, or None when it is absent or empty; `code` is the error for what is not JSON."""
        value = self._values.get(name)
        if isinstance(value, str):
            if not value.strip():
                return None
            try:
                value = json.loads(value)
            except ValueError:
                raise RefusalError(code) from None
        return value


async def read_arguments(request: web.Request) -> tuple[Arguments, list[str]]:
    """The arguments of a call, and the warnings that its form earns [D web-api/calling]."""
    values: Json = dict(request.query)
    warnings: list[str] = []
    if request.method == "POST":
        if request.content_type == "application/json":
            values |= await _read_json(request)
            if request.charset is None:
                warnings.append("missing_charset")
        elif request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            values |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return Arguments(values), warnings


async def _read_json(request: web.Request) -> Json:
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError:
        raise RefusalError("invalid_json") from None
    if not isinstance(body, dict):
        raise RefusalError("json_not_object")
    return body
