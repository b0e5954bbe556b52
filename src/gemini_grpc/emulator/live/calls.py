"""The function calls of a session: which are open, which results may come, which were withdrawn.

A call joins the conversation together with its result, so what is open or withdrawn leaves no trace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_grpc.emulator import status, text

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data

PATH = "tool_response.function_responses"


@dataclass(frozen=True, slots=True)
class Open:
    """A call that waits for its result."""

    data: Data
    """The `FunctionCall`."""
    blocking: bool
    """Whether the model waits for it."""
    turn: int
    """The turn of the model in which it was made."""


@dataclass(frozen=True, slots=True)
class Result:
    """A result of a call."""

    call: Open
    """The call."""
    data: Data
    """The `FunctionResponse`."""

    @property
    def scheduling(self) -> str:
        """When the model takes it up, as `FunctionResponse.Scheduling` names it."""
        return str(self.data.get("scheduling", "WHEN_IDLE"))


class Calls:
    """The calls of one session."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self._open: dict[str, Open] = {}
        self._withdrawn: set[str] = set()
        self._turns = 0

    def begin_turn(self) -> None:
        """Note that the model begins a turn; later calls belong to it."""
        self._turns += 1

    def issue(self, call: Data, *, number: int, blocking: bool) -> Data:
        """Keep a call as open and return it with its id, which is the same for the same number."""
        number_text = text.seeded(self._seed, "call", number, call).getrandbits(63)
        data = {**call, "id": f"function-call-{number_text}"}
        self._open[data["id"]] = Open(data, blocking, self._turns)
        return data

    @property
    def any_open(self) -> bool:
        """Whether a result is missing."""
        return bool(self._open)

    @property
    def blocked(self) -> bool:
        """Whether the model waits for a result."""
        return any(call.blocking for call in self._open.values())

    def answer(self, responses: list[Data]) -> list[Result]:
        """Return the results that responses bring; those of withdrawn calls are left out.

        A result that crosses with the withdrawal of its call is nobody's mistake, so it is dropped.

        Raises:
            StatusError: INVALID_ARGUMENT: a response belongs to no open call.
        """
        found = (self._result(response, f"{PATH}[{n}]") for n, response in enumerate(responses))
        return [result for result in found if result is not None]

    def withdraw(self) -> list[str]:
        """Forget the open calls of the present turn and return their ids."""
        ids = [key for key, call in self._open.items() if call.turn == self._turns]
        for key in ids:
            del self._open[key]
        self._withdrawn.update(ids)
        return ids

    def _result(self, response: Data, path: str) -> Result | None:
        key = response.get("id", "")
        if key in self._withdrawn:
            return None
        call = self._open.get(key)
        if call is None:
            raise status.invalid(f"{path}.id", f"{key!r} is not the id of an open function call")
        name = response.get("name", "")
        if name != call.data["name"]:
            raise status.invalid(f"{path}.name", f"is {name!r}, the call is {call.data['name']!r}")
        if call.blocking or not response.get("will_continue"):
            del self._open[key]
        return Result(call, response)
