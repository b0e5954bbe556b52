"""The metadata a user adds to a call: what gRPC cannot send is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc import errors

if TYPE_CHECKING:
    from gemini_grpc.emulator import Emulator
    from tests.colours import Sync

COUNT = {"model": "models/gemini-2.5-flash", "contents": [{"parts": [{"text": "Hi"}]}]}

SENT: list[Any] = [
    [("x-team", "blue"), ("x.y_z-0", " ~!")],
    (("x-trace-bin", b"\x00\xff"),),
    [["x-team", "blue"]],
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
]


@pytest.mark.parametrize("metadata", SENT, ids=range(len(SENT)))
def test_what_can_be_sent_is_sent(
    emulator: Emulator, connect: Callable[..., Any], colour: Sync, metadata: Any
) -> None:
    colour.call(connect(emulator).count_tokens, COUNT, metadata=metadata)
    assert {tuple(pair) for pair in metadata} <= set(emulator.journal[0].attempts[0].metadata)


@pytest.mark.parametrize(("metadata", "text"), REFUSED)
def test_what_cannot_be_sent_is_refused(
    emulator: Emulator, connect: Callable[..., Any], colour: Sync, metadata: Any, text: str
) -> None:
    with pytest.raises(errors.ArgumentError, match=text) as caught:
        colour.call(connect(emulator).count_tokens, COUNT, metadata=metadata)
    assert "Bearer" not in str(caught.value)
    assert not emulator.journal
