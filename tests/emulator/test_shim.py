from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Fault, Reply, Shim
from gemini_grpc.v1beta import GenerativeServiceClient

MODEL = "models/gemini-3.8-flash"
CONTENTS = [{"parts": [{"text": "hi"}]}]


@pytest.fixture
def shim(emulator: Emulator) -> Iterator[Shim]:
    with emulator.shim() as running:
        yield running


@pytest.fixture
def client(shim: Shim) -> Iterator[GenerativeServiceClient]:
    options = {"api_endpoint": f"http://{shim.target}", "api_key": "test"}
    with GenerativeServiceClient(client_options=options) as made:
        yield made


def ask(client: GenerativeServiceClient, timeout: float = 5.0) -> str:
    response = client.generate_content(model=MODEL, contents=CONTENTS, timeout=timeout, retry=None)
    return response.candidates[0].content.parts[0].text


def stalled(emulator: Emulator, client: GenerativeServiceClient):
    """Start a stream that has sent one message and then says nothing."""
    emulator.script("StreamGenerateContent", [Fault(stall=True, after=1)])
    answers = client.stream_generate_content(
        model=MODEL, contents=CONTENTS, retry=None, timeout=5.0
    )
    next(answers)
    return answers


def test_bytes_pass_both_ways(client, shim):
    assert ask(client)
    assert shim.connections == 1
    assert not shim.fired


def test_a_cut_ends_a_running_stream_and_refuses_new_calls(client, shim, emulator):
    answers = stalled(emulator, client)
    shim.cut()
    with pytest.raises(errors.Unavailable):
        next(answers)
    while shim.fired["cut"] < 2:  # grpc may give a call to the old connection, just after its end
        with pytest.raises(errors.Unavailable):
            ask(client)
    emulator.journal.wait()
    assert emulator.journal[0].attempts[0].cancelled


def test_after_restoring_calls_work_again(client, shim):
    ask(client)
    shim.cut()
    shim.restore()
    assert client.generate_content(model=MODEL, contents=CONTENTS, timeout=5.0)


def test_a_cut_may_come_after_some_bytes(client, shim, emulator):
    emulator.script("GenerateContent", [Reply(text="x" * 100_000, times=None)])
    ask(client)
    shim.cut(after=50_000)
    with pytest.raises(errors.Unavailable):
        ask(client)
    assert shim.fired["cut"] == 1


def test_a_half_close_ends_what_comes_from_the_server(client, shim, emulator):
    answers = stalled(emulator, client)
    shim.half_close()
    with pytest.raises(errors.Unavailable):
        next(answers)
    assert shim.fired["half_close"] == 1


def test_a_black_hole_swallows_everything(client, shim):
    ask(client)
    shim.black_hole()
    with pytest.raises(errors.DeadlineExceeded):
        ask(client, timeout=0.3)
    assert shim.fired["black_hole"] == 1


def test_a_drip_is_slow(client, shim, emulator):
    emulator.script("GenerateContent", [Reply(text="x" * 2000, times=None)])
    ask(client)
    shim.drip(2000)
    with pytest.raises(errors.DeadlineExceeded):
        ask(client, timeout=0.3)
    assert shim.fired["drip"] == 1
    shim.drip(1_000_000)
    assert ask(client) == "x" * 2000


def test_a_drip_ends_when_it_is_restored(client, shim, emulator):
    emulator.script("GenerateContent", [Reply(text="x" * 2000, times=None)])
    ask(client)
    shim.drip(1)
    with pytest.raises(errors.DeadlineExceeded):
        ask(client, timeout=0.2)
    shim.restore()
    assert ask(client) == "x" * 2000


def test_bytes_are_reset_not_closed_by_a_cut(shim):
    with socket.create_connection(tuple(shim.target.split(":"))) as raw:
        raw.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert raw.recv(10)
        shim.cut()
        with pytest.raises(ConnectionResetError):
            list(iter(lambda: raw.recv(1000), b""))


def test_a_closed_shim_listens_no_more(emulator):
    shim = emulator.shim().start()
    host, _, port = shim.target.partition(":")
    shim.close()
    shim.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


def test_a_shim_in_front_of_nothing_closes_connections():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        target = f"127.0.0.1:{closed.getsockname()[1]}"
    with Shim(target) as shim:
        host, _, port = shim.target.partition(":")
        with socket.create_connection((host, int(port))) as raw:
            assert raw.recv(1) == b""


def test_a_shim_needs_a_running_emulator():
    with pytest.raises(errors.ArgumentError, match="not running"):
        Emulator().shim()


def test_numbers_are_checked(shim):
    with pytest.raises(errors.ArgumentError):
        shim.cut(after=-1)
    with pytest.raises(errors.ArgumentError):
        shim.drip(-1)
