"""A stand over the recorded healthy cluster, before any replica runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.serve.stand import BoxedStand, open_stand


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[BoxedStand]:
    async with open_stand(tmp_path) as stand:
        yield stand
