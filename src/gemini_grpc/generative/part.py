"""Contents that belong to no backend, for code that comes from Vertex AI's library.

They become messages of the backend when they are sent. Wherever contents are taken, so are they.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative import media

if TYPE_CHECKING:
    from gemini_grpc import v1beta

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Image:
    """An encoded image."""

    data: bytes
    """The bytes of the file."""
    mime_type: str = "image/jpeg"
    """The MIME type."""

    @classmethod
    def load_from_file(cls, location: str | os.PathLike[str]) -> Image:
        """Read an image.

        Raises:
            ArgumentError: The file cannot be read, or is no image.
        """
        found = media.of_file(Path(location), "location")
        return cls(found.data, _image_type(found.mime_type, "location"))

    @classmethod
    def from_bytes(cls, data: bytes) -> Image:
        """Take the bytes of an image.

        Raises:
            ArgumentError: They are no image.
        """
        found = media.of_bytes(data, "data")
        return cls(found.data, _image_type(found.mime_type, "data"))


def _image_type(mime_type: str, path: str) -> str:
    if not mime_type.startswith("image/"):
        raise ArgumentError(f"{path}: expected an image, got {mime_type}")
    return mime_type


class Part:
    """One part of a message; made with one of the `from_` methods."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Any]) -> None:
        """Take the fields of a Part of any backend."""
        self._fields = dict(fields)

    @classmethod
    def from_text(cls, text: str) -> Part:
        """Return a part that is text."""
        return cls({"text": text})

    @classmethod
    def from_data(cls, data: bytes, mime_type: str) -> Part:
        """Return a part that is data, such as an image."""
        return cls({"inline_data": {"data": data, "mime_type": mime_type}})

    @classmethod
    def from_uri(cls, uri: str, mime_type: str) -> Part:
        """Return a part that is the file at a URI, such as `gs://bucket/image.jpg`."""
        return cls({"file_data": {"file_uri": uri, "mime_type": mime_type}})

    @classmethod
    def from_image(cls, image: Image) -> Part:
        """Return a part that is an image."""
        return cls.from_data(image.data, image.mime_type)

    @classmethod
    def from_function_response(cls, name: str, response: Mapping[str, Any]) -> Part:
        """Return a part that tells the model what a function has returned."""
        return cls({"function_response": {"name": name, "response": dict(response)}})

    @classmethod
    def from_dict(cls, part_dict: Mapping[str, Any]) -> Part:
        """Return the part that `to_dict` describes."""
        return cls(part_dict)

    def to_dict(self) -> Data:
        """Return the fields as a dictionary of your own."""
        return dict(self._fields)

    @property
    def text(self) -> str:
        """The text.

        Raises:
            AttributeError: The part is something else.
        """
        try:
            return str(self._fields["text"])
        except KeyError:
            kinds = ", ".join(self._fields) or "nothing"
            raise AttributeError(f"the part has no text, but {kinds}") from None

    @property
    def mime_type(self) -> str | None:
        """The MIME type of data or of a file; None for everything else."""
        held = self._fields.get("inline_data") or self._fields.get("file_data")
        found = held.get("mime_type") if isinstance(held, Mapping) else held and held.mime_type
        return found or None

    @property
    def inline_data(self) -> v1beta.Blob:
        """The data; an empty message if there is none."""
        found: v1beta.Blob = self._message("inline_data", "Blob")
        return found

    @property
    def file_data(self) -> v1beta.FileData:
        """The URI; an empty message if there is none."""
        found: v1beta.FileData = self._message("file_data", "FileData")
        return found

    @property
    def function_call(self) -> v1beta.FunctionCall:
        """The call the model asks for; an empty message if there is none."""
        found: v1beta.FunctionCall = self._message("function_call", "FunctionCall")
        return found

    @property
    def function_response(self) -> v1beta.FunctionResponse:
        """What a function has returned; an empty message if there is nothing."""
        found: v1beta.FunctionResponse = self._message("function_response", "FunctionResponse")
        return found

    def _message(self, field: str, kind: str) -> Any:
        from gemini_grpc import v1beta
        from gemini_grpc.generative.backend import Backend
        from gemini_grpc.generative.translation import message

        found = message(kind, self._fields.get(field, {}), Backend(), field)
        return getattr(v1beta, kind).wrap(found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Part) and self._fields == other._fields

    __hash__ = None  # type: ignore[assignment]  # what it holds cannot be hashed

    def __repr__(self) -> str:
        return f"Part.from_dict({self._fields!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One message: who says it and its parts."""

    parts: Sequence[object]
    """The parts, of any kind that contents are taken from."""
    role: str = ""
    """`user` or `model`."""

    @property
    def text(self) -> str:
        """The text of the only part.

        Raises:
            FieldError: There is not exactly one part.
            AttributeError: It is no text.
        """
        if len(self.parts) != 1:
            raise FieldError(f"the content has {len(self.parts)} parts; text needs exactly one")
        part: Any = self.parts[0]
        return part if isinstance(part, str) else str(part.text)

    def to_dict(self) -> Data:
        """Return the fields as a dictionary."""
        return {"role": self.role, "parts": list(self.parts)}
