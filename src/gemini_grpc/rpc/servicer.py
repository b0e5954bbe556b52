"""The base of the generated servicers: serve our methods on a grpcio server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import grpc

from gemini_grpc.rpc import method

if TYPE_CHECKING:
    from collections.abc import Callable

ServicerContext = Any  # grpc.ServicerContext or grpc.aio.ServicerContext; grpcio publishes no types

_HANDLERS: dict[str, Callable[..., grpc.RpcMethodHandler]] = {
    "unary": grpc.unary_unary_rpc_method_handler,
    "server_stream": grpc.unary_stream_rpc_method_handler,
    "client_stream": grpc.stream_unary_rpc_method_handler,
    "bidi": grpc.stream_stream_rpc_method_handler,
}


class Servicer:
    """Serves the methods in `METHODS`; a method that is not overridden answers UNIMPLEMENTED."""

    METHODS: ClassVar[tuple[method.Method[Any, Any], ...]] = ()

    def add_to(self, server: grpc.Server) -> None:
        """Register every method on a server of grpcio, synchronous or asynchronous."""
        by_service: dict[str, dict[str, grpc.RpcMethodHandler]] = {}
        for spec in self.METHODS:
            _, service, name = spec.path.split("/")
            by_service.setdefault(service, {})[name] = self._handler(spec)
        for service, handlers in by_service.items():
            generic = grpc.method_handlers_generic_handler(service, handlers)
            server.add_generic_rpc_handlers((generic,))

    def _handler(self, spec: method.Method[Any, Any]) -> grpc.RpcMethodHandler:
        request: Any = method.load(spec.request)
        response: Any = method.load(spec.response)
        name = _snake(spec.name)
        return _HANDLERS[spec.shape](
            getattr(self, f"{name}_", None)
            or getattr(self, name),  # the first if the name is taken
            request_deserializer=getattr(request, "deserialize", None) or request.FromString,
            response_serializer=getattr(response, "serialize", None) or _serialize_pb,
        )

    def _unimplemented(self, spec: method.Method[Any, Any], context: ServicerContext) -> NoReturn:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{spec.path} is not served here")
        raise AssertionError("abort raises")


def _serialize_pb(message: Any) -> bytes:
    """Serialize a message of protobuf's own; None is Empty."""
    return b"" if message is None else message.SerializeToString()


def _snake(name: str) -> str:
    """Return `GenerateContent` as `generate_content`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
