"""Further faults of Weave Net: the range it gives addresses from, its password, its policies, and what calls it."""

from tests.cluster.faults.fault import Fault

WEAVE_FAULTS: tuple[Fault, ...] = ()
WEAVE_SPOILED: tuple[Fault, ...] = ()
