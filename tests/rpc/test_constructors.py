"""How clients are made, as google's are, and what they tell about themselves."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import google.auth.credentials
import grpc
import grpc.aio
import pytest

from gemini_grpc import ClientOptions, errors
from gemini_grpc.emulator import Emulator
from gemini_grpc.rpc._async.channel import AsyncChannel
from gemini_grpc.rpc._sync.channel import Channel
from tests.colours import Async, Sync

MODEL = "models/gemini-3.8-flash"
CONTENTS = [{"parts": [{"text": "hi"}]}]


@pytest.fixture
def options(emulator: Emulator) -> dict[str, Any]:
    return {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}


@pytest.fixture
def opened(colour: Sync, emulator: Emulator) -> Iterator[Any]:
    """Give a channel of grpcio that the test has opened itself."""

    def open_async() -> Any:
        return grpc.aio.insecure_channel(emulator.target)

    if isinstance(colour, Async):
        channel = colour.call(open_async)
        yield channel
        colour.call(channel.close)
    else:
        with grpc.insecure_channel(emulator.target) as channel:
            yield channel


def works(colour: Sync, client: Any) -> bool:
    return bool(colour.call(client.count_tokens, model=MODEL, contents=CONTENTS).total_tokens)


@pytest.mark.parametrize("how", ["mapping", "ours", "googles"])
def test_options_come_in_three_forms(colour: Sync, options: dict[str, Any], how: str) -> None:
    from google.api_core.client_options import ClientOptions as GoogleOptions

    given: Any = {"mapping": dict, "ours": ClientOptions, "googles": GoogleOptions}[how](**options)
    client = colour.cls()(client_options=given)
    assert works(colour, client)
    colour.call(client.close)


def test_arguments_are_by_keyword_only(colour: Sync) -> None:
    with pytest.raises(TypeError):
        colour.cls()(google.auth.credentials.AnonymousCredentials())


@pytest.mark.parametrize("argument", ["transport", "channel"])
def test_a_channel_of_grpcio_may_be_given(
    colour: Sync, opened: Any, emulator: Emulator, argument: str
) -> None:
    client = colour.cls()(**{argument: opened})
    assert works(colour, client)
    colour.call(client.close)
    other = colour.cls("ModelService")(**{argument: opened})  # it is the test's, and still open
    assert colour.call(other.get_model, name=MODEL)
    assert len(emulator.journal) == 2


@pytest.mark.parametrize("argument", ["transport", "channel"])
def test_the_channel_of_another_client_may_be_shared(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, argument: str
) -> None:
    first = connect(emulator)
    second = colour.cls("ModelService")(**{argument: first.transport})
    assert second.transport is first.transport
    assert colour.call(second.get_model, name=MODEL)
    colour.call(second.close)
    assert works(colour, first)
    assert len({call.attempts[0].peer for call in emulator.journal}) == 1


def test_the_name_of_the_transport_may_be_given(colour: Sync, options: dict[str, Any]) -> None:
    client = colour.cls()(transport=colour.transport, client_options=options)
    assert works(colour, client)
    assert client.transport.kind == colour.transport
    colour.call(client.close)


@pytest.mark.parametrize("wrong", ["rest", "grpcs", "", "REST"])
def test_another_transport_is_refused(colour: Sync, options: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=f"expected '{colour.transport}'"):
        colour.cls()(transport=wrong, client_options=options)
    with pytest.raises(ValueError, match=f"expected '{colour.transport}'"):
        colour.cls().get_transport_class(wrong)


def test_the_transport_of_the_other_colour_is_refused(
    colour: Sync, options: dict[str, Any]
) -> None:
    other = {"grpc": "grpc_asyncio", "grpc_asyncio": "grpc"}[colour.transport]
    with pytest.raises(errors.ArgumentError):
        colour.cls()(transport=other, client_options=options)


@pytest.fixture
def foreign(colour: Sync, emulator: Emulator) -> Iterator[Callable[[str], Any]]:
    """Return a function that makes what only clients of the other colour can use."""
    other: Sync = Sync() if isinstance(colour, Async) else Async()
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}
    client = other.cls()(client_options=options)
    channel = other.call(lambda: client.transport.grpc_channel)
    kinds = {"grpcio": channel, "ours": client.transport, "class": type(client.transport)}
    if other.name == "sync":
        kinds["intercepted"] = grpc.intercept_channel(channel, Passing())
    yield lambda kind: kinds.get(kind, channel)
    other.call(client.close)
    other.end()


class Passing(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]  # grpcio has no types
    """An interceptor that changes nothing."""

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(details, request)


@pytest.mark.parametrize("argument", ["transport", "channel"])
@pytest.mark.parametrize("kind", ["grpcio", "intercepted", "ours", "class"])
def test_a_channel_of_the_other_colour_is_refused(
    colour: Sync, foreign: Callable[[str], Any], argument: str, kind: str
) -> None:
    given, expected = {
        "sync": ("an asynchronous channel", "a synchronous client takes a grpc.Channel"),
        "async": ("a synchronous channel", "an asynchronous client takes a grpc.aio.Channel"),
    }[colour.name]
    with pytest.raises(errors.ArgumentError, match=rf"{argument} is {given} \(.*\); {expected}"):
        colour.cls()(**{argument: foreign(kind)})


@pytest.mark.parametrize("kind", ["grpcio", "ours"])
def test_a_function_that_makes_a_channel_of_the_other_colour_is_refused(
    colour: Sync, foreign: Callable[[str], Any], kind: str
) -> None:
    with pytest.raises(errors.ArgumentError, match=r"channel is an? a?synchronous channel"):
        colour.cls()(transport=lambda **_: foreign(kind))


@pytest.mark.parametrize("argument", ["transport", "channel"])
def test_what_does_as_a_channel_does_may_be_given(colour: Sync, opened: Any, argument: str) -> None:
    class Passed:
        def __getattr__(self, name: str) -> Any:
            return getattr(opened, name)

    assert works(colour, colour.cls()(**{argument: Passed()}))


def test_a_channel_with_interceptors_may_be_given(emulator: Emulator) -> None:
    from gemini_grpc.v1beta import GenerativeServiceClient

    with grpc.insecure_channel(emulator.target) as plain:
        client = GenerativeServiceClient(channel=grpc.intercept_channel(plain, Passing()))
        assert client.count_tokens(model=MODEL, contents=CONTENTS).total_tokens


@pytest.mark.parametrize("gives", ["grpcio", "ours"])
def test_a_function_may_make_the_transport(
    colour: Sync, connect: Callable[..., Any], opened: Any, emulator: Emulator, gives: str
) -> None:
    shared = connect(emulator).transport
    asked: list[dict[str, Any]] = []

    def make(**more: Any) -> Any:
        asked.append(more)
        return opened if gives == "grpcio" else shared

    client = colour.cls()(transport=make)
    assert works(colour, client)
    assert asked[0]["host"] == "generativelanguage.googleapis.com"
    colour.call(client.close)


def test_a_function_that_makes_the_transport_is_given_the_credentials(
    colour: Sync, opened: Any
) -> None:
    credentials = google.auth.credentials.AnonymousCredentials()
    asked: list[dict[str, Any]] = []

    def make(**more: Any) -> Any:
        asked.append(more)
        return opened

    client = colour.cls()(transport=make, credentials=credentials)
    assert asked[0]["credentials"] is credentials
    assert works(colour, client)
    colour.call(client.close)


def test_the_class_of_the_transport_may_be_given(colour: Sync, options: dict[str, Any]) -> None:
    client = colour.cls()(
        transport=colour.cls().get_transport_class(colour.transport), client_options=options
    )
    assert works(colour, client)
    colour.call(client.close)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"credentials": google.auth.credentials.AnonymousCredentials()}, "credentials"),
        ({"client_options": {"credentials_file": "f"}}, "client_options.credentials_file"),
        ({"client_options": {"scopes": ["s"]}}, "client_options.scopes"),
    ],
)
@pytest.mark.parametrize("argument", ["transport", "channel"])
@pytest.mark.parametrize("kind", ["grpcio", "ours"])
def test_a_channel_has_credentials_of_its_own(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    opened: Any,
    arguments: dict[str, Any],
    name: str,
    argument: str,
    kind: str,
) -> None:
    channel = opened if kind == "grpcio" else connect(emulator).transport
    with pytest.raises(ValueError, match=f"^{name} is given together with a channel"):
        colour.cls()(**{argument: channel}, **arguments)


def test_properties_tell_where_calls_go(colour: Sync) -> None:
    client = colour.cls()(client_options={"api_key": "k"})
    assert client.api_endpoint == "generativelanguage.googleapis.com:443"
    assert client.universe_domain == "googleapis.com"
    assert client.transport.host == client.api_endpoint
    colour.call(client.close)
    other = colour.cls()(client_options={"api_key": "k", "universe_domain": "example.org"})
    assert other.universe_domain == "example.org"
    assert other.api_endpoint == "generativelanguage.example.org:443"
    colour.call(other.close)


def test_the_channel_of_grpcio_is_there(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    client = connect(emulator)

    def kind() -> type:
        return type(client.transport.grpc_channel)

    expected = grpc.aio.Channel if colour.name == "async" else grpc.Channel
    assert issubclass(colour.call(kind), expected)


def test_the_class_of_the_transport_is_known(colour: Sync) -> None:
    expected = AsyncChannel if colour.name == "async" else Channel
    for label in (None, colour.transport):
        assert colour.cls().get_transport_class(label) is expected


@pytest.mark.parametrize("version", ["v1alpha", "v1beta", "aiplatform_v1"])
def test_every_client_has_what_googles_have(version: str) -> None:
    package = importlib.import_module(f"gemini_grpc.{version}")
    for name in package.__all__:
        if not name.endswith("Client"):
            continue
        cls = getattr(package, name)
        assert cls.DEFAULT_ENDPOINT.endswith("googleapis.com")
        for method in (
            "from_service_account_file",
            "from_service_account_json",
            "from_service_account_info",
            "get_mtls_endpoint_and_cert_source",
            "get_transport_class",
            "common_project_path",
            "close",
        ):
            assert callable(getattr(cls, method))
        assert cls.from_service_account_json.__func__ is cls.from_service_account_file.__func__


@pytest.mark.parametrize("info", ["mine/1.0", "object"])
def test_the_client_info_is_sent(
    colour: Sync, options: dict[str, Any], emulator: Emulator, info: Any
) -> None:
    from google.api_core.gapic_v1.client_info import ClientInfo

    given = ClientInfo(user_agent="mine/1.0") if info == "object" else info
    client = colour.cls()(client_options=options, client_info=given)
    assert works(colour, client)
    sent = dict(emulator.journal[0].attempts[0].metadata)["x-goog-api-client"]
    assert str(sent).startswith("mine/1.0 gl-python/")
    colour.call(client.close)


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ("mine\n", "client_info has characters that cannot be sent; expected printable ASCII"),
        ("m\u00fcine/1.0", "client_info has characters that cannot be sent"),
        ("mine\x00", "client_info has characters that cannot be sent"),
        (SimpleNamespace(user_agent="a\r\nb"), "client_info has characters that cannot be sent"),
        (
            SimpleNamespace(user_agent=b"mine"),
            "client_info has bytes for a user agent; expected a str",
        ),
        (5, "client_info has int for a user agent; expected a str, or a ClientInfo"),
        (b"mine", "client_info has bytes for a user agent"),
        ({"user_agent": "mine"}, "client_info has dict for a user agent"),
    ],
)
@pytest.mark.parametrize("shared", [False, True])
def test_a_client_info_that_cannot_be_sent_is_refused(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    info: Any,
    expected: str,
    shared: bool,
) -> None:
    first = connect(emulator)
    given = {"channel": first.transport} if shared else {"client_options": {"api_key": "k"}}
    with pytest.raises(errors.ArgumentError, match=expected):
        colour.cls()(client_info=info, **given)


def test_clients_are_context_managers_and_close_twice(
    colour: Sync, options: dict[str, Any]
) -> None:
    async def in_async() -> Any:
        async with colour.cls()(client_options=options) as client:
            assert await client.count_tokens(model=MODEL, contents=CONTENTS)
        return client

    def in_sync() -> Any:
        with colour.cls()(client_options=options) as client:
            assert works(colour, client)
        return client

    client = colour.call(in_async if colour.name == "async" else in_sync)
    with pytest.raises(errors.ClosedError, match="closed"):
        works(colour, client)
    colour.call(client.close)


@pytest.mark.parametrize("how", ["unary", "stream", "session", "page", "channel"])
def test_a_closed_client_says_so(
    colour: Sync, options: dict[str, Any], emulator: Emulator, how: str
) -> None:
    service = "ModelService" if how == "page" else "GenerativeService"
    client = colour.cls(service)(client_options=options)
    colour.call(client.close)
    calls: dict[str, Callable[[], Any]] = {
        "unary": lambda: client.count_tokens(model=MODEL, contents=CONTENTS),
        "stream": lambda: client.stream_generate_content(model=MODEL, contents=CONTENTS),
        "session": lambda: client.bidi_generate_content([]),
        "page": lambda: client.list_models(page_size=5),
        "channel": lambda: client.transport.grpc_channel,
    }
    with pytest.raises(errors.ClosedError, match="the client is closed; make a new one"):
        colour.call(calls[how])
    assert len(emulator.journal) == 0


def test_a_closed_client_with_a_channel_of_the_user_says_so(colour: Sync, opened: Any) -> None:
    client = colour.cls()(channel=opened)
    assert works(colour, client)
    colour.call(client.close)
    with pytest.raises(errors.ClosedError):
        works(colour, client)


def test_a_closed_client_with_the_channel_of_another_says_so(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    client = colour.cls()(channel=connect(emulator).transport)
    assert works(colour, client)
    colour.call(client.close)
    with pytest.raises(errors.ClosedError):
        works(colour, client)


def test_request_and_fields_exclude_each_other(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    client = connect(emulator)
    with pytest.raises(ValueError, match="request and its fields"):
        colour.call(client.count_tokens, {"model": MODEL}, contents=CONTENTS)


def test_an_ipv6_loopback_works(colour: Sync) -> None:
    try:
        emulator = Emulator(host="::1").start()
    except OSError:
        pytest.skip("this machine has no IPv6")
    client = colour.cls()(
        client_options={"api_endpoint": f"http://{emulator.target}", "api_key": "k"}
    )
    assert works(colour, client)
    colour.call(client.close)
    emulator.close()
