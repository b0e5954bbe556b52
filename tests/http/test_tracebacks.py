"""Errors of uploads, downloads and tokens show no key and no token in any frame, and keep the user's frames."""

from __future__ import annotations

import io
import traceback
from typing import Any

import pytest

from gemini_grpc import errors
from tests.http.conftest import CONTENT, SECRETS, Case, is_start, started
from tests.support import secrets
from tests.support.raw_http import Exchange, RawRequest, RawServer, answering, once, response

pytestmark = pytest.mark.usefixtures("quick")

OPERATIONS = ("upload", "download", "token")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 503])
def test_a_refusal(case: Case, operation: str, status: int) -> None:
    with RawServer(answering(response(status, b"no"))) as server:
        with pytest.raises(errors.RpcError) as caught:
            case.run(operation, server, 20.0)
        secrets.assert_hidden(caught.value, *SECRETS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_deadline_and_a_connection_that_breaks(case: Case, operation: str) -> None:
    for behaviour in (Exchange.wait, once(b""), Exchange.reset):
        with RawServer(behaviour) as server:
            with pytest.raises(errors.RpcError) as caught:
                case.run(operation, server, 0.3)
            secrets.assert_hidden(caught.value, *SECRETS)


class Failing(io.BytesIO):
    """A file that cannot be read to its end."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 1000:
            raise OSError("the disk is gone")
        return super().read(size)


def fail(done: int, total: int | None) -> None:
    raise ZeroDivisionError("mine")


@pytest.mark.parametrize(
    ("given", "progress", "expected"),
    [(CONTENT, fail, ZeroDivisionError), (Failing(CONTENT), None, errors.ArgumentError)],
    ids=["progress", "source"],
)
def test_an_error_of_the_user_keeps_its_own_frames_only(
    case: Case, given: Any, progress: Any, expected: type[Exception]
) -> None:
    def answer(request: RawRequest) -> bytes:
        if is_start(request):
            return started(server)
        return response(200, b"", {"X-Goog-Upload-Status": "active"})

    with RawServer(answering(answer)) as server:
        case.port.port = server.port
        with pytest.raises(expected) as caught:
            case.colour.call(
                case.file_function("upload_file"),
                given,
                mime_type="text/plain",
                progress=progress,
                wait=False,
                client=case.client,
            )
    secrets.assert_hidden(caught.value, *SECRETS)
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "_pieces" in frames or expected is errors.ArgumentError
    assert ("fail" in frames) is (progress is not None)
