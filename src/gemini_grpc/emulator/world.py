"""What the handlers of one emulator share: its state, its seed and its clock."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gemini_grpc.emulator.clock import Clock, SystemClock
from gemini_grpc.emulator.live.settings import Live
from gemini_grpc.emulator.models import Models
from gemini_grpc.emulator.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.latency import Latency
    from gemini_grpc.rpc.method import Method


@dataclass
class World:
    """The state of one emulator. Handlers run in many threads: take `lock` to change anything."""

    seed: int = 0
    clock: Clock = field(default_factory=SystemClock)
    lock: threading.RLock = field(default_factory=threading.RLock)
    models: Models = field(default_factory=Models)
    strict: bool = True
    """Requests are checked as strictly as the protos allow."""
    latency: Latency | None = None
    """How long generating takes; None is no time."""
    live: Live = field(default_factory=Live)
    """How live sessions behave, and their resumption handles."""
    store: Store = field(init=False)
    """Every file, cache, corpus and so on."""

    def __post_init__(self) -> None:
        self.store = Store(seed=self.seed, lock=self.lock, now=self._now)

    def _now(self) -> float:
        """Return the time; the clock is asked for each time, so that another may take its place."""
        return self.clock.now()


@dataclass(frozen=True, slots=True)
class Call:
    """One call as a handler sees it."""

    world: World
    version: str
    """The package of the API: `v1alpha`, `v1beta` or `aiplatform_v1`."""
    method: Method[Any, Any]
    request: Data
    """The request; empty for a bidirectional call."""
    metadata: Mapping[str, str | bytes]
    """What the client sent along."""
    is_active: Callable[[], bool]
    """Tells whether the client is still there."""
