"""How far an upload or download is: told to a function, or shown as a bar in a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

from gemini_grpc.errors import FieldError

if TYPE_CHECKING:
    from typing import TextIO

Progress: TypeAlias = "Callable[[int, int | None], object] | Literal['auto'] | None"
"""What `progress` takes: a function of the bytes sent and of all (None if that is not known), `auto` for a
bar if stderr is a terminal, None for nothing."""

_SILENT = 1.0  # seconds that a transfer may take before a bar is drawn
_PERIOD = 0.1  # seconds between two drawings
_WIDTH = 30


class Bar:
    """A bar in a terminal, for what takes longer than a second."""

    def __init__(
        self, terminal: TextIO, label: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._terminal = terminal
        self._label = label
        self._clock = clock
        self._started = clock()
        self._due = self._started + _SILENT
        self._is_drawn = False

    def __call__(self, sent: int, total: int | None) -> None:
        """Draw, if it is time."""
        now = self._clock()
        if now < self._due:
            return
        self._due = now + _PERIOD
        self._is_drawn = True
        self._terminal.write(f"\r{self._label} {self._text(sent, total, now)}\x1b[K")
        self._terminal.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._is_drawn:
            self._terminal.write("\r\x1b[K")
            self._terminal.flush()

    def _text(self, sent: int, total: int | None, now: float) -> str:
        rate = f"{sent / 1e6:.1f} MB, {sent / 1e6 / max(0.001, now - self._started):.1f} MB/s"
        if not total:
            return rate
        full = round(_WIDTH * sent / total)
        return f"[{'#' * full}{' ' * (_WIDTH - full)}] {sent / total:4.0%} {rate}"


class Watch:
    """Tells whoever wants to know."""

    def __init__(self, progress: Progress, label: str) -> None:
        """Find out who that is.

        Raises:
            FieldError: It is nobody who can be told.
        """
        if progress is not None and progress != "auto" and not callable(progress):
            raise FieldError(
                f"progress is {progress!r}; expected a function of the bytes sent and of all, "
                "'auto' for a bar in a terminal, or None"
            )
        self._bar: Bar | None = None
        if progress == "auto":
            shown = sys.stderr is not None and sys.stderr.isatty()
            self._bar = Bar(sys.stderr, label) if shown else None
            progress = self._bar
        self._tell: Callable[[int, int | None], object] | None = progress

    def __call__(self, sent: int, total: int | None) -> None:
        """Tell how far it is."""
        if self._tell is not None:
            self._tell(sent, total)

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.end()
