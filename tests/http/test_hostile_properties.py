"""A server that answers anything: uploads, downloads and tokens end with our own errors, after few requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gemini_grpc import errors
from tests.http.conftest import SECRETS, Case, is_start
from tests.support import secrets
from tests.support.raw_http import RawRequest, RawServer, answering, response

pytestmark = pytest.mark.usefixtures("quick")

MOST_REQUESTS = 60
GOOD = "{url}/session?upload_id=1"

ODD = ("\u00b2", "9" * 5000, "-1", "", "x", "1e3", "\x07")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "error",
                    "status",
                    "message",
                    "details",
                    "@type",
                    "file",
                    "name",
                    "code",
                    "uri",
                    "state",
                    "access_token",
                    "expires_in",
                    "retryDelay",
                    "sizeBytes",
                    "createTime",
                    "sha256Hash",
                )
            ),
            inner
            | st.sampled_from(
                ("type.googleapis.com/google.rpc.RetryInfo", "files/a", "\ud800", "ACTIVE")
            ),
            max_size=4,
        )
    ),
    max_leaves=12,
)
BODIES = st.one_of(
    st.binary(max_size=30),
    JSON.map(lambda value: json.dumps(value).encode()),
    JSON.map(lambda value: json.dumps({"file": value}).encode()),
    JSON.map(lambda value: json.dumps({"error": value}).encode()),
    JSON.map(lambda value: json.dumps({"error": {"details": [value]}}).encode()),
    st.sampled_from((b"[" * 50_000, b'{"file": {"name": "files/a"}}', b'{"access_token": "t"}')),
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "X-Goog-Upload-Status": st.sampled_from(("active", "final", "cancelled", "FINAL", *ODD)),
        "X-Goog-Upload-URL": st.sampled_from(
            (
                GOOD,
                GOOD,
                GOOD,
                "http://127.0.0.1:1/",
                "http://127.0.0.1:99999/",
                "http://[::1",
                *ODD,
            )
        ),
        "X-Goog-Upload-Chunk-Granularity": st.sampled_from(("256", "1000", *ODD)),
        "X-Goog-Upload-Size-Received": st.sampled_from(("0", "1", "256", "2048", "3072", *ODD)),
        "Retry-After": st.sampled_from(("0", "99999", "Wed, 01 Jan 99999 00:00:00 GMT", *ODD)),
        "Location": st.sampled_from(("/again", "http://127.0.0.1:1/", "http://[::1", *ODD)),
        "Content-Range": st.sampled_from(("bytes 0-1/2", "bytes 5-9/*", *ODD)),
        "Content-Encoding": st.sampled_from(("gzip", "identity", *ODD)),
        "Content-Type": st.sampled_from(("application/json", *ODD)),
        "Set-Cookie": st.sampled_from(("a=b", *ODD)),
    },
)
STATUSES = st.sampled_from(
    (
        200,
        200,
        200,
        200,
        201,
        204,
        206,
        302,
        308,
        400,
        401,
        403,
        404,
        409,
        410,
        416,
        429,
        500,
        503,
        600,
    )
)
RESPONSES = st.lists(st.tuples(STATUSES, HEADERS, BODIES), min_size=1, max_size=6)


def serving(responses: list[tuple[int, dict[str, str], bytes]], *, starts: bool) -> RawServer:
    """Return a server that gives one response after the other, the last one for ever."""

    def answer(request: RawRequest) -> bytes:
        number = len(server.requests) - 1
        if starts and number == 0 and is_start(request):
            given = {"X-Goog-Upload-URL": GOOD.format(url=server.url)}
            return response(200, headers=given)
        status, headers, body = responses[min(number, len(responses) - 1)]
        shown = {
            name: text.format(url=server.url).encode().decode("latin-1")
            for name, text in headers.items()
        }
        return response(status, body, shown)

    server = RawServer(answering(answer))
    return server


def check(case: Case, operation: str, examples: int) -> int:
    """Try an operation on many servers; return on how many."""
    ran = []

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(RESPONSES, st.booleans())
    def run(responses: list[tuple[int, dict[str, str], bytes]], starts: bool) -> None:
        ran.append(1)
        with serving(responses, starts=starts) as server:
            try:
                case.run(operation, server, 20.0)
            except errors.DeadlineExceeded as error:
                raise AssertionError("it did not end by itself") from error
            except errors.GeminiError as error:
                secrets.assert_hidden(error, *SECRETS)
        assert len(server.requests) <= MOST_REQUESTS

    run()
    return len(ran)


@pytest.mark.parametrize("operation", ["upload", "download", "token"])
def test_whatever_a_server_answers_is_an_error_of_ours_or_a_result(
    case: Case, operation: str, record_property: Callable[[str, Any], None]
) -> None:
    record_property("cases", check(case, operation, 25))


@pytest.mark.fuzz
@pytest.mark.parametrize("operation", ["upload", "download", "token"])
def test_the_same_with_many_responses(
    case: Case, operation: str, record_property: Callable[[str, Any], None]
) -> None:
    record_property("cases", check(case, operation, 1000))
