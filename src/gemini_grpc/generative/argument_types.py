"""Types of the arguments of the everyday API, for annotations.

Modules import this one for type checkers only. The names are public in `gemini_grpc.types`.
A mapping stands for the message that has its keys as fields; the TypedDicts let editors complete them.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypedDict

if TYPE_CHECKING:
    from gemini_grpc import aiplatform_v1, v1alpha, v1beta
    from gemini_grpc.functions import Declaration, Function, Functions
    from gemini_grpc.generative.caching import CachedContent
    from gemini_grpc.generative.config import GenerationConfig
    from gemini_grpc.generative.files import File
    from gemini_grpc.generative.part import Content, Image, Part
    from gemini_grpc.generative.request_options import RequestOptions
    from gemini_grpc.generative.safety import HarmBlockThreshold, SafetySetting
    from gemini_grpc.generative.tools import FunctionDeclaration, Mode, Tool, ToolConfig
    from gemini_grpc.rpc.metadata import Metadata
    from gemini_grpc.rpc.policy import Default, RetryPolicy


class PillowImage(Protocol):
    """An image of Pillow."""

    def getbands(self) -> tuple[str, ...]:
        """Return the names of the channels."""


class NumpyArray(Protocol):
    """An array of numpy: an image, as height x width or height x width x channels."""

    @property
    def dtype(self) -> Any:
        """The type of the elements."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each dimension."""


class NotebookImage(Protocol):
    """An image of IPython."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any: ...


class BinaryFile(Protocol):
    """A file that is open for reading bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, or all that are left."""


class BlobDict(TypedDict):
    """Data and its MIME type."""

    mime_type: str
    data: bytes


class FileDataDict(TypedDict):
    """The URI of a file and its MIME type."""

    mime_type: str
    file_uri: str


class PartDict(TypedDict, total=False):
    """A part, with one of the fields of data."""

    text: str
    thought: bool
    thought_signature: bytes
    inline_data: BlobType
    file_data: FileDataType
    function_call: Mapping[str, Any] | FunctionCallMessage
    function_response: Mapping[str, Any] | FunctionResponseMessage
    executable_code: Mapping[str, Any] | ExecutableCodeMessage
    code_execution_result: Mapping[str, Any] | CodeExecutionResultMessage


class ContentDict(TypedDict, total=False):
    """A message of a dialogue; `role` is `user` or `model`."""

    parts: PartType | Iterable[PartType]
    role: str


class FunctionCallingConfigDict(TypedDict, total=False):
    """Whether the model calls functions, and which."""

    mode: FunctionCallingModeType
    allowed_function_names: Sequence[str]


class ToolConfigDict(TypedDict, total=False):
    """How the model uses its tools."""

    function_calling_config: FunctionCallingConfigType
    retrieval_config: Mapping[str, Any]


class ToolDict(TypedDict, total=False):
    """A tool, or several; the value of a tool is a mapping of its settings, `{}` for none."""

    function_declarations: Sequence[FunctionDeclarationType]
    code_execution: object
    google_search: object
    google_search_retrieval: object
    url_context: object
    google_maps: object
    computer_use: object
    file_search: object


class SafetySettingDict(TypedDict, total=False):
    """A category of harm and the probability from which it is blocked."""

    category: HarmCategoryType
    threshold: HarmBlockThresholdType
    method: str | int | enum.Enum


class RequestOptionsDict(TypedDict, total=False):
    """Options of one call."""

    timeout: float | None
    """Seconds for all attempts together; None for no limit."""
    retry: RetryPolicy | Default | None
    metadata: Metadata


BlobMessage: TypeAlias = "v1beta.Blob | v1alpha.Blob | aiplatform_v1.Blob"
FileDataMessage: TypeAlias = "v1beta.FileData | v1alpha.FileData | aiplatform_v1.FileData"
FunctionCallMessage: TypeAlias = (
    "v1beta.FunctionCall | v1alpha.FunctionCall | aiplatform_v1.FunctionCall"
)
FunctionResponseMessage: TypeAlias = (
    "v1beta.FunctionResponse | v1alpha.FunctionResponse | aiplatform_v1.FunctionResponse"
)
ExecutableCodeMessage: TypeAlias = (
    "v1beta.ExecutableCode | v1alpha.ExecutableCode | aiplatform_v1.ExecutableCode"
)
CodeExecutionResultMessage: TypeAlias = (
    "v1beta.CodeExecutionResult | v1alpha.CodeExecutionResult | aiplatform_v1.CodeExecutionResult"
)
PartMessage: TypeAlias = "v1beta.Part | v1alpha.Part | aiplatform_v1.Part"
ContentMessage: TypeAlias = "v1beta.Content | v1alpha.Content | aiplatform_v1.Content"
FileMessage: TypeAlias = "v1beta.File | v1alpha.File"
FunctionDeclarationMessage: TypeAlias = (
    "v1beta.FunctionDeclaration | v1alpha.FunctionDeclaration | aiplatform_v1.FunctionDeclaration"
)
SchemaMessage: TypeAlias = "v1beta.Schema | v1alpha.Schema | aiplatform_v1.Schema"

ImageType: TypeAlias = "Image | PillowImage | NumpyArray | NotebookImage"
"""An image, of this package or of Pillow, numpy or IPython."""

BlobType: TypeAlias = "BlobDict | Mapping[str, Any] | BlobMessage | ImageType"
"""Data with its MIME type, or an image."""

FileDataType: TypeAlias = "FileDataDict | Mapping[str, Any] | FileDataMessage | File | FileMessage"
"""A file that the service can read."""

PartType: TypeAlias = """
    str | bytes | bytearray | memoryview | PathLike[str] | BinaryFile | ImageType | File | FileMessage |
    Part | PartMessage | BlobMessage | FileDataMessage | FunctionCallMessage | FunctionResponseMessage |
    ExecutableCodeMessage | CodeExecutionResultMessage | PartDict | BlobDict | FileDataDict |
    Mapping[str, Any]
"""
"""A part of a message: a text, media, a file, a function call or its result."""

StrictContentType: TypeAlias = "Content | ContentMessage | ContentDict | Mapping[str, Any]"
"""A message of a dialogue."""

ContentType: TypeAlias = "StrictContentType | PartType | Iterable[PartType]"
"""A message of a dialogue, or the parts of one."""

ContentsType: TypeAlias = "ContentType | Iterable[StrictContentType | PartType]"
"""A dialogue: one message, or several; parts between messages make up one of the user."""

FunctionDeclarationType: TypeAlias = """
    Callable[..., Any] | FunctionDeclaration | Function | Declaration | FunctionDeclarationMessage |
    Mapping[str, Any]
"""
"""A function: a callable, or its declaration."""

ToolName: TypeAlias = Literal[
    "code_execution",
    "google_search",
    "google_search_retrieval",
    "url_context",
    "google_maps",
    "computer_use",
    "file_search",
    "enterprise_web_search",
]
"""A tool that needs no settings, by the name of its field in `Tool`."""

ToolMessage: TypeAlias = """
    v1beta.Tool | v1alpha.Tool | aiplatform_v1.Tool | v1beta.CodeExecution | v1alpha.CodeExecution |
    v1beta.GoogleSearchRetrieval | v1alpha.GoogleSearchRetrieval | aiplatform_v1.GoogleSearchRetrieval |
    v1beta.Tool.GoogleSearch | v1alpha.Tool.GoogleSearch | aiplatform_v1.Tool.GoogleSearch |
    aiplatform_v1.Tool.CodeExecution | v1beta.UrlContext | aiplatform_v1.UrlContext
"""

ToolType: TypeAlias = "FunctionDeclarationType | Tool | ToolMessage | ToolDict | ToolName"
"""What a model may use: a function, or a tool of the service."""

FunctionLibraryType: TypeAlias = "ToolType | Functions | Iterable[ToolType]"
ToolsType: TypeAlias = "ToolType | Functions | Iterable[ToolType | Functions]"
"""What a model may use: one tool or several."""

FunctionCallingModeType: TypeAlias = "Mode | str | int"
"""Whether the model calls functions: `auto`, `any`, `none`, `validated`."""

FunctionCallingConfigMessage: TypeAlias = """
    v1beta.FunctionCallingConfig | v1alpha.FunctionCallingConfig | aiplatform_v1.FunctionCallingConfig
"""
FunctionCallingConfigType: TypeAlias = """
    FunctionCallingConfigDict | Mapping[str, Any] | FunctionCallingModeType | FunctionCallingConfigMessage
"""
"""The mode of function calling and the names of the functions, or the mode alone."""

ToolConfigType: TypeAlias = """
    ToolConfig | ToolConfigDict | Mapping[str, Any] | v1beta.ToolConfig | v1alpha.ToolConfig |
    aiplatform_v1.ToolConfig
"""
"""How the model uses its tools."""

HarmCategoryType: TypeAlias = "str | int | enum.Enum"
"""A category of harm: a `HarmCategory`, its name or a short name such as `harassment`, or its number."""

HarmBlockThresholdType: TypeAlias = "HarmBlockThreshold | str | int | enum.Enum"
"""A threshold: a `HarmBlockThreshold`, its name or a short name such as `block_none`, or its number."""

SafetySettingType: TypeAlias = """
    SafetySetting | SafetySettingDict | Mapping[str, Any] | v1beta.SafetySetting |
    v1alpha.SafetySetting | aiplatform_v1.SafetySetting
"""
"""One category and its threshold."""

SafetySettingsType: TypeAlias = """
    HarmBlockThresholdType | SafetySettingType | Mapping[Any, HarmBlockThresholdType] |
    Iterable[SafetySettingType]
"""
"""Thresholds by category, one threshold for all categories, or a list of settings."""

GenerationConfigType: TypeAlias = """
    GenerationConfig | Mapping[str, Any] | v1beta.GenerationConfig | v1alpha.GenerationConfig |
    aiplatform_v1.GenerationConfig | None
"""
"""Settings of generation; None for those of the model."""

RequestOptionsType: TypeAlias = "RequestOptions | RequestOptionsDict | Mapping[str, Any] | None"
"""Timeout, retry and metadata of one call; None for those of the client."""

ModalityType: TypeAlias = "Literal['TEXT', 'IMAGE', 'AUDIO'] | int | enum.Enum"
"""What an answer is made of, by its name, as a `Modality`, or by its number."""

SchemaType: TypeAlias = "type[Any] | Mapping[str, Any] | SchemaMessage"
"""The shape of an answer: a Python type, a JSON Schema as a mapping, or a `Schema`."""

CachedContentMessage: TypeAlias = (
    "v1beta.CachedContent | v1alpha.CachedContent | aiplatform_v1.CachedContent"
)
CachedContentType: TypeAlias = "str | CachedContent | CachedContentMessage"
"""A cached content or its name."""
