"""Makes the bundles of the platforms anew: `python -m tests.cluster.platforms [NAME …]`. As root on Linux."""

import argparse
from pathlib import Path

from bot.playground.bundle import save_bundle
from tests.cluster.platforms.builder import build
from tests.cluster.platforms.table import PLATFORMS
from tests.cluster.rig.site import Site

FOLDER = Path(__file__).resolve().parent.parent.parent / "platforms" / "bundles"


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.cluster.platforms", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PLATFORMS)}; all when none is given")
    parser.add_argument("--name", default="platforms", help="of the cluster that is raised and taken down")
    parser.add_argument("--port", type=int, default=16490)
    given = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in given.names or PLATFORMS:
        bundle = build(PLATFORMS[name], Site(given.name, given.port))
        size = save_bundle(bundle, FOLDER / f"{name}.json.gz")
        print(f"{name}: {len(bundle.objects)} objects, {size / 1000:.0f} kB")


main()
