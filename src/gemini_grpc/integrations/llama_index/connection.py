"""The client that an object of LlamaIndex calls with: the one it was given, or one of its own."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative._sync.client import Client
from gemini_grpc.generative.backend import VERSIONS
from gemini_grpc.generative.default import TRANSPORTS
from gemini_grpc.generative.wires import HasWires, Wires, choose_backend

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.rpc.secret import Secret


@dataclass(frozen=True, slots=True)
class Limits:
    """How many tokens a model takes and gives."""

    input: int
    """The tokens of a prompt, at most."""
    output: int
    """The tokens of an answer, at most."""


class Connection:
    """A client, made when it is first needed; copies share it, and pickles have none of its secrets."""

    def __init__(
        self,
        client: HasWires | None = None,
        *,
        api_key: str | Secret | None = None,
        credentials: Credentials | None = None,
        project: str | None = None,
        location: str | None = None,
        version: str | None = None,
        api_base: str | None = None,
        transport: str | None = None,
    ) -> None:
        """Prepare; nothing is sent, and no credentials are looked for.

        Raises:
            ArgumentError: The arguments exclude each other or do not exist.
        """
        if transport is not None and transport not in TRANSPORTS:
            raise ArgumentError(
                f"transport is {transport!r}; expected {' or '.join(map(repr, TRANSPORTS))}, or nothing: "
                "calls are made over gRPC, and either kind of method works"
            )
        if client is not None and (api_key is not None or credentials is not None):
            raise ArgumentError(
                "client excludes api_key and credentials: the client has its own, and it also says project, "
                "location, version and api_base"
            )
        if client is not None and not hasattr(client, "wires"):
            kind = type(client).__name__
            raise ArgumentError(f"client: expected a Client or an AsyncClient, got {kind}")
        version = version or VERSIONS[0]
        self._arguments: dict[str, Any] = {
            "api_key": api_key,
            "credentials": credentials,
            "project": project,
            "location": location,
            "version": version,
            "client_options": None if api_base is None else {"api_endpoint": api_base},
        }
        self.limits: dict[str, Limits] = {}
        """The limits of models, by name, as far as the API has been asked for them."""
        self._given = client
        self._own: Client | None = None
        self._lock = threading.Lock()
        self.backend: Backend = (
            choose_backend(version=version, project=project, location=location)
            if client is None
            else client.wires.backend
        )
        """The API that is called."""

    @property
    def wires(self) -> Wires:
        """The backend and the channels.

        Raises:
            CredentialsError: There are no credentials.
        """
        if self._given is not None:
            return self._given.wires
        with self._lock:
            if self._own is None:
                self._own = Client(**self._arguments)
        return self._own.wires

    def close(self) -> None:
        """End the calls of a client of its own; one that was given belongs to its giver."""
        with self._lock:
            if self._own is not None:
                self._own.close()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        backend = self.backend
        names = {"project": backend.project or None, "location": backend.location or None}
        return _unpickled, (
            type(self),
            names if backend.is_vertex else {"version": backend.version},
        )


def _unpickled(kind: type[Connection], arguments: dict[str, Any]) -> Connection:
    return kind(**arguments)
