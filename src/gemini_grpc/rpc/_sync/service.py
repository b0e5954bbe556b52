# Derived by `python -m codegen` from src/gemini_grpc/rpc/_async/service.py. Do not edit.
"""What the clients of all services have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from gemini_grpc.rpc import operations, options, paths
from gemini_grpc.rpc._sync.channel import Channel
from gemini_grpc.rpc._sync.operation import Operation
from gemini_grpc.rpc._sync.pager import Pager
from gemini_grpc.rpc.policy import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from google.longrunning import operations_pb2

    from gemini_grpc.rpc._sync.stream import Stream
    from gemini_grpc.rpc.metadata import Metadata
    from gemini_grpc.rpc.method import Method
    from gemini_grpc.rpc.policy import Default, RetryPolicy

Req = TypeVar("Req")
Res = TypeVar("Res")


class Service(paths.CommonPaths):
    """The base of the generated clients. Close it when it is no longer used, best with `with`."""

    DEFAULT_ENDPOINT: ClassVar[str]
    """The host of the service."""
    SCOPES: ClassVar[tuple[str, ...]] = ()
    """The OAuth scopes of the service."""

    def __init__(
        self,
        *,
        client_options: options.ClientOptions | Mapping[str, object] | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Make a client; nothing is sent before the first call.

        Args:
            client_options: A `ClientOptions` or a mapping of its fields.
            channel: The channel of another client, to share its connection; whoever made it closes it.

        Raises:
            ArgumentError: An option is unknown or cannot be used, or options are given with a channel.
        """
        self._owns_channel = channel is None
        self._channel = channel or Channel(
            options.resolve(options.ClientOptions.of(client_options), self.DEFAULT_ENDPOINT)
        )

    def close(self) -> None:
        """End every call and close the connection, unless it is another client's."""
        if self._owns_channel:
            self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def get_operation(self, name: str) -> operations_pb2.Operation:
        """Return a long-running operation as the server describes it now."""
        return self._channel.unary(operations.GET, {"name": name})

    def list_operations(
        self, name: str = "", *, filter: str = "", page_size: int = 0
    ) -> Pager[Any, operations_pb2.Operation]:
        """Return a pager over the operations below `name`."""
        request = {"name": name, "filter": filter, "page_size": page_size}
        return self._page(operations.LIST, request, None, DEFAULT, DEFAULT, ())

    def cancel_operation(self, name: str) -> None:
        """Ask the server to stop an operation."""
        self._channel.unary(operations.CANCEL, {"name": name})

    def delete_operation(self, name: str) -> None:
        """Forget an operation; it is not stopped."""
        self._channel.unary(operations.DELETE, {"name": name})

    def _unary(
        self,
        method: Method[Req, Res],
        request: object,
        fields: Mapping[str, object] | None,
        timeout: float | Default | None,
        retry: RetryPolicy | Default | None,
        metadata: Metadata,
    ) -> Res:
        return self._channel.unary(method, request, fields, timeout, retry, metadata)

    def _stream(
        self,
        method: Method[Req, Res],
        request: object,
        fields: Mapping[str, object] | None,
        timeout: float | Default | None,
        retry: RetryPolicy | Default | None,
        metadata: Metadata,
    ) -> Stream[Res]:
        return self._channel.stream(method, request, fields, timeout, retry, metadata)

    def _bidi(
        self,
        method: Method[Req, Res],
        requests: Iterable[object] | Iterable[object],
        timeout: float | Default | None,
        metadata: Metadata,
    ) -> Stream[Res]:
        seconds = None if timeout is DEFAULT else timeout
        return self._channel.bidi(method, requests, seconds, metadata)

    def _page(
        self,
        method: Method[Req, Res],
        request: object,
        fields: Mapping[str, object] | None,
        timeout: float | Default | None,
        retry: RetryPolicy | Default | None,
        metadata: Metadata,
    ) -> Pager[Res, Any]:
        channel = self._channel
        asked: Any = channel.message(method, request, fields)

        def fetch(page_token: str) -> Res:
            asked.page_token = page_token
            return channel.unary(method, asked, None, timeout, retry, metadata)

        return Pager(fetch, fetch(asked.page_token), method.items)

    def _operation(
        self,
        method: Method[Req, Res],
        request: object,
        fields: Mapping[str, object] | None,
        timeout: float | Default | None,
        retry: RetryPolicy | Default | None,
        metadata: Metadata,
    ) -> Operation[Any]:
        state: Any = self._channel.unary(method, request, fields, timeout, retry, metadata)
        assert method.operation is not None
        return Operation(self._channel, state, method.operation)
