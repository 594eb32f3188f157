"""One message as it should stand in Slack. The view makes posts, `publish` compares them with what is shown."""

import hashlib
import json
from dataclasses import dataclass, field

from bot.slack.blocks import Block, fit
from bot.slack.tables import one_table, undrawn
from bot.slack.text import FALLBACK, Markup, lines

ROOT = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """`key` is stable over the life of a run. `text` is a whole sentence, for notifications and screen readers.

    `broadcast`: the channel sees it too. `edit_only`: worth an edit where it is shown, never a new message.
    `urgent`: a person is waited for.
    """

    key: str
    text: Markup
    blocks: tuple[Block, ...] = field(default_factory=tuple)
    broadcast: bool = False
    edit_only: bool = False
    urgent: bool = False

    @property
    def forms(self) -> tuple[tuple[Block, ...] | None, ...]:
        """What to try one after another, where Slack does not take it: as it is, without tables, the text alone."""
        plainer = undrawn(self.blocks)
        return (self.blocks, plainer, None) if plainer != self.blocks else (self.blocks, None)

    @property
    def digest(self) -> str:
        body = json.dumps([self.text, self.blocks], sort_keys=True)
        return hashlib.blake2b(body.encode(), digest_size=12).hexdigest()


def post(key: str, text: Markup, *blocks: Block, broadcast: bool = False, urgent: bool = False) -> Post:
    """Within all limits, whatever is put in."""
    said = lines(map(Markup, text.split("\n")), FALLBACK)
    return Post(key=key, text=said, blocks=fit(one_table(blocks)), broadcast=broadcast, urgent=urgent)
