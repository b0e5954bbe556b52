"""The options of a client, as a value that can be checked, copied and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemini_grpc import checks, errors
from gemini_grpc.rpc import endpoint, metadata, proxy, tls
from gemini_grpc.rpc.interceptors import (
    ChannelOptions,
    check_channel_options,
    check_interceptors,
)
from gemini_grpc.rpc.observer import Observer, OnRetry, checked
from gemini_grpc.rpc.policy import DEFAULT, Default, Retry, settled
from gemini_grpc.rpc.secret import forget_locals

if TYPE_CHECKING:
    from gemini_grpc.rpc.secret import Secret


MAX_RECEIVE_BYTES = 256 << 20
"""The default limit of a message: twice the largest media that fit in an answer, and a bound for what a
compressed message of some kilobytes may become."""


_LARGEST_INT = (1 << 31) - 1
"""The largest value of an option of grpc."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """The options of a client: those of google's clients, and after them a few of our own."""

    api_endpoint: str | None = None
    """`host` or `host:port` to use instead of the service's own, whatever else is said; `http://` and a
    loopback address for a connection without TLS."""
    client_cert_source: tls.CertSource | None = None
    """Returns the client certificate chain and its key, both PEM; called again when they may have
    been rotated. As in google's clients, no client certificate is used unless
    `GOOGLE_API_USE_CLIENT_CERTIFICATE` is `true`, or is not set and a workload certificate is configured."""
    client_encrypted_cert_source: tls.EncryptedCertSource | None = None
    """Returns the paths of the certificate chain and of the encrypted key, and the passphrase."""
    quota_project_id: str | None = None
    """The project whose quota is used, with credentials that are not bound to one."""
    credentials_file: str | Path | None = None
    """A file with credentials of any kind google-auth knows."""
    scopes: Sequence[str] | None = None
    """OAuth scopes instead of the service's own."""
    api_key: str | Secret | None = None
    """The API key; kept as a `Secret`."""
    api_audience: str | None = None
    """The audience of tokens that a service account signs itself; the service's own if unset."""
    universe_domain: str | None = None
    """The universe domain; `GOOGLE_CLOUD_UNIVERSE_DOMAIN` or googleapis.com if unset."""
    tracer_provider: object | None = None
    """Accepted because google's options have it; not used."""

    ca_certificates: bytes | str | Path | None = None
    """Trust roots as PEM or the path of a bundle; from the environment or grpc's own if unset."""
    client_cert_signer: tls.Signer | None = None
    """A client certificate whose key never enters this process."""
    proxy: str | None = None
    """`http://host:port` of a proxy; empty for none; from the environment if unset."""
    keepalive: float | None = None
    """Seconds between pings on an idle connection, at least 10; None for no pings.

    Servers with grpc's defaults allow one ping in 300 seconds and end a connection that pings more often
    (`too_many_pings`). Calls then fail with `Unavailable` and are retried; grpc doubles the time between
    pings for the connections that follow."""
    max_receive_message_length: int = MAX_RECEIVE_BYTES
    """Bytes a message of the server may have, decompressed; -1 for no limit. A larger one is
    `ResourceExhausted`."""
    timeout: float | Default | None = DEFAULT
    """Seconds every call has unless it says otherwise; each method's own if unset, None for no limit."""
    retry: Retry = DEFAULT
    """The policy of every call unless it says otherwise, ours or a Retry of google.api_core; None to try
    once."""
    observers: Sequence[Observer] = ()
    """What sees the calls and sessions of the client."""
    on_retry: OnRetry | None = None
    """Called before each retry with the error and the seconds until the next attempt."""
    interceptors: Sequence[object] = ()
    """Interceptors of grpc for synchronous calls, of grpc.aio for asynchronous ones."""
    channel_options: ChannelOptions = ()
    """Options of grpcio's channel; one that the client sets itself is replaced."""

    def __post_init__(self) -> None:
        for name in _TEXTS:
            value = getattr(self, name)
            if not isinstance(value, str | None):
                raise errors.ArgumentError(f"{name} is {type(value).__name__}; expected a str")
        if self.max_receive_message_length != -1:
            checks.count("max_receive_message_length", self.max_receive_message_length, none="")
            if self.max_receive_message_length > _LARGEST_INT:
                raise errors.ArgumentError(
                    "max_receive_message_length is more than grpc knows; use -1 for no limit"
                )
        checks.seconds("keepalive", self.keepalive, positive=True, optional=True)
        if self.api_endpoint is not None:
            endpoint.parse(self.api_endpoint)
        if self.universe_domain is not None:
            endpoint.check_universe(self.universe_domain)
        if self.proxy:
            proxy.usable(self.proxy)
        if self.quota_project_id and not metadata.is_sendable(self.quota_project_id):
            raise errors.ArgumentError(
                "quota_project_id has characters that cannot be sent; expected printable ASCII"
            )
        settled(self.retry, self.timeout)
        checked(self.observers, self.on_retry)
        check_interceptors(self.interceptors)
        check_channel_options(self.channel_options)
        if self.api_key is not None:
            object.__setattr__(self, "api_key", metadata.checked_key(self.api_key))

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{each.name}={_SHOWN.get(each.name, repr)(value)}"
            for each in fields(self)
            if (value := getattr(self, each.name)) != each.default
        )
        return f"ClientOptions({shown})"

    @classmethod
    @forget_locals
    def of(cls, options: ClientOptions | Mapping[str, object] | object | None) -> ClientOptions:
        """Return options given as such, as a mapping, as google.api_core's object, or not at all.

        Raises:
            ArgumentError: There is an option that does not exist, or a key that cannot be sent.
        """
        if options is None:
            return cls()
        if isinstance(options, ClientOptions):
            return options
        if not isinstance(options, Mapping):
            if not hasattr(options, "api_endpoint"):
                raise errors.ArgumentError(
                    f"client_options is {type(options).__name__}; expected a mapping or ClientOptions"
                )
            options = {key: value for key, value in vars(options).items() if value is not None}
        known = [each.name for each in fields(cls)]
        for name in options:
            if name not in known:
                hint = errors.nearest(name, known) or f"; the options are {', '.join(known)}"
                raise errors.ArgumentError(f"client_options has no option {name!r}{hint}")
        return cls(**options)


ClientOptions.__init__ = forget_locals(ClientOptions.__init__)  # type: ignore[method-assign]

_TEXTS = ("api_endpoint", "quota_project_id", "api_audience", "universe_domain", "proxy")
_SHOWN: dict[str, Callable[[Any], str]] = {
    "api_key": lambda _: "***",
    "proxy": lambda url: repr(endpoint.masked(url)),
}
"""How options are shown that hold secrets."""
