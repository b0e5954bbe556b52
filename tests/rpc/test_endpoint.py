"""Where a call goes."""

from __future__ import annotations

import pytest

from gemini_grpc.errors import ArgumentError
from gemini_grpc.rpc import endpoint


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
        ("http://example.com", "loopback addresses only"),
        ("http://10.0.0.1:80", "loopback addresses only"),
        ("http://localhost.example.com", "loopback addresses only"),
    ],
)
def test_what_is_no_address_is_refused(given: str, text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        endpoint.parse(given)
