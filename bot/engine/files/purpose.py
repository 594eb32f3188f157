"""What a step type is for, in a sentence. Pure.

A look is told by how its module opens (`dns.pods`: are the DNS pods there?): several looks share their arguments. The
others are told by the docstring of their arguments.
"""

import re
import sys

from bot.steps import Args, Look, StepType

_SOURCE = re.compile(r" \([^()]*\)(?=\.$)")
"""Where a rule comes from, in brackets at the end."""


def purpose(step_type: StepType) -> str:
    """Empty where nothing is said."""
    if isinstance(step_type, Look):
        page = sys.modules[step_type.gather.__module__].__doc__ or ""
        if opening := re.match(rf"`{re.escape(step_type.name)}`: (.+?[.?])(?=\s|$)", page, re.DOTALL):
            sentence = _SOURCE.sub("", " ".join(opening[1].split()))
            return sentence[0].upper() + sentence[1:]
    return page_of(step_type.args).split(". ")[0]


def page_of(args: type[Args]) -> str:
    """The first paragraph about the arguments."""
    text = (args.__doc__ or "") if args is not Args else ""
    return " ".join(text.strip().split("\n\n")[0].split())
