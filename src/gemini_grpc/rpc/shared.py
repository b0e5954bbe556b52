"""Objects that hold connections: their copies are themselves, and they are not pickled."""

from __future__ import annotations

from typing import NoReturn, Self


class Shared:
    """Base of clients, channels, streams and sessions."""

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} holds connections and credentials, so it is not pickled, and neither is "
            "what was made with client=...; make it again where it is needed, or use the default client "
            "(gemini_grpc.configure), which takes its place when a model or chat is unpickled"
        )
