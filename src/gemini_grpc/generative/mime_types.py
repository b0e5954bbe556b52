"""The MIME types of files, by their endings, from one table: the same on every machine and Python.

The `mimetypes` module reads the tables of the system, where `.ts` may be a translation of Qt and `.cu` a
video conference. Text is text, whatever its ending: UTF-8 without NUL is `text/plain` unless its ending
has a standard type that models know.
"""

from __future__ import annotations

import codecs
import os
from pathlib import PurePath

TEXT = "text/plain"

_TYPES = {
    "application/json": "json jsonl ndjson ipynb geojson webmanifest",
    "application/msword": "doc",
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/epub+zip": "epub",
    "application/gzip": "gz tgz",
    "application/zip": "zip",
    "application/x-tar": "tar",
    "audio/aac": "aac",
    "audio/aiff": "aif aiff aifc",
    "audio/flac": "flac",
    "audio/mp4": "m4a m4b",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg oga",
    "audio/opus": "opus",
    "audio/wav": "wav wave",
    "audio/webm": "weba",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/jpeg": "jpg jpeg jpe",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/tiff": "tif tiff",
    "image/webp": "webp",
    "image/vnd.microsoft.icon": "ico",
    TEXT: "txt text",
    "text/calendar": "ics",
    "text/css": "css",
    "text/csv": "csv",
    "text/html": "html htm",
    "text/javascript": "js mjs cjs",
    "text/markdown": "md markdown",
    "text/tab-separated-values": "tsv",
    "text/vtt": "vtt",
    "text/x-python": "py pyw pyi",
    "text/xml": "xml",
    "video/3gpp": "3gp 3gpp",
    "video/mp4": "mp4 m4v",
    "video/mpeg": "mpg mpeg mpe",
    "video/ogg": "ogv",
    "video/quicktime": "mov qt",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/x-matroska": "mkv",
    "video/x-ms-wmv": "wmv",
    "video/x-msvideo": "avi",
}
"""The endings of each type; the first one is what files of the type are named."""

_BY_ENDING = {ending: kind for kind, endings in _TYPES.items() for ending in endings.split()}
_BINARY = {
    "ts": "video/mp2t",
    "mts": "video/mp2t",
    "m2ts": "video/mp2t",
    "bin": "application/octet-stream",
}
"""Endings that text files have as well."""


def of_name(name: str | os.PathLike[str]) -> str:
    """Return the MIME type of a file or a path by its ending; empty if the ending tells nothing."""
    return _BY_ENDING.get(_ending(name), "")


def of_data(data: bytes | bytearray, name: str | os.PathLike[str], *, is_all: bool = True) -> str:
    """Return the MIME type of a file by its ending, or else by its data; empty if nothing tells it.

    Args:
        data: The bytes of the file, or the first of them.
        name: The name or path of the file; empty if it has none.
        is_all: The data is the whole file.
    """
    found = of_name(name)
    if found:
        return found
    return TEXT if is_text(data, is_all=is_all) else _BINARY.get(_ending(name), "")


def is_text(data: bytes | bytearray, *, is_all: bool = True) -> bool:
    """Return whether data is UTF-8 without NUL; part of a file may end inside a character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, is_all)
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def ending_of(mime_type: str) -> str:
    """Return what names of files of a type end in, without the dot; empty if that is not known."""
    return _TYPES.get(mime_type, "").partition(" ")[0]


def _ending(name: str | os.PathLike[str]) -> str:
    return PurePath(name).suffix.removeprefix(".").lower()
