"""What the live messages of one version of the API can carry, read from its descriptors."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Self

from gemini_grpc.emulator.convert import plain_name
from gemini_grpc.rpc import method
from gemini_grpc.rpc.codec import pb_class

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data


class Shape:
    """The fields of the server's message, and of its `server_content`."""

    def __init__(self, message: frozenset[str], content: frozenset[str]) -> None:
        self._message = message
        self._content = content

    @classmethod
    def of(cls, spec: method.Method[Any, Any]) -> Self:
        """Return the shape of what a method sends."""
        descriptor = _descriptor(spec.response)
        content = descriptor.fields_by_name["server_content"].message_type
        return cls(_names(descriptor), _names(content))

    def trim(self, message: Data) -> Data | None:
        """Return what the version has of a message; None if nothing is left to say."""
        kept = _only(message, self._message)
        if "server_content" in kept:
            kept["server_content"] = _only(kept["server_content"], self._content)
            if not kept["server_content"]:
                del kept["server_content"]
        return kept or None


@cache
def _descriptor(name: str) -> Any:
    return pb_class(method.load(name)).DESCRIPTOR


def _only(data: Data, names: frozenset[str]) -> Data:
    return {name: value for name, value in data.items() if name in names}


def _names(descriptor: Any) -> frozenset[str]:
    return frozenset(plain_name(field.name) for field in descriptor.fields)
