"""What one version of the API can say in a session: its messages, read off their descriptors."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from typing import Any, Literal

from google.protobuf.message import DecodeError

from gemini_grpc.functions import narrow
from gemini_grpc.functions.document import schema_of_document
from gemini_grpc.live.errors import MalformedMessage, UnsupportedFeature
from gemini_grpc.rpc.coerce import fill


@functools.cache
def of(version: str) -> Dialect:
    """Return the messages of `v1alpha` or `v1beta`."""
    return Dialect(version)


class Dialect:
    """The messages of one version; all sessions share it."""

    def __init__(self, version: str) -> None:
        types = importlib.import_module(f"gemini_grpc.{version}.types.generative_service")
        self.version = version
        """The package of the API."""
        self._types = types
        self._client = types.BidiGenerateContentClientMessage.pb()
        self._server = types.BidiGenerateContentServerMessage.pb()
        self._realtime = types.BidiGenerateContentRealtimeInput.pb().DESCRIPTOR.fields_by_name
        self._setup = types.BidiGenerateContentSetup.pb()
        content = importlib.import_module(f"gemini_grpc.{version}.types.content")
        self._part = content.Part
        self._schema = content.Schema.pb().DESCRIPTOR.fields_by_name

    @property
    def can_resume(self) -> bool:
        """A session can go on over another connection."""
        return "session_resumption" in self._setup.DESCRIPTOR.fields_by_name

    def setup(self, fields: Mapping[str, Any]) -> Any:
        """Return the setup with the given fields, a message of protobuf.

        Raises:
            UnsupportedFeature: The version does not have one of them.
            FieldError: A field inside is unknown or has the wrong type.
        """
        for name in fields:
            if name not in self._setup.DESCRIPTOR.fields_by_name:
                raise UnsupportedFeature(f"{self.version} has no {name} in the setup of a session")
        return fill(self._setup, fields)

    def tool(self, given: Any) -> Any:
        """Return what the setup takes for a tool, whose schemas are those of the version.

        Args:
            given: The name of a tool, a Tool as a message or a mapping, or a message that is the type of
                one of its fields, such as CodeExecution.

        Raises:
            UnsupportedFeature: The version does not have the tool.
            ArgumentError: The parameters of a function are no schema.
        """
        if isinstance(given, str):
            return {given: {}}
        kind = getattr(getattr(given, "_pb", given), "DESCRIPTOR", None)
        if kind is not None and kind.name != "Tool":
            fields = self._setup().tools.add().DESCRIPTOR.fields
            for field in fields:
                if field.message_type is not None and field.message_type.name == kind.name:
                    return {field.name: given}
            raise UnsupportedFeature(f"{self.version} has no tool {kind.name}")
        if isinstance(given, Mapping) and given.get("function_declarations"):
            declared = map(self._declaration, given["function_declarations"])
            return {**given, "function_declarations": list(declared)}
        return given

    def _declaration(self, given: Any) -> Any:
        """Return the declaration of a function, with schemas in the words of the version."""
        if not isinstance(given, Mapping):
            return given
        schemas = {
            name: narrow(schema_of_document(given[name], known=self._schema), known=self._schema)
            for name in ("parameters", "response")
            if isinstance(given.get(name), Mapping)
        }
        return {**given, **schemas}

    def realtime(self, name: str, value: Any) -> bytes:
        """Return a message with one field of realtime input.

        Raises:
            UnsupportedFeature: The version does not have it.
        """
        if name not in self._realtime:
            raise UnsupportedFeature(f"{self.version} has no {name} in realtime input")
        return self.encode({"realtime_input": {name: value}})

    def blob(self, name: Literal["audio", "video"], mime_type: str, data: bytes) -> bytes:
        """Return a message with a piece of audio or a frame of video; there are fifty in a second.

        Raises:
            FieldError: The type or the data is none.
        """
        message = self._client()
        sent = message.realtime_input
        # v1alpha has one list for both
        blob = getattr(sent, name) if name in self._realtime else sent.media_chunks.add()
        try:
            blob.mime_type, blob.data = mime_type, data
        except TypeError:  # this converts what can be converted, and says what cannot
            blob.MergeFrom(fill(type(blob), {"mime_type": mime_type, "data": data}))
        encoded: bytes = message.SerializeToString()
        return encoded

    def encode(self, fields: Mapping[str, Any]) -> bytes:
        """Return a message of the client.

        Raises:
            FieldError: A field is unknown or has the wrong type.
        """
        data: bytes = fill(self._client, fields).SerializeToString()
        return data

    def decode(self, data: bytes) -> Any:
        """Return a message of the server, one of protobuf.

        Raises:
            MalformedMessage: It is none.
        """
        try:
            return self._server.FromString(data)
        except DecodeError as error:
            raise MalformedMessage(f"{len(data)} bytes are no message: {error}", data) from error

    def message(self, message: Any) -> Any:
        """Return a message of the server as its user knows it."""
        return self._types.BidiGenerateContentServerMessage.wrap(message)

    def part(self, part: Any) -> Any:
        """Return a part of an answer as its user knows it."""
        return self._part.wrap(part)

    def sources(self, message: Any) -> Any:
        """Return the sources of an answer as their user knows them."""
        return getattr(self._types, message.DESCRIPTOR.name).wrap(message)
