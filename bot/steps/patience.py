"""How long something may take before its lack is a fault, for all looks alike."""

GRACE = 120.0
"""Seconds that whatever was just made is given: a pod to be ready, a node to join, a controller for its first word."""
LAG = 60.0
"""Seconds that what controllers write may be behind what they have seen."""
