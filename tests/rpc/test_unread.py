"""What a server turned away without reading it is sent again at once, whatever the policy is."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import pytest

from gemini_grpc import errors

if TYPE_CHECKING:
    from tests.colours import Sync

FILE = {"file": {"display_name": "notes"}}


def leaves_out(connection: h2.connection.H2Connection, stream: int) -> bool:
    """Go away, and name a last stream before the one of the request."""
    connection.close_connection(h2.errors.ErrorCodes.NO_ERROR, last_stream_id=stream - 1)
    return True


def refuses(connection: h2.connection.H2Connection, stream: int) -> bool:
    """Refuse the stream; the connection goes on."""
    connection.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
    return True


def cuts(connection: h2.connection.H2Connection, stream: int) -> bool:
    """Cut the connection when the request has been read."""
    return False


Turn = Callable[[h2.connection.H2Connection, int], bool]


@contextmanager
def server(turn_away: Turn, times: int) -> Iterator[tuple[str, list[int]]]:
    """Run a server that turns away so many requests; give its address and the list of those it saw."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[int] = []

    def answer(connection: h2.connection.H2Connection, stream: int) -> bool:
        seen.append(stream)
        if len(seen) <= times:
            return turn_away(connection, stream)
        headers = [(":status", "200"), ("content-type", "application/grpc")]
        connection.send_headers(stream, headers)
        connection.send_data(stream, bytes(5))
        connection.send_headers(stream, [("grpc-status", "0")], end_stream=True)
        return True

    def serve(peer: socket.socket) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        with peer:
            peer.sendall(connection.data_to_send())
            while data := peer.recv(65536):
                try:
                    events = connection.receive_data(data)
                except h2.exceptions.ProtocolError:
                    return  # the client is still closing streams of a connection that has ended
                ended = [each for each in events if isinstance(each, h2.events.StreamEnded)]
                if not all(answer(connection, each.stream_id) for each in ended):
                    return
                peer.sendall(connection.data_to_send())

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(peer,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.mark.parametrize("turn_away", [leaves_out, refuses])
def test_a_call_that_may_not_be_repeated_is_sent_again_at_once(
    colour: Sync, connect: Callable[..., Any], turn_away: Turn
) -> None:
    with server(turn_away, times=1) as (address, seen):
        client = connect(service="FileService", api_endpoint=address, api_key="k")
        colour.call(client.create_file, FILE, retry=None, timeout=10.0)
    assert len(seen) == 2


def test_it_is_sent_again_once_only_without_a_policy(
    colour: Sync, connect: Callable[..., Any]
) -> None:
    with server(refuses, times=2) as (address, seen):
        client = connect(service="FileService", api_endpoint=address, api_key="k")
        with pytest.raises(errors.Unavailable) as caught:
            colour.call(client.create_file, FILE, retry=None, timeout=10.0)
    assert caught.value.attempts == 2
    assert len(seen) == 2


def test_what_was_read_is_not_sent_again(colour: Sync, connect: Callable[..., Any]) -> None:
    with server(cuts, times=1) as (address, seen):
        client = connect(service="FileService", api_endpoint=address, api_key="k")
        with pytest.raises(errors.Unavailable):
            colour.call(client.create_file, FILE, timeout=10.0)
    assert len(seen) == 1
