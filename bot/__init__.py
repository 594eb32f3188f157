"""netcheck: finds out what is wrong with a Kubernetes cluster's network, and walks people through mending it.

The floors, each importing only from below: cli, playground, wiring, slack and ops, engine and views, steps,
diagnosis, networks, journal and cluster, model. `docs/architecture.md` has the map.
"""

__version__ = "0.1.0"
