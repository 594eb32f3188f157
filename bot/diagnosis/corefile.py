"""The language of Corefiles, read the way CoreDNS does: tokens, server blocks, snippets, imports, with line numbers.

Nothing is executed or looked up: environment variables stay as they are, and an `import` that names no snippet of the
file makes the block `open` (more may stand in it than can be seen).
Source: https://coredns.io/manual/toc/#configuration and the caddyfile package that CoreDNS is built on.
"""

from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 20
"""Nested blocks and imports beyond this are refused: no Corefile has them."""


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    line: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why CoreDNS could not read it. `line` counts from 1."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Directive:
    """`forward . 9.9.9.9 { max_concurrent 1000 }`: a name, its arguments, and the lines of its own block."""

    name: str
    args: tuple[str, ...]
    line: int
    options: tuple["Directive", ...] = ()


@dataclass(frozen=True, slots=True)
class ServerBlock:
    keys: tuple[str, ...]
    line: int
    directives: tuple[Directive, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Corefile:
    """`imports`: what is imported from other files. A snippet's directives stand where it is imported."""

    blocks: tuple[ServerBlock, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    imports: tuple[str, ...] = ()


class _Unreadable(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.mistake = Mistake(line, message)


def parse_corefile(text: str) -> Corefile:
    """Never raises: what cannot be read is a mistake, and what stood before it is kept."""
    reader = _Reader(list(_tokens(text)))
    try:
        reader.read()
    except _Unreadable as error:
        return Corefile(tuple(reader.blocks), (error.mistake,), tuple(reader.imports))
    return Corefile(tuple(reader.blocks), (), tuple(reader.imports))


def _tokens(text: str) -> Iterator[Token]:
    """Words apart by white space; `#` begins a comment where a word could begin; quotes hold white space and lines."""
    line, place = 1, 0
    while place < len(text):
        char = text[place]
        if char.isspace():
            line += char == "\n"
            place += 1
        elif char == "#":
            place = _find(text, "\n", place)
        elif char == '"':
            start, end, word = line, place + 1, []
            while end < len(text) and text[end] != '"':
                end += text[end] == "\\" and text[end + 1 : end + 2] == '"'
                word.append(text[end])
                line += text[end] == "\n"
                end += 1
            yield Token("".join(word), start, quoted=True)
            place = end + 1
        else:
            end = place
            while end < len(text) and not text[end].isspace():
                end += 1
            yield Token(text[place:end], line)
            place = end


def _find(text: str, what: str, start: int) -> int:
    found = text.find(what, start)
    return len(text) if found < 0 else found


class _Reader:
    """Reads once, from the first token to the last."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._snippets: dict[str, tuple[Directive, ...]] = {}
        self.blocks: list[ServerBlock] = []
        self.imports: list[str] = []

    def read(self) -> None:
        while (token := self._peek()) is not None:
            if token.text == "import" and not token.quoted:
                self._at += 1
                self.imports += [word.text for word in self._rest_of_line(token)]
            else:
                self._read_block(token)

    def _read_block(self, first: Token) -> None:
        if first.text in ("{", "}"):
            raise _Unreadable(first.line, f"'{first.text}' where a server block should begin")
        keys = self._keys(first)
        opening = self._peek()
        if opening is not None and opening.text == "{":
            self._at += 1
            inside = tuple(self._lines(opening, 1, closed=True))
        else:  # a single server block may go without braces
            inside = tuple(self._lines(first, 1, closed=False))
        if len(keys) == 1 and keys[0].startswith("(") and keys[0].endswith(")"):
            self._snippets[keys[0][1:-1]] = inside
            return
        directives, is_open = self._expand(inside, first.line, 0)
        self.blocks.append(ServerBlock(keys, first.line, directives, is_open))

    def _keys(self, first: Token) -> tuple[str, ...]:
        """Names of the block: on one line, or on several where a comma says that more come."""
        keys, line, more = [], first.line, True
        while (token := self._peek()) is not None and token.text != "{" and (token.line == line or more):
            more = token.text.endswith(",")
            keys += [key for key in token.text.split(",") if key]
            line = token.line
            self._at += 1
        return tuple(keys)

    def _lines(self, opening: Token, depth: int, *, closed: bool) -> Iterator[Directive]:
        if depth > DEEPEST:
            raise _Unreadable(opening.line, f"blocks nested more than {DEEPEST} deep")
        while (token := self._peek()) is not None:
            self._at += 1
            if token.text == "}" and not token.quoted:
                if closed:
                    return
                raise _Unreadable(token.line, "'}' without '{'")
            if token.text == "{" and not token.quoted:
                raise _Unreadable(token.line, "'{' that opens nothing")
            words = self._rest_of_line(token)
            options: tuple[Directive, ...] = ()
            if words and words[-1].text == "{" and not words[-1].quoted:
                options = tuple(self._lines(words.pop(), depth + 1, closed=True))
            yield Directive(token.text, tuple(word.text for word in words), token.line, options)
        if closed:
            raise _Unreadable(opening.line, "the block that begins here is not closed: '}' is missing")

    def _rest_of_line(self, token: Token) -> list[Token]:
        words = []
        while (word := self._peek()) is not None and word.line == token.line:
            if word.text == "}" and not word.quoted:
                break
            words.append(word)
            self._at += 1
        return words

    def _expand(self, lines: tuple[Directive, ...], line: int, depth: int) -> tuple[tuple[Directive, ...], bool]:
        """Snippets in place of their imports; whether something is imported that cannot be seen."""
        if depth > DEEPEST:
            raise _Unreadable(line, "a snippet imports itself")
        out: list[Directive] = []
        is_open = False
        for directive in lines:
            if directive.name != "import":
                out.append(directive)
            elif directive.args and directive.args[0] in self._snippets:
                inner, inner_open = self._expand(self._snippets[directive.args[0]], directive.line, depth + 1)
                out += inner
                is_open = is_open or inner_open
            else:
                self.imports += directive.args[:1]
                is_open = True
        return tuple(out), is_open

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None


def port_of(key: str, default: int = 53) -> int:
    """The port of a server block's key; `default` when it names none."""
    port = key.rpartition(":")[2] if ":" in key and not key.endswith("]") else ""
    return int(port) if port.isdigit() else default
