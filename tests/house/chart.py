"""The chart as Kubernetes objects, rendered by Helm's own library."""

from functools import cache
from pathlib import Path
from typing import Any

import helm_python as helm
import yaml

CHART = Path(__file__).resolve().parent.parent.parent / "helm" / "netcheck"
NAMESPACE = "netcheck"


@cache
def load_chart() -> helm.Chart:
    return helm.Chart.load(CHART)


def render(values: dict[str, Any] | None = None, *, namespace: str = NAMESPACE) -> list[dict[str, Any]]:
    """All objects of a release called netcheck. Raises HelmError where values or templates are wrong."""
    chart = load_chart()
    chart.validate_schema(values or {})
    texts = chart.render(values or {}, name="netcheck", namespace=namespace, is_install=True)
    manifests = [text for name, text in sorted(texts.items()) if name.endswith(".yaml")]
    return [item for text in manifests for item in yaml.safe_load_all(text) if item]


def of_kind(objects: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [item for item in objects if item["kind"] == kind]
