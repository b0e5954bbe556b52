"""The soak: many live sessions at once, with an accident every few seconds, and what is left of them.

    python -m tests.live.soak [--colour async|sync] [--sessions N] [--seconds N] [--accidents N]

Every session sends audio in frames of 20 ms and marked messages, and answers calls of a function. In the
end each marked message must have arrived once, or be among those that the session has named as uncertain
or unsent. `lost` counts those that are nowhere; `duplicated` those that arrived twice.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gemini_grpc import errors, v1beta
from gemini_grpc.live import events
from gemini_grpc.live._async.service import AsyncLive
from gemini_grpc.live._sync.service import Live
from gemini_grpc.live.config import LiveConfig, Resume

FRAME_SECONDS = 0.02
FRAME = bytes(640 - 8)
MARK_SECONDS = 0.5
"""How often each session sends a marked message."""
QUIET_SECONDS = 3.0
"""How long the server is silent before a session takes its connection for dead."""
RESUME = Resume(attempts=10**6, budget=1e6, maximum=0.5)
"""Accidents are more frequent here than any policy for the world would bear."""


def look_up(text: str) -> str:
    """Look something up.

    Args:
        text: What to look for.
    """
    return text.upper()


@dataclass
class Tally:
    """What one session has said and heard."""

    name: str
    sent: list[str] = field(default_factory=list)
    """The marked messages that the session has accepted."""
    uncertain: list[bytes] = field(default_factory=list)
    """The messages that it has named as uncertain."""
    heard: int = 0
    """How many marks came back."""
    turns: int = 0
    reconnected: int = 0
    restored: int = 0
    frames: int = 0
    dropped: float = 0.0
    error: Exception | None = None

    def next_mark(self) -> str:
        return f"{self.name} mark {len(self.sent)}."

    def next_frame(self) -> bytes:
        self.frames += 1
        return self.frames.to_bytes(8, "little") + FRAME

    def take(self, event: events.Event) -> None:
        match event:
            case events.TextOut(text=text):
                self.heard += text.startswith(self.name)
            case events.TurnEnd():
                self.turns += 1
            case events.Reconnected(state_restored=restored, uncertain=uncertain):
                self.reconnected += 1
                self.restored += restored
                self.name_uncertain(uncertain)

    def name_uncertain(self, messages: Iterable[Any]) -> None:
        self.uncertain += [message.data for message in messages]

    def finish(self, session: Any) -> None:
        """Take in what a session that has ended can still tell."""
        self.dropped = session.dropped_audio
        self.name_uncertain((*session.uncertain, *session.unsent))


@dataclass(frozen=True)
class Sample:
    """What this process holds at one moment."""

    tasks: int
    threads: int
    descriptors: int
    memory: int
    """In kB."""

    @classmethod
    def take(cls, tasks: int = 0) -> Sample:
        gc.collect()
        status = Path("/proc/self/status").read_text().splitlines()
        memory = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        return cls(tasks, threading.active_count(), len(os.listdir("/proc/self/fd")), memory)


@dataclass
class Outcome:
    """What is left of a soak."""

    tallies: list[Tally]
    samples: list[Sample]
    """Taken while it ran, the first when a quarter was over."""
    before: Sample
    after: Sample
    report: dict[str, Any]
    """What the server has noted."""
    seconds: float
    cpu: float

    @property
    def sent(self) -> int:
        return sum(len(tally.sent) for tally in self.tallies)

    def lost(self) -> list[str]:
        """Return the messages that are nowhere."""
        arrived = self.report["marks"]
        return [
            mark
            for tally in self.tallies
            for mark in tally.sent
            if mark not in arrived and not _names(tally.uncertain, mark)
        ]

    def duplicated(self) -> list[str]:
        """Return the messages and answers that arrived more than once."""
        both = (*self.report["marks"].items(), *self.report["answers"].items())
        return [name for name, count in both if count > 1]

    def uncertain(self) -> tuple[int, int]:
        """Return how many messages were named as uncertain or unsent, and how many of those had arrived."""
        marks = [
            mark for tally in self.tallies for mark in tally.sent if _names(tally.uncertain, mark)
        ]
        return len(marks), sum(mark in self.report["marks"] for mark in marks)

    def __str__(self) -> str:
        count = self.report["count"]
        uncertain, arrived = self.uncertain()
        total = lambda name: sum(getattr(tally, name) for tally in self.tallies)  # noqa: E731
        accidents = {name: count[name] for name in sorted(count) if name not in _NOTED}
        first, last = self.samples[0], self.samples[-1]
        lines = [
            f"{len(self.tallies)} sessions x {self.seconds:.0f} s: CPU {self.cpu:.0f} s of this process",
            f"accidents: {accidents}",
            f"reconnected {total('reconnected')}, state restored {total('restored')}, "
            f"from a wrong handle {count.get('wrong handles', 0)}",
            f"control messages: sent {self.sent}, arrived {len(self.report['marks'])}, "
            f"named as uncertain {uncertain} (of which {arrived} had arrived), "
            f"lost {len(self.lost())}, duplicated {len(self.duplicated())}",
            f"answers to calls: {len(self.report['answers'])}, "
            f"to calls that were unknown {count.get('answers to unknown calls', 0)}, "
            f"that crossed with their withdrawal {count.get('answers to withdrawn calls', 0)}",
            f"turns {total('turns')}, marks heard {total('heard')}",
            f"audio frames: made {total('frames')}, arrived {count.get('frames', 0)}, "
            f"dropped {total('dropped') / FRAME_SECONDS:.0f}, "
            f"twice or out of order {count.get('frames again', 0)}",
        ]
        lines += [
            f"{name}: before {getattr(self.before, name)}, at a quarter {getattr(first, name)}, "
            f"at the end {getattr(last, name)}, closed {getattr(self.after, name)}"
            for name in Sample.__dataclass_fields__
        ]
        return "\n".join(lines)


_NOTED = {
    *("frames", "frames again", "answers to unknown calls", "answers to withdrawn calls"),
    "wrong handles",
}


def _names(messages: list[bytes], mark: str) -> bool:
    data = mark.encode()
    return any(data in message for message in messages)


class Server:
    """The server, in a process of its own."""

    def __init__(self, accidents: float, seed: int) -> None:
        command = [sys.executable, "-m", "tests.live.soak_server", str(accidents), str(seed)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.target = self._process.stdout.readline().strip()

    def calm(self) -> None:
        """Let nothing happen to all connections at once any more."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self._process.stdout.readline()

    def report(self) -> dict[str, Any]:
        """Let it end, and return what it has noted."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        report: dict[str, Any] = json.loads(self._process.stdout.read())
        self._process.stdout.close()
        self._process.wait()
        return report


def _connect(live: Any, tally: Tally) -> Any:
    config = LiveConfig(modalities=["TEXT"], system=tally.name)
    return live.connect(
        "gemini-live", config=config, tools=[look_up], resume=RESUME, idle_timeout=QUIET_SECONDS
    )


async def _async_frames(session: Any, tally: Tally, until: float) -> None:
    due = time.monotonic()
    while (now := time.monotonic()) < until:
        with suppress(errors.UsageError):
            session.offer_audio(tally.next_frame())
        due = max(due + FRAME_SECONDS, now - 1)
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def _async_marks(session: Any, tally: Tally, until: float) -> None:
    while time.monotonic() < until:
        mark = tally.next_mark()
        await session.send_content(mark)
        tally.sent.append(mark)
        await asyncio.sleep(MARK_SECONDS)


async def _async_listen(session: Any, tally: Tally) -> None:
    async for event in session:
        tally.take(event)


async def _async_session(live: Any, tally: Tally, until: float) -> None:
    try:
        async with _connect(live, tally) as session:
            listening = asyncio.create_task(_async_listen(session, tally))
            await asyncio.gather(
                _async_frames(session, tally, until), _async_marks(session, tally, until)
            )
            await asyncio.sleep(QUIET_SECONDS)
            await session.close()
            await listening
    except errors.GeminiError as error:
        tally.error = error
    tally.finish(session)


async def _async_soak(target: str, tallies: list[Tally], seconds: float) -> tuple[Any, ...]:
    client = v1beta.GenerativeServiceAsyncClient(client_options=_options(target))
    live = AsyncLive(client.transport)

    def sample() -> Sample:
        return Sample.take(len(asyncio.all_tasks()))

    async def watch() -> None:
        await asyncio.sleep(seconds / 4)
        while True:
            samples.append(sample())
            await asyncio.sleep(seconds / 16)

    samples: list[Sample] = []
    before = sample()
    until = time.monotonic() + seconds
    watching = asyncio.create_task(watch())
    held = [asyncio.create_task(_async_session(live, tally, until)) for tally in tallies]
    await asyncio.sleep(seconds)
    watching.cancel()
    await asyncio.wait([watching, *held])
    for task in held:
        task.result()
    del held, task
    await live.close()
    await client.close()
    await asyncio.sleep(0.5)
    return before, samples, sample()


def _sync_session(live: Any, tally: Tally, until: float) -> None:
    def frames() -> None:
        due = time.monotonic()
        while (now := time.monotonic()) < until:
            with suppress(errors.UsageError):
                session.offer_audio(tally.next_frame())
            due = max(due + FRAME_SECONDS, now - 1)
            time.sleep(max(0.0, due - time.monotonic()))

    def listen() -> None:
        try:
            for event in session:
                tally.take(event)
        except errors.GeminiError as error:
            tally.error = error

    try:
        with _connect(live, tally) as session:
            helpers = [threading.Thread(target=each, daemon=True) for each in (frames, listen)]
            for helper in helpers:
                helper.start()
            while time.monotonic() < until:
                mark = tally.next_mark()
                session.send_content(mark)
                tally.sent.append(mark)
                time.sleep(MARK_SECONDS)
            time.sleep(QUIET_SECONDS)
            session.close()
            for helper in helpers:
                helper.join()
    except errors.GeminiError as error:
        tally.error = error
    tally.finish(session)


def _sync_soak(target: str, tallies: list[Tally], seconds: float) -> tuple[Any, ...]:
    client = v1beta.GenerativeServiceClient(client_options=_options(target))
    live = Live(client.transport)
    before = Sample.take()
    until = time.monotonic() + seconds
    held = [threading.Thread(target=_sync_session, args=(live, tally, until)) for tally in tallies]
    for thread in held:
        thread.start()
    time.sleep(seconds / 4)
    samples: list[Sample] = []
    while time.monotonic() < until:
        samples.append(Sample.take())
        time.sleep(seconds / 16)
    for thread in held:
        thread.join()
    live.close()
    client.close()
    time.sleep(1.5)
    return before, samples, Sample.take()


def _options(target: str) -> dict[str, Any]:
    return {"api_endpoint": f"http://{target}", "api_key": "key"}


def run(colour: str, *, sessions: int, seconds: float, accidents: float, seed: int = 1) -> Outcome:
    """Hold the sessions for some seconds, and return what is left."""
    server = Server(accidents, seed)
    tallies = [Tally(f"session-{number}") for number in range(sessions)]
    started = time.process_time()
    calm = threading.Timer(seconds, server.calm)
    calm.start()
    if colour == "async":
        # without the debugging of `python -X dev`, which takes more time than all the rest
        found = asyncio.run(_async_soak(server.target, tallies, seconds), debug=False)
    else:
        found = _sync_soak(server.target, tallies, seconds)
    calm.join()
    before, samples, after = found
    cpu = time.process_time() - started
    return Outcome(tallies, samples, before, after, server.report(), seconds, cpu)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.live.soak")
    parser.add_argument("--colour", choices=["async", "sync"], default="async")
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument(
        "--accidents", type=float, default=4.0, help="seconds between two, a session"
    )
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    outcome = run(
        given.colour,
        sessions=given.sessions,
        seconds=given.seconds,
        accidents=given.accidents,
        seed=given.seed,
    )
    print(outcome)
    print("lost:", outcome.lost(), "duplicated:", outcome.duplicated())
    for tally in outcome.tallies:
        if tally.error is not None:
            print(tally.name, tally.error)


if __name__ == "__main__":
    main()
