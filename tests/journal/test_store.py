"""Which stores are fit to keep journals: judged on what servers say about themselves, and on real servers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.journal.redis import RedisJournal
from bot.journal.store import judge
from bot.model.errors import SettingsError
from tests.redis_server import RedisServer, start_valkey

GOOD: Mapping[str, Any] = {"redis_version": "7.2.4", "role": "master", "cluster_enabled": 0, "aof_enabled": 1,
                           "maxmemory_policy": "noeviction"}


def test_a_durable_store_is_described_in_a_few_words() -> None:
    assert str(judge("h:1", GOOD, "")) == "Redis 7.2.4, append-only file on"
    valkey = {**GOOD, "server_name": "valkey", "valkey_version": "8.1.8"}
    assert str(judge("h:1", valkey, "")) == "Valkey 8.1.8, append-only file on"


@pytest.mark.parametrize(("save", "durable", "said"), [
    ("", False, "NOTHING IS PERSISTED"),
    ("3600 1", True, "snapshots only"),
    (None, True, "does not say"),
])
def test_less_than_an_append_only_file_is_said_aloud(save: str | None, durable: bool, said: str) -> None:
    store = judge("h:1", {**GOOD, "aof_enabled": 0}, save)
    assert store.durable is durable
    assert said in str(store)


@pytest.mark.parametrize(("change", "said"), [
    ({"redis_version": "6.0.16"}, r"h:1 \(Redis 6.0.16\) is too old: netcheck needs 6.2"),
    ({"redis_version": ""}, "too old"),
    ({"cluster_enabled": 1}, "Redis Cluster.*single primary"),
    ({"role": "slave"}, "read-only replica.*primary"),
    ({"maxmemory_policy": "volatile-lru"}, "volatile-lru.*maxmemory-policy noeviction"),
])
def test_a_store_that_will_not_do_is_refused_with_what_to_do(change: Mapping[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        judge("h:1", {**GOOD, **change}, "")


@pytest.mark.parametrize("version", ["6.2.0", "6.2.14", "7.0.15", "8.2.3", "10.0.1", "7.9.240-rc1"])
def test_the_oldest_version_and_all_later_ones_will_do(version: str) -> None:
    assert version in str(judge("h:1", {**GOOD, "redis_version": version}, ""))


async def test_a_real_server_says_what_it_is(server: RedisServer) -> None:
    journal = RedisJournal(server.url)
    assert "append-only file on" in await journal.check()
    await journal.close()


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
async def test_a_real_server_that_would_throw_runs_away_is_refused(tmp_path: Path, policy: str) -> None:
    with start_valkey(tmp_path, "--maxmemory-policy", policy) as own:
        journal = RedisJournal(own.url)
        with pytest.raises(SettingsError, match=policy):
            await journal.check()
        await journal.close()


async def test_a_real_server_that_persists_nothing_says_so(tmp_path: Path) -> None:
    with start_valkey(tmp_path, "--appendonly", "no") as own:
        journal = RedisJournal(own.url)
        assert "NOTHING IS PERSISTED" in await journal.check()
        await journal.close()


async def test_a_real_server_that_hides_its_configuration_is_taken_at_its_word(tmp_path: Path) -> None:
    with start_valkey(tmp_path, "--appendonly", "no", "--rename-command", "CONFIG", "") as own:
        journal = RedisJournal(own.url)
        assert "the server does not say" in await journal.check()
        await journal.close()
