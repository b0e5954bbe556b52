"""Faults: how a call can be made to fail, and the record that it really did.

A fault acts in this order, and each part is optional: it waits (`delay`), lets messages of the real
answer through (`after`), sends a message that is no message (`malformed`) or half of one (`truncated`),
does nothing any more (`stall`), ends the call with a status (`code`). Without `stall` and `code` the
rest of the answer follows. The handler does not run when nothing of its answer is needed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import duration_pb2, json_format
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2

from gemini_grpc import checks
from gemini_grpc.emulator.status import StatusError
from gemini_grpc.errors import ArgumentError, nearest

if TYPE_CHECKING:
    from gemini_grpc.emulator.exchange import Exchange
    from gemini_grpc.emulator.match import When

PUSHBACK = "grpc-retry-pushback-ms"
"""The trailer with which a server tells gRPC when to try again (gRFC A6)."""

MALFORMED = b"\xff\xff\xff\xff"
"""No message at all: a tag that never ends."""

_CODES = {code.name: code for code in grpc.StatusCode if code is not grpc.StatusCode.OK}
_COUNTING = threading.Lock()


@dataclass(slots=True, eq=False)
class Fault:
    """Something that goes wrong with a call, `times` times.

    Raises:
        ArgumentError: An option is not what it should be, or nothing would go wrong.
    """

    code: str | grpc.StatusCode | None = None
    """The status to end with; None for a fault that ends nothing."""
    message: str = ""
    """What the status says."""
    times: int | None = field(default=1, kw_only=True)
    """How often; None for always."""
    details: Sequence[Message | Mapping[str, object]] = field(default=(), kw_only=True)
    """Messages of `google.rpc`, or mappings as JSON has them, with the type in `@type`."""
    retry_after: float | None = field(default=None, kw_only=True)
    """Seconds to wait before trying again, sent as `RetryInfo`."""
    pushback: float | None = field(default=None, kw_only=True)
    """Seconds to wait before trying again, sent as `grpc-retry-pushback-ms`; negative: do not."""
    trailers: Mapping[str, str | bytes] = field(default_factory=dict, kw_only=True)
    """More trailing metadata."""
    delay: float = field(default=0.0, kw_only=True)
    """Seconds to wait first."""
    after: int = field(default=0, kw_only=True)
    """How many messages of the answer come first; for streams."""
    stall: bool = field(default=False, kw_only=True)
    """Do nothing any more until the client goes away."""
    malformed: bool = field(default=False, kw_only=True)
    """Send bytes that are no message in the place of the next message."""
    truncated: bool = field(default=False, kw_only=True)
    """Send the next message cut off in the middle."""
    when: When | None = field(default=None, kw_only=True)
    """Which requests it is for, as `Reply.when`."""
    fired: int = field(default=0, init=False)
    """How often it has really happened."""

    def __post_init__(self) -> None:
        if self.code is not None:
            self.code = _code(self.code)
        elif not (self.delay or self.stall or self.malformed or self.truncated):
            raise ArgumentError(
                "nothing goes wrong: give code, delay, stall, malformed or truncated"
            )
        if self.stall and self.code is not None:
            raise ArgumentError("stall and code exclude each other: a stalled call never ends")
        if self.malformed and self.truncated:
            raise ArgumentError("malformed and truncated exclude each other")
        checks.count("times", self.times, none="always")
        checks.count("after", self.after, least=0)
        checks.seconds("delay", self.delay)
        if self.retry_after is not None:
            checks.seconds("retry_after", self.retry_after)
        if self.pushback is not None:
            checks.seconds("pushback", abs(self.pushback))
        self.details = [as_detail(detail) for detail in self.details]

    def status(self) -> StatusError | None:
        """Return the status it ends a call with, if it does."""
        if self.code is None:
            return None
        assert isinstance(self.code, grpc.StatusCode)
        details: list[Any] = list(self.details)
        if self.retry_after is not None:
            details.append(retry_info(self.retry_after))
        trailers = list(self.trailers.items())
        if self.pushback is not None:
            milliseconds = -1 if self.pushback < 0 else round(self.pushback * 1000)
            trailers.append((PUSHBACK, str(milliseconds)))
        message = self.message or f"a scripted {self.code.name}"
        return StatusError(self.code, message, details=details, trailers=trailers)

    def act(
        self, exchange: Exchange, answer: Callable[[], Iterator[bytes]], parse: type[Message]
    ) -> Iterator[bytes]:
        """Yield what is sent, and end the call if that is what goes wrong.

        Args:
            exchange: The call.
            answer: Starts the real answer; called only if something of it is needed.
            parse: The type of the answer's messages.
        """
        exchange.wait(self.delay)
        status = self.status()
        messages: Iterator[bytes] | None = None
        if self.after or self.truncated or (status is None and not self.stall):
            messages = answer()
        for _ in range(self.after):
            assert messages is not None
            message = next(messages, None)
            if message is None:
                return  # the answer was shorter: the fault did not happen
            yield message
        if self.malformed or self.truncated:
            whole = next(messages, b"") if messages is not None else b""
            self.count()
            yield MALFORMED if self.malformed else truncate(whole, parse)
        else:
            self.count()
        if self.stall:
            exchange.stall()
        if status is not None:
            raise status
        assert messages is not None
        yield from messages

    def count(self) -> None:
        """Note that it has happened."""
        with _COUNTING:
            self.fired += 1


def truncate(message: bytes, kind: type[Message]) -> bytes:
    """Return the first half of a message, or a little more, such that it is no message."""
    for size in range(len(message) // 2, len(message)):
        try:
            kind.FromString(message[:size])
        except DecodeError:
            return message[:size]
    return b"\x0a"  # an empty message: the tag of a field that does not come


def retry_info(seconds: float) -> error_details_pb2.RetryInfo:
    """Return the detail that says when to try again."""
    delay = duration_pb2.Duration()
    delay.FromNanoseconds(round(seconds * 1e9))
    return error_details_pb2.RetryInfo(retry_delay=delay)


def as_detail(detail: Message | Mapping[str, object]) -> Message:
    """Return a detail as a message of `google.rpc`.

    Raises:
        ArgumentError: The type or a field of it does not exist.
    """
    if not isinstance(detail, Mapping):
        return detail
    fields = dict(detail)
    name = str(fields.pop("@type", "")).rpartition("/")[2].removeprefix("google.rpc.")
    known = list(error_details_pb2.DESCRIPTOR.message_types_by_name)
    if name not in known:
        hint = nearest(name, known) or f"; the types are {', '.join(known)}"
        raise ArgumentError(f"details: @type {name!r} is not a detail of google.rpc{hint}")
    message: Message = getattr(error_details_pb2, name)()
    try:
        return json_format.ParseDict(fields, message)
    except json_format.ParseError as cause:
        raise ArgumentError(f"details: {name}: {cause}") from cause


def _code(code: object) -> grpc.StatusCode:
    if isinstance(code, grpc.StatusCode) and code is not grpc.StatusCode.OK:
        return code
    name = str(code).upper()
    if name not in _CODES:
        raise ArgumentError(f"code {code!r} is not a code of gRPC{nearest(name, _CODES)}")
    return _CODES[name]
