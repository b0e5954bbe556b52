"""What the tests of live sessions share: the two colours, and a stage for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.colours import COLOURS, Sync
from tests.live.stage import Stage


@pytest.fixture(params=COLOURS, ids=lambda made: made.name)
def colour(request: pytest.FixtureRequest) -> Iterator[Sync]:
    made = request.param()
    yield made
    made.end()


@pytest.fixture
def stage(colour: Sync) -> Iterator[Stage]:
    made = Stage(colour)
    yield made
    made.close()
