"""What a client is made of: a backend and the channels to it, one for each colour.

A `GenerativeModel` has synchronous and asynchronous methods; so whichever client it was given can make a
channel of the other colour, with the same settings, when it is first needed.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative.backend import VERSIONS, Backend
from gemini_grpc.rpc import metadata as headers
from gemini_grpc.rpc import options
from gemini_grpc.rpc.client_options import ClientOptions
from gemini_grpc.rpc.interceptors import ChannelOptions, check_kind
from gemini_grpc.rpc.secret import forget_locals
from gemini_grpc.rpc.shared import Shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.auth.credentials import Credentials

    from gemini_grpc.rpc._async.channel import AsyncChannel
    from gemini_grpc.rpc._sync.channel import Channel
    from gemini_grpc.rpc.observer import Observer, OnRetry
    from gemini_grpc.rpc.secret import Secret


Kept = TypeVar("Kept", "AsyncChannel", "Channel")


class HasWires(Protocol):
    """A `Client` or an `AsyncClient`."""

    @property
    def wires(self) -> Wires:
        """Its backend and channels."""
        ...


class Wires(Shared):
    """A backend and the channels to it."""

    def __init__(
        self, backend: Backend, settings: options.Settings, ready: Any = None, kind: str = ""
    ) -> None:
        """Prepare; nothing is connected before the first call.

        Args:
            backend: What is called.
            settings: How.
            ready: A channel of grpcio that the user has opened and closes.
            kind: The kind of that channel: `grpc` or `grpc_asyncio`.
        """
        self._ready = ready
        self._kind = kind
        self.backend = backend
        self.settings = settings
        """The names of models that have been shown; a model that is not found is compared with them."""
        self._lock = threading.Lock()
        self._made: list[AsyncChannel | Channel] = []
        self._closed = False

    @cached_property
    def channel(self) -> Channel:
        """The channel of synchronous calls."""
        from gemini_grpc.rpc._sync.channel import Channel

        return self._keep(Channel(self.settings, self._ready_as("grpc")))

    @cached_property
    def async_channel(self) -> AsyncChannel:
        """The channel of asynchronous calls."""
        from gemini_grpc.rpc._async.channel import AsyncChannel

        return self._keep(AsyncChannel(self.settings, self._ready_as("grpc_asyncio")))

    def _ready_as(self, kind: str) -> Any:
        """Return the channel of the user, if there is one.

        Raises:
            ArgumentError: It is of another kind.
        """
        if self._ready is not None and self._kind != kind:
            calls, other = (
                ("asynchronous", "AsyncClient") if kind != "grpc" else ("synchronous", "Client")
            )
            raise ArgumentError(
                f"the client was made with a channel that has no {calls} calls; make {other}(channel=...)"
            )
        return self._ready

    def refuse_files(self) -> None:
        """Refuse uploads and downloads with a channel of the user: they travel over HTTPS.

        Raises:
            ArgumentError: The client was made with one.
        """
        if self._ready is not None:
            raise ArgumentError(
                "files travel over HTTPS, and the client was made with a channel of gRPC; use a client "
                "that is made without channel="
            )

    def _keep(self, channel: Kept) -> Kept:
        with self._lock:
            self._made.append(channel)
            if self._closed:
                channel.abandon()
        return channel

    def abandon(self) -> None:
        """End the channel of the other colour too, for whose end nobody can wait."""
        with self._lock:
            self._closed = True
            for channel in self._made:
                channel.abandon()


@forget_locals
def connect(
    *,
    api_key: str | Secret | None = None,
    credentials: Credentials | None = None,
    client_options: ClientOptions | Mapping[str, object] | object | None = None,
    client_info: object = None,
    version: str = "v1beta",
    project: str | None = None,
    location: str | None = None,
    default_metadata: Sequence[tuple[str, str]] = (),
    observers: Sequence[Observer] = (),
    on_retry: OnRetry | None = None,
    interceptors: Sequence[object] = (),
    channel_options: ChannelOptions = (),
    channel: Any = None,
    kind: str = "",
) -> Wires:
    """Return the wires of a client.

    Raises:
        ArgumentError: Options exclude each other, the version does not exist, or the key or the
            metadata cannot be sent.
        CredentialsError: There are no credentials.
    """
    backend = choose_backend(version=version, project=project, location=location)
    given = ClientOptions.of(client_options)
    given = options.with_arguments(
        given,
        observers=observers,
        on_retry=on_retry,
        interceptors=interceptors,
        channel_options=channel_options,
    )
    if kind:
        check_kind(given.interceptors, kind, mixed=True)
    if channel is not None:
        options.check_colour("channel", channel, kind)
        options.refuse_beside_channel(given, credentials, "channel_options")
        given = options.with_arguments(given, api_key=api_key)
    elif not backend.is_vertex:
        given = options.with_key(given, api_key, credentials=credentials)
    elif api_key is not None:
        given = replace(given, api_key=api_key)
    headers.check_metadata(default_metadata, "default_metadata")
    settings = options.resolve(
        given,
        backend.host,
        scopes=options.CLOUD_SCOPES if backend.is_vertex else (),
        credentials=credentials,
        user_agent=options.user_agent_of(client_info),
        ready=channel,
    )
    if backend.is_vertex and given.api_key is not None and not settings.endpoint.plaintext:
        raise ArgumentError(
            "api_key and project are mutually exclusive: Vertex AI takes the credentials of Google "
            "Cloud; leave the key out, or leave project out for the Gemini API"
        )
    settings = replace(settings, metadata=(*settings.metadata, *default_metadata))
    return Wires(backend, settings, channel, kind)


def choose_backend(
    *, version: str = "v1beta", project: str | None = None, location: str | None = None
) -> Backend:
    """Return the backend: Vertex AI if a project or location is given, else the Gemini API.

    Without `project`, that of `GOOGLE_CLOUD_PROJECT` is used; without `location`, that of
    `GOOGLE_CLOUD_LOCATION`, else `us-central1`.

    Raises:
        ArgumentError: There is no such version, or no project.
    """
    if version not in VERSIONS:
        raise ArgumentError(f"version is {version!r}; expected 'v1beta' or 'v1alpha'")
    if project is None and location is None:
        return Backend("v1alpha" if version == "v1alpha" else "v1beta")
    project, location = options.google_cloud(project, location)
    for name, value in (("project", project), ("location", location)):
        if not isinstance(value, str) or not value or "/" in value:
            raise ArgumentError(f"{name} is {value!r}; expected the bare id, without any slash")
    return Backend("aiplatform_v1", project, location)
