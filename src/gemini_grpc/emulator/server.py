"""The server: every method of every table, answered by the handler of its name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any, Self

import grpc

from gemini_grpc.aiplatform_v1 import methods as aiplatform_v1
from gemini_grpc.emulator import convert, status
from gemini_grpc.emulator.services import HANDLERS
from gemini_grpc.emulator.world import Call, World
from gemini_grpc.rpc import method, operations
from gemini_grpc.rpc.codec import pb_class
from gemini_grpc.v1alpha import methods as v1alpha
from gemini_grpc.v1beta import methods as v1beta

_LOG = logging.getLogger(__name__)

TABLES = {
    "v1alpha": v1alpha.SERVICES,
    "v1beta": v1beta.SERVICES,
    "aiplatform_v1": aiplatform_v1.SERVICES,
}
"""The methods tables that are served."""

MAX_STREAMS = 512
"""How many calls run at once; each has a thread, made when it is needed."""


class Emulator:
    """Gemini on a loopback port, from `start` (or `with`) to `close`.

    Args:
        port: The port to listen on; 0 for a free one.
        seed: Changes all answers; the same seed gives the same answers.
    """

    def __init__(self, *, port: int = 0, seed: int = 0) -> None:
        self.world = World(seed=seed)
        self._port = port
        self._server: grpc.Server | None = None

    @property
    def target(self) -> str:
        """The address, as `127.0.0.1:PORT`."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> Self:
        """Start listening.

        Raises:
            OSError: The port is in use.
        """
        pool = futures.ThreadPoolExecutor(MAX_STREAMS, thread_name_prefix="gemini-emulator")
        options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1)]
        server = grpc.server(pool, options=options)
        server.add_generic_rpc_handlers((_Handlers(self.world),))
        try:
            self._port = server.add_insecure_port(f"127.0.0.1:{self._port}")
        except RuntimeError as cause:
            raise OSError(f"port {self._port} cannot be used: {cause}") from cause
        server.start()
        self._server = server
        return self

    def close(self) -> None:
        """Stop at once: calls that are running end with UNAVAILABLE. Closing twice is fine."""
        if self._server is not None:
            self._server.stop(None).wait()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.close()


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpcio publishes no types
    """Finds the handler of a path."""

    def __init__(self, world: World) -> None:
        self._routes = {
            spec.path: _Route(world, version, spec).handler()
            for version, services in TABLES.items()
            for service in services.values()
            for spec in service.METHODS
            if _key(spec) in HANDLERS
        }
        for spec in operations.METHODS:
            if _key(spec) in HANDLERS:
                self._routes[spec.path] = _Route(world, "v1beta", spec).handler()

    def service(self, details: Any) -> grpc.RpcMethodHandler | None:
        """Return the handler of a call, None for UNIMPLEMENTED."""
        return self._routes.get(details.method)


def _key(spec: method.Method[Any, Any]) -> str:
    """Return the name of a method in the table of handlers: `GenerativeService.GenerateContent`."""
    _, service, name = spec.path.split("/")
    return f"{service.rpartition('.')[2]}.{name}"


class _Route:
    """Carries one method between grpcio and its handler: bytes to dictionaries and back."""

    def __init__(self, world: World, version: str, spec: method.Method[Any, Any]) -> None:
        self._world = world
        self._version = version
        self._spec = spec
        self._handle: Callable[..., Any] = HANDLERS[_key(spec)]
        self._request = pb_class(method.load(spec.request))
        self._response = pb_class(method.load(spec.response))

    def handler(self) -> grpc.RpcMethodHandler:
        """Return what grpcio calls for this method."""
        make, behaviour = {
            "unary": (grpc.unary_unary_rpc_method_handler, self._unary),
            "server_stream": (grpc.unary_stream_rpc_method_handler, self._stream),
            "bidi": (grpc.stream_stream_rpc_method_handler, self._bidi),
        }[self._spec.shape]
        return make(
            behaviour,
            request_deserializer=self._request.FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )

    def _unary(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _Refusals(context):
            return self._answer(self._handle(self._call(convert.read(request), context)))

    def _stream(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        with _Refusals(context):
            for answer in self._handle(self._call(convert.read(request), context)):
                yield self._answer(answer)

    def _bidi(self, requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        with _Refusals(context):
            read = map(convert.read, requests)
            for answer in self._handle(self._call({}, context), read):
                yield self._answer(answer)

    def _answer(self, data: Any) -> Any:
        return convert.build(self._response, data or {})

    def _call(self, request: dict[str, Any], context: grpc.ServicerContext) -> Call:
        return Call(
            world=self._world,
            version=self._version,
            method=self._spec,
            request=request,
            metadata=dict(context.invocation_metadata()),
            is_active=context.is_active,
        )


class _Refusals:
    """Turns the exceptions of a handler into statuses."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        self._context = context

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, status.StatusError):
            self._context.set_trailing_metadata(error.trailing_metadata())
            self._context.abort(error.code, error.message)
        elif isinstance(error, Exception) and self._context.is_active():
            _LOG.error("the emulator failed", exc_info=error)
            self._context.abort(grpc.StatusCode.INTERNAL, f"the emulator failed: {error!r}")
