"""What a program may keep, and what other threads may do, when it forks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gemini_grpc.emulator import Emulator
from tests.rpc.test_channels import run

if TYPE_CHECKING:
    from tests.authority import Authority

CHILDREN = """
    def ended(work):
        pid = os.fork()
        if pid == 0:
            signal.alarm(10)
            code = 1
            try:
                work()
                code = 0
            except errors.ClosedError as error:
                code = 2 if "synchronous client in the child" in str(error) else 3
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""

KEPT_ERRORS = """
    client = GenerativeServiceAsyncClient(client_options=OPTIONS)

    async def use():
        return (await client.count_tokens(**FIELDS, timeout=8.0)).total_tokens

    async def failing():
        none = {**FIELDS, "model": "models/none"}
        calls = client.count_tokens(**none), client.stream_generate_content(**none)
        return await asyncio.gather(*calls, return_exceptions=True)

    kept = asyncio.run(failing())
    assert [type(error).__name__ for error in kept] == ["NotFound"] * 2
    print([ended(lambda: asyncio.run(use())) for _ in range(2)])
"""

KEPT_STREAM = """
    client = GenerativeServiceAsyncClient(client_options=OPTIONS)

    async def use():
        stream = await client.stream_generate_content(**FIELDS)
        assert [message async for message in stream]
        return stream

    kept = asyncio.run(use())
    print([ended(lambda: asyncio.run(use())) for _ in range(2)])
"""

KEPT_SESSION = """
    client = GenerativeServiceAsyncClient(client_options=OPTIONS)

    async def use(requests):
        stream = await client.bidi_generate_content(requests)
        try:
            return [message async for message in stream], stream
        except ValueError as error:
            return error

    def failing():
        yield {"setup": {"model": "models/gemini-3.8-live"}}
        raise ValueError("mine")

    kept = asyncio.run(use(failing()))
    assert isinstance(kept, ValueError)
    setup = [{"setup": {"model": "models/gemini-3.8-live"}}]
    print([ended(lambda: asyncio.run(use(setup))) for _ in range(2)])
"""


@pytest.mark.parametrize(
    "program",
    [KEPT_ERRORS, KEPT_STREAM, KEPT_SESSION],
    ids=["errors", "a stream", "an error of the requests"],
)
def test_what_is_kept_of_calls_that_have_ended_does_not_matter(
    emulator: Emulator, program: str
) -> None:
    assert run(CHILDREN + program, emulator.target) == "[0, 0]\n"


UNREAD_STREAM = """
    client = GenerativeServiceAsyncClient(client_options=OPTIONS)

    async def unread():
        stream = await client.stream_generate_content(**FIELDS)
        await anext(stream)
        return stream

    async def use():
        async with GenerativeServiceAsyncClient(client_options=OPTIONS) as client:
            await client.count_tokens(**FIELDS, timeout=8.0)

    def asynchronous():
        asyncio.run(use())

    def synchronous():
        with GenerativeServiceClient(client_options=OPTIONS) as client:
            client.count_tokens(**FIELDS, timeout=8.0)

    def children():
        return [ended(work) for work in (asynchronous, synchronous, kept.clear)]
"""

LOOP_ENDED = """
    kept = [asyncio.run(unread())]
    print(children())
"""

CLOSED_IN_LOOP = """
    async def main():
        kept.append(await unread())
        await client.close()
        print(children())

    kept = []
    asyncio.run(main())
"""


@pytest.mark.parametrize(
    "program", [LOOP_ENDED, CLOSED_IN_LOOP], ids=["the loop ended", "the client was closed"]
)
def test_a_child_of_a_process_that_keeps_an_unread_stream_is_told(
    emulator: Emulator, program: str
) -> None:
    assert run(CHILDREN + UNREAD_STREAM + program, emulator.target) == "[2, 0, 0]\n"


CLOSED = """
    import random, time

    def synchronous():
        with GenerativeServiceClient(client_options=OPTIONS) as client:
            client.count_tokens(**FIELDS, timeout=8.0)

    async def use():
        async with GenerativeServiceAsyncClient(client_options=OPTIONS) as client:
            await client.count_tokens(**FIELDS, timeout=8.0)

    def asynchronous():
        asyncio.run(use())

    for _ in range(50):
        for work in (synchronous, asynchronous):
            synchronous()
            until = time.perf_counter() + random.random() * 0.001
            while time.perf_counter() < until:
                pass
            assert ended(work) != -signal.SIGALRM
"""


def test_a_fork_right_after_a_client_was_closed_does_not_hang(emulator: Emulator) -> None:
    assert run(CHILDREN + CLOSED, emulator.target) == ""


BESIDE_CALLS = """
    import threading, warnings

    warnings.filterwarnings("ignore", "This process .* is multi-threaded")
    client = GenerativeServiceClient(client_options=OPTIONS)
    calls = threading.Condition()
    running, forking, over, failed = 0, False, False, []

    def call():
        client.count_tokens(**FIELDS, timeout=8.0)

    def keep_calling():
        global running
        while not over:
            with calls:
                calls.wait_for(lambda: not forking)
                running += 1
            try:
                call()
            except errors.RpcError as error:
                failed.append(error)
            with calls:
                running -= 1
                calls.notify_all()

    threads = [threading.Thread(target=keep_calling) for _ in range(4)]
    for thread in threads:
        thread.start()
    codes = set()
    for _ in range(50):
        with calls:
            forking = True
            calls.wait_for(lambda: running == 0)
        codes.add(ended(call))
        with calls:
            forking = False
            calls.notify_all()
    over = True
    for thread in threads:
        thread.join()
    print(codes, failed)
"""


def test_a_child_works_if_no_call_runs_while_a_process_with_threads_forks(
    emulator: Emulator,
) -> None:
    """With calls running 2 to 10 % of the children die inside grpc core, as README says."""
    assert run(CHILDREN + BESIDE_CALLS, emulator.target) == "{0} []\n"


RUNNING = """
    kept = GenerativeServiceAsyncClient(client_options=OPTIONS)

    async def call(client):
        return (await client.count_tokens(**FIELDS, timeout=8.0)).total_tokens

    def inherited():
        asyncio.run(call(kept))

    def new():
        asyncio.run(call(GenerativeServiceAsyncClient(client_options=OPTIONS)))

    def new_of_a_grandchild():
        os._exit(ended(new))

    def synchronous():
        with GenerativeServiceClient(client_options=OPTIONS) as client:
            client.count_tokens(**FIELDS, timeout=8.0)

    async def main():
        await call(kept)
        print([ended(work) for work in (inherited, new, new_of_a_grandchild, synchronous)])
        await call(kept)
        await kept.close()

    asyncio.run(main())
    print(ended(new))
"""


def test_a_child_of_a_running_loop_is_told_whatever_client_it_makes(emulator: Emulator) -> None:
    assert run(CHILDREN + RUNNING, emulator.target) == "[2, 2, 2, 0]\n0\n"


REFRESHING = """
    import datetime, threading
    import google.auth.credentials

    inside, release = threading.Event(), threading.Event()

    class Held(google.auth.credentials.Credentials):
        def refresh(self, request):
            if threading.current_thread() is not threading.main_thread():
                inside.set()
                release.wait(10)
            now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
            self.token, self.expiry = "token", now + datetime.timedelta(seconds=3600)

    options = {"api_endpoint": sys.argv[1], "ca_certificates": sys.argv[2], "proxy": ""}
    client = GenerativeServiceClient(credentials=Held(), client_options=options)
    thread = threading.Thread(target=lambda: client.count_tokens(**FIELDS))
    thread.start()
    inside.wait(10)
    print(ended(lambda: client.count_tokens(**FIELDS, timeout=5.0)))
    release.set()
    thread.join()
    client.close()
"""


def test_a_fork_while_a_token_is_fetched_lets_the_child_fetch_its_own(
    authority: Authority, ca: object
) -> None:
    with Emulator(tls=True, certificates=authority.server()) as secure:
        assert run(CHILDREN + REFRESHING, secure.target, str(ca)) == "0\n"
