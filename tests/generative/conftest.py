"""Models of every backend in both colours, against an emulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gemini_grpc.emulator import Emulator
from tests.colours import COLOURS, Sync
from tests.generative.places import BACKENDS, Place


@pytest.fixture(params=COLOURS, ids=lambda made: made.name)
def colour(request: pytest.FixtureRequest) -> Iterator[Sync]:
    made = request.param()
    yield made
    made.end()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def place(emulator: Emulator, colour: Sync) -> Iterator[Place]:
    """The Gemini API v1beta, in either colour."""
    made = Place(emulator, "v1beta", colour)
    yield made
    made.close()


@pytest.fixture(params=BACKENDS)
def anywhere(emulator: Emulator, colour: Sync, request: pytest.FixtureRequest) -> Iterator[Place]:
    """Every backend, in either colour."""
    made = Place(emulator, request.param, colour)
    yield made
    made.close()
