"""Fixtures of the engine's tests."""

from tests.engine.journals import journal

__all__ = ["journal"]
