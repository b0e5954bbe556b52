"""Interceptors, channel options and channels of one's own, beside an API key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import pytest

import gemini_grpc
from gemini_grpc import errors
from gemini_grpc.emulator import Emulator
from gemini_grpc.generative import default
from gemini_grpc.rpc import endpoint, wire

if TYPE_CHECKING:
    from tests.authority import Authority
    from tests.colours import Sync

MODEL = "gemini-flash-latest"
COUNT = {"model": f"models/{MODEL}", "contents": [{"parts": [{"text": "Hi"}]}]}


class Intercepts(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    def __init__(self) -> None:
        self.methods: list[str] = []

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        self.methods.append(details.method.rpartition("/")[2])
        return continuation(details, request)

    intercept_unary_stream = intercept_unary_unary


class AsyncIntercepts(grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    def __init__(self) -> None:
        self.methods: list[str] = []

    async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        self.methods.append(details.method.decode().rpartition("/")[2])
        return await continuation(details, request)


class AsyncStreamIntercepts(grpc.aio.UnaryStreamClientInterceptor):  # type: ignore[misc]
    def __init__(self) -> None:
        self.methods: list[str] = []

    intercept_unary_stream = AsyncIntercepts.intercept_unary_unary


NAMED = (("grpc.ssl_target_name_override", "localhost"),)


def own(colour: Sync) -> Any:
    return AsyncIntercepts() if colour.name == "async" else Intercepts()


def other(colour: Sync) -> Any:
    return Intercepts() if colour.name == "async" else AsyncIntercepts()


def open_channel(colour: Sync, target: str, credentials: Any = None) -> Any:
    """Open a channel of grpcio of the colour."""

    async def open_async() -> Any:
        if credentials is None:
            return grpc.aio.insecure_channel(target)
        return grpc.aio.secure_channel(target, credentials, NAMED)

    if colour.name == "async":
        return colour.call(open_async)
    if credentials is None:
        return grpc.insecure_channel(target)
    return grpc.secure_channel(target, credentials, NAMED)


def everyday(colour: Sync) -> Any:
    return gemini_grpc.AsyncClient if colour.name == "async" else gemini_grpc.Client


# interceptors


def test_interceptors_see_the_calls_of_a_generated_client(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    seen = own(colour)
    client = connect(emulator, interceptors=[seen])
    assert colour.call(client.count_tokens, COUNT).total_tokens
    assert colour.drain(colour.call(client.stream_generate_content, COUNT))
    with gemini_grpc.record_calls():
        assert colour.call(client.count_tokens, COUNT).total_tokens
    assert seen.methods.count("CountTokens") == 2


def test_interceptors_see_the_calls_of_a_client_in_both_colours(emulator: Emulator) -> None:
    seen, unary, stream = Intercepts(), AsyncIntercepts(), AsyncStreamIntercepts()
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}
    with gemini_grpc.Client(client_options=options, interceptors=[seen, unary, stream]) as client:
        model = gemini_grpc.GenerativeModel(MODEL, client=client)
        assert model.count_tokens("Hi").total_tokens

        async def count() -> None:
            assert (await model.count_tokens_async("Hi")).total_tokens
            assert [
                each.text async for each in await model.generate_content_async("Hi", stream=True)
            ]
            await client.wires.async_channel.close()

        asyncio.run(count())
    assert seen.methods == ["CountTokens"]
    assert unary.methods == ["CountTokens"]
    assert stream.methods == ["StreamGenerateContent"]


def test_configure_takes_interceptors(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default, "_default", default._Default())
    seen = Intercepts()
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}
    gemini_grpc.configure(client_options=options, interceptors=[seen])
    assert gemini_grpc.GenerativeModel(MODEL).count_tokens("Hi").total_tokens
    default._default.client.wires.channel.close()
    assert seen.methods == ["CountTokens"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"interceptors": Intercepts()}, "interceptors is Intercepts; expected a list"),
    ({"interceptors": [Intercepts]}, "interceptors has the class Intercepts; expected objects"),
    ({"interceptors": [print]}, "interceptors has builtin_function_or_method; expected objects"),
    ({"channel_options": {"a": 1}}, r"channel_options: expected pairs .*, got dict"),
    ({"channel_options": "ab"}, r"channel_options: expected pairs .*, got str"),
    ({"channel_options": [("a", 1, 2)]}, r"channel_options: expected pairs .*, got tuple"),
    ({"channel_options": [(1, "a")]}, r"channel_options: expected pairs .*, got tuple"),
    ({"channel_options": [("a", None)]}, "'a' of channel_options is NoneType; expected a str"),
    ({"channel_options": [("a", 1.5)]}, "'a' of channel_options is float; expected a str"),
    ({"channel_options": [("a", 2**31)]}, "'a' of channel_options is 2147483648; expected 32 bits"),
]


@pytest.mark.parametrize(("options", "text"), WRONG)
def test_what_grpcio_does_not_take_is_refused(
    colour: Sync, connect: Callable[..., Any], options: dict[str, Any], text: str
) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        connect(api_key="k", **options)
    for make in (everyday(colour), gemini_grpc.configure):
        with pytest.raises(errors.ArgumentError, match=text):
            make(api_key="k", **options)


def test_interceptors_of_the_other_kind_are_refused(
    colour: Sync, connect: Callable[..., Any]
) -> None:
    text = (
        "interceptors has .*Intercepts, which does not intercept the calls of an? .*synchronous cl"
    )
    with pytest.raises(errors.ArgumentError, match=text):
        connect(api_key="k", interceptors=[own(colour), other(colour)])
    with pytest.raises(errors.ArgumentError, match=text):
        everyday(colour)(api_key="k", interceptors=[other(colour)])


# channel options


def test_channel_options_take_the_place_of_ours(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    limit = [("grpc.max_receive_message_length", 1)]
    client = connect(emulator, channel_options=limit)
    with pytest.raises(errors.ResourceExhausted, match="larger than"):
        colour.call(client.count_tokens, COUNT)
    assert wire.merged([("a", 1), ("b", 2)], [("b", 3)]) == (("a", 1), ("b", 3))


# a channel of one's own


def run_async(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: asyncio.run(function(*args))


def test_a_key_goes_over_an_open_channel_on_this_machine(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    channel = open_channel(colour, emulator.target)
    client = connect(api_key="k", arguments={"channel": channel})
    assert colour.call(client.count_tokens, COUNT).total_tokens
    assert dict(emulator.journal[0].attempts[0].metadata)["x-goog-api-key"] == "***"
    colour.call(channel.close)


def test_a_key_goes_over_an_encrypted_channel(
    colour: Sync, connect: Callable[..., Any], authority: Authority
) -> None:
    with Emulator(tls=True, certificates=authority.server()) as secure:
        # a name that is not known to be this machine's
        target = f"ipv4:127.0.0.1:{secure.target.rpartition(':')[2]},127.0.0.2:9"
        channel = open_channel(colour, target, grpc.ssl_channel_credentials(authority.ca))
        client = connect(api_key="k", arguments={"channel": channel})
        assert colour.call(client.count_tokens, COUNT).total_tokens
        with gemini_grpc.record_calls():
            assert colour.call(client.count_tokens, COUNT).total_tokens
        sent = [dict(call.attempts[0].metadata) for call in secure.journal]
        assert [each["x-goog-api-key"] for each in sent] == ["***"] * len(sent)
        colour.call(channel.close)


def test_a_key_does_not_leave_this_machine_in_the_clear(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    target = f"ipv4:127.0.0.1:{emulator.target.rpartition(':')[2]},127.0.0.2:9"
    channel = open_channel(colour, target)
    client = connect(api_key="k", arguments={"channel": channel})
    with pytest.raises(errors.Unauthenticated, match="so the API key was not sent"):
        colour.call(client.count_tokens, COUNT, timeout=10.0)
    assert not emulator.journal
    colour.call(channel.close)


@pytest.mark.parametrize(
    ("target", "local"),
    [
        *((f"{scheme}127.0.0.1:5", True) for scheme in ("", "dns:///", "ipv4:")),
        *(
            ("localhost:5", True),
            ("ipv6:[::1]:5", True),
            ("unix:/tmp/s", True),
            ("unix:///s", True),
        ),
        *(("dns:///example.com:443", False), ("ipv4:127.0.0.1:5,10.0.0.1:5", False), ("", False)),
        *(
            ("10.0.0.1:5", False),
            ("xds:///localhost:5", False),
            ("dns://8.8.8.8/localhost:5", False),
        ),
    ],
)
def test_targets_on_this_machine_are_known(target: str, local: bool) -> None:
    assert endpoint.is_local(target) is local


def test_a_client_takes_a_channel_and_its_key(colour: Sync, emulator: Emulator) -> None:
    channel = open_channel(colour, emulator.target)
    client = everyday(colour)(channel=channel, api_key="k")
    assert colour.call(client.models.count_tokens, MODEL, "Hi").total_tokens
    model = gemini_grpc.GenerativeModel(MODEL, client=client)
    count = model.count_tokens if colour.name == "async" else run_async(model.count_tokens_async)
    with pytest.raises(errors.ArgumentError, match="made with a channel that has no"):
        count("Hi")
    upload = gemini_grpc.upload_file_async if colour.name == "async" else gemini_grpc.upload_file
    with pytest.raises(
        errors.ArgumentError, match="files travel over HTTPS, and the client was made"
    ):
        colour.call(upload, b"text", mime_type="text/plain", client=client)
    colour.call(client.close)
    colour.call(channel.close)


def test_what_has_no_effect_beside_a_channel_is_refused(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    channel = open_channel(colour, emulator.target)
    for options in ({"channel_options": [("a", 1)]}, {"scopes": ["s"]}):
        with pytest.raises(errors.ArgumentError, match="together with a channel or transport"):
            connect(arguments={"channel": channel}, **options)
    shared = connect(emulator).transport
    for options in ({"interceptors": [own(colour)]}, {"api_key": "k"}):
        with pytest.raises(errors.ArgumentError, match="together with a channel or transport"):
            connect(arguments={"channel": shared}, **options)
    if colour.name == "async":
        client = connect(interceptors=[own(colour)], arguments={"channel": channel})
        with pytest.raises(errors.ArgumentError, match=r"pass them to grpc\.aio"):
            colour.call(client.count_tokens, COUNT)
    colour.call(channel.close)


def test_interceptors_are_put_around_a_synchronous_channel(emulator: Emulator) -> None:
    seen = Intercepts()
    with grpc.insecure_channel(emulator.target) as channel:
        options = {"api_key": "k", "interceptors": [seen]}
        client = gemini_grpc.v1beta.GenerativeServiceClient(client_options=options, channel=channel)
        assert client.count_tokens(COUNT).total_tokens
    assert seen.methods == ["CountTokens"]
