"""The channels that a model of LangChain has opened for itself, shared by its copies."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from gemini_grpc.generative.wires import connect
from gemini_grpc.rpc.secret import forget_locals

if TYPE_CHECKING:
    from gemini_grpc.generative.wires import Wires


class Connection:
    """Holds channels; they are opened when they are first needed, and neither copied nor pickled."""

    def __init__(self) -> None:
        """Prepare; nothing is opened."""
        self._lock = threading.Lock()
        self._wires: Wires | None = None

    @forget_locals
    def wires(self, **arguments: Any) -> Wires:
        """Return the channels, made with the arguments of a client the first time.

        Raises:
            CredentialsError: There are no credentials.
        """
        with self._lock:
            if self._wires is None:
                self._wires = connect(**arguments)
            return self._wires

    def __eq__(self, other: object) -> bool:
        """Tell equal: models differ in what says how to connect, not in whether they have connected."""
        return isinstance(other, Connection)

    __hash__ = None  # type: ignore[assignment]  # equal ones are not the same

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Connection], tuple[()]]:
        return Connection, ()
