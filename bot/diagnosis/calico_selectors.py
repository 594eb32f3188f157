"""Calico's selectors over labels: `has(role) && zone in {'a', 'b'}`. Pure.

Source: https://docs.tigera.io/calico/latest/reference/resources/networkpolicy#selectors.
"""

import re
from collections.abc import Mapping

TOKENS = re.compile(r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<sign>&&|\|\||==|!=|[!(){},])|(?P<word>[\w./-]+))""")


class _Unknown(Exception):
    """Words that are not known here."""


def selects_labels(selector: str, labels: Mapping[str, str]) -> bool | None:
    """Whether it selects what has these labels; None where it is written in a way that is not known here."""
    try:
        reader = _Reader(_split(selector), labels)
        result = reader.either() if reader.left else True
        return None if reader.left else result
    except _Unknown:
        return None


def _split(selector: str) -> list[str]:
    tokens, at = [], 0
    text = selector.strip()
    while at < len(text):
        match = TOKENS.match(text, at)
        if not match:
            raise _Unknown(text[at:])
        tokens.append(match[0].strip())
        at = match.end()
    return tokens


class _Reader:
    """One pass from left to right over the tokens that are left."""

    def __init__(self, tokens: list[str], labels: Mapping[str, str]) -> None:
        self.left, self.labels = tokens, labels

    def _next(self, *wanted: str) -> str:
        if not self.left or (wanted and self.left[0] not in wanted):
            raise _Unknown(" ".join(self.left))
        return self.left.pop(0)

    def _comes(self, *words: str) -> bool:
        if tuple(self.left[:len(words)]) != words:
            return False
        del self.left[:len(words)]
        return True

    def either(self) -> bool:
        result = self._every()
        while self._comes("||"):
            result = self._every() or result
        return result

    def _every(self) -> bool:
        result = self._one()
        while self._comes("&&"):
            result = self._one() and result
        return result

    def _one(self) -> bool:
        if self._comes("!"):
            return not self._one()
        if self._comes("("):
            result = self.either()
            self._next(")")
            return result
        if self._comes("all", "(", ")"):
            return True
        if self._comes("has", "("):
            label = self._next()
            self._next(")")
            return label in self.labels
        return self._compare(self.labels.get(self._next()))

    def _compare(self, value: str | None) -> bool:
        if self._comes("=="):
            return value == self._text()
        if self._comes("!="):
            return value != self._text()
        if self._comes("in"):
            return value in self._texts()
        if self._comes("not", "in"):
            return value not in self._texts()
        if self._comes("contains"):
            return self._text() in (value or "") and value is not None
        if self._comes("starts", "with"):
            return (value or "").startswith(self._text()) and value is not None
        if self._comes("ends", "with"):
            return (value or "").endswith(self._text()) and value is not None
        raise _Unknown(" ".join(self.left))

    def _text(self) -> str:
        text = self._next()
        if text[0] not in "'\"":
            raise _Unknown(text)
        return text[1:-1]

    def _texts(self) -> list[str]:
        self._next("{")
        found = [] if self._comes("}") else [self._text()]
        while found and self._next(",", "}") == ",":
            found.append(self._text())
        return found
