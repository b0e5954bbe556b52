"""Cached contents are made, found, prolonged and dropped, on every backend."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from gemini_grpc import errors, v1beta
from gemini_grpc.generative.caching import CachedContent
from gemini_grpc.generative.expiration import expiration
from tests.generative.shell import BACKENDS, Shell, each, label, quiet_shell_of, shell_of

MODEL = "gemini-3.8-flash"
LONG = "word " * 2000
EVERY = tuple(BACKENDS)


@pytest.fixture(params=each(EVERY), ids=label)
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with shell_of(*request.param) as made:
        yield made


@pytest.fixture(scope="module", params=each(EVERY), ids=label)
def quiet(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with quiet_shell_of(*request.param) as made:
        yield made


def make(shell: Shell, **more: Any) -> CachedContent:
    arguments = {"model": MODEL, "contents": LONG, "client": shell.client} | more
    made: CachedContent = shell.do(CachedContent, "create", **arguments)
    return made


def test_a_cache_has_typed_attributes(shell: Shell) -> None:
    cache = make(shell, display_name="Book", ttl=600)
    assert isinstance(cache, CachedContent)
    assert "cachedContents/" in cache.name
    assert cache.display_name == "Book"
    assert cache.model.endswith(f"models/{MODEL}")
    assert cache.usage_metadata.total_token_count >= 2000
    assert isinstance(cache.expire_time, datetime)
    assert isinstance(cache.create_time, datetime)
    lives = cache.expire_time - cache.create_time
    assert timedelta(seconds=599) < lives < timedelta(seconds=601)


def test_everything_that_is_cached_reaches_the_server(shell: Shell) -> None:
    def look_up(city: str) -> str:
        """Look a city up."""
        return city

    make(
        shell,
        system_instruction="Be brief.",
        contents=["Read this:", LONG],
        tools=[look_up],
        tool_config={"function_calling_config": "any"},
    )
    [request] = shell.sent("CreateCachedContent")
    sent = request.cached_content
    assert sent.system_instruction.parts[0].text == "Be brief."
    assert [part.text for part in sent.contents[0].parts] == ["Read this:", LONG]
    assert sent.contents[0].role == "user"
    assert sent.tools[0].function_declarations[0].name == "look_up"
    assert sent.tool_config.function_calling_config.mode == 2
    if shell.backend == "vertex":
        assert request.parent == "projects/p/locations/us-central1"
        assert sent.model == f"{request.parent}/publishers/google/models/{MODEL}"


def test_a_cache_is_found_by_its_name(shell: Shell) -> None:
    cache = make(shell)
    for name in (cache.name, cache.name.rpartition("/")[2], cache):
        assert shell.do(CachedContent, "get", name, client=shell.client) == cache
    if not shell.is_async:
        assert CachedContent(cache.name, client=shell.client) == cache


def test_caches_are_listed_page_by_page(shell: Shell) -> None:
    made = [make(shell, display_name=str(number)) for number in range(3)]
    listed = shell.do(CachedContent, "list", page_size=2, client=shell.client)
    assert listed == made
    assert [request.page_size for request in shell.sent("ListCachedContents")] == [2, 2]


def test_the_end_of_a_cache_is_moved_by_mask(shell: Shell) -> None:
    cache = make(shell, display_name="Book")
    before = cache.expire_time
    assert shell.do(cache, "update", ttl=timedelta(hours=2)) is cache
    assert cache.expire_time > before
    moment = datetime.now(UTC) + timedelta(days=1)
    shell.do(cache, "update", expire_time=moment)
    assert cache.expire_time == moment
    assert cache.display_name == "Book"
    masks = [list(each.update_mask.paths) for each in shell.sent("UpdateCachedContent")]
    assert masks == [["ttl"], ["expire_time"]]


def test_a_cache_is_dropped(shell: Shell) -> None:
    cache = make(shell)
    shell.do(cache, "delete")
    with pytest.raises(errors.NotFound):
        shell.do(CachedContent, "get", cache.name, client=shell.client)


def test_an_instruction_alone_is_cached(shell: Shell) -> None:
    cache = make(shell, contents=None, system_instruction=LONG)
    assert cache.usage_metadata.total_token_count >= 2000


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"ttl": 1, "expire_time": 2}, "ttl and expire_time are both given"),
        ({"ttl": 0}, "ttl is 0; expected a time to live"),
        ({"display_name": "x" * 129}, "at most 128 characters"),
        ({"display_name": 5}, "display_name is 5"),
        ({"model": "a/b"}, "model: 'a/b' is no model of"),
        ({"contents": []}, "contents must not be empty"),
        ({"contents": None}, "there is nothing to cache"),
        ({"contents": [5]}, "contents"),
        ({"tools": "nothing_like_it"}, "tools"),
        ({"tool_config": {"function_calling_config": "sometimes"}}, "mode is 'sometimes'"),
        ({"request_options": {"retries": 1}}, "request_options has no 'retries'"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    quiet: Shell, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text) as caught:
        make(quiet, **arguments)
    assert isinstance(caught.value, errors.UsageError)


@pytest.mark.parametrize("name", ["", "files/x", "cachedContents/a/b", None, "projects/p/x"])
def test_a_bad_name_is_refused(quiet: Shell, name: Any) -> None:
    with pytest.raises(errors.ArgumentError, match="name: "):
        quiet.do(CachedContent, "get", name, client=quiet.client)


def test_an_update_needs_one_end(quiet: Shell) -> None:
    message = v1beta.types.CachedContent(name="cachedContents/x")
    cache = CachedContent.of(message, quiet.client.wires)
    with pytest.raises(errors.ArgumentError, match="neither ttl nor expire_time"):
        quiet.do(cache, "update")
    with pytest.raises(errors.ArgumentError, match="both given"):
        quiet.do(cache, "update", ttl=1, expire_time=2)
    with pytest.raises(errors.ArgumentError, match="page_size is -1"):
        quiet.do(CachedContent, "list", page_size=-1, client=quiet.client)


@pytest.mark.parametrize(
    ("ttl", "nanoseconds"),
    [
        ("300s", 300 * 10**9),
        ("1.5s", 15 * 10**8),
        (60, 60 * 10**9),
        (0.5, 5 * 10**8),
        (1.9999999, 2 * 10**9),
        (timedelta(minutes=1, microseconds=3), 60 * 10**9 + 3000),
        ({"seconds": 3}, 3 * 10**9),
        ({"seconds": 3, "nanos": 7}, 3 * 10**9 + 7),
        (Duration(seconds=9), 9 * 10**9),
    ],
)
def test_a_time_to_live_is_taken_in_many_forms(ttl: Any, nanoseconds: int) -> None:
    assert expiration(ttl, None)["ttl"].ToNanoseconds() == nanoseconds


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (datetime(2030, 1, 1, tzinfo=UTC), 1893456000),
        (datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), 1893456000),
        (1893456000, 1893456000),
        (1893456000.0, 1893456000),
        ({"seconds": 1893456000, "nanos": 0}, 1893456000),
        (Timestamp(seconds=1893456000), 1893456000),
    ],
)
def test_a_moment_is_taken_in_many_forms(moment: Any, seconds: int) -> None:
    assert expiration(None, moment)["expire_time"].ToNanoseconds() == seconds * 10**9


@pytest.mark.parametrize(
    "ttl",
    [
        *(-1, -0.5, True, "60", float("nan"), float("inf"), timedelta(0), timedelta(-1), 10**12),
        *({}, {"minutes": 1}, {"seconds": 1.5}, {"seconds": 1, "nanos": 10**9}, {"nanos": -1}, []),
    ],
)
def test_a_time_to_live_that_is_none_is_refused(ttl: Any) -> None:
    with pytest.raises(errors.ArgumentError, match="ttl is "):
        expiration(ttl, None)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2030, 1, 1), "has no time zone"),
        ("tomorrow", "expire_time is 'tomorrow'"),
        (-1, "expire_time is -1"),
        (10**12, "expected an aware datetime"),
        (timedelta(1), "expected an aware datetime"),
    ],
)
def test_a_moment_that_is_none_is_refused(moment: Any, text: str) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        expiration(None, moment)
