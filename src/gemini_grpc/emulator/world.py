"""What the handlers of one emulator share: its state, its seed and its clock."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gemini_grpc.emulator.clock import Clock, SystemClock
from gemini_grpc.emulator.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.rpc.method import Method


@dataclass
class World:
    """The state of one emulator. Handlers run in many threads: take `lock` to change anything."""

    seed: int = 0
    clock: Clock = field(default_factory=SystemClock)
    lock: threading.RLock = field(default_factory=threading.RLock)
    models: dict[str, Data] = field(default_factory=lambda: dict(MODELS))


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
