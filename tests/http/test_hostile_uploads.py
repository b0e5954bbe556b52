"""Upload servers that are no upload servers: our own errors after few requests."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from gemini_grpc import errors
from tests.http.conftest import CHUNK, CONTENT, SECRETS, Case, is_start, started
from tests.support import secrets
from tests.support.raw_http import RawRequest, RawServer, answering, response

pytestmark = pytest.mark.usefixtures("quick")

MOST_REQUESTS = 24
FINAL = {"X-Goog-Upload-Status": "final"}
ACTIVE = {"X-Goog-Upload-Status": "active"}
FILE = json.dumps({"file": {"name": "files/a"}}).encode()


class Session:
    """Opens a session with some headers; a function answers what follows."""

    def __init__(self, answer: Callable[[RawRequest], bytes], **start: str) -> None:
        self._answer = answer
        self._start = start
        self.server = RawServer(answering(self._serve))

    def _serve(self, request: RawRequest) -> bytes:
        if is_start(request):
            return started(self.server, **self._start)
        return self._answer(request)


def finish(request: RawRequest) -> bytes:
    """Answer as a server does that takes everything."""
    is_last = "finalize" in request.headers["x-goog-upload-command"]
    return response(200, FILE, FINAL) if is_last else response(200, b"", ACTIVE)


def failed(case: Case, session: Session, timeout: float = 20.0) -> errors.RpcError:
    with session.server as server:
        with pytest.raises(errors.RpcError) as caught:
            case.run("upload", server, timeout)
        secrets.assert_hidden(caught.value, *SECRETS)
        assert len(server.requests) <= MOST_REQUESTS
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"<html>done</html>",
            b"[]",
            b"null",
            b'{"file": null}',
            b'{"file": {}}',
            b'{"file": []}',
        ),
        *(b'{"file": {"name": 5}}', b'{"file": {"name": "files/a", "sizeBytes": "x"}}'),
        *(
            b'{"file": {"name": "files/a", "expirationTime": "soon"}}',
            b'{"file": {"name": "a", "state": []}}',
        ),
        *(b"[" * 100_000 + b"]" * 100_000, b'{"file": {"name": ' + b"9" * 5000 + b"}}"),
    ],
)
def test_a_final_response_without_a_file_is_looked_up_and_counts_as_an_attempt(
    case: Case, body: bytes
) -> None:
    error = failed(case, Session(lambda _: response(200, body, FINAL)))
    assert isinstance(error, (errors.Unavailable, errors.Internal))
    assert case.looked <= 3


def finalized(body: bytes) -> Callable[[RawRequest], bytes]:
    def answer(request: RawRequest) -> bytes:
        made = finish(request)
        return response(200, body, FINAL) if made.endswith(FILE) else made

    return answer


@pytest.mark.parametrize("body", [b"", b"[]", b'{"file": {"name": 5}}'])
def test_after_the_last_chunk_it_is_looked_up_at_every_attempt(case: Case, body: bytes) -> None:
    error = failed(case, Session(finalized(body)))
    assert isinstance(error, errors.Unavailable)
    assert "there is no file" in str(error)
    assert case.looked == 3


def test_a_final_response_before_the_last_chunk_is_no_upload(case: Case) -> None:
    error = failed(case, Session(lambda _: response(200, FILE, FINAL)))
    assert isinstance(error, errors.Internal)
    assert "before the end of the file" in str(error)


@pytest.mark.parametrize(
    "url",
    [
        *("", "session", "/session", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http:///x"),
        *("http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "http://127.0.0.1:port/", "http://[::1/"),
        *("http://a..b/", f"http://{'a' * 64}.example/", f"http://{'a.' * 130}example/", "http://xn--/"),
        *("http://\u00b2\u00ad/", "http://127.0.0.1/\x01", "http://127.0.0.1:\u00b2/"),
    ],
)  # fmt: skip
def test_a_session_url_that_is_none_is_refused_after_one_request(case: Case, url: str) -> None:
    shown = url.encode().decode("latin-1")
    error = failed(case, Session(finish, **{"X-Goog-Upload-URL": shown}))
    assert isinstance(error, (errors.Internal, errors.Unavailable))


@pytest.mark.parametrize(
    "text", ["\u00b2", "9" * 5000, "-1", "0", "", "many", "1e3", " 7 ", "0" * 400]
)
@pytest.mark.parametrize(
    "header", ["X-Goog-Upload-Chunk-Granularity", "X-Goog-Upload-Size-Received"]
)
def test_odd_numbers_are_ignored_or_refused(case: Case, header: str, text: str) -> None:
    shown = text.encode().decode("latin-1")

    def answer(request: RawRequest) -> bytes:
        line = f"active\r\n{header}: {shown}".encode("latin-1")
        return finish(request).replace(b"active", line)

    start = {header: shown} if "Granularity" in header else {}
    session = Session(finish if start else answer, **start)
    with session.server as server:
        try:
            assert case.run("upload", server, 20.0).name == "files/a"
        except errors.RpcError as error:
            secrets.assert_hidden(error, *SECRETS)
        assert len(server.requests) <= MOST_REQUESTS


def test_a_server_that_takes_a_byte_at_a_time_is_given_up(case: Case) -> None:
    def answer(request: RawRequest) -> bytes:
        offset = int(request.headers.get("x-goog-upload-offset", 0))
        return response(200, b"", ACTIVE | {"X-Goog-Upload-Size-Received": str(offset + 1)})

    error = failed(case, Session(answer))
    assert isinstance(error, errors.Unavailable)
    assert "only a part" in str(error)


def test_a_server_that_forgets_what_it_has_is_given_up(case: Case) -> None:
    error = failed(
        case, Session(lambda _: response(200, b"", ACTIVE | {"X-Goog-Upload-Size-Received": "0"}))
    )
    assert isinstance(error, errors.Unavailable)


def test_a_session_that_is_always_gone_is_given_up(case: Case) -> None:
    error = failed(case, Session(lambda _: response(410)))
    assert isinstance(error, errors.Unavailable)
    assert "is gone" in str(error)


def test_a_wait_longer_than_the_policy_allows_ends_it_at_once_and_is_told(case: Case) -> None:
    session = Session(lambda _: response(429, headers={"Retry-After": "9" * 400}))
    error = failed(case, session)
    assert isinstance(error, errors.ResourceExhausted)
    assert error.retry_after is not None
    assert error.retry_after > 10**9
    assert len(session.server.requests) == 2


def test_a_file_larger_than_a_chunk_arrives_as_it_was(case: Case) -> None:
    received: dict[int, bytes] = {}

    def answer(request: RawRequest) -> bytes:
        received[int(request.headers["x-goog-upload-offset"])] = request.body
        return finish(request)

    with Session(answer).server as server:
        assert case.run("upload", server, 20.0).name == "files/a"
    assert b"".join(received[offset] for offset in sorted(received)) == CONTENT
    assert max(map(len, received.values())) == CHUNK
