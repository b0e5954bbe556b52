"""Run the benchmarks and print the table.

    scripts/bench [--rounds N] [WORK ...]

Every figure is taken in a process of its own, the clients in turn, several rounds; the table shows the
median ratio to the plain synchronous stub of the same round.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from tests.benchmarks import emulator, live
from tests.benchmarks.clients import CLIENTS, WORK, can

STARTS = {
    "import": {
        "plain": "import grpc",
        "ours": "import gemini_grpc",
        "google": "import warnings; warnings.simplefilter('ignore'); from google.ai import generativelanguage_v1beta",
    },
    "process to first answer": {
        name: f"from tests.benchmarks.clients import CLIENTS; CLIENTS[{name!r}](PORT).unary()"
        for name in ("plain", "ours", "google")
    },
}
"""What is timed as a whole process, less the start of Python itself."""


def timed(code: str) -> float:
    """Return the CPU seconds of a Python process that runs some code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def starts(port: int, rounds: int, works: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """Return the figures of the work that is a whole process."""
    found: dict[str, dict[str, list[float]]] = {
        work: {name: [] for name in STARTS[work]} for work in works
    }
    for _ in range(rounds * 3):
        bare = timed("pass")
        for work in works:
            for name, code in STARTS[work].items():
                found[work][name].append(timed(code.replace("PORT", str(port))) - bare)
    return found


def calls(place: list[str], rounds: int, works: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """Return the figures of the calls."""
    found: dict[str, dict[str, list[float]]] = {
        work: {name: [] for name in CLIENTS} for work in works
    }
    for _ in range(rounds):
        for work in works:
            for name in filter(lambda name: can(name, work), CLIENTS):
                command = [sys.executable, "-m", "tests.benchmarks.clients", name, work, *place]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found[work][name].append(float(done.stdout))
    return found


def show(found: dict[str, dict[str, list[float]]]) -> None:
    """Print the table."""
    print(f"{'':28}{'plain':>12}" + "".join(f"{name:>13}" for name in CLIENTS if name != "plain"))
    for work, figures in found.items():
        plain = figures["plain"]
        absolute = statistics.median(plain)
        cells = [f"{absolute * 1e6:9.1f} us"]
        for name in CLIENTS:
            if name == "plain":
                continue
            ratios = [a / b for a, b in zip(figures.get(name, []), plain, strict=False)]
            cells.append(f"{statistics.median(ratios):10.2f}" if ratios else f"{'':10}")
        print(f"{work:28}" + "   ".join(cells))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("work", nargs="*", choices=[*WORK, *STARTS, []], help="default: everything")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    arguments = parser.parse_args()
    works = arguments.work or [*WORK, *STARTS]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.server", folder]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            ports = server.stdout.readline().split()
            started = time.perf_counter()
            found = calls([*ports, folder], arguments.rounds, [w for w in works if w in WORK])
            found |= starts(int(ports[0]), arguments.rounds, [w for w in works if w in STARTS])
            show(found)
            print(f"medians of {arguments.rounds} rounds; {time.perf_counter() - started:.0f} s")
        finally:
            server.stdin.close()
            server.wait()
    if not arguments.work:
        live.run(arguments.rounds, list(live.WORK))
        emulator.main()


if __name__ == "__main__":
    main()
