"""The language of expressions: Jinja's grammar, cut down by an allowlist of what may stand in it.

Only Jinja's lexer and parser are used. Nothing is compiled to Python: template_evaluation.py walks the tree, so what is
not named here does not exist (loops, macros, calls, powers, attributes of Python objects).
"""

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from math import isfinite
from typing import TypeAlias

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser

from bot.model.errors import TemplateError
from bot.model.template_filters import FILTERS
from bot.model.template_tests import TESTS
from bot.model.template_values import arguments_fit

MAX_SOURCE = 8 * 1024
MAX_DEPTH = 60
MAX_INT = 2**63

_ENVIRONMENT = Environment(keep_trailing_newline=True, autoescape=False)  # noqa: S701 - only its lexer and parser
_ENVIRONMENT.globals.clear()

_OPERATORS: tuple[type[nodes.Node], ...] = (
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos,
    nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Concat, nodes.CondExpr,
)
_VALUES: tuple[type[nodes.Node], ...] = (
    nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword,
    nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.TemplateData,
)
_REASONS: dict[type[nodes.Node], str] = {
    nodes.Call: "nothing can be called here: use filters, as in `name | lower` or `name is startswith 'a'`",
    nodes.Pow: "`**` is not part of the language",
}
_BLOCKS = {
    "block_begin": "blocks `{% … %}` are not part of the language: use an expression, as in `{{ a if b else c }}`",
    "comment_begin": "comments `{# … #}` are not part of the language: write a YAML comment",
    "raw_begin": "`{% raw %}` is not part of the language",
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with an expression or text; `offset` counts characters from its beginning."""

    offset: int
    message: str


@dataclass(frozen=True, slots=True)
class Expression:
    """What stood between the braces (or alone, in `when`), and where."""

    source: str
    offset: int = 0


Piece: TypeAlias = str | Expression


@lru_cache(maxsize=2048)
def split(text: str) -> tuple[Piece, ...]:
    """Literal text and expressions, in order. Raises TemplateError for what is not one of the two."""
    _limit(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    pieces: list[Piece] = []
    inside, start, offset = "", -1, 0
    for _, token, value in _tokens(text):
        if token in _BLOCKS:
            raise TemplateError(_BLOCKS[token])
        if token == "variable_begin":
            start, inside = offset + len(value), ""
        elif token == "variable_end":
            pieces.append(Expression(inside.strip(), start))
            start = -1
        elif start >= 0:
            inside += value
        else:
            pieces.append(value)
        offset += len(value)
    if start >= 0:
        raise TemplateError("`{{` is not closed by `}}`")
    return tuple(pieces)


def _tokens(text: str) -> list[tuple[int, str, str]]:
    try:
        return list(_ENVIRONMENT.lex(text))
    except TemplateSyntaxError as error:
        raise TemplateError(str(error.message)) from None
    except (ValueError, RecursionError):
        raise TemplateError("this cannot be read") from None


@lru_cache(maxsize=2048)
def parse(source: str) -> nodes.Expr:
    """A bare expression as a tree that holds allowed nodes only. Raises TemplateError."""
    _limit(source)
    if not source.strip():
        raise TemplateError("there is no expression")
    if source.lstrip().startswith("{{"):
        raise TemplateError("this is an expression already: leave out the braces `{{ }}`")
    try:
        parser = Parser(_ENVIRONMENT, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateError(f"`{parser.stream.current.value}` is too much: the expression has ended before it")
        _refuse_strangers(tree, 0)
    except TemplateSyntaxError as error:
        raise TemplateError(str(error.message)) from None
    except RecursionError:
        raise TemplateError("it is nested too deeply") from None
    except ValueError:
        raise TemplateError("it holds a number that cannot be read") from None
    return tree


def _limit(source: str) -> None:
    if len(source) > MAX_SOURCE:
        raise TemplateError(f"it has {len(source)} characters, {MAX_SOURCE} are allowed")


def _refuse_strangers(node: nodes.Node, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TemplateError("it is nested too deeply")
    if not isinstance(node, _OPERATORS + _VALUES):
        raise TemplateError(_REASONS.get(type(node), f"{type(node).__name__} is not part of the language"))
    match node:
        case nodes.Const(value=int() | float() as number) if not isfinite(number) or abs(number) >= MAX_INT:
            raise TemplateError("it holds a number that is too large")
        case nodes.Getattr(attr=str(name)) | nodes.Name(name=str(name)) if name.startswith("__"):
            raise TemplateError(f"`{name}`: names that begin with `__` are not part of the language")
        case nodes.Filter() | nodes.Test():
            _refuse_unknown(node)
        case nodes.Getitem(arg=nodes.Tuple()):
            raise TemplateError("one index at a time")
    for child in node.iter_child_nodes():
        _refuse_strangers(child, depth + 1)


def _refuse_unknown(node: nodes.Filter | nodes.Test) -> None:
    what, table = ("filter", FILTERS) if isinstance(node, nodes.Filter) else ("test", TESTS)
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise TemplateError(f"`{node.name}`: arguments with * are not part of the language")
    if node.name not in table:
        near = get_close_matches(node.name, table, n=2, cutoff=0.6)
        meant = f"did you mean `{'` or `'.join(near)}`?" if near else f"there are: {', '.join(sorted(table))}"
        raise TemplateError(f"there is no {what} `{node.name}`; {meant}")
    wrong = arguments_fit(table[node.name], len(node.args), tuple(str(pair.key) for pair in node.kwargs))
    if wrong:
        raise TemplateError(f"the {what} `{node.name}` {wrong}")




def path_of(node: nodes.Node) -> tuple[str, ...]:
    """`steps.pods.outputs["a"]` as names; empty for anything else."""
    match node:
        case nodes.Name(name=str(name)):
            return (name,)
        case nodes.Getattr(node=inner, attr=str(name)) if before := path_of(inner):
            return (*before, name)
        case nodes.Getitem(node=inner, arg=nodes.Const(value=str(name))) if before := path_of(inner):
            return (*before, name)
        case _:
            return ()


def paths(node: nodes.Node) -> frozenset[tuple[str, ...]]:
    """All dotted paths that an expression reads, each as long as it can be told."""
    own = path_of(node)
    if own:
        return frozenset({own})
    found: frozenset[tuple[str, ...]] = frozenset()
    for child in node.iter_child_nodes():
        found |= paths(child)
    return found
