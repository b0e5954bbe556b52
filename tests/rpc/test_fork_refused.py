"""A fork in the middle of asynchronous work, which grpc does not survive, is told and not tried."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemini_grpc.emulator import Emulator

PROGRAM = """
import asyncio, os, signal, sys
from gemini_grpc import errors
from gemini_grpc.v1beta import GenerativeServiceAsyncClient

client = GenerativeServiceAsyncClient(
    client_options={"api_endpoint": f"http://{sys.argv[1]}", "api_key": "k"}
)

async def use():
    fields = {"model": "models/gemini-3.8-flash", "contents": [{"parts": [{"text": "hi"}]}]}
    return (await client.count_tokens(**fields, timeout=5.0)).total_tokens

async def main():
    assert await use()
    pid = os.fork()
    if pid == 0:
        code = 1
        signal.alarm(10)
        try:
            asyncio.run(use())
        except errors.ClosedError as error:
            code = 0 if "does not survive a fork" in str(error) else 2
        finally:
            os._exit(code)
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert await use()
    await client.close()
    print(ended)

asyncio.run(main())
"""


def test_a_child_of_a_running_loop_is_told_and_the_parent_goes_on(emulator: Emulator) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, emulator.target],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
