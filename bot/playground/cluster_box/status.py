"""Errors as the API server words them: a `Status` object, its reason, its code.

Source: API conventions, "Response Status Kind", and the answers of a real 1.34 server to the same mistakes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.playground.bundle import Outcome
from bot.playground.cluster_box.kinds import Kind


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that is wrong. `reason` as in `FieldValueInvalid`."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"


PAGE = "page"
"""In place of a reason: the answer is plain text."""


class ApiFailure(Exception):
    """Raised anywhere while a request is answered; the server sends `body()` with `code`."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        status: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        status |= {"message": str(self)} | ({"reason": self.reason} if self.reason else {})
        if self.details is not None:
            status["details"] = self.details
        return status | {"code": self.code}


class Replayed(Exception):
    """A read that failed when it was recorded, and now fails in the same way; the server knows how to say it."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


def bad_request(message: str) -> ApiFailure:
    return ApiFailure(400, "BadRequest", message)


def unauthorized() -> ApiFailure:
    return ApiFailure(401, "Unauthorized", "Unauthorized")


def no_such_page() -> ApiFailure:
    """For paths of no group: the server's router answers, not as a Status."""
    return ApiFailure(404, PAGE, "404 page not found")


def no_such_path() -> ApiFailure:
    """For resources that a group does not have."""
    return ApiFailure(404, "NotFound", "the server could not find the requested resource", {})


def not_found(kind: Kind, name: str) -> ApiFailure:
    details = {"name": name} | ({"group": kind.group} if kind.group else {}) | {"kind": kind.plural}
    return ApiFailure(404, "NotFound", f'{kind.resource} "{name}" not found', details)


def not_allowed() -> ApiFailure:
    message = "the server does not allow this method on the requested resource"
    return ApiFailure(405, "MethodNotAllowed", message, {})


def conflict(kind: Kind, name: str) -> ApiFailure:
    message = (
        f'Operation cannot be fulfilled on {kind.resource} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    details = {"name": name} | ({"group": kind.group} if kind.group else {}) | {"kind": kind.plural}
    return ApiFailure(409, "Conflict", message, details)


def invalid(name: str, causes: Sequence[Cause], qualified: str, group: str = "", kind: str = "") -> ApiFailure:
    """`qualified` as in `Deployment.apps`."""
    parts = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    text = parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"
    details: dict[str, Any] = {"name": name} if name else {}
    details |= ({"group": group} if group else {}) | ({"kind": kind} if kind else {})
    details["causes"] = [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes]
    return ApiFailure(422, "Invalid", f'{qualified} "{name}" is invalid: {text}', details)


def not_recorded(what: str) -> ApiFailure:
    """No API server says this. 501, so that a client takes it for a server that could not, never for an empty
    answer.
    """
    return ApiFailure(501, "NotRecorded", f"not recorded: the bundle does not know {what}", {})


def failed(message: str) -> ApiFailure:
    return ApiFailure(500, "InternalError", message, {})
