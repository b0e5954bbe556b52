"""What a model may use: functions, search, code execution, as the messages of a backend.

All functions go into one Tool, because backends refuse several; each other tool is one of its own.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from gemini_grpc.errors import ArgumentError, FieldError, nearest
from gemini_grpc.functions import Declaration, Function, Functions
from gemini_grpc.generative import translation
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.schema import narrowed, to_json_schema, to_schema
from gemini_grpc.rpc.message import Message

if TYPE_CHECKING:
    from gemini_grpc import v1beta
    from gemini_grpc.generative.argument_types import (
        FunctionCallingConfigType,
        FunctionCallingModeType,
        FunctionDeclarationType,
        SchemaType,
    )

Data = dict[str, Any]

ACCEPTED = (
    "a callable, a Function, a FunctionDeclaration, a Tool, a message of one such as CodeExecution, a "
    "dictionary, the name of a tool such as 'code_execution' or 'google_search', or a list of these"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDeclaration:
    """What the model is told of a function; one made with `from_func` can also be called."""

    name: str
    """What the model calls it by."""
    description: str | None = None
    """What it does."""
    parameters: SchemaType | None = None
    """The Schema of its parameters: a mapping, a Schema, or a type."""
    response: SchemaType | None = None
    """The Schema of what it returns."""
    parameters_json_schema: object = None
    """The parameters as JSON Schema, which the model reads as it is: a mapping, or a type of pydantic's."""
    response_json_schema: object = None
    """What it returns, as JSON Schema."""
    function: Function | None = None
    """What is called, if anything is."""

    @classmethod
    def from_func(
        cls, func: Callable[..., object], descriptions: Mapping[str, str] | None = None
    ) -> FunctionDeclaration:
        """Return the declaration of a function, from its signature and docstring.

        Args:
            func: The function.
            descriptions: Descriptions of parameters by name, instead of those of the docstring.

        Raises:
            ArgumentError: The signature cannot be used, or there is no parameter of some name.
        """
        function = _described(Function.of(func), descriptions or {})
        told = function.declaration()
        return cls(
            name=function.name,
            description=function.description,
            parameters=told.get("parameters"),
            function=function,
        )

    from_function = from_func

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Call the function as it is, with Python values.

        Raises:
            ArgumentError: There is none.
        """
        if self.function is None:
            raise ArgumentError(
                f"the declaration {self.name!r} has no function to call; make it with from_func"
            )
        return self.function(*args, **kwargs)

    def to_dict(self) -> Data:
        """Return the declaration as a dictionary."""
        return {name: value for name, value in _set_of(self).items() if name != "function"}


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model may use, for all backends; each field is that of the message Tool."""

    function_declarations: Sequence[FunctionDeclarationType] | None = None
    """Functions: declarations, or callables."""
    google_search_retrieval: Mapping[str, Any] | Message | None = None
    code_execution: Mapping[str, Any] | Message | None = None
    google_search: Mapping[str, Any] | Message | None = None
    url_context: Mapping[str, Any] | Message | None = None
    google_maps: Mapping[str, Any] | Message | None = None
    computer_use: Mapping[str, Any] | Message | None = None
    file_search: Mapping[str, Any] | Message | None = None
    retrieval: Mapping[str, Any] | Message | None = None
    enterprise_web_search: Mapping[str, Any] | Message | None = None
    parallel_ai_search: Mapping[str, Any] | Message | None = None
    exa_ai_search: Mapping[str, Any] | Message | None = None

    @classmethod
    def from_function_declarations(
        cls, function_declarations: Sequence[FunctionDeclarationType]
    ) -> Tool:
        """Return a tool of functions."""
        return cls(function_declarations)

    @classmethod
    def from_google_search_retrieval(
        cls, google_search_retrieval: Mapping[str, Any] | Message
    ) -> Tool:
        """Return the tool that searches with Google."""
        return cls(google_search_retrieval=google_search_retrieval)

    @classmethod
    def from_retrieval(cls, retrieval: Mapping[str, Any] | Message) -> Tool:
        """Return the tool that searches a data store or a corpus of Vertex AI."""
        return cls(retrieval=retrieval)

    @classmethod
    def from_dict(cls, tool_dict: Mapping[str, Any]) -> Tool:
        """Return the tool that `to_dict` describes; names may be those of JSON (`googleSearch`)."""
        return cls(**translation.in_proto_names(tool_dict))

    def to_dict(self) -> Data:
        """Return what is set as a dictionary; functions as what the model is told of them.

        Raises:
            ArgumentError: The signature of a callable cannot be used.
        """
        found = _set_of(self)
        if self.function_declarations is not None:
            found["function_declarations"] = [_told(each) for each in self.function_declarations]
        return found

    def to_proto(self) -> v1beta.Tool:
        """Return the tool as a message of v1beta.

        Raises:
            UnsupportedError: v1beta lacks something in it.
            ArgumentError: The signature of a callable cannot be used.
        """
        made: v1beta.Tool = Backend().types.Tool()
        for each in Toolbox.of(self, Backend()).messages:
            type(made).pb(made).MergeFrom(each)
        return made


def _described(function: Function, descriptions: Mapping[str, str]) -> Function:
    """Return a function with other descriptions of parameters."""
    names = [each.name for each in function.parameters]
    for name in descriptions:
        if name not in names:
            raise ArgumentError(
                f"descriptions: {function.name!r} has no parameter {name!r}{nearest(name, names)}"
            )
    parameters = tuple(
        replace(each, description=text, schema={**each.schema, "description": text})
        if (text := descriptions.get(each.name))
        else each
        for each in function.parameters
    )
    return replace(function, parameters=parameters)


def _set_of(value: Tool | FunctionDeclaration) -> Data:
    """Return the fields that are set."""
    found = {each.name: getattr(value, each.name) for each in fields(value)}
    return {name: value for name, value in found.items() if value is not None}


def _told(function: Any) -> Any:
    """Return what the model is told of a function, as plain values where it can be."""
    if isinstance(function, Message):
        return type(function).to_dict(function)
    if isinstance(function, FunctionDeclaration):
        return function.to_dict()
    return Function.of(function).declaration() if callable(function) else function


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of a request."""

    messages: tuple[Any, ...] = ()
    """The Tools of the backend."""
    functions: Functions = field(default_factory=Functions)
    """The functions by name; those given as callables can be called."""

    @classmethod
    def of(cls, value: object, backend: Backend) -> Toolbox:
        """Return the tools that a user has given.

        Raises:
            UnsupportedError: The backend lacks a tool, or what a declaration says.
            ArgumentError: A tool does not exist, two functions have the same name, or a signature
                cannot be used.
            FieldError: Something is no tool.
        """
        if isinstance(value, Toolbox):
            return value
        if value is None:
            return cls()
        sorter = _Sorter(backend)
        sorter.take(value, "tools")
        functions = Functions(sorter.functions)
        told = [
            _declaration(each, backend, path)
            for each, path in zip(functions.values(), sorter.paths, strict=True)
        ]
        together = [backend.pb("Tool")(function_declarations=told)] if told else []
        return cls((*together, *sorter.others), functions)


class _Sorter:
    """Separates functions from other tools."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.functions: list[Function | Declaration] = []
        self.paths: list[str] = []
        self.others: list[Any] = []

    def take(self, value: Any, path: str) -> None:
        """Take one tool or several."""
        source = translation.pb_of(value)
        if source is not None:
            self._message(source, path)
        elif isinstance(value, str):
            self._other({value: {}}, path)
        elif isinstance(value, Tool):
            self._tool(_set_of(value), path)
        elif isinstance(value, (Declaration, FunctionDeclaration, Function)) or callable(value):
            self._function(value, path)
        elif isinstance(value, Functions):
            self._all(value.values(), path)
        elif isinstance(value, Mapping):
            take = self._function if "name" in value else self._tool
            take(translation.in_proto_names(value), path)
        elif isinstance(value, Iterable):
            self._all(value, path)
        else:
            raise FieldError(f"{path}: expected {ACCEPTED}; got {type(value).__name__}")

    def _all(self, values: Iterable[object], path: str) -> None:
        for index, value in enumerate(values):
            self.take(value, f"{path}[{index}]")

    def _message(self, source: Any, path: str) -> None:
        name = source.DESCRIPTOR.name
        if name == "FunctionDeclaration":
            self._function(source, path)
            return
        if name != "Tool":
            field = _field_of(name)
            if not field:
                raise FieldError(f"{path}: expected {ACCEPTED}; got a message {name}")
            self._other({field: source}, path)
            return
        others = type(source)()
        others.CopyFrom(source)
        others.ClearField("function_declarations")
        self._all(source.function_declarations, f"{path}.function_declarations")
        if others.ListFields():
            self.others.append(translation.message("Tool", others, self._backend, path))

    def _tool(self, given: Mapping[str, Any], path: str) -> None:
        others = {name: value for name, value in given.items() if name != "function_declarations"}
        declared = given.get("function_declarations")
        if declared is not None:
            if isinstance(declared, (str, Mapping)) or not isinstance(declared, Iterable):
                kind = type(declared).__name__
                raise FieldError(f"{path}.function_declarations: expected a list, got {kind}")
            self._all(declared, f"{path}.function_declarations")
        if others:
            self._other(others, path)

    def _other(self, given: Mapping[str, Any], path: str) -> None:
        for name in given:
            if self._backend.has("Tool", name):
                continue
            if name not in _TOOLS:
                known = ", ".join(_TOOLS)
                raise ArgumentError(
                    f"{path}: there is no tool {name!r}{nearest(name, _TOOLS)}; there are {known}"
                )
            raise UnsupportedError(f"{path}: {self._backend.name} has no Tool.{name}")
        self.others.append(translation.message("Tool", given, self._backend, path))

    def _function(self, value: Any, path: str) -> None:
        self.functions.append(_named(value, path))
        self.paths.append(path)


_TOOLS = tuple(each.name for each in fields(Tool) if each.name != "function_declarations")
"""The tools that are no functions, of all backends."""


@cache
def _field_of(message: str) -> str:
    """Return the field of Tool whose type is a message of some name, on any backend; else nothing."""
    for version in translation.ALL:
        tool: Any = Backend(version).pb("Tool")
        for each in tool.DESCRIPTOR.fields:
            if each.message_type is not None and each.message_type.name == message:
                return str(each.name)
    return ""


def _named(value: Any, path: str) -> Function | Declaration:
    if isinstance(value, (Function, Declaration)):
        return value
    if isinstance(value, FunctionDeclaration):
        return value.function or Declaration(value.name, value.to_dict())
    if callable(value):
        try:
            return Function.of(value)
        except ArgumentError as error:
            raise ArgumentError(f"{path}: {error}") from error
    name = value["name"] if isinstance(value, Mapping) else value.name
    if not isinstance(name, str) or not name:
        raise ArgumentError(f"{path}: a function declaration needs a name, got {name!r}")
    return Declaration(name, value)


def _declaration(entry: Function | Declaration, backend: Backend, path: str) -> Any:
    """Return the FunctionDeclaration of a function."""
    told: Any = entry.declaration()
    if isinstance(told, FunctionDeclaration):
        told = told.to_dict()
    if isinstance(told, Mapping):
        told = dict(told)
        for name in ("parameters", "response"):
            if told.get(name) is None:
                continue
            if isinstance(entry, Function):  # worked out from a signature
                told[name] = narrowed(told[name], backend)
            else:
                told[name] = to_schema(told[name], backend, f"{path}.{name}")
        for name in ("parameters_json_schema", "response_json_schema"):
            if name in told:
                told[name] = to_json_schema(told[name], f"{path}.{name}")
    return translation.message("FunctionDeclaration", told, backend, path)


class Mode(enum.StrEnum):
    """Whether the model calls functions; the same members on every backend that has them."""

    MODE_UNSPECIFIED = "MODE_UNSPECIFIED"
    AUTO = "AUTO"
    ANY = "ANY"
    NONE = "NONE"
    VALIDATED = "VALIDATED"


@dataclass(frozen=True, slots=True)
class FunctionCallingConfig:
    """Whether and which functions the model calls."""

    mode: FunctionCallingModeType | None = None
    """A `Mode`, its name in any case, or its number on the backend."""
    allowed_function_names: Sequence[str] | None = None
    """The functions it may call."""
    Mode: ClassVar[type[Mode]] = Mode


@dataclass(frozen=True, slots=True)
class ToolConfig:
    """How the model uses its tools."""

    function_calling_config: FunctionCallingConfig | FunctionCallingConfigType | None = None
    """A `FunctionCallingConfig`, a mapping of its fields, a message, or a mode alone."""
    retrieval_config: Mapping[str, Any] | Message | None = None
    """Where and in which language the user is, for tools that search."""
    FunctionCallingConfig: ClassVar[type[FunctionCallingConfig]] = FunctionCallingConfig


def to_tool_config(value: object, backend: Backend) -> Any:
    """Return how tools are used as the message of a backend.

    Args:
        value: A `ToolConfig`, a mapping of its fields, or a message of any backend.
        backend: Where it is sent.

    Raises:
        UnsupportedError: The backend lacks something in it.
        ArgumentError: There is no such mode.
        FieldError: It is nothing of the kind.
    """
    path = "tool_config"
    if isinstance(value, ToolConfig):
        value = {
            "function_calling_config": value.function_calling_config,
            "retrieval_config": value.retrieval_config,
        }
    if isinstance(value, Mapping):
        value = dict(translation.in_proto_names(value))
        calling = value.get("function_calling_config")
        if calling is not None:
            value["function_calling_config"] = _calling(
                calling, backend, f"{path}.function_calling_config"
            )
        value = {name: item for name, item in value.items() if item is not None}
    return translation.message("ToolConfig", value, backend, path)


def _calling(value: Any, backend: Backend, path: str) -> Any:
    if isinstance(value, FunctionCallingConfig):
        value = {"mode": value.mode, "allowed_function_names": value.allowed_function_names}
    elif translation.pb_of(value) is None and not isinstance(value, Mapping):
        value = {"mode": value}
    if isinstance(value, Mapping):
        named = translation.in_proto_names(value)
        value = {name: item for name, item in named.items() if item is not None}
        if isinstance(mode := value.get("mode"), (str, int)):
            value["mode"] = _mode(mode, backend, path)
    return translation.message("FunctionCallingConfig", value, backend, path)


def _mode(name: str | int, backend: Backend, path: str) -> str | int:
    """Return the name of a mode; a number, or a member of another backend, as it is."""
    field: Any = backend.pb("FunctionCallingConfig").DESCRIPTOR.fields_by_name["mode"]
    members = field.enum_type
    if isinstance(name, int):
        if not isinstance(name, (bool, enum.Enum)) and name not in members.values_by_number:
            known = ", ".join(f"{each.number} ({each.name})" for each in members.values)
            raise ArgumentError(f"{path}.mode is {name}; expected one of {known}")
        return name
    full = name.upper()
    if full in members.values_by_name:
        return full
    full = full if full in Mode.__members__ else full.removeprefix("MODE_")
    if full == "UNSPECIFIED":
        full = "MODE_UNSPECIFIED"
    if full not in Mode.__members__:
        known = ", ".join(Mode.__members__)
        hint = nearest(full, Mode.__members__)
        raise ArgumentError(f"{path}.mode is {name!r}{hint}; expected one of {known}")
    return full
