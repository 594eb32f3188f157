"""rediss://: the certificate of the server is checked, as everywhere in netcheck, and a wrong one ends it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from bot.journal.redis import RedisJournal
from bot.model.errors import JournalUnavailable
from tests.journal.notes import note
from tests.journal.proxy import Line
from tests.redis_server import RedisServer


@pytest.fixture
async def secured(server: RedisServer, tmp_path: Path) -> AsyncIterator[tuple[int, Path]]:
    """The port of a TLS end in front of the server, and the authority that signed its certificate."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    end = await asyncio.start_server(Line(server.socket).carry, "localhost", 0, ssl=context)
    yield int(end.sockets[0].getsockname()[1]), tmp_path / "authority.pem"
    end.close()


async def test_a_certificate_of_the_named_authority_is_accepted(secured: tuple[int, Path], prefix: str) -> None:
    port, authority = secured
    journal = RedisJournal(f"rediss://localhost:{port}/0?ssl_ca_certs={authority}", prefix)
    await journal.append("dns-1", 1, note(), nonce="a", now=1.0)
    assert await journal.version("dns-1") == 1
    await journal.close()


async def test_a_certificate_that_nobody_vouches_for_is_refused(secured: tuple[int, Path]) -> None:
    port, _ = secured
    journal = RedisJournal(f"rediss://localhost:{port}/0")
    with pytest.raises(JournalUnavailable, match=r"(?i)certificate"):
        await journal.version("dns-1")
    await journal.close()


async def test_a_certificate_for_another_host_is_refused(secured: tuple[int, Path]) -> None:
    port, authority = secured
    journal = RedisJournal(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority}")
    with pytest.raises(JournalUnavailable, match=r"(?i)certificate"):
        await journal.version("dns-1")
    await journal.close()
