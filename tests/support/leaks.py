"""Measure what a process keeps of an operation that it repeats.

    python -m tests.support.leaks HOST:PORT CASE ... [--ca FILE] [--repetitions N]

Each case of `leak_cases` is repeated in a process of its own, whose figures are read every so often: bytes
that are allocated, objects of the garbage collector, descriptors, threads and tasks. The result is how
much each grows with a repetition, from a quarter of the repetitions on: what is made once, and what a pool
holds, does not count, and neither does what the process had before.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import gc
import json
import os
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SAMPLES = 20
"""How often the figures are read."""

LIMITS = {
    "memory": 100.0,
    "objects": 0.1,
    "descriptors": 0.005,
    "threads": 0.005,
    "tasks": 0.005,
}
"""How much of each may come with a repetition: bytes, and numbers."""

_SETTLING = 5.0
"""Seconds that threads and sockets which are ending have for it."""


_ENVIRONMENT = {
    # every allocation of Python goes to malloc, which says how many bytes are in use
    "PYTHONMALLOC": "malloc",
    # glibc counts what free() puts into the cache of a thread as in use: up to 240 kB for each thread
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0",
    "PYTHONWARNINGS": "error",
}
"""What a process has in its environment to be measured."""


@dataclass
class Report:
    """What one case leaves behind."""

    case: str
    slopes: dict[str, float] = field(default_factory=dict)
    """What comes with each repetition."""
    sockets_left: int = 0
    """TCP sockets that are open when the client has been closed."""

    @property
    def leaks(self) -> dict[str, float]:
        """What grows faster than it may."""
        return {name: slope for name, slope in self.slopes.items() if slope > LIMITS[name]}

    def __str__(self) -> str:
        shown = ", ".join(f"{name} {slope:.3f}" for name, slope in self.slopes.items())
        return f"{self.case}: {shown}; {self.sockets_left} sockets left"


def measure(
    target: str,
    cases: Sequence[str],
    *,
    repetitions: int = 2000,
    ca: Path | None = None,
    timeout: float = 600.0,
) -> list[Report]:
    """Run cases against an emulator, one after the other, in a new process."""
    command = [sys.executable, "-m", "tests.support.leaks", target, *cases]
    command += ["--repetitions", str(repetitions)]
    if ca is not None:
        command += ["--ca", str(ca)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, **_ENVIRONMENT},
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return [Report(**json.loads(line)) for line in done.stdout.splitlines()]


class _Mallinfo2(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


_mallinfo2: Any = ctypes.CDLL(None).mallinfo2  # of glibc
_mallinfo2.restype = _Mallinfo2


def allocated() -> int:
    """Return the bytes that malloc has given out: exact, unlike the pages that the process has."""
    info = _mallinfo2()
    return int(info.uordblks + info.hblkhd)


def tcp_sockets() -> int:
    """Return how many TCP sockets this process has open."""
    inodes: set[str] = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError):
            lines = Path("/proc/self/net", table).read_text().splitlines()[1:]
            inodes.update(line.split()[9] for line in lines)
    return sum(link.startswith("socket:[") and link[8:-1] in inodes for link in _links())


def _links() -> Iterator[str]:
    for entry in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the descriptor of this listing
            yield os.readlink(f"/proc/self/fd/{entry}")


def figures(loop: asyncio.AbstractEventLoop | None = None) -> dict[str, float]:
    """Return what the process holds."""
    gc.collect()
    return {
        "memory": allocated(),
        "objects": len(gc.get_objects()),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "tasks": 0 if loop is None else len(asyncio.all_tasks(loop)),
    }


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Return the rise of a line through points, by the median of the rises between any two (Theil-Sen).

    A single large allocation, such as a table that doubles, does not move it.
    """
    rises = sorted(
        (y2 - y1) / (x2 - x1)
        for number, (x1, y1) in enumerate(samples)
        for x2, y2 in samples[number + 1 :]
    )
    return rises[len(rises) // 2]


def _settle(read: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Return the figures when threads and descriptors have stopped ending."""
    counted = ("descriptors", "threads", "tasks")
    until = time.monotonic() + _SETTLING
    last = read()
    while time.monotonic() < until:
        time.sleep(0.005)
        now = read()
        if all(now[name] >= last[name] for name in counted):
            return now
        last = now
    return last


def watch(name: str, repeat: Any, repetitions: int, loop: Any = None) -> Report:
    """Repeat something and return how much comes with each repetition; `repeat` does it so many times."""
    each = max(1, repetitions // SAMPLES)
    repeat(each)
    gc.collect()
    gc.freeze()  # what there is already need not be looked at again and again
    # arrays of their final size: what is measured does not grow by being measured
    samples = {name: array("d", bytes(8 * SAMPLES)) for name in LIMITS}
    for number in range(SAMPLES):
        repeat(each)
        for key, figure in _settle(lambda: figures(loop)).items():
            samples[key][number] = figure
    report = Report(name)
    for key, values in samples.items():
        points = [((number + 1) * each, value) for number, value in enumerate(values)]
        report.slopes[key] = slope(points[SAMPLES // 4 :])
    return report


def main() -> None:
    """Print the report of each case as a line of JSON."""
    from tests.support import leak_cases

    parser = argparse.ArgumentParser(prog="python -m tests.support.leaks")
    parser.add_argument("target")
    parser.add_argument("cases", nargs="+", choices=[*leak_cases.CASES])
    parser.add_argument("--ca")
    parser.add_argument("--repetitions", type=int, default=2000)
    parser.add_argument("--text", action="store_true", help="print for people")
    arguments = parser.parse_args()
    for name in arguments.cases:
        report = leak_cases.run(name, arguments.target, arguments.ca, arguments.repetitions)
        if arguments.text:
            print(report, flush=True)
        else:
            print(json.dumps(asdict(report)), flush=True)


if __name__ == "__main__":
    main()
