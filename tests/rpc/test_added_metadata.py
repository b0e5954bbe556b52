"""The metadata a user adds to a call: what gRPC cannot send is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc import errors

if TYPE_CHECKING:
    from gemini_grpc.emulator import Emulator
    from tests.colours import Sync

COUNT = {"model": "models/gemini-3.8-flash", "contents": [{"parts": [{"text": "Hi"}]}]}

SENT: list[Any] = [
    [("x-team", "blue"), ("x.y_z-0", " ~!")],
    (("x-trace-bin", b"\x00\xff"),),
    [["x-team", "blue"]],
    [("x-host", "a"), ("traceparent", "00-1-2-01")],
]

REFUSED: list[tuple[Any, str]] = [
    ({"x-team": "blue"}, "metadata: expected pairs of a key and a value, such as"),
    ([("x-team", "blue", "red")], "metadata: expected pairs of a key and a value"),
    (["ab"], "got str"),
    (5, "got int"),
    (iter([("x-team", "blue")]), "got list_iterator"),
    ([("Bad Key", "v")], "metadata has the key 'Bad Key'; expected lower-case"),
    ([("X-Team", "v")], "metadata has the key 'X-Team'; expected lower-case"),
    ([("", "v")], "metadata has the key ''"),
    ([("x-team\n", "v")], r"metadata has the key 'x-team\\n'"),
    ([(b"x-team", "v")], "metadata has the key b'x-team'"),
    ([("x-team", "bläu")], "'x-team' of metadata has a value that is not printable ASCII"),
    ([("x-team", "blue\n")], "'x-team' of metadata has a value that is not printable ASCII"),
    ([("x-team", b"blue")], "'x-team' of metadata is bytes; expected a str"),
    ([("x-team", 5)], "'x-team' of metadata is int; expected a str"),
    ([("x-trace-bin", "blue")], "'x-trace-bin' of metadata is str; expected bytes"),
    ([("Authorization", "Bearer x")], "credentials are given to the client"),
    ([("x-goog-api-key", "x")], "credentials are given to the client"),
    ([("user-agent", "mine")], "'user-agent', which gRPC sets itself; pass client_info"),
    *(
        ([(key, "x")], f"metadata has '{key}', which HTTP/2 or gRPC reserves")
        for key in (
            *("host", "connection", "transfer-encoding", "te", "content-type", "content-length"),
            *("keep-alive", "upgrade", "proxy-connection", "trailer", "http2-settings"),
            *("grpc-encoding", "grpc-timeout", "grpc-retry-pushback-ms", "grpc-status"),
        )
    ),
    ([("grpc-status-details-bin", b"x")], "'grpc-status-details-bin', which HTTP/2 or gRPC"),
    ([(":authority", "x")], "metadata has the key ':authority'; expected lower-case"),
]


@pytest.mark.parametrize("metadata", SENT, ids=range(len(SENT)))
def test_what_can_be_sent_is_sent(
    emulator: Emulator, connect: Callable[..., Any], colour: Sync, metadata: Any
) -> None:
    colour.call(connect(emulator).count_tokens, COUNT, metadata=metadata)
    assert {tuple(pair) for pair in metadata} <= set(emulator.journal[0].attempts[0].metadata)


def test_the_trace_context_of_grpc_may_be_passed_on(
    emulator: Emulator, connect: Callable[..., Any], colour: Sync
) -> None:
    context = [("grpc-trace-bin", b"\x00"), ("grpc-tags-bin", b"\x00")]
    assert colour.call(connect(emulator).count_tokens, COUNT, metadata=context).total_tokens


def test_a_name_is_a_field_and_no_path_so_it_is_sent_as_it_is(
    emulator: Emulator, connect: Callable[..., Any], colour: Sync
) -> None:
    """The service decides about names; nothing between it and the caller reads dots or slashes in one."""
    name = "models/x/../y?a=1&b"
    with pytest.raises(errors.RpcError):
        colour.call(connect(emulator).count_tokens, COUNT | {"model": name})
    (attempt,) = emulator.journal[0].attempts
    assert emulator.journal[0].method == "CountTokens"
    assert emulator.journal[0].request.model == name
    assert ("x-goog-request-params", "model=models/x/../y%3Fa%3D1%26b") in attempt.metadata


@pytest.mark.parametrize(("metadata", "text"), REFUSED)
def test_what_cannot_be_sent_is_refused(
    emulator: Emulator, connect: Callable[..., Any], colour: Sync, metadata: Any, text: str
) -> None:
    with pytest.raises(errors.ArgumentError, match=text) as caught:
        colour.call(connect(emulator).count_tokens, COUNT, metadata=metadata)
    assert "Bearer" not in str(caught.value)
    assert not emulator.journal
