"""Health, readiness, metrics and logs, as whoever runs netcheck sees them."""

import json
import logging

import aiohttp
import pytest

from bot.ops.health import Health
from bot.ops.logs import JsonLines


async def test_liveness_holds_while_readiness_tells_what_is_wrong() -> None:
    wrong = "store: Redis does not answer"

    async def store() -> str:
        return wrong

    health = Health({"store": store}, {"netcheck_busy_runs": ("Runs being worked on.", lambda: 3.0)})
    port = await health.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            alive, ready, metrics = [await session.get(path) for path in ("/healthz", "/readyz", "/metrics")]
            assert (alive.status, ready.status) == (200, 503)
            assert wrong in await ready.text()
            assert "netcheck_busy_runs 3.0" in await metrics.text()
            wrong = ""
            assert (await session.get("/readyz")).status == 200
    finally:
        await health.stop()


def test_a_log_line_is_json_with_the_run_and_without_secrets() -> None:
    record = logging.LogRecord("bot", logging.ERROR, "x.py", 1, "token %s", ("xoxb-1234567890-abc",), None)
    record.run = "dns-1"
    line = json.loads(JsonLines().format(record))
    assert line["run"] == "dns-1"
    assert "1234567890" not in line["message"]


def test_an_exception_is_logged_without_secrets() -> None:
    with pytest.raises(ValueError, match="xoxb") as caught:
        raise ValueError("xoxb-1234567890-abc")
    information = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("bot", logging.ERROR, "x.py", 1, "failed", (), information)
    assert "1234567890" not in JsonLines().format(record)
