"""What a client is told when it is made, and what follows from it. The environment is read here only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from gemini_grpc import errors
from gemini_grpc.rpc import endpoint, metadata
from gemini_grpc.rpc.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """The options of a client, as google's clients have them."""

    api_endpoint: str | None = None
    """`host` or `host:port` to use instead of the service's own; `http://` and a loopback address for
    a connection without TLS."""
    api_key: str | Secret | None = None
    """The API key."""

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{field.name}={'***' if field.name == 'api_key' else repr(value)}"
            for field in fields(self)
            if (value := getattr(self, field.name)) is not None
        )
        return f"ClientOptions({shown})"

    @classmethod
    def of(cls, options: ClientOptions | Mapping[str, object] | None) -> ClientOptions:
        """Return the options given as such, as a mapping, or not at all.

        Raises:
            ArgumentError: The mapping has an option that does not exist.
        """
        if options is None:
            return cls()
        if isinstance(options, ClientOptions):
            return options
        known = [field.name for field in fields(cls)]
        for name in options:
            if name not in known:
                hint = errors.nearest(name, known) or f"; the options are {', '.join(known)}"
                raise errors.ArgumentError(f"client_options has no option {name!r}{hint}")
        return cls(**options)  # type: ignore[arg-type]  # the values are checked where they are used


@dataclass(frozen=True, slots=True)
class Settings:
    """What a channel needs to know, decided once when the client is made."""

    endpoint: endpoint.Endpoint
    metadata: tuple[tuple[str, str], ...]
    """Sent with every call: the user agent and the credential."""


def resolve(options: ClientOptions, default_host: str) -> Settings:
    """Decide the settings of a client of the service at `default_host`.

    Raises:
        ArgumentError: The options contradict each other, or there is no credential.
    """
    where = endpoint.parse(options.api_endpoint or default_host)
    pairs = [(metadata.CLIENT, metadata.client_header())]
    if options.api_key is not None:
        key = options.api_key
        pairs.append((metadata.API_KEY, key.reveal() if isinstance(key, Secret) else key))
    elif not where.plaintext:
        raise errors.ArgumentError("there is no credential; pass client_options={'api_key': ...}")
    return Settings(where, tuple(pairs))
