"""What netcheck answers about a cluster in a box, and how that is held against what was broken in it."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bot import verbs
from bot.playground.cluster_box.box import ClusterBox
from bot.settings import Settings
from bot.wiring import Means


async def ask_box(box: ClusterBox, folder: Path, *words: str, means: Means | None = None) -> Any:
    """What `netcheck run WORDS --output json` would print of the box; `dns` without words."""
    settings = Settings(kubeconfig=str(box.write_kubeconfig(folder / "kubeconfig")))
    said, _ = await verbs.run(settings, "", " ".join(words or ("dns",)), "json", (lambda: means) if means else None)
    return json.loads(said)


def is_meant(wanted: tuple[str, str], found: tuple[str, str]) -> bool:
    """Both are (cause, object); the wanted ones may be patterns."""
    return all(fnmatchcase(one, pattern) for pattern, one in zip(wanted, found, strict=True))


def causes_of(run: Any) -> tuple[str, ...]:
    return tuple(finding["cause"] for finding in run["root_causes"])
