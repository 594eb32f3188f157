"""Secrets out of whatever is kept or shown. Addresses and names stay: a network cannot be diagnosed without them.

What is taken out: bearer and service account tokens, Slack tokens, AWS keys, private keys, certificates' data in
kubeconfigs, passwords in URLs, keys in Corefiles, values of environment variables, and whatever is given to a name
that says that it is secret: `--password=x`, `DB_PASSWORD: x`, `"token": "x"`. A sentence about a token is none of
these, nor is a path: where the token of a service account lies is no secret.
"""

import re
from typing import Any

MASK = "[redacted]"

_WORDS = r"token|secret|api[-_]?key|access[-_]?key|private[-_]?key|client-key-data|client-certificate-data"
_PASSWORD = r"(?i:passw(?:or)?d|passphrase|_pwd)"
_NAME = rf"(?:{_PASSWORD}|(?<![A-Za-z])(?i:{_WORDS})|(?<=[a-z0-9])(?:Token|Secret|ApiKey|AccessKey|PrivateKey))"
_QUOTE = r"\\*[\"']"
_OPEN = r"(?!\[redacted\]|/(?:var|etc|run|tmp|usr|opt|home|mnt)/|(?i:true|false|null|none)\b)"
"""Not what was taken out already, no path, no yes or no."""
_VALUE = r"[^\s\"'\\]+"
_PROSE = r"(?!-|(?:is|are|was|were|to|must|may|should|can|cannot|or|and|not|has|flag|for|in|with|of|on|from|by)\b)"
_SCHEMES = r"(?:token|digest|api-?key|negotiate|ntlm|aws4-hmac-sha256)"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S), MASK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)?"), MASK),
    (re.compile(r"\bx(?:ox[abeoprs]|app)-[A-Za-z0-9-]{8,}"), MASK),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), MASK),
    (
        re.compile(rf"(?i)\b(authorization(?:{_QUOTE})?\s*[:=]\s*(?:{_QUOTE})?{_SCHEMES}\s+){_OPEN}{_VALUE}"),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@"), rf"\1:{MASK}@"),
    # A line of YAML or of a file of settings, whole.
    (
        re.compile(rf"(?m)^([ \t]*(?:-[ \t]*)?[\"']?[\w.-]*{_NAME}[\"']?[ \t]*[:=][ \t]*){_OPEN}[^\s\"'].*$"),
        rf"\1{MASK}",
    ),
    # Quoted: JSON, and settings within a line.
    (re.compile(rf"({_NAME}(?:{_QUOTE})?[ \t]*[:=][ \t]*({_QUOTE})){_OPEN}(?:(?!\2)[^\n])+(?=\2|\n|\Z)"), rf"\1{MASK}"),
    # Within a line: after `=`, after a colon without a blank, and after a blank where it is a flag or a password.
    (re.compile(rf"({_NAME}(?:[ \t]*=[ \t]*|:(?=[^\s:/]))){_OPEN}{_VALUE}"), rf"\1{MASK}"),
    (re.compile(rf"({_PASSWORD}:[ \t]+){_OPEN}{_VALUE}"), rf"\1{MASK}"),
    (re.compile(rf"((?<!\S)--?[\w.-]*{_NAME}[ \t]+){_OPEN}{_PROSE}{_VALUE}"), rf"\1{MASK}"),
    # Keys in Corefiles: the plugins tsig, route53 and clouddns.
    (re.compile(rf"(?m)^([ \t]+(?:secret|aws_access_key|credentials)[ \t]+\S+[ \t]+){_OPEN}\S+[ \t]*$"), rf"\1{MASK}"),
)
_MARKS = (
    "-----begin", "eyj", "xox", "xapp-", "akia", "asia", "author", "bearer", "bas", "://", "pass", "_pwd", "token",
    "secret", "key", "cert", "credent",
)  # fmt: skip
"""Each pattern needs one of these, so a text with none of them is left as it is. They are short of every letter that
has another form under `(?i)` which casefold() does not fold (ı for i)."""
_SECRET_KEY = re.compile(rf"(?:{_NAME}|(?i:^authorization))$")
_SECRET_FLAG = re.compile(rf"--?[\w.-]*{_NAME}")
_RANGE = re.compile(r"\d{1,3}(\.\d{1,3}){3}/\d{1,2}")
"""Of IPv4 addresses, as in 10.244.0.0/16."""


def redact(text: str) -> str:
    """The text with secrets replaced; redacting twice changes nothing."""
    folded = text.casefold()
    if not any(mark in folded for mark in _MARKS):
        return text
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
                key: MASK if isinstance(item, str) and item and _SECRET_KEY.search(str(key)) else redact_json(item)
                for key, item in value.items()
            }
        case list() | tuple():
            before = [None, *value][: len(value)]
            return [_redact_word(word, item) for word, item in zip(before, value, strict=True)]
        case _:
            return value


def _redact_word(before: Any, item: Any) -> Any:
    """Of a command: what comes after `--password` is one."""
    is_value = isinstance(item, str) and isinstance(before, str) and _SECRET_FLAG.fullmatch(before)
    return MASK if is_value and item and not item.startswith("-") else redact_json(item)


def mask_environment(value: Any) -> Any:
    """Values of environment variables are where passwords stand; a range of addresses is none."""
    match value:
        case dict():
            return {key: mask_environment(_hide(item) if key == "env" else item) for key, item in value.items()}
        case list():
            return [mask_environment(item) for item in value]
        case _:
            return value


def _hide(entries: Any) -> Any:
    if not isinstance(entries, list):
        return entries
    return [{**entry, "value": MASK} if isinstance(entry, dict) and _may_be_secret(entry.get("value")) else entry
            for entry in entries]


def _may_be_secret(value: Any) -> bool:
    return bool(value) and not (isinstance(value, str) and _RANGE.fullmatch(value))
