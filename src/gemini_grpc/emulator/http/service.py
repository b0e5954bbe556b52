"""What is done for each request: the resumable upload, and the download of what models have made."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from google.protobuf import json_format

from gemini_grpc.emulator import catalog, convert, status, validation
from gemini_grpc.emulator.http.message import HttpReply, as_json, refusal
from gemini_grpc.emulator.http.sessions import GoneError, Session, Sessions
from gemini_grpc.emulator.services import files
from gemini_grpc.rpc.codec import pb_class
from gemini_grpc.rpc.method import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.http.faults import HttpFault
    from gemini_grpc.emulator.world import World

GRANULARITY = 1 << 18
"""Chunks are multiples of so many bytes; the real service says 8 MiB, which no test wants."""

_UPLOAD = re.compile(r"/upload/(v1beta|v1alpha)/files")
_DOWNLOAD = re.compile(r"/(v1beta|v1alpha)/(files/[^/:]+):download")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_STATUS = "x-goog-upload-status"


@dataclass(slots=True)
class Asked:
    """One request, as far as it has come in."""

    command: str
    """What is asked for: one of the `COMMANDS` that faults have; empty for nothing we know."""
    version: str
    """The package of the API."""
    name: str
    """The file of a download."""
    key: str
    """The id of the session."""
    headers: Mapping[str, str]
    """The headers, by their names in lower case."""
    base: str
    """The root of our URLs, as the client sees it."""
    blocks: Callable[[], Iterator[bytes]]
    """Reads the body."""

    @property
    def is_last(self) -> bool:
        """Whether the upload is finished with it."""
        return "finalize" in self.headers.get("x-goog-upload-command", "")

    @property
    def offset(self) -> int:
        """Where its bytes begin."""
        return _number(self.headers.get("x-goog-upload-offset", "")) or 0


def understand(
    method: str,
    target: str,
    headers: Mapping[str, str],
    base: str,
    blocks: Callable[[], Iterator[bytes]],
) -> Asked:
    """Return what a request asks for."""
    parts = urlsplit(target)
    key = parse_qs(parts.query).get("upload_id", [""])[0]
    if method == "POST" and (found := _UPLOAD.fullmatch(parts.path)):
        words = {word.strip() for word in headers.get("x-goog-upload-command", "").split(",")}
        order = ("start", "cancel", "query", "finalize", "upload")
        command = next((word for word in order if word in words), "")
        return Asked(command, found[1], "", key, headers, base, blocks)
    if method == "GET" and (found := _DOWNLOAD.fullmatch(parts.path)):
        return Asked("download", found[1], found[2], key, headers, base, blocks)
    return Asked("", "v1beta", "", key, headers, base, blocks)


class Service:
    """Answers requests. Thread-safe."""

    def __init__(self) -> None:
        self._sessions = Sessions()
        self.granularity = GRANULARITY
        """Chunks are multiples of so many bytes."""

    def answer(self, asked: Asked, world: World, fault: HttpFault | None, body: bytes) -> HttpReply:
        """Do what is asked; `body` is that of a start.

        Raises:
            StatusError: It is refused.
        """
        if not asked.command:
            return refusal(status.not_found("what is asked for"))
        if asked.command == "start":
            return self._start(asked, world, body)
        if asked.command == "download":
            return self._download(asked, world)
        if fault is not None and fault.expire:
            self._sessions.forget(asked.key)
        try:
            session = self._sessions.find(asked.key, world)
        except GoneError:
            return refusal(status.not_found("the upload session"))
        with session.lock:
            if fault is not None and fault.lose:
                del session.data[max(0, len(session.data) - fault.lose) :]
            try:
                return _COMMANDS[asked.command](session, asked)
            except status.StatusError as error:
                return refusal(error, {_STATUS: session.state})

    def _start(self, asked: Asked, world: World, body: bytes) -> HttpReply:
        version, spec = catalog.by_path()[_path(asked.version)]
        request = pb_class(load(spec.request))()
        try:
            json_format.Parse(body or b"{}", request)
        except json_format.ParseError as cause:
            raise status.invalid("file", f"the body is no CreateFileRequest: {cause}") from cause
        validation.check(request, strict=world.strict)
        headers = asked.headers
        key = self._sessions.start(
            world,
            version,
            convert.read(request).get("file", {}),
            mime_type=headers.get("x-goog-upload-header-content-type", files.UNKNOWN_TYPE),
            size=_number(headers.get("x-goog-upload-header-content-length", "")),
            granularity=self.granularity,
        )
        url = f"{asked.base}/upload/{asked.version}/files?upload_id={key}&upload_protocol=resumable"
        told = {
            _STATUS: "active",
            "x-goog-upload-url": url,
            "x-goog-upload-control-url": url,
            "x-goog-upload-chunk-granularity": str(self.granularity),
        }
        return HttpReply(200, told)

    def _download(self, asked: Asked, world: World) -> HttpReply:
        content = files.content(world, asked.name)
        kind = world.store.find(asked.name).data["mime_type"]
        headers = {"content-type": kind, "accept-ranges": "bytes"}
        found = _RANGE.fullmatch(asked.headers.get("range", ""))
        if found is None:
            return HttpReply(200, headers, content)
        start, end = int(found[1]), int(found[2] or len(content) - 1)
        if start >= len(content):
            return HttpReply(416, {"content-range": f"bytes */{len(content)}"})
        part = content[start : end + 1]
        told = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
        return HttpReply(206, {**headers, "content-range": told}, part)


def _upload(session: Session, asked: Asked) -> HttpReply:
    """Take a chunk, and with the last one make the file."""
    start = asked.offset
    session.begin(start)
    try:
        for block in asked.blocks():
            session.take(block)
    except OSError:
        session.keep(start)
        raise
    except status.StatusError:
        del session.data[start:]
        raise
    if asked.is_last:
        session.finalize()
        return _final(session)
    session.end_chunk(start)
    return HttpReply(
        200, {_STATUS: "active", "x-goog-upload-size-received": str(len(session.data))}
    )


def _query(session: Session, asked: Asked) -> HttpReply:
    if session.state == "final":
        return _final(session)
    received = {"x-goog-upload-size-received": str(len(session.data))}
    return HttpReply(200, {_STATUS: session.state, **received})


def _cancel(session: Session, asked: Asked) -> HttpReply:
    session.cancel()
    return HttpReply(200, {_STATUS: session.state})


def _final(session: Session) -> HttpReply:
    """Return the answer to the last chunk, and to whoever asks later."""
    assert session.result is not None
    file = session.result
    with contextlib.suppress(status.StatusError):  # it may be gone meanwhile
        file = files.find(session.world, file["name"])
    shown = _as_json(session.version, file)
    headers = {_STATUS: "final", "content-type": "application/json; charset=UTF-8"}
    return HttpReply(200, headers, as_json({"file": shown}))


_COMMANDS: Mapping[str, Callable[[Session, Asked], HttpReply]] = {
    "upload": _upload,
    "finalize": _upload,
    "query": _query,
    "cancel": _cancel,
}


def _as_json(version: str, file: Data) -> object:
    _, spec = catalog.by_path()[_path(version).replace("CreateFile", "GetFile")]
    return json_format.MessageToDict(convert.build(pb_class(load(spec.response)), file))


def _path(version: str) -> str:
    return f"/google.ai.generativelanguage.{version}.FileService/CreateFile"


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None
