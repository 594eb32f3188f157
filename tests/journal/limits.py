"""Replicas that take tokens on a clock of their own, and how many they got in any stretch of time."""

import asyncio
import random
from collections.abc import Sequence

from bot.journal import Journal


async def simulate(journals: Sequence[Journal], *, rate: float, burst: int, start: float, length: float) -> list[float]:
    """When tokens were given. All ask at the same moments, each again as soon as it was told to, or a little later."""
    chance = random.Random(7)
    grants: list[float] = []
    askers = [(start, number) for number in range(2 * len(journals))]
    while askers:
        now = min(at for at, _ in askers)
        turn = [number for at, number in askers if at <= now]
        askers = [(at, number) for at, number in askers if at > now]
        waits = await asyncio.gather(*(journals[n % len(journals)].take("b", rate, burst, now) for n in turn))
        for number, wait in zip(turn, waits, strict=True):
            if wait == 0.0:
                grants.append(now)
            again = now + wait + chance.choice([0.0, 0.0, 0.01 / rate])
            if again < start + length:
                askers.append((again, number))
    return grants


def count_most(grants: Sequence[float], width: float) -> int:
    """The most tokens in any closed stretch of `width` seconds."""
    return max((sum(begin <= at <= begin + width for at in grants) for begin in grants), default=0)
