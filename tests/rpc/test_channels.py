"""Channels that survive: loops, threads, forks, restarts, ageing; and that leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gemini_grpc import RetryPolicy, errors, v1beta
from gemini_grpc.emulator import Emulator, Fault
from tests.colours import Async, Sync
from tests.late_proxy import LateProxy

MODEL = "models/gemini-3.8-flash"
FIELDS = {"model": MODEL, "contents": [{"parts": [{"text": "tell me about the sea"}]}]}


@pytest.fixture
def options(emulator: Emulator) -> dict[str, Any]:
    return {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}


def run(program: str, *arguments: str, **environment: str) -> str:
    """Run a program of its own, and return what it prints; it must not complain."""
    prologue = """
        import asyncio, os, signal, sys
        from gemini_grpc import errors
        from gemini_grpc.v1beta import GenerativeServiceAsyncClient, GenerativeServiceClient
        OPTIONS = {"api_endpoint": f"http://{sys.argv[1]}", "api_key": "k"}
        FIELDS = {"model": "models/gemini-3.8-flash", "contents": [{"parts": [{"text": "hi"}]}]}
    """
    code = textwrap.dedent(prologue) + textwrap.dedent(program)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


# event loops


def test_one_client_serves_two_runs_of_asyncio(emulator: Emulator, options: dict[str, Any]) -> None:
    client = v1beta.GenerativeServiceAsyncClient(client_options=options)

    async def use() -> Any:
        stream = await client.stream_generate_content(**FIELDS)
        assert [message async for message in stream]
        return await client.count_tokens(**FIELDS)

    for _ in range(3):
        assert asyncio.run(use()).total_tokens
    asyncio.run(client.close())
    assert len(emulator.journal.calls("CountTokens")) == 3


def test_a_closed_loop_is_forgotten(options: dict[str, Any]) -> None:
    client = v1beta.GenerativeServiceAsyncClient(client_options=options)

    async def use() -> None:
        await client.count_tokens(**FIELDS)

    for _ in range(5):
        asyncio.run(use())
    assert len(client.transport._connection._opened) == 1
    asyncio.run(client.close())


def test_several_loops_use_one_client_at_once(options: dict[str, Any]) -> None:
    client = v1beta.GenerativeServiceAsyncClient(client_options=options)
    together = threading.Barrier(6)

    async def use() -> list[int]:
        await asyncio.to_thread(together.wait, 10)
        answers = await asyncio.gather(*(client.count_tokens(**FIELDS) for _ in range(20)))
        await asyncio.to_thread(together.wait, 10)
        return [answer.total_tokens for answer in answers]

    with ThreadPoolExecutor(6) as threads:
        results = list(threads.map(lambda _: asyncio.run(use()), range(6)))
    assert {total for result in results for total in result} == {results[0][0]}
    asyncio.run(client.close())


def test_a_client_closes_its_connections_in_every_loop(
    emulator: Emulator, options: dict[str, Any]
) -> None:
    client = v1beta.GenerativeServiceAsyncClient(client_options=options)
    other = Async()
    other.call(client.count_tokens, **FIELDS)
    asyncio.run(client.close())
    with pytest.raises(errors.ClosedError):
        other.call(client.count_tokens, **FIELDS)
    other.end()
    assert len(emulator.journal) == 1


# threads


def test_many_threads_use_one_client(emulator: Emulator, options: dict[str, Any]) -> None:
    with (
        v1beta.GenerativeServiceClient(client_options=options) as client,
        ThreadPoolExecutor(32) as threads,
    ):
        answers = list(threads.map(lambda _: client.count_tokens(**FIELDS), range(200)))
        assert {answer.total_tokens for answer in answers} == {answers[0].total_tokens}
    assert len({call.attempts[0].peer for call in emulator.journal}) == 1


def test_more_calls_than_the_server_takes_at_once_wait(
    colour: Sync, connect: Callable[..., Any]
) -> None:
    with Emulator(max_concurrent_streams=4) as emulator:
        client = connect(emulator)
        answers = colour.together([lambda: client.count_tokens(**FIELDS)] * 40)
        assert all(answer.total_tokens for answer in answers)


# a server that is far away


def test_a_server_that_is_far_away_is_reached_at_the_first_attempt(
    colour: Sync, emulator: Emulator
) -> None:
    clients = v1beta.GenerativeServiceClient, v1beta.GenerativeServiceAsyncClient
    with LateProxy(emulator.target, seconds=0.4) as late:
        options = {"api_endpoint": f"http://{late.address}", "api_key": "k"}
        client = clients[colour.name == "async"](client_options=options)
        assert colour.call(client.count_tokens, **FIELDS, retry=None).total_tokens
        assert late.connections == 1
        colour.call(client.close)


# forks

FORK = """
    client = GenerativeServiceClient(client_options=OPTIONS)
    stream = client.stream_generate_content(**FIELDS)
    next(stream)
    total = client.count_tokens(**FIELDS).total_tokens
    children = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            code = 1
            signal.alarm(10)
            try:
                for _ in range(3):
                    assert client.count_tokens(**FIELDS, timeout=20.0).total_tokens == total
                assert list(client.stream_generate_content(**FIELDS))
                client.close()
                code = 0
            finally:
                os._exit(code)
        children.append(pid)
    ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    assert client.count_tokens(**FIELDS).total_tokens == total
    assert list(stream)
    client.close()
    print(ended)
"""

ASYNC_FORK = """
    client = GenerativeServiceAsyncClient(client_options=OPTIONS)

    async def use():
        stream = await client.stream_generate_content(**FIELDS)
        assert [message async for message in stream]
        return (await client.count_tokens(**FIELDS, timeout=20.0)).total_tokens

    total = asyncio.run(use())
    children = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            code = 1
            signal.alarm(10)
            try:
                assert [asyncio.run(use()) for _ in range(2)] == [total] * 2
                code = 0
            finally:
                os._exit(code)
        children.append(pid)
    ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    assert asyncio.run(use()) == total
    asyncio.run(client.close())
    print(ended)
"""

ASYNC_FORK_BEFORE_USE = """
    client = GenerativeServiceAsyncClient(client_options=OPTIONS)

    async def use():
        async with client:
            return (await client.count_tokens(**FIELDS, timeout=20.0)).total_tokens

    children = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            code = 1
            signal.alarm(10)
            try:
                assert asyncio.run(use())
                code = 0
            finally:
                os._exit(code)
        children.append(pid)
    print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children])
"""


@pytest.mark.parametrize(
    "program",
    [FORK, ASYNC_FORK, ASYNC_FORK_BEFORE_USE],
    ids=["sync", "async", "async made before and used after"],
)
def test_a_client_works_after_a_fork(emulator: Emulator, program: str) -> None:
    assert run(program, emulator.target) == "[0, 0, 0, 0]\n"


POOL = """
    import multiprocessing

    client = GenerativeServiceClient(client_options=OPTIONS)
    client.count_tokens(**FIELDS)

    def work(number):
        return client.count_tokens(**FIELDS, timeout=20.0).total_tokens

    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(len(set(pool.map(work, range(20)))))
        pool.close()
        pool.join()
    client.close()
"""


def test_a_client_works_in_a_pool_of_processes(emulator: Emulator) -> None:
    assert run(POOL, emulator.target) == "1\n"


# nothing is left behind


def threads() -> int:
    """Return how many threads there are, without those of emulators."""
    return len([each for each in threading.enumerate() if not each.name.startswith("gemini-")])


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def settled(count: Callable[[], int], most: int) -> int:
    """Return a count once it is no more than it may be, or what it is after some seconds."""
    until = time.monotonic() + 5
    while count() > most and time.monotonic() < until:
        gc.collect()
        time.sleep(0.01)
    return count()


def cycle(colour: Sync, options: dict[str, Any]) -> None:
    """Make a client, use it and close it."""

    async def in_async() -> None:
        async with v1beta.GenerativeServiceAsyncClient(client_options=options) as client:
            await client.count_tokens(**FIELDS)

    if isinstance(colour, Async):
        colour.call(in_async)
    else:
        with v1beta.GenerativeServiceClient(client_options=options) as client:
            client.count_tokens(**FIELDS)


def assert_flat(colour: Sync, options: dict[str, Any], cycles: int) -> None:
    for _ in range(20):
        cycle(colour, options)
    gc.collect()
    before, files = threads(), descriptors()
    for _ in range(cycles):
        cycle(colour, options)
    assert settled(threads, before) <= before
    assert settled(descriptors, files + 5) <= files + 5
    if isinstance(colour, Async):

        async def tasks() -> int:
            return len(asyncio.all_tasks())

        assert colour.call(tasks) == 1


def test_clients_leave_nothing_behind(colour: Sync, options: dict[str, Any]) -> None:
    assert_flat(colour, options, 50)


@pytest.mark.soak
def test_a_thousand_clients_leave_nothing_behind(colour: Sync, options: dict[str, Any]) -> None:
    assert_flat(colour, options, 1000)


def test_a_client_that_was_never_used_opens_nothing(
    colour: Sync, options: dict[str, Any], emulator: Emulator
) -> None:
    with emulator.shim() as shim:
        made = dict(options, api_endpoint=f"http://{shim.target}")
        clients = [colour.cls()(client_options=made) for _ in range(10)]
        for client in clients:
            colour.call(client.close)
        assert shim.connections == 0


def test_a_client_that_was_not_closed_goes_away_with_its_last_reference(
    options: dict[str, Any], emulator: Emulator
) -> None:
    with emulator.shim() as shim:
        made = dict(options, api_endpoint=f"http://{shim.target}")
        client = v1beta.GenerativeServiceClient(client_options=made)
        client.count_tokens(**FIELDS)
        assert len(shim._open()) == 1
        del client
        assert settled(lambda: len(shim._open()), 0) == 0


# connections that go away


def test_a_server_that_was_restarted_is_found_again(
    colour: Sync, connect: Callable[..., Any]
) -> None:
    emulator = Emulator().start()
    client = connect(emulator)
    port = int(emulator.target.rpartition(":")[2])
    for _ in range(3):
        assert colour.call(client.count_tokens, **FIELDS)
        emulator.close()
        with pytest.raises(errors.Unavailable):
            colour.call(client.count_tokens, **FIELDS, retry=None, timeout=5.0)
        emulator = Emulator(port=port).start()
        started = time.monotonic()
        assert colour.call(client.count_tokens, **FIELDS, timeout=10.0)
        assert time.monotonic() - started < 3
        assert len(emulator.journal) == 1
    emulator.close()


def test_a_connection_that_was_reset_while_idle_is_made_anew(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    with emulator.shim() as shim:
        client = connect(api_endpoint=f"http://{shim.target}", api_key="k")
        for number in range(1, 5):
            assert colour.call(client.count_tokens, **FIELDS, timeout=10.0)
            assert shim.connections == number
            shim.cut()
            shim.restore()
        assert shim.fired["cut"] == 4


def test_ageing_connections_lose_no_call(colour: Sync, connect: Callable[..., Any]) -> None:
    with Emulator(max_connection_age=0.1, max_connection_age_grace=2.0) as emulator:
        client = connect(emulator)
        peers = set()
        for _ in range(100):
            assert colour.call(client.count_tokens, **FIELDS)
            if _ % 10 == 0:
                time.sleep(0.05)  # so that the connection gets old
        for call in emulator.journal:
            peers.update(attempt.peer for attempt in call.attempts)
        assert len(peers) > 1
        assert len(emulator.journal) == 100


@pytest.mark.soak
@pytest.mark.parametrize("grace", [0.05, 2.0])
def test_ageing_connections_lose_no_call_in_a_storm(
    colour: Sync, connect: Callable[..., Any], grace: float
) -> None:
    """GOAWAY about every 300 ms for some seconds: every repeatable call succeeds."""
    outcomes: Counter[str] = Counter()
    with Emulator(max_connection_age=0.3, max_connection_age_grace=grace) as emulator:
        emulator.script("GenerateContent", [Fault(delay=0.02, times=None)])
        client = connect(emulator, retry=RetryPolicy(attempts=10, initial=0.05))
        until = time.monotonic() + 8
        while time.monotonic() < until:
            calls = [lambda: client.generate_content(**FIELDS, timeout=20.0)] * 15
            calls += [lambda: client.count_tokens(**FIELDS, timeout=20.0)] * 15
            outcomes.update(type(result).__name__ for result in colour.together(calls))
        emulator.journal.wait()
        peers = {attempt.peer for call in emulator.journal for attempt in call.attempts}
        tried = Counter(len(call.attempts) for call in emulator.journal)
    print(f"outcomes {dict(outcomes)}, {len(peers)} connections, attempts {dict(tried)}")
    assert set(outcomes) == {"GenerateContentResponse", "CountTokensResponse"}
    assert sum(outcomes.values()) > 500
    assert len(peers) > 10


@pytest.mark.soak
def test_resets_lose_no_call_that_may_be_repeated(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("CountTokens", [Fault(delay=0.01, times=None)])
    outcomes: Counter[str] = Counter()
    with emulator.shim() as shim:
        policy = RetryPolicy(attempts=50, initial=0.05, maximum=0.2)
        client = connect(api_endpoint=f"http://{shim.target}", api_key="k", retry=policy)
        ended = threading.Event()

        def disturb() -> None:
            while not ended.wait(0.2):
                shim.cut()
                shim.restore()

        thread = threading.Thread(target=disturb)
        thread.start()
        until = time.monotonic() + 6
        while time.monotonic() < until:
            calls = [lambda: client.count_tokens(**FIELDS, timeout=20.0)] * 20
            outcomes.update(type(result).__name__ for result in colour.together(calls))
        ended.set()
        thread.join()
        print(f"outcomes {dict(outcomes)}, resets {shim.fired['cut']}")
        assert set(outcomes) == {"CountTokensResponse"}
        assert shim.fired["cut"] > 10


def test_keepalive_does_not_disturb(colour: Sync, connect: Callable[..., Any]) -> None:
    with Emulator() as emulator:
        client = connect(emulator, keepalive=10.0)
        assert colour.call(client.count_tokens, **FIELDS)


# quiet

QUIET = """
    import logging
    logging.basicConfig(level=logging.WARNING)

    async def use(client):
        stream = await client.stream_generate_content(**FIELDS)
        async for message in stream:
            break
        del stream
        assert (await client.count_tokens(**FIELDS)).total_tokens
        try:
            await client.count_tokens(model="models/none", contents=FIELDS["contents"])
        except errors.NotFound:
            pass

    async def closed():
        async with GenerativeServiceAsyncClient(client_options=OPTIONS) as client:
            await use(client)

    asyncio.run(closed())
    kept = GenerativeServiceAsyncClient(client_options=OPTIONS)
    for _ in range(2):
        asyncio.run(use(kept))
    with GenerativeServiceClient(client_options=OPTIONS) as client:
        for message in client.stream_generate_content(**FIELDS):
            break
        assert client.count_tokens(**FIELDS).total_tokens
    forgotten = GenerativeServiceClient(client_options=OPTIONS)
    stream = forgotten.stream_generate_content(**FIELDS)
    next(stream)
    nobody = GenerativeServiceClient(
        client_options={"api_endpoint": "http://127.0.0.1:1", "api_key": "k"}
    )
    try:
        nobody.count_tokens(**FIELDS, timeout=0.3)
    except errors.Unavailable:
        print("done")
"""


def test_nothing_is_written_to_stderr(emulator: Emulator) -> None:
    assert run(QUIET, emulator.target) == "done\n"


def test_a_program_ends_at_once(emulator: Emulator) -> None:
    program = """
        import time
        client = GenerativeServiceClient(client_options=OPTIONS)
        client.count_tokens(**FIELDS)
        print(time.time())
    """
    ended = float(run(program, emulator.target))
    assert time.time() - ended < 1.5


def test_a_server_that_goes_away_is_not_logged(
    caplog: pytest.LogCaptureFixture, colour: Sync, connect: Callable[..., Any]
) -> None:
    with caplog.at_level(logging.WARNING, logger="grpc"), Emulator() as emulator:
        client = connect(emulator)
        emulator.script("StreamGenerateContent", [Fault(stall=True, after=1)])
        stream = colour.call(client.stream_generate_content, **FIELDS)
        colour.next(stream)
        emulator.close()
        with pytest.raises(errors.RpcError):
            colour.next(stream)
    assert not [record for record in caplog.records if record.name.startswith("grpc")]


def test_a_tls_failure_is_not_written_to_stderr(emulator: Emulator, tmp_path: Path) -> None:
    program = """
        client = GenerativeServiceClient(
            client_options={"api_endpoint": sys.argv[1], "api_key": "k", "proxy": ""}
        )
        try:
            client.count_tokens(**FIELDS, timeout=1.0)
        except errors.TlsError:
            print("refused")
    """
    with Emulator(tls=True) as secure:
        assert run(program, secure.target) == "refused\n"
