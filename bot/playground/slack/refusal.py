"""How the box says no: an error code of Slack's, carried to the edge, where it becomes `{"ok": false, "error": …}`.

This is an answer of the pretended Slack and never leaves the box as an exception, so it is not in netcheck's own tree
of errors.
"""

import secrets
from typing import Any

Json = dict[str, Any]


class RefusalError(Exception):
    """`code` is Slack's error code; `more` is what else stands in the body beside it."""

    def __init__(self, code: str, *messages: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more: Json = dict(more)
        if messages:
            self.more["response_metadata"] = {"messages": list(messages)}

    def body(self) -> Json:
        return {"ok": False, "error": self.code, **self.more}


class RateLimitError(RefusalError):
    """HTTP 429 with `Retry-After` in whole seconds [D apis/web-api/rate-limits]."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = max(1, retry_after)


def missing(field: str) -> RefusalError:
    """The shape in which Slack reports a required argument that is not there [I python-slack-sdk threads]."""
    return RefusalError("invalid_arguments", f"[ERROR] missing required field: {field}")


def new_block_id() -> str:
    """Slack's own ids for blocks and actions are five letters or so."""
    return secrets.token_urlsafe(4)
