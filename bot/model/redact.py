"""Secrets out of whatever is kept or shown. Addresses and names stay: a network cannot be diagnosed without them.

What is taken out: bearer and service account tokens, Slack tokens, private keys, certificates' data in kubeconfigs,
passwords in URLs, and the values of keys whose name says that they are secret.
"""

import re
from typing import Any

MASK = "[redacted]"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S), MASK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)?"), MASK),
    (re.compile(r"\bx(?:ox[abeoprs]|app)-[A-Za-z0-9-]{8,}"), MASK),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@"), rf"\1:{MASK}@"),
    (
        re.compile(
            r"(?im)^(\s*(?:-\s*)?[\"']?(?:token|password|client-key-data|client-certificate-data"
            r"|id-token|refresh-token|client-secret|secret|api[-_]?key)[\"']?\s*[:=]\s*)(?!\[redacted\])\S.*$"
        ),
        rf"\1{MASK}",
    ),
)
_SECRET_KEYS = re.compile(
    r"(?i)^(token|password|passwd|secret|client[-_]?secret|api[-_]?key|private[-_]?key|client-key-data"
    r"|client-certificate-data|id-token|refresh-token|access[-_]?key|authorization)$"
)


def redact(text: str) -> str:
    """The text with secrets replaced; redacting twice changes nothing."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_json(value: Any) -> Any:
    """The same for every string inside a JSON value; strings under a key that names a secret go whole."""
    match value:
        case str():
            return redact(value)
        case dict():
            return {
                key: MASK if isinstance(item, str) and item and _SECRET_KEYS.match(str(key)) else redact_json(item)
                for key, item in value.items()
            }
        case list() | tuple():
            return [redact_json(item) for item in value]
        case _:
            return value
