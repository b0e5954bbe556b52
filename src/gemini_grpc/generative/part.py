"""Contents that belong to no backend, for code that comes from Vertex AI's library.

They become messages of the backend when they are sent. Wherever contents are taken, so are they.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gemini_grpc.errors import ArgumentError, FieldError, nearest
from gemini_grpc.generative import media, mime_types

if TYPE_CHECKING:
    from gemini_grpc import v1beta

Data = dict[str, Any]

_FREE = frozenset({"args", "response", "part_metadata"})
"""Fields whose keys are those of the user."""


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
            ArgumentError: The file cannot be read, is no image, or is not on this machine.
        """
        if str(location).startswith(("gs://", "http://", "https://")):
            raise ArgumentError(
                f"location: {str(location)!r} is a URI; give it to the model as it is, with "
                "Part.from_uri(uri, mime_type)"
            )
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
    def from_uri(cls, uri: str, mime_type: str | None = None) -> Part:
        """Return a part that is the file at a URI.

        Args:
            uri: The URI, such as `gs://bucket/image.jpg`.
            mime_type: The MIME type; if not given, that of the ending of the path. A URI without an ending,
                such as that of a video of YouTube, is sent without a type.
        """
        kind = mime_types.of_name(urlsplit(uri).path) if mime_type is None else mime_type
        return cls({"file_data": {"file_uri": uri, "mime_type": kind}})

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
        """Return the part that `to_dict` describes; names may be those of JSON, such as `inlineData`."""
        return cls(_named(part_dict))

    def to_dict(self) -> Data:
        """Return the fields as a dictionary of your own that fits into JSON: bytes are base64 text."""
        found: Data = _plain(self._fields)
        return found

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
        return isinstance(other, Part) and self.to_dict() == other.to_dict()

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
            count = len(self.parts) or "no"
            raise FieldError(f"the content has {count} parts; text needs exactly one")
        part: Any = self.parts[0]
        return part if isinstance(part, str) else str(part.text)

    @classmethod
    def from_dict(cls, content_dict: Mapping[str, Any]) -> Content:
        """Return the content that `to_dict` describes; its parts may have the names of JSON.

        Raises:
            FieldError: There is something else than `role` and `parts`.
        """
        fields = ("role", "parts")
        for name in content_dict:
            if name not in fields:
                raise FieldError(f"Content has no field {name!r}{nearest(name, fields)}")
        parts = [
            Part.from_dict(part) if isinstance(part, Mapping) else part
            for part in content_dict.get("parts") or ()
        ]
        return cls(role=content_dict.get("role") or "", parts=parts)

    def to_dict(self) -> Data:
        """Return the fields as a dictionary of your own that fits into JSON: bytes are base64 text.

        Parts that are a file, an image or bytes alone stay as they are; `Part.from_data` makes one that
        fits.
        """
        return {"role": self.role, "parts": [_described(part) for part in self.parts]}


def _described(part: object) -> object:
    """Return the dictionary that describes a part; what is neither text nor a Part as it is."""
    from gemini_grpc.generative.translation import pb_of

    if isinstance(part, str):
        return {"text": part}
    if isinstance(part, Part):
        return part.to_dict()
    source = pb_of(part)
    own = isinstance(part, Mapping) or (source is not None and source.DESCRIPTOR.name == "Part")
    return _plain(part) if own else part


def _plain(value: Any) -> Any:
    """Return a copy of fields in which messages are dictionaries and bytes base64 text."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    from google.protobuf.json_format import MessageToDict

    from gemini_grpc.generative.translation import pb_of

    source = pb_of(value)
    return value if source is None else MessageToDict(source, preserving_proto_field_name=True)


def _named(value: Any) -> Any:
    """Return a copy of fields in which names of JSON are those of the API: `inline_data`."""
    if isinstance(value, list):
        return [_named(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    named = {re.sub("(?<=[a-z])[A-Z]", _lower, name): item for name, item in value.items()}
    return {name: _plain(item) if name in _FREE else _named(item) for name, item in named.items()}


def _lower(capital: re.Match[str]) -> str:
    return f"_{capital[0].lower()}"
