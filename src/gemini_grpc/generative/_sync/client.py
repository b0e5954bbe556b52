# Derived by `python -m codegen` from src/gemini_grpc/generative/_async/client.py. Do not edit.
"""A client for everything Gemini offers: one connection, every service, live sessions."""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

from gemini_grpc.errors import ArgumentError
from gemini_grpc.live._sync.service import Live
from gemini_grpc.rpc import options
from gemini_grpc.rpc._sync.channel import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.auth.credentials import Credentials

    from gemini_grpc import v1beta
    from gemini_grpc.rpc.secret import Secret

HOST = "generativelanguage.googleapis.com"
"""Where the Gemini API is."""


class Client:
    """Owns the connection; close it when it is no longer used, best with `with`.

    The generated clients of all services are its attributes and share the connection; so do live
    sessions, with a connection of their own.
    """

    def __init__(
        self,
        *,
        api_key: str | Secret | None = None,
        credentials: Credentials | None = None,
        client_options: options.ClientOptions | Mapping[str, object] | None = None,
        client_info: object = None,
        version: Literal["v1beta", "v1alpha"] = "v1beta",
    ) -> None:
        """Make a client; nothing is sent before the first call.

        Args:
            api_key: The API key. Without one, and without credentials, it is taken from
                `GOOGLE_API_KEY`, else from `GEMINI_API_KEY`; else the application default
                credentials are used.
            credentials: Credentials of google-auth instead of an API key.
            client_options: A `ClientOptions` or a mapping of its fields.
            client_info: A user agent to add to our own.
            version: The version of the API.

        Raises:
            ArgumentError: Options exclude each other, or the version does not exist.
            CredentialsError: There are no credentials.
        """
        if version not in {"v1beta", "v1alpha"}:
            raise ArgumentError(f"version is {version!r}; expected 'v1beta' or 'v1alpha'")
        given = options.ClientOptions.of(client_options)
        self._version = version
        self._channel = Channel(
            options.resolve(
                options.with_key(given, api_key, credentials=credentials),
                HOST,
                credentials=credentials,
                user_agent=options.user_agent_of(client_info),
            )
        )

    def close(self) -> None:
        """End every call and session and close the connections; closing twice is fine."""
        live = self.__dict__.get("live")
        if live is not None:
            live.close()
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @cached_property
    def live(self) -> Live:
        """Live sessions."""
        return Live(self._channel, version=self._version)

    @cached_property
    def cache_service(self) -> v1beta.CacheServiceClient:
        """Cached contents."""
        return self._service("CacheService")

    @cached_property
    def discuss_service(self) -> v1beta.DiscussServiceClient:
        """Dialogs of the PaLM models."""
        return self._service("DiscussService")

    @cached_property
    def file_service(self) -> v1beta.FileServiceClient:
        """Uploaded files."""
        return self._service("FileService")

    @cached_property
    def generative_service(self) -> v1beta.GenerativeServiceClient:
        """Generating, embedding, counting."""
        return self._service("GenerativeService")

    @cached_property
    def model_service(self) -> v1beta.ModelServiceClient:
        """Models and tuned models."""
        return self._service("ModelService")

    @cached_property
    def permission_service(self) -> v1beta.PermissionServiceClient:
        """Permissions of tuned models and corpora."""
        return self._service("PermissionService")

    @cached_property
    def prediction_service(self) -> v1beta.PredictionServiceClient:
        """Images and videos."""
        return self._service("PredictionService")

    @cached_property
    def retriever_service(self) -> v1beta.RetrieverServiceClient:
        """Corpora, documents and chunks."""
        return self._service("RetrieverService")

    @cached_property
    def text_service(self) -> v1beta.TextServiceClient:
        """Texts of the PaLM models."""
        return self._service("TextService")

    def _service(self, name: str) -> Any:
        package: Any = importlib.import_module(f"gemini_grpc.{self._version}")
        return getattr(package, f"{name}Client")(channel=self._channel)
