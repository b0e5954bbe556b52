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
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import grpc

from gemini_grpc import errors

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

_LOG = logging.getLogger(__name__)

Pairs = tuple[tuple[str, str], ...]


class Token:
    """A credential of google-auth and the metadata it gives at the moment.

    Safe for many threads. `ensure` does network I/O and blocks; the asynchronous shell calls it in a
    thread.
    """

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
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
        headers: dict[str, str] = {}
        self.credentials.apply(headers)
        self._pairs = tuple((key.lower(), value) for key, value in headers.items())

    def _refresh(self, timeout: float | None) -> None:
        from gemini_grpc.rpc.token_request import Request

        request = Request(timeout)
        try:
            self.credentials.refresh(request)
            self._refused = False
        except Exception as cause:
            if self._state() == "stale":
                _LOG.warning(
                    "refreshing a token failed; the old one is still valid: %s", type(cause)
                )
                return
            raise _failure(cause, request) from cause


def _failure(cause: Exception, request: Any) -> errors.RpcError:
    """Return the error of a call for whose sake a token could not be fetched."""
    import http.client

    from google.auth import exceptions

    code = grpc.StatusCode.UNAUTHENTICATED
    network = (exceptions.TransportError, OSError, http.client.HTTPException)
    if request.is_late:
        code = grpc.StatusCode.DEADLINE_EXCEEDED
    elif isinstance(cause, network) or getattr(cause, "retryable", False):
        code = grpc.StatusCode.UNAVAILABLE
    said: object = f"{type(cause).__name__}: {cause}"
    if isinstance(cause, exceptions.GoogleAuthError):
        said = cause.args[0] if cause.args else type(cause).__name__
    return errors.make(code, f"no token could be fetched: {said}")


def from_google(
    credentials: Credentials,
    *,
    scopes: Sequence[str] | None,
    default_scopes: Sequence[str],
    audience: str,
    quota_project: str | None,
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
            )
        )
    return Token(auth.with_scopes_if_required(prepared, list(scopes or default_scopes)))


def _signs_itself(credentials: Any) -> bool:
    """Tell whether this is a service account that acts for itself, not for a user of a domain."""
    from google.oauth2 import service_account

    own = isinstance(credentials, service_account.Credentials)
    return own and getattr(credentials, "_subject", None) is None


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


def from_file(path: str | Path) -> Credentials:
    """Return the credentials in a file: of a service account, a user or a workload.

    Raises:
        CredentialsError: The file cannot be read or is none of these.
    """
    from google.auth import exceptions

    warn_if_readable(path)
    try:
        info = json.loads(Path(path).read_text())
        module, constructor = _kind_of(info)
        found: Credentials = getattr(importlib.import_module(module).Credentials, constructor)(info)
    except (exceptions.GoogleAuthError, OSError, ValueError, KeyError) as cause:
        raise errors.CredentialsError(f"no credentials can be read from {path}") from cause
    return found


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


def from_service_account_file(path: str | Path) -> Credentials:
    """Return the credentials of a service account from its JSON file.

    Raises:
        CredentialsError: The file cannot be read or is no key of a service account.
    """
    from google.auth import exceptions
    from google.oauth2 import service_account

    warn_if_readable(path)
    try:
        found: Credentials = service_account.Credentials.from_service_account_file(str(path))
    except (exceptions.GoogleAuthError, OSError, ValueError) as cause:
        raise errors.CredentialsError(f"{path} holds no key of a service account") from cause
    return found


def from_service_account_info(info: Mapping[str, str]) -> Credentials:
    """Return the credentials of a service account from the content of its JSON file.

    Raises:
        CredentialsError: It is no key of a service account.
    """
    from google.auth import exceptions
    from google.oauth2 import service_account

    try:
        found: Credentials = service_account.Credentials.from_service_account_info(info)
    except (exceptions.GoogleAuthError, ValueError) as cause:
        raise errors.CredentialsError("info is no key of a service account") from cause
    return found


def warn_if_readable(path: str | Path) -> None:
    """Warn when others than its owner may read a file with a private key (POSIX)."""
    with contextlib.suppress(OSError):  # whoever reads the file next reports that it cannot be read
        if Path(path).stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            _LOG.warning("%s holds a credential and can be read by others; chmod 600 it", path)
