"""Live sessions: BidiGenerateContent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from gemini_grpc.emulator.live import driver
from gemini_grpc.emulator.live.engine import Engine
from gemini_grpc.emulator.services import generative
from gemini_grpc.emulator.services.models import find

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call


def bidi_generate_content(call: Call, requests: Iterator[Data]) -> Iterator[Data]:
    """Hold one session; see `gemini_grpc.emulator.live`."""
    engine = Engine(
        seed=call.world.seed,
        find=partial(find, call, supports="bidiGenerateContent"),
        respond=partial(generative.respond, call, supports="bidiGenerateContent"),
        split=generative.split,
    )
    return driver.hold(call, requests, engine)


HANDLERS = {"GenerativeService.BidiGenerateContent": bidi_generate_content}
