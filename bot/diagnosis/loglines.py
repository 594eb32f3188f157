"""What lines of a DNS server's log mean. Patterns are tolerant: wording and log headers change with the version.

Sources: CoreDNS's plugins loop, reload, kubernetes, errors, forward, ready; client-go's reflector messages.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

Class: TypeAlias = str

PATTERNS: tuple[tuple[Class, re.Pattern[str]], ...] = (
    ("loop", re.compile(r'plugin/loop: (Loop .* detected|Forwarding loop|Seen "HINFO)|plugin/loop: .*loop detected')),
    ("unknown-directive", re.compile(
        r"(?P<file>\S*):(?P<line>\d+) - Error during parsing: Unknown directive '(?P<word>[^']+)'")),
    ("parse", re.compile(
        r"(?P<file>\S*):(?P<line>\d+) - Error during parsing: (?P<why>.+)"
        r"|(?P<path>\S*):(?P<at>\d+) - (?P<syntax>Syntax error.+)")),
    ("reload-failed", re.compile(r"plugin/reload: Corefile (changed but reload failed|parse failed)|Restart failed")),
    ("reloaded", re.compile(r"Reloading complete")),
    ("bind", re.compile(r"[Ll]isten:? ?(tcp|udp).*:53: bind: (?P<why>permission denied|address already in use)")),
    ("forbidden", re.compile(
        r'(?P<what>[\w.]+) is forbidden: User \\?"(?P<user>system:serviceaccount:[^"\\]+)\\?" '
        r"cannot (?P<verb>list|watch)")),
    ("upstream", re.compile(
        r"plugin/errors: (?P<rcode>\d+) (?P<name>\S+) \S+: .*?(?:->|dial \w+ )(?P<to>\S+?):\d+: (?P<why>.*)"
        r"|plugin/errors: (?P<code>\d+) (?P<asked>\S+) \S+: (?P<plain>no healthy proxies|unreachable backend.*)")),
    ("api-tls", re.compile(r"(?:plugin/kubernetes|[Ff]ailed to (?:list|watch)).*x509: (?P<why>.+)"
                           r"|kubernetes.*x509: (?P<also>.+)")),
    ("api-credentials", re.compile(
        r"serviceaccount/token: no such file|(?:kubernetes|[Ff]ailed to (?:list|watch)).*Unauthorized")),
    ("api-net", re.compile(
        r"dial tcp (?P<to>\S+:(443|6443)): (?P<why>i/o timeout|connect: [\w ]+)"
        r"|dial tcp (?P<via>\S+): connect: no route")),
    ("api-wait", re.compile(
        r'waiting for Kubernetes API|unsynced Kubernetes API|(?:Still waiting on|not ready): "[^"]*\bkubernetes\b')),
    ("overload", re.compile(r"concurrent queries exceeded maximum")),
    ("panic", re.compile(r"\[PANIC\]|^panic:")),
)


FATAL = re.compile(r"flag provided but not defined|invalid value .* for flag|panic: |\[FATAL\]|fatal error: ")
BANNER = re.compile(r"\[|\S*:\d+( on \S+)?$|CoreDNS-|\S+/\S+, go\d|goroutine |\s|-\w|maxprocs")
"""Lines that are no reason for an end: with a level, of the banner, of a trace, of the usage."""


@dataclass(frozen=True, slots=True)
class Match:
    """One line and its meaning; `facts`: what the line names (line, word, user, to, why …)."""

    meaning: Class
    text: str
    facts: dict[str, str] = field(default_factory=dict)


def read_line(text: str) -> Match | None:
    for meaning, pattern in PATTERNS:
        found = pattern.search(text)
        if found:
            return Match(meaning, text, {key: value for key, value in found.groupdict().items() if value})
    return None


def read_lines(lines: Iterable[str]) -> list[Match]:
    """The lines that mean something, in their order."""
    return [match for match in map(read_line, lines) if match]


def last_words(log: str, width: int = 300) -> str:
    """What a CoreDNS that ended at its start said of it: its only lines without a level that are neither its banner nor
    a list of flags. "" where it ended otherwise."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    first = next((line for line in lines if FATAL.match(line)), "")
    last = lines[-1] if lines and not first else ""
    return (first or ("" if BANNER.match(last) else last))[:width]


def keep_telling(log: str, most: int = 12, width: int = 300) -> tuple[list[str], int]:
    """The last telling lines of a log, cut to size, and how many there were. Repeated meanings are kept thrice."""
    telling = [(match.meaning, line.strip()[:width]) for line in log.splitlines() if (match := read_line(line))]
    kept: list[str] = []
    seen: dict[Class, int] = {}
    for meaning, line in reversed(telling):
        seen[meaning] = seen.get(meaning, 0) + 1
        if seen[meaning] <= 3:
            kept.append(line)
    return list(reversed(kept[:most])), len(telling)
