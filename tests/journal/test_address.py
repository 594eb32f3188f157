"""REDIS_URL: what may stand there, and what is said about everything else."""

import pytest

from bot.journal.address import Plain, Sentinels, parse
from bot.journal.redis import RedisJournal
from bot.model.errors import SettingsError


@pytest.mark.parametrize(("url", "where"), [
    ("redis://cache.example", "cache.example:6379"),
    ("redis://u:p%40ss@cache.example:7000/3", "cache.example:7000"),
    ("rediss://:secret@cache.example:6380", "cache.example:6380"),
    ("redis://[::1]:6379", "::1:6379"),
    ("unix:///run/redis.sock?db=2", "unix:/run/redis.sock"),
    (" redis://localhost ", "localhost:6379"),
])
def test_one_server_is_taken_as_it_is_and_shown_without_its_password(url: str, where: str) -> None:
    assert parse(url) == Plain(url.strip(), where)


def test_sentinels_are_read_with_their_service_and_both_logins() -> None:
    url = "rediss+sentinel://u:p%2Fw@a.example,b.example:26380/mymaster?db=2&sentinel_username=s&sentinel_password=t"
    assert parse(url) == Sentinels(
        hosts=(("a.example", 26379), ("b.example", 26380)), service="mymaster", tls=True, db=2, username="u",
        password="p/w", sentinel_username="s", sentinel_password="t",
        where="mymaster by the Sentinels a.example,b.example:26380",
    )


@pytest.mark.parametrize(("url", "said"), [
    ("localhost:6379", "must begin with one of redis://"),
    ("http://localhost", "must begin with one of redis://"),
    ("redis://", "names no host"),
    ("redis://localhost:port", "cannot be read"),
    ("redis://localhost/main", "'main' after the host is not the number of a database"),
    ("unix://", "names no socket"),
    ("redis+sentinel://a:1", "names no Sentinel service"),
    ("redis+sentinel://a:1,/mymaster", "a Sentinel without a host"),
    ("redis+sentinel://a:1/mymaster?timeout=3", "unknown options timeout; there are db"),
    ("redis+sentinel://a:1/mymaster?db=x", "db is not the number"),
])
def test_everything_else_is_refused_with_an_example_of_what_is_right(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        parse(url)


@pytest.mark.parametrize("url", [
    "redis://:secret@localhost:port", "http://:secret@localhost", "redis://:secret@localhost/main",
    "redis+sentinel://:secret@a:x/m", "redis+sentinel://:secret@a:1", "redis://:secret@localhost?colour=red",
    "redis://:secret@localhost?socket_timeout=soon",
])
async def test_no_refusal_repeats_the_password(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        RedisJournal(url)
    assert "secret" not in str(caught.value)
