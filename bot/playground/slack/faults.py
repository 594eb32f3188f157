"""The knobs that make the pretended Slack misbehave. All are off until somebody turns them.

Each plays something that was seen of the real one ([I], see docs/slack-box.md): outages, lost answers, revoked tokens,
dead tickets, duplicate and late envelopes.
"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Faults:
    """`status` answers every Web API call with that HTTP status; `html` answers 200 with a page that is not JSON."""

    status: int | None = None
    html: bool = False
    token_error: str | None = None
    method_errors: dict[str, str] = field(default_factory=dict)
    lose_replies: Counter[str] = field(default_factory=Counter)
    fail_opens: int = 0
    fail_handshakes: int = 0
    socket_mode_off: bool = False
    delivery_delay: float = 0.0
    duplicate_envelopes: int = 0
    drop_envelopes: int = 0
    file_share_delay: float = 0.0

    def take(self, name: str) -> bool:
        """Use up one of a counted fault."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0

    def loses_reply(self, method: str) -> bool:
        """The call is carried out, and its answer never arrives."""
        if self.lose_replies[method] <= 0:
            return False
        self.lose_replies[method] -= 1
        return True
