from __future__ import annotations

import datetime
from typing import Any

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator

MODEL = "models/gemini-3.8-flash"
VERTEX_MODEL = "projects/p/locations/l/publishers/google/models/gemini-3.8-flash"
LONG = [{"role": "user", "parts": [{"text": "a tree grows " * 400}]}]
HOUR, MINUTE = datetime.timedelta(hours=1), datetime.timedelta(minutes=1)


def create(api: Any, **fields: Any) -> Any:
    given = {"model": MODEL, "contents": LONG} | fields
    return api("CacheService").create_cached_content(cached_content=given)


def test_a_cache_lives_for_an_hour_and_hides_its_input(api: Any) -> None:
    made = create(api, display_name="Trees", system_instruction=LONG[0])
    assert made.expire_time - made.create_time == HOUR
    assert made.display_name == "Trees"
    assert made.usage_metadata.total_token_count == 3200
    assert not made.contents
    assert not made.system_instruction


def test_a_cache_ends_after_its_time_to_live(api: Any) -> None:
    made = create(api, ttl=MINUTE)
    api.clock.advance(59)
    assert api("CacheService").get_cached_content(name=made.name)
    api.clock.advance(1)
    with pytest.raises(errors.NotFound):
        api("CacheService").get_cached_content(name=made.name)


def test_a_cache_ends_when_it_was_told_to(api: Any) -> None:
    end = datetime.datetime.fromtimestamp(api.clock.now() + 90, datetime.UTC)
    assert create(api, expire_time=end).expire_time == end


@pytest.mark.parametrize(
    "fields",
    [
        {"ttl": datetime.timedelta(seconds=-5)},
        {"ttl": datetime.timedelta(days=3_000_000)},
        {"expire_time": datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)},
        {"model": "models/gemini-embedding-2"},
        {"model": ""},
        {"contents": []},
        {"contents": [{"parts": [{"text": "too short"}]}]},
    ],
    ids=str,
)
def test_a_cache_that_cannot_be_is_refused(api: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidArgument):
        create(api, **fields)


def test_a_cache_may_be_small_when_the_emulator_is_not_strict() -> None:
    from gemini_grpc.v1beta import CacheServiceClient

    with Emulator(strict=False) as emulator:
        options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
        with CacheServiceClient(client_options=options) as client:
            contents = [{"parts": [{"text": "too short"}]}]
            made = client.create_cached_content(
                cached_content={"model": MODEL, "contents": contents}
            )
    assert made.usage_metadata.total_token_count == 3


def test_the_model_of_a_cache_must_exist(api: Any) -> None:
    with pytest.raises(errors.NotFound):
        create(api, model="models/missing")


@pytest.mark.parametrize("mask", [None, {"paths": ["ttl"]}, {"paths": ["*"]}], ids=str)
def test_the_end_of_a_cache_is_moved_from_now_on(api: Any, mask: Any) -> None:
    made = create(api)
    api.clock.advance(1800)
    changed = api("CacheService").update_cached_content(
        cached_content={"name": made.name, "ttl": HOUR}, update_mask=mask
    )
    assert changed.expire_time - made.expire_time == HOUR / 2
    assert changed.update_time - made.update_time == HOUR / 2


@pytest.mark.parametrize("mask", [{"paths": ["display_name"]}, {"paths": ["expire_time"]}], ids=str)
def test_only_the_expiration_that_is_given_can_change(api: Any, mask: Any) -> None:
    made = create(api)
    with pytest.raises(errors.InvalidArgument):
        api("CacheService").update_cached_content(
            cached_content={"name": made.name, "ttl": HOUR}, update_mask=mask
        )


def test_tools_count_as_well(api: Any) -> None:
    tools = [{"function_declarations": [{"name": "find", "description": "Finds a tree"}]}]
    plain, tooled = create(api), create(api, tools=tools)
    assert tooled.usage_metadata.total_token_count > plain.usage_metadata.total_token_count


def test_a_cache_counts_in_the_prompts_that_use_it_and_only_with_its_model(api: Any) -> None:
    made = create(api)
    client = api("GenerativeService")
    asked = [{"role": "user", "parts": [{"text": "And now?"}]}]
    usage = client.generate_content(
        model=MODEL, contents=asked, cached_content=made.name
    ).usage_metadata
    assert usage.cached_content_token_count == made.usage_metadata.total_token_count
    with pytest.raises(errors.InvalidArgument, match="was made for"):
        client.generate_content(
            model="models/gemini-2.0-flash", contents=asked, cached_content=made.name
        )


def test_a_cache_of_vertex_ai_belongs_to_a_location_and_counts_its_media(api: Any) -> None:
    client = api.vertex("GenAiCacheService")
    parent = "projects/p/locations/l"
    media = [
        {"inline_data": {"mime_type": "image/png", "data": b"png"}},
        {"inline_data": {"mime_type": "audio/pcm", "data": bytes(64_000)}},
        {"file_data": {"mime_type": "video/mp4", "file_uri": "gs://b/v.mp4"}},
    ]
    contents = [{"role": "user", "parts": [*LONG[0]["parts"], *media]}]
    made = client.create_cached_content(
        parent=parent, cached_content={"model": VERTEX_MODEL, "contents": contents}
    )
    assert made.name.startswith(f"{parent}/cachedContents/")
    assert made.model == VERTEX_MODEL
    assert made.usage_metadata.text_count == len("a tree grows ") * 400
    assert made.usage_metadata.image_count == 1
    assert made.usage_metadata.audio_duration_seconds == 2
    assert made.usage_metadata.video_duration_seconds == 1
    assert [each.name for each in client.list_cached_contents(parent=parent)] == [made.name]
    assert list(client.list_cached_contents(parent="projects/p/locations/other")) == []
    client.delete_cached_content(name=made.name)
    assert list(client.list_cached_contents(parent=parent)) == []


def test_a_file_counts_for_what_is_in_it() -> None:
    from gemini_grpc.emulator.services import files
    from gemini_grpc.v1beta import CacheServiceClient, GenerativeServiceClient

    with Emulator() as emulator:
        content = b"a tree grows " * 400
        file = files.add(emulator.world, {}, content=content, mime_type="text/plain")
        named = {"file_data": {"file_uri": file["uri"], "mime_type": "text/plain"}}
        contents = [{"role": "user", "parts": [named]}]
        options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
        with CacheServiceClient(client_options=options) as client:
            made = client.create_cached_content(
                cached_content={"model": MODEL, "contents": contents}
            )
        assert made.usage_metadata.total_token_count == 1600
        with GenerativeServiceClient(client_options=options) as client:
            assert client.count_tokens(model=MODEL, contents=contents).total_tokens == 1600
