"""The two conversions of one method: from what the user passes to bytes, and from bytes to a message."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as PbMessage

from gemini_grpc import errors
from gemini_grpc.rpc import accessors, coerce, method
from gemini_grpc.rpc.metadata import routing_header

if TYPE_CHECKING:
    from collections.abc import Callable

Req = TypeVar("Req")
Res = TypeVar("Res")


class Codec(Generic[Req, Res]):
    """Converts the requests and responses of one method; made once for a channel."""

    __slots__ = ("_parse", "_request", "_route", "_wrap", "method")

    def __init__(self, spec: method.Method[Req, Res]) -> None:
        self.method = spec
        request, response = method.load(spec.request), method.load(spec.response)
        self._request = pb_class(request)
        # what has no `pb` is protobuf's own class, or one that reads the bytes in its own way
        ours = hasattr(response, "pb")
        parser: Any = pb_class(response) if ours else response
        self._parse: Callable[[bytes], PbMessage] = parser.FromString
        self._wrap: Callable[[PbMessage], Any] | None = None
        if ours:
            self._wrap = partial(accessors.view, response)
        elif issubclass(response, Empty):
            self._wrap = _nothing
        self._route = _reader(spec.routing)

    def request(self, request: object, fields: Mapping[str, object] | None = None) -> PbMessage:
        """Return the request given whole or by its fields.

        Raises:
            ArgumentError: It is given both ways.
            FieldError: It is no request of this method.
        """
        if request is None:
            return coerce.fill(self._request, fields or {})
        if fields and any(value is not None for value in fields.values()):
            given = ", ".join(name for name, value in fields.items() if value is not None)
            raise errors.ArgumentError(
                f"request and its fields ({given}) are both given; pass the whole request or its "
                "fields, not both"
            )
        if isinstance(request, dict):
            return coerce.fill(self._request, request)
        return coerce.as_pb(self._request, request, path="request")

    def routing(self, request: PbMessage) -> tuple[str, str] | None:
        """Return the routing header of a request, if the method has one."""
        if self._route is None:
            return None
        return routing_header(self.method.routing, self._route(request))

    def response(self, data: bytes | None) -> Res:
        """Return the message the server sent.

        Raises:
            Internal: The bytes are no such message, or there are none.
        """
        if data is None:
            raise errors.Internal("the server ended the call well, but sent no answer")
        try:
            message = self._parse(data)
        except DecodeError as cause:
            kind = self.method.response.rpartition(":")[2]
            error = errors.Internal(
                f"the server sent {len(data)} bytes that are no {kind}: {cause}"
            )
            error.method = self.method.path
            raise error from cause
        return self._wrap(message) if self._wrap else message  # type: ignore[return-value]  # protobuf's own class


def _reader(names: tuple[str, ...]) -> Callable[[PbMessage], Any] | None:
    """Return what reads fields of a request; the value of one field is not in a tuple."""
    return attrgetter(*names) if names else None


def _nothing(_: PbMessage) -> Any:
    """Return what a method gives whose response is empty."""


def pb_class(cls: type) -> type[PbMessage]:
    """Return protobuf's class of a message class, which may be one itself."""
    result = cls if issubclass(cls, PbMessage) else cls.pb()  # type: ignore[attr-defined]  # proto-plus
    assert isinstance(result, type)
    return result
