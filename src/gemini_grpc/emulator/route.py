"""What happens to a call, whatever its method: the journal, the checks, the script, the handler.

The order is: written down in the journal, credentials, validation, quota, script, handler. Requests and
responses are bytes towards grpcio, so that a fault can send any bytes, and a request that is no message
is refused by us.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.message import DecodeError
from google.protobuf.wrappers_pb2 import Int32Value

from gemini_grpc.emulator import catalog, compose, convert, status, text, validation
from gemini_grpc.emulator.exchange import Context, Exchange, GoneError, time_remaining
from gemini_grpc.emulator.faults import Fault
from gemini_grpc.emulator.reply import Pause, Reply
from gemini_grpc.emulator.services import HANDLERS
from gemini_grpc.emulator.world import Call, World
from gemini_grpc.rpc import method
from gemini_grpc.rpc.http_endpoint import PORT

if TYPE_CHECKING:
    from gemini_grpc.emulator.authentication import Authentication
    from gemini_grpc.emulator.journal import Journal
    from gemini_grpc.emulator.quota import Quotas
    from gemini_grpc.emulator.script import Entry, Scripts

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Conditions:
    """What decides how calls go, besides their handlers."""

    world: World
    scripts: Scripts
    journal: Journal
    quotas: Quotas
    authentication: Authentication | None = None


class Router(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpcio publishes no types
    """Finds the handler of a path. Types are imported when a method is first called."""

    def __init__(self, conditions: Conditions, http_port: int) -> None:
        self._conditions = conditions
        told = Int32Value(value=http_port).SerializeToString()
        self._routes: dict[str, grpc.RpcMethodHandler] = {
            PORT.path: grpc.unary_unary_rpc_method_handler(lambda request, context: told)
        }

    def service(self, details: Any) -> grpc.RpcMethodHandler | None:
        """Return the handler of a call, None for UNIMPLEMENTED."""
        path: str = details.method
        found = self._routes.get(path)
        if found is None and path in catalog.by_path():
            version, spec = catalog.by_path()[path]
            found = self._routes[path] = Route(self._conditions, version, spec).handler()
        return found


class Route:
    """Carries one method between grpcio and whatever answers it."""

    def __init__(self, conditions: Conditions, version: str, spec: catalog.Spec) -> None:
        self._conditions = conditions
        self._version = version
        self._spec = spec
        self._names = (catalog.key(spec), spec.name)
        self._handle: Callable[..., Any] | None = HANDLERS.get(catalog.key(spec))
        self._target = compose.Target.of(spec)
        kind: Any = method.load(spec.request)
        self._typed: Callable[[bytes], Any] = getattr(kind, "deserialize", None) or kind.FromString

    def handler(self) -> grpc.RpcMethodHandler:
        """Return what grpcio calls for this method."""
        make, behaviour = {
            "unary": (grpc.unary_unary_rpc_method_handler, self._unary),
            "server_stream": (grpc.unary_stream_rpc_method_handler, self._stream),
            "bidi": (grpc.stream_stream_rpc_method_handler, self._bidi),
        }[self._spec.shape]
        return make(behaviour)

    def _unary(self, data: bytes, context: Context) -> bytes:
        return next(iter(list(self._stream(data, context))), b"")

    def _stream(self, data: bytes, context: Context) -> Iterator[bytes]:
        def answer(exchange: Exchange, call: Call) -> Iterator[bytes]:
            exchange.attempt.received = 1
            request = self._read(data, call.world)
            self._conditions.quotas.charge(self._spec.name, request, call.metadata)
            entry = self._conditions.scripts.take(self._names, request)
            typed = self._typed(data) if entry is not None else None
            return self._play(entry, exchange, _with(call, request), typed)

        return self._run(context, data, answer)

    def _bidi(self, stream: Iterator[bytes], context: Context) -> Iterator[bytes]:
        def answer(exchange: Exchange, call: Call) -> Iterator[bytes]:
            scripts = self._conditions.scripts
            raw: Iterator[bytes] = self._incoming(stream, exchange, call)
            first: convert.Data = {}
            if scripts.conditional(self._names):
                begun = list(itertools.islice(raw, 1))
                first = self._read(begun[0], call.world) if begun else {}
                raw = itertools.chain(begun, raw)
            entry = scripts.take(self._names, first)
            return self._play(entry, exchange, call, raw)

        return self._run(context, None, answer)

    def _run(
        self,
        context: Context,
        data: bytes | None,
        answer: Callable[[Exchange, Call], Iterator[bytes]],
    ) -> Iterator[bytes]:
        """Yield the messages of a call, and see to it that it ends in the journal as it ended."""
        conditions = self._conditions
        world = conditions.world
        metadata = tuple((key, value) for key, value in context.invocation_metadata())
        attempt = conditions.journal.begin(
            version=self._version,
            path=self._spec.path,
            data=data,
            parse=self._typed,
            metadata=metadata,
            deadline=time_remaining(context),
            peer=context.peer(),
            client_certificate=_client_certificate(context),
        )
        exchange = Exchange(
            context,
            world.clock,
            conditions.journal,
            attempt,
            is_session=self._spec.shape == "bidi",
        )
        call = Call(world, self._version, self._spec, {}, dict(metadata), exchange.is_active)
        try:
            if conditions.authentication is not None:
                conditions.authentication.check(call.metadata, world.clock)
            for message in answer(exchange, call):
                attempt.sent += 1
                yield message
            exchange.succeed()
        except GoneError:
            return
        except status.StatusError as error:
            exchange.refuse(error)
        except Exception as error:
            if not exchange.is_active():
                return  # grpcio ends the iterator of requests with an error when the client goes
            _LOG.error("the emulator failed", exc_info=error)
            text = f"the emulator failed: {error!r}"
            exchange.refuse(status.StatusError(grpc.StatusCode.INTERNAL, text))

    def _play(
        self, entry: Entry | None, exchange: Exchange, call: Call, given: Any
    ) -> Iterator[bytes]:
        """Yield what a script says, or the answer of the handler.

        Args:
            entry: What the script says, if it does.
            exchange: The call towards grpcio.
            call: The call towards the handler.
            given: The request as a message, or the raw requests of a session.
        """
        if entry is None:
            return self._answer(exchange, call, given)
        outcome = entry.outcome
        if isinstance(outcome, Reply) and outcome.call is not None:
            bidi = self._spec.shape == "bidi"
            result = outcome.call(map(self._typed, given) if bidi else given)
            made = compose.of_result(result, self._target)
            if isinstance(made, Reply):
                return self._reply(made, self._target, exchange, call, given)
            outcome = made
        if isinstance(outcome, Fault):
            rest = lambda: self._answer(exchange, call, given)  # noqa: E731  # called when needed
            return outcome.act(exchange, rest, self._target.response)
        return self._reply(outcome, entry.target, exchange, call, given)

    def _reply(
        self, reply: Reply, target: compose.Target, exchange: Exchange, call: Call, given: Any
    ) -> Iterator[bytes]:
        if self._spec.shape != "bidi":
            played = compose.answer(reply, target, call.request)
        elif reply.chunks is not None:  # what a function yields
            played = compose.items(reply.chunks, target)
        else:
            read = (self._read(data, call.world) for data in given)
            played = compose.dialogue(reply, target, read)
        return self._perform(played, exchange)

    def _perform(self, played: Iterator[compose.Played], exchange: Exchange) -> Iterator[bytes]:
        """Yield what is sent in the course of an answer."""
        for item in played:
            if isinstance(item, Pause):
                exchange.wait(item.seconds)
            elif isinstance(item, Fault):
                rest = lambda: self._perform(played, exchange)  # noqa: E731  # called when needed
                yield from item.act(exchange, rest, self._target.response)
            else:
                yield item if isinstance(item, bytes) else self._bytes(item)

    def _answer(self, exchange: Exchange, call: Call, given: Any) -> Iterator[bytes]:
        """Yield the answer of the handler, at the pace of the latency model."""
        if self._handle is None:
            raise status.StatusError(
                grpc.StatusCode.UNIMPLEMENTED, f"{self._spec.path} is not served here"
            )
        if self._spec.shape == "bidi":
            requests = (self._read(data, call.world) for data in given)
            yield from map(self._bytes, self._handle(call, requests))
            return
        answers: Iterable[Any] = self._handle(call)
        if self._spec.shape == "unary":
            answers = [answers]
        latency = call.world.latency
        chance = text.seeded(call.world.seed, repr(call.request)) if latency else None
        first = True
        for answer in answers:
            if latency is not None and chance is not None:
                exchange.wait(latency.pause(answer or {}, chance, first=first))
            first = False
            yield self._bytes(answer)

    def _incoming(self, stream: Iterator[bytes], exchange: Exchange, call: Call) -> Iterator[bytes]:
        """Yield the messages of a session as they come; the first one counts against the quotas."""
        for data in stream:
            exchange.attempt.received += 1
            if exchange.attempt.received == 1:
                setup = self._read(data, call.world).get("setup", {})
                self._conditions.quotas.charge(self._spec.name, setup, call.metadata)
            yield data

    def _read(self, data: bytes, world: World) -> convert.Data:
        """Return a request as a dictionary.

        Raises:
            StatusError: INVALID_ARGUMENT: it is no message, or the API would refuse it.
        """
        try:
            request = self._target.request.FromString(data)
        except DecodeError as cause:
            raise status.StatusError(
                grpc.StatusCode.INVALID_ARGUMENT,
                f"the request is not a {self._target.request.DESCRIPTOR.name}: {cause}",
            ) from cause
        validation.check(request, strict=world.strict)
        return convert.read(request)

    def _bytes(self, data: Any) -> bytes:
        return convert.build(self._target.response, data or {}).SerializeToString()


def _with(call: Call, request: convert.Data) -> Call:
    """Return a call with its request."""
    return Call(call.world, call.version, call.method, request, call.metadata, call.is_active)


def _client_certificate(context: Context) -> str | None:
    """Return the common name of the certificate that the client has shown."""
    names = context.auth_context().get("x509_common_name")
    return names[0].decode() if names else None
