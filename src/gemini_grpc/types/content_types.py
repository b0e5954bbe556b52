"""Contents, parts and tools: the classes, and what turns Python values into messages of v1beta.

Type checkers may use the dictionaries to check their fields; the functions of the library take anything
that contents can be made of, so the types of their arguments are `object`.
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypedDict

from gemini_grpc import v1beta
from gemini_grpc.functions import Function as CallableFunctionDeclaration
from gemini_grpc.generative import contents, tools
from gemini_grpc.generative.backend import Backend
from gemini_grpc.generative.tools import FunctionDeclaration, Tool, ToolConfig

PartType: TypeAlias = object
BlobType: TypeAlias = object
ContentType: TypeAlias = object
StrictContentType: TypeAlias = object
ContentsType: TypeAlias = object
FunctionDeclarationType: TypeAlias = object
FunctionLibraryType: TypeAlias = object
ToolsType: TypeAlias = object
ToolConfigType: TypeAlias = object

_BACKEND = Backend()


class BlobDict(TypedDict):
    """Data and what it is."""

    mime_type: str
    data: bytes


class PartDict(TypedDict, total=False):
    """One part; it has one of these."""

    text: str
    inline_data: BlobType
    file_data: object
    function_call: object
    function_response: object
    executable_code: object
    code_execution_result: object


class ContentDict(TypedDict, total=False):
    """One message."""

    parts: object
    role: str


class ToolDict(TypedDict, total=False):
    """What a model may use."""

    function_declarations: object
    code_execution: object
    google_search: object
    google_search_retrieval: object
    url_context: object


class FunctionCallingConfigDict(TypedDict, total=False):
    """Whether and which functions the model calls."""

    mode: object
    allowed_function_names: list[str]


class ToolConfigDict(TypedDict, total=False):
    """How the model uses its tools."""

    function_calling_config: FunctionCallingConfigDict | object


def to_part(value: object) -> v1beta.Part:
    """Return the part that a value stands for.

    Raises:
        FieldError: It is no part.
        ArgumentError: A file cannot be read.
    """
    return v1beta.Part.wrap(contents.to_part(value, _BACKEND, "part"))


def to_content(value: object) -> v1beta.Content:
    """Return the message that a value stands for.

    Raises:
        FieldError: Something in it is no part.
        ArgumentError: There is nothing, or a role does not exist.
    """
    return v1beta.Content.wrap(contents.to_content(value, _BACKEND))


def to_contents(value: object) -> list[v1beta.Content]:
    """Return the messages that a value stands for; the last one is the user's if nobody else's.

    Raises:
        FieldError: Something in it is no part.
        ArgumentError: There is nothing, or a role does not exist.
    """
    return [v1beta.Content.wrap(each) for each in contents.to_contents(value, _BACKEND)]


def to_tool_config(value: object) -> v1beta.ToolConfig:
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
    "ToolsType",
    "to_content",
    "to_contents",
    "to_part",
    "to_tool_config",
]
