"""Where a call goes."""

from __future__ import annotations

import importlib
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from google.auth.exceptions import MutualTLSChannelError

from gemini_grpc import ClientOptions
from gemini_grpc.errors import ArgumentError
from gemini_grpc.rpc import endpoint, options
from gemini_grpc.rpc.tls import Signer
from tests.authority import Authority

if TYPE_CHECKING:
    from tests.colours import Sync

HOST = "generativelanguage.googleapis.com"
MTLS = "generativelanguage.mtls.googleapis.com"

CERTIFICATE = Authority().issue("client").source
SIGNER = Signer(CERTIFICATE()[0], lambda *_: b"")


def where(given: Mapping[str, Any], variables: Mapping[str, str]) -> options.Settings:
    made = ClientOptions.of({"api_key": "k", **given})
    return options.resolve(made, HOST, variables=variables)


@pytest.mark.parametrize(
    ("given", "target", "plaintext"),
    [
        ("example.com", "example.com:443", False),
        ("https://example.com", "example.com:443", False),
        ("https://example.com/", "example.com:443", False),
        ("example.com:8443", "example.com:8443", False),
        ("http://127.0.0.1:50051", "127.0.0.1:50051", True),
        ("http://localhost", "localhost:80", True),
        ("http://[::1]:50051", "[::1]:50051", True),
        ("[::1]", "[::1]:443", False),
    ],
)
def test_addresses_are_read(given: str, target: str, plaintext: bool) -> None:
    assert endpoint.parse(given) == endpoint.Endpoint(target, plaintext)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("", "is not an address"),
        ("example.com/v1", "is not an address"),
        ("example.com:https", "is not an address"),
        (":443", "is not an address"),
        ("example.com:70000", "is not an address"),
        ("http://example.com", "loopback addresses only"),
        ("http://10.0.0.1:80", "loopback addresses only"),
        ("http://localhost.example.com", "loopback addresses only"),
    ],
)
def test_what_is_no_address_is_refused(given: str, text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        endpoint.parse(given)


WITH = {"client_cert_source": CERTIFICATE}
MTLS_ENDPOINT = "GOOGLE_API_USE_MTLS_ENDPOINT"
USE_CERTIFICATE = "GOOGLE_API_USE_CLIENT_CERTIFICATE"
UNIVERSE = "GOOGLE_CLOUD_UNIVERSE_DOMAIN"
USED = {USE_CERTIFICATE: "true"}


@pytest.mark.parametrize(
    ("given", "variables", "target"),
    [
        ({}, {}, HOST),
        ({"api_endpoint": "squid.clam.whelk:8000"}, {}, "squid.clam.whelk:8000"),
        # GOOGLE_API_USE_MTLS_ENDPOINT
        ({}, {MTLS_ENDPOINT: "always"}, MTLS),
        ({}, {MTLS_ENDPOINT: "ALWAYS"}, MTLS),
        ({}, {MTLS_ENDPOINT: "auto"}, HOST),
        ({}, {MTLS_ENDPOINT: "never"}, HOST),
        (WITH, USED | {MTLS_ENDPOINT: "always"}, MTLS),
        (WITH, USED | {MTLS_ENDPOINT: "auto"}, MTLS),
        (WITH, USED | {MTLS_ENDPOINT: "never"}, HOST),
        # GOOGLE_API_USE_CLIENT_CERTIFICATE
        (WITH, {USE_CERTIFICATE: "true"}, MTLS),
        (WITH, {USE_CERTIFICATE: "false"}, HOST),
        (WITH, {USE_CERTIFICATE: "FALSE"}, HOST),
        (WITH, {USE_CERTIFICATE: "false", MTLS_ENDPOINT: "always"}, MTLS),
        ({}, {USE_CERTIFICATE: "true"}, HOST),
        # the universe
        ({"universe_domain": "googleapis.com"}, {}, HOST),
        ({"universe_domain": "example.org"}, {}, "generativelanguage.example.org"),
        ({"universe_domain": " example.org "}, {}, "generativelanguage.example.org"),
        ({}, {UNIVERSE: "example.org"}, "generativelanguage.example.org"),
        ({}, {UNIVERSE: " example.org\n"}, "generativelanguage.example.org"),
        ({"universe_domain": "one.org"}, {UNIVERSE: "two.org"}, "generativelanguage.one.org"),
        ({"universe_domain": "googleapis.com"}, {UNIVERSE: "two.org"}, HOST),
        (WITH | {"universe_domain": " googleapis.com "}, USED, MTLS),
        (
            WITH | {"universe_domain": "example.org"},
            USED | {MTLS_ENDPOINT: "never"},
            "generativelanguage.example.org",
        ),
        # an endpoint beats everything
        (WITH | {"api_endpoint": "a.b:1"}, USED | {MTLS_ENDPOINT: "always"}, "a.b:1"),
        ({"api_endpoint": "a.b:1", "universe_domain": "example.org"}, {}, "a.b:1"),
        (
            WITH | {"api_endpoint": "a.b:1", "universe_domain": "example.org"},
            USED | {MTLS_ENDPOINT: "always"},
            "a.b:1",
        ),
        ({"api_endpoint": MTLS}, {MTLS_ENDPOINT: "never"}, MTLS),
    ],
)
def test_the_rules_of_aip_4114(
    given: dict[str, Any], variables: dict[str, str], target: str
) -> None:
    expected = target if ":" in target else f"{target}:443"
    assert where(given, variables).endpoint == endpoint.Endpoint(expected, plaintext=False)


@pytest.mark.parametrize(
    ("given", "variables", "text"),
    [
        ({}, {MTLS_ENDPOINT: "sometimes"}, "GOOGLE_API_USE_MTLS_ENDPOINT.*`never`, `auto` or `al"),
        ({"api_endpoint": "a.b"}, {MTLS_ENDPOINT: "yes"}, "GOOGLE_API_USE_MTLS_ENDPOINT"),
        ({"universe_domain": ""}, {}, "universe_domain is empty"),
        ({"universe_domain": "  "}, {}, "universe_domain is empty"),
        ({}, {UNIVERSE: ""}, "is empty"),
        (WITH | {"universe_domain": "example.org"}, USED, "mTLS is not supported in any universe"),
        ({"universe_domain": "example.org"}, {MTLS_ENDPOINT: "always"}, "other than googleapis"),
        ({}, {MTLS_ENDPOINT: "always", UNIVERSE: "example.org"}, "'example.org'"),
    ],
)
def test_what_contradicts_itself_is_refused(
    given: dict[str, Any], variables: dict[str, str], text: str
) -> None:
    with pytest.raises(ArgumentError, match=text):
        where(given, variables)


def test_the_universe_of_a_client_has_no_space_around_it() -> None:
    assert where({"universe_domain": " example.org "}, {}).universe == "example.org"
    assert where({}, {UNIVERSE: "example.org\n"}).universe == "example.org"


def test_a_certificate_that_is_used_is_kept_and_one_that_is_not_is_not_asked_for() -> None:
    assert where(WITH, USED).identity is not None

    def ask() -> tuple[bytes, bytes]:
        raise AssertionError("nobody should ask")

    unused = where({"client_cert_source": ask}, {USE_CERTIFICATE: "false"})
    assert unused.identity is None
    assert unused.cert_source is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (HOST, MTLS),
        (f"{HOST}:443", f"{MTLS}:443"),
        ("foo.googleapis.com", "foo.mtls.googleapis.com"),
        ("foo.sandbox.googleapis.com", "foo.mtls.sandbox.googleapis.com"),
        ("foo.mtls.googleapis.com", "foo.mtls.googleapis.com"),
        ("foo.mtls.sandbox.googleapis.com:8443", "foo.mtls.sandbox.googleapis.com:8443"),
        ("us-central1-aiplatform.googleapis.com", "us-central1-aiplatform.mtls.googleapis.com"),
        ("aiplatform.googleapis.com", "aiplatform.mtls.googleapis.com"),
        ("aiplatform.us.rep.googleapis.com", "aiplatform.us.rep.googleapis.com"),
        ("aiplatform.eu.rep.googleapis.com:443", "aiplatform.eu.rep.googleapis.com:443"),
        ("example.com", "example.com"),
        ("foo.example.googleapis.com.evil.org", "foo.example.googleapis.com.evil.org"),
        ("", ""),
    ],
)
def test_the_mtls_name_of_a_host(host: str, expected: str) -> None:
    assert endpoint.mtls_host(host) == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("", "aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_the_host_of_vertex(location: str, expected: str) -> None:
    assert endpoint.vertex_host(location) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("10.0.0.1", False),
        ("0.0.0.0", False),  # every address of this machine, not only loopback
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_loopback_is_known_by_name_and_address(host: str, expected: bool) -> None:
    assert endpoint.is_loopback(host) is expected


@pytest.mark.parametrize(
    ("target", "host"), [("a.b:443", "a.b"), ("[::1]:5", "::1"), ("127.0.0.1:5", "127.0.0.1")]
)
def test_an_endpoint_knows_its_host(target: str, host: str) -> None:
    assert endpoint.Endpoint(target, plaintext=False).host == host


@pytest.mark.parametrize("version", ["v1alpha", "v1beta", "aiplatform_v1"])
def test_every_client_has_the_mtls_name_of_its_host(version: str) -> None:
    package = importlib.import_module(f"gemini_grpc.{version}")
    clients = [getattr(package, name) for name in package.__all__ if name.endswith("Client")]
    assert clients
    for client in clients:
        assert endpoint.mtls_host(client.DEFAULT_ENDPOINT) == client.DEFAULT_MTLS_ENDPOINT
        assert ".mtls.googleapis.com" in client.DEFAULT_MTLS_ENDPOINT


@pytest.fixture(params=[False, True], ids=["no workload", "workload"])
def workload(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Configure a workload certificate, or none."""
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    if request.param:
        certificate, key = CERTIFICATE()
        (tmp_path / "certificate.pem").write_bytes(certificate)
        (tmp_path / "key.pem").write_bytes(key)
        paths = {
            "cert_path": str(tmp_path / "certificate.pem"),
            "key_path": str(tmp_path / "key.pem"),
        }
        file = tmp_path / "certificate_config.json"
        file.write_text(json.dumps({"cert_configs": {"workload": paths}}))


def of_google(given: dict[str, Any]) -> tuple[str, object]:
    """Return the host and the certificate source that google's client would use; or "error"."""
    from google.ai import generativelanguage_v1beta as google
    from google.auth.credentials import AnonymousCredentials

    found: dict[str, Any] = {}

    def transport(**arguments: Any) -> object:
        found.update(arguments)
        return SimpleNamespace(_credentials=None)

    try:
        google.ModelServiceClient(
            transport=transport, credentials=AnonymousCredentials(), client_options=dict(given)
        )
    except (MutualTLSChannelError, ValueError):
        return "error", None
    return found["host"], found["client_cert_source_for_mtls"]


def of_ours(colour: Sync, given: dict[str, Any]) -> tuple[str, object]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client = colour.cls("ModelService")(client_options={"api_key": "k"} | given)
    except ArgumentError:
        return "error", None
    return client.api_endpoint, client.transport.settings.cert_source


@pytest.mark.parametrize("universe", [None, "", "example.org"])
@pytest.mark.parametrize("use_certificate", [None, "", "true", "false", "TRUE", "yes"])
@pytest.mark.parametrize("use_mtls", [None, "", "always", "auto", "never", "NEVER", "maybe"])
def test_host_certificate_and_error_are_those_of_googles_client(
    monkeypatch: pytest.MonkeyPatch,
    workload: None,
    colour: Sync,
    use_mtls: str | None,
    use_certificate: str | None,
    universe: str | None,
) -> None:
    variables = {MTLS_ENDPOINT: use_mtls, USE_CERTIFICATE: use_certificate, UNIVERSE: universe}
    for name, value in variables.items():
        if value is not None:
            monkeypatch.setenv(name, value)
    for options_ in GIVEN:
        host, source = of_google(options_)
        ours = of_ours(colour, options_)
        expected = host if host == "error" or ":" in host else f"{host}:443"
        assert ours[0] == expected, options_
        assert (ours[1] is None) == (source is None), options_
        if source is CERTIFICATE:
            assert ours[1] is CERTIFICATE


GIVEN: list[dict[str, Any]] = [
    certificate | endpoint_ | domain
    for certificate in ({}, WITH)
    for endpoint_ in ({}, {"api_endpoint": "a.b:1"})
    for domain in (
        {},
        {"universe_domain": ""},
        {"universe_domain": "example.org"},
        {"universe_domain": "googleapis.com"},
        {"universe_domain": "GoogleApis.com"},
    )
]


@pytest.mark.parametrize("option", ["client_cert_source", "client_cert_signer"])
@pytest.mark.parametrize("use", [{}, {USE_CERTIFICATE: "yes"}])
def test_a_certificate_that_is_ignored_is_a_warning(option: str, use: dict[str, str]) -> None:
    given = {option: CERTIFICATE if option == "client_cert_source" else SIGNER}
    with pytest.warns(
        UserWarning, match=f"{option} is ignored: set GOOGLE_API_USE_CLIENT_CERT.*=true"
    ):
        settings = where(given, use)
    assert (settings.identity, settings.signer) == (None, None)
    assert settings.endpoint.host == HOST


def test_a_certificate_that_the_environment_refuses_is_no_warning() -> None:
    assert where(WITH, {USE_CERTIFICATE: "false"}).cert_source is None
