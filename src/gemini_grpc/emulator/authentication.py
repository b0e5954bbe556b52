"""Who may call: optional checks of API keys, bearer tokens, self-signed JWTs and quota projects.

Without an `Authentication` every credential is good, and none as well. With one, a call needs a
credential of a kind that is allowed, and only one. The refusals are those of the real service.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from google.rpc import error_details_pb2

from gemini_grpc.emulator.status import StatusError
from gemini_grpc.errors import ArgumentError
from gemini_grpc.rpc.metadata import API_KEY, AUTHORIZATION, QUOTA_PROJECT

if TYPE_CHECKING:
    from gemini_grpc.emulator.clock import Clock

_DOMAIN = "googleapis.com"
_SKEW = 10.0  # seconds that clocks may differ
_LONGEST = 3600.0  # seconds that a self-signed JWT may live (AIP-4111)
_BEARER = "Bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """Which credentials are good. None for a kind that is not allowed."""

    api_keys: Collection[str] | None = None
    """The API keys."""
    bearer_tokens: Collection[str] | None = None
    """The access tokens."""
    jwt_key: str | bytes | None = None
    """The public key, as PEM, of the self-signed JWTs (AIP-4111) that are allowed: RS256 or ES256."""
    jwt_audience: str = "https://generativelanguage.googleapis.com/"
    """Whom these JWTs are for."""
    quota_projects: Collection[str] | None = None
    """The quota projects that may be named; None for all."""

    def __post_init__(self) -> None:
        for name in ("api_keys", "bearer_tokens", "quota_projects"):
            if isinstance(getattr(self, name), str):
                raise ArgumentError(f"{name}: expected a list of strings, got one string")
        if self.jwt_key is not None:
            _load_key(self.jwt_key)

    def check(self, metadata: Mapping[str, str | bytes], clock: Clock) -> None:
        """Let a call through.

        Raises:
            StatusError: Its credential is missing or not good, or it may not use its quota project.
        """
        key = str(metadata.get(API_KEY, ""))
        authorization = str(metadata.get(AUTHORIZATION, ""))
        if key and authorization:
            raise _refuse(
                "INVALID_ARGUMENT",
                "both an API key and an access token were sent; send one of them",
                "CREDENTIALS_MISUSED",
            )
        bearer = self.bearer_tokens is not None or self.jwt_key is not None
        if self.api_keys is None and not bearer:
            pass  # every credential is good
        elif authorization:
            self._check_bearer(authorization, clock)
        elif self.api_keys is not None or key:
            self._check_key(key)
        else:
            raise _refuse(
                "UNAUTHENTICATED",
                "Request is missing required authentication credential. Expected OAuth 2 access "
                "token, login cookie or other valid authentication credential.",
                "CREDENTIALS_MISSING",
            )
        project = metadata.get(QUOTA_PROJECT)
        if project and self.quota_projects is not None and project not in self.quota_projects:
            raise _refuse(
                "PERMISSION_DENIED",
                f"Caller does not have required permission to use project {project!s}.",
                "USER_PROJECT_DENIED",
            )

    def _check_key(self, key: str) -> None:
        if not key:
            raise _refuse(
                "PERMISSION_DENIED",
                "Method doesn't allow unregistered callers (callers without established "
                "identity). Please use API Key or other form of API consumer identity to call "
                "this API.",
                "CREDENTIALS_MISSING",
            )
        if not _among(key, self.api_keys):
            raise _refuse(
                "INVALID_ARGUMENT",
                "API key not valid. Please pass a valid API key.",
                "API_KEY_INVALID",
            )

    def _check_bearer(self, authorization: str, clock: Clock) -> None:
        token = authorization.removeprefix(_BEARER)
        if not authorization.startswith(_BEARER):
            raise _invalid_token("the scheme is not Bearer", "CREDENTIALS_MISSING")
        if _among(token, self.bearer_tokens):
            return
        if self.jwt_key is not None and token.count(".") == 2:
            self._check_jwt(token, clock.now())
            return
        raise _invalid_token("the token is not known", "ACCESS_TOKEN_TYPE_UNSUPPORTED")

    def _check_jwt(self, token: str, now: float) -> None:
        """Check signature, audience and times of a JWT."""
        assert self.jwt_key is not None
        signed, _, signature = token.rpartition(".")
        head, _, body = signed.partition(".")
        try:
            header, claims = json.loads(_decode(head)), json.loads(_decode(body))
            good = _verify(self.jwt_key, header, _decode(signature), signed.encode())
        except (ValueError, AttributeError) as cause:
            raise _invalid_token("the JWT cannot be read", "ACCESS_TOKEN_INVALID") from cause
        if not good:
            raise _invalid_token("the signature of the JWT is wrong", "ACCESS_TOKEN_INVALID")
        wrong = _claims(claims, self.jwt_audience, now)
        if wrong:
            reason = "ACCESS_TOKEN_EXPIRED" if "expired" in wrong else "ACCESS_TOKEN_INVALID"
            raise _invalid_token(wrong, reason)


def _claims(claims: Any, audience: str, now: float) -> str:
    """Return what is wrong with the claims of a JWT; empty if nothing is."""
    if not isinstance(claims, dict):
        return "the JWT has no claims"
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, (int, float)) or not isinstance(expires, (int, float)):
        return "the JWT has no iat or no exp"
    checks = {
        f"the JWT is for {claims.get('aud')!r}, expected {audience!r}": claims.get("aud")
        != audience,
        "the JWT has expired": expires + _SKEW < now,
        "the JWT was issued in the future": issued - _SKEW > now,
        "the JWT lives longer than an hour": expires - issued > _LONGEST,
        "iss and sub of the JWT differ": claims.get("iss") != claims.get("sub"),
    }
    return next((text for text, wrong in checks.items() if wrong), "")


def _verify(public: str | bytes, header: Any, signature: bytes, signed: bytes) -> bool:
    """Tell whether a signature is good, by the algorithm that the kind of key has."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

    key = _load_key(public)
    try:
        if isinstance(key, rsa.RSAPublicKey) and header.get("alg") == "RS256":
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey) and header.get("alg") == "ES256":
            half = len(signature) // 2
            pair = (
                int.from_bytes(signature[:half], "big"),
                int.from_bytes(signature[half:], "big"),
            )
            key.verify(utils.encode_dss_signature(*pair), signed, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _load_key(public: str | bytes) -> object:
    try:
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError as cause:
        raise ArgumentError(
            "checking JWTs needs `pip install 'gemini-grpc[emulator]'` (cryptography)"
        ) from cause
    try:
        return load_pem_public_key(public.encode() if isinstance(public, str) else public)
    except ValueError as cause:
        raise ArgumentError("jwt_key is not a public key in PEM") from cause


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as cause:
        raise ValueError("not base64") from cause


def _among(value: str, allowed: Collection[str] | None) -> bool:
    return any(hmac.compare_digest(value.encode(), other.encode()) for other in allowed or ())


def _invalid_token(why: str, reason: str) -> StatusError:
    return _refuse(
        "UNAUTHENTICATED",
        f"Request had invalid authentication credentials: {why}.",
        reason,
    )


def _refuse(code: str, message: str, reason: str) -> StatusError:
    info = error_details_pb2.ErrorInfo(
        reason=reason,
        domain=_DOMAIN,
        metadata={"service": "generativelanguage.googleapis.com"},
    )
    return StatusError(grpc.StatusCode[code], message, details=[info])
