"""The turns of a session, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Self

from gemini_grpc.live.turn import Turn

if TYPE_CHECKING:
    from gemini_grpc.live.events import Event


class AsyncTurns(AsyncIterator[Turn]):
    """Gives the model's turns, each when it is over; a wait that is cancelled loses nothing."""

    def __init__(self, take: Callable[[], Awaitable[Event | None]]) -> None:
        """Make turns of the events that `take` gives."""
        self._take = take
        self._turn = Turn()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Turn:
        """Return the next turn; what came of the last one when the session ends in it.

        Raises:
            StateError: Somebody else is iterating over the session.
            LiveError: The session failed; everything before has been delivered.
        """
        while (event := await self._take()) is not None:
            if self._turn.add(event):
                return self._next()
        if self._turn == Turn():
            raise StopAsyncIteration
        return self._next()

    def _next(self) -> Turn:
        turn, self._turn = self._turn, Turn()
        return turn
