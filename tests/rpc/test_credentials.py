"""Who we are to the service: what is sent, and how tokens are kept fresh."""

from __future__ import annotations

import base64
import contextlib
import datetime
import gc
import http.client
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import google.auth.credentials
import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import exceptions

from gemini_grpc import errors
from gemini_grpc.emulator import Authentication, Emulator, Fault, Reply
from gemini_grpc.emulator.status import StatusError
from gemini_grpc.rpc import credentials as auth

if TYPE_CHECKING:
    from tests.authority import Authority
    from tests.colours import Sync

MODEL = "models/gemini-3.8-flash"
CONTENTS = [{"parts": [{"text": "hi"}]}]
AUDIENCE = "https://generativelanguage.googleapis.com/"
EMAIL = "tester@project.iam.gserviceaccount.com"


class Door:
    """Stands at the emulator's door: remembers who came, and lets in whom it is told to."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.refused: set[str] = set()
        self.gate: threading.Barrier | None = None
        self.inner: Authentication | None = None

    def check(self, metadata: Mapping[str, str | bytes], clock: Any) -> None:
        self.seen.append(dict(metadata))
        if self.inner is not None:
            self.inner.check(metadata, clock)
        if metadata.get("authorization") in self.refused:
            if self.gate is not None:
                self.gate.wait(10)
            raise StatusError(grpc.StatusCode.UNAUTHENTICATED, "the token has been revoked")

    @property
    def tokens(self) -> list[Any]:
        return [metadata.get("authorization") for metadata in self.seen]


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def secure(door: Door, authority: Authority) -> Iterator[Emulator]:
    made: Any = door
    with Emulator(tls=True, certificates=authority.server(), authentication=made) as running:
        yield running


@pytest.fixture
def make(connect: Callable[..., Any], secure: Emulator, authority: Authority) -> Callable[..., Any]:
    """Return a function that makes a client of the emulator over TLS."""

    def run(service: str = "GenerativeService", credentials: object = None, **options: Any) -> Any:
        options = {"api_endpoint": secure.target, "ca_certificates": authority.ca} | options
        arguments = {} if credentials is None else {"credentials": credentials}
        return connect(service=service, arguments=arguments, **options)

    return run


class Counted(google.auth.credentials.CredentialsWithQuotaProject):
    """A credential whose tokens are `token-1`, `token-2`, ..."""

    def __init__(self, lifetime: float = 3600, quota_project: str | None = None) -> None:
        super().__init__()
        self._quota_project_id = quota_project
        self.lifetime = lifetime
        self.log: list[float] = []
        self.during: Callable[[Any], None] = lambda request: None

    @property
    def refreshes(self) -> int:
        return len(self.log)

    def refresh(self, request: Any) -> None:
        self.log.append(time.monotonic())
        number = self.refreshes
        self.during(request)
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        self.token = f"token-{number}"
        self.expiry = now + datetime.timedelta(seconds=self.lifetime)

    def with_quota_project(self, quota_project_id: str) -> Counted:
        copy = Counted(self.lifetime, quota_project_id)
        copy.log, copy.during = self.log, self.during
        return copy


def count_tokens(colour: Sync, client: Any, **more: Any) -> Any:
    return colour.call(client.count_tokens, model=MODEL, contents=CONTENTS, **more)


# what is sent


def test_a_key_is_sent_alone(colour: Sync, make: Callable[..., Any], door: Door) -> None:
    count_tokens(colour, make(api_key="the-key"))
    (seen,) = door.seen
    assert seen["x-goog-api-key"] == "the-key"
    assert not {"authorization", "x-goog-user-project"} & set(seen)


def test_a_token_is_sent_alone(colour: Sync, make: Callable[..., Any], door: Door) -> None:
    credentials = Counted()
    client = make(credentials=credentials)
    for _ in range(3):
        count_tokens(colour, client)
    assert door.tokens == ["Bearer token-1"] * 3
    assert credentials.refreshes == 1
    assert not {"x-goog-api-key", "x-goog-user-project"} & set(door.seen[0])


def test_streams_and_sessions_have_the_token_as_well(
    colour: Sync, make: Callable[..., Any], door: Door
) -> None:
    client = make(credentials=Counted())
    stream = colour.call(client.stream_generate_content, model=MODEL, contents=CONTENTS)
    assert colour.drain(stream)
    setup = {"setup": {"model": "models/gemini-3.8-live"}}
    session = colour.call(client.bidi_generate_content, colour.requests([setup]))
    assert colour.drain(session)
    assert door.tokens == ["Bearer token-1"] * 2


@pytest.mark.parametrize(
    ("own", "option", "expected"), [("a", None, "a"), (None, "b", "b"), ("a", "b", "b")]
)
def test_the_quota_project_is_sent(
    colour: Sync,
    make: Callable[..., Any],
    door: Door,
    own: str | None,
    option: str | None,
    expected: str,
) -> None:
    options = {} if option is None else {"quota_project_id": option}
    count_tokens(colour, make(credentials=Counted(quota_project=own), **options))
    assert door.seen[0]["x-goog-user-project"] == expected


def test_the_client_is_named(
    colour: Sync, connect: Callable[..., Any], door: Door, secure: Emulator, authority: Authority
) -> None:
    from google.api_core.gapic_v1.client_info import ClientInfo

    options = {"api_endpoint": secure.target, "ca_certificates": authority.ca, "api_key": "k"}
    info = ClientInfo(user_agent="mine/1.0")
    count_tokens(colour, connect(arguments={"client_info": info}, **options))
    name = door.seen[0]["x-goog-api-client"]
    assert name.startswith("mine/1.0 gl-python/3.")
    assert " grpc/" in name
    assert " gemini-grpc/" in name
    assert " pb/" in name


ROUTES: list[tuple[str, str, dict[str, Any], str | None]] = [
    ("GenerativeService", "count_tokens", {"model": MODEL, "contents": CONTENTS}, f"model={MODEL}"),
    ("ModelService", "get_model", {"name": MODEL}, f"name={MODEL}"),
    ("ModelService", "list_models", {}, None),
    (
        "ModelService",
        "update_tuned_model",
        {"tuned_model": {"name": "tunedModels/a b+c"}, "update_mask": {"paths": ["description"]}},
        "tuned_model.name=tunedModels/a+b%2Bc",
    ),
    (
        "RetrieverService",
        "update_corpus",
        {"corpus": {"name": "corpora/x"}, "update_mask": {"paths": ["display_name"]}},
        "corpus.name=corpora/x",
    ),
    (
        "CacheService",
        "update_cached_content",
        {"cached_content": {"name": "cachedContents/é"}, "update_mask": {"paths": ["ttl"]}},
        "cached_content.name=cachedContents/%C3%A9",
    ),
]


@pytest.mark.parametrize(("service", "method", "fields", "expected"), ROUTES)
def test_the_routing_header_has_the_fields_of_the_path(
    colour: Sync,
    make: Callable[..., Any],
    door: Door,
    service: str,
    method: str,
    fields: dict[str, Any],
    expected: str | None,
) -> None:
    client = make(service, api_key="k")
    with contextlib.suppress(errors.RpcError):  # there is no such thing; what was sent matters
        colour.call(getattr(client, method), **fields)
    assert door.seen[0].get("x-goog-request-params") == expected


@pytest.mark.parametrize(
    "extra",
    [("authorization", "Bearer other"), ("x-goog-api-key", "other")],
    ids=["token", "key"],
)
@pytest.mark.parametrize("kind", ["key", "token"])
def test_a_second_credential_in_the_metadata_is_never_sent(
    colour: Sync, make: Callable[..., Any], door: Door, kind: str, extra: tuple[str, str]
) -> None:
    client = make(api_key="k") if kind == "key" else make(credentials=Counted())
    with pytest.raises(errors.ArgumentError):
        count_tokens(colour, client, metadata=[extra])
    assert not door.seen


def test_metadata_of_the_call_is_sent(colour: Sync, make: Callable[..., Any], door: Door) -> None:
    pairs = [("x-mine", "text"), ("x-mine-bin", b"\x00\xff")]
    count_tokens(colour, make(api_key="k"), metadata=pairs)
    assert door.seen[0]["x-mine"] == "text"
    assert door.seen[0]["x-mine-bin"] == b"\x00\xff"


# service accounts


@pytest.fixture(scope="module")
def account() -> tuple[dict[str, str], bytes]:
    """Return the content of the file of a service account, and its public key."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    info = {
        "type": "service_account",
        "project_id": "project",
        "private_key_id": "key-1",
        "private_key": pem.decode(),
        "client_email": EMAIL,
        "client_id": "1",
        "token_uri": "https://oauth2.invalid/token",
    }
    return info, public


@pytest.fixture
def file(account: tuple[dict[str, str], bytes], tmp_path: Path) -> Path:
    path = tmp_path / "account.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(account[0]))
    return path


def claims(door: Door, number: int = -1) -> dict[str, Any]:
    body = door.tokens[number].removeprefix("Bearer ").split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return decoded


@pytest.mark.parametrize("how", ["file", "json", "info", "credentials_file", "default"])
def test_a_service_account_signs_its_own_token(
    monkeypatch: pytest.MonkeyPatch,
    colour: Sync,
    make: Callable[..., Any],
    secure: Emulator,
    authority: Authority,
    door: Door,
    account: tuple[dict[str, str], bytes],
    file: Path,
    how: str,
) -> None:
    info, public = account
    door.inner = Authentication(jwt_key=public)
    options = {"api_endpoint": secure.target, "ca_certificates": authority.ca}
    if how == "default":
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        client = make()
    elif how == "credentials_file":
        client = make(credentials_file=str(file))
    else:
        constructor = getattr(colour.cls(), f"from_service_account_{how}")
        client = constructor(info if how == "info" else str(file), client_options=options)
    before = int(time.time())
    count_tokens(colour, client)
    found = claims(door)
    assert (found["iss"], found["sub"], found["aud"]) == (EMAIL, EMAIL, AUDIENCE)
    assert "scope" not in found
    assert found["exp"] - found["iat"] == 3600
    assert before - 1 <= found["iat"] <= time.time() + 1
    colour.call(client.close)


def test_scopes_take_the_place_of_the_audience(
    colour: Sync, make: Callable[..., Any], door: Door, file: Path
) -> None:
    client = make(credentials_file=str(file), scopes=["https://a/one", "https://a/two"])
    count_tokens(colour, client)
    found = claims(door)
    assert found["scope"] == "https://a/one https://a/two"
    assert "aud" not in found
    assert (found["iss"], found["sub"]) == (EMAIL, EMAIL)


def test_the_audience_may_be_given(
    colour: Sync, make: Callable[..., Any], door: Door, file: Path
) -> None:
    count_tokens(colour, make(credentials_file=str(file), api_audience="https://other/"))
    assert claims(door)["aud"] == "https://other/"


def test_a_service_account_may_use_the_quota_of_another_project(
    colour: Sync, make: Callable[..., Any], door: Door, file: Path
) -> None:
    count_tokens(colour, make(credentials_file=str(file), quota_project_id="payer"))
    assert door.seen[0]["x-goog-user-project"] == "payer"


def test_the_quota_project_of_the_environment_is_used_with_the_default(
    monkeypatch: pytest.MonkeyPatch,
    colour: Sync,
    make: Callable[..., Any],
    door: Door,
    file: Path,
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "payer")
    count_tokens(colour, make())
    assert door.seen[0]["x-goog-user-project"] == "payer"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
@pytest.mark.parametrize("how", ["file", "credentials_file", "default"])
def test_a_key_file_that_others_can_read_is_warned_of(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    colour: Sync,
    make: Callable[..., Any],
    file: Path,
    how: str,
    mode: int,
) -> None:
    file.chmod(mode)
    with caplog.at_level(logging.WARNING):
        if how == "file":
            client = colour.cls().from_service_account_file(str(file))
            colour.call(client.close)
        elif how == "default":
            monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
            make()
        else:
            make(credentials_file=str(file))
    assert [str(file) in record.getMessage() for record in caplog.records] == [True]
    assert "can be read by others" in caplog.text


def test_a_key_file_of_ones_own_is_not_warned_of(
    caplog: pytest.LogCaptureFixture, make: Callable[..., Any], file: Path
) -> None:
    with caplog.at_level(logging.WARNING):
        make(credentials_file=str(file))
    assert not caplog.records


@pytest.mark.parametrize("content", [None, "", "{}", '{"type": "service_account"}', "nonsense"])
def test_a_file_that_holds_no_credentials_is_refused(
    colour: Sync, make: Callable[..., Any], tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "wrong.json"
    if content is not None:
        path.touch(mode=0o600)
        path.write_text(content)
    with pytest.raises(errors.CredentialsError, match=r"wrong\.json"):
        make(credentials_file=str(path))
    with pytest.raises(errors.CredentialsError, match=r"wrong\.json"):
        colour.cls().from_service_account_file(str(path))


def test_info_that_is_no_key_is_refused(colour: Sync) -> None:
    with pytest.raises(errors.CredentialsError, match="no key of a service account"):
        colour.cls().from_service_account_info({"client_email": EMAIL})


def test_without_credentials_it_is_said_what_to_set(
    monkeypatch: pytest.MonkeyPatch, make: Callable[..., Any]
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(errors.CredentialsError) as caught:
        make()
    for word in ("api_key", "credentials=", "GOOGLE_APPLICATION_CREDENTIALS", "gcloud auth"):
        assert word in str(caught.value)


# plaintext


@pytest.mark.parametrize("how", ["credentials", "credentials_file"])
def test_credentials_do_not_travel_over_plaintext(
    connect: Callable[..., Any], file: Path, how: str
) -> None:
    options: dict[str, Any] = {"api_endpoint": "http://127.0.0.1:1"}
    arguments = {"credentials": Counted()} if how == "credentials" else {}
    if how == "credentials_file":
        options["credentials_file"] = str(file)
    with pytest.raises(errors.ArgumentError, match="do not travel over plaintext"):
        connect(arguments=arguments, **options)


def test_the_default_credentials_are_not_looked_for_on_plaintext(
    monkeypatch: pytest.MonkeyPatch,
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    file: Path,
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    client = connect(api_endpoint=f"http://{emulator.target}")
    count_tokens(colour, client)
    sent = dict(emulator.journal[0].attempts[0].metadata)
    assert not {"authorization", "x-goog-api-key"} & set(sent)


# keeping tokens fresh


def test_many_waiting_calls_share_one_refresh(
    colour: Sync, make: Callable[..., Any], door: Door
) -> None:
    credentials = Counted()
    waiting = threading.Semaphore(0)

    def during(request: object) -> None:
        for _ in range(50):
            assert waiting.acquire(timeout=10)

    credentials.during = during
    client = make(credentials=credentials)

    def call() -> Any:
        waiting.release()
        return client.count_tokens(model=MODEL, contents=CONTENTS)

    results = colour.together([call] * 50)
    assert [result.total_tokens for result in results] == [results[0].total_tokens] * 50
    assert credentials.refreshes == 1
    assert door.tokens == ["Bearer token-1"] * 50


def test_a_token_is_refreshed_before_it_expires(
    colour: Sync, make: Callable[..., Any], door: Door
) -> None:
    credentials = Counted(lifetime=100)  # google-auth counts the last 225 seconds as stale
    client = make(credentials=credentials)
    for _ in range(3):
        count_tokens(colour, client)
    assert door.tokens == ["Bearer token-1", "Bearer token-2", "Bearer token-3"]


@pytest.mark.parametrize(
    "failure",
    [
        exceptions.RefreshError("no", retryable=True),
        exceptions.RefreshError("no"),
        exceptions.TransportError("no"),
        OSError("the disk is gone"),
        http.client.IncompleteRead(b"half"),
        ValueError("no JSON"),
    ],
    ids=["retryable", "refused", "unreachable", "broken", "half an answer", "no answer"],
)
def test_a_refresh_that_fails_disturbs_nobody_while_the_token_is_valid(
    caplog: pytest.LogCaptureFixture,
    colour: Sync,
    make: Callable[..., Any],
    door: Door,
    failure: Exception,
) -> None:
    credentials = Counted(lifetime=100)
    client = make(credentials=credentials)
    count_tokens(colour, client)

    def fail(request: object) -> None:
        raise failure

    credentials.during = fail
    with caplog.at_level(logging.WARNING):
        count_tokens(colour, client)
    assert credentials.refreshes == 2
    assert door.tokens == ["Bearer token-1"] * 2
    assert "the old one is still valid" in caplog.text


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (exceptions.RefreshError("the account is gone"), errors.Unauthenticated),
        (exceptions.RefreshError("come back later", retryable=True), errors.Unavailable),
        (exceptions.TransportError("no route to host"), errors.Unavailable),
        (TimeoutError("a timeout of their own"), errors.Unavailable),
        (http.client.BadStatusLine("garbage"), errors.Unavailable),
        (ValueError("no JSON"), errors.Unauthenticated),
    ],
    ids=["refused", "retryable", "unreachable", "late", "garbage", "no JSON"],
)
def test_a_token_that_cannot_be_fetched_is_an_error_of_the_call(
    colour: Sync,
    make: Callable[..., Any],
    door: Door,
    failure: Exception,
    expected: type[errors.RpcError],
) -> None:
    credentials = Counted()

    def fail(request: object) -> None:
        raise failure

    credentials.during = fail
    with pytest.raises(expected, match=str(failure.args[0])) as caught:
        count_tokens(colour, make(credentials=credentials), retry=None)
    assert caught.value.method.endswith("/CountTokens")
    assert not door.seen


class _Slow(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.release.wait(10)  # type: ignore[attr-defined]

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def slow() -> Iterator[str]:
    """Return the URL of a server that does not answer."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    server.release = threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/token"
    server.release.set()
    server.shutdown()
    server.server_close()
    gc.collect()


def test_fetching_a_token_counts_into_the_deadline(
    colour: Sync, make: Callable[..., Any], door: Door, slow: str
) -> None:
    credentials = Counted()
    credentials.during = lambda request: request(slow, method="POST", body=b"")
    client = make(credentials=credentials)
    started = time.monotonic()
    with pytest.raises(errors.DeadlineExceeded):
        count_tokens(colour, client, timeout=0.3)
    assert time.monotonic() - started < 15
    assert not door.seen


def test_the_server_sees_what_fetching_the_token_has_left(
    colour: Sync, make: Callable[..., Any], secure: Emulator
) -> None:
    credentials = Counted()
    pause = threading.Event()
    credentials.during = lambda request: pause.wait(0.5)
    count_tokens(colour, make(credentials=credentials), timeout=50.0)
    deadline = secure.journal[0].attempts[0].deadline
    assert deadline is not None
    assert 30.0 < deadline < 49.8


def test_calls_that_wait_for_a_token_keep_their_own_deadline(
    colour: Sync, make: Callable[..., Any], door: Door
) -> None:
    credentials = Counted()
    inside, release = threading.Event(), threading.Event()

    def during(request: object) -> None:
        inside.set()
        release.wait(60)

    credentials.during = during
    client = make(credentials=credentials)
    first = colour.start(client.count_tokens, model=MODEL, contents=CONTENTS)
    assert inside.wait(10)

    def call() -> Any:
        return client.count_tokens(model=MODEL, contents=CONTENTS, timeout=0.3)

    started = time.monotonic()
    results = colour.together([call] * 40)
    elapsed = time.monotonic() - started
    release.set()
    assert first.result(10).total_tokens
    assert {type(result).__name__ for result in results} == {"DeadlineExceeded"}
    assert elapsed < 20


def test_a_refused_token_is_refreshed_and_tried_once_more(
    colour: Sync, make: Callable[..., Any], door: Door
) -> None:
    credentials = Counted()
    client = make(credentials=credentials)
    door.refused = {"Bearer token-1"}
    assert count_tokens(colour, client).total_tokens
    assert door.tokens == ["Bearer token-1", "Bearer token-2"]
    stream = colour.call(client.stream_generate_content, model=MODEL, contents=CONTENTS)
    assert colour.drain(stream)
    assert credentials.refreshes == 2


def test_a_stream_refreshes_a_refused_token_as_well(
    colour: Sync, make: Callable[..., Any], door: Door
) -> None:
    client = make(credentials=Counted())
    door.refused = {"Bearer token-1"}
    stream = colour.call(client.stream_generate_content, model=MODEL, contents=CONTENTS)
    assert colour.drain(stream)
    assert door.tokens == ["Bearer token-1", "Bearer token-2"]


def test_a_token_that_was_refused_a_session_is_not_sent_again(
    colour: Sync, make: Callable[..., Any], door: Door
) -> None:
    client = make(credentials=Counted())
    door.refused = {"Bearer token-1"}
    setup = {"setup": {"model": "models/gemini-3.8-live"}}
    session = colour.call(client.bidi_generate_content, colour.requests([setup]))
    with pytest.raises(errors.Unauthenticated):
        colour.drain(session)
    session = colour.call(client.bidi_generate_content, colour.requests([setup]))
    assert colour.drain(session)
    assert door.tokens == ["Bearer token-1", "Bearer token-2"]


def test_a_token_that_was_refused_in_a_stream_is_not_sent_again(
    colour: Sync, make: Callable[..., Any], door: Door, secure: Emulator
) -> None:
    client = make(credentials=Counted())
    chunks = ["one", Fault("UNAUTHENTICATED")]
    secure.script("StreamGenerateContent", [Reply(chunks=chunks)])
    stream = colour.call(client.stream_generate_content, model=MODEL, contents=CONTENTS)
    with pytest.raises(errors.Unauthenticated):
        colour.drain(stream)
    count_tokens(colour, client)
    assert door.tokens == ["Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize("method", ["count_tokens", "generate_content"])
def test_a_second_refusal_is_final(
    colour: Sync, make: Callable[..., Any], door: Door, method: str
) -> None:
    door.refused = {f"Bearer token-{number}" for number in range(10)}
    client = make(credentials=Counted())
    with pytest.raises(errors.Unauthenticated) as caught:
        colour.call(getattr(client, method), model=MODEL, contents=CONTENTS)
    assert door.tokens == ["Bearer token-1", "Bearer token-2"]
    assert caught.value.attempts == 2


def test_a_refused_key_is_final(colour: Sync, make: Callable[..., Any], door: Door) -> None:
    door.inner = Authentication(bearer_tokens=["other"])
    with pytest.raises(errors.RpcError):
        count_tokens(colour, make(api_key="k"))
    assert len(door.seen) == 1


def test_many_refused_calls_share_one_refresh(
    colour: Sync, make: Callable[..., Any], door: Door
) -> None:
    credentials = Counted()
    client = make(credentials=credentials)
    count_tokens(colour, client)
    door.refused, door.gate = {"Bearer token-1"}, threading.Barrier(20)

    def call() -> Any:
        return client.count_tokens(model=MODEL, contents=CONTENTS)

    results = colour.together([call] * 20)
    assert all(result.total_tokens for result in results)
    assert credentials.refreshes == 2


def test_the_loop_goes_on_while_a_token_is_fetched(make: Callable[..., Any], colour: Sync) -> None:
    credentials = Counted()
    inside, release = threading.Event(), threading.Event()

    def during(request: object) -> None:
        inside.set()
        assert release.wait(10)

    credentials.during = during
    client = make(credentials=credentials)
    waiting = colour.start(client.count_tokens, model=MODEL, contents=CONTENTS)
    assert inside.wait(10)
    assert colour.start(lambda: "still here").result(5) == "still here"
    release.set()
    assert waiting.result(10).total_tokens


def test_tokens_of_other_kinds_are_prepared_by_google_auth(
    account: tuple[dict[str, str], bytes],
) -> None:
    delegated = auth.from_service_account_info(account[0]).with_subject("user@example.com")  # type: ignore[attr-defined]
    token = auth.from_google(
        delegated,
        scopes=None,
        default_scopes=["https://a/b"],
        audience=AUDIENCE,
        quota_project=None,
    )
    assert token.credentials.scopes == ["https://a/b"]
