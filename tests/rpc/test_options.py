"""What a client is told when it is made."""

from __future__ import annotations

import pytest

from gemini_grpc import ClientOptions, errors, v1beta
from gemini_grpc.rpc import options
from gemini_grpc.rpc.secret import Secret


def test_options_are_a_value_or_a_mapping() -> None:
    made = ClientOptions(api_endpoint="example.com", api_key="k")
    assert ClientOptions.of(made) is made
    assert ClientOptions.of({"api_endpoint": "example.com", "api_key": "k"}) == made
    assert ClientOptions.of(None) == ClientOptions()


def test_an_unknown_option_is_told_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="no option 'api_keys'; did you mean 'api_key'"):
        ClientOptions.of({"api_keys": "x"})
    with pytest.raises(ValueError, match="api_endpoint"):
        v1beta.ModelServiceClient(client_options={"zzz": 1})


def test_options_do_not_show_the_key() -> None:
    made = ClientOptions(api_key="hidden", api_endpoint="example.com")
    assert "hidden" not in repr(made)
    assert "example.com" in repr(made)


@pytest.mark.parametrize("key", ["k", Secret("k")])
def test_a_key_becomes_metadata(key: str | Secret) -> None:
    settings = options.resolve(ClientOptions(api_key=key), "example.com")
    assert ("x-goog-api-key", "k") in settings.metadata
    assert settings.endpoint.target == "example.com:443"
    assert not settings.endpoint.plaintext


def test_a_loopback_endpoint_in_plaintext_needs_no_credential() -> None:
    settings = options.resolve(ClientOptions(api_endpoint="http://127.0.0.1:5"), "example.com")
    assert "x-goog-api-key" not in dict(settings.metadata)


def test_the_key_is_never_sent_in_plaintext_to_another_machine() -> None:
    with pytest.raises(errors.ArgumentError):
        options.resolve(ClientOptions(api_endpoint="http://example.com", api_key="k"), "x")
