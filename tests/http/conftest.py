"""Uploads, downloads and calls with tokens, whose HTTP server is one of raw sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import google.oauth2.credentials
import grpc
import pytest
from google.protobuf import empty_pb2, wrappers_pb2

import gemini_grpc
from gemini_grpc.emulator import Emulator
from gemini_grpc.generative import upload
from gemini_grpc.generative._async import files as async_files
from gemini_grpc.generative._async import upload as async_upload
from gemini_grpc.generative._sync import files as sync_files
from gemini_grpc.generative._sync import upload as sync_upload
from gemini_grpc.rpc.policy import RetryPolicy
from tests.authority import Authority
from tests.colours import COLOURS, Async, Sync
from tests.support.raw_http import Behaviour, Exchange, RawRequest, RawServer, response

KEY = "api-key-of-a-project"
REFRESH_TOKEN = "refresh-token-of-a-user"
CLIENT_SECRET = "client-secret-of-an-app"
SECRETS = (KEY, REFRESH_TOKEN, CLIENT_SECRET)
CONTENT = bytes(range(256)) * 12
RETRY = RetryPolicy(attempts=3, initial=0.01, maximum=0.01)
CHUNK = 2048


class Port:
    """A gRPC server that says where HTTP is, and has no files."""

    def __init__(self, credentials: grpc.ServerCredentials | None = None) -> None:
        self.port = 0
        self.looked = 0
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        handlers = {"GetPort": (self._get_port, empty_pb2.Empty), "GetFile": (self._get_file, None)}
        for service in ("gemini_grpc.emulator.Http", *_FILE_SERVICES):
            methods = {
                name: grpc.unary_unary_rpc_method_handler(
                    function, response_serializer=lambda message: message.SerializeToString()
                )
                for name, (function, _) in handlers.items()
            }
            self._server.add_generic_rpc_handlers(
                [grpc.method_handlers_generic_handler(service, methods)]
            )
        if credentials is None:
            own = self._server.add_insecure_port("127.0.0.1:0")
        else:
            own = self._server.add_secure_port("127.0.0.1:0", credentials)
        self.target = f"127.0.0.1:{own}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()

    def _get_port(self, request: bytes, context: Any) -> Any:
        return wrappers_pb2.Int32Value(value=self.port)

    def _get_file(self, request: bytes, context: Any) -> Any:
        self.looked += 1
        context.abort(grpc.StatusCode.NOT_FOUND, "there is no such file")


_FILE_SERVICES = tuple(
    f"google.ai.generativelanguage.{version}.FileService" for version in ("v1beta", "v1alpha")
)


class Case:
    """What a hostile server is tried with, in one colour."""

    def __init__(self, colour: Sync, port: Port, secure: Emulator, roots: bytes) -> None:
        self.colour = colour
        self.port = port
        self._secure = secure
        self._roots = roots
        self._is_async = isinstance(colour, Async)
        self._cls = gemini_grpc.AsyncClient if self._is_async else gemini_grpc.Client
        options = {"api_endpoint": f"http://{port.target}", "api_key": KEY}
        self.client: Any = self._cls(client_options=options)

    def run(self, operation: str, server: RawServer, timeout: float | None) -> Any:
        """Do one operation against a server."""
        return getattr(self, operation)(server, {"timeout": timeout, "retry": RETRY})

    def upload(self, server: RawServer, options: dict[str, Any]) -> Any:
        self.port.port, self.port.looked = server.port, 0
        return self.colour.call(
            self.file_function("upload_file"),
            CONTENT,
            mime_type="text/plain",
            progress=None,
            wait=False,
            client=self.client,
            request_options=options,
        )

    def download(self, server: RawServer, options: dict[str, Any]) -> Any:
        self.port.port = server.port
        return self.colour.call(
            self.file_function("download_file"),
            "files/a",
            progress=None,
            client=self.client,
            request_options=options,
        )

    def token(self, server: RawServer, options: dict[str, Any]) -> Any:
        credentials = google.oauth2.credentials.Credentials(  # type: ignore[no-untyped-call]
            None,
            REFRESH_TOKEN,
            token_uri=f"{server.url}/token",
            client_id="id",
            client_secret=CLIENT_SECRET,
        )
        settings = {"api_endpoint": self._secure.target, "ca_certificates": self._roots}
        client: Any = self._cls(credentials=credentials, client_options=settings)
        try:
            return self.colour.call(
                client.model_service.get_model, name="models/gemini-flash-latest", **options
            )
        finally:
            self.colour.call(client.close)

    @property
    def looked(self) -> int:
        """How often the last upload looked for the file by its name."""
        return self.port.looked

    def end(self) -> None:
        self.colour.call(self.client.close)

    def file_function(self, name: str) -> Any:
        return (
            getattr(async_files, f"{name}_async") if self._is_async else getattr(sync_files, name)
        )


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="package")
def port() -> Iterator[Port]:
    made = Port()
    yield made
    made.stop()


@pytest.fixture(scope="package")
def secure(authority: Authority) -> Iterator[Emulator]:
    with Emulator(tls=True, certificates=authority.server()) as running:
        yield running


@pytest.fixture(scope="package", params=COLOURS, ids=lambda made: made.name)
def case(
    request: pytest.FixtureRequest, port: Port, secure: Emulator, authority: Authority
) -> Iterator[Case]:
    colour = request.param()
    made = Case(colour, port, secure, authority.ca)
    yield made
    made.end()
    colour.end()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make chunks small, and the end of an upload short."""
    monkeypatch.setattr(upload, "CHUNK", CHUNK)
    for shell in (async_upload, sync_upload):
        monkeypatch.setattr(shell, "_FAREWELL", 0.05)


def started(server: RawServer, **headers: str) -> bytes:
    """Return the response that opens an upload session."""
    given = {
        "X-Goog-Upload-Status": "active",
        "X-Goog-Upload-URL": f"{server.url}/session?upload_id=1",
        "X-Goog-Upload-Chunk-Granularity": "256",
    }
    return response(200, b"", given | headers)


def after_start(behaviour: Behaviour) -> Behaviour:
    """Return a behaviour that opens a session, and then serves with another on the same connection."""

    def serve(exchange: Exchange) -> None:
        server = exchange.server
        if not any(is_start(each) for each in server.requests):
            if (request := exchange.request()) is None or not is_start(request):
                return
            exchange.send(started(server))
        behaviour(exchange)

    return serve


def is_start(request: RawRequest) -> bool:
    return request.headers.get("x-goog-upload-command") == "start"


Answer = Callable[[RawRequest], bytes]
