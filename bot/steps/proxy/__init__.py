"""Looks at the service proxy: whether every node has one, with what configuration, and whether it writes its rules."""
