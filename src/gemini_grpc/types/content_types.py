"""Contents, parts and tools: classes, types of arguments, and conversions to messages of v1beta."""

from __future__ import annotations

from typing import Any

from gemini_grpc import v1beta
from gemini_grpc.functions import Function as CallableFunctionDeclaration
from gemini_grpc.generative import contents, tools
from gemini_grpc.generative.argument_types import (
    BlobDict,
    BlobType,
    ContentDict,
    ContentsType,
    ContentType,
    FunctionCallingConfigDict,
    FunctionCallingConfigType,
    FunctionCallingModeType,
    FunctionDeclarationType,
    FunctionLibraryType,
    PartDict,
    PartType,
    StrictContentType,
    ToolConfigDict,
    ToolConfigType,
    ToolDict,
    ToolsType,
    ToolType,
)
from gemini_grpc.generative.backend import Backend
from gemini_grpc.generative.tools import FunctionDeclaration, Tool, ToolConfig
from gemini_grpc.generative.tools import Mode as FunctionCallingMode

_BACKEND = Backend()


def to_part(value: PartType) -> v1beta.Part:
    """Return the part that a value stands for.

    Raises:
        FieldError: It is no part.
        ArgumentError: A file cannot be read.
    """
    return v1beta.Part.wrap(contents.to_part(value, _BACKEND, "part"))


def to_content(value: ContentType) -> v1beta.Content:
    """Return the message that a value stands for.

    Raises:
        FieldError: Something in it is no part.
        ArgumentError: There is nothing, or a role does not exist.
    """
    return v1beta.Content.wrap(contents.to_content(value, _BACKEND))


def to_contents(value: ContentsType) -> list[v1beta.Content]:
    """Return the messages that a value stands for; the last one is the user's if nobody else's.

    Raises:
        FieldError: Something in it is no part.
        ArgumentError: There is nothing, or a role does not exist.
    """
    return [v1beta.Content.wrap(each) for each in contents.to_contents(value, _BACKEND)]


def to_tool_config(value: ToolConfigType) -> v1beta.ToolConfig:
    """Return how tools are used as a message.

    Raises:
        FieldError: It is nothing of the kind.
        ArgumentError: There is no such mode.
    """
    made: Any = tools.to_tool_config(value, _BACKEND)
    return v1beta.ToolConfig.wrap(made)


__all__ = [
    "BlobDict",
    "BlobType",
    "CallableFunctionDeclaration",
    "ContentDict",
    "ContentType",
    "ContentsType",
    "FunctionCallingConfigDict",
    "FunctionCallingConfigType",
    "FunctionCallingMode",
    "FunctionCallingModeType",
    "FunctionDeclaration",
    "FunctionDeclarationType",
    "FunctionLibraryType",
    "PartDict",
    "PartType",
    "StrictContentType",
    "Tool",
    "ToolConfig",
    "ToolConfigDict",
    "ToolConfigType",
    "ToolDict",
    "ToolType",
    "ToolsType",
    "to_content",
    "to_contents",
    "to_part",
    "to_tool_config",
]
