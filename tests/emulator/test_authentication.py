from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from gemini_grpc import errors
from gemini_grpc.emulator import Authentication, Emulator, VirtualClock
from gemini_grpc.emulator.status import StatusError
from gemini_grpc.v1beta import ModelServiceClient

AUDIENCE = "https://generativelanguage.googleapis.com/"
CLOCK = VirtualClock()
NOW = int(CLOCK.now())
CLAIMS = {"iss": "me", "sub": "me", "aud": AUDIENCE, "iat": NOW, "exp": NOW + 3600}


def reason(checks: Authentication, **metadata: str) -> tuple[str, str]:
    with pytest.raises(StatusError) as caught:
        checks.check({key.replace("_", "-"): value for key, value in metadata.items()}, CLOCK)
    return caught.value.code.name, caught.value.details[0].reason


def good(checks: Authentication, **metadata: str) -> None:
    checks.check({key.replace("_", "-"): value for key, value in metadata.items()}, CLOCK)


def public(key: Any) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def part(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def signed(key: Any, claims: object, algorithm: str = "RS256") -> str:
    text = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}"
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        r, s = utils.decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"Bearer {text}.{part(signature)}"


@pytest.fixture
def keyed() -> Iterator[Emulator]:
    with Emulator(authentication=Authentication(api_keys=["right"])) as running:
        yield running


def get(emulator: Emulator, key: str) -> str:
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": key}
    with ModelServiceClient(client_options=options) as client:
        return client.get_model(name="models/gemini-3.8-flash").name


def test_a_client_with_a_wrong_key_is_refused_as_the_service_does(keyed):
    assert get(keyed, "right")
    with pytest.raises(errors.InvalidArgument, match="API key not valid") as caught:
        get(keyed, "wrong")
    info = caught.value.details[0]
    assert (info.reason, info.domain) == ("API_KEY_INVALID", "googleapis.com")


def test_a_refusal_is_in_the_journal_without_the_key(keyed):
    with pytest.raises(errors.InvalidArgument):
        get(keyed, "canary")
    assert keyed.journal[0].status == "INVALID_ARGUMENT"
    assert "canary" not in repr(keyed.journal)


def test_a_missing_key_is_refused():
    checks = Authentication(api_keys=["right"])
    assert reason(checks) == ("PERMISSION_DENIED", "CREDENTIALS_MISSING")


def test_two_credentials_are_refused():
    both = {"x_goog_api_key": "a", "authorization": "Bearer b"}
    assert reason(Authentication(), **both) == ("INVALID_ARGUMENT", "CREDENTIALS_MISUSED")


def test_tokens_are_checked():
    checks = Authentication(bearer_tokens=["right"])
    good(checks, authorization="Bearer right")
    assert reason(checks, authorization="Bearer wrong")[0] == "UNAUTHENTICATED"
    assert reason(checks, authorization="Basic right")[0] == "UNAUTHENTICATED"
    assert reason(checks) == ("UNAUTHENTICATED", "CREDENTIALS_MISSING")
    assert reason(checks, x_goog_api_key="any") == ("INVALID_ARGUMENT", "API_KEY_INVALID")


def test_a_token_does_where_keys_are_allowed_as_well():
    checks = Authentication(api_keys=["key"], bearer_tokens=["token"])
    good(checks, authorization="Bearer token")
    good(checks, x_goog_api_key="key")


def test_quota_projects_are_checked_alone_as_well():
    checks = Authentication(quota_projects=["mine"])
    good(checks)
    good(checks, x_goog_user_project="mine", x_goog_api_key="any")
    refused = reason(checks, x_goog_user_project="other")
    assert refused == ("PERMISSION_DENIED", "USER_PROJECT_DENIED")


def test_a_self_signed_token_is_good_with_either_algorithm(rsa_key, ec_key):
    good(Authentication(jwt_key=public(rsa_key)), authorization=signed(rsa_key, CLAIMS))
    checks = Authentication(jwt_key=public(ec_key).decode())
    good(checks, authorization=signed(ec_key, CLAIMS, "ES256"))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"aud": "https://other/"}, "ACCESS_TOKEN_INVALID"),
        ({"iat": NOW - 3700, "exp": NOW - 100}, "ACCESS_TOKEN_EXPIRED"),
        ({"iat": NOW + 100, "exp": NOW + 200}, "ACCESS_TOKEN_INVALID"),
        ({"exp": NOW + 3601}, "ACCESS_TOKEN_INVALID"),
        ({"sub": "you"}, "ACCESS_TOKEN_INVALID"),
        ({"exp": None}, "ACCESS_TOKEN_INVALID"),
    ],
)
def test_the_claims_of_a_self_signed_token_are_checked(ec_key, change, expected):
    checks = Authentication(jwt_key=public(ec_key))
    token = signed(ec_key, CLAIMS | change, "ES256")
    assert reason(checks, authorization=token) == ("UNAUTHENTICATED", expected)


def test_a_token_signed_by_another_or_not_at_all_is_refused(rsa_key, ec_key):
    checks = Authentication(jwt_key=public(ec_key))
    other = ec.generate_private_key(ec.SECP256R1())
    tokens = [
        signed(other, CLAIMS, "ES256"),
        signed(rsa_key, CLAIMS),
        f"Bearer {part({'alg': 'none'})}.{part(CLAIMS)}.",
        signed(ec_key, ["no", "claims"], "ES256"),
        "Bearer a.b.c",
        f"Bearer {part([])}.{part(CLAIMS)}.{part(b'x' * 64)}",
        "Bearer opaque",
    ]
    for token in tokens:
        assert reason(checks, authorization=token)[0] == "UNAUTHENTICATED"


def test_the_audience_may_be_another(ec_key):
    checks = Authentication(jwt_key=public(ec_key), jwt_audience="https://mine/")
    good(checks, authorization=signed(ec_key, CLAIMS | {"aud": "https://mine/"}, "ES256"))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"api_keys": "abc"}, "api_keys: expected a list"),
        ({"jwt_key": "abc"}, "jwt_key is not a public key"),
    ],
)
def test_options_are_checked(options, text):
    with pytest.raises(errors.ArgumentError, match=text):
        Authentication(**options)


def test_without_cryptography_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(
        __import__("sys").modules, "cryptography.hazmat.primitives.serialization", None
    )
    with pytest.raises(errors.ArgumentError, match=r"gemini-grpc\[emulator\]"):
        Authentication(jwt_key="x")
