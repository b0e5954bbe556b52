"""What is uploaded: bytes that are read piece by piece and summed on the way, never held whole.

A source is a path, bytes, or a binary file object. One that cannot seek can be read on from any point of
the piece that was read last, which is as far as a connection that ended makes it go back.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from pathlib import Path
from typing import IO, Any

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative import media, mime_types

LARGEST = 2 << 30
"""The bytes a file may have."""

_MIME_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(\s*;.*)?")
_HEAD = 1 << 20  # bytes that tell the kind of a file


class Source:
    """Bytes to be uploaded, from where a file object stands to its end. Close it when done."""

    def __init__(
        self,
        file: IO[bytes],
        mime_type: str,
        *,
        label: str,
        display_name: str = "",
        is_own: bool = False,
    ) -> None:
        """Take what follows in a file object; one that is our own is closed in the end.

        Raises:
            ArgumentError: There is nothing, or too much.
        """
        self.mime_type = mime_type
        """The MIME type."""
        self.display_name = display_name
        """What people would call it; empty if it has no name."""
        self._file = file
        self._label = label
        self._is_own = is_own
        self._sum = hashlib.sha256()
        self._summed = 0
        self._position = 0
        self._kept_at, self._kept = 0, b""
        self._start = file.tell() if _can_seek(file) else None
        self.size = self._measure()
        """The number of bytes; None if only the end will tell."""

    def read(self, offset: int, size: int) -> bytes:
        """Return bytes from an offset; fewer than asked for only at the end.

        Raises:
            ArgumentError: They cannot be read (again).
        """
        if offset == self._kept_at + len(self._kept):
            self._kept = b""  # two pieces are never held at once
        kept = self._back_to(offset)
        if len(kept) < size:
            more = self._take(size - len(kept))
            kept = kept + more if kept else more
        self._kept_at, self._kept = offset, kept
        return kept if len(kept) <= size else kept[:size]

    def digest(self) -> bytes:
        """Return the SHA-256 of all that has been read."""
        return self._sum.digest()

    def close(self) -> None:
        """Close the file, if it was opened here."""
        if self._is_own:
            self._file.close()

    def _measure(self) -> int | None:
        if self._start is None:
            return None
        size = self._file.seek(0, io.SEEK_END) - self._start
        self._file.seek(self._start)
        if size <= 0:
            raise ArgumentError(f"{self._label} is empty; there is nothing to upload")
        self._refuse_large(size)
        return size

    def _refuse_large(self, size: int) -> None:
        if size > LARGEST:
            raise ArgumentError(
                f"{self._label} has {size:,} bytes or more; a file has at most {LARGEST:,} (2 GB)"
            )

    def _back_to(self, offset: int) -> bytes:
        """Return what is kept from an offset on, after which the file stands."""
        if offset == self._position:
            return b""
        if self._kept_at <= offset < self._position and self._kept:
            return self._kept[offset - self._kept_at :]
        if self._start is None:
            raise ArgumentError(
                f"{self._label} cannot be read again from byte {offset}, as the server asks after a "
                "failure; pass a path or a file that can seek"
            )
        try:
            self._file.seek(self._start + offset)
        except (OSError, ValueError) as cause:
            raise _unreadable(self._label, cause) from cause
        self._position = offset
        return b""

    def _take(self, size: int) -> bytes:
        """Return the next bytes of the file, and sum those that are new."""
        if self.size is not None:
            size = min(size, self.size - self._position)
        pieces = []
        left = size
        while left and (piece := self._piece(left)):
            pieces.append(piece)
            left -= len(piece)
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if left and self.size is not None:
            raise ArgumentError(
                f"{self._label} has become shorter while it was uploaded: expected {self.size:,} "
                f"bytes, found {self._position + len(data):,}"
            )
        new = self._position + len(data) - self._summed
        if new > 0:
            self._sum.update(memoryview(data)[len(data) - new :])
            self._summed += new
        self._position += len(data)
        self._refuse_large(self._position)
        return data

    def _piece(self, size: int) -> bytes:
        try:
            piece: Any = self._file.read(size)
        except (OSError, ValueError) as cause:  # the latter if it has been closed
            raise _unreadable(self._label, cause) from cause
        if isinstance(piece, str):
            raise FieldError(f"{self._label} gives text; open the file in binary mode, 'rb'")
        if piece is None:
            raise ArgumentError(f"{self._label} does not block; pass a file that does")
        return bytes(piece)


def open_source(given: object, *, mime_type: str | None = None) -> Source:
    """Return the source that a user means.

    Args:
        given: A path, bytes, or a binary file object.
        mime_type: What it is; if not given, found out for a path, and for a file by its bytes or `name`.

    Raises:
        ArgumentError: It cannot be read, is empty or too large, or nothing says what it is.
        FieldError: It is of another type.
    """
    if mime_type is not None and not (
        isinstance(mime_type, str) and _MIME_TYPE.fullmatch(mime_type)
    ):
        raise ArgumentError(f"mime_type is {mime_type!r}; expected a type such as 'image/png'")
    if isinstance(given, (str, os.PathLike)):
        return _of_path(Path(os.fsdecode(given)), mime_type)
    if isinstance(given, (bytes, bytearray, memoryview)):
        if mime_type is None:
            raise _untyped("bytes")
        return Source(io.BytesIO(given), mime_type, label="path (bytes)", is_own=True)
    if not hasattr(given, "read"):
        raise FieldError(
            f"path is {type(given).__name__}; expected a path, bytes with a mime_type, or a binary "
            "file object"
        )
    file: Any = given
    if isinstance(file, io.TextIOBase):
        raise FieldError("path gives text; open the file in binary mode, 'rb'")
    if getattr(file, "closed", False):
        raise ArgumentError("path is a file object that is closed; pass its path, or open it again")
    label, name = "path (a file object)", getattr(file, "name", "")
    kind = mime_type or _kind(file, name if isinstance(name, str) else "", label)
    return Source(file, kind, label=label)


def _untyped(kind: str) -> ArgumentError:
    return ArgumentError(f"mime_type is missing: {kind} needs one, such as 'image/png'")


def _of_path(path: Path, mime_type: str | None) -> Source:
    label = f"path {os.fspath(path)!r}"
    if path.is_dir():
        raise ArgumentError(f"{label} is a directory; upload its files one by one")
    try:
        file = path.open("rb")
    except OSError as cause:
        raise _unreadable(label, cause) from cause
    try:
        kind = mime_type or _kind(file, path.name, label)
        return Source(file, kind, label=label, display_name=path.name, is_own=True)
    except BaseException:
        file.close()
        raise


def _kind(file: IO[bytes], name: str, label: str) -> str:
    """Return the MIME type that the first bytes of a file show, or else its name."""
    guessed = mime_types.of_name(name)
    if _can_seek(file):
        start = file.tell()
        try:
            head = file.read(_HEAD)
        except (OSError, ValueError) as cause:
            raise _unreadable(label, cause) from cause
        if isinstance(head, str):
            raise FieldError(f"{label} gives text; open the file in binary mode, 'rb'")
        file.seek(start)
        guessed = media.sniff(head) or mime_types.of_data(head, name, is_all=len(head) < _HEAD)
    if not guessed:
        raise ArgumentError(f"nothing says what {label} is; pass mime_type, such as 'image/png'")
    return guessed


def _can_seek(file: Any) -> bool:
    seekable = getattr(file, "seekable", None)
    return bool(seekable()) if seekable is not None else hasattr(file, "seek")


def _unreadable(label: str, cause: OSError | ValueError) -> ArgumentError:
    return ArgumentError(f"{label} cannot be read: {getattr(cause, 'strerror', None) or cause}")
