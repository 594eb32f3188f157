"""What a plain scalar means: the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema), in which
`on`, `yes` and `no` are words and 012 is twelve.
"""

import re
from math import isfinite
from typing import Any

_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
MAX_DIGITS = 300


def read_scalar(text: str) -> Any:
    """None, bool, int, float or the text itself. Raises ValueError for numbers that JSON cannot hold."""
    if text in _WORDS:
        return _WORDS[text]
    number = _read_number(text)
    return text if number is None else number


def _read_number(text: str) -> int | float | None:
    if _ENDLESS.fullmatch(text):
        raise ValueError(f"`{text}` is not a number that can be kept: quote it if it is a word")
    based = _BASED.fullmatch(text)
    if not based and not _FLOAT.fullmatch(text):
        return None
    if len(text) > MAX_DIGITS:
        raise ValueError("a number with so many digits cannot be kept: quote it if it is a word")
    if based or _INT.fullmatch(text):
        whole = int(text, 0) if based else int(text)
        if abs(whole) >= 2**63:
            raise ValueError(f"`{text[:40]}` is too large a number: quote it if it is a word")
        return whole
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"`{text}` is too large a number")
    return number
