"""YAML in texts that clusters hold: a ConfigMap's key may have anything in it."""

from typing import Any

import yaml


def parse_yaml(text: str) -> tuple[dict[str, Any], str]:
    """The mapping that stands there, or why there is none."""
    try:
        read: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError) as error:  # a tag and a value unlike it
        return {}, " ".join(str(error).split())[:200]
    except RecursionError:
        return {}, "it is nested too deeply"
    return (read, "") if isinstance(read, dict) else ({}, "it holds no fields")
