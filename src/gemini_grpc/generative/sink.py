"""Where a download goes: a path, a file object, or memory."""

from __future__ import annotations

import contextlib
import io
import os
import re
import secrets
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import grpc

from gemini_grpc import errors
from gemini_grpc.errors import ArgumentError, FieldError

if TYPE_CHECKING:
    from gemini_grpc.http.message import Response

_PARTIAL = 206
_RANGE = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15}|\*)")


class Sink:
    """Takes bytes one after the other. A path is written under another name until all is there."""

    def __init__(self, file: IO[bytes], path: Path | None = None, part: Path | None = None) -> None:
        """Write to a file object from where it stands; `part` is its name as long as it is not whole."""
        self._file = file
        self._path = path
        self._part = part
        self.offset = 0
        """How many bytes have been taken."""

    def begin(self, response: Response) -> int | None:
        """Prepare for the body of a response; return its size with what is there already, if that is known.

        Raises:
            ArgumentError: It begins anew, and what has been written cannot be taken back.
            RpcError: It does not begin where we are.
        """
        if response.status != _PARTIAL:
            self.restart()
            return response.number("content-length")
        found = _RANGE.fullmatch(response.headers.get("content-range", ""))
        if found is None or int(found[1]) != self.offset:
            said = f"the server sends other bytes than those asked for, from {self.offset:,} on"
            raise errors.make(grpc.StatusCode.UNAVAILABLE, said)
        return None if found[2] == "*" else int(found[2])

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._file.write(data)
        self.offset += len(data)

    def restart(self) -> None:
        """Forget what has been taken, because the server begins anew.

        Raises:
            ArgumentError: What has been written cannot be taken back.
        """
        if not self.offset:
            return
        if not self._file.seekable():
            raise ArgumentError(
                "path cannot seek, and the server sends the content from its beginning after a "
                "failure; pass a path or a file that can"
            )
        self._file.seek(-self.offset, io.SEEK_CUR)
        self._file.truncate()
        self.offset = 0

    def finish(self) -> bytes | None:
        """Give the file its name; return the bytes if they are kept in memory."""
        if self._path is not None and self._part is not None:
            self._file.close()
            self._part.replace(self._path)
            self._part = None
        return None

    def close(self) -> None:
        """Remove what is not whole."""
        if self._part is not None:
            self._file.close()
            with contextlib.suppress(OSError):
                self._part.unlink()


class Memory(Sink):
    """Keeps the bytes."""

    def __init__(self) -> None:
        """Begin with none."""
        self._buffer = io.BytesIO()
        super().__init__(self._buffer)

    def finish(self) -> bytes:
        """Return them."""
        return self._buffer.getvalue()


def open_sink(given: object) -> Sink:
    """Return the sink that a user means: a path, a binary file object, or None for memory.

    Raises:
        ArgumentError: It cannot be written.
        FieldError: It is of another type.
    """
    if given is None:
        return Memory()
    if isinstance(given, (str, os.PathLike)):
        path = Path(os.fsdecode(given))
        if path.is_dir():
            raise ArgumentError(f"path {os.fspath(path)!r} is a directory; name a file in it")
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            return Sink(part.open("xb"), path, part)
        except OSError as cause:
            raise ArgumentError(
                f"path {os.fspath(path)!r} cannot be written: {cause.strerror}"
            ) from cause
    file: Any = given
    if not hasattr(file, "write") or isinstance(file, io.TextIOBase):
        raise FieldError(
            f"path is {type(given).__name__}; expected a path, a binary file object, or None for "
            "the bytes"
        )
    if getattr(file, "closed", False):
        raise ArgumentError("path is a file object that is closed; pass its path, or open it again")
    return Sink(file)
