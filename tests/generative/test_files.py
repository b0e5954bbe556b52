"""Files: what may be uploaded, with which credentials, and what can be done with what is there."""

from __future__ import annotations

import datetime
import hashlib
import io
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import google.auth.credentials
import grpc
import pytest

import gemini_grpc
from gemini_grpc import errors
from gemini_grpc.emulator import Authentication, Emulator, HttpFault, Reply
from gemini_grpc.emulator.services import files as kept
from gemini_grpc.generative import contents, files, source, upload
from gemini_grpc.generative._async import files as async_files
from gemini_grpc.generative._sync import files as sync_files
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.files import File, FileFailedError, FileState
from gemini_grpc.generative.progress import Bar
from gemini_grpc.rpc import tls
from gemini_grpc.rpc.policy import RetryPolicy
from tests.authority import Authority
from tests.colours import COLOURS, Async, Sync
from tests.connect_proxy import ConnectProxy

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
FILM = bytes(range(256)) * 400


class Api:
    """The functions in one colour, with a client of one emulator."""

    def __init__(self, colour: Sync, **options: Any) -> None:
        self.colour = colour
        self.is_async = isinstance(colour, Async)
        cls = gemini_grpc.AsyncClient if self.is_async else gemini_grpc.Client
        arguments = {key: options.pop(key) for key in ("credentials", "version") if key in options}
        self.client: Any = cls(client_options=options, **arguments)

    def function(self, name: str) -> Any:
        return getattr(async_files, f"{name}_async") if self.is_async else getattr(sync_files, name)

    def __call__(self, name: str, /, *arguments: Any, **more: Any) -> Any:
        return self.colour.call(self.function(name), *arguments, **{"client": self.client} | more)

    def upload(self, given: Any = PNG, **more: Any) -> Any:
        return self("upload_file", given, **{"mime_type": "image/png", "progress": None} | more)

    def listed(self, **more: Any) -> list[Any]:
        return self.colour.drain(self.function("list_files")(client=self.client, **more))


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(params=COLOURS, ids=lambda made: made.name, scope="module")
def colour(request: pytest.FixtureRequest) -> Iterator[Sync]:
    made = request.param()
    yield made
    made.end()


@pytest.fixture
def connect(colour: Sync) -> Iterator[Callable[..., Api]]:
    """Return a function that makes a client."""
    made: list[Api] = []

    def run(**options: Any) -> Api:
        made.append(Api(colour, **options))
        return made[-1]

    yield run
    for api in made:
        colour.call(api.client.close)


@pytest.fixture
def api(connect: Callable[..., Api], emulator: Emulator) -> Api:
    emulator.reset()
    emulator.reset_journal()
    emulator.clear_scripts()
    return connect(api_endpoint=f"http://{emulator.target}", api_key="test")


def closed(file: io.BytesIO) -> io.BytesIO:
    file.close()
    return file


def content(emulator: Emulator, name: str) -> Any:
    return emulator.world.store.find(name).private["content"]


class TestSources:
    @pytest.mark.parametrize("as_text", [True, False])
    def test_a_path_tells_its_type_and_name(
        self, api: Api, emulator: Emulator, tmp_path: Path, as_text: bool
    ) -> None:
        path = tmp_path / "A picture.dat"
        path.write_bytes(PNG)
        made = api.upload(str(path) if as_text else path, mime_type=None)
        assert made.mime_type == "image/png"
        assert made.display_name == "A picture.dat"
        assert made.size_bytes == len(PNG)
        assert content(emulator, made.name) == PNG

    def test_a_name_tells_the_type_where_bytes_do_not(self, api: Api, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("hello")
        assert api.upload(path, mime_type=None).mime_type == "text/plain"
        given = api.upload(path, mime_type="text/markdown", display_name="Other")
        assert (given.mime_type, given.display_name) == ("text/markdown", "Other")

    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
    def test_bytes_need_a_type(self, api: Api, emulator: Emulator, kind: Any) -> None:
        made = api.upload(kind(PNG))
        assert content(emulator, made.name) == PNG
        assert made.display_name == ""
        if kind is io.BytesIO:
            assert api.upload(kind(PNG), mime_type=None).mime_type == "image/png"
        else:
            with pytest.raises(errors.ArgumentError, match="mime_type is missing"):
                api.upload(kind(PNG), mime_type=None)

    def test_a_file_object_has_the_type_of_its_bytes_or_its_name(
        self, api: Api, emulator: Emulator, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text("{}")
        with path.open("rb") as file:
            file.read(1)
            made = api.upload(file, mime_type=None)
        assert made.mime_type == "application/json"
        assert content(emulator, made.name) == b"}"
        with path.open() as text, pytest.raises(errors.FieldError, match="open the file in binary"):
            api.upload(text, mime_type=None)

    def test_a_file_object_is_read_from_where_it_stands_and_left_open(
        self, api: Api, emulator: Emulator, tmp_path: Path
    ) -> None:
        path = tmp_path / "a"
        path.write_bytes(b"12345")
        with path.open("rb") as file:
            file.seek(2)
            made = api.upload(file)
            assert not file.closed
        assert content(emulator, made.name) == b"345"

    def test_a_pipe_is_read_to_its_end(self, api: Api, emulator: Emulator) -> None:
        reading, writing = os.pipe()
        os.write(writing, PNG)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            made = api.upload(pipe)
        assert content(emulator, made.name) == PNG

    @pytest.mark.parametrize(
        ("given", "error", "text"),
        [
            ("none.png", errors.ArgumentError, "'none.png' cannot be read: No such file"),
            (Path("/"), errors.ArgumentError, "is a directory"),
            (b"", errors.ArgumentError, "is empty"),
            (io.BytesIO(), errors.ArgumentError, "is empty"),
            (closed(io.BytesIO(PNG)), errors.ArgumentError, "path is a file object that is closed"),
            (io.StringIO("text"), errors.FieldError, "binary mode"),
            (SimpleNamespace(read=lambda size: "text"), errors.FieldError, "binary mode"),
            (SimpleNamespace(read=lambda size: None), errors.ArgumentError, "does not block"),
            (7, errors.FieldError, "expected a path, bytes"),
            (None, errors.FieldError, "expected a path, bytes"),
        ],
    )
    def test_what_cannot_be_read_is_an_error_before_the_network(
        self, api: Api, emulator: Emulator, given: Any, error: type[Exception], text: str
    ) -> None:
        with pytest.raises(error, match=text):
            api.upload(given)
        assert not [call for call in emulator.journal if call.method not in {"start", "cancel"}]

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"mime_type": "png"}, "mime_type is 'png'"),
            ({"mime_type": ""}, "mime_type is ''"),
            ({"mime_type": 7}, "mime_type is 7"),
            ({"name": "Files/a"}, "name is 'Files/a'"),
            ({"display_name": "x" * 513}, "at most 512"),
            ({"wait": "yes"}, "wait is 'yes'"),
            ({"wait": -1}, "wait is -1"),
            ({"request_options": {"timeot": 1}}, "timeout"),
            ({"request_options": {"metadata": [("x-goog-api-key", "k")]}}, "credentials"),
            ({"progress": "yes"}, "progress is 'yes'"),
        ],
    )
    def test_wrong_arguments_are_errors_before_the_network(
        self, api: Api, emulator: Emulator, options: dict[str, Any], text: str
    ) -> None:
        with pytest.raises(ValueError, match=text):
            api.upload(**options)
        assert len(emulator.journal) == 0

    def test_a_file_that_is_too_large_is_not_begun(
        self, api: Api, emulator: Emulator, tmp_path: Path
    ) -> None:
        path = tmp_path / "large.bin"
        with path.open("wb") as file:
            file.truncate((2 << 30) + 1)
        with pytest.raises(errors.ArgumentError, match="2 GB"):
            api.upload(path)
        assert len(emulator.journal) == 0

    def test_a_file_of_no_known_type_wants_one(self, api: Api, tmp_path: Path) -> None:
        path = tmp_path / "what"
        path.write_bytes(b"\0?")
        with pytest.raises(errors.ArgumentError, match="pass mime_type"):
            api.upload(path, mime_type=None)

    def test_a_file_that_cannot_be_opened_says_why(
        self, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any) -> None:
            raise PermissionError(13, "Permission denied")

        path = tmp_path / "a.png"
        path.write_bytes(PNG)
        monkeypatch.setattr(Path, "open", refuse)
        with pytest.raises(errors.ArgumentError, match="cannot be read: Permission denied"):
            api.upload(path)

    @pytest.mark.parametrize("offset", [0, 5])
    def test_a_file_object_that_is_closed_meanwhile_names_the_argument(self, offset: int) -> None:
        file = io.BytesIO(PNG)
        opened = source.open_source(file, mime_type="image/png")
        closed(file)
        with pytest.raises(errors.ArgumentError, match=r"path \(a file object\) cannot be read: "):
            opened.read(offset, 10)

    def test_a_file_that_shrinks_ends_it(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        path.write_bytes(bytes(100))
        made = source.open_source(path, mime_type="image/png")
        path.write_bytes(bytes(10))
        with pytest.raises(errors.ArgumentError, match="become shorter"):
            made.read(0, 50)
        made.close()

    def test_a_stream_without_end_is_stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(source, "LARGEST", 1000)
        made = source.open_source(SimpleNamespace(read=bytes), mime_type="a/b")
        with pytest.raises(errors.ArgumentError, match="at most 1,000"):
            made.read(0, 5000)

    def test_it_is_summed_once_however_it_is_read(self) -> None:
        made = source.open_source(io.BytesIO(FILM), mime_type="a/b")
        assert made.read(0, 1000) == FILM[:1000]
        assert made.read(500, 1000) == FILM[500:1500]
        assert made.read(0, 100) == FILM[:100]
        assert made.read(1500, len(FILM)) == FILM[1500:]
        assert made.digest() == hashlib.sha256(FILM).digest()
        again = source.open_source(io.BytesIO(FILM), mime_type="a/b")
        for start in range(0, len(FILM), 999):
            again.read(max(0, start - 500), 1499)
        assert again.digest() == hashlib.sha256(FILM).digest()


class TestBackends:
    def test_vertex_has_none(self, connect: Callable[..., Api], colour: Sync) -> None:
        cls = gemini_grpc.AsyncClient if isinstance(colour, Async) else gemini_grpc.Client
        options = {"api_endpoint": "http://127.0.0.1:1", "api_key": "test"}
        client = cls(project="p", location="us-central1", client_options=options)
        module: Any = async_files if isinstance(colour, Async) else sync_files
        suffix = "_async" if isinstance(colour, Async) else ""
        for name, arguments in (
            ("upload_file", [PNG]),
            ("get_file", ["a"]),
            ("list_files", []),
            ("delete_file", ["a"]),
            ("wait_for_file", ["a"]),
            ("download_file", ["a"]),
        ):
            with pytest.raises(UnsupportedError, match="gs://"):
                colour.call(getattr(module, name + suffix), *arguments, client=client)
        colour.call(client.close)

    def test_v1alpha_has_them(
        self, connect: Callable[..., Api], emulator: Emulator, api: Api
    ) -> None:
        other = connect(api_endpoint=f"http://{emulator.target}", api_key="test", version="v1alpha")
        made = other.upload()
        assert type(made.to_proto()) is gemini_grpc.v1alpha.types.File
        assert emulator.journal[0].request.target == "/upload/v1alpha/files"
        assert [file.name for file in other.listed()] == [made.name]

    def test_a_key_that_is_not_in_this_process_cannot_sign_for_files(
        self, connect: Callable[..., Api], authority: Authority, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GOOGLE_API_USE_CLIENT_CERTIFICATE", "true")
        signer = tls.Signer(authority.issue().certificate, lambda *_: b"")
        other = connect(
            api_endpoint="files.googleapis.com", api_key="test", client_cert_signer=signer
        )
        with pytest.raises(errors.ArgumentError, match="client_cert_source"):
            other.upload()


class TestReady:
    def test_a_video_is_waited_for(self, api: Api) -> None:
        assert api.upload(mime_type="video/mp4").state is FileState.ACTIVE

    def test_or_not(self, api: Api) -> None:
        made = api.upload(mime_type="video/mp4", wait=False)
        assert made.state is FileState.PROCESSING
        ready = api("wait_for_file", made)
        assert ready.state is FileState.ACTIVE
        assert ready.video_metadata.video_duration == datetime.timedelta(seconds=1)

    def test_but_not_for_ever(self, api: Api) -> None:
        with pytest.raises(errors.DeadlineExceeded, match=r"being prepared after 0\.01 s"):
            api.upload(mime_type="video/mp4", wait=0.01)

    def test_what_failed_is_an_error_with_the_words_of_the_server(
        self, api: Api, emulator: Emulator
    ) -> None:
        failed = {"name": "files/v", "state": "FAILED", "error": {"message": "no codec"}}
        emulator.script("GetFile", [Reply(message=failed)])
        with pytest.raises(
            FileFailedError, match="files/v could not be prepared: no codec"
        ) as caught:
            api.upload(mime_type="video/mp4", name="v")
        assert caught.value.file.state is FileState.FAILED
        again = pickle.loads(pickle.dumps(caught.value))
        assert str(again) == str(caught.value)


class TestFunctions:
    def test_a_file_has_what_the_service_says(self, api: Api) -> None:
        made = api.upload(display_name="Picture", name="pic")
        found = api("get_file", "pic")
        assert isinstance(found, File)
        assert found == made == api("get_file", "files/pic")
        assert found.name == "files/pic"
        assert found.display_name == "Picture"
        assert found.uri.endswith("/files/pic")
        assert found.expiration_time - found.create_time == datetime.timedelta(hours=48)
        assert found.update_time.tzinfo is not None
        assert found.state is FileState.ACTIVE
        assert found.error.message == ""
        assert found.to_dict()["state"] == "ACTIVE"
        assert found.to_proto().name == "files/pic"
        assert "files/pic" in repr(found)
        assert pickle.loads(pickle.dumps(found)) == found

    def test_it_goes_into_prompts(self, api: Api) -> None:
        made = api.upload()
        (content,) = contents.to_contents(["What is this?", made], Backend())
        assert content.parts[1].file_data.file_uri == made.uri
        assert content.parts[1].file_data.mime_type == "image/png"

    def test_files_are_listed_over_all_pages(self, api: Api) -> None:
        made = [api.upload().name for _ in range(3)]
        assert [file.name for file in api.listed(page_size=2)] == made

    @pytest.mark.parametrize("size", [-1, 101, "10", True])
    def test_a_size_of_pages_is_checked(self, api: Api, size: Any) -> None:
        with pytest.raises(errors.ArgumentError, match="page_size"):
            api.listed(page_size=size)

    def test_a_file_is_deleted_by_name_or_itself(self, api: Api) -> None:
        first, second, third = (api.upload() for _ in range(3))
        api("delete_file", first.name)
        api("delete_file", second, client=None)
        method = third.delete_async if isinstance(api.colour, Async) else third.delete
        api.colour.call(method)
        assert api.listed() == []
        with pytest.raises(errors.NotFound):
            api("delete_file", first)

    @pytest.mark.parametrize("name", ["", "files/a/b", "models/x", 7, None])
    def test_names_are_checked(self, api: Api, emulator: Emulator, name: Any) -> None:
        for function in ("get_file", "delete_file", "wait_for_file", "download_file"):
            with pytest.raises(errors.ArgumentError):
                api(function, name)
        assert len(emulator.journal) == 0


class TestDownloads:
    @pytest.fixture
    def film(self, api: Api, emulator: Emulator) -> File:
        kept.add(
            emulator.world,
            {"name": "files/film"},
            content=FILM,
            mime_type="video/mp4",
            source="GENERATED",
            ready=0,
        )
        found: File = api("get_file", "film")
        return found

    def test_it_comes_as_bytes_or_into_a_file(
        self, api: Api, film: File, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for given in (film, film.name, "film", film.download_uri, film.uri):
            assert api("download_file", given, progress=None) == FILM
        path = tmp_path / "film.mp4"
        path.write_bytes(b"old")
        assert api("download_file", film, path) is None
        assert path.read_bytes() == FILM
        buffer = io.BytesIO(b"123")
        buffer.seek(3)
        assert api("download_file", film, buffer) is None
        assert buffer.getvalue() == b"123" + FILM
        assert [each.name for each in tmp_path.iterdir()] == ["film.mp4"]

    def test_it_goes_on_after_a_cut(
        self, api: Api, film: File, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        quick = RetryPolicy(initial=0.01, maximum=0.01)
        told: list[tuple[int, int | None]] = []
        faults = [
            HttpFault("download", cut=1000),
            HttpFault("download", 503),
            HttpFault("download", cut=50_000),
        ]
        emulator.http.script(faults)
        found = api(
            "download_file",
            film,
            progress=lambda *both: told.append(both),
            request_options={"retry": quick},
        )
        assert found == FILM
        assert [fault.fired for fault in faults] == [1, 1, 1]
        assert told[-1] == (len(FILM), len(FILM))

    @pytest.mark.parametrize("name", ["mine", "none"])
    def test_what_is_not_there_leaves_nothing(self, api: Api, tmp_path: Path, name: str) -> None:
        api.upload(name="mine")
        error = errors.FailedPrecondition if name == "mine" else errors.NotFound
        with pytest.raises(error):
            api("download_file", name, tmp_path / "a")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            *(("/", "is a directory"), ("/nowhere/a", "cannot be written"), (7, "expected a path")),
            (closed(io.BytesIO()), "path is a file object that is closed"),
        ],
    )
    def test_where_it_cannot_go_is_found_first(
        self, api: Api, emulator: Emulator, path: Any, text: str
    ) -> None:
        with pytest.raises(ValueError, match=text):
            api("download_file", "a", path)
        assert len(emulator.journal) == 0


class Fixed(google.auth.credentials.Credentials):
    """A credential whose tokens are `token-1`, `token-2`, ..."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def refresh(self, request: Any) -> None:
        self.number += 1
        self.token = f"token-{self.number}"
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        self.expiry = now + datetime.timedelta(hours=1)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


class TestSecurity:
    def test_a_key_is_sent_and_checked(self, connect: Callable[..., Api]) -> None:
        with Emulator(authentication=Authentication(api_keys=["good"])) as emulator:
            endpoint = f"http://{emulator.target}"
            assert connect(api_endpoint=endpoint, api_key="good").upload()
            with pytest.raises(errors.InvalidArgument, match="API key not valid") as caught:
                connect(api_endpoint=endpoint, api_key="bad").upload()
            assert caught.value.reason == "API_KEY_INVALID"
            assert "bad" not in str(caught.value)

    def test_a_token_is_sent_over_tls_and_replaced_when_refused(
        self, connect: Callable[..., Api], authority: Authority
    ) -> None:
        good = Authentication(bearer_tokens=["token-2"])
        with Emulator(tls=True, certificates=authority.server(), authentication=good) as emulator:
            credentials = Fixed()
            api = connect(
                api_endpoint=emulator.target, ca_certificates=authority.ca, credentials=credentials
            )
            assert api.upload().size_bytes == len(PNG)
            assert credentials.number == 2

    def test_a_server_nobody_vouches_for_is_refused_at_once(
        self, connect: Callable[..., Api], authority: Authority, emulator: Emulator
    ) -> None:
        with Emulator(tls=True, certificates=authority.server()) as other:
            endpoint = f"localhost:{other.http.port}"
            api = connect(api_endpoint=endpoint, ca_certificates=Authority().ca, api_key="test")
            with pytest.raises(errors.TlsError):
                api.upload()

    def test_a_certificate_is_shown(
        self, connect: Callable[..., Api], authority: Authority, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GOOGLE_API_USE_CLIENT_CERTIFICATE", "true")
        certificates = authority.server(clients=authority)
        with Emulator(mtls=True, certificates=certificates) as emulator:
            api = connect(
                api_endpoint=emulator.target,
                ca_certificates=authority.ca,
                client_cert_source=authority.issue("somebody").source,
                api_key="test",
            )
            made = api.upload()
            assert made.size_bytes == len(PNG)
            assert emulator.journal.calls("start")[0].attempts[0].client_certificate == "somebody"

    def test_a_host_of_google_is_not_asked_and_the_proxy_is_used(
        self, connect: Callable[..., Api], authority: Authority
    ) -> None:
        host = "generativelanguage.googleapis.com"
        certificates = authority.server(hosts=(host,))
        with (
            Emulator(tls=True, certificates=certificates) as emulator,
            ConnectProxy(emulator.http.target) as proxy,
        ):
            api = connect(
                api_endpoint=host,
                ca_certificates=authority.ca,
                proxy=f"http://{proxy.address}",
                api_key="test",
            )
            assert api.upload().size_bytes == len(PNG)
            assert {asked.target for asked in proxy.asked} == {f"{host}:443"}


def test_a_server_that_is_no_emulator_is_taken_to_speak_http_itself(
    connect: Callable[..., Api],
) -> None:
    server = grpc.server(futures.ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    api = connect(api_endpoint=f"http://127.0.0.1:{port}", api_key="test")
    with pytest.raises(errors.Unavailable, match="no answer over HTTP") as caught:
        api.upload(request_options={"retry": None})
    assert caught.value.endpoint == f"127.0.0.1:{port}"
    server.stop(None).wait()


class TestProgress:
    def test_a_bar_is_drawn_for_what_takes_long(self) -> None:
        now = [0.0]
        terminal = io.StringIO()
        bar = Bar(terminal, "film.mp4", clock=lambda: now[0])
        bar(10_000_000, 100_000_000)
        bar.end()
        assert terminal.getvalue() == ""
        now[0] = 2.0
        bar(50_000_000, 100_000_000)
        bar(51_000_000, 100_000_000)
        shown = terminal.getvalue()
        assert shown.count("film.mp4") == 1
        assert f"[{'#' * 15}{' ' * 15}]  50% 50.0 MB, 25.0 MB/s" in shown
        now[0] = 3.0
        bar(60_000_000, None)
        assert "60.0 MB, 20.0 MB/s" in terminal.getvalue()
        bar.end()
        assert terminal.getvalue().endswith("\r\x1b[K")

    @pytest.mark.parametrize("is_terminal", [True, False])
    def test_only_in_a_terminal(
        self, api: Api, monkeypatch: pytest.MonkeyPatch, is_terminal: bool
    ) -> None:
        monkeypatch.setattr("gemini_grpc.generative.progress._SILENT", 0.0)
        terminal = io.StringIO()
        terminal.isatty = lambda: is_terminal  # type: ignore[method-assign]
        monkeypatch.setattr(sys, "stderr", terminal)
        api.upload(progress="auto")
        assert ("100%" in terminal.getvalue()) is is_terminal


def test_waiting_grows_and_ends() -> None:
    now = [0.0]
    waiting = files.Waiting(10.0, clock=lambda: now[0])
    busy = File(name="files/a", state="PROCESSING")
    pauses = []
    while now[0] < 10:
        pause = waiting.pause(busy)
        assert pause is not None
        pauses.append(pause)
        now[0] += pause
    assert pauses[0] == pytest.approx(0.1)
    assert pauses[1] > pauses[0]
    assert sum(pauses) == pytest.approx(10.0)
    with pytest.raises(errors.DeadlineExceeded):
        waiting.pause(busy)


@pytest.mark.parametrize("told", ["digest", "text", "nothing"])
def test_a_sum_is_compared_in_either_form(told: str) -> None:
    digest = bytes(range(32))
    value = {"digest": digest, "text": digest.hex().encode(), "nothing": b""}[told]
    files.check_sum(File(name="files/a", sha256_hash=value), digest)
    with pytest.raises(errors.DataLoss):
        files.check_sum(File(name="files/a", sha256_hash=b"x"), digest)


def test_options_of_google_are_taken() -> None:
    settings: Any = SimpleNamespace(retry=None)
    retries, metadata = upload.Retries.of(
        (5.0, None, (("x-team", "blue"),)), settings, clock=lambda: 0.0
    )
    assert retries.left == 5.0
    assert metadata == (("x-team", "blue"),)
