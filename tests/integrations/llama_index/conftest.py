"""Fixtures: an emulator, clients of every backend, pictures, and one way to call both colours."""

from __future__ import annotations

import inspect
import io
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import PIL.Image
import pytest

import gemini_grpc
from gemini_grpc.emulator import Emulator

COLOURS = ("sync", "async")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def options(emulator: Emulator) -> dict[str, Any]:
    """Return what models need to talk to the emulator."""
    return {"api_key": "test", "api_base": f"http://{emulator.target}"}


@pytest.fixture(params=["v1beta", "v1alpha", "vertex"])
def client(request: pytest.FixtureRequest, emulator: Emulator) -> Iterator[gemini_grpc.Client]:
    """Return a client of each backend."""
    kinds: dict[str, Any] = {
        "v1beta": {},
        "v1alpha": {"version": "v1alpha"},
        "vertex": {"project": "p", "location": "us-central1"},
    }
    target = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
    with gemini_grpc.Client(client_options=target, **kinds[request.param]) as made:
        yield made


@pytest.fixture(params=COLOURS)
def call(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Return what calls a method of a model, or its a-twin; what a stream gives is a list."""
    return call_sync if request.param == "sync" else call_async


async def call_sync(model: Any, name: str, *args: Any, **more: Any) -> Any:
    found = getattr(model, name)(*args, **more)
    return list(found) if inspect.isgenerator(found) else found


async def call_async(model: Any, name: str, *args: Any, **more: Any) -> Any:
    found = await getattr(model, f"a{name}")(*args, **more)
    return [item async for item in found] if inspect.isasyncgen(found) else found


@pytest.fixture(scope="session")
def picture() -> bytes:
    """Return a red picture as PNG."""
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (8, 8), "red").save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def website(picture: bytes) -> Iterator[str]:
    """Serve the picture for every path but `/missing`, and return the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404 if self.path == "/missing" else 200)
            self.send_header("Content-Length", str(len(picture)))
            self.end_headers()
            self.wfile.write(picture)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()
