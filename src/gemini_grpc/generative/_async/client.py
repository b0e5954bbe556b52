"""A client for everything Gemini offers: one connection, every service, live sessions."""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

from gemini_grpc.generative._async.models import AsyncModels
from gemini_grpc.generative.backend import UnsupportedError
from gemini_grpc.generative.wires import Wires, connect
from gemini_grpc.live._async.service import AsyncLive
from gemini_grpc.rpc.secret import forget_locals
from gemini_grpc.rpc.shared import Shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import grpc.aio
    from google.auth.credentials import Credentials

    from gemini_grpc import aiplatform_v1, v1beta
    from gemini_grpc.rpc.client_options import ClientOptions
    from gemini_grpc.rpc.interceptors import ChannelOptions
    from gemini_grpc.rpc.observer import Observer, OnRetry
    from gemini_grpc.rpc.secret import Secret


class AsyncClient(Shared):
    """Owns the connection; close it when it is no longer used, best with `with`.

    The generated clients of all services are its attributes and share the connection; so do live
    sessions, with a connection of their own.
    """

    @forget_locals
    def __init__(
        self,
        *,
        api_key: str | Secret | None = None,
        credentials: Credentials | None = None,
        client_options: ClientOptions | Mapping[str, object] | None = None,
        client_info: object = None,
        version: Literal["v1beta", "v1alpha"] = "v1beta",
        project: str | None = None,
        location: str | None = None,
        default_metadata: Sequence[tuple[str, str]] = (),
        observers: Sequence[Observer] = (),
        on_retry: OnRetry | None = None,
        interceptors: Sequence[object] = (),
        channel_options: ChannelOptions = (),
        channel: grpc.aio.Channel | None = None,
    ) -> None:
        """Make a client; nothing is sent before the first call.

        Args:
            api_key: The API key. Without one, and without credentials, it is taken from
                `GOOGLE_API_KEY`, else from `GEMINI_API_KEY`; else the application default
                credentials are used.
            credentials: Credentials of google-auth instead of an API key.
            client_options: A `ClientOptions` or a mapping of its fields.
            client_info: A user agent to add to our own.
            version: The version of the Gemini API.
            project: The Google Cloud project: the client is one of Vertex AI.
            location: A region, a multi-region (`us`, `eu`) or `global`, on Vertex AI; if only this is
                given, the project is that of `GOOGLE_CLOUD_PROJECT`.
            default_metadata: Metadata to send with every call.
            observers: What sees the calls and sessions of the client.
            on_retry: Called before each retry, with the error and the seconds until the next attempt.
            interceptors: Interceptors of grpc for synchronous calls, of grpc.aio for asynchronous ones; a
                model has calls of both kinds.
            channel_options: Options of grpcio's channels, as pairs.
            channel: A channel of grpcio to use; its owner closes it. An API key that is given is sent if
                the channel is encrypted or on this machine.

        Raises:
            ArgumentError: Options exclude each other, or the version does not exist.
            CredentialsError: There are no credentials.
        """
        self._wires = connect(
            api_key=api_key,
            credentials=credentials,
            client_options=client_options,
            client_info=client_info,
            version=version,
            project=project,
            location=location,
            default_metadata=default_metadata,
            observers=observers,
            on_retry=on_retry,
            interceptors=interceptors,
            channel_options=channel_options,
            channel=channel,
            kind="grpc_asyncio",
        )
        self._channel = self._wires.async_channel

    @property
    def wires(self) -> Wires:
        """The backend and the channels, of which `GenerativeModel` and its like make their calls."""
        return self._wires

    async def close(self) -> None:
        """End every call and session and close the connections; closing twice is fine."""
        live = self.__dict__.get("live")
        if live is not None:
            await live.close()
        await self._channel.close()
        self._wires.abandon()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    @cached_property
    def live(self) -> AsyncLive:
        """Live sessions; Vertex AI has none over gRPC."""
        backend = self._wires.backend
        if backend.is_vertex:
            raise UnsupportedError(
                "Vertex AI publishes no live sessions over gRPC; use a client of the Gemini API"
            )
        return AsyncLive(self._channel, version=backend.version)

    @cached_property
    def models(self) -> AsyncModels:
        """The models there are, and asking one: `client.models.generate_content(...)`."""
        return AsyncModels(self)

    @cached_property
    def cache_service(self) -> v1beta.CacheServiceAsyncClient:
        """Cached contents."""
        return self._service("CacheService")

    @cached_property
    def discuss_service(self) -> v1beta.DiscussServiceAsyncClient:
        """Dialogs of the PaLM models."""
        return self._service("DiscussService")

    @cached_property
    def file_service(self) -> v1beta.FileServiceAsyncClient:
        """Uploaded files."""
        return self._service("FileService")

    @cached_property
    def generative_service(self) -> v1beta.GenerativeServiceAsyncClient:
        """Generating, embedding, counting."""
        return self._service("GenerativeService")

    @cached_property
    def model_service(self) -> v1beta.ModelServiceAsyncClient:
        """Models and tuned models."""
        return self._service("ModelService")

    @cached_property
    def permission_service(self) -> v1beta.PermissionServiceAsyncClient:
        """Permissions of tuned models and corpora."""
        return self._service("PermissionService")

    @cached_property
    def prediction_service(self) -> v1beta.PredictionServiceAsyncClient:
        """Images and videos."""
        return self._service("PredictionService")

    @cached_property
    def retriever_service(self) -> v1beta.RetrieverServiceAsyncClient:
        """Corpora, documents and chunks."""
        return self._service("RetrieverService")

    @cached_property
    def text_service(self) -> v1beta.TextServiceAsyncClient:
        """Texts of the PaLM models."""
        return self._service("TextService")

    @cached_property
    def llm_utility_service(self) -> aiplatform_v1.LlmUtilityServiceAsyncClient:
        """Counting and computing tokens, on Vertex AI."""
        return self._service("LlmUtilityService")

    @cached_property
    def gen_ai_cache_service(self) -> aiplatform_v1.GenAiCacheServiceAsyncClient:
        """Cached contents, on Vertex AI."""
        return self._service("GenAiCacheService")

    def _service(self, name: str) -> Any:
        backend = self._wires.backend
        package: Any = importlib.import_module(f"gemini_grpc.{backend.version}")
        made = getattr(package, f"{name}AsyncClient", None)
        if made is None:
            raise UnsupportedError(f"{backend.name} has no {name}")
        return made(channel=self._channel)
