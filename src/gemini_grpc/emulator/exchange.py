"""One call as it runs: waits that end when the client goes away, and the end of it in the journal."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any, NoReturn

import grpc

if TYPE_CHECKING:
    from gemini_grpc.emulator.clock import Clock
    from gemini_grpc.emulator.journal import Attempt, Journal
    from gemini_grpc.emulator.status import StatusError

_FOREVER = 1e9  # seconds; grpcio says 2**63 where there is no deadline

Context = Any  # grpc.ServicerContext; grpcio publishes no types


class GoneError(Exception):
    """The client has gone away or its deadline has passed; there is nobody to answer."""


class Exchange:
    """One attempt of a call on the server's side."""

    def __init__(
        self,
        context: Context,
        clock: Clock,
        journal: Journal,
        attempt: Attempt,
        *,
        is_session: bool = False,
    ) -> None:
        self._context = context
        self._is_session = is_session
        self._answered = False
        self._clock = clock
        self._journal = journal
        self._gone: queue.Queue[None] = queue.Queue()
        self.attempt = attempt
        """What the journal says about it."""
        if not context.add_callback(self._leave):
            self._leave()

    def wait(self, seconds: float) -> None:
        """Wait by the emulator's clock.

        Raises:
            GoneError: The client went away meanwhile.
        """
        if seconds <= 0:
            return
        try:
            self._clock.get(self._gone, self._clock.now() + seconds)
        except queue.Empty:
            return
        self._stay_gone()

    def stall(self) -> NoReturn:
        """Do nothing until the client goes away.

        Raises:
            GoneError: It did.
        """
        self._clock.get(self._gone, None)
        self._stay_gone()

    def succeed(self) -> None:
        """Note that all has been answered.

        A session that was cancelled looks the same at first, because grpcio ends the requests before
        it says so; its end is noted when the call is over.
        """
        self._answered = True
        if not self._is_session:
            self._journal.end(self.attempt, "OK")

    def refuse(self, error: StatusError) -> NoReturn:
        """End the call with a status."""
        self._journal.end(self.attempt, error.code.name, error.message)
        self._context.set_trailing_metadata(error.trailing_metadata())
        self._context.abort(error.code, error.message)
        raise AssertionError("abort raises")

    def is_active(self) -> bool:
        """Tell whether the client is still there."""
        return bool(self._context.is_active())

    def _leave(self) -> None:
        """Note the end of the call, however it came; called by grpcio."""
        if self._answered and not _was_cancelled(self._context):
            self._journal.end(self.attempt, "OK")
        left = time_remaining(self._context)
        code = grpc.StatusCode.CANCELLED
        if left is not None and left <= 0:
            code = grpc.StatusCode.DEADLINE_EXCEEDED
        self._journal.end(self.attempt, code.name, "the client went away", cancelled=True)
        self._gone.put(None)

    def _stay_gone(self) -> NoReturn:
        self._gone.put(None)
        raise GoneError


def _was_cancelled(context: Context) -> bool:
    """Tell whether the client has cancelled a call that is over; grpcio does not tell in public."""
    return getattr(getattr(context, "_state", None), "client", None) == "cancelled"


def time_remaining(context: Context) -> float | None:
    """Return the seconds that a call has left; None if it has no deadline."""
    left: float | None = context.time_remaining()
    return None if left is None or left > _FOREVER else left
