"""Expressions and texts with expressions in them: what a playbook computes from what was found.

`when: steps.pods.outputs.running > 0` is bare; `"{{ … }}"` stands inside strings. Context values are JSON data and
never templates. Whatever is written here or found in a cluster, a rendering ends soon and small: 8 KB of source, no
loops or calls, each step of the evaluation paid for, 256 KB of output. TemplateError is all that is ever raised.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeVar

from bot.model import template_syntax as syntax
from bot.model.errors import TemplateError
from bot.model.template_evaluation import Evaluation
from bot.model.template_syntax import Expression, Flaw
from bot.model.template_values import MAX_TEXT, Meter, text_of

RAW = "raw!"
"""`{"raw!": value}` renders to the value untouched: what a step type renders or evaluates by itself."""

T = TypeVar("T")


def render(value: Any, context: Mapping[str, Any]) -> Any:
    """A JSON value with the strings in it rendered; a string that is one `{{ expression }}` keeps the value's type."""
    return _bounded(lambda: _Rendering(context).render(value), "these arguments")


def evaluate(expression: str, context: Mapping[str, Any]) -> Any:
    """The JSON value of a bare expression."""
    return _bounded(lambda: _Rendering(context).evaluate(expression), expression)


def truth(expression: str, context: Mapping[str, Any]) -> bool:
    """Whether a bare expression holds; empty lists, texts and mappings, 0 and null do not."""
    return _bounded(lambda: _Rendering(context).holds(expression), expression)


def check(text: str, bare: bool = False) -> list[Flaw]:
    """What is wrong with a bare expression, or with the expressions in a text, told from the source alone."""
    try:
        pieces = (Expression(text),) if bare else syntax.split(text)
    except TemplateError as error:
        return [Flaw(0, f"in {_short(text)}: {error}")]
    flaws: list[Flaw] = []
    for piece in pieces:
        if isinstance(piece, Expression):
            try:
                syntax.parse(piece.source)
            except TemplateError as error:
                flaws.append(Flaw(piece.offset, f"in {_short(piece.source)}: {error}"))
    return flaws


def references(value: Any, bare: bool = False) -> frozenset[tuple[str, ...]]:
    """Dotted paths that are read, e.g. ("steps", "pods", "outputs", "running"); what cannot be parsed reads nothing.

    `bare`: the value is one bare expression; otherwise any JSON value whose strings may hold `{{ }}`.
    """
    found: frozenset[tuple[str, ...]] = frozenset()
    for text in _strings(value):
        with suppress(TemplateError):
            for piece in (Expression(text),) if bare else syntax.split(text):
                if isinstance(piece, Expression):
                    found |= _read_by(piece.source)
    return found


@lru_cache(maxsize=2048)
def _read_by(source: str) -> frozenset[tuple[str, ...]]:
    try:
        return syntax.paths(syntax.parse(source))
    except TemplateError:
        return frozenset()


def has_expression(value: Any) -> bool:
    """Whether a JSON value holds `{{` in any string that will be rendered."""
    return any("{{" in text for text in _strings(value))


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict() if value.keys() != {RAW}:
            for item in value.values():
                yield from _strings(item)
        case list() | tuple():
            for item in value:
                yield from _strings(item)


class _Rendering:
    """One call of `render` or `evaluate`: work and output are counted over the whole of it."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._evaluation = Evaluation(context, Meter())
        self._room = Meter(MAX_TEXT)

    def render(self, value: Any) -> Any:
        match value:
            case str():
                return self._text(value)
            case dict() if value.keys() == {RAW}:
                return value[RAW]
            case dict():
                return {key: self.render(item) for key, item in value.items()}
            case list() | tuple():
                return [self.render(item) for item in value]
            case _:
                return value

    def holds(self, expression: str) -> bool:
        return bool(self._evaluation.value(syntax.parse(expression)))

    def evaluate(self, expression: str) -> Any:
        value = self._evaluation.value(syntax.parse(expression))
        return self._within(value)

    def _text(self, text: str) -> Any:
        pieces = _named(lambda: syntax.split(text), text) if "{" in text else (text,)
        if len(pieces) == 1 and isinstance(pieces[0], Expression):
            source = pieces[0].source
            return _named(lambda: self.evaluate(source), source)
        return "".join(self._piece(piece) for piece in pieces)

    def _piece(self, piece: syntax.Piece) -> str:
        if isinstance(piece, str):
            return piece
        value = _named(lambda: self.evaluate(piece.source), piece.source)
        return text_of(self._evaluation.meter, value)

    def _within(self, value: Any) -> Any:
        """Pay for a result before it is kept, so that no more is made once there is no room."""
        try:
            self._room.weigh(value)
            self._room.spend(_characters(value))
        except TemplateError:
            raise TemplateError(f"what it gives is larger than {MAX_TEXT // 1024} KB") from None
        return value


def _characters(value: Any) -> int:
    return sum(len(text) for text in _strings(value))


def _named(work: Callable[[], T], source: str) -> T:
    """A mistake in one expression among others is told with that expression."""
    try:
        return work()
    except TemplateError as error:
        raise TemplateError(f"in {_short(source)}: {error}") from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise TemplateError(f"in {_short(source)}: {_reason(error)}") from None


def _bounded(work: Callable[[], T], source: str) -> T:
    try:
        return work()
    except TemplateError as error:
        raise TemplateError(str(error) if str(error).startswith("in `") else f"in {_short(source)}: {error}") from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise TemplateError(f"in {_short(source)}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """Python's own words are about Python's types; only what a person can use of them is shown."""
    match error:
        case ZeroDivisionError():
            return "a division by zero"
        case RecursionError():
            return "it is nested too deeply"
        case _:
            return f"these values do not go together ({str(error)[:120]})"


def _short(source: str) -> str:
    flat = " ".join(source.split())
    return f"`{flat if len(flat) <= 100 else flat[:99] + '…'}`"
