"""The metadata of a call."""

from __future__ import annotations

import re

from gemini_grpc import __version__
from gemini_grpc.rpc import metadata


def test_the_client_names_itself() -> None:
    header = metadata.client_header()
    assert f"gemini-grpc/{__version__}" in header
    assert re.fullmatch(r"gl-python/[\d.]+\S* grpc/\S+ gemini-grpc/\S+ pb/\S+", header)


def test_routing_is_encoded_as_a_query() -> None:
    assert metadata.routing_header(("name",), ("models/a",)) == (
        "x-goog-request-params",
        "name=models/a",
    )
    header = metadata.routing_header(("a", "b.c", "d"), ("x&y=z", "", "é"))
    assert header == ("x-goog-request-params", "a=x%26y%3Dz&d=%C3%A9")


def test_there_is_no_routing_without_values() -> None:
    assert metadata.routing_header(("name",), ("",)) is None
