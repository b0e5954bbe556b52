"""Resumable uploads: what is decided, and that a file arrives once and whole whatever fails."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

import gemini_grpc
from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Fault, HttpFault
from gemini_grpc.generative import upload
from gemini_grpc.generative._async import files as async_files
from gemini_grpc.generative._async import upload as async_upload
from gemini_grpc.generative._sync import files as sync_files
from gemini_grpc.generative._sync import upload as sync_upload
from gemini_grpc.generative.upload import Retries, Upload, describe
from gemini_grpc.http.message import Response
from gemini_grpc.rpc.policy import DEFAULT, RetryPolicy
from tests.colours import COLOURS, Async, Sync

GRAIN = 1024
CHUNK = 4 * GRAIN
CONTENT = bytes(range(256)) * 40  # two chunks and a half

ROOT = "https://files.example:443"
SESSION = f"{ROOT}/upload/v1beta/files?upload_id=1"
ACTIVE = {"x-goog-upload-status": "active"}
FINAL = {"x-goog-upload-status": "final"}
STARTED = ACTIVE | {"x-goog-upload-url": SESSION, "x-goog-upload-chunk-granularity": str(GRAIN)}
FILE = json.dumps({"file": {"name": "files/a"}}).encode()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "CHUNK", CHUNK)


def begun(size: int | None = len(CONTENT)) -> Upload:
    made = Upload(
        ROOT, "/upload/v1beta/files", {"name": "files/a"}, size=size, mime_type="text/plain"
    )
    made.request()
    made.receive(Response(200, STARTED))
    return made


def sent(made: Upload) -> upload.Request:
    assert made.wants is not None
    offset, size = made.wants
    return made.request(CONTENT[offset : offset + size])


def received(number: int) -> Response:
    return Response(200, ACTIVE | {"x-goog-upload-size-received": str(number)})


class TestDecisions:
    def test_a_start_tells_what_will_come(self) -> None:
        made = Upload(ROOT, "/upload/v1beta/files", {"name": "n"}, size=7, mime_type="text/plain")
        request = made.request()
        assert request.url == f"{ROOT}/upload/v1beta/files"
        assert request.headers["x-goog-upload-protocol"] == "resumable"
        assert request.headers["x-goog-upload-command"] == "start"
        assert request.headers["x-goog-upload-header-content-length"] == "7"
        assert request.headers["x-goog-upload-header-content-type"] == "text/plain"
        assert json.loads(request.body) == {"file": {"name": "n"}}
        assert made.session == ""

    def test_chunks_follow_one_another_and_the_last_one_ends_it(self) -> None:
        made = begun()
        commands = []
        while made.phase != "done":
            request = sent(made)
            commands.append(
                (request.headers["x-goog-upload-command"], request.headers["x-goog-upload-offset"])
            )
            is_last = "finalize" in request.headers["x-goog-upload-command"]
            made.receive(Response(200, FINAL, FILE) if is_last else Response(200, ACTIVE))
        assert commands == [("upload", "0"), ("upload", "4096"), ("upload, finalize", "8192")]
        assert made.result == {"name": "files/a"}

    def test_chunks_are_multiples_of_the_granularity(self) -> None:
        made = Upload(ROOT, "/u", {}, size=None, mime_type="a/b")
        made.request()
        made.receive(Response(200, STARTED | {"x-goog-upload-chunk-granularity": "3000"}))
        assert made.wants == (0, 6000)

    def test_without_a_size_a_short_chunk_is_the_last(self) -> None:
        made = begun(size=None)
        assert made.request(bytes(CHUNK)).headers["x-goog-upload-command"] == "upload"
        made.receive(Response(200, ACTIVE))
        assert made.request(b"").headers["x-goog-upload-command"] == "finalize"
        assert made.size == CHUNK

    def test_sending_goes_on_where_the_server_is(self) -> None:
        made = begun()
        sent(made)
        made.interrupted()
        assert made.request().headers["x-goog-upload-command"] == "query"
        made.receive(received(2048))
        assert made.wants == (2048, CHUNK)

    def test_a_session_that_may_have_ended_in_a_file_is_looked_up(self) -> None:
        made = begun(size=10)
        made.request(bytes(10))
        made.interrupted()
        made.request()
        with pytest.raises(errors.Unavailable, match="gone"):
            made.receive(Response(404, {}))
        assert made.phase == "look"
        made.found(True)
        assert made.phase == "done"

    def test_a_session_that_is_gone_begins_anew(self) -> None:
        made = begun()
        sent(made)
        with pytest.raises(errors.Unavailable):
            made.receive(Response(410, {}))
        assert made.phase == "start"
        assert made.request().headers["x-goog-upload-command"] == "start"

    def test_an_end_without_a_file_is_looked_up_too(self) -> None:
        made = begun(size=10)
        made.request(bytes(10))
        made.receive(Response(200, FINAL))
        assert made.phase == "look"
        with pytest.raises(errors.Unavailable, match="final, and there is no file"):
            made.found(False)
        assert made.phase == "start"

    @pytest.mark.parametrize(
        ("answer", "error", "phase"),
        [
            (Response(503, {}), errors.Unavailable, "query"),
            (Response(500, {}), errors.Unavailable, "query"),
            (Response(408, {}), errors.Unavailable, "query"),
            (Response(429, {"retry-after": "3"}), errors.ResourceExhausted, "query"),
            (Response(400, ACTIVE, b"bad offset"), errors.Unavailable, "query"),
            (Response(400, {}, b"terminated"), errors.Unavailable, "query"),
            (Response(416, ACTIVE), errors.Unavailable, "query"),
            (Response(401, {}), errors.Unauthenticated, "query"),
            (Response(403, {}), errors.PermissionDenied, "query"),
            (Response(400, FINAL, b"no film"), errors.InvalidArgument, "send"),
            (Response(404, {}), errors.Unavailable, "start"),
            (Response(200, {"x-goog-upload-status": "cancelled"}), errors.Unavailable, "start"),
            (received(0), errors.Unavailable, "query"),
            (received(99_999), errors.Internal, "send"),
        ],
    )
    def test_what_an_answer_to_a_chunk_means(
        self, answer: Response, error: type[Exception], phase: str
    ) -> None:
        made = begun()
        sent(made)
        with pytest.raises(error):
            made.receive(answer)
        assert made.phase == phase

    @pytest.mark.parametrize(
        "headers",
        [
            ACTIVE,
            ACTIVE | {"x-goog-upload-url": "http://files.example/plain"},
            ACTIVE | {"x-goog-upload-url": "file:///etc/passwd"},
        ],
    )
    def test_a_session_needs_a_url_as_safe_as_ours(self, headers: dict[str, str]) -> None:
        made = Upload(ROOT, "/u", {}, size=1, mime_type="a/b")
        with pytest.raises(errors.Internal, match="no session"):
            made.receive(Response(200, headers))

    @pytest.mark.parametrize(
        ("url", "trusted"),
        [
            (SESSION, True),
            ("https://files.example/other", True),
            ("https://elsewhere.example/", False),
            ("https://files.example:8443/", False),
        ],
    )
    def test_credentials_go_to_our_own_server_only(self, url: str, trusted: bool) -> None:
        made = Upload(ROOT, "/u", {}, size=1, mime_type="a/b")
        made.receive(Response(200, STARTED | {"x-goog-upload-url": url}))
        assert made.request(b"x").is_trusted is trusted

    @pytest.mark.parametrize(
        "name", ["", "A", "-a", "a-", "a_b", "a" * 41, "files/", "files/x/y", 7, "ä"]
    )
    def test_a_name_is_checked(self, name: Any) -> None:
        with pytest.raises(errors.ArgumentError, match="name is"):
            describe(name, None)

    def test_a_name_is_made_up_if_there_is_none(self) -> None:
        first, second = describe(None, None), describe(None, "")
        assert first != second
        assert describe("files/a-1", "A") == {"name": "files/a-1", "displayName": "A"}
        with pytest.raises(errors.ArgumentError, match="display_name"):
            describe(None, "x" * 513)


class TestRetries:
    def test_progress_lets_counting_begin_anew(self) -> None:
        now = [0.0]
        policy = RetryPolicy(attempts=2, initial=1, jitter=0)
        retries = Retries(policy, None, clock=lambda: now[0])
        error = errors.make(grpc.StatusCode.UNAVAILABLE, "cut")
        assert retries.pause(error, 0) == 1
        with pytest.raises(errors.Unavailable):
            retries.pause(error, 0)
        assert retries.pause(error, CHUNK) == 1
        with pytest.raises(errors.Unavailable):
            retries.pause(error, 50)

    def test_a_byte_at_a_time_is_no_progress(self) -> None:
        retries = Retries(RetryPolicy(attempts=3, initial=1, jitter=0), None, clock=lambda: 0.0)
        error = errors.make(grpc.StatusCode.UNAVAILABLE, "cut")
        retries.pause(error, 1)
        retries.pause(error, 2)
        with pytest.raises(errors.Unavailable):
            retries.pause(error, 3)

    def test_the_deadline_is_one_for_all(self) -> None:
        now = [0.0]
        retries = Retries(DEFAULT, 10.0, clock=lambda: now[0])
        error = errors.make(grpc.StatusCode.UNAVAILABLE, "cut")
        assert retries.pause(error, 1) > 0
        now[0] = 9.99
        with pytest.raises(errors.Unavailable):
            retries.pause(error, 2)
        now[0] = 10.0
        with pytest.raises(errors.DeadlineExceeded, match="10 s") as caught:
            retries.pause(error, 3)
        assert caught.value.__cause__ is error


class Api:
    """Uploads in one colour to one emulator."""

    def __init__(self, colour: Sync, emulator: Emulator, **options: Any) -> None:
        self.colour = colour
        self.emulator = emulator
        self.client: Any = None
        given = {"api_endpoint": f"http://{emulator.target}", "api_key": "test", **options}
        cls = gemini_grpc.AsyncClient if isinstance(colour, Async) else gemini_grpc.Client
        self.client = cls(client_options=given)

    def function(self, name: str) -> Any:
        is_async = isinstance(self.colour, Async)
        return getattr(async_files, f"{name}_async") if is_async else getattr(sync_files, name)

    def upload(self, given: Any = CONTENT, **more: Any) -> Any:
        settings = {"mime_type": "text/plain", "progress": None, "client": self.client} | more
        return self.colour.call(self.function("upload_file"), given, **settings)

    def commands(self) -> list[str]:
        self.emulator.journal.wait()
        return [call.method for call in self.emulator.journal for _ in call.attempts]

    def files(self) -> dict[str, bytes]:
        records = self.emulator.world.store.records("files")
        return {record.name: record.private["content"] for record in records}


@pytest.fixture
def running() -> Iterator[Emulator]:
    """Start an emulator of its own: requests that a test has left may arrive after its end."""
    with Emulator() as emulator:
        emulator.http.granularity = GRAIN
        yield emulator


@pytest.fixture(params=COLOURS, ids=lambda made: made.name, scope="module")
def colour(request: pytest.FixtureRequest) -> Iterator[Sync]:
    made = request.param()
    yield made
    made.end()


@pytest.fixture
def api(
    colour: Sync, running: Emulator, monkeypatch: pytest.MonkeyPatch, quick: None
) -> Iterator[Api]:
    made = Api(colour, running)
    yield made
    colour.call(made.client.close)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pause for a moment only."""
    monkeypatch.setattr(
        upload, "POLICY", RetryPolicy(initial=0.01, maximum=0.01, codes=upload.POLICY.codes)
    )


def fault(command: str, *arguments: Any, **options: Any) -> HttpFault:
    return HttpFault(command, *arguments, **options)


BREAKS = {
    "before the start": [fault("start", cut=0)],
    "after the start, before its answer": [fault("start", answerless=True)],
    "before the first chunk": [fault("upload", cut=0)],
    "in the first chunk": [fault("upload", cut=1500)],
    "in the second chunk": [fault("upload", cut=2500, skip=1)],
    "at the end of a chunk": [fault("upload", cut=CHUNK)],
    "after a chunk, before its answer": [fault("upload", answerless=True)],
    "before the last chunk": [fault("finalize", cut=0)],
    "in the last chunk": [fault("finalize", cut=1100)],
    "at the end of the last chunk": [fault("finalize", cut=1 << 20)],
    "after the end, before its answer": [fault("finalize", answerless=True)],
    "in a query": [fault("upload", cut=1500), fault("query", cut=0)],
    "after a query": [fault("upload", cut=1500), fault("query", answerless=True)],
    "twice in the same chunk": [fault("upload", cut=1500), fault("upload", cut=100)],
    "everywhere": [
        *(fault("start", answerless=True), fault("upload", cut=1500), fault("query", 503)),
        *(fault("finalize", cut=600), fault("finalize", answerless=True), fault("query", 500)),
    ],
    "the session expires": [fault("upload", expire=True, skip=1)],
    "the session expires after the end": [
        fault("finalize", answerless=True),
        fault("query", expire=True),
    ],
    "the session expires before the end": [
        fault("finalize", cut=0),
        fault("query", expire=True),
    ],
    "bytes are lost": [fault("upload", lose=2048, skip=1)],
    "503": [fault("start", 503), fault("upload", 503), fault("finalize", 503)],
    "500 and 504": [fault("upload", 500), fault("finalize", 504)],
    "429 with Retry-After": [fault("upload", 429, retry_after=0.02)],
    "429 without": [fault("start", 429), fault("upload", 429)],
    "a refusal that is none": [fault("upload", 400)],
}


@pytest.mark.parametrize("point", BREAKS)
def test_a_file_arrives_once_and_whole(api: Api, point: str) -> None:
    faults = [HttpFault(**_options(each)) for each in BREAKS[point]]
    api.emulator.http.script(faults)
    made = api.upload(name="mine")
    assert api.files() == {"files/mine": CONTENT}
    assert made.name == "files/mine"
    assert made.sha256_hash == hashlib.sha256(CONTENT).digest()
    assert [each.fired for each in faults] == [1] * len(faults)


REREAD = {"the session expires", "the session expires before the end", "bytes are lost"}
"""Where the server asks for bytes that have been read long ago."""


@pytest.mark.parametrize("point", sorted(BREAKS.keys() - REREAD))
def test_a_source_that_cannot_seek_does_so_where_it_may(api: Api, point: str) -> None:
    api.emulator.http.script([HttpFault(**_options(each)) for each in BREAKS[point]])
    made = api.upload(Pipe(CONTENT))
    assert api.files() == {made.name: CONTENT}


@pytest.mark.parametrize("lost", [{"expire": True}, {"lose": CHUNK}])
def test_what_cannot_be_read_again_is_an_error(api: Api, lost: dict[str, Any]) -> None:
    api.emulator.http.script([HttpFault("upload", skip=1, **lost)])
    with pytest.raises(errors.ArgumentError, match="cannot be read again"):
        api.upload(Pipe(CONTENT))
    assert api.files() == {}


class Pipe(io.RawIOBase):
    """Bytes that come in small pieces and only once."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece, self._rest = self._rest[:700], self._rest[700:]
        size = min(len(piece), len(buffer))
        self._rest = piece[size:] + self._rest
        buffer[:size] = piece[:size]
        return size


def _options(made: HttpFault) -> dict[str, Any]:
    names = [name for name in HttpFault.__slots__ if name != "fired"]
    return {name: getattr(made, name) for name in names}


def test_it_is_sent_in_order_and_no_more_than_needed(api: Api) -> None:
    api.upload()
    assert api.commands() == ["start", "upload", "upload", "finalize"]


def test_a_server_that_is_down_is_given_up(api: Api) -> None:
    api.emulator.http.script([HttpFault("upload", 503, message="down", times=None)])
    with pytest.raises(errors.Unavailable, match=r"CreateFile\): down \(HTTP 503\)") as caught:
        api.upload()
    assert caught.value.attempts == 5
    assert caught.value.endpoint == api.emulator.http.target


@pytest.mark.parametrize("times", [4, 7])
def test_attempts_count_from_the_last_progress(api: Api, times: int) -> None:
    api.emulator.http.script([HttpFault("upload", cut=1100, times=times)])
    made = api.upload()
    assert api.files() == {made.name: CONTENT}


def test_retry_none_is_one_attempt(api: Api) -> None:
    api.emulator.http.script([HttpFault("upload", 503)])
    with pytest.raises(errors.Unavailable):
        api.upload(request_options={"retry": None})


def test_the_deadline_holds(api: Api) -> None:
    api.emulator.http.script([HttpFault("upload", rate=20_000, times=None)])
    with pytest.raises(errors.DeadlineExceeded, match=r"longer than 0\.2 s") as caught:
        api.upload(request_options={"timeout": 0.2})
    assert caught.value.method.endswith("CreateFile")


def test_the_deadline_ends_it_on_the_server(api: Api) -> None:
    api.emulator.http.script([HttpFault("upload", rate=20_000, times=None)])
    with pytest.raises(errors.DeadlineExceeded):
        api.upload(request_options={"timeout": 0.2})
    assert "cancel" in api.commands()  # the request that was cut off may be read after it
    assert api.files() == {}


def test_a_server_that_does_not_hear_of_the_end_hides_no_deadline(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = async_upload if isinstance(api.colour, Async) else sync_upload
    monkeypatch.setattr(shell, "_FAREWELL", 0.1)
    api.emulator.http.script(
        [HttpFault("upload", rate=20_000, times=None), HttpFault("cancel", delay=0.5)]
    )
    with pytest.raises(errors.DeadlineExceeded, match=r"longer than 0\.2 s"):
        api.upload(request_options={"timeout": 0.2})


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, errors.InvalidArgument), (403, errors.PermissionDenied), (401, errors.Unauthenticated)],
)
def test_a_refusal_is_final(api: Api, status: int, error: type[Exception]) -> None:
    api.emulator.http.script([HttpFault("start", status, message="no")])
    with pytest.raises(error, match="no"):
        api.upload()
    assert api.commands() == ["start"]


def test_a_name_that_is_taken_is_found_before_anything_is_sent(api: Api) -> None:
    api.upload(name="mine")
    with pytest.raises(errors.AlreadyExists):
        api.upload(b"other", name="files/mine")
    assert api.files() == {"files/mine": CONTENT}


def test_what_arrives_damaged_is_an_error_and_deleted(api: Api) -> None:
    api.emulator.http.script([HttpFault("finalize", damage=True)])
    with pytest.raises(errors.DataLoss, match="SHA-256"):
        api.upload()
    assert api.files() == {}


def test_progress_is_told(api: Api) -> None:
    told: list[tuple[int, int | None]] = []
    api.upload(progress=lambda *both: told.append(both))
    assert told == [(CHUNK, 10_240), (2 * CHUNK, 10_240), (10_240, 10_240)]
    told.clear()
    api.upload(Pipe(CONTENT), progress=lambda *both: told.append(both))
    assert told[0] == (CHUNK, None)
    assert told[-1] == (10_240, 10_240)


def test_an_error_of_the_progress_function_ends_it_on_the_server(api: Api) -> None:
    with pytest.raises(ZeroDivisionError):
        api.upload(progress=lambda done, total: 1 / (done < total - CHUNK))
    assert "cancel" in api.commands()  # the request that was cut off may be read after it
    assert api.files() == {}


def test_an_interrupt_ends_it_on_the_server(running: Emulator) -> None:
    def interrupt(done: int, total: int | None) -> None:
        if done > CHUNK:
            raise KeyboardInterrupt

    api = Api(Sync(), running)
    with pytest.raises(KeyboardInterrupt):
        sync_files.upload_file(
            CONTENT, mime_type="text/plain", progress=interrupt, client=api.client
        )
    assert "cancel" in api.commands()  # the request that was cut off may be read after it
    assert api.files() == {}
    api.client.close()


async def test_a_cancelled_task_ends_it_on_the_server(running: Emulator) -> None:
    running.http.script([HttpFault("upload", rate=20_000, skip=1)])
    arrived = asyncio.Event()
    options = {"api_endpoint": f"http://{running.target}", "api_key": "test"}
    async with gemini_grpc.AsyncClient(client_options=options) as client:
        task = asyncio.create_task(
            async_files.upload_file_async(
                CONTENT,
                mime_type="text/plain",
                progress=lambda *_: arrived.set(),
                client=client,
            )
        )
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.to_thread(running.journal.wait)
    assert "cancel" in [call.method for call in running.journal]
    assert running.world.store.records("files") == []


def test_what_httpx_logs_has_no_id_of_an_upload(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    made = api.upload()
    assert api.files() == {made.name: CONTENT}
    told = [record.getMessage() for record in caplog.records if record.name == "httpx"]
    root = f"http://{api.emulator.http.target}/upload/v1beta/files"
    assert told == [f'HTTP Request: POST {root} "HTTP/1.1 200 OK"'] * 4


def test_no_log_at_any_level_has_the_key_or_the_id_of_an_upload(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        api.upload()
    api.emulator.journal.wait()
    targets = [call.request.target for call in api.emulator.journal]
    ids = {target.partition("upload_id=")[2].partition("&")[0] for target in targets}
    records = [each for each in caplog.records if "emulator" not in each.name]
    told = [record.getMessage() for record in records]
    assert any("send_request_headers" in each for each in told)
    for secret in ids - {""} | {"'test'"}:
        assert not [each for each in told if secret in each]


def test_memory_stays_flat(
    colour: Sync, monkeypatch: pytest.MonkeyPatch, elsewhere: Emulator
) -> None:
    monkeypatch.setattr(upload, "CHUNK", 1 << 20)
    api = Api(colour, elsewhere)
    tracemalloc.start()
    try:
        made = api.upload(Zeros(64 << 20))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    colour.call(api.client.close)
    assert made.size_bytes == 64 << 20
    assert peak < 6 << 20


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Any]:
    """An emulator in a process of its own."""
    command = [sys.executable, "-c", "from gemini_grpc.cli.main import main; main(['emulator'])"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        target = process.stdout.readline().split()[-1]
        yield SimpleNamespace(target=target)
        process.terminate()


class Zeros(io.RawIOBase):
    """Many zeros."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (self._size if whence == io.SEEK_END else 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        size = min(size, self._size - self._at)
        self._at += size
        return bytes(size)


def test_a_look_that_fails_is_tried_again(api: Api) -> None:
    api.emulator.http.script(
        [HttpFault("finalize", answerless=True), HttpFault("query", expire=True)]
    )
    api.emulator.script("GetFile", [Fault("UNAVAILABLE")])
    made = api.upload()
    assert api.files() == {made.name: CONTENT}
