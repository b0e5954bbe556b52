from __future__ import annotations

import datetime
import hashlib
from typing import Any

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator.services import files


def test_a_file_has_what_it_was_given_and_an_address(api: Any) -> None:
    made = (
        api("FileService")
        .create_file(file={"display_name": "Notes", "mime_type": "text/plain"})
        .file
    )
    assert made.name.startswith("files/")
    assert made.display_name == "Notes"
    assert made.mime_type == "text/plain"
    assert made.state.name == "ACTIVE"
    assert made.source.name == "UPLOADED"
    assert made.uri.endswith(made.name)
    assert made.expiration_time - made.create_time == datetime.timedelta(hours=48)


def test_a_file_without_a_type_is_of_an_unknown_one(api: Any) -> None:
    assert api("FileService").create_file().file.mime_type == "application/octet-stream"


def test_a_name_is_taken_once_and_must_be_good(api: Any) -> None:
    client = api("FileService")
    client.create_file(file={"name": "files/mine"})
    with pytest.raises(errors.AlreadyExists):
        client.create_file(file={"name": "files/mine"})
    with pytest.raises(errors.InvalidArgument, match=r"file\.name"):
        client.create_file(file={"name": "files/-Mine"})


def test_a_file_is_gone_after_two_days(api: Any) -> None:
    client = api("FileService")
    made = client.create_file().file
    api.clock.advance(48 * 3600)
    assert list(client.list_files()) == []
    with pytest.raises(errors.NotFound):
        client.get_file(name=made.name)


def test_uploaded_bytes_are_counted_and_summed(api: Any) -> None:
    added = files.add(api.emulator.world, {}, content=b"hello", mime_type="text/plain")
    found = api("FileService").get_file(name=added["name"])
    assert found.size_bytes == 5
    assert found.sha256_hash == hashlib.sha256(b"hello").digest()


def test_a_video_is_processed_before_it_is_active(api: Any) -> None:
    client = api("FileService")
    files.add(
        api.emulator.world, {"name": "files/v"}, content=bytes(750_000), mime_type="video/mp4"
    )
    assert client.get_file(name="files/v").state.name == "PROCESSING"
    api.clock.advance(0.2)
    found = client.get_file(name="files/v")
    assert found.state.name == "ACTIVE"
    assert found.video_metadata.video_duration == datetime.timedelta(seconds=3)
    assert found.update_time > found.create_time


def test_files_come_in_pages(api: Any) -> None:
    client = api("FileService")
    made = [client.create_file().file.name for _ in range(12)]
    first = client.list_files(page_size=5)
    assert [file.name for file in first.files] == made[:5]
    assert first.next_page_token
    assert [file.name for file in client.list_files()] == made


def test_what_a_caller_uploaded_cannot_be_downloaded(api: Any) -> None:
    client = api("FileService")
    made = client.create_file().file
    with pytest.raises(errors.FailedPrecondition):
        client.download_file(name=made.name)


def test_what_a_model_made_can_be_downloaded_once_it_is_ready(api: Any) -> None:
    world = api.emulator.world
    added = files.add(
        world,
        {},
        content=b"film",
        mime_type="video/mp4",
        source="GENERATED",
        ready=world.store.now() + 1,
    )
    with pytest.raises(errors.FailedPrecondition, match="processed"):
        api("FileService").download_file(name=added["name"])
    api.clock.advance(1)
    api("FileService").download_file(name=added["name"])
    assert files.content(world, added["name"]) == b"film"


def test_a_file_is_deleted_once(api: Any) -> None:
    client = api("FileService")
    made = client.create_file().file
    client.delete_file(name=made.name)
    with pytest.raises(errors.NotFound):
        client.delete_file(name=made.name)


def test_a_prompt_may_refer_to_a_file_only_while_it_is_active(api: Any) -> None:
    file = api("FileService").create_file(file={"name": "files/v", "mime_type": "video/mp4"}).file
    service = api("GenerativeService")
    part = {"file_data": {"file_uri": file.uri, "mime_type": file.mime_type}}
    asked = {"model": "models/gemini-3.8-flash", "contents": [{"parts": [part, {"text": "hi"}]}]}
    with pytest.raises(errors.FailedPrecondition, match="files/v is not ACTIVE yet"):
        service.generate_content(**asked)
    api.clock.advance(files.VIDEO_PROCESSING)
    assert service.generate_content(**asked).candidates
    api("FileService").delete_file(name="files/v")
    for method in (service.generate_content, service.count_tokens):
        with pytest.raises(errors.PermissionDenied, match="files/v does not exist"):
            method(**asked)
