"""Who we are to the service: an API key, or a token of google-auth that is fetched and kept fresh.

google-auth knows how to make tokens; when to ask it is decided here. A token is refreshed before it
expires, once for all the calls that wait for it; while the old one is valid, a refresh that fails
disturbs nobody. google-auth is imported when there is a credential that needs it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import stat
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import grpc

from gemini_grpc import errors
from gemini_grpc.http.redaction import Masked
from gemini_grpc.http.settings import HttpSettings
from gemini_grpc.rpc.metadata import is_sendable
from gemini_grpc.rpc.secret import forget_locals

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from gemini_grpc.rpc.token_request import Request

_LOG = logging.getLogger(__name__)

Pairs = tuple[tuple[str, str], ...]


class Token:
    """A credential of google-auth and the metadata it gives at the moment.

    Safe for many threads. `ensure` does network I/O and blocks; the asynchronous shell calls it in a
    thread.
    """

    def __init__(self, credentials: Credentials, http: HttpSettings | None = None) -> None:
        """Keep a credential; `http` says how its requests are made."""
        self.credentials = credentials
        self._http = http or HttpSettings()
        self._lock = threading.Lock()
        self._pairs: Pairs | None = None
        self._refused = False

    @property
    def pairs(self) -> Pairs | None:
        """The metadata to send, None if it must be ensured first."""
        return self._pairs if self._state() == "fresh" else None

    def ensure(self, timeout: float | None) -> Pairs:
        """Return the metadata to send, after fetching a token if that is needed.

        Args:
            timeout: Seconds the caller has; None for no limit.

        Raises:
            DeadlineExceeded: Another call was fetching the token all that time.
            Unauthenticated, Unavailable: The token cannot be fetched, for good or for now.
        """
        usable = self._state() != "missing"
        wait = 0.0 if usable else (-1 if timeout is None else timeout)
        if not (self._lock.acquire(timeout=wait) if wait else self._lock.acquire(blocking=False)):
            if usable and self._pairs:
                return self._pairs  # somebody refreshes it; the old one is still good
            raise errors.make(
                grpc.StatusCode.DEADLINE_EXCEEDED,
                f"waiting for a token took longer than {timeout:g} s",
            )
        try:
            if self._state() != "fresh":
                self._load(timeout)
            assert self._pairs is not None
            return self._pairs
        finally:
            self._lock.release()

    def forked(self) -> None:
        """Begin anew in the child of a fork, whose parent may have been fetching a token."""
        self._lock = threading.Lock()

    def discard(self, pairs: Pairs) -> None:
        """Forget a token the service has refused; the next call fetches another, if none has yet.

        It does not wait, since it is called in event loops: if the lock is taken, another is on its way.
        """
        if self._lock.acquire(blocking=False):
            if self._pairs == pairs:
                self._pairs = None
                self._refused = True
            self._lock.release()

    def _state(self) -> Literal["fresh", "stale", "missing"]:
        if self._pairs is None:
            return "missing"
        state = self.credentials.token_state.name
        return {"FRESH": "fresh", "STALE": "stale"}.get(state, "missing")  # type: ignore[return-value]

    def _load(self, timeout: float | None) -> None:
        """Take the token the credential has, if it is any good, or let it fetch one."""
        if self._refused or self.credentials.token_state.name != "FRESH":
            self._refresh(timeout)
        self._pairs = self._applied()

    def _applied(self) -> Pairs:
        """Return the metadata of the token that the credential has.

        Raises:
            Unauthenticated: It has none, or one that cannot be sent.
        """
        headers: dict[str, str] = {}
        token = self.credentials.token
        if isinstance(token, (str, bytes)) and token:
            self.credentials.apply(headers)
        if not headers or not all(map(is_sendable, headers.values())):
            raise errors.make(
                grpc.StatusCode.UNAUTHENTICATED,
                f"{NO_TOKEN}: the server sent {'a token that is not ASCII' if headers else 'none'}",
            )
        return tuple((key.lower(), Masked(value)) for key, value in headers.items())

    def _refresh(self, timeout: float | None) -> None:
        from gemini_grpc.rpc.token_request import Request

        request = Request(self._http, timeout)
        error: errors.RpcError
        try:
            self.credentials.refresh(request)
        except errors.UsageError:
            raise
        except Exception as cause:
            if self._state() == "stale":
                _LOG.warning(
                    "refreshing a token failed; the old one is still valid: %s", type(cause)
                )
                return
            error = _failure(cause, request)
        else:
            self._refused = False
            return
        raise error  # without the cause, whose frames and arguments hold secrets


NO_TOKEN = "no token could be fetched"  # noqa: S105
"""How the text of an error begins when a call failed for want of a token; nothing was sent."""

_SHOWN = 500
"""Characters of a server's text that an error shows."""


def _failure(cause: Exception, request: Request) -> errors.RpcError:
    """Return the error of a call for which no token could be fetched."""
    from http.client import HTTPException

    from google.auth import exceptions

    if isinstance(cause, errors.RpcError):
        text = request.redacted(f"{NO_TOKEN}: {cause.message}")
        if isinstance(cause, errors.TlsError):
            return errors.google_twin(errors.TlsError)(text)
        return errors.make(cause.code, text, details=cause.details)
    code = grpc.StatusCode.UNAUTHENTICATED
    network = (exceptions.TransportError, OSError, HTTPException)
    if isinstance(cause, network) or getattr(cause, "retryable", False):
        code = grpc.StatusCode.UNAVAILABLE
    text = f"{type(cause).__name__}: {cause}"
    if isinstance(cause, exceptions.GoogleAuthError):  # its other arguments hold the response
        text = str(cause.args[0]).strip() if cause.args else ""
    text = request.redacted(text)[:_SHOWN] or type(cause).__name__
    where = f" ({request.outcome})" if request.outcome else ""
    return errors.make(code, f"{NO_TOKEN}: {text}{where}")


def from_google(
    credentials: Credentials,
    *,
    scopes: Sequence[str] | None,
    default_scopes: Sequence[str],
    audience: str,
    quota_project: str | None,
    http: HttpSettings | None = None,
) -> Token:
    """Return the token of a credential the user has, prepared as the service wants it.

    Service accounts sign their own tokens for the audience (AIP-4111): no round trip, and no scopes
    unless the user asks for some.
    """
    from google.auth import credentials as auth
    from google.auth import jwt

    prepared: Any = credentials
    if quota_project and isinstance(prepared, auth.CredentialsWithQuotaProject):
        prepared = prepared.with_quota_project(quota_project)
    if _signs_itself(prepared):
        claims = {"scope": " ".join(scopes)} if scopes else None
        return Token(
            jwt.Credentials.from_signing_credentials(
                prepared,
                None if scopes else audience,
                additional_claims=claims,
                quota_project_id=prepared.quota_project_id,
            ),
            http,
        )
    return Token(auth.with_scopes_if_required(prepared, list(scopes or default_scopes)), http)


def _signs_itself(credentials: Any) -> bool:
    """Tell whether this is a service account that acts for itself, not for a user of a domain."""
    from google.oauth2 import service_account

    own = isinstance(credentials, service_account.Credentials)
    return own and getattr(credentials, "_subject", None) is None


@forget_locals
def default(
    quota_project: str | None, scopes: Iterable[str], file: str | None = None
) -> Credentials:
    """Return the application default credentials (AIP-4110); `file` is where the environment has them.

    Raises:
        CredentialsError: There are none.
    """
    import google.auth
    from google.auth import exceptions

    if file:
        warn_if_readable(file)
    try:
        found, _ = google.auth.default(
            quota_project_id=quota_project, default_scopes=list(scopes) or None
        )
    except exceptions.DefaultCredentialsError as cause:
        raise errors.CredentialsError(
            "there are no credentials: pass an API key (api_key=, of the generated clients "
            "client_options={'api_key': ...}) or set GEMINI_API_KEY for the clients that read it; or "
            "pass credentials=, set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth "
            "application-default login`; for the emulator set GEMINI_EMULATOR_HOST"
        ) from cause
    return found


_KINDS = {
    "service_account": ("google.oauth2.service_account", "from_service_account_info"),
    "authorized_user": ("google.oauth2.credentials", "from_authorized_user_info"),
    "external_account": ("google.auth.identity_pool", "from_info"),
    "external_account_authorized_user": (
        "google.auth.external_account_authorized_user",
        "from_info",
    ),
    "impersonated_service_account": (
        "google.auth.impersonated_credentials",
        "from_impersonated_service_account_info",
    ),
}
"""The module of google-auth and the constructor for each type a file may say it is."""


@forget_locals
def from_file(path: str | Path) -> Credentials:
    """Return the credentials in a file: of a service account, a user or a workload.

    Raises:
        CredentialsError: The file cannot be read or is none of these.
    """
    warn_if_readable(path)

    def load() -> Credentials:
        info = json.loads(Path(path).read_text())
        module, constructor = _kind_of(info)
        found: Credentials = getattr(importlib.import_module(module).Credentials, constructor)(info)
        return found

    return _loaded(load, f"no credentials can be read from {path}")


def _loaded(load: Callable[[], Credentials], message: str) -> Credentials:
    """Return the credentials that a function loads.

    Raises:
        CredentialsError: It fails. The error says why, but has no cause, whose frames and attributes hold
            what was read: a private key.
    """
    from google.auth import exceptions

    try:
        return load()
    except (
        exceptions.GoogleAuthError,
        OSError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
    ) as cause:
        reason = f"{type(cause).__name__}: {cause}"[:_SHOWN]
    raise errors.CredentialsError(f"{message}: {reason}")


def _kind_of(info: Any) -> tuple[str, str]:
    """Return the constructor for the content of a file of credentials."""
    if not isinstance(info, dict) or info.get("type") not in _KINDS:
        raise ValueError("its type is none of " + ", ".join(_KINDS))
    source = info.get("credential_source", {})
    if str(source.get("environment_id", "")).startswith("aws"):
        return "google.auth.aws", "from_info"
    if "executable" in source:
        return "google.auth.pluggable", "from_info"
    return _KINDS[info["type"]]


@forget_locals
def from_service_account_file(path: str | Path) -> Credentials:
    """Return the credentials of a service account from its JSON file.

    Raises:
        CredentialsError: The file cannot be read or is no key of a service account.
    """
    from google.oauth2 import service_account

    warn_if_readable(path)
    load = partial(service_account.Credentials.from_service_account_file, str(path))
    return _loaded(load, f"{path} holds no key of a service account")


@forget_locals
def from_service_account_info(info: Mapping[str, str]) -> Credentials:
    """Return the credentials of a service account from the content of its JSON file.

    Raises:
        CredentialsError: It is no key of a service account.
    """
    from google.oauth2 import service_account

    kept, info = [info], {}  # the frame of the error does not show it
    return _loaded(
        lambda: service_account.Credentials.from_service_account_info(kept.pop()),
        "info is no key of a service account",
    )


def warn_if_readable(path: str | Path) -> None:
    """Warn when others than its owner may read a file with a private key (POSIX)."""
    with contextlib.suppress(OSError):  # whoever reads the file next reports that it cannot be read
        if Path(path).stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            _LOG.warning("%s holds a credential and can be read by others; chmod 600 it", path)
