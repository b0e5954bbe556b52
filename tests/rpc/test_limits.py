"""What a client takes from a server, and what it says when a server exceeds that."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from gemini_grpc import ClientOptions, RetryPolicy, errors
from tests.colours import PATIENCE, Sync
from tests.hostile.server import (
    GOAWAY,
    OK_HEADERS,
    Script,
    Server,
    Stream,
    frame,
    message,
)

FIELDS: dict[str, Any] = {"model": "models/x", "contents": [{"parts": [{"text": "Hi"}]}]}
MIB = 1 << 20


@pytest.fixture
def serve(colour: Sync, connect: Callable[..., Any]) -> Iterator[Callable[..., tuple[Server, Any]]]:
    """Return a function that starts a server with a script, and a client of it."""
    running: list[Server] = []

    def start(script: Script, **options: Any) -> tuple[Server, Any]:
        server = Server(script)
        running.append(server.start())
        options = {"api_endpoint": f"http://{server.target}", "api_key": "k"} | options
        return server, connect(**options)

    yield start
    for server in running:
        server.stop()


def unary(colour: Sync, client: Any, **more: Any) -> Any:
    return colour.call(client.generate_content, **FIELDS, **{"timeout": 30.0} | more)


def streamed(colour: Sync, client: Any, **more: Any) -> Any:
    made = colour.call(client.stream_generate_content, **FIELDS, **{"timeout": 30.0} | more)
    return colour.drain(made)


SHAPES = pytest.mark.parametrize("call", [unary, streamed])


# headers and trailers


def in_headers(stream: Stream, *big: tuple[str, str]) -> None:
    stream.answer((*OK_HEADERS, *big))
    stream.write(message(b""))
    stream.trail()


def in_trailers(stream: Stream, *big: tuple[str, str]) -> None:
    stream.answer()
    stream.write(message(b""))
    stream.trail(("grpc-status", "0"), *big)


def in_an_error(stream: Stream, *big: tuple[str, str]) -> None:
    stream.trail(*OK_HEADERS, ("grpc-status", "5"), ("grpc-message", "gone"), *big)


PLACES = [in_headers, in_trailers, in_an_error]


@SHAPES
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("size", [8 << 10, 16 << 10, 200_000, 900_000])
def test_headers_and_trailers_may_be_large(
    colour: Sync, serve: Any, call: Any, place: Any, size: int
) -> None:
    big = "v" * size
    _, client = serve(lambda stream: place(stream, ("x-big", big)))
    if place is in_an_error:
        with pytest.raises(errors.NotFound, match="gone") as caught:
            call(colour, client)
        assert dict(caught.value.metadata)["x-big"] == big
    else:
        call(colour, client)


@SHAPES
@pytest.mark.parametrize("place", PLACES)
def test_metadata_that_are_too_large_name_the_option(
    colour: Sync, serve: Any, call: Any, place: Any
) -> None:
    server, client = serve(lambda stream: place(stream, ("x-big", "v" * (2 * MIB))))
    codes = frozenset({grpc.StatusCode.RESOURCE_EXHAUSTED})
    with pytest.raises(errors.ResourceExhausted, match=r"grpc\.max_metadata_size"):
        call(colour, client, retry=RetryPolicy(codes=codes, initial=0.01))
    assert len(server.streams) == 1  # the next answer would be as large


# messages


@functools.cache
def bomb(size: int) -> bytes:
    """Return a compressed response that has so many bytes when it is decompressed."""
    made = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = [made.compress(b"\xa2\x06" + _varint(size))]  # an unknown field of bytes
    data += [made.compress(bytes(MIB)) for _ in range(size // MIB)]
    return b"".join([*data, made.flush()])


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes([*encoded, number])


def explode(stream: Stream, data: bytes) -> None:
    stream.answer((*OK_HEADERS, ("grpc-encoding", "gzip")))
    stream.write(message(data, flag=1))
    stream.trail()


REFUSED = """
import json, pathlib, re, sys
import gemini_grpc
from tests import colours
target, name, attempts, more = sys.argv[1:]
options = {"api_endpoint": f"http://{target}", "api_key": "k"} | json.loads(more)
fields = {"model": "models/x", "contents": [{"parts": [{"text": "Hi"}]}], "timeout": 30}
colour = next(made for made in colours.COLOURS if made.name == name)()
client = colour.cls()(client_options=options)
for attempt in range(int(attempts)):
    try:
        colour.call(client.generate_content, **fields)
    except gemini_grpc.errors.ResourceExhausted as error:
        # ru_maxrss would count the process that started this one
        peak = re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())
        print(json.dumps([str(error), int(peak[1]) >> 10]))
colour.call(client.close)
colour.end()
"""


def refused(server: Server, colour: Sync, attempts: int, **options: Any) -> list[tuple[str, int]]:
    """Make calls in a new process; return the error of each that is refused, and the peak memory in MiB."""
    arguments = (server.target, colour.name, str(attempts), json.dumps(options))
    said = subprocess.check_output(
        [sys.executable, "-W", "error", "-c", REFUSED, *arguments],
        cwd=Path(__file__).parent.parent.parent,
        text=True,
    )
    return [(error, peak) for error, peak in map(json.loads, said.splitlines())]


def test_a_message_is_limited_by_default(colour: Sync) -> None:
    data = bomb(257 * MIB)
    with Server(lambda stream: explode(stream, data)) as server:
        [(error, _)] = refused(server, colour, 1)
    assert "raise max_receive_message_length in" in error
    assert len(server.streams) == 1


def test_what_is_refused_never_looks_cancelled(colour: Sync, serve: Any) -> None:
    data = bomb(2 * MIB)
    _, client = serve(lambda stream: explode(stream, data), max_receive_message_length=MIB)
    for _ in range(1000):  # a race of grpc core's threads with the start of a call
        with pytest.raises(errors.ResourceExhausted):
            unary(colour, client)


def test_what_is_refused_is_never_in_memory(colour: Sync) -> None:
    sent = iter([bomb(2 * MIB), bomb(200 * MIB)])
    with Server(lambda stream: explode(stream, next(sent))) as server:
        [(_, before), (_, after)] = refused(server, colour, 2, max_receive_message_length=MIB)
    assert after - before < 50


@SHAPES
@pytest.mark.parametrize("limit", [4 * MIB, -1])
def test_a_limit_can_be_raised(colour: Sync, serve: Any, call: Any, limit: int) -> None:
    data = bomb(3 * MIB)
    _, client = serve(lambda stream: explode(stream, data), max_receive_message_length=limit)
    call(colour, client)
    _, small = serve(lambda stream: explode(stream, data), max_receive_message_length=2 * MIB)
    with pytest.raises(errors.ResourceExhausted, match="raise max_receive_message_length in"):
        call(colour, small)


# one answer


@pytest.mark.parametrize("count", [2, 3, 50])
@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("data", [b"", b"\xa2\x06\x00"])
def test_more_than_one_answer_is_an_error_at_once(
    colour: Sync, serve: Any, count: int, ends: bool, data: bytes
) -> None:
    def answer(stream: Stream) -> None:
        stream.answer()
        stream.write(message(data) * count)
        if ends:
            stream.trail()

    server, client = serve(answer)
    with pytest.raises(errors.Internal, match="the server sent more than one answer"):
        unary(colour, client, timeout=60.0)
    assert len(server.streams) == 1


def test_an_answer_whose_status_is_late_is_one_answer(colour: Sync, serve: Any) -> None:
    def answer(stream: Stream) -> None:
        stream.answer()
        stream.write(message(b""))
        time.sleep(1.2)  # longer than grpc.aio is left alone
        stream.trail()

    _, client = serve(answer)
    assert unary(colour, client) is not None


def test_retries_of_grpc_core_are_refused() -> None:
    """A call of grpc.aio that is watched for a second answer would abort the process beside them."""
    with pytest.raises(errors.ArgumentError, match="pass retry= instead"):
        ClientOptions(channel_options=[("grpc.enable_retries", 1)])


# pings


def too_many_pings(stream: Stream) -> None:
    if len(stream.connection.server.connections) > 1:
        stream.answer()
        stream.write(message(b""))
        stream.trail()
        return
    stream.answer()
    stream.send(frame(GOAWAY, 0, struct.pack(">II", stream.number, 11) + b"too_many_pings"))
    stream.connection.close()


def test_an_end_because_of_pings_says_what_to_change(colour: Sync, serve: Any) -> None:
    _, client = serve(too_many_pings)
    with pytest.raises(errors.Unavailable, match="raise keepalive in client_options"):
        unary(colour, client, retry=None)


def test_a_call_survives_an_end_because_of_pings(colour: Sync, serve: Any) -> None:
    server, client = serve(too_many_pings)
    unary(colour, client, retry=RetryPolicy(initial=0.01))
    assert len(server.connections) == 2


def test_pings_are_rarer_after_an_end_because_of_pings(colour: Sync, serve: Any) -> None:
    seconds = 0.25

    def hold(stream: Stream) -> None:
        stream.answer()
        if len(stream.connection.server.connections) == 1:
            stream.send(frame(GOAWAY, 0, struct.pack(">II", stream.number, 11) + b"too_many_pings"))
            stream.connection.close()

    server, client = serve(hold)
    channel = type(client.transport)(
        dataclasses.replace(client.transport.settings, keepalive=seconds)
    )
    often = type(client)(channel=channel)
    with pytest.raises(errors.Unavailable):
        unary(colour, often, retry=None)

    def start() -> Any:
        return colour.start(often.generate_content, **FIELDS, retry=None, timeout=PATIENCE)

    waiting = start()
    while len(server.connections) < 2 or len(server.connections[1].pings) < 5:
        if waiting.done() and len(server.connections) < 2:
            waiting = start()  # grpc may give a call to the connection that has just ended
        assert not waiting.done()
        time.sleep(0.05)
    colour.call(channel.close)
    with pytest.raises((errors.RpcError, errors.ClosedError)):
        waiting.result(PATIENCE)
    pings = server.connections[1].pings[1:]  # the first may be one that measures the bandwidth
    assert min(later - sooner for sooner, later in itertools.pairwise(pings)) > 1.5 * seconds
