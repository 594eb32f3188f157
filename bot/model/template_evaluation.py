"""The value of an expression: a walk over its tree, in which every node is paid for.

What is missing (`Missing`) travels up a chain of fields as far as a `default` or `is defined`; anywhere else it is an
error that names what is not there and what is.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any

from jinja2 import nodes

from bot.model.errors import TemplateError
from bot.model.template_filters import FILTERS
from bot.model.template_syntax import MAX_INT, path_of
from bot.model.template_tests import TESTS, compare
from bot.model.template_values import Meter, as_number, kind_of, text_of


@dataclass(frozen=True, slots=True)
class Missing:
    said: str


_LENIENT = frozenset({"default", "d", "defined", "undefined"})
_ARITHMETIC: Mapping[type[nodes.Node], Callable[[Any, Any], Any]] = {
    nodes.Add: operator.add,
    nodes.Sub: operator.sub,
    nodes.Mul: operator.mul,
    nodes.Div: operator.truediv,
    nodes.FloorDiv: operator.floordiv,
    nodes.Mod: operator.mod,
}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One rendering: the values it sees and what it may still cost."""

    context: Mapping[str, Any]
    meter: Meter

    def value(self, node: nodes.Node) -> Any:
        """A JSON value. Raises TemplateError, and what Python raises for unfitting values (template.py translates)."""
        found = self._find(node)
        if isinstance(found, Missing):
            raise TemplateError(found.said)
        return found

    def _find(self, node: nodes.Node) -> Any:
        self.meter.spend(1)
        match node:
            case nodes.Const() | nodes.TemplateData():
                return node.as_const()
            case nodes.Name(name=str(name)):
                return self.context[name] if name in self.context else _missing(name, "", self.context)
            case nodes.Getattr(node=inner, attr=str(name)):
                return self._field(inner, name)
            case nodes.Getitem(node=inner, arg=nodes.Slice() as part):
                return self._slice(inner, part)
            case nodes.Getitem(node=inner, arg=arg):
                return self._field(inner, self.value(arg))
            case nodes.List(items=items) | nodes.Tuple(items=items):
                return [self.value(item) for item in items]
            case nodes.Dict(items=pairs):
                return {self._key(pair.key): self.value(pair.value) for pair in pairs}
            case nodes.Filter() | nodes.Test():
                return self._apply(node)
            case _:
                return self._operate(node)

    def _operate(self, node: nodes.Node) -> Any:
        match node:
            case nodes.And(left=left, right=right):
                return self.value(left) and self.value(right)
            case nodes.Or(left=left, right=right):
                return self.value(left) or self.value(right)
            case nodes.Not(node=inner):
                return not self.value(inner)
            case nodes.Neg(node=inner):
                return -as_number(self.value(inner))
            case nodes.Pos(node=inner):
                return as_number(self.value(inner))
            case nodes.Compare(expr=first, ops=operands):
                return self._compare(first, operands)
            case nodes.Concat(nodes=parts):
                return self._join([text_of(self.meter, self.value(part)) for part in parts])
            case nodes.CondExpr(test=test, expr1=then, expr2=otherwise):
                return self._choose(test, then, otherwise)
            case nodes.BinExpr(left=left, right=right):
                return self._calculate(type(node), self.value(left), self.value(right))
            case _:
                raise TemplateError(f"{type(node).__name__} is not part of the language")

    def _key(self, node: nodes.Node) -> str:
        key = self.value(node)
        if not isinstance(key, str):
            raise TemplateError(f"the keys of a mapping are texts, this is {kind_of(key)}")
        return key

    def _field(self, inner: nodes.Node, name: Any) -> Any:
        holder = self._find(inner)
        if isinstance(holder, Missing):
            return holder
        if isinstance(holder, dict) and isinstance(name, str) and name in holder:
            return holder[name]
        indexed = isinstance(holder, list | str) and isinstance(name, int) and not isinstance(name, bool)
        if indexed and -len(holder) <= name < len(holder):
            return holder[name]
        return _missing(name, ".".join(path_of(inner)), holder)

    def _slice(self, inner: nodes.Node, part: nodes.Slice) -> Any:
        holder = self.value(inner)
        if not isinstance(holder, list | str):
            raise TemplateError(f"{kind_of(holder)} cannot be sliced")
        ends = [None if end is None else self.value(end) for end in (part.start, part.stop, part.step)]
        self.meter.spend(1 + len(holder))
        return holder[slice(*ends)]

    def _apply(self, node: nodes.Filter | nodes.Test) -> Any:
        if node.node is None:
            raise TemplateError(f"the filter `{node.name}` has nothing before it")
        value = self._find(node.node) if node.name in _LENIENT else self.value(node.node)
        args = [self.value(arg) for arg in node.args]
        named: dict[str, Any] = {str(pair.key): self.value(pair.value) for pair in node.kwargs}
        if isinstance(value, Missing):
            if isinstance(node, nodes.Test):
                return node.name == "undefined"
            return (args or [named.get("default_value", "")])[0]
        table = FILTERS if isinstance(node, nodes.Filter) else TESTS
        return table[node.name](self.meter, value, *args, **named)

    def _compare(self, first: nodes.Expr, operands: list[nodes.Operand]) -> bool:
        left = self.value(first)
        for operand in operands:
            right = self.value(operand.expr)
            if not compare(self.meter, operand.op, left, right):
                return False
            left = right
        return True

    def _choose(self, test: nodes.Expr, then: nodes.Expr, otherwise: nodes.Expr | None) -> Any:
        if self.value(test):
            return self._find(then)
        return self._find(otherwise) if otherwise else Missing("the condition is false and there is no `else`")

    def _join(self, parts: list[str]) -> str:
        self.meter.build(sum(map(len, parts)))
        return "".join(parts)

    def _calculate(self, kind: type[nodes.Node], left: Any, right: Any) -> Any:
        if kind is nodes.Add and isinstance(left, str) and isinstance(right, str):
            return self._join([left, right])
        if kind is nodes.Add and isinstance(left, list) and isinstance(right, list):
            self.meter.spend(1 + len(left) + len(right))
            return left + right
        made = _ARITHMETIC[kind](as_number(left), as_number(right))
        if not isfinite(made) or abs(made) >= MAX_INT:
            raise TemplateError("the number grows too large")
        return made


def _missing(name: Any, path: str, holder: Any) -> Missing:
    shown = str(name)[:60]
    if isinstance(holder, list | str) and isinstance(name, int):
        return Missing(f"`{path or 'it'}` has no entry {shown}: it holds {len(holder)}")
    if not isinstance(holder, Mapping):
        return Missing(f"`{path or 'it'}` is {kind_of(holder)} and has no field `{shown}`")
    names = [str(key) for key in holder][:200]
    near = get_close_matches(shown, names, n=3, cutoff=0.6) or names[:8]
    known = f"; there is {', '.join(f'`{key[:60]}`' for key in near)}" if near else ""
    return Missing(f"`{f'{path}.' if path else ''}{shown}` is not there{known}")
