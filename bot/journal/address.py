"""Where Redis is: REDIS_URL, read and checked. Pure; the password never gets into a message.

    redis://[user:password@]host[:6379][/db]           rediss:// the same with TLS
    unix:///run/redis.sock[?db=0]
    redis+sentinel://[user:password@]host[:26379][,host[:26379]…]/service[?db=0&sentinel_username=…&sentinel_password=…]

`rediss+sentinel://` speaks TLS to the Sentinels and to the primary. Further options of a plain URL (`ssl_ca_certs`,
`ssl_cert_reqs`, …) are those of redis-py.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from bot.model.errors import SettingsError

PLAIN = ("redis", "rediss", "unix")
SENTINEL = ("redis+sentinel", "rediss+sentinel")
SENTINEL_PORT = 26379
SENTINEL_OPTIONS = {"db", "sentinel_username", "sentinel_password"}


@dataclass(frozen=True, slots=True)
class Plain:
    """One server. `url` holds the password; `where` may be shown."""

    url: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinels:
    """The Sentinels that know where the primary of `service` is."""

    hosts: tuple[tuple[str, int], ...]
    service: str
    where: str
    tls: bool = False
    db: int = 0
    username: str | None = None
    password: str | None = None
    sentinel_username: str | None = None
    sentinel_password: str | None = None


def parse(url: str) -> Plain | Sentinels:
    """Raises SettingsError."""
    scheme, separator, rest = url.strip().partition("://")
    try:
        if separator and scheme in PLAIN:
            return _parse_plain(url.strip())
        if separator and scheme in SENTINEL:
            return _parse_sentinels(scheme, rest)
    except ValueError as error:
        raise SettingsError(f"REDIS_URL cannot be read: {error}") from None
    schemes = ", ".join(f"{known}://" for known in (*PLAIN, *SENTINEL))
    raise SettingsError(f"REDIS_URL must begin with one of {schemes}; write for example redis://localhost:6379/0")


def _parse_plain(url: str) -> Plain:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        if not parts.path:
            raise ValueError("it names no socket; write unix:///run/redis.sock")
        return Plain(url, f"unix:{unquote(parts.path)}")
    if not parts.hostname:
        raise ValueError("it names no host; write redis://host:6379/0")
    database = parts.path.strip("/")
    if database and not database.isdigit():
        raise ValueError(f"{database!r} after the host is not the number of a database; write redis://host:6379/0")
    return Plain(url, f"{parts.hostname}:{parts.port or 6379}")


def _parse_sentinels(scheme: str, rest: str) -> Sentinels:
    parts = urlsplit(f"//{rest}")
    login, _, hosts = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    service = unquote(parts.path.strip("/"))
    if not service or "/" in service:
        raise ValueError("it names no Sentinel service; write redis+sentinel://host:26379,host:26379/mymaster?db=0")
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if unknown := sorted(set(options) - SENTINEL_OPTIONS):
        raise ValueError(f"unknown options {', '.join(unknown)}; there are {', '.join(sorted(SENTINEL_OPTIONS))}")
    if not options.get("db", "0").isdigit():
        raise ValueError("db is not the number of a database; write ?db=0")
    return Sentinels(
        hosts=tuple(_parse_host(host) for host in hosts.split(",")),
        service=service,
        where=f"{service} by the Sentinels {hosts}",
        tls=scheme.startswith("rediss"),
        db=int(options.get("db", "0")),
        username=unquote(username) or None,
        password=unquote(password) or None,
        sentinel_username=options.get("sentinel_username"),
        sentinel_password=options.get("sentinel_password"),
    )


def _parse_host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("a Sentinel without a host; write redis+sentinel://host:26379,host:26379/mymaster")
    return parts.hostname, parts.port or SENTINEL_PORT
