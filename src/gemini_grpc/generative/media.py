"""Images, sound, films and documents as bytes and their MIME type.

Pillow, numpy and IPython are never imported here: a value of theirs exists only where they are loaded.
"""

from __future__ import annotations

import io
import os
import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative import mime_types


class Media(NamedTuple):
    """Bytes and what they are."""

    mime_type: str
    """The MIME type."""
    data: bytes
    """The bytes."""


_MAGIC = tuple(
    (re.compile(pattern, re.DOTALL), mime_type)
    for pattern, mime_type in (
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"RIFF.{4}WEBP", "image/webp"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"BM.{4}\0{4}", "image/bmp"),
        (rb"II\*\0|MM\0\*", "image/tiff"),
        (rb".{4}ftyphei[cx]", "image/heic"),
        (rb".{4}ftyp(mif1|msf1)", "image/heif"),
        (rb".{4}ftypavif", "image/avif"),
        (rb"%PDF-", "application/pdf"),
        (rb"ID3|\xff[\xfb\xf3\xf2]", "audio/mpeg"),
        (rb"\xff[\xf1\xf9]", "audio/aac"),
        (rb"fLaC", "audio/flac"),
        (rb"OggS", "audio/ogg"),
        (rb"RIFF.{4}WAVE", "audio/wav"),
        (rb"FORM.{4}AIF[FC]", "audio/aiff"),
        (rb".{4}ftypM4[AB] ", "audio/mp4"),
        (rb".{4}ftypqt", "video/quicktime"),
        (rb".{4}ftyp3gp", "video/3gpp"),
        (rb".{4}ftyp", "video/mp4"),
        (rb"\x1a\x45\xdf\xa3.{,60}webm", "video/webm"),
        (rb"\x1a\x45\xdf\xa3", "video/x-matroska"),
        (rb"\0\0\x01[\xba\xb3]", "video/mpeg"),
        (rb"RIFF.{4}AVI ", "video/x-msvideo"),
        (rb"FLV\x01", "video/x-flv"),
        (rb"0&\xb2u\x8ef\xcf\x11", "video/x-ms-wmv"),
    )
)
"""What files of a kind begin with."""

_CHANNELS = {1: 0, 3: 2, 4: 6}
"""The colour type of PNG for each number of channels."""


def sniff(data: bytes | bytearray) -> str:
    """Return the MIME type of data by its first bytes; empty if they tell nothing."""
    head = bytes(data[:80])
    return next((mime_type for magic, mime_type in _MAGIC if magic.match(head)), "")


def of_bytes(data: bytes | bytearray | memoryview, path: str) -> Media:
    """Return bytes with the MIME type they show.

    Raises:
        FieldError: They show none.
    """
    data = bytes(data)
    mime_type = sniff(data)
    if not mime_type:
        raise FieldError(
            f"{path}: these bytes are of no kind that can be told; give a mime type: "
            "{'mime_type': ..., 'data': ...}"
        )
    return Media(mime_type, data)


def of_file(file: Path, path: str) -> Media:
    """Return what is in a file; its MIME type shows in the bytes, else in the name.

    Raises:
        ArgumentError: It cannot be read, or nothing says what it is.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ArgumentError(
            f"{path}: cannot read {os.fspath(file)!r}: {error.strerror or error}"
        ) from error
    return _told(data, file.name, repr(os.fspath(file)), path)


def of_open_file(file: Any, path: str) -> Media:
    """Return what a binary file object still has; its MIME type shows in the bytes, else in its `name`.

    One that can seek is left where it stood, so that it can be passed again.

    Raises:
        FieldError: It gives text.
        ArgumentError: It cannot be read, or nothing says what it is.
    """
    try:
        start = file.tell() if hasattr(file, "seekable") and file.seekable() else None
        data = file.read()
        if start is not None:
            file.seek(start)
    except (OSError, ValueError) as error:  # the latter if it has been closed
        raise ArgumentError(f"{path}: the file cannot be read: {error}") from error
    if not isinstance(data, (bytes, bytearray)):
        raise FieldError(f"{path}: the file gives text; open it in binary mode, 'rb'")
    name = getattr(file, "name", "")
    return _told(bytes(data), name if isinstance(name, str) else "", "the file", path)


def _told(data: bytes, name: str, label: str, path: str) -> Media:
    if not data:
        raise ArgumentError(f"{path}: {label} is empty")
    mime_type = sniff(data) or mime_types.of_data(data, name)
    if not mime_type:
        raise ArgumentError(
            f"{path}: nothing says what {label} is; give a mime type: "
            "{'mime_type': ..., 'data': ...}"
        )
    return Media(mime_type, data)


def of_object(value: object, path: str) -> Media | None:
    """Return the data of an image or a binary file object; None if the value is neither.

    Raises:
        FieldError: It is an image that cannot be sent, or a file that gives text.
        ArgumentError: It cannot be read or encoded, or nothing says what it is.
    """
    found = of_image(value, path)
    return of_open_file(value, path) if found is None and hasattr(value, "read") else found


def is_image(value: object) -> bool:
    """Return whether a value is an image of Pillow, IPython or numpy."""
    return any(
        (loaded := sys.modules.get(module)) is not None
        and isinstance(value, getattr(loaded, name, ()))
        for module, name, _ in _IMAGES
    )


def of_image(value: object, path: str) -> Media | None:
    """Return the image that a value of Pillow, IPython or numpy is; None if it is none.

    Raises:
        FieldError: It is one that cannot be sent.
        ArgumentError: It cannot be read or encoded, or has no pixels.
    """
    for module, name, read in _IMAGES:
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(value, getattr(loaded, name, ())):
            return read(value, path)
    return None


SUPPORTED = frozenset({"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"})
"""The formats of images that the service reads; those of Pillow in any other are encoded anew."""


def _of_pillow(image: Any, path: str) -> Media:
    """Return the bytes of the file an image comes from while it shows that file, else encode it.

    An image that is encoded is turned first as its EXIF orientation says, which the encoding loses.
    """
    from PIL import ImageOps

    try:
        found = _file_of(image)
        if found is not None:
            return found
        image.load()
    except (OSError, ValueError, AssertionError) as error:  # it is cut short, or closed
        raise ArgumentError(f"{path}: the image cannot be read: {error}") from error
    if not all(image.size):
        raise ArgumentError(f"{path}: an image of {image.width} x {image.height} has no pixels")
    try:
        return _encoded(ImageOps.exif_transpose(image))
    except (OSError, ValueError) as error:
        raise ArgumentError(f"{path}: the image cannot be encoded: {error}") from error


def _file_of(image: Any) -> Media | None:
    """Return the file of an image that still is what its file shows first: it may have been drawn on."""
    if hasattr(image, "tell") and image.tell():
        return None
    data = _bytes_of(image)
    mime_type = data and (sniff(data) or image.get_format_mimetype())
    return Media(mime_type, data) if mime_type in SUPPORTED and _shows(data, image) else None


def _bytes_of(image: Any) -> bytes:
    """Return the bytes that an image was opened from; nothing if they are gone."""
    name = getattr(image, "filename", "")
    if isinstance(name, (str, os.PathLike)) and os.path.isfile(name):
        return Path(name).read_bytes()
    file = getattr(image, "fp", None)
    if file is None or not getattr(image, "tile", None):
        return b""
    position = file.tell()
    file.seek(0)  # where Pillow begins to read
    data = bytes(file.read())
    file.seek(position)
    return data


def _shows(data: bytes, image: Any) -> bool:
    if getattr(image, "tile", None):  # not even decoded
        return True
    with sys.modules["PIL.Image"].open(io.BytesIO(data)) as original:
        if (original.size, original.mode) != (image.size, image.mode):
            return False
        return bool(original.tobytes() == image.tobytes())


def _encoded(image: Any) -> Media:
    """Return an image as lossless WebP, as PNG where that would lose something."""
    buffer = io.BytesIO()
    formats = sys.modules["PIL.Image"]
    formats.init()
    if image.mode in ("RGB", "RGBA") and max(image.size) <= 16383 and "WEBP" in formats.SAVE:
        image.save(buffer, format="WEBP", lossless=True, exact=True)
        return Media("image/webp", buffer.getvalue())
    if image.mode == "I":
        image = _sixteen_bits(image)
    storable = image.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
    (image if storable else image.convert("RGB")).save(buffer, format="PNG")
    return Media("image/png", buffer.getvalue())


def _sixteen_bits(image: Any) -> Any:
    """Return an image of whole numbers in the 16 bits of PNG; all are scaled if one does not fit."""
    low, high = image.getextrema()
    if low < 0 or high > 65535:
        scale = 65535 / max(high - low, 1)
        image = image.point(lambda value: value * scale - low * scale)
    return image.convert("I;16")


def _of_notebook(image: Any, path: str) -> Media:
    """Return the data of an image of IPython, or the file it names."""
    data = image.data
    if isinstance(data, (bytes, bytearray)) and data:
        mime_type = sniff(data) or f"image/{image.format}"
        return Media(mime_type, bytes(data))
    if getattr(image, "filename", None):
        return of_file(Path(image.filename), path)
    raise FieldError(
        f"{path}: the image of IPython has only a URL; make it with embed=True, data= or filename="
    )


def _of_array(array: Any, path: str) -> Media:
    """Return a numpy array as PNG: height x width, or height x width x 3 or 4, of uint8."""
    shape = array.shape
    channels = shape[2] if len(shape) == 3 else 1
    if str(array.dtype) != "uint8" or len(shape) not in (2, 3) or channels not in _CHANNELS:
        raise FieldError(
            f"{path}: an array of {array.dtype} and shape {shape} is no image; expected uint8 and "
            "height x width, or height x width x 3 (RGB) or 4 (RGBA)"
        )
    if not array.size:
        raise FieldError(f"{path}: an array of shape {shape} has no pixels")
    height, width = shape[:2]
    rows = array.reshape(height, width * channels)
    filtered = b"".join(b"\0" + row.tobytes() for row in rows)  # each row says how it is filtered
    header = struct.pack(">2I5B", width, height, 8, _CHANNELS[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(filtered)), (b"IEND", b""))
    return Media("image/png", b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, chunks)))


def _chunk(chunk: tuple[bytes, bytes]) -> bytes:
    """Return a chunk of PNG: its length, kind, data and checksum."""
    kind, data = chunk
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


_IMAGES = (
    ("PIL.Image", "Image", _of_pillow),
    ("IPython.display", "Image", _of_notebook),
    ("numpy", "ndarray", _of_array),
)
"""The classes of images, by the module that has to be loaded for one to exist."""
