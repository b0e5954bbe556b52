"""A tuning run: how far it has come at a time, and what it measured on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_grpc.emulator import text
from gemini_grpc.emulator.store import moment

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data

SECONDS = 0.25
"""How long a run takes, however much there is to learn."""
STEP_LIMIT = 2**31 - 1
"""How many steps can be counted."""
SNAPSHOT_LIMIT = 50
"""How many measurements a run leaves at most, evenly spread."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run, from its start to its end or to the moment it was stopped."""

    seed: object
    """Makes the losses of two runs differ."""
    examples: int
    """How many examples there are to learn from."""
    epochs: int
    """How often each is looked at."""
    batch_size: int
    """How many are looked at in one step."""
    start: float
    """When it began, in seconds since 1970."""
    stopped: float | None = None
    """When it was stopped, if it was."""

    @property
    def end(self) -> float:
        """When it is or would be finished."""
        return self.start + SECONDS

    @property
    def steps_per_epoch(self) -> int:
        """How many steps it takes to look at every example once."""
        return -(-self.examples // self.batch_size)

    @property
    def total_steps(self) -> int:
        """How many steps there are."""
        return min(self.steps_per_epoch * self.epochs, STEP_LIMIT)

    def state(self, now: float) -> str:
        """Return the state of the model that is tuned."""
        if self.stopped is not None:
            return "FAILED"
        return "ACTIVE" if now >= self.end else "CREATING"

    def completed(self, now: float) -> int:
        """Return how many steps are done."""
        seen = now if self.stopped is None else self.stopped
        share = min(1.0, max(0.0, (seen - self.start) / SECONDS))
        return int(self.total_steps * share)

    def progress(self, now: float) -> Data:
        """Return the fields of `CreateTunedModelMetadata` that change."""
        completed = self.completed(now)
        return {
            "total_steps": self.total_steps,
            "completed_steps": completed,
            "completed_percent": 100 * completed / self.total_steps,
            "snapshots": self.snapshots(now),
        }

    def snapshots(self, now: float) -> list[Data]:
        """Return what was measured so far: a loss that falls, not quite evenly."""
        every = max(1, -(-self.total_steps // SNAPSHOT_LIMIT))
        return [self._snapshot(step) for step in range(every, self.completed(now) + 1, every)]

    def _snapshot(self, step: int) -> Data:
        jitter = text.seeded(self.seed, step).uniform(0.95, 1.05)
        return {
            "step": step,
            "epoch": -(-step // self.steps_per_epoch),
            "mean_loss": jitter * 2.5 / (1 + 4 * step / self.total_steps),
            "compute_time": moment(self.start + SECONDS * step / self.total_steps),
        }
