"""The emulator's HTTP endpoint, asked by hand as any client of the public protocol would."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gemini_grpc import errors, v1beta
from gemini_grpc.emulator import Authentication, Emulator, HttpFault, VirtualClock
from gemini_grpc.emulator.http.message import HttpRequest
from gemini_grpc.emulator.http.sessions import KEPT
from gemini_grpc.emulator.services import files

GRAIN = 1024
CONTENT = bytes(range(256)) * 10


class Hand:
    """Speaks the protocol of uploads step by step."""

    def __init__(self, emulator: Emulator, **options: Any) -> None:
        self.emulator = emulator
        emulator.http.granularity = GRAIN
        root = f"{emulator.http.scheme}://{emulator.http.target}"
        self.http = httpx.Client(base_url=root, trust_env=False, **options)
        self.url = ""

    def ask(self, command: str, body: bytes = b"", **headers: str) -> httpx.Response:
        named = {f"x-goog-upload-{key.replace('_', '-')}": value for key, value in headers.items()}
        return self.http.post(
            self.url, content=body, headers={"x-goog-upload-command": command, **named}
        )

    def start(
        self, file: dict[str, Any] | None = None, *, size: int | None = len(CONTENT), **more: str
    ) -> httpx.Response:
        self.url = "/upload/v1beta/files" + more.pop("query", "")
        if size is not None:
            more["header_content_length"] = str(size)
        answer = self.ask(
            "start",
            json.dumps({"file": file or {}}).encode(),
            protocol="resumable",
            header_content_type="text/plain",
            **more,
        )
        self.url = answer.headers.get("x-goog-upload-url", "")
        return answer

    def send(self, body: bytes, offset: int, *, last: bool = False) -> httpx.Response:
        return self.ask("upload, finalize" if last else "upload", body, offset=str(offset))

    def content(self, name: str) -> Any:
        return self.emulator.world.store.find(name).private["content"]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(auto=True)


@pytest.fixture
def running(clock: VirtualClock) -> Iterator[Emulator]:
    with Emulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
def hand(running: Emulator) -> Iterator[Hand]:
    made = Hand(running)
    yield made
    made.http.close()


def test_a_file_arrives_in_chunks(hand: Hand) -> None:
    started = hand.start({"display_name": "Numbers", "name": "files/numbers"})
    assert started.status_code == 200
    assert started.headers["x-goog-upload-status"] == "active"
    assert started.headers["x-goog-upload-chunk-granularity"] == str(GRAIN)
    assert "upload_id=" in hand.url
    middle = hand.send(CONTENT[:2048], 0)
    assert middle.headers["x-goog-upload-status"] == "active"
    assert middle.headers["x-goog-upload-size-received"] == "2048"
    end = hand.send(CONTENT[2048:], 2048, last=True)
    assert end.headers["x-goog-upload-status"] == "final"
    file = end.json()["file"]
    assert file["name"] == "files/numbers"
    assert file["displayName"] == "Numbers"
    assert file["mimeType"] == "text/plain"
    assert file["sizeBytes"] == str(len(CONTENT))
    assert file["state"] == "ACTIVE"
    assert hand.content("files/numbers") == CONTENT


@pytest.mark.parametrize("version", ["v1beta", "v1alpha"])
def test_either_version_takes_it_and_grpc_sees_it(hand: Hand, version: str) -> None:
    hand.start()
    hand.url = hand.url.replace("v1beta", version)
    name = hand.send(CONTENT, 0, last=True).json()["file"]["name"]
    options = {"api_endpoint": f"http://{hand.emulator.target}", "api_key": "test"}
    with v1beta.FileServiceClient(client_options=options) as client:
        assert client.get_file(name=name).sha256_hash == hashlib.sha256(CONTENT).digest()


def test_whoever_asks_is_told_what_has_arrived(hand: Hand) -> None:
    hand.start()
    assert hand.ask("query").headers["x-goog-upload-size-received"] == "0"
    hand.send(CONTENT[:1024], 0)
    assert hand.ask("query").headers["x-goog-upload-size-received"] == "1024"
    name = hand.send(CONTENT[1024:], 1024, last=True).json()["file"]["name"]
    asked = hand.ask("query")
    assert asked.headers["x-goog-upload-status"] == "final"
    assert asked.json()["file"]["name"] == name


def test_a_file_of_unknown_size_may_end_with_nothing(hand: Hand) -> None:
    hand.start(size=None)
    hand.send(CONTENT[:2048], 0)
    end = hand.ask("finalize", offset="2048")
    assert end.json()["file"]["sizeBytes"] == "2048"


def test_what_is_cancelled_takes_no_more(hand: Hand) -> None:
    hand.start()
    assert hand.ask("cancel").headers["x-goog-upload-status"] == "cancelled"
    assert hand.send(CONTENT, 0, last=True).status_code == 400
    assert hand.ask("query").headers["x-goog-upload-status"] == "cancelled"


@pytest.mark.parametrize(
    ("chunk", "offset", "last", "text"),
    [
        (CONTENT[:1024], 512, False, "0 bytes have arrived"),
        (CONTENT[:1000], 0, False, "no multiple of 1024"),
        (CONTENT + b"more", 0, True, "more bytes"),
        (CONTENT[:1024], 0, True, "1024 of 2560 bytes"),
    ],
)
def test_a_chunk_that_does_not_fit_is_refused_and_not_kept(
    hand: Hand, chunk: bytes, offset: int, last: bool, text: str
) -> None:
    hand.start()
    answer = hand.send(chunk, offset, last=last)
    assert answer.status_code == 400
    assert answer.headers["x-goog-upload-status"] == "active"
    assert text in answer.json()["error"]["message"]
    received = int(hand.ask("query").headers["x-goog-upload-size-received"])
    rest = hand.send(CONTENT[received:], received, last=True)
    assert hand.content(rest.json()["file"]["name"]) == CONTENT


def test_a_session_that_is_over_says_so(hand: Hand) -> None:
    hand.start()
    hand.send(CONTENT, 0, last=True)
    again = hand.send(CONTENT, 0, last=True)
    assert again.status_code == 400
    assert again.headers["x-goog-upload-status"] == "final"
    assert "terminated" in again.json()["error"]["message"]
    assert hand.ask("cancel").status_code == 400


def test_a_session_expires_and_a_reset_forgets_it(hand: Hand, clock: VirtualClock) -> None:
    hand.start()
    clock.advance(7 * 86_400)
    assert hand.ask("query").status_code == 404
    hand.start()
    hand.emulator.reset()
    assert hand.ask("query").status_code == 404


def test_sessions_that_are_over_are_forgotten_one_day(hand: Hand) -> None:
    hand.start()
    running = hand.url
    ended = []
    for _ in range(KEPT + 2):
        hand.start()
        hand.ask("cancel")
        ended.append(hand.url)
    for url, status in ((ended[0], 404), (ended[-1], 200), (running, 200)):
        hand.url = url
        assert hand.ask("query").status_code == status


@pytest.mark.parametrize(
    ("file", "size", "status", "text"),
    [
        ({"name": "files/-No"}, 10, 400, "file.name"),
        ({"display_name": "x" * 513}, 10, 400, "display_name"),
        ({"nme": "files/a"}, 10, 400, "no CreateFileRequest"),
        ({}, (2 << 30) + 1, 400, "at most"),
    ],
)
def test_a_start_that_cannot_be_is_refused(
    hand: Hand, file: dict[str, Any], size: int, status: int, text: str
) -> None:
    answer = hand.start(file, size=size)
    assert answer.status_code == status
    assert text in answer.json()["error"]["message"]


def test_a_name_is_taken_once(hand: Hand) -> None:
    hand.start({"name": "files/mine"})
    first = hand.url
    hand.start({"name": "files/mine"})
    assert hand.send(CONTENT, 0, last=True).status_code == 200
    assert hand.start({"name": "files/mine"}).status_code == 409
    hand.url = first
    late = hand.send(CONTENT, 0, last=True)
    assert late.status_code == 409
    assert late.json()["error"]["status"] == "ALREADY_EXISTS"


def test_what_is_no_part_of_the_api_is_not_found(hand: Hand) -> None:
    assert hand.http.get("/v1beta/models").status_code == 404
    assert hand.http.post("/upload/v1beta/files", content=b"x").status_code == 404


def test_credentials_are_checked_as_over_grpc() -> None:
    with Emulator(authentication=Authentication(api_keys=["good"])) as emulator:
        hand = Hand(emulator)
        missing = hand.start()
        assert missing.status_code == 403
        assert missing.json()["error"]["details"][0]["reason"] == "CREDENTIALS_MISSING"
        assert hand.start(query="?key=good").status_code == 200
        assert hand.ask("query").status_code == 403
        hand.http.headers["x-goog-api-key"] = "bad"
        assert hand.start().json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
        hand.http.headers["x-goog-api-key"] = "good"
        assert hand.start().status_code == 200
        hand.http.close()
        seen = repr(list(emulator.journal)) + repr([call.request for call in emulator.journal])
        assert "good" not in seen
        assert "bad" not in seen


def test_requests_are_in_the_journal(hand: Hand) -> None:
    hand.start({"display_name": "Notes"})
    hand.send(CONTENT[:1024], 0)
    hand.send(CONTENT[1000:], 1000, last=True)
    hand.send(CONTENT[1024:], 1024, last=True)
    hand.emulator.journal.wait()
    journal = hand.emulator.journal
    assert [(call.service, call.method, call.status) for call in journal] == [
        ("HTTP", "start", "OK"),
        ("HTTP", "upload", "OK"),
        ("HTTP", "finalize", "INVALID_ARGUMENT"),
        ("HTTP", "finalize", "OK"),
    ]
    started = journal.calls("start")[0].request
    assert isinstance(started, HttpRequest)
    assert json.loads(started.body) == {"file": {"display_name": "Notes"}}
    assert journal.calls("HTTP.upload")[0].request.headers["x-goog-upload-offset"] == "0"


class TestFaults:
    def test_a_status_comes_in_the_place_of_the_work(self, hand: Hand) -> None:
        fault = HttpFault("upload", 503, message="busy", retry_after=2, skip=1)
        hand.emulator.http.script([fault])
        hand.start()
        assert hand.send(CONTENT[:1024], 0).status_code == 200
        refused = hand.send(CONTENT[1024:2048], 1024)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "2"
        assert refused.json()["error"] == {
            "code": 503,
            "message": "busy",
            "status": "UNAVAILABLE",
        }
        assert hand.ask("query").headers["x-goog-upload-size-received"] == "1024"
        assert fault.fired == 1

    def test_a_cut_keeps_whole_multiples_of_the_granularity(self, hand: Hand) -> None:
        hand.emulator.http.script([HttpFault("finalize", cut=1500)])
        hand.start()
        with pytest.raises(httpx.TransportError):
            hand.send(CONTENT, 0, last=True)
        assert hand.ask("query").headers["x-goog-upload-size-received"] == "1024"
        hand.emulator.journal.wait()
        cut = hand.emulator.journal.calls("finalize")[0].attempts[0]
        assert (cut.status, cut.cancelled) == ("CANCELLED", True)

    def test_an_answer_may_be_lost_and_the_work_done(self, hand: Hand) -> None:
        hand.emulator.http.script([HttpFault("finalize", answerless=True)])
        hand.start()
        with pytest.raises(httpx.TransportError):
            hand.send(CONTENT, 0, last=True)
        assert hand.ask("query").headers["x-goog-upload-status"] == "final"

    def test_a_session_may_expire_or_lose_bytes(self, hand: Hand) -> None:
        faults = [HttpFault("query", lose=512), HttpFault("query", expire=True)]
        hand.emulator.http.script(faults)
        hand.start()
        hand.send(CONTENT[:1024], 0)
        assert hand.ask("query").headers["x-goog-upload-size-received"] == "512"
        assert hand.ask("query").status_code == 404

    def test_bytes_may_be_damaged(self, hand: Hand) -> None:
        hand.emulator.http.script([HttpFault("finalize", damage=True)])
        hand.start()
        name = hand.send(CONTENT, 0, last=True).json()["file"]["name"]
        assert hand.content(name) == b"\x01" + CONTENT[1:]

    def test_a_delay_is_by_the_clock_and_a_rate_is_real(
        self, hand: Hand, clock: VirtualClock
    ) -> None:
        faults = [HttpFault("start", delay=30.0), HttpFault("finalize", rate=1e6)]
        hand.emulator.http.script(faults)
        before = clock.now()
        hand.start()
        assert clock.now() - before >= 30
        assert hand.send(CONTENT, 0, last=True).status_code == 200

    def test_they_are_forgotten_on_demand(self, hand: Hand) -> None:
        hand.emulator.http.script([HttpFault("start", 500, times=None)])
        assert hand.start().status_code == 500
        assert hand.start().status_code == 500
        hand.emulator.clear_scripts()
        assert hand.start().status_code == 200

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"command": "strat", "status": 503}, "did you mean 'start'"),
            ({"command": "start"}, "nothing goes wrong"),
            ({"command": "start", "status": 200}, "400 to 599"),
            ({"command": "start", "status": 503, "skip": -1}, "skip"),
            ({"command": "start", "cut": -1}, "cut"),
        ],
    )
    def test_what_is_none_is_refused(self, options: dict[str, Any], text: str) -> None:
        with pytest.raises(errors.ArgumentError, match=text):
            HttpFault(**options)

    def test_only_faults_are_taken(self, hand: Hand) -> None:
        with pytest.raises(errors.ArgumentError, match="HttpFault"):
            hand.emulator.http.script(["nonsense"])  # type: ignore[list-item]


class TestDownloads:
    @pytest.fixture
    def url(self, hand: Hand) -> str:
        given = {"name": "files/film"}
        files.add(
            hand.emulator.world,
            given,
            content=CONTENT,
            mime_type="video/mp4",
            source="GENERATED",
            ready=0,
        )
        return "/v1beta/files/film:download?alt=media"

    def test_what_a_model_made_is_given_out(self, hand: Hand, url: str) -> None:
        answer = hand.http.get(url)
        assert answer.content == CONTENT
        assert answer.headers["content-type"] == "video/mp4"

    def test_a_part_of_it_too(self, hand: Hand, url: str) -> None:
        answer = hand.http.get(url, headers={"range": "bytes=1000-1999"})
        assert answer.status_code == 206
        assert answer.headers["content-range"] == "bytes 1000-1999/2560"
        assert answer.content == CONTENT[1000:2000]
        assert hand.http.get(url, headers={"range": "bytes=9999-"}).status_code == 416

    def test_what_was_uploaded_is_not(self, hand: Hand) -> None:
        hand.start({"name": "files/mine"})
        hand.send(CONTENT, 0, last=True)
        answer = hand.http.get("/v1beta/files/mine:download?alt=media")
        assert answer.status_code == 400
        assert answer.json()["error"]["status"] == "FAILED_PRECONDITION"
        assert hand.http.get("/v1beta/files/none:download").status_code == 404

    def test_it_can_be_cut(self, hand: Hand, url: str) -> None:
        hand.emulator.http.script([HttpFault("download", cut=100)])
        with pytest.raises(httpx.TransportError):
            hand.http.get(url)


class TestTls:
    def test_it_is_encrypted_when_grpc_is(self, tmp_path: Any) -> None:
        with Emulator(tls=True) as emulator:
            path = emulator.certificates.write(tmp_path)
            hand = Hand(emulator, verify=ssl.create_default_context(cafile=str(path)))
            assert hand.start().status_code == 200
            assert hand.url.startswith("https:")
            hand.http.close()
            with pytest.raises(httpx.TransportError):
                httpx.get(f"http://{emulator.http.target}/", trust_env=False)

    def test_the_client_shows_a_certificate_where_it_must(self, tmp_path: Any) -> None:
        with Emulator(mtls=True) as emulator:
            path = emulator.certificates.write(tmp_path, client=True)
            context = ssl.create_default_context(cafile=str(path))
            with pytest.raises(httpx.TransportError):
                httpx.get(f"https://{emulator.http.target}/", verify=context, trust_env=False)
            context.load_cert_chain(tmp_path / "client.pem", tmp_path / "client-key.pem")
            hand = Hand(emulator, verify=context)
            assert hand.start().status_code == 200
            attempt = emulator.journal.calls("start")[0].attempts[0]
            assert attempt.client_certificate == "gemini-grpc test client"
            hand.http.close()


def test_a_port_that_is_taken_is_said(hand: Hand) -> None:
    with pytest.raises(OSError, match="in use"):
        Emulator(http_port=hand.emulator.http.port).start()


def test_it_is_gone_when_the_emulator_is() -> None:
    with Emulator() as emulator:
        hand = Hand(emulator)
        hand.start()
        idle = socket.create_connection(("127.0.0.1", emulator.http.port))
    with pytest.raises(httpx.TransportError):
        hand.ask("query")
    with idle, contextlib.suppress(ConnectionError):
        assert idle.recv(1) == b""
    hand.http.close()
    emulator.http.close()


def test_its_failures_are_told(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(hand.emulator.http.service, "answer", fail)
    answer = hand.start()
    assert answer.status_code == 500
    assert "a bug" in answer.json()["error"]["message"]
