"""A playbook as the sequence that a person can go without netcheck: what `netcheck explain dns` prints. Pure."""

from bot.model.playbook import Playbook
from bot.steps import Look
from bot.steps.library import STEP_TYPES


def tell_by_hand(playbook: Playbook) -> str:
    """In Markdown: each look in its order, with commands that show the same. What is looked at again stands once."""
    titles: dict[str, str] = {}
    for step in playbook.steps:
        look = STEP_TYPES[step.uses]
        if isinstance(look, Look) and not step.fresh:
            titles.setdefault(look.by_hand, step.title)
    steps = [f"{number}. **{title}**\n   {commands}" for number, (commands, title) in enumerate(titles.items(), 1)]
    return "\n".join([f"# {playbook.title}, by hand", "", *filter(None, [playbook.summary]), "", *steps, ""])
