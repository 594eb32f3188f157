"""Running netcheck: health.py (an HTTP server with /healthz, /readyz, /metrics) and logs.py (JSON lines).

May import: the engine and below. Called by wiring's callers: serving and cli.
"""
