"""Which API the everyday API talks to: the Gemini API in one of its versions, or Vertex AI.

A backend is a value: the types, methods and names that differ. Builders are written once against it.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

from gemini_grpc.errors import ArgumentError, UsageError
from gemini_grpc.rpc.codec import pb_class
from gemini_grpc.rpc.endpoint import shown, vertex_host

if TYPE_CHECKING:
    from types import ModuleType

    from google.protobuf.message import Message as PbMessage

    from gemini_grpc.rpc.method import Method

Version = Literal["v1beta", "v1alpha", "aiplatform_v1"]

VERSIONS = ("v1beta", "v1alpha")
"""The versions of the Gemini API."""

_ID = r"[^/\s]+"
_GEMINI_MODEL = re.compile(rf"(models|tunedModels)/{_ID}")
_VERTEX_MODEL = re.compile(
    rf"projects/{_ID}/locations/(?P<location>{_ID})/"
    rf"(publishers/{_ID}/models|endpoints|models)/{_ID}"
)
_PLACES = {
    "project": re.compile(r"[a-z0-9._:-]*"),
    "location": re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?)?"),
}


@dataclass(frozen=True, slots=True)
class Backend:
    """One API that has models, and how it calls things."""

    version: Version = "v1beta"
    """The package of types and methods."""
    project: str = ""
    """The project on Vertex AI."""
    location: str = ""
    """The location on Vertex AI: a region, a multi-region (`us`, `eu`) or `global`."""

    def __post_init__(self) -> None:
        """Refuse a project or location that cannot be one, before it gets into the name of a host.

        Raises:
            ArgumentError: It has characters that no id has: a slash, whitespace, capital letters.
        """
        for name, value in (("project", self.project), ("location", self.location)):
            if not _PLACES[name].fullmatch(value):
                raise ArgumentError(
                    f"{name} is {shown(value)}; expected the bare id, in lower case and without whitespace"
                )

    @property
    def is_vertex(self) -> bool:
        """Whether this is Vertex AI."""
        return self.version == "aiplatform_v1"

    @property
    def name(self) -> str:
        """What messages call it."""
        return "Vertex AI" if self.is_vertex else f"the Gemini API {self.version}"

    @property
    def host(self) -> str:
        """Where it is, unless an endpoint is given."""
        return vertex_host(self.location) if self.is_vertex else "generativelanguage.googleapis.com"

    @property
    def parent(self) -> str:
        """What the resources of a project and location begin with; empty on the Gemini API."""
        return f"projects/{self.project}/locations/{self.location}" if self.is_vertex else ""

    @property
    def types(self) -> ModuleType:
        """The module of its messages and enums."""
        return importlib.import_module(f"gemini_grpc.{self.version}.types")

    def pb(self, message: str) -> type[PbMessage]:
        """Return protobuf's class of a message: `backend.pb("Content")`.

        Raises:
            UnsupportedError: The backend has no such message.
        """
        found = _pb(self.version, message)
        if found is None:
            raise UnsupportedError(f"{self.name} has no {message}")
        return found

    def has(self, message: str, field: str = "") -> bool:
        """Tell whether the backend has a message, or a field of it."""
        found = _pb(self.version, message)
        return found is not None and (not field or field in found.DESCRIPTOR.fields_by_name)

    def method(self, name: str) -> Method[Any, Any]:
        """Return a method by its name, `backend.method("GenerateContent")`.

        Raises:
            UnsupportedError: The backend has no such method.
        """
        try:
            return _methods(self.version)[name]
        except KeyError:
            raise UnsupportedError(f"{self.name} has no method {name}") from None

    def model(self, name: object) -> str:
        """Return the full resource name of a model.

        On the Gemini API, `gemini-3.8-flash` means `models/gemini-3.8-flash`; on Vertex AI it is the
        model of the publisher google in the project and location of the backend.

        Raises:
            ArgumentError: It is no name of a model there, or the model is in another location.
        """
        if not isinstance(name, str) or not name.strip():
            raise ArgumentError(f"model: expected the name of a model, got {name!r}")
        full = self._vertex_model(name) if self.is_vertex else _gemini_model(name)
        found = (_VERTEX_MODEL if self.is_vertex else _GEMINI_MODEL).fullmatch(full)
        if not found:
            forms = (
                "'gemini-3.8-flash', 'publishers/PUBLISHER/models/MODEL' or "
                "'projects/PROJECT/locations/LOCATION/endpoints/ENDPOINT'"
                if self.is_vertex
                else "'gemini-3.8-flash', 'models/MODEL' or 'tunedModels/MODEL'"
            )
            raise ArgumentError(f"model: {name!r} is no model of {self.name}; expected {forms}")
        location = found["location"] if self.is_vertex else self.location
        if location != self.location:
            raise ArgumentError(
                f"model: {name!r} is in {location}, but the client is in {self.location}; "
                f"give the client location={location!r}"
            )
        return full

    def _vertex_model(self, name: str) -> str:
        if name.startswith("projects/"):
            return name
        bare = name.removeprefix("models/")
        path = bare if bare.startswith("publishers/") else f"publishers/google/models/{bare}"
        return f"{self.parent}/{path}"


class UnsupportedError(UsageError, ValueError):
    """The backend does not have what was asked for; nothing was sent."""


def _gemini_model(name: str) -> str:
    return name if "/" in name else f"models/{name}"


@cache
def _pb(version: Version, message: str) -> type[PbMessage] | None:
    outer, *inner = message.split(".")
    found: Any = getattr(importlib.import_module(f"gemini_grpc.{version}.types"), outer, None)
    for name in inner:
        found = getattr(found, name, None)
    return None if found is None else pb_class(cast("type", found))


@cache
def _methods(version: Version) -> dict[str, Method[Any, Any]]:
    tables = importlib.import_module(f"gemini_grpc.{version}.methods").SERVICES.values()
    return {method.name: method for table in tables for method in table.METHODS}
