"""An emulator whose time the test moves, and clients of its services."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from gemini_grpc import aiplatform_v1, v1alpha, v1beta
from gemini_grpc.emulator import Emulator
from gemini_grpc.emulator.clock import VirtualClock


class Api:
    """The services of one emulator."""

    def __init__(self, emulator: Emulator, clock: VirtualClock) -> None:
        self.emulator = emulator
        self.clock = clock
        self._made: list[Any] = []

    def __call__(self, service: str, *, package: ModuleType = v1beta) -> Any:
        """Return a client of a service, which is closed at the end of the test."""
        cls = getattr(package, f"{service}Client")
        options = {"api_endpoint": f"http://{self.emulator.target}", "api_key": "test"}
        made = cls(client_options=options)
        self._made.append(made)
        return made

    def alpha(self, service: str) -> Any:
        return self(service, package=v1alpha)

    def vertex(self, service: str) -> Any:
        return self(service, package=aiplatform_v1)

    def close(self) -> None:
        for made in self._made:
            made.close()


@pytest.fixture
def api() -> Iterator[Api]:
    clock = VirtualClock()
    with Emulator(clock=clock) as emulator:
        api = Api(emulator, clock)
        yield api
        api.close()
