"""The errors of live sessions.

GeminiError
 +-- LiveError                      a session failed; carries what is known about it
 |    +-- SetupRejected             the server refused the setup; its words are the message
 |    +-- SetupTimeout              there was no answer to the setup in time
 |    +-- ConnectionLost            the server was not reached, or the connection ended and was not replaced
 |    +-- ResumeFailed              every attempt to reconnect failed, or the budget is used up
 |    +-- QuotaExceeded             a quota is used up
 |    +-- MalformedMessage          the server sent what is no message, or the wrong first message
 |    +-- MessageTooLarge           a message is larger than the client takes
 +-- RpcError
 |    +-- DeadlineExceeded          there was no answer to `ask` in the time it was given; the session goes on
 +-- UsageError
      +-- StateError                (also RuntimeError) not possible in the state the session is in
      +-- UnsupportedFeature        (also ValueError) the API version or the model does not have it
      +-- SendQueueFull             (also RuntimeError) there is no room for a control message
      +-- SessionClosed             (also RuntimeError) the session is closed
      +-- LoopMismatch              (also RuntimeError) the session belongs to another event loop
      +-- ForkedProcess             (also RuntimeError) the session belongs to the parent process
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import grpc

from gemini_grpc.errors import GeminiError, UsageError

if TYPE_CHECKING:
    from gemini_grpc.errors import RpcError
    from gemini_grpc.live.outgoing import Outgoing


class LiveError(GeminiError):
    """A session failed."""

    def __init__(
        self,
        message: str,
        *,
        cause: RpcError | None = None,
        phase: str = "",
        age: float = 0.0,
        handle: str = "",
        unsent: Sequence[Outgoing] = (),
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        """What happened, in the server's words where it said something."""
        self.code = cause.code if cause is not None else grpc.StatusCode.UNKNOWN
        """The status of the call."""
        self.details = cause.details if cause is not None else ()
        """The messages of `google.rpc` that came with the status."""
        self.metadata = cause.metadata if cause is not None else ()
        """The trailing metadata of the call."""
        self.phase = phase
        """How far the connection was: `dial` (the server was not reached), `setup`, `open`, or empty if
        the fault is ours."""
        self.age = age
        """Seconds since the session began, over all its connections."""
        self.handle = handle
        """The resumption handle to go on with in a new session, empty if there is none."""
        self.unsent = tuple(unsent)
        """The control messages (`Outgoing`) that were never written, in order."""
        self.uncertain: tuple[Outgoing, ...] = ()
        """The control messages that were written and may or may not have arrived."""
        self.retryable = retryable
        """A new session may succeed at once."""

    def __str__(self) -> str:
        where = f" in phase {self.phase}" if self.phase else ""
        return f"{self.code.name}{where} after {self.age:.1f} s: {self.message}"


class SetupRejected(LiveError):
    """The server refused the setup."""


class SetupTimeout(LiveError):
    """There was no answer to the setup in time."""


class ConnectionLost(LiveError):
    """The server was not reached, or the connection ended and could not, or must not, be replaced."""


class ResumeFailed(LiveError):
    """Every attempt to reconnect failed, or the budget for it is used up."""


class QuotaExceeded(LiveError):
    """A quota is used up."""


class MalformedMessage(LiveError):
    """The server sent what is no message, or the wrong one first; `data` holds it."""

    def __init__(self, message: str, data: bytes = b"", **more: Any) -> None:
        super().__init__(message, **more)
        self.data = data
        """The bytes as they came."""


class MessageTooLarge(LiveError):
    """A message, or the metadata of the session, is larger than the client takes.

    The text names the limit to raise.
    """


class StateError(UsageError, RuntimeError):
    """This is not possible in the state the session is in; the text says what would be."""


class UnsupportedFeature(UsageError, ValueError):
    """The API version or the model does not have a feature; nothing was sent."""


class SendQueueFull(UsageError, RuntimeError):
    """There is no room for a control message."""


class SessionClosed(UsageError, RuntimeError):
    """The session is closed."""


class LoopMismatch(UsageError, RuntimeError):
    """The session belongs to another event loop."""


class ForkedProcess(UsageError, RuntimeError):
    """The session belongs to the parent process; make a new one after a fork."""
