"""What the clients of all services have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from gemini_grpc import errors
from gemini_grpc.rpc import credentials as auth
from gemini_grpc.rpc import endpoint, operations, options, paths
from gemini_grpc.rpc._async.channel import AsyncChannel
from gemini_grpc.rpc._async.operation import AsyncOperation
from gemini_grpc.rpc._async.pager import AsyncPager
from gemini_grpc.rpc.client_options import ClientOptions
from gemini_grpc.rpc.interceptors import check_kind
from gemini_grpc.rpc.policy import DEFAULT, RetryPolicy, settled
from gemini_grpc.rpc.secret import forget_locals
from gemini_grpc.rpc.shared import Shared

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Mapping

    import grpc.aio
    from google.auth.credentials import Credentials
    from google.longrunning import operations_pb2

    from gemini_grpc.rpc import tls
    from gemini_grpc.rpc._async.stream import AsyncStream
    from gemini_grpc.rpc.metadata import Metadata
    from gemini_grpc.rpc.method import Method
    from gemini_grpc.rpc.policy import Default, Retry

Req = TypeVar("Req")
Res = TypeVar("Res")


class AsyncService(Shared, paths.CommonPaths):
    """The base of the generated clients. Close it when it is no longer used, best with `with`."""

    DEFAULT_ENDPOINT: ClassVar[str]
    """The host of the service."""
    DEFAULT_MTLS_ENDPOINT: ClassVar[str]
    """The host of the service for mTLS."""
    SCOPES: ClassVar[tuple[str, ...]] = ()
    """The OAuth scopes of the service."""

    @forget_locals
    def __init__(
        self,
        *,
        credentials: Credentials | None = None,
        transport: str | AsyncChannel | grpc.aio.Channel | Callable[..., Any] | None = None,
        client_options: ClientOptions | Mapping[str, object] | None = None,
        client_info: object = None,
        channel: AsyncChannel | grpc.aio.Channel | None = None,
    ) -> None:
        """Make a client; nothing is sent before the first call.

        Args:
            credentials: Credentials of google-auth. Without these and without an API key in the
                options, the application default credentials are used (AIP-4110).
            transport: `"grpc_asyncio"`, or the same as `channel`, or a function that returns one when it
                is called with keywords named as google's transports have them.
            client_options: A `ClientOptions`, a mapping of its fields, or google.api_core's object.
            client_info: A user agent to add to our own, as a string or google.api_core's object.
            channel: The channel of another client, to share its connection, or a channel of grpcio.
                Its owner closes it; it has its own credentials. Over a channel of grpcio an API key of
                the options is sent if the channel is encrypted or on this machine.

        Raises:
            ArgumentError: An option is unknown or cannot be used, options exclude each other, or the
                channel is one for the other kind of client.
            CredentialsError: There are no credentials.
        """
        given = ClientOptions.of(client_options)
        user_agent = options.user_agent_of(client_info)
        options.check_colour("transport", transport, AsyncChannel.kind)
        if channel is None and transport is not None:
            channel = _channel_of(transport, self.DEFAULT_ENDPOINT, credentials)
            if channel is not None and channel is not transport:
                credentials = None  # the function has been given them
        options.check_colour("channel", channel, AsyncChannel.kind)
        self._owns_channel = not isinstance(channel, AsyncChannel)
        if isinstance(channel, AsyncChannel):
            options.refuse_beside_channel(
                given, credentials, "api_key", "interceptors", "channel_options"
            )
            self._channel = channel
            return
        check_kind(given.interceptors, AsyncChannel.kind)
        if channel is not None:
            options.refuse_beside_channel(given, credentials, "channel_options")
        self._channel = AsyncChannel(
            options.resolve(
                given,
                self.DEFAULT_ENDPOINT,
                scopes=self.SCOPES,
                credentials=credentials,
                user_agent=user_agent,
                ready=channel,
            ),
            channel,
        )

    @classmethod
    @forget_locals
    def from_service_account_file(cls, filename: str, *args: Any, **more: Any) -> Self:
        """Make a client with the key of a service account in a JSON file.

        Raises:
            CredentialsError: The file cannot be read or is no key of a service account.
        """
        found = auth.from_service_account_file(filename)
        return cls(*args, credentials=found, **more)

    from_service_account_json = from_service_account_file

    @classmethod
    @forget_locals
    def from_service_account_info(cls, info: Mapping[str, str], *args: Any, **more: Any) -> Self:
        """Make a client with the key of a service account given as the content of its JSON file.

        Raises:
            CredentialsError: It is no key of a service account.
        """
        found = auth.from_service_account_info(info)
        return cls(*args, credentials=found, **more)

    @classmethod
    @forget_locals
    def get_mtls_endpoint_and_cert_source(
        cls, client_options: ClientOptions | Mapping[str, object] | None = None
    ) -> tuple[str, tls.CertSource | None]:
        """Return the host a client with these options would call, and where its certificate comes from.

        Raises:
            ArgumentError: The options or the environment cannot be used.
        """
        return options.endpoint_and_cert_source(
            ClientOptions.of(client_options), cls.DEFAULT_ENDPOINT
        )

    @classmethod
    def get_transport_class(cls, label: str | None = None) -> type[AsyncChannel]:
        """Return the class of the transport called `label`; there is one."""
        if label not in {None, AsyncChannel.kind}:
            raise errors.ArgumentError(f"transport is {label!r}; expected {AsyncChannel.kind!r}")
        return AsyncChannel

    @property
    def transport(self) -> AsyncChannel:
        """What makes the calls; pass it to another client as `channel` to share the connection."""
        return self._channel

    @property
    def api_endpoint(self) -> str:
        """The `host:port` that is called."""
        return self._channel.host

    @property
    def universe_domain(self) -> str:
        """The universe domain of the client."""
        return self._channel.settings.universe

    def __init_subclass__(cls) -> None:
        cls.DEFAULT_MTLS_ENDPOINT = endpoint.mtls_host(cls.DEFAULT_ENDPOINT)

    async def close(self) -> None:
        """End every call and close the connection, unless it is another client's."""
        if not self._owns_channel:
            self._channel = AsyncChannel(self._channel.settings)
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def get_operation(
        self,
        request: operations_pb2.GetOperationRequest | Mapping[str, object] | str | None = None,
        *,
        name: str | None = None,
        timeout: float | Default | None = DEFAULT,
        retry: Retry = DEFAULT,
        metadata: Metadata = (),
    ) -> operations_pb2.Operation:
        """Return a long-running operation as the server describes it now.

        Args:
            request: The whole request as a message or mapping, instead of the keywords; or the name.
            name: Its name.
            timeout: Seconds for the whole call, attempts and pauses included; None for no limit.
            retry: A `RetryPolicy`, or None to try once.
            metadata: More metadata to send, as pairs.

        Raises:
            ArgumentError, FieldError: The arguments do not make a request; nothing was sent.
            RpcError: The call failed; the class tells the status.
        """
        request, name = _named(request, name)
        fields = {"name": name}
        return await self._channel.unary(operations.GET, request, fields, timeout, retry, metadata)

    async def list_operations(
        self,
        request: operations_pb2.ListOperationsRequest | Mapping[str, object] | str | None = None,
        *,
        name: str | None = None,
        filter: str | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        timeout: float | Default | None = DEFAULT,
        retry: Retry = DEFAULT,
        metadata: Metadata = (),
    ) -> AsyncPager[operations_pb2.ListOperationsResponse, operations_pb2.Operation]:
        """Return a pager over the operations below `name`, or over all of them.

        Args:
            request: The whole request as a message or mapping, instead of the keywords; or the name.
            name: The name of the resource they belong to.
            filter: Which to return, in the words of the service.
            page_size: How many to return at once, at most.
            page_token: The `next_page_token` of the page before.
            timeout: Seconds for each call, attempts and pauses included; None for no limit.
            retry: A `RetryPolicy`, or None to try once.
            metadata: More metadata to send, as pairs.

        Raises:
            ArgumentError, FieldError: The arguments do not make a request; nothing was sent.
            RpcError: The call failed; the class tells the status.
        """
        request, name = _named(request, name)
        fields = {"name": name, "filter": filter, "page_size": page_size, "page_token": page_token}
        return await self._page(operations.LIST, request, fields, timeout, retry, metadata)

    async def cancel_operation(
        self,
        request: operations_pb2.CancelOperationRequest | Mapping[str, object] | str | None = None,
        *,
        name: str | None = None,
        timeout: float | Default | None = DEFAULT,
        retry: Retry = DEFAULT,
        metadata: Metadata = (),
    ) -> None:
        """Ask the server to stop an operation; arguments and errors are those of `get_operation`."""
        request, name = _named(request, name)
        fields = {"name": name}
        await self._channel.unary(operations.CANCEL, request, fields, timeout, retry, metadata)

    async def delete_operation(
        self,
        request: operations_pb2.DeleteOperationRequest | Mapping[str, object] | str | None = None,
        *,
        name: str | None = None,
        timeout: float | Default | None = DEFAULT,
        retry: Retry = DEFAULT,
        metadata: Metadata = (),
    ) -> None:
        """Forget an operation, which is not stopped; arguments and errors are those of `get_operation`."""
        request, name = _named(request, name)
        fields = {"name": name}
        await self._channel.unary(operations.DELETE, request, fields, timeout, retry, metadata)

    async def _bidi(
        self,
        method: Method[Req, Res],
        requests: Iterable[object] | AsyncIterable[object],
        timeout: float | Default | None,
        retry: Retry,
        metadata: Metadata,
    ) -> AsyncStream[Res]:
        given, seconds = settled(retry, timeout)
        if isinstance(given, RetryPolicy):
            raise errors.ArgumentError(
                f"retry is a policy; {method.name} has one attempt, because requests that were sent "
                "cannot be sent again: leave it out, or pass None"
            )
        limit = None if seconds is DEFAULT else seconds
        return await self._channel.bidi(method, requests, limit, metadata)

    async def _collect(
        self,
        method: Method[Req, Res],
        requests: Iterable[object] | AsyncIterable[object],
        timeout: float | Default | None,
        retry: Retry,
        metadata: Metadata,
    ) -> Res:
        """Send a stream of requests and return the one response."""
        async with await self._bidi(method, requests, timeout, retry, metadata) as stream:
            found: list[Res] = []
            async for response in stream:
                found += (response,)
        if len(found) != 1:
            raise errors.Internal(f"{method.name}: {len(found)} responses, expected one")
        return found[0]

    async def _page(
        self,
        method: Method[Req, Res],
        request: object,
        fields: Mapping[str, object] | None,
        timeout: float | Default | None,
        retry: Retry,
        metadata: Metadata,
    ) -> AsyncPager[Res, Any]:
        channel = self._channel
        asked: Any = channel.message(method, request, fields)

        async def fetch(page_token: str) -> Res:
            asked.page_token = page_token
            return await channel.unary(method, asked, None, timeout, retry, metadata)

        return AsyncPager(fetch, await fetch(asked.page_token), method.items)

    async def _operation(
        self,
        method: Method[Req, Res],
        request: object,
        fields: Mapping[str, object] | None,
        timeout: float | Default | None,
        retry: Retry,
        metadata: Metadata,
    ) -> AsyncOperation[Any]:
        state: Any = await self._channel.unary(method, request, fields, timeout, retry, metadata)
        assert method.operation is not None
        return AsyncOperation(self._channel, state, method.operation)


def _named(request: Any, name: str | None) -> tuple[Any, str | None]:
    """Return a request and the name in it; the name alone may stand where the request does."""
    return (None, request) if isinstance(request, str) and name is None else (request, name)


def _channel_of(transport: Any, host: str, credentials: Credentials | None) -> Any:
    """Return the channel a `transport` argument stands for; None to open one."""
    if isinstance(transport, str):
        AsyncService.get_transport_class(transport)
        return None
    if transport is AsyncChannel:
        return None
    if isinstance(transport, AsyncChannel) or not callable(transport):
        return transport
    return transport(host=host, credentials=credentials)
