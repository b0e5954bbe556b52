"""The client that module-level functions and models without one use: `configure` says which.

This is the only state the library keeps for a process.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Literal

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative.wires import HasWires, Wires, choose_backend, connect
from gemini_grpc.rpc.client_options import ClientOptions
from gemini_grpc.rpc.options import EMULATOR_HOST
from gemini_grpc.rpc.secret import forget_locals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.auth.credentials import Credentials

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.rpc.interceptors import ChannelOptions
    from gemini_grpc.rpc.observer import Observer, OnRetry
    from gemini_grpc.rpc.secret import Secret

TRANSPORTS = ("grpc", "grpc_asyncio")
"""The names of transports that google's `configure` takes and we have; a model uses both."""


class Lazy:
    """A client that is made when it is first needed; its backend is known before."""

    @forget_locals
    def __init__(self, **arguments: Any) -> None:
        """Note what `connect` takes.

        Raises:
            ArgumentError: There is no such version, or no project.
        """
        told = {
            key: arguments[key] for key in ("version", "project", "location") if key in arguments
        }
        self.backend = choose_backend(**told)
        self.arguments = arguments
        self._lock = threading.Lock()
        self._made: tuple[str | None, Wires] | None = None

    def __copy__(self) -> Lazy:
        return self

    def __deepcopy__(self, memo: object) -> Lazy:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return client_of, ()  # the default client of the process that unpickles it

    @property
    def wires(self) -> Wires:
        """Its backend and channels; new ones when the emulator is another than before, as in tests.

        Raises:
            CredentialsError: There are no credentials.
        """
        emulator = os.environ.get(EMULATOR_HOST)
        made = self._made
        if made is None or made[0] != emulator:
            with self._lock:
                made = self._made
                if made is None or made[0] != emulator:
                    made = self._made = emulator, connect(**self.arguments)
        return made[1]


class _Default:
    """The default client, and whether anybody has said which it shall be."""

    def __init__(self) -> None:
        self.client = Lazy()
        self.configured = False


_default = _Default()


@forget_locals
def configure(
    *,
    api_key: str | Secret | None = None,
    credentials: Credentials | None = None,
    transport: str | None = None,
    client_options: ClientOptions | Mapping[str, object] | object | None = None,
    client_info: object = None,
    default_metadata: Sequence[tuple[str, str]] = (),
    version: Literal["v1beta", "v1alpha"] = "v1beta",
    project: str | None = None,
    location: str | None = None,
    observers: Sequence[Observer] = (),
    on_retry: OnRetry | None = None,
    interceptors: Sequence[object] = (),
    channel_options: ChannelOptions = (),
) -> None:
    """Say how the default client is made; it is made when it is first needed.

    Calls that run, and models that have been made or used, go on with the client they have. Without
    `configure`, the key is that of the environment: `GOOGLE_API_KEY`, else `GEMINI_API_KEY`.

    Args:
        api_key: The API key of the Gemini API.
        credentials: Credentials of google-auth instead of a key.
        transport: `grpc` or `grpc_asyncio`, for code that says so; either way both kinds of methods
            work.
        client_options: A `ClientOptions`, a mapping of its fields, or google.api_core's object.
        client_info: A user agent to add to our own.
        default_metadata: Metadata to send with every call.
        version: `v1beta` or `v1alpha` of the Gemini API.
        project: The Google Cloud project, to use Vertex AI.
        location: The location on Vertex AI, `us-central1` if there is only a project.
        observers: What sees the calls and sessions of the client.
        on_retry: Called before each retry, with the error and the seconds until the next attempt.
        interceptors: Interceptors of grpc for synchronous calls, of grpc.aio for asynchronous ones; a
            model has calls of both kinds.
        channel_options: Options of grpcio's channels, as pairs.

    Raises:
        ArgumentError: The arguments exclude each other or do not exist.
        CredentialsError: The credentials given cannot be used.
    """
    _check_transport(transport)
    arguments: dict[str, Any] = {
        "api_key": api_key,
        "credentials": credentials,
        "client_options": client_options,
        "client_info": client_info,
        "default_metadata": tuple(default_metadata),
        "version": version,
        "project": project,
        "location": location,
    }
    more: Any = {"observers": observers, "on_retry": on_retry, "interceptors": interceptors}
    more["channel_options"] = channel_options
    ClientOptions(**more)  # wrong ones are found here, not later
    client = Lazy(**arguments, **more)
    if api_key is not None or credentials is not None or client_options is not None:
        client.wires  # noqa: B018  # wrong arguments are found here, not later
    _default.client, _default.configured = client, True


def _check_transport(transport: object) -> None:
    if transport is not None and transport not in TRANSPORTS:
        raise ArgumentError(
            f"transport is {transport!r}; this library speaks gRPC: pass 'grpc', 'grpc_asyncio' or "
            "nothing"
        )


def wires_of(client: HasWires | None = None) -> Wires:
    """Return the wires of a client, those of the default client without one.

    Raises:
        CredentialsError: There are no credentials for the default client.
        FieldError: It is no client.
    """
    return client_of(client).wires


def backend_of(client: HasWires | None = None) -> Backend:
    """Return the backend of a client, which is known without credentials.

    Raises:
        FieldError: It is no client.
    """
    client = client_of(client)
    return client.backend if isinstance(client, Lazy) else client.wires.backend


def client_of(client: HasWires | None = None) -> HasWires:
    """Return a client, the default one without one: for what takes several steps with the same.

    Raises:
        FieldError: It is no client.
    """
    if client is None:
        return _default.client
    if not hasattr(type(client), "wires"):
        kind = type(client).__name__
        raise FieldError(f"client: expected a Client or an AsyncClient, got {kind}")
    return client


def chosen() -> Lazy | None:
    """Return the default client if `configure` has been called."""
    return _default.client if _default.configured else None
