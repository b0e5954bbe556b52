"""The journal: which calls came in, how often each was tried, and how each attempt went.

Attempts belong to one call when they carry the same `x-gemini-call-id`; without that key, when the
same bytes come in for the same method after an attempt that failed. Credentials are never kept: their
values are replaced by stars as an attempt is written down. The oldest calls are dropped when there are
too many attempts or bytes.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from gemini_grpc.errors import ArgumentError
from gemini_grpc.rpc.metadata import CREDENTIALS

if TYPE_CHECKING:
    from gemini_grpc.emulator.clock import Clock

CALL_ID = "x-gemini-call-id"
"""The metadata key with which a client says which attempts belong together."""

PREVIOUS_ATTEMPTS = "grpc-previous-rpc-attempts"
"""The metadata key with which gRPC's own retries count."""

STARS = "***"
_OVERHEAD = 200  # what an attempt takes in memory besides its texts, roughly

Metadata = tuple[tuple[str, str | bytes], ...]


@dataclass(slots=True, eq=False)
class Attempt:
    """One time a call was tried. Times are seconds by the emulator's clock."""

    number: int
    """Which attempt of its call it is, from 1."""
    started: float
    """When it came in, in seconds since 1970."""
    deadline: float | None
    """The seconds it had left when it came in; None if it had no deadline."""
    gap: float | None
    """The seconds since the attempt before it ended; None for the first."""
    metadata: Metadata
    """What the client sent along, with stars for credentials."""
    peer: str = ""
    """The address of the client."""
    client_certificate: str | None = None
    """The common name of the client's certificate; None without mutual TLS."""
    status: str | None = None
    """The name of the code it ended with; None while it runs."""
    message: str = ""
    """What the status said."""
    cancelled: bool = False
    """The client went away, or its deadline passed, before the end."""
    ended: float | None = None
    """When it ended."""
    received: int = 0
    """How many messages the client sent."""
    sent: int = 0
    """How many messages the emulator sent."""
    size: int = 0
    """The bytes it counts in the journal."""


@dataclass(slots=True, eq=False)
class LoggedCall:
    """One call as the client's user sees it: all its attempts."""

    version: str
    """The package of the API: `v1alpha`, `v1beta` or `aiplatform_v1`."""
    path: str
    """The path of the method: `/package.Service/Method`."""
    data: bytes
    """The request on the wire; empty for a stream of requests, and where it was too large to keep."""
    parse: Callable[[bytes], Any] = field(repr=False)
    key: object = field(repr=False)
    attempts: list[Attempt] = field(default_factory=list)
    """Every attempt, in order."""

    @property
    def method(self) -> str:
        """The bare name of the method: `GenerateContent`."""
        return self.path.rpartition("/")[2]

    @property
    def service(self) -> str:
        """The bare name of the service: `GenerativeService`."""
        return self.path.split("/")[1].rpartition(".")[2]

    @property
    def request(self) -> Any:
        """The request as a message of the version that was called."""
        return self.parse(self.data)

    @property
    def status(self) -> str | None:
        """The code that the last attempt ended with; None while it runs."""
        return self.attempts[-1].status


class Journal:
    """The calls of one emulator, in order, like a list. Thread-safe; an attempt is filled in as it runs.

    Args:
        clock: The emulator's clock.
        max_entries: How many attempts are kept.
        max_bytes: How many bytes of requests and metadata are kept. A request larger than a quarter of
            it is not.
    """

    def __init__(
        self, clock: Clock, *, max_entries: int = 10_000, max_bytes: int = 64 << 20
    ) -> None:
        if max_entries < 1 or max_bytes < 1:
            raise ArgumentError("a journal keeps at least 1 entry and 1 byte")
        self._clock = clock
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._changed = threading.Condition()
        self._calls: list[LoggedCall] = []
        self._open: dict[object, LoggedCall] = {}
        self._running: set[Attempt] = set()
        self._bytes = 0
        self._entries = 0
        self.dropped = 0
        """How many attempts were forgotten for lack of room."""

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[LoggedCall]:
        with self._changed:
            return iter(list(self._calls))

    @overload
    def __getitem__(self, index: int) -> LoggedCall: ...
    @overload
    def __getitem__(self, index: slice) -> list[LoggedCall]: ...
    def __getitem__(self, index: int | slice) -> LoggedCall | list[LoggedCall]:
        with self._changed:
            return self._calls[index]

    def __repr__(self) -> str:
        return f"Journal({list(self)!r})"

    def calls(self, method: str) -> list[LoggedCall]:
        """Return the calls of one method, `GenerateContent` or `GenerativeService.GenerateContent`."""
        return [call for call in self if method in {call.method, f"{call.service}.{call.method}"}]

    def clear(self) -> None:
        """Forget every call. Attempts that are running are not written down again."""
        with self._changed:
            self._calls.clear()
            self._open.clear()
            self._running.clear()
            self._bytes = self._entries = self.dropped = 0
            self._changed.notify_all()

    def wait(self, *, timeout: float = 5.0) -> None:
        """Wait until no attempt is running, so that all have a status.

        Args:
            timeout: Real seconds to wait at most.

        Raises:
            TimeoutError: One is still running.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: not self._running, timeout):
                raise TimeoutError(f"{len(self._running)} attempts are running after {timeout} s")

    def begin(
        self,
        *,
        version: str,
        path: str,
        data: bytes | None,
        parse: Callable[[bytes], Any],
        metadata: Metadata,
        deadline: float | None,
        peer: str = "",
        client_certificate: str | None = None,
    ) -> Attempt:
        """Write down an attempt that has come in; `data` is None for a stream of requests."""
        now = self._clock.now()
        with self._changed:
            key = _key(path, data, metadata)
            call = self._open.get(key)
            if call is None or not _may_continue(call):
                kept = data if data and len(data) <= self._max_bytes // 4 else b""
                call = LoggedCall(version, path, kept, parse, key)
                self._calls.append(call)
                self._open[key] = call
                self._bytes += len(kept)
            last = call.attempts[-1] if call.attempts else None
            ended = last.ended if last is not None else None
            attempt = Attempt(
                number=last.number + 1 if last else 1,
                started=now,
                deadline=deadline,
                gap=None if ended is None else max(0.0, now - ended),
                metadata=redact(metadata),
                peer=peer,
                client_certificate=client_certificate,
            )
            attempt.size = _OVERHEAD + sum(len(key) + len(value) for key, value in attempt.metadata)
            call.attempts.append(attempt)
            self._running.add(attempt)
            self._bytes += attempt.size
            self._entries += 1
            self._make_room()
            return attempt

    def end(
        self, attempt: Attempt, status: str, message: str = "", *, cancelled: bool = False
    ) -> None:
        """Write down how an attempt ended; only the first word counts."""
        now = self._clock.now()
        with self._changed:
            if attempt.status is not None:
                return
            attempt.status, attempt.message = status, message[:1000]
            attempt.cancelled, attempt.ended = cancelled, now
            self._running.discard(attempt)
            self._changed.notify_all()

    def _make_room(self) -> None:
        """Drop the oldest calls, and of a single call its oldest attempts."""
        while self._entries > self._max_entries or self._bytes > self._max_bytes:
            oldest = self._calls[0]
            if len(self._calls) > 1:
                self._calls.pop(0)
                if self._open.get(oldest.key) is oldest:
                    del self._open[oldest.key]
                gone = oldest.attempts
                self._bytes -= len(oldest.data)
            elif len(oldest.attempts) > 1:
                gone = [oldest.attempts.pop(0)]
            else:
                return
            self._entries -= len(gone)
            self._bytes -= sum(attempt.size for attempt in gone)
            self.dropped += len(gone)


def redact(metadata: Metadata) -> Metadata:
    """Return metadata with stars in the place of credentials."""
    return tuple((key, STARS if key.lower() in CREDENTIALS else value) for key, value in metadata)


def _key(path: str, data: bytes | None, metadata: Metadata) -> object:
    """Return what the attempts of one call have in common."""
    given = dict(metadata).get(CALL_ID)
    if given is not None:
        return path, given
    return (path, hashlib.sha256(data).digest()) if data is not None else object()


def _may_continue(call: LoggedCall) -> bool:
    """Tell whether another attempt of a call may come: it is named, or has failed so far."""
    named = isinstance(call.key, tuple) and not isinstance(call.key[1], bytes)
    return named or call.status not in {None, "OK"}
