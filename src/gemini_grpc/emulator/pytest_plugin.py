"""Fixtures for tests of code that calls Gemini; pytest finds them when this package is installed.

- `gemini_emulator`: an emulator of its own for each test, on a free port. While the test runs,
  `GEMINI_EMULATOR_HOST` points to it, so that every client made in the test uses it.
- `gemini_client` and `gemini_async_client`: a `gemini_grpc.Client` and an `AsyncClient`, as most programs
  use them; closed after the test.
- `gemini_service_client` and `gemini_async_service_client`: the generated clients of the
  GenerativeService, v1beta; closed after the test.
- `@pytest.mark.gemini_script("GenerateContent", [Fault("UNAVAILABLE"), Reply(text="done")])`: a script for
  the test, with the arguments of `Emulator.script`; several marks add up, the one nearest to the test
  last. `@pytest.mark.gemini_script("script.yaml")` is a file.

Nothing of gRPC is imported before a fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gemini_grpc import AsyncClient, Client
    from gemini_grpc.emulator import Emulator
    from gemini_grpc.v1beta import GenerativeServiceAsyncClient, GenerativeServiceClient

MARK = "gemini_script"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers",
        f"{MARK}(method, outcomes, strict=False): script the emulator of the test; "
        f"{MARK}(path): with a YAML or JSON file",
    )


@pytest.fixture
def gemini_emulator(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Emulator]:
    """Give the test an emulator of its own, scripted by its marks."""
    from gemini_grpc.emulator import Emulator
    from gemini_grpc.rpc.options import EMULATOR_HOST

    with Emulator() as emulator:
        for mark in reversed(list(request.node.iter_markers(MARK))):
            _apply(emulator, mark)
        monkeypatch.setenv(EMULATOR_HOST, emulator.target)
        yield emulator


@pytest.fixture
def gemini_client(gemini_emulator: Emulator) -> Iterator[Client]:
    """Give the test a `gemini_grpc.Client` of its emulator."""
    from gemini_grpc import Client

    with Client() as client:
        yield client


@pytest.fixture
def gemini_async_client(gemini_emulator: Emulator) -> Iterator[AsyncClient]:
    """Give the test a `gemini_grpc.AsyncClient` of its emulator, whatever runs its event loop."""
    from gemini_grpc import AsyncClient

    client = AsyncClient()
    yield client
    _close(client)


@pytest.fixture
def gemini_service_client(gemini_emulator: Emulator) -> Iterator[GenerativeServiceClient]:
    """Give the test a generated client of its emulator."""
    from gemini_grpc.v1beta import GenerativeServiceClient

    with GenerativeServiceClient() as client:
        yield client


@pytest.fixture
def gemini_async_service_client(
    gemini_emulator: Emulator,
) -> Iterator[GenerativeServiceAsyncClient]:
    """Give the test a generated asynchronous client of its emulator, whatever runs its event loop."""
    from gemini_grpc.v1beta import GenerativeServiceAsyncClient

    client = GenerativeServiceAsyncClient()
    yield client
    _close(client)


def _close(client: AsyncClient | GenerativeServiceAsyncClient) -> None:
    """Close an asynchronous client on a loop of its own, because that of the test may be closed."""
    import asyncio

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(client.close())
    finally:
        loop.close()


def _apply(emulator: Emulator, mark: pytest.Mark) -> None:
    """Do what a mark says."""
    if len(mark.args) == 1 and not mark.kwargs:
        emulator.load_script(mark.args[0])
    else:
        emulator.script(*mark.args, **mark.kwargs)
