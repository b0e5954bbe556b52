"""What holds for every test."""

from __future__ import annotations

import signal

from hypothesis import settings

settings.register_profile("tests", deadline=None)  # a busy machine is no failure
settings.load_profile("tests")


def pytest_configure() -> None:
    """Let Ctrl-C be heard: the workers of pytest-xdist ignore it, and so would what they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
