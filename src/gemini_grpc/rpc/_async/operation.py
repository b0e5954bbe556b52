"""Work that goes on after the call that started it has answered (AIP-151)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError

from gemini_grpc import checks, errors
from gemini_grpc.rpc import failure, method, operations, wire
from gemini_grpc.rpc.policy import DEFAULT

if TYPE_CHECKING:
    from google.longrunning import operations_pb2

    from gemini_grpc.rpc._async.channel import AsyncChannel
    from gemini_grpc.rpc.method import OperationTypes
    from gemini_grpc.rpc.policy import Default

Res = TypeVar("Res")

_FIRST_POLL = 0.25
_LAST_POLL = 10.0
"""Seconds between two questions: the pause grows from the first to the last by half each time."""
_LAST_LOOK = 1.0
"""Seconds that the server has to answer the last question, which is asked when the time is over."""


class AsyncOperation(Generic[Res]):
    """A long-running operation on the server."""

    def __init__(
        self, channel: AsyncChannel, state: operations_pb2.Operation, types: OperationTypes
    ) -> None:
        self._channel = channel
        self._types = types
        self.state = state
        """The operation as the server described it last, a `google.longrunning.Operation`."""

    @property
    def name(self) -> str:
        """The name to ask for it by, also from another process."""
        return str(self.state.name)

    @property
    def metadata(self) -> Any:
        """How far it has come, as a message of the method's metadata type; None if unknown.

        Raises:
            Internal: The server sent bytes that are no such message.
        """
        return self._unpack(self.state.metadata, self._types.metadata)

    async def done(self, timeout: float | Default | None = DEFAULT) -> bool:
        """Ask the server whether it has ended, well or not.

        Args:
            timeout: Seconds the server has to answer; 60 if not given, None for no limit.

        Raises:
            RpcError: The server did not answer.
        """
        if not self.state.done:
            request = {"name": self.name}
            self.state = await self._channel.unary(operations.GET, request, timeout=timeout)
        return bool(self.state.done)

    async def result(self, timeout: float | None = None) -> Res:
        """Wait until it has ended and return what it gave.

        Args:
            timeout: Seconds to wait at most; None waits for ever. When they are over, the server is asked
                once more, and has a second to answer; so 0 asks once. The operation goes on all the same.

        Raises:
            ArgumentError: The timeout is not a finite number of at least 0.
            DeadlineExceeded: It had not ended in time.
            RpcError: It failed; the class tells the status.
        """
        checks.seconds("timeout", timeout, optional=True)
        deadline = None if timeout is None else time.monotonic() + float(timeout)
        pause = _FIRST_POLL
        while not await self.done(_left(deadline)):
            left = pause if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise errors.DeadlineExceeded(f"{self.name} had not ended after {timeout} s")
            await wire.async_sleep(min(pause, left))
            pause = min(_LAST_POLL, pause * 1.5)
        if self.state.HasField("error"):
            raise failure.from_status(self.state.error)
        return self._unpack(self.state.response, self._types.response)  # type: ignore[no-any-return]

    async def exception(self, timeout: float | None = None) -> errors.RpcError | None:
        """Wait until it has ended and return the error it ended with; None if it succeeded.

        Args:
            timeout: As for `result`.

        Raises:
            DeadlineExceeded: It had not ended in time.
            RpcError: The server could not be asked.
        """
        try:
            await self.result(timeout)
        except errors.RpcError as error:
            if not self.state.done or not self.state.HasField("error"):
                raise
            return error
        return None

    async def cancel(self) -> None:
        """Ask the server to stop it; it ends with CANCELLED if the server does."""
        await self._channel.unary(operations.CANCEL, {"name": self.name})

    def _unpack(self, packed: Any, name: str) -> Any:
        """Return the message in an Any; the server names it as upstream does, we read it as ours."""
        if not packed.type_url:
            return None
        kind: Any = method.load(name)
        if issubclass(kind, Empty):
            return None
        try:
            return (getattr(kind, "deserialize", None) or kind.FromString)(packed.value)
        except DecodeError as cause:
            raise errors.Internal(
                f"{self.name} has {len(packed.value)} bytes that are no {kind.__name__}: {cause}"
            ) from cause


def _left(deadline: float | None) -> float | Default:
    """Return the seconds until a deadline, enough for a look; without one, the method's own timeout."""
    return DEFAULT if deadline is None else max(_LAST_LOOK, deadline - time.monotonic())
