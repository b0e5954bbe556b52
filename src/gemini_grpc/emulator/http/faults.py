"""Faults over HTTP: how requests of uploads and downloads can be made to fail, and proof that they did."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from gemini_grpc import checks
from gemini_grpc.errors import ArgumentError, nearest

COMMANDS = ("start", "upload", "finalize", "query", "cancel", "download")
"""What a request asks for; the last chunk of an upload counts as `finalize`."""


@dataclass(slots=True, eq=False)
class HttpFault:
    """Something that goes wrong with a request, `times` times.

    It acts in this order, and each part is optional: it waits (`delay`), lets the session expire or lose
    bytes, answers with a `status`; reads the body slowly (`rate`) or ends the connection in the middle of
    it (`cut`); does what was asked and ends the connection in the place of the answer (`answerless`).

    Raises:
        ArgumentError: An option is not what it should be, or nothing would go wrong.
    """

    command: str
    """Which requests: one of `COMMANDS`."""
    status: int | None = None
    """The status of HTTP to answer with; nothing else is done."""
    message: str = field(default="", kw_only=True)
    """What the answer says."""
    skip: int = field(default=0, kw_only=True)
    """How many such requests go well first."""
    times: int | None = field(default=1, kw_only=True)
    """How often; None for always."""
    retry_after: float | None = field(default=None, kw_only=True)
    """Seconds, sent as `Retry-After`."""
    delay: float = field(default=0.0, kw_only=True)
    """Seconds to wait first, by the emulator's clock."""
    rate: float | None = field(default=None, kw_only=True)
    """Bytes per second of the body."""
    cut: int | None = field(default=None, kw_only=True)
    """After how many bytes of the body (of the answer, for a download) the connection is reset."""
    answerless: bool = field(default=False, kw_only=True)
    """The connection is reset when all is done, before the answer."""
    expire: bool = field(default=False, kw_only=True)
    """The session is forgotten."""
    lose: int = field(default=0, kw_only=True)
    """How many of the bytes that have arrived are lost."""
    damage: bool = field(default=False, kw_only=True)
    """The first byte of the body is changed."""
    fired: int = field(default=0, init=False)
    """How often it has really happened."""

    def __post_init__(self) -> None:
        if self.command not in COMMANDS:
            hint = nearest(self.command, COMMANDS) or f"; expected one of {', '.join(COMMANDS)}"
            raise ArgumentError(f"command is {self.command!r}{hint}")
        if self.status is not None and not 400 <= self.status <= 599:
            raise ArgumentError(f"status is {self.status}; expected one that refuses, 400 to 599")
        checks.count("skip", self.skip, least=0)
        checks.count("lose", self.lose, least=0)
        checks.count("times", self.times, none="always")
        checks.seconds("delay", self.delay)
        if self.cut is not None:
            checks.count("cut", self.cut, least=0)
        goes_wrong = (
            *(self.status, self.cut is not None, self.rate, self.delay),
            *(self.answerless, self.expire, self.lose, self.damage),
        )
        if not any(goes_wrong):
            raise ArgumentError(
                "nothing goes wrong: give status, delay, rate, cut, answerless, expire, lose or damage"
            )


class HttpFaults:
    """The faults that are to come. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[HttpFault] = []
        self._passed: dict[HttpFault, int] = {}

    def add(self, faults: Iterable[HttpFault]) -> None:
        """Add faults after those that are there.

        Raises:
            ArgumentError: Something is none.
        """
        made = list(faults) if isinstance(faults, Iterable) else [faults]
        for fault in made:
            if not isinstance(fault, HttpFault):
                raise ArgumentError(f"expected a list of HttpFault, got {fault!r}")
        with self._lock:
            self._faults += made

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._faults.clear()
            self._passed.clear()

    def take(self, command: str) -> HttpFault | None:
        """Return the fault of a request that has come in, if there is one for it."""
        with self._lock:
            for fault in self._faults:
                if fault.command != command or fault.fired == fault.times:
                    continue
                passed = self._passed.get(fault, 0)
                if passed < fault.skip:
                    self._passed[fault] = passed + 1
                    continue
                fault.fired += 1
                return fault
        return None
