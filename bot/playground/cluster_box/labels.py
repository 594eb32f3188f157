"""What a label's key and value may look like, and how the server says that one may not.

Source: `k8s.io/apimachinery/pkg/util/validation`; sentences as seen on 1.34.
"""

import re

_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_CHARACTERS = "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

KEY_RULE = (
    f"name part must consist of {_CHARACTERS} (e.g. 'MyName',  or 'my.name',  or '123-abc', "
    "regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE_RULE = (
    f"a valid label must be an empty string or consist of {_CHARACTERS} (e.g. 'MyValue',  or 'my_value',  or '12345', "
    "regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


def is_label_key(text: str) -> bool:
    prefix, found, name = text.rpartition("/")
    return bool(_NAME.fullmatch(name)) and (not found or bool(_PREFIX.fullmatch(prefix)))


def is_label_value(text: str) -> bool:
    return not text or bool(_NAME.fullmatch(text))
