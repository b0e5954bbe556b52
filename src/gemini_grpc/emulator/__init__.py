"""Gemini on this machine: a gRPC server that answers every RPC with no network and no key.

    with Emulator() as emulator:
        options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}

Answers are made by rules, not by a model: they depend on the request, and are the same for the same
request. `services` holds the behaviour of each RPC; what is the same for all of them is driven by the
methods tables and the descriptors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc._lazy import attach

if TYPE_CHECKING:
    from gemini_grpc.emulator.server import Emulator as Emulator

__all__ = ["Emulator"]

__getattr__, __dir__ = attach(__name__, {"Emulator": ".server"})
