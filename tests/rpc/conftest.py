"""Clients of both colours against emulators, with nothing of this machine's environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_grpc.emulator import Emulator
from tests.authority import Authority
from tests.colours import COLOURS, Sync

_VARIABLES = (
    *("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT"),
    *("GOOGLE_CLOUD_QUOTA_PROJECT", "GOOGLE_CLOUD_UNIVERSE_DOMAIN", "GEMINI_EMULATOR_HOST"),
    *("GOOGLE_API_USE_MTLS_ENDPOINT", "GOOGLE_API_USE_CLIENT_CERTIFICATE"),
    *("GOOGLE_API_CERTIFICATE_CONFIG", "CLOUDSDK_CONTEXT_AWARE_CERTIFICATE_CONFIG_FILE_PATH"),
    *("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"),
    *("grpc_proxy", "https_proxy", "all_proxy", "http_proxy", "no_proxy", "no_grpc_proxy"),
    *("GRPC_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY", "NO_PROXY", "NO_GRPC_PROXY"),
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Take away what this machine says about credentials, certificates and proxies."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    empty = tmp_path_factory.getbasetemp() / "empty"
    empty.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(empty))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(empty))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


@pytest.fixture(params=COLOURS, ids=lambda made: made.name)
def colour(request: pytest.FixtureRequest) -> Iterator[Sync]:
    made = request.param()
    yield made
    made.end()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def ca(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return authority.write(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def connect(colour: Sync) -> Iterator[Callable[..., Any]]:
    """Return a function that makes a client of the colour, for an emulator in plaintext if one is given."""
    made: list[Any] = []

    def make(
        emulator: Emulator | None = None,
        service: str = "GenerativeService",
        *,
        version: str = "v1beta",
        arguments: dict[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        if emulator is not None:
            options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"} | options
        client = colour.cls(service, version)(client_options=options, **arguments or {})
        made.append(client)
        return client

    yield make
    for client in made:
        colour.call(client.close)
