"""Files that prompts refer to: the value, what a user may pass for one, and when one is ready."""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import grpc

from gemini_grpc import errors
from gemini_grpc.errors import ArgumentError, GeminiError
from gemini_grpc.generative import plan
from gemini_grpc.generative.backend import UnsupportedError
from gemini_grpc.generative.default import client_of
from gemini_grpc.generative.names import Kind
from gemini_grpc.generative.resource import Resource

if TYPE_CHECKING:
    import datetime

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.plan import Options, Plan
    from gemini_grpc.generative.wires import HasWires

FILE = Kind("file", ("files/FILE",))
WAIT = 600.0
"""Seconds that a file has to become ready, unless the caller says otherwise."""

LARGEST_PAGE = 100
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.1, 5.0, 1.5


class FileState(enum.IntEnum):
    """How far the service is with a file."""

    STATE_UNSPECIFIED = 0
    PROCESSING = 1
    ACTIVE = 2
    FAILED = 10


class File(Resource):
    """A file that is kept by the API for 48 hours; may be put into prompts once it is ACTIVE."""

    __slots__ = ()
    _ENUMS: ClassVar[Mapping[str, type[enum.IntEnum]]] = MappingProxyType({"state": FileState})

    if TYPE_CHECKING:
        name: str
        """`files/ID`."""
        display_name: str
        """What people call it."""
        mime_type: str
        """What it is."""
        size_bytes: int
        """How large it is."""
        create_time: datetime.datetime
        """When it came."""
        update_time: datetime.datetime
        """When it was last changed."""
        expiration_time: datetime.datetime
        """When it will be gone."""
        sha256_hash: bytes
        """The SHA-256 of its content, as the service tells it: the digest, or its hexadecimal form."""
        uri: str
        """What prompts refer to it by."""
        download_uri: str
        """Where the content is, if a model made it."""
        state: FileState
        """How far the service is with it."""
        source: int
        """Who made it."""
        video_metadata: Any
        """What the service found out about a video: `video_duration`."""
        error: Any
        """Why it has FAILED, a `google.rpc.Status`."""

    def delete(self, *, client: HasWires | None = None, request_options: Options = None) -> None:
        """Remove it and its content.

        Raises:
            RpcError: The call failed.
        """
        from gemini_grpc.generative._sync import files

        files.delete_file(self, client=self._from(client), request_options=request_options)

    async def delete_async(
        self, *, client: HasWires | None = None, request_options: Options = None
    ) -> None:
        """Remove it and its content.

        Raises:
            RpcError: The call failed.
        """
        from gemini_grpc.generative._async import files

        origin = self._from(client)
        await files.delete_file_async(self, client=origin, request_options=request_options)


class FileFailedError(GeminiError):
    """The service could not prepare a file; it cannot be used in prompts."""

    def __init__(self, file: File) -> None:
        self.file = file
        """The file, with the service's words in `file.error`."""
        said = file.error.message or "the service does not say why"
        super().__init__(f"{file.name} could not be prepared: {said}")

    def __reduce__(self) -> tuple[object, ...]:
        return FileFailedError, (self.file,)


def require(backend: Backend) -> None:
    """Refuse a backend that has no files.

    Raises:
        UnsupportedError: It is Vertex AI.
    """
    if backend.is_vertex:
        raise UnsupportedError(
            f"{backend.name} has no files; put them into Cloud Storage and pass their gs:// URI: "
            "Part.from_uri('gs://BUCKET/OBJECT', mime_type=...)"
        )


def origin(file: object, client: HasWires | None) -> HasWires:
    """Return the client of a call about a file: the one that is given, else the one the file came from."""
    return file._from(client) if isinstance(file, File) else client_of(client)


def get(backend: Backend, name: object) -> Plan[File]:
    """Return the call that fetches a file.

    Raises:
        ArgumentError: It is no name of a file.
        UnsupportedError: The backend has no files.
    """
    require(backend)
    return plan.Plan(backend.method("GetFile"), {"name": FILE.full(name, "name")}, File.of)


def listed(backend: Backend, page_size: object) -> Plan[File]:
    """Return the call that lists files.

    Raises:
        ArgumentError: It is no size of a page.
        UnsupportedError: The backend has no files.
    """
    require(backend)
    fields = plan.page(page_size)
    if isinstance(page_size, int) and page_size > LARGEST_PAGE:
        raise ArgumentError(f"page_size is {page_size}; expected at most {LARGEST_PAGE}")
    return plan.Plan(backend.method("ListFiles"), fields, File.of)


def delete(backend: Backend, name: object) -> Plan[None]:
    """Return the call that removes a file.

    Raises:
        ArgumentError: It is no name of a file.
        UnsupportedError: The backend has no files.
    """
    require(backend)
    fields = {"name": FILE.full(name, "name")}
    return plan.Plan(backend.method("DeleteFile"), fields, plan.nothing)


_ADDRESS = re.compile(r"https://[^/]+/v\w+/(files/[^/:?]+)(:download)?(\?.*)?")


def downloadable(file: object) -> str:
    """Return the name of a file to fetch: a file, its name, or its address.

    Raises:
        ArgumentError: It is none of these.
    """
    if isinstance(file, str) and (found := _ADDRESS.fullmatch(file)):
        return found[1]
    return FILE.full(file, "file")


def check_sum(file: File, digest: bytes) -> None:
    """Compare the SHA-256 that the service has of a file with our own.

    The service tells the digest or, in practice, its hexadecimal form.

    Raises:
        DataLoss: They differ.
    """
    told = file.sha256_hash
    if told and told not in {digest, digest.hex().encode()}:
        raise errors.make(
            grpc.StatusCode.DATA_LOSS,
            f"{file.name} has arrived damaged: its SHA-256 is not that of what was sent; "
            "it has been deleted",
        )


def seconds_to_wait(wait: object) -> float:
    """Return how long to wait for a file to become ready, 0 for not at all.

    Raises:
        ArgumentError: It is no such time.
    """
    if isinstance(wait, bool):
        return WAIT if wait else 0.0
    if not isinstance(wait, (int, float)) or not 0 <= wait < math.inf:
        raise ArgumentError(f"wait is {wait!r}; expected True, False or seconds")
    return float(wait)


class Waiting:
    """When to look at a file again, until it is ready or the time is over."""

    def __init__(self, seconds: float, *, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._until = clock() + seconds
        self._pause = _FIRST_PAUSE

    def pause(self, file: File) -> float | None:
        """Return the seconds until the next look; None if the file is ready.

        Raises:
            FileFailedError: The service could not prepare it.
            DeadlineExceeded: The time is over.
        """
        if file.state == FileState.ACTIVE:
            return None
        if file.state == FileState.FAILED:
            raise FileFailedError(file)
        left = self._until - self._clock()
        if left <= 0:
            raise errors.make(
                grpc.StatusCode.DEADLINE_EXCEEDED,
                f"{file.name} is still being prepared after {self._seconds:g} s; "
                "wait_for_file waits on",
            )
        pause, self._pause = self._pause, min(_LONGEST_PAUSE, self._pause * _GROWTH)
        return min(pause, left)
