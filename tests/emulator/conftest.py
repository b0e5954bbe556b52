"""An emulator for each test, and the options of a client of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gemini_grpc.emulator import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def options(emulator: Emulator) -> dict[str, object]:
    return {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
