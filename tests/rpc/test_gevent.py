"""A process that gevent has patched is told how grpcio works in it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gemini_grpc.emulator import Emulator

CALLS = """
from gevent import monkey
if "patch" in sys.argv:
    monkey.patch_all()
import warnings
import grpc.experimental.gevent
if "init" in sys.argv:
    grpc.experimental.gevent.init_gevent()
import gemini_grpc
from gemini_grpc.live import LiveConfig

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(2):
        options = {"api_endpoint": f"http://{sys.argv[1]}"}
        with gemini_grpc.Client(api_key="k", client_options=options) as client:
            client.model_service.get_model(name="models/gemini-2.5-flash")
            if "live" in sys.argv:
                with client.live.connect("gemini-live", config=LiveConfig(modalities=["TEXT"])) as session:
                    print(session.ask("Hi").text)
for each in caught:
    print(each.category.__name__, each.message)
"""


def lines(emulator: Emulator, *words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", "import sys\n" + CALLS, emulator.target, *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_a_process_that_gevent_has_patched_is_warned_once(emulator: Emulator) -> None:
    (line,) = lines(emulator, "patch")
    assert line.startswith("RuntimeWarning")
    assert "Call grpc.experimental.gevent.init_gevent()" in line


def test_live_sessions_work_after_the_call_that_the_warning_names(emulator: Emulator) -> None:
    said = lines(emulator, "patch", "init", "live")
    assert len(said) == 2
    assert not any("Warning" in line for line in said)


@pytest.mark.parametrize("words", [(), ("live",)])
def test_gevent_alone_is_no_reason_to_warn(emulator: Emulator, words: tuple[str, ...]) -> None:
    assert not any("Warning" in line for line in lines(emulator, *words))
