# Derived by `python -m codegen` from src/gemini_grpc/live/_async/tap.py. Do not edit.
"""A view of what a session gives, for a consumer of one kind of thing, such as a loudspeaker."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from gemini_grpc.live import failures

if TYPE_CHECKING:
    from gemini_grpc.live._sync.engine import Engine

Item = TypeVar("Item")

_ROUNDING = 1e-6  # sums of seconds are not exact


class Tap(Iterator[Item], Generic[Item]):
    """Gives the items of one kind, from when it was made; a slow consumer loses the oldest.

    It does not take anything from those who iterate over the session.
    """

    def __init__(
        self,
        engine: Engine,
        limit: float,
        measure: Callable[[Item], float],
        check_owner: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._check_owner = check_owner
        self._limit = limit
        self._measure = measure
        self._items: deque[Item] = deque()
        self._size = 0.0
        self._raised = False
        self.dropped = 0
        """How many items were lost because nobody took them in time."""

    def put(self, item: Item) -> None:
        """Add an item; the session does this."""
        self._items.append(item)
        self._size += self._measure(item)
        while self._size > self._limit + _ROUNDING and len(self._items) > 1:
            self._size -= self._measure(self._items.popleft())
            self.dropped += 1

    def clear(self) -> None:
        """Forget what was not taken yet."""
        self._items.clear()
        self._size = 0.0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item:
        """Return the next item; the iteration ends with the session.

        Raises:
            LiveError: The session failed; everything before has been delivered.
            LoopMismatch: This is not the event loop that the session was opened in.
        """
        engine, items = self._engine, self._items
        self._check_owner()
        while True:
            engine.signal.wait(lambda: items or engine.finished)
            with engine.lock:  # there may be several who wait
                if items:
                    item = items.popleft()
                    self._size -= self._measure(item)
                    return item
                if engine.finished:
                    break
        if engine.error is not None and not self._raised:
            self._raised = True
            raise failures.ended(engine.error)
        raise StopIteration
