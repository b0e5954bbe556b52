"""What a client is told when it is made, and what follows from it. The environment is read here only."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from gemini_grpc import errors
from gemini_grpc.http.redaction import Masked
from gemini_grpc.http.settings import HttpSettings
from gemini_grpc.rpc import credentials as auth
from gemini_grpc.rpc import direct, endpoint, metadata, observer, proxy, tls
from gemini_grpc.rpc.client_options import MAX_RECEIVE_BYTES
from gemini_grpc.rpc.endpoint import (
    PLAINTEXT,
    UNIVERSE,
    Endpoint,
    check_universe,
    choose,
    parse,
    shown,
)
from gemini_grpc.rpc.policy import DEFAULT, Default, Retry
from gemini_grpc.rpc.secret import Secret, forget_locals

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from gemini_grpc.rpc.client_options import ClientOptions
    from gemini_grpc.rpc.observer import Observer


CLOUD_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
"""The OAuth scopes of Vertex AI."""

EMULATOR_HOST = "GEMINI_EMULATOR_HOST"
"""The environment variable with the `host:port` of an emulator, which every client then uses."""

EMULATOR_KEY = "emulator"
"""The key that is sent to an emulator when there is none: it is nobody's."""

MINIMUM_KEEPALIVE = 10.0
"""Seconds; servers end connections that ping more often."""

MAXIMUM_KEEPALIVE = 86_400.0
"""Seconds; grpc counts them in milliseconds of 32 bits."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a channel needs to know, decided once when the client is made."""

    endpoint: Endpoint
    metadata: tuple[tuple[str, str], ...] = field(repr=False)
    """Sent with every call: the user agent and an API key."""
    universe: str = UNIVERSE
    token: auth.Token | None = field(default=None, repr=False)
    """The credential that changes, if there is one."""
    cert_source: tls.CertSource | None = None
    identity: tls.Identity | None = None
    """The client certificate when the settings were made."""
    signer: tls.Signer | None = None
    proxy: str | None = field(default=None, repr=False)
    http: HttpSettings = field(default_factory=HttpSettings)
    """How HTTP connections are made, for tokens and files."""
    keepalive: float | None = None
    max_receive: int = MAX_RECEIVE_BYTES
    timeout: float | Default | None = DEFAULT
    retry: Retry = DEFAULT
    observers: tuple[Observer, ...] = ()
    interceptors: tuple[object, ...] = ()
    """Of both kinds; a channel takes those of its own."""
    channel_options: tuple[tuple[str, Any], ...] = ()
    call_key: Masked | None = field(default=None, repr=False)
    """An API key that grpc core sends, over encrypted connections only; for a channel of the user."""
    models: set[str] = field(default_factory=set, repr=False, compare=False)
    """The names of models that its user has been shown, to help who mistypes one."""

    @property
    def roots(self) -> bytes | None:
        """The trust roots of the channel, PEM; None for grpc's own."""
        return self.http.roots

    def __reduce__(self) -> str:
        raise TypeError("Settings hold credentials and are not pickled; pickle the options")


@forget_locals
def resolve(
    options: ClientOptions,
    default_host: str,
    *,
    scopes: Sequence[str] = (),
    credentials: Credentials | None = None,
    user_agent: str = "",
    ready: Any = None,
    variables: Mapping[str, str] = os.environ,
) -> Settings:
    """Decide the settings of a client of the service at `default_host`.

    `GEMINI_EMULATOR_HOST` wins over every option that says where to call, but for an endpoint without
    TLS, which names another emulator; and over real credentials, which are not even looked for. For a
    channel of the user that is `ready`, only an API key is used.

    Raises:
        ArgumentError: The options contradict each other or the environment.
        CredentialsError: There is no credential.
    """
    _check(options, credentials)
    pairs = [(metadata.CLIENT, f"{user_agent} {metadata.client_header()}".lstrip())]
    if ready is not None:
        where, universe = _endpoint(options, default_host, None, variables)
        call_key = _key_over(ready, options, variables, pairs)
        return Settings(where, tuple(pairs), universe, call_key=call_key, **_every(options))
    if emulator := _emulator(options, variables):
        pairs.append((metadata.API_KEY, _revealed(options.api_key or EMULATOR_KEY)))
        return Settings(
            emulator,
            tuple(pairs),
            keepalive=options.keepalive,
            max_receive=options.max_receive_message_length,
            **_every(options),
        )
    _warn_of_unused_certificate(options, variables)
    source = _cert_source(options, variables)
    where, universe = _endpoint(options, default_host, source, variables)
    http = _http(options, where, variables)
    token = None
    if options.api_key is not None:
        pairs.append((metadata.API_KEY, _revealed(options.api_key)))
    elif where.plaintext:
        _refuse_plaintext(options, credentials)
    else:
        token = _token(options, credentials, default_host, scopes, variables, http)
    return Settings(
        where,
        tuple(pairs),
        universe=universe,
        token=token,
        cert_source=source,
        identity=tls.identity(source) if source else None,
        signer=_signer(options, variables),
        proxy=proxy.choose(where.host, variables, options.proxy),
        http=http,
        keepalive=options.keepalive,
        max_receive=options.max_receive_message_length,
        **_every(options),
    )


def _http(options: ClientOptions, where: Endpoint, variables: Mapping[str, str]) -> HttpSettings:
    roots = None if where.plaintext else tls.trust_roots(options.ca_certificates, variables)
    return HttpSettings(roots, proxy.chooser(variables, options.proxy))


def _key_over(
    ready: Any,
    options: ClientOptions,
    variables: Mapping[str, str],
    pairs: list[tuple[str, str]],
) -> Masked | None:
    """Add an API key to the metadata for a channel of the user that is local; else return it."""
    key = options.api_key or (EMULATOR_KEY if variables.get(EMULATOR_HOST) else None)
    if key is None:
        return None
    if not endpoint.is_local(direct.target_of(ready)):
        return _revealed(key)
    pairs.append((metadata.API_KEY, _revealed(key)))
    return None


def _every(options: ClientOptions) -> dict[str, Any]:
    """Return the settings that are those of the options, whatever is called."""
    return {
        "timeout": options.timeout,
        "retry": options.retry,
        "observers": observer.checked(options.observers, options.on_retry),
        "interceptors": tuple(options.interceptors),
        "channel_options": tuple((name, value) for name, value in options.channel_options),
    }


@forget_locals
def endpoint_and_cert_source(
    options: ClientOptions, default_host: str, variables: Mapping[str, str] = os.environ
) -> tuple[str, tls.CertSource | None]:
    """Return the host a client would call, without its port, and where its certificate comes from."""
    source = _cert_source(options, variables)
    where, _ = _endpoint(options, default_host, source, variables)
    return options.api_endpoint or where.host, source


def _endpoint(
    options: ClientOptions,
    default_host: str,
    source: tls.CertSource | None,
    variables: Mapping[str, str],
) -> tuple[Endpoint, str]:
    """Return the endpoint and the universe domain."""
    universe = options.universe_domain
    if universe is None:
        universe = variables.get("GOOGLE_CLOUD_UNIVERSE_DOMAIN", UNIVERSE)
        check_universe(universe, "GOOGLE_CLOUD_UNIVERSE_DOMAIN")
    universe = universe.strip()
    where = choose(
        default_host,
        api_endpoint=options.api_endpoint,
        universe=universe,
        use_mtls=variables.get("GOOGLE_API_USE_MTLS_ENDPOINT", "auto").lower(),
        has_certificate=source is not None or _signer(options, variables) is not None,
    )
    return where, universe


def _check(options: ClientOptions, credentials: Credentials | None) -> None:
    """Refuse options that exclude each other."""
    kinds = {
        "api_key": options.api_key,
        "credentials": credentials,
        "credentials_file": options.credentials_file,
    }
    _at_most_one(kinds)
    _at_most_one({name: getattr(options, name) for name in _CERTIFICATE_OPTIONS})
    if options.api_key is not None and options.quota_project_id:
        raise errors.ArgumentError(
            "quota_project_id has no effect with an api_key, which belongs to a project; leave one out"
        )
    if options.keepalive is not None and options.keepalive < MINIMUM_KEEPALIVE:
        raise errors.ArgumentError(
            f"keepalive is {options.keepalive}; expected at least {MINIMUM_KEEPALIVE:g} seconds, "
            "because servers end connections that ping more often"
        )
    if options.keepalive is not None and options.keepalive > MAXIMUM_KEEPALIVE:
        raise errors.ArgumentError(
            f"keepalive is {options.keepalive}; expected at most {MAXIMUM_KEEPALIVE:g} seconds, or None "
            "for no pings"
        )


_CERTIFICATE_OPTIONS = (
    "client_cert_source",
    "client_encrypted_cert_source",
    "client_cert_signer",
)


def _at_most_one(given: Mapping[str, object]) -> None:
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise errors.ArgumentError(
            f"{' and '.join(names)} are mutually exclusive; pass one of them"
        )


def _refuse_plaintext(options: ClientOptions, credentials: Credentials | None) -> None:
    if credentials is not None or options.credentials_file is not None:
        raise errors.ArgumentError(
            "credentials do not travel over plaintext; use TLS, or a dummy api_key with an emulator"
        )


def _token(
    options: ClientOptions,
    credentials: Credentials | None,
    default_host: str,
    scopes: Sequence[str],
    variables: Mapping[str, str],
    http: HttpSettings,
) -> auth.Token | None:
    quota = options.quota_project_id
    if credentials is None:
        if options.credentials_file is not None:
            credentials = auth.from_file(options.credentials_file)
        else:
            file = variables.get("GOOGLE_APPLICATION_CREDENTIALS")
            credentials = auth.default(quota, scopes, file)
    return auth.from_google(
        credentials,
        scopes=options.scopes,
        default_scopes=scopes,
        audience=options.api_audience or f"https://{default_host}/",
        quota_project=quota,
        http=http,
    )


_CERTIFICATE_FILES = (
    "GOOGLE_API_CERTIFICATE_CONFIG",
    "CLOUDSDK_CONTEXT_AWARE_CERTIFICATE_CONFIG_FILE_PATH",
)
_CERTIFICATE_PATHS = (
    "~/.config/gcloud/certificate_config.json",
    "~/.secureConnect/context_aware_metadata.json",
    "/var/run/secrets/workload-spiffe-credentials/x509.credential-bundle.private-key.pem",
)
_USE = ("GOOGLE_API_USE_CLIENT_CERTIFICATE", "CLOUDSDK_CONTEXT_AWARE_USE_CLIENT_CERTIFICATE")
"""The variables that say whether a client certificate is used; the first that is set counts."""


def _cert_source(options: ClientOptions, variables: Mapping[str, str]) -> tls.CertSource | None:
    """Return where the client certificate comes from; None if none is used.

    The rules are those of google's clients: only where `GOOGLE_API_USE_CLIENT_CERTIFICATE` is `true`, or
    is not set and a workload certificate is configured, a certificate is used: that of the options, else
    the configured one.
    """
    if not _uses_certificates(variables):
        return None
    if options.client_cert_source is not None:
        return options.client_cert_source
    if options.client_encrypted_cert_source is not None:
        return tls.decrypted(options.client_encrypted_cert_source)
    if options.client_cert_signer is not None or not _may_have_certificate(variables):
        return None
    from google.auth.transport import mtls

    if not mtls.has_default_client_cert_source():
        return None
    source: tls.CertSource = mtls.default_client_cert_source()
    return source


def _signer(options: ClientOptions, variables: Mapping[str, str]) -> tls.Signer | None:
    """Return the signer, if a client certificate is used."""
    signer = options.client_cert_signer
    return signer if signer is not None and _uses_certificates(variables) else None


def _uses_certificates(variables: Mapping[str, str]) -> bool:
    """Return whether the environment lets a client use a certificate."""
    use = next((variables[name] for name in _USE if variables.get(name)), "")
    if use or not _may_have_certificate(variables):
        return use.lower() == "true"
    from google.auth.transport import mtls

    return bool(mtls.should_use_client_cert())


def _warn_of_unused_certificate(options: ClientOptions, variables: Mapping[str, str]) -> None:
    """Warn if a client certificate is given and the environment does not say whether to use it."""
    given = [name for name in _CERTIFICATE_OPTIONS if getattr(options, name) is not None]
    refused = any(variables.get(name, "").lower() == "false" for name in _USE)
    if given and not refused and not _uses_certificates(variables):
        import warnings

        warnings.warn(
            f"{given[0]} is ignored: set GOOGLE_API_USE_CLIENT_CERTIFICATE=true to use the client "
            "certificate, or to false to silence this warning",
            stacklevel=4,
        )


def _may_have_certificate(variables: Mapping[str, str]) -> bool:
    """Return, without importing google-auth, whether a certificate may be configured."""
    if any(variables.get(name) for name in _CERTIFICATE_FILES):
        return True
    paths = [Path(path).expanduser() for path in _CERTIFICATE_PATHS]
    if folder := variables.get("CLOUDSDK_CONFIG"):
        paths.append(Path(folder, "certificate_config.json"))
    return any(path.exists() for path in paths)


def _revealed(key: str | Secret) -> Masked:
    return Masked(key.reveal() if isinstance(key, Secret) else key)


def _emulator(options: ClientOptions, variables: Mapping[str, str]) -> Endpoint | None:
    """Return the address in `GEMINI_EMULATOR_HOST`, which has no TLS and is on this machine."""
    host = variables.get(EMULATOR_HOST)
    if not host or (options.api_endpoint or "").startswith(PLAINTEXT):
        return None
    try:
        return parse(PLAINTEXT + host.removeprefix(PLAINTEXT))
    except errors.ArgumentError as cause:
        raise errors.ArgumentError(
            f"{EMULATOR_HOST} is {shown(host)}; expected the host and port of an emulator on this "
            "machine, such as 127.0.0.1:9090"
        ) from cause


@forget_locals
def api_key(variables: Mapping[str, str] = os.environ) -> Secret | None:
    """Return the API key in the environment: `GOOGLE_API_KEY`, else `GEMINI_API_KEY`.

    Warns when both are set and differ.

    Raises:
        ArgumentError: It cannot be sent.
    """
    google, gemini = variables.get("GOOGLE_API_KEY"), variables.get("GEMINI_API_KEY")
    if google and gemini and google != gemini:
        import warnings

        warnings.warn(
            "GOOGLE_API_KEY and GEMINI_API_KEY are both set and differ; GOOGLE_API_KEY is used",
            stacklevel=3,
        )
    key = google or gemini
    name = "GOOGLE_API_KEY" if google else "GEMINI_API_KEY"
    return metadata.checked_key(key, name) if key else None


@forget_locals
def with_key(
    options: ClientOptions,
    key: str | Secret | None,
    *,
    credentials: object = None,
    variables: Mapping[str, str] = os.environ,
) -> ClientOptions:
    """Return options with an API key: the given one, or the environment's if nothing else is given.

    Raises:
        ArgumentError: There is a key in the options as well, or the key cannot be sent.
    """
    if key is not None and options.api_key is not None:
        raise errors.ArgumentError("api_key is given twice, also in client_options; pass it once")
    if key is None and (options.api_key or credentials or options.credentials_file):
        return options
    return replace(options, api_key=key if key is not None else api_key(variables))


def with_arguments(options: ClientOptions, **arguments: object) -> ClientOptions:
    """Return options with those that are arguments of a client as well; unset ones are None or empty.

    Raises:
        ArgumentError: One is given both ways, or cannot be used.
    """
    given = {name: value for name, value in arguments.items() if value is not None and value != ()}
    for name in given:
        if getattr(options, name) not in (None, ()):
            raise errors.ArgumentError(
                f"{name} is given twice, also in client_options; pass it once"
            )
    return replace(options, **given)  # type: ignore[arg-type]  # checked by ClientOptions


def google_cloud(
    project: str | None, location: str | None, variables: Mapping[str, str] = os.environ
) -> tuple[str, str]:
    """Return the project and location of Vertex AI: those given, else those of the environment.

    Raises:
        ArgumentError: There is no project.
    """
    project = project or variables.get("GOOGLE_CLOUD_PROJECT")
    if not project:
        raise errors.ArgumentError(
            "project is missing: pass project= or set GOOGLE_CLOUD_PROJECT to use Vertex AI"
        )
    return project, location or variables.get("GOOGLE_CLOUD_LOCATION") or "us-central1"


def user_agent_of(client_info: Any) -> str:
    """Return the user agent in a `client_info`: a string, or google.api_core's object.

    Raises:
        ArgumentError: It is something else, or cannot be sent.
    """
    agent = getattr(client_info, "user_agent", client_info)
    if agent is None:
        return ""
    if not isinstance(agent, str):
        raise errors.ArgumentError(
            f"client_info has {type(agent).__name__} for a user agent; expected a str, or a ClientInfo "
            "of google.api_core"
        )
    if not metadata.is_sendable(agent):
        raise errors.ArgumentError(
            "client_info has characters that cannot be sent; expected printable ASCII"
        )
    return agent


_COLOURS = {
    "grpc": ("a synchronous", grpc.Channel, "grpc.Channel"),
    "grpc_asyncio": ("an asynchronous", grpc.aio.Channel, "grpc.aio.Channel"),
}
"""Of each kind of transport: what it is, and the class of grpcio's channels and its name."""


def check_colour(argument: str, channel: object, kind: str) -> None:
    """Refuse a channel, or its class, that is known to be of another kind than the client.

    Anything else may do what a channel does.

    Raises:
        ArgumentError: The channel is synchronous and the client is not, or the other way round.
    """
    ours, expected, name = _COLOURS[kind]
    other = "grpc" if kind == "grpc_asyncio" else "grpc_asyncio"
    theirs, refused, _ = _COLOURS[other]
    if isinstance(channel, expected):
        return
    if isinstance(channel, refused) or getattr(channel, "kind", None) == other:
        cls = channel if isinstance(channel, type) else type(channel)
        raise errors.ArgumentError(
            f"{argument} is {theirs} channel ({cls.__module__}.{cls.__qualname__}); {ours} client "
            f"takes a {name}, or the transport of {ours} client"
        )


def refuse_beside_channel(given: ClientOptions, credentials: object, *more: str) -> None:
    """Refuse options that have no effect next to a channel that is open already."""
    names = ("credentials_file", "scopes", *more)
    values = {f"client_options.{name}": getattr(given, name) for name in names}
    for name, value in {"credentials": credentials, **values}.items():
        if value is not None and value != ():
            what = (
                "settings" if name.endswith(("channel_options", "interceptors")) else "credentials"
            )
            raise errors.ArgumentError(
                f"{name} is given together with a channel or transport, which has its own {what}"
            )
