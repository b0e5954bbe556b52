"""The names of resources: which shapes they have, and how a new one gets its own."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from gemini_grpc.emulator import status

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.store import Store

FILE = "files/{file}"
CACHED_CONTENT = "cachedContents/{id}"
LOCATION = "projects/{project}/locations/{location}"
VERTEX_CACHED_CONTENT = f"{LOCATION}/cachedContents/{{cached_content}}"
CORPUS = "corpora/{corpus}"
DOCUMENT = f"{CORPUS}/documents/{{document}}"
CHUNK = f"{DOCUMENT}/chunks/{{chunk}}"
TUNED_MODEL = "tunedModels/{tuned_model}"
PERMISSIONS = (f"{TUNED_MODEL}/permissions/{{permission}}", f"{CORPUS}/permissions/{{permission}}")

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def require(message: Data, field: str, *patterns: str, path: str = "") -> str:
    """Return a field that must be set to a name of one of the patterns.

    Args:
        message: Where the field is.
        field: The field.
        patterns: The shapes that will do, as `corpora/{corpus}`.
        path: The path of the field in the request, if it is not the field itself.

    Raises:
        StatusError: INVALID_ARGUMENT: it is of another shape, or empty.
    """
    name = message.get(field, "")
    if not any(_compiled(pattern).fullmatch(name) for pattern in patterns):
        raise status.invalid(path or field, f"is {name!r}, expected {' or '.join(patterns)}")
    return str(name)


def choose(store: Store, collection: str, given: str, *, label: str = "", path: str) -> str:
    """Return the name of a new resource: the one that is given, or else one that is made up.

    Raises:
        StatusError: INVALID_ARGUMENT: the given one is not of that collection, or has a bad id.
    """
    if not given:
        return f"{collection}/{store.new_id(collection, label)}"
    parent, _, last = given.rpartition("/")
    if parent != collection or not is_id(last):
        raise status.invalid(
            path,
            f"is {given!r}, expected {collection}/ and up to 40 lower-case letters, digits and "
            "dashes, without a dash at either end",
        )
    return given


def is_id(text: str) -> bool:
    """Tell whether a caller may choose an id."""
    return _ID.fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", pattern))
