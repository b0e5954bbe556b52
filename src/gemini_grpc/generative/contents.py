"""What is said to a model, as the messages of a backend.

A part is anything in the table of kinds below; a message is a `Content`, a mapping with `parts`, or a
list of parts; contents are a list of messages. Parts between messages make up one of the user, and so
does a mapping without a role. Messages of the backend come back as they are, not copied.

A message without parts, a part without data, and an empty text that is all of the last message are
refused; what a model has said may be any of these, and is said again as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import repeat
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from google.protobuf.message import Message as PbMessage

from gemini_grpc.errors import ArgumentError, FieldError, nearest
from gemini_grpc.generative import media, part, translation
from gemini_grpc.generative.backend import Backend, UnsupportedError

Piece = dict[str, Any] | PbMessage
"""A Part: its fields, ready for protobuf, or the message."""

ACCEPTED = (
    "a str, bytes, a pathlib.Path, a binary file object, an image (PIL, IPython, numpy), an uploaded File, "
    "a Part, a Blob, a FileData, a FunctionCall, a FunctionResponse, or a dictionary of one of these"
)
ROLES = ("user", "model")
_ANSWERERS = ("function", "tool")
"""Roles that others have for results of functions; on the wire these come from the user."""
_FIELDS_OF_CONTENT = frozenset({"role", "parts"})
_MEANT = {
    "assistant": "; the model's own messages are 'model'",
    "system": "; give it as system_instruction of the model",
}


class EmptyError(ArgumentError, TypeError):
    """There is nothing to say to the model."""


def to_contents(value: object, backend: Backend) -> list[Any]:
    """Return the Contents that `value` stands for; the last one is the user's if nobody else's.

    Raises:
        EmptyError: There is nothing, or the last message has only an empty text.
        FieldError: Something in it is no part; the text has its path and what is accepted.
        ArgumentError: A role does not exist, or a file cannot be read.
        UnsupportedError: The backend lacks something in it.
    """
    if type(value) is str:
        return [_content("user", value, backend, "contents")]
    if _is_list(value):
        made = list(_conversation(value, backend))
    elif value is None:
        made = []
    else:
        made = [_message(value, backend, "contents", role="user")]
    if not made:
        raise EmptyError(f"contents must not be empty; expected {ACCEPTED}, or a list of these")
    if not made[-1].role:
        made[-1] = _spoken(made[-1], "user")
    _refuse_silence(made[-1], "contents")
    return made


def to_content(value: object, backend: Backend, *, role: str = "", path: str = "content") -> Any:
    """Return the one Content that `value` stands for.

    Args:
        value: A message, a part, or a list of parts.
        backend: Where it is sent.
        role: Who says it if that is not given; without it, `system` is nobody as well.
        path: What errors call it.

    Raises:
        EmptyError: There is nothing, or only an empty text.
        FieldError: Something in it is no part.
        ArgumentError: A role does not exist, or a file cannot be read.
        UnsupportedError: The backend lacks something in it.
    """
    if value is None:
        raise EmptyError(f"{path} must not be empty; expected {ACCEPTED}, or a list of these")
    if _is_list(value):
        made = _content(role, value, backend, path)
    else:
        made = _message(value, backend, path, role=role, system=not role)
    _refuse_silence(made, path)
    return _spoken(made, role) if role and not made.role else made


def to_part(value: object, backend: Backend, path: str) -> Any:
    """Return the Part that `value` stands for.

    Raises:
        FieldError: It is no part.
        ArgumentError: A file cannot be read.
        UnsupportedError: The backend lacks something in it.
    """
    piece = _piece(value, backend, path)
    return translation.message("Part", piece, backend, path) if type(piece) is dict else piece


def read(value: Any) -> Any:
    """Return contents as they are: a synchronous call may read files while it converts them."""
    return value


async def async_read(value: Any) -> Any:
    """Return contents in which files and images are data; they are read and encoded in a thread.

    What cannot be read stays as it is, so that the conversion names its place.
    """
    return await asyncio.to_thread(_read, value) if _has_media(value) else value


def _has_media(value: Any) -> bool:
    """Return whether something in contents has to be read or encoded."""
    if value is None or isinstance(value, (str, bytes, bytearray, memoryview)):
        return False
    if isinstance(value, Mapping):
        return any(_has_media(value[name]) for name in ("parts", "inline_data") if name in value)
    if isinstance(value, (list, tuple)):
        return any(map(_has_media, value))
    return isinstance(value, Path) or hasattr(value, "read") or media.is_image(value)


def _read(value: Any) -> Any:
    if not _has_media(value):
        return value
    if isinstance(value, Mapping):
        read = {name: _read(value[name]) for name in ("parts", "inline_data") if name in value}
        return {**value, **read}
    if isinstance(value, (list, tuple)):
        return list(map(_read, value))
    try:
        found = media.of_file(value, "") if isinstance(value, Path) else media.of_object(value, "")
    except (ArgumentError, FieldError):
        return value
    return part.Part.from_data(found.data, found.mime_type) if found else value


def _conversation(values: Any, backend: Backend) -> Iterator[Any]:
    """Return the messages of a list; parts that follow each other are one message."""
    own = backend.pb("Content")
    loose: list[Piece] = []
    for index, value in enumerate(values):
        kind = type(value)
        if kind is str:
            loose.append({"text": value})
            continue
        path = f"contents[{index}]"
        if kind is not own and not _is_message(value):
            loose.append(_piece(value, backend, path))
            continue
        if loose:
            yield _assembled("user", loose, backend, "contents")
            loose = []
        if kind is own:  # history, mostly
            yield _with_role(value, path, system=False)
        else:
            yield _message(value, backend, path, role="user")
    if loose:
        yield _assembled("user", loose, backend, "contents")


def _is_list(value: object) -> bool:
    """Tell whether a value is a list of something rather than one thing."""
    if isinstance(value, (list, tuple)):
        return True
    if isinstance(value, (str, bytes, bytearray, memoryview, dict, Mapping)):
        return False
    single = hasattr(value, "dtype") or hasattr(value, "read")  # an array, an open file
    return isinstance(value, Iterable) and not single


def _is_message(value: object) -> bool:
    if isinstance(value, (dict, Mapping)):  # a dict is told by its type, at a quarter of the cost
        return "parts" in value or "role" in value
    source = translation.pb_of(value)
    return (
        isinstance(value, part.Content) if source is None else source.DESCRIPTOR.name == "Content"
    )


def _message(value: Any, backend: Backend, path: str, *, role: str, system: bool = False) -> Any:
    """Return the Content of a message, or of a part that is all of it.

    What is only described here is said by `role` unless it says otherwise.
    """
    if isinstance(value, part.Content):
        value = {"role": value.role, "parts": list(value.parts)}
    if isinstance(value, (dict, Mapping)):
        if "parts" in value or "role" in value:
            return _described(value, backend, path, role, system)
    elif _is_message(value):
        made = translation.message("Content", value, backend, path)
        return _with_role(made, path, system=system)
    return _content(role, value, backend, path)


def _described(value: Any, backend: Backend, path: str, role: str, system: bool) -> Any:
    """Return the Content that a mapping describes."""
    if not value.keys() <= _FIELDS_OF_CONTENT:
        unknown = next(name for name in value if name not in _FIELDS_OF_CONTENT)
        raise FieldError(
            f"{path}: Content has no field {unknown!r}; a message has 'role' and 'parts'"
        )
    role = _role(value.get("role"), path, system) or role
    return _content(role, value.get("parts"), backend, f"{path}.parts")


def _with_role(content: Any, path: str, *, system: bool) -> Any:
    """Return a content of the backend with a role that exists."""
    given = content.role
    role = _role(given, path, system)
    _check(content, f"{path}.parts")
    return content if role == given else _spoken(content, role)


def _role(role: Any, path: str, system: bool) -> str:
    if role in ROLES:
        return str(role)
    if role in ("", None) or (system and role == "system"):
        return ""
    if role in _ANSWERERS:
        return "user"
    hint = _MEANT.get(str(role).lower()) or nearest(str(role).lower(), ROLES)
    raise ArgumentError(f"{path}.role is {role!r}; expected 'user' or 'model'{hint}")


def _spoken(content: Any, role: str) -> Any:
    """Return a content with another role; the one given stays as it is."""
    made = type(content)()
    made.CopyFrom(content)
    made.role = role
    return made


def _content(role: str, parts: object, backend: Backend, path: str) -> Any:
    """Return a Content of one part or several."""
    if _is_list(parts):
        items: Any = parts
        pieces = [
            {"text": item} if type(item) is str else _piece(item, backend, f"{path}[{index}]")
            for index, item in enumerate(items)
        ]
    elif parts is None or (isinstance(parts, str) and not parts):
        pieces = []
    else:
        pieces = [_piece(parts, backend, path)]
    if not pieces:
        raise EmptyError(f"{path} must not be empty; expected {ACCEPTED}, or a list of these")
    return _assembled(role, pieces, backend, path)


def _check(content: Any, path: str) -> Any:
    """Return a content that has parts, and data in each; what a model has said is taken as it is."""
    if content.role == "model":
        return content
    if not content.parts:
        raise EmptyError(f"{path} must not be empty; expected {ACCEPTED}, or a list of these")
    for index, each in enumerate(content.parts):
        # one of a kind that is newer than the library has bytes
        if each.WhichOneof("data") is None and not each.ByteSize():
            raise FieldError(f"{path}[{index}] has no data; expected {ACCEPTED}")
    return content


def _refuse_silence(content: Any, path: str) -> None:
    """Refuse a message of nothing but empty texts, unless it is an answer of a model."""
    if content.role != "model" and all(
        not each.text and each.HasField("text") and len(each.ListFields()) == 1
        for each in content.parts
    ):
        raise EmptyError(f"{path} must not be empty, but has only an empty text")


def _assembled(role: str, pieces: list[Piece], backend: Backend, path: str) -> Any:
    """Return a Content of pieces; if protobuf refuses one, each by itself, to say which."""
    cls: Any = backend.pb("Content")
    try:
        made = cls(role=role, parts=pieces)
    except DecodeError as error:
        raise ArgumentError(f"{path}: the data is nested too deeply for protobuf") from error
    except (TypeError, ValueError, AttributeError):
        paths = (f"{path}[{index}]" for index in range(len(pieces)))
        parts = map(translation.message, repeat("Part"), pieces, repeat(backend), paths)
        made = cls(role=role, parts=list(parts))
    return _check(made, path)


def _piece(value: object, backend: Backend, path: str) -> Piece:
    """Return what is one part."""
    if type(value) is str:
        return {"text": value}
    source = translation.pb_of(value)
    if source is not None:
        return _of_message(source, backend, path)
    for kind, read in _KINDS:
        if isinstance(value, kind):
            return read(value, backend, path)
    found = media.of_object(value, path)
    if found is not None:
        return _data(found)
    if hasattr(value, "to_proto"):
        return _piece(value.to_proto(), backend, path)
    if hasattr(value, "uri") and hasattr(value, "mime_type"):
        return _of_file(value, backend, path)
    raise FieldError(f"{path}: expected {ACCEPTED}; got {type(value).__name__}")


def _data(found: media.Media) -> Piece:
    return {"inline_data": {"mime_type": found.mime_type, "data": found.data}}


def _of_message(source: Any, backend: Backend, path: str) -> Piece:
    """Return the part that a message is or goes into."""
    name = source.DESCRIPTOR.name
    if name == "Part":
        made: PbMessage = translation.message(name, source, backend, path)
        return made
    if name == "File":
        return _of_file(source, backend, path)
    field = _FIELDS.get(name)
    if field is None:
        raise FieldError(f"{path}: expected {ACCEPTED}; got a message {name}")
    return {field: translation.message(name, source, backend, path)}


def _of_file(file: Any, backend: Backend, path: str) -> Piece:
    if not backend.has("File"):
        raise UnsupportedError(
            f"{path}: {backend.name} cannot read files uploaded to the Gemini API; give the URI of a file "
            "in Cloud Storage, Part.from_uri('gs://...', mime_type), or the data itself"
        )
    if not file.uri:
        raise ArgumentError(f"{path}: the file has no uri; pass one that has been uploaded")
    return {"file_data": {"mime_type": file.mime_type or "", "file_uri": file.uri}}


def _of_mapping(value: Any, backend: Backend, path: str) -> Piece:
    """Return the part that a mapping describes: a Part, or what goes into one."""
    value = translation.in_proto_names(value)
    keys = value.keys()
    if "parts" in keys:
        raise FieldError(f"{path}: expected a part, got a whole message (it has 'parts')")
    for name, needed in _DESCRIBED.items():
        if needed <= keys:
            return {_FIELDS[name]: translation.message(name, value, backend, path)}
    held = [name for name in _DATA if value.get(name) is not None]
    if len(held) != 1:
        given = " and ".join(map(repr, held or keys)) or "nothing"
        raise FieldError(
            f"{path}: a dictionary with {given} is no part; expected one of {', '.join(_DATA)}, or "
            "'mime_type' and 'data'"
        )
    inline = value.get("inline_data")
    if inline is not None and not isinstance(inline, Mapping) and translation.pb_of(inline) is None:
        read: Any = _piece(inline, backend, f"{path}.inline_data")
        blob = read["inline_data"] if type(read) is dict else read.inline_data
        value = {**value, "inline_data": blob}
    made: PbMessage = translation.message("Part", value, backend, path)
    return made


def _of_part(value: part.Part, backend: Backend, path: str) -> Piece:
    return _of_mapping(value._fields, backend, path)


_FIELDS = {
    "Blob": "inline_data",
    "FileData": "file_data",
    "FunctionCall": "function_call",
    "FunctionResponse": "function_response",
    "ExecutableCode": "executable_code",
    "CodeExecutionResult": "code_execution_result",
}
"""The messages that go into a Part, and where."""
_DATA = ("text", *_FIELDS.values())
"""What a Part holds one of."""

_DESCRIBED = {
    "Blob": {"mime_type", "data"},
    "FileData": {"file_uri"},
    "FunctionCall": {"name", "args"},
    "FunctionResponse": {"name", "response"},
}
"""What a dictionary of one of these has."""

_KINDS: tuple[tuple[Any, Callable[[Any, Backend, str], Piece]], ...] = (
    (str, lambda value, backend, path: {"text": str(value)}),
    (Mapping, _of_mapping),
    (
        (bytes, bytearray, memoryview),
        lambda value, backend, path: _data(media.of_bytes(value, path)),
    ),
    (Path, lambda value, backend, path: _data(media.of_file(value, path))),
    (part.Part, _of_part),
    (part.Image, lambda value, backend, path: _data(media.Media(value.mime_type, value.data))),
)
"""What a part is made of, and how."""
