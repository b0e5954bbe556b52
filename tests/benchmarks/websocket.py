"""A websocket server that sends canned JSON, for google-genai, which holds its sessions that way.

    python -m tests.benchmarks.websocket

Prints its port, and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys

from websockets.asyncio.server import ServerConnection, serve

BLOB = {"mimeType": "audio/pcm;rate=24000", "data": base64.b64encode(bytes(960)).decode()}
TURN = {"role": "model", "parts": [{"inlineData": BLOB}]}
COMPLETE = json.dumps({"setupComplete": {}}).encode()
ECHO = json.dumps({"serverContent": {"modelTurn": TURN}}).encode()
"""What is sent for each message after the first."""


async def answer(connection: ServerConnection) -> None:
    """Hold one session."""
    answers = COMPLETE
    async for _ in connection:
        await connection.send(answers)
        answers = ECHO


async def main() -> None:
    """Serve until the standard input ends."""
    async with serve(answer, "127.0.0.1", 0, compression=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
