"""Gemini on this machine: a gRPC server that answers every RPC with no network and no key.

    with Emulator(seed=7) as emulator:
        emulator.script("GenerateContent", [Fault("UNAVAILABLE", times=2), Reply(text="done")])
        options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
        ...
        emulator.journal  # every call and attempt, in order

Answers are made by rules, not by a model: they depend on the request, and are the same for the same
request. `services` holds the behaviour of each RPC; what is the same for all of them is driven by the
methods tables and the descriptors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc._lazy import attach

if TYPE_CHECKING:
    from gemini_grpc.emulator.authentication import Authentication as Authentication
    from gemini_grpc.emulator.certificates import Certificates as Certificates
    from gemini_grpc.emulator.clock import SystemClock as SystemClock
    from gemini_grpc.emulator.clock import VirtualClock as VirtualClock
    from gemini_grpc.emulator.faults import Fault as Fault
    from gemini_grpc.emulator.http.faults import HttpFault as HttpFault
    from gemini_grpc.emulator.journal import Attempt as Attempt
    from gemini_grpc.emulator.journal import Journal as Journal
    from gemini_grpc.emulator.journal import LoggedCall as LoggedCall
    from gemini_grpc.emulator.latency import Latency as Latency
    from gemini_grpc.emulator.live.settings import Live as Live
    from gemini_grpc.emulator.quota import Quota as Quota
    from gemini_grpc.emulator.reply import Pause as Pause
    from gemini_grpc.emulator.reply import Reply as Reply
    from gemini_grpc.emulator.reply import Step as Step
    from gemini_grpc.emulator.server import Emulator as Emulator
    from gemini_grpc.emulator.shim import Shim as Shim

_HOMES = {
    "Attempt": ".journal",
    "Authentication": ".authentication",
    "Certificates": ".certificates",
    "Emulator": ".server",
    "Fault": ".faults",
    "HttpFault": ".http.faults",
    "Journal": ".journal",
    "Latency": ".latency",
    "Live": ".live.settings",
    "LoggedCall": ".journal",
    "Pause": ".reply",
    "Quota": ".quota",
    "Reply": ".reply",
    "Shim": ".shim",
    "Step": ".reply",
    "SystemClock": ".clock",
    "VirtualClock": ".clock",
}

__all__ = [
    "Attempt",
    "Authentication",
    "Certificates",
    "Emulator",
    "Fault",
    "HttpFault",
    "Journal",
    "Latency",
    "Live",
    "LoggedCall",
    "Pause",
    "Quota",
    "Reply",
    "Shim",
    "Step",
    "SystemClock",
    "VirtualClock",
]

__getattr__, __dir__ = attach(__name__, _HOMES)
