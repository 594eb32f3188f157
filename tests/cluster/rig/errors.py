"""The errors of the test cluster.

RigFailed
├── Lacking        this machine or the given folder lacks something; the message says what, so a test can be skipped
└── StillStanding  a cluster of that name is up
"""


class RigFailed(Exception):
    """Something that was started ended in error, or a condition did not come true in time."""


class Lacking(RigFailed):
    pass


class StillStanding(RigFailed):
    pass
