"""Connections from netcheck's own pod: remembered while they are tried, and told again from a bundle."""

from dataclasses import asdict

from bot.cluster import Dial, Dialled, Sockets
from bot.playground.bundle import Bundle, Connection
from bot.playground.cassette import Cassette


class RecordingSockets:
    def __init__(self, sockets: Sockets, cassette: Cassette) -> None:
        self.pod = sockets.pod
        self._sockets = sockets
        self._cassette = cassette

    async def dial(self, dial: Dial) -> Dialled:
        end = await self._sockets.dial(dial)
        self._cassette.own_pod = self.pod
        self._cassette.connections.append(
            Connection(protocol=dial.protocol, address=dial.address, port=dial.port, **asdict(end)))
        return end


class RecordedSockets:
    """What was tried several times is told in the same order, and then from the start again."""

    def __init__(self, bundle: Bundle) -> None:
        self.pod = bundle.own_pod
        self._left = list(bundle.connections)

    async def dial(self, dial: Dial) -> Dialled:
        where = (dial.protocol, dial.address, dial.port)
        for place, told in enumerate(self._left):
            if (told.protocol, told.address, told.port) == where:
                self._left.append(self._left.pop(place))
                return Dialled(outcome=told.outcome, said=told.said, seconds=told.seconds)
        return Dialled(outcome="untold", said="this was not recorded")
