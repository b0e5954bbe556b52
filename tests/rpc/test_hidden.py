"""No error shows a key or a token, in its text or in the local variables of its frames."""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from google.oauth2.credentials import Credentials

import gemini_grpc as genai
from gemini_grpc import ClientOptions, errors
from gemini_grpc.emulator import Emulator
from gemini_grpc.live import LiveConfig
from tests.hostile.server import Server, Stream, message
from tests.support.secrets import assert_hidden

if TYPE_CHECKING:
    from tests.authority import Authority
    from tests.colours import Sync

KEY = "AIza-this-is-the-key"
TOKEN = "ya29.this-is-the-token"
FIELDS: dict[str, Any] = {"model": "models/x", "contents": [{"parts": [{"text": "Hi"}]}]}


# calls

ENDS: dict[str, Callable[[Stream], None]] = {
    "status": lambda stream: stream.trail(
        *((":status", "200"), ("content-type", "application/grpc")), ("grpc-status", "7")
    ),
    "garbage": lambda stream: (
        stream.answer(),
        stream.write(message(b"\xff\xff\xff")),
        stream.trail(),
    )[0],
    "two answers": lambda stream: (stream.answer(), stream.write(message(b"") * 2))[0],
    "reset": lambda stream: stream.cancel(2),
    "end of the connection": lambda stream: stream.connection.close(),
    "silence": lambda stream: None,
}


@pytest.fixture(params=ENDS.values(), ids=ENDS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(request.param) as running:
        yield running


def unary(colour: Sync, client: Any) -> None:
    colour.call(client.generative_service.generate_content, **FIELDS, timeout=1.0, retry=None)


def streamed(colour: Sync, client: Any) -> None:
    service = client.generative_service
    stream = colour.call(service.stream_generate_content, **FIELDS, timeout=1.0, retry=None)
    colour.drain(stream)
    raise errors.Internal("a stream of two answers is fine")


def bidi(colour: Sync, client: Any) -> None:
    service = client.generative_service
    requests = colour.requests([{"setup": {"model": "models/x"}}])
    colour.drain(colour.call(service.bidi_generate_content, requests, timeout=1.0))
    raise errors.Internal("a stream of two answers is fine")


def everyday(colour: Sync, client: Any) -> None:
    model = genai.GenerativeModel("x", client=client)
    ask = model.generate_content if colour.name == "sync" else model.generate_content_async
    response = colour.call(ask, "Hi", request_options={"timeout": 1.0, "retry": None})
    raise errors.Internal(str(response.text))


def live(colour: Sync, client: Any) -> None:
    given: dict[str, Any] = {"config": LiveConfig(), "resume": None, "setup_timeout": 1.0}

    async def enter() -> None:
        async with client.live.connect("x", **given):
            raise AssertionError("nothing was set up")

    if colour.name == "sync":
        with client.live.connect("x", **given):
            raise AssertionError("nothing was set up")
    colour.call(enter)


CALLS = pytest.mark.parametrize("call", [unary, streamed, bidi, everyday, live])


def raised(function: Callable[[], object]) -> BaseException:
    with pytest.raises((errors.GeminiError, ValueError)) as caught:
        function()
    return caught.value


def client_of(colour: Sync, **arguments: Any) -> Any:
    return (genai.Client if colour.name == "sync" else genai.AsyncClient)(**arguments)


@CALLS
def test_a_call_that_fails_does_not_show_the_key(colour: Sync, server: Server, call: Any) -> None:
    options = {"api_endpoint": f"http://{server.target}"}
    client = client_of(colour, api_key=KEY, client_options=options)
    assert_hidden(raised(lambda: call(colour, client)), KEY)
    assert server.streams[0].headers["x-goog-api-key"] == KEY
    colour.call(client.close)
    assert_hidden(raised(lambda: call(colour, client)), KEY)  # it is closed


@CALLS
def test_a_call_that_fails_does_not_show_the_token(
    colour: Sync, authority: Authority, call: Any
) -> None:
    expiry = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(hours=1)
    with Emulator(tls=True, certificates=authority.server()) as emulator:
        options = {"api_endpoint": emulator.target, "ca_certificates": authority.ca}
        client = client_of(
            colour, credentials=Credentials(token=TOKEN, expiry=expiry), client_options=options
        )
        assert_hidden(raised(lambda: call(colour, client)), TOKEN)
        sent = dict(emulator.journal[0].attempts[0].metadata)
        assert sent["authorization"] != f"Bearer {TOKEN}"  # the journal leaves it out
        colour.call(client.close)


def test_a_task_that_is_cancelled_does_not_show_the_key() -> None:
    async def main(target: str, arrived: Callable[[], bool]) -> BaseException:
        options = {"api_endpoint": f"http://{target}"}
        async with genai.AsyncClient(api_key=KEY, client_options=options) as client:
            task = asyncio.create_task(client.generative_service.generate_content(**FIELDS))
            while not arrived():
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            return caught.value

    with Server(ENDS["silence"]) as server:
        assert_hidden(asyncio.run(main(server.target, lambda: bool(server.streams))), KEY)


def test_metadata_that_cannot_be_sent_do_not_show_the_key(colour: Sync) -> None:
    client = client_of(colour, api_key=KEY, client_options={"api_endpoint": "http://127.0.0.1:1"})
    service = client.generative_service
    assert_hidden(
        raised(lambda: colour.call(service.generate_content, **FIELDS, metadata=[("A b", "c")])),
        KEY,
    )
    colour.call(client.close)


# clients that cannot be made

BAD: dict[str, dict[str, Any]] = {
    "endpoint": {"api_endpoint": "a b"},
    "type": {"api_endpoint": 5},
    "unknown option": {"api_keys": KEY},
    "proxy": {"proxy": "socks5://a:1"},
    "roots": {"ca_certificates": b"none"},
    "keepalive": {"keepalive": 1.0},
    "quota project": {"quota_project_id": "p"},
    "plaintext": {"api_endpoint": "http://example.com"},
}
MAKERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "options": lambda given: ClientOptions.of({"api_key": KEY} | given),
    "keywords": lambda given: ClientOptions(**{"api_key": KEY} | given),
    "sync": lambda given: genai.v1beta.ModelServiceClient(client_options={"api_key": KEY} | given),
    "async": lambda given: genai.v1beta.ModelServiceAsyncClient(
        client_options={"api_key": KEY} | given
    ),
    "client": lambda given: genai.Client(api_key=KEY, client_options=given),
    "async client": lambda given: genai.AsyncClient(api_key=KEY, client_options=given),
    "configure": lambda given: genai.configure(api_key=KEY, client_options=given),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("given", BAD.values(), ids=BAD)
def test_a_client_that_cannot_be_made_does_not_show_the_key(
    monkeypatch: pytest.MonkeyPatch, make: Any, given: dict[str, Any]
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    try:
        make(given)
    except (errors.UsageError, TypeError) as error:
        assert_hidden(error, KEY)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("key", [f"{KEY}\n", f" {KEY}", f"{KEY}ü", KEY.encode()], ids=ascii)
def test_a_key_that_cannot_be_sent_is_not_shown(make: Any, key: Any) -> None:
    if make in {MAKERS["client"], MAKERS["async client"], MAKERS["configure"]}:
        return
    assert_hidden(raised(lambda: make({"api_key": key})), KEY)


@pytest.mark.parametrize("name", ["GEMINI_API_KEY", "GOOGLE_API_KEY"])
def test_a_key_of_the_environment_is_not_shown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, f"{KEY}\n")
    assert_hidden(raised(genai.Client), KEY)
    assert_hidden(raised(genai.AsyncClient), KEY)
    monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("HTTPS_PROXY", "socks5://a:1")
    assert_hidden(raised(genai.Client), KEY)


@pytest.mark.parametrize("damage", ["client_email", "token_uri", "private_key"])
def test_a_service_account_that_cannot_be_used_is_not_shown(damage: str, tmp_path: Path) -> None:
    info = {
        "type": "service_account",
        "client_email": "a@b.c",
        "token_uri": "https://example.com/token",
        "private_key": "-----BEGIN PRIVATE KEY-----\nc2VjcmV0c2VjcmV0\n-----END PRIVATE KEY-----\n",
    }
    if damage != "private_key":
        del info[damage]
    file = tmp_path / "key.json"
    file.write_text(json.dumps(info))
    file.chmod(0o600)
    kind = genai.v1beta.ModelServiceClient
    for make in (
        lambda: kind.from_service_account_info(info),
        lambda: kind.from_service_account_file(str(file)),
        lambda: kind(client_options={"credentials_file": str(file)}),
    ):
        assert_hidden(raised(make), "c2VjcmV0c2VjcmV0")
