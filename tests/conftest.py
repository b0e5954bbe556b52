"""What holds for every test."""

from __future__ import annotations

import signal
from typing import Any

from hypothesis import settings

settings.register_profile("tests", deadline=None)  # a busy machine is no failure
settings.load_profile("tests")


def pytest_configure() -> None:
    """Let Ctrl-C be heard: the workers of pytest-xdist ignore it, and so would what they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many cases of hostile servers ran; a test that tries several says how many."""
    cases: dict[str, int] = {}
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        path = report.nodeid.partition("::")[0]
        if "hostile" in path and report.when == "call":
            cases[path] = cases.get(path, 0) + dict(report.user_properties).get("cases", 1)
    for path, number in sorted(cases.items()):
        terminalreporter.write_line(f"{path}: {number} cases")
