"""What a client is told when it is made."""

from __future__ import annotations

import dataclasses
import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from gemini_grpc import ClientOptions, RetryPolicy, errors, v1beta
from gemini_grpc.rpc import options
from gemini_grpc.rpc.policy import DEFAULT
from gemini_grpc.rpc.secret import Secret
from gemini_grpc.rpc.tls import Signer

HOST = "generativelanguage.googleapis.com"
PEM = b"-----BEGIN CERTIFICATE-----\n"


def resolved(variables: dict[str, str] | None = None, **given: Any) -> options.Settings:
    made = ClientOptions.of({"api_key": "k"} | given)
    return options.resolve(made, HOST, variables=variables or {})


def test_options_are_a_value_or_a_mapping() -> None:
    made = ClientOptions(api_endpoint="example.com", api_key="k")
    assert ClientOptions.of(made) is made
    assert ClientOptions.of({"api_endpoint": "example.com", "api_key": "k"}) == made
    assert ClientOptions.of(None) == ClientOptions()
    assert ClientOptions.of({}) == ClientOptions()


def test_options_are_not_changed_after_they_were_made() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ClientOptions().api_key = "k"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("api_keys", "api_key"),
        ("endpoint", "api_endpoint"),
        ("client_cert", "client_cert_source"),
        ("quota_project", "quota_project_id"),
        ("credential_file", "credentials_file"),
        ("scope", "scopes"),
        ("universe", "universe_domain"),
        ("ca_certs", "ca_certificates"),
        ("proxies", "proxy"),
        ("timeouts", "timeout"),
        ("keep_alive", "keepalive"),
    ],
)
def test_an_unknown_option_is_told_with_the_nearest(wrong: str, right: str) -> None:
    with pytest.raises(ValueError, match=f"no option '{wrong}'; did you mean '{right}'"):
        ClientOptions.of({wrong: "x"})


def test_an_option_that_is_like_none_is_told_with_all_of_them() -> None:
    with pytest.raises(ValueError, match=r"the options are api_endpoint, .*universe_domain"):
        v1beta.ModelServiceClient(client_options={"zzz": 1})


@pytest.mark.parametrize("wrong", ["https://example.com", 5, ["api_key"]])
def test_what_is_no_options_is_refused(wrong: object) -> None:
    with pytest.raises(errors.ArgumentError, match="expected a mapping or ClientOptions"):
        ClientOptions.of(wrong)


def test_the_object_of_api_core_is_taken() -> None:
    from google.api_core.client_options import ClientOptions as GoogleOptions

    def source() -> tuple[bytes, bytes]:
        return b"", b""

    fields: dict[str, Any] = {
        "api_endpoint": "example.com",
        "client_cert_source": source,
        "quota_project_id": "project",
        "scopes": ["scope"],
        "api_audience": "https://audience/",
        "universe_domain": "example.org",
    }
    assert ClientOptions.of(GoogleOptions(**fields)) == ClientOptions(**fields)
    assert ClientOptions.of(GoogleOptions(api_key="k")) == ClientOptions(api_key="k")
    with pytest.warns(DeprecationWarning, match="credentials_file"):
        file = GoogleOptions(credentials_file="file.json")
    assert ClientOptions.of(file) == ClientOptions(credentials_file="file.json")
    assert ClientOptions.of(GoogleOptions()) == ClientOptions()


def test_ours_has_every_option_of_api_core() -> None:
    from google.api_core.client_options import ClientOptions as GoogleOptions

    ours = {each.name for each in dataclasses.fields(ClientOptions)}
    assert set(vars(GoogleOptions())) <= ours


def test_options_do_not_show_the_key() -> None:
    made = ClientOptions(api_key="hidden", api_endpoint="example.com")
    assert "hidden" not in repr(made)
    assert "example.com" in repr(made)
    assert repr(ClientOptions()) == "ClientOptions()"


@pytest.mark.parametrize("key", ["k", Secret("k")])
def test_a_key_becomes_metadata(key: str | Secret) -> None:
    settings = resolved(api_key=key, api_endpoint="example.com")
    assert ("x-goog-api-key", "k") in settings.metadata
    assert settings.endpoint.target == "example.com:443"
    assert not settings.endpoint.plaintext
    assert settings.token is None


def test_a_loopback_endpoint_in_plaintext_needs_no_credential() -> None:
    settings = options.resolve(ClientOptions(api_endpoint="http://127.0.0.1:5"), "example.com")
    assert "x-goog-api-key" not in dict(settings.metadata)


def test_the_key_is_never_sent_in_plaintext_to_another_machine() -> None:
    with pytest.raises(errors.ArgumentError):
        resolved(api_endpoint="http://example.com")


def test_options_of_calls_and_connections_become_settings() -> None:
    policy = RetryPolicy(attempts=2)
    settings = resolved(
        keepalive=20.0, max_receive_message_length=5, timeout=7.0, retry=policy, proxy="http://p:1"
    )
    assert (settings.keepalive, settings.max_receive) == (20.0, 5)
    assert (settings.timeout, settings.retry, settings.proxy) == (7.0, policy, "http://p:1")
    plain = resolved()
    assert (plain.keepalive, plain.max_receive, plain.proxy) == (None, 256 << 20, None)
    assert plain.timeout is DEFAULT
    assert plain.retry is DEFAULT
    assert resolved(timeout=None).timeout is None
    assert resolved(retry=None).retry is None


class Someone:
    """Stands for credentials; it is refused before anybody looks at it."""


def source() -> tuple[bytes, bytes]:
    raise AssertionError("nobody should ask")


def encrypted() -> tuple[str, str, bytes]:
    raise AssertionError("nobody should ask")


SIGNER = Signer(PEM, source)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"api_key": "k", "credentials_file": "f"}, "api_key and credentials_file"),
        (
            {"client_cert_source": source, "client_encrypted_cert_source": encrypted},
            "client_cert_source and client_encrypted_cert_source are mutually exclusive",
        ),
        (
            {"client_cert_source": source, "client_cert_signer": SIGNER},
            "client_cert_source and client_cert_signer",
        ),
        (
            {"client_encrypted_cert_source": encrypted, "client_cert_signer": SIGNER},
            "client_encrypted_cert_source and client_cert_signer",
        ),
        ({"api_key": "k", "quota_project_id": "p"}, "quota_project_id has no effect"),
        ({"api_key": "k", "keepalive": 9.9}, "keepalive is 9.9; expected at least 10"),
        ({"api_key": "k", "keepalive": float("inf")}, "keepalive is inf; expected"),
        ({"api_key": "k", "keepalive": 1e6}, "keepalive is 1000000.0; expected at most 86400"),
        ({"api_key": "k", "keepalive": float("nan")}, "keepalive is nan; expected seconds"),
        ({"api_key": "k", "keepalive": "60"}, "keepalive is '60'; expected seconds"),
        ({"api_key": "k", "max_receive_message_length": 0}, "max_receive_message_length is 0"),
        ({"api_key": "k", "max_receive_message_length": -2}, "max_receive_message_length is -2"),
        (
            {"api_key": "k", "max_receive_message_length": None},
            "max_receive_message_length is None",
        ),
        ({"api_key": "k", "max_receive_message_length": 1 << 31}, "use -1 for no limit"),
        ({"api_key": "k", "api_endpoint": 5}, "api_endpoint is int; expected a str"),
        ({"api_key": "k", "quota_project_id": b"p"}, "quota_project_id is bytes; expected a str"),
        ({"api_key": "k", "proxy": "socks5://p:1"}, "expected http://host:port"),
        ({"api_key": "k", "ca_certificates": b"nothing"}, "ca_certificates holds no certificate"),
        ({"api_key": "k", "ca_certificates": "/none/ca.pem"}, "/none/ca.pem cannot be read"),
        ({"api_key": "k", "api_endpoint": "host/path"}, "is not an address"),
    ],
)
@pytest.mark.parametrize("name", ["ModelServiceClient", "ModelServiceAsyncClient"])
def test_options_that_exclude_each_other_are_refused(
    name: str, given: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        getattr(v1beta, name)(client_options=given)


@pytest.mark.parametrize("name", ["ModelServiceClient", "ModelServiceAsyncClient"])
@pytest.mark.parametrize("other", ["api_key", "credentials_file"])
def test_credentials_exclude_the_other_kinds(name: str, other: str) -> None:
    with pytest.raises(ValueError, match=f"{other}.*mutually exclusive|mutually.*{other}"):
        getattr(v1beta, name)(credentials=Someone(), client_options={other: "x"})


# the environment


def test_the_emulator_wins_and_nothing_else_is_looked_for() -> None:
    variables = {
        "GEMINI_EMULATOR_HOST": "127.0.0.1:9",
        "GOOGLE_APPLICATION_CREDENTIALS": "/none",
        "SSL_CERT_FILE": "/none",
        "HTTPS_PROXY": "http://p:1",
        "GOOGLE_API_USE_MTLS_ENDPOINT": "nonsense",
    }
    settings = options.resolve(ClientOptions(timeout=3.0), HOST, variables=variables)
    assert settings.endpoint.target == "127.0.0.1:9"
    assert settings.endpoint.plaintext
    assert (settings.token, settings.roots, settings.proxy) == (None, None, None)
    assert settings.timeout == 3.0


def test_credentials_do_not_go_to_the_emulator() -> None:
    settings = options.resolve(
        ClientOptions(),
        HOST,
        credentials=Someone(),  # type: ignore[arg-type]
        variables={"GEMINI_EMULATOR_HOST": "127.0.0.1:9"},
    )
    assert settings.token is None
    assert dict(settings.metadata)["x-goog-api-key"] == "emulator"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"GOOGLE_API_KEY": "a"}, "a"),
        ({"GEMINI_API_KEY": "b"}, "b"),
        ({"GOOGLE_API_KEY": "a", "GEMINI_API_KEY": "a"}, "a"),
        ({"GOOGLE_API_KEY": "", "GEMINI_API_KEY": "b"}, "b"),
        ({"GOOGLE_API_KEY": "", "GEMINI_API_KEY": ""}, None),
    ],
)
def test_the_key_in_the_environment(variables: dict[str, str], expected: str | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = options.api_key(variables)
    assert (found and found.reveal()) == expected


def test_two_keys_that_differ_are_warned_of_without_showing_them() -> None:
    variables = {"GOOGLE_API_KEY": "first-secret", "GEMINI_API_KEY": "second-secret"}
    with pytest.warns(UserWarning, match="GOOGLE_API_KEY and GEMINI_API_KEY") as caught:
        found = options.api_key(variables)
    assert found is not None
    assert found.reveal() == "first-secret"
    assert "secret" not in str(caught[0].message)


def test_generated_clients_do_not_read_the_key_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "k")
    monkeypatch.setenv("GEMINI_API_KEY", "k")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(errors.CredentialsError, match="api_key"):
        v1beta.ModelServiceClient()


@pytest.mark.parametrize(
    "name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"]
)
def test_trust_roots_come_from_the_environment(tmp_path: Path, name: str, ca: Path) -> None:
    assert resolved({name: str(ca)}).roots == ca.read_bytes()
    with pytest.raises(errors.ArgumentError, match=f"{name}: .*none.pem cannot be read"):
        resolved({name: str(tmp_path / "none.pem")})
    (tmp_path / "empty.pem").touch()
    with pytest.raises(errors.ArgumentError, match=f"{name} holds no certificate"):
        resolved({name: str(tmp_path / "empty.pem")})


def test_the_option_wins_over_the_environment(ca: Path) -> None:
    variables = {"SSL_CERT_FILE": "/none", "HTTPS_PROXY": "http://other:1"}
    settings = resolved(variables, ca_certificates=ca, proxy="http://mine:1")
    assert settings.roots == ca.read_bytes()
    assert settings.proxy == "http://mine:1"
    assert resolved(variables, ca_certificates=str(ca), proxy="").proxy is None


def test_a_workload_certificate_that_is_configured_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authority: Any
) -> None:
    issued = authority.issue("workload")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_bytes(issued.certificate)
    key.write_bytes(issued.key)
    config = tmp_path / "certificate_config.json"
    paths = {"cert_path": str(certificate), "key_path": str(key)}
    config.write_text(json.dumps({"cert_configs": {"workload": paths}}))
    monkeypatch.setenv("GOOGLE_API_CERTIFICATE_CONFIG", str(config))
    for use in ("", "true"):
        monkeypatch.setenv("GOOGLE_API_USE_CLIENT_CERTIFICATE", use)
        settings = options.resolve(ClientOptions(api_key="k"), HOST)
        assert settings.identity is not None
        assert settings.identity.certificate == issued.certificate
        assert settings.endpoint.host == "generativelanguage.mtls.googleapis.com"
    monkeypatch.setenv("GOOGLE_API_USE_CLIENT_CERTIFICATE", "false")
    assert options.resolve(ClientOptions(api_key="k"), HOST).identity is None


class Info:
    """As google.api_core's ClientInfo."""

    user_agent = "mine/1.0"


@pytest.mark.parametrize(
    ("info", "expected"),
    [(None, ""), ("", ""), ("mine/1.0 (x; y)", "mine/1.0 (x; y)"), (Info(), "mine/1.0")],
)
def test_the_user_agent_of_a_client_info(info: object, expected: str) -> None:
    assert options.user_agent_of(info) == expected


def test_a_client_info_of_api_core_may_say_nothing() -> None:
    from google.api_core.gapic_v1.client_info import ClientInfo

    assert options.user_agent_of(ClientInfo()) == ""


def test_the_user_agent_of_api_core_comes_first() -> None:
    from google.api_core.gapic_v1.client_info import ClientInfo

    agent = options.user_agent_of(ClientInfo(user_agent="mine/1.0"))
    settings = options.resolve(ClientOptions(api_key="k"), HOST, user_agent=agent)
    assert dict(settings.metadata)["x-goog-api-client"].startswith("mine/1.0 gl-python/")
