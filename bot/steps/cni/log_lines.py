"""What lines of a network agent's log mean: the signs of its network, and calls to the API server that failed. Pure."""

import re
from dataclasses import dataclass

from bot.networks import Network
from bot.steps.wording import cut

API = "api"
RIGHTS = "cni.agent.forbidden"
"""The cause of a line that tells of the API server out of reach, until it is known which address that was."""
UNREACHED = re.compile(r"dial tcp:? (?P<to>\S+:(443|6443)): (?P<why>i/o timeout|connect: [\w ]+)"
                       r"|https://(?P<via>[\d.:a-f\[\]]+)/\S*.*(?P<late>TLS handshake timeout|deadline exceeded)")
WIDTH = 400


@dataclass(frozen=True, slots=True)
class Told:
    """`to`: the address that was not reached, for the cause `api`."""

    cause: str
    means: str
    text: str
    to: str = ""


def read_line(network: Network, text: str) -> Told | None:
    sign = next((sign for sign in network.log if sign.pattern.search(text)), None)
    if sign:
        return Told(sign.cause, sign.means, text)
    reached = UNREACHED.search(text)
    if not reached:
        return None
    to, why = reached["to"] or reached["via"], reached["why"] or reached["late"]
    return Told(API, f"it cannot reach the API server at {to}: {why}", text, to)


def read_lines(network: Network, lines: list[str]) -> list[Told]:
    return [told for told in (read_line(network, line) for line in lines) if told]


def keep_telling(network: Network, log: str) -> list[str]:
    """The last line of each meaning after the last start that succeeded, cut to size."""
    kept: dict[str, str] = {}
    for line in log.splitlines():
        if network.begun and network.begun.search(line):
            kept.clear()
        elif told := read_line(network, cut(line, WIDTH)):
            kept[told.cause] = told.text
    return list(kept.values())
