"""FileService: files that prompts refer to.

- A call of gRPC carries no content, so `CreateFile` makes an empty file, of the MIME type it names;
  `add` is what an upload with content comes to.
- A video is PROCESSING for a moment, everything else is ACTIVE at once; 48 hours later it is gone.
- Only what a model made (source GENERATED) can be downloaded.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING

from gemini_grpc.emulator import names, paging, status, tokens
from gemini_grpc.emulator.store import Record, moment

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call, World

LIFETIME = 48 * 3600.0
"""Seconds until a file disappears."""
VIDEO_PROCESSING = 0.2
"""Seconds until a video is ready."""
VIDEO_BYTES_PER_SECOND = 250_000
"""What a second of video is taken to need, as for its tokens."""
UNKNOWN_TYPE = "application/octet-stream"

_ADDRESS = "https://generativelanguage.googleapis.com/v1beta"


def create_file(call: Call) -> Data:
    """Make a file without content."""
    given = call.request.get("file", {})
    return {"file": add(call.world, given, mime_type=given.get("mime_type", ""))}


def get_file(call: Call) -> Data:
    """Return one file."""
    return find(call.world, names.require(call.request, "name", names.FILE))


def list_files(call: Call) -> Data:
    """Return a page of the files."""
    records, token = paging.page(
        call.world.store.records("files"), call.request, default=10, maximum=100
    )
    return {"files": [_seen(call.world, record) for record in records], "next_page_token": token}


def delete_file(call: Call) -> Data:
    """Remove a file and its content."""
    call.world.store.remove(names.require(call.request, "name", names.FILE))
    return {}


def download_file(call: Call) -> Data:
    """Answer nothing: the content travels over HTTP only. What cannot be fetched there is refused."""
    name = names.require(call.request, "name", names.FILE)
    content(call.world, name)
    return {}


def add(
    world: World,
    given: Data,
    *,
    content: bytes = b"",
    mime_type: str = "",
    source: str = "UPLOADED",
    ready: float | None = None,
) -> Data:
    """Keep a new file and return it.

    Args:
        world: Where.
        given: What the caller chooses: `name` and `display_name`, both optional.
        content: The bytes.
        mime_type: Their type.
        source: `UPLOADED` or `GENERATED`.
        ready: When it becomes ACTIVE, in seconds since 1970; None goes by the type.

    Raises:
        StatusError: The name is taken (ALREADY_EXISTS) or bad (INVALID_ARGUMENT).
    """
    store = world.store
    with store.lock:
        name = names.choose(store, "files", given.get("name", ""), path="file.name")
        now = store.now()
        data = {
            "name": name,
            "display_name": given.get("display_name", ""),
            "mime_type": mime_type or UNKNOWN_TYPE,
            "size_bytes": len(content),
            "create_time": moment(now),
            "update_time": moment(now),
            "expiration_time": moment(now + LIFETIME),
            "uri": f"{_ADDRESS}/{name}",
            "source": source,
        }
        if content:
            data["sha256_hash"] = hashlib.sha256(content).digest()
        if source == "GENERATED":
            data["download_uri"] = f"{_ADDRESS}/{name}:download?alt=media"
        wait = VIDEO_PROCESSING if mime_type.startswith("video/") else 0.0
        private = {"content": content, "ready": now + wait if ready is None else ready}
        return _seen(world, store.add(Record(data, private, expires=now + LIFETIME)))


def find(world: World, name: str) -> Data:
    """Return a file as it is now.

    Raises:
        StatusError: NOT_FOUND.
    """
    return _seen(world, world.store.find(name))


def reader(world: World) -> tokens.Read:
    """Return what reads a file by the URI that prompts have.

    A URI of elsewhere is taken as a tiny file. Reading one of ours raises a StatusError in strict mode:
    PERMISSION_DENIED if there is no such file (any more), FAILED_PRECONDITION if it is not ACTIVE yet.
    """

    def read(uri: str) -> bytes:
        name = uri.removeprefix(f"{_ADDRESS}/")
        record = world.store.get(name)
        if record is None:
            if world.strict and name != uri and name.startswith("files/"):
                raise status.permission_denied(f"{name} does not exist, or is not yours")
            return b"\0"
        if world.strict and world.store.now() < record.private.get("ready", 0.0):
            raise status.failed_precondition(f"{name} is not ACTIVE yet: wait until it is")
        content: bytes = record.private.get("content", b"\0")
        return content

    return read


def content(world: World, name: str) -> bytes:
    """Return the bytes of a file that a model made.

    Raises:
        StatusError: NOT_FOUND, or FAILED_PRECONDITION: it was uploaded, or is not ready.
    """
    record = world.store.find(name)
    if record.data["source"] != "GENERATED":
        raise status.failed_precondition(f"{name} was not made by a model: it cannot be downloaded")
    if world.store.now() < record.private["ready"]:
        raise status.failed_precondition(f"{name} is still being processed")
    found: bytes = record.private["content"]
    return found


def _seen(world: World, record: Record) -> Data:
    """Return a file as it is now."""
    ready = record.private["ready"]
    if world.store.now() < ready:
        return record.data | {"state": "PROCESSING"}
    seen = record.data | {"state": "ACTIVE", "update_time": moment(ready)}
    if seen["mime_type"].startswith("video/"):
        seconds = max(1, seen["size_bytes"] // VIDEO_BYTES_PER_SECOND)
        seen["video_metadata"] = {"video_duration": datetime.timedelta(seconds=seconds)}
    return seen


HANDLERS = {
    "FileService.CreateFile": create_file,
    "FileService.GetFile": get_file,
    "FileService.ListFiles": list_files,
    "FileService.DeleteFile": delete_file,
    "FileService.DownloadFile": download_file,
}
