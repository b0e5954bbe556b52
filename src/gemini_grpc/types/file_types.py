"""Files that prompts refer to."""

from __future__ import annotations

from typing import TypeAlias, TypedDict

from gemini_grpc.generative.files import File, FileFailedError

FileDataType: TypeAlias = object


class FileDataDict(TypedDict):
    """The address of a file and what it is."""

    mime_type: str
    file_uri: str


__all__ = ["File", "FileDataDict", "FileDataType", "FileFailedError"]
