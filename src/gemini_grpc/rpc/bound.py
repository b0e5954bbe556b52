"""A method as one channel calls it: what is the same for all its calls, worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gemini_grpc.rpc.codec import Codec
from gemini_grpc.rpc.policy import DEFAULT

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from gemini_grpc.rpc.method import Method
    from gemini_grpc.rpc.options import Settings

Req = TypeVar("Req")
Res = TypeVar("Res")

_KEPT = 512
"""For how many values of the routing fields the metadata are kept."""


class Bound(Codec[Req, Res]):
    """The conversions of a method, and the deadline and metadata of its calls."""

    __slots__ = ("_kept", "pairs", "seconds")

    def __init__(self, spec: Method[Req, Res], settings: Settings) -> None:
        super().__init__(spec)
        self.seconds = spec.timeout if settings.timeout is DEFAULT else settings.timeout
        """The time a call has when its caller says nothing; None for no limit."""
        self.pairs: tuple[Any, ...] = settings.metadata
        """The metadata of a call whose request is not known beforehand."""
        self._kept: dict[Any, tuple[Any, ...]] = {}

    def pairs_for(self, request: Message) -> tuple[Any, ...]:
        """Return the metadata of the call with a request, but for a credential that changes."""
        if self._route is None:
            return self.pairs
        values = self._route(request)
        pairs = self._kept.get(values)
        if pairs is None:
            routing = self.routing(request)
            pairs = self.pairs if routing is None else (*self.pairs, routing)
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[values] = pairs
        return pairs


class Bounds(dict["Method[Any, Any]", Bound[Any, Any]]):
    """The bound methods of one channel, each made when it is first asked for."""

    __slots__ = ("_settings",)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def __missing__(self, method: Method[Any, Any]) -> Bound[Any, Any]:
        bound = self[method] = Bound(method, self._settings)
        return bound
