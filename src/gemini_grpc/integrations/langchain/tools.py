"""Tools and schemas of LangChain as what Gemini is told of them.

Whatever LangChain takes as a tool is declared with the Schema of its JSON Schema, as far as the backend can
say it. Where there is a model of pydantic, its own JSON Schema is read: LangChain's has a hole wherever a
type contains itself, which no Schema can say. Tools of Gemini itself (`google_search`, a `Tool`, a message,
a declaration) are passed on.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from langchain_core.tools import BaseTool, Tool, create_schema_from_function
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from pydantic import BaseModel

from gemini_grpc.errors import ArgumentError, FieldError, nearest
from gemini_grpc.functions import Function, Functions
from gemini_grpc.functions.json_schema import from_json_schema
from gemini_grpc.generative import tools
from gemini_grpc.generative.config import JSON
from gemini_grpc.generative.schema import is_type, narrowed, to_schema
from gemini_grpc.generative.translation import pb_of

if TYPE_CHECKING:
    from gemini_grpc.generative.argument_types import ToolType
    from gemini_grpc.generative.backend import Backend

Data = dict[str, Any]

LangChainToolType: TypeAlias = "dict[str, Any] | type | BaseTool | ToolType"
"""A tool of LangChain or of Gemini."""
LangChainToolsType: TypeAlias = "LangChainToolType | Sequence[LangChainToolType]"
ToolChoiceType: TypeAlias = "str | bool | Mapping[str, Any]"
"""A mode, the name of a tool, or a FunctionCallingConfig as a mapping."""

_OURS = (str, tools.Tool, tools.FunctionDeclaration, Function, Functions)
_PARTS_OF_TOOLS = frozenset(tools.Tool.__dataclass_fields__)

_MODES: Mapping[object, str] = {
    None: "", "auto": "AUTO", "any": "ANY", "required": "ANY", True: "ANY",
    "none": "NONE", False: "NONE", "validated": "VALIDATED",
}  # fmt: skip
"""The words for when tools are called; any other is the name of the tool to call."""

_CONFIG = {"mode", "allowed_function_names"}
"""The fields of a FunctionCallingConfig."""


def declared(given: Any, backend: Backend) -> list[Any]:
    """Return tools, or one, as our models take them; what it returns may be given to it again.

    Raises:
        FieldError: Something is no tool.
        ArgumentError: The arguments of a tool have no Schema.
    """
    one = isinstance(given, (str, Mapping)) or not isinstance(given, (Collection, Iterator))
    several = [given] if one else given
    return [_declared(tool, backend, f"tools[{index}]") for index, tool in enumerate(several)]


def _declared(tool: Any, backend: Backend, path: str) -> Any:
    if _is_ours(tool):
        return tool
    try:
        told = convert_to_openai_tool(tool)["function"]
    except (ValueError, TypeError, KeyError) as error:
        raise FieldError(
            f"{path}: expected a tool of LangChain, a function, a model of pydantic, a schema, or a tool "
            f"of Gemini, got {type(tool).__name__}: {error}"
        ) from error
    made = {"name": told["name"], "description": told.get("description", "")}
    parameters = _document(tool) or told.get("parameters") or {}
    if parameters.get("properties") or "$ref" in parameters:
        described = {name: parameters[name] for name in parameters if name != "description"}
        made["parameters"] = _schema(described, backend, f"{path}: {told['name']}")
    return made


def _is_ours(tool: Any) -> bool:
    if isinstance(tool, _OURS) or pb_of(tool) is not None:
        return True
    if not isinstance(tool, Mapping):
        return False
    parameters = tool.get("parameters")
    if isinstance(parameters, Mapping):
        kind: object = parameters.get("type", "object")
        return kind != "object"  # as JSON Schema writes it; Gemini has OBJECT
    return pb_of(parameters) is not None or tool.keys() <= _PARTS_OF_TOOLS


def _document(value: Any) -> Data | None:
    """Return the JSON Schema of a model of pydantic, or of the arguments of a tool or a function."""
    if isinstance(value, Tool) and not value.args_schema:
        return None  # it takes a text
    if isinstance(value, BaseTool):
        value = value.tool_call_schema
        if isinstance(value, dict) and "$defs" in value:
            return value
    elif inspect.isroutine(value):
        value = create_schema_from_function(
            value.__name__,
            value,
            filter_args=(),
            parse_docstring=True,
            error_on_invalid_docstring=False,
            include_injected=False,
        )
    is_model = isinstance(value, type) and issubclass(value, BaseModel)
    return value.model_json_schema() if is_model else None


def _schema(document: Data, backend: Backend, path: str) -> Data:
    try:
        return narrowed(from_json_schema(document), backend)
    except ArgumentError as error:
        raise ArgumentError(f"{path}: {error}") from error


def choice(value: object, given: Sequence[Any]) -> Data | None:
    """Return what `tool_choice` means as a tool config; None if nothing was said.

    Args:
        value: A mode (`auto`, `any`, `none`), the name of a tool, a FunctionCallingConfig as a mapping, or
            a mapping that has the name of a function, as OpenAI writes it. True and `required` mean `any`.
        given: The tools, as `declared` returns them.

    Raises:
        ArgumentError: There is no tool of that name, or the choice says nothing that is known.
    """
    if isinstance(value, (str, bool, type(None))) and value in _MODES:
        mode = _MODES[value]
        return {"function_calling_config": {"mode": mode}} if mode else None
    wanted = value
    if isinstance(value, Mapping):
        if _CONFIG & value.keys():
            return {"function_calling_config": dict(value)}
        wanted = _part(value.get("function", value), "name")
    names = _names(given)
    if wanted not in names:
        if isinstance(wanted, str) and wanted != wanted.lower() in _MODES:
            return choice(wanted.lower(), given)
        modes = "'auto', 'any', 'none'"
        raise ArgumentError(
            f"tool_choice is {value!r}{nearest(str(wanted), names)}; expected {modes}, a mapping of a "
            f"FunctionCallingConfig, or the name of one of the tools: {', '.join(names) or 'there is none'}"
        )
    return {"function_calling_config": {"mode": "ANY", "allowed_function_names": [wanted]}}


def _names(given: Iterable[Any]) -> list[str]:
    """Return the names of functions among tools."""
    found: list[str] = []
    for tool in given:
        if isinstance(tool, Mapping) and "name" in tool:
            found.append(tool["name"])
        elif isinstance(tool, Functions):
            found.extend(tool)
        elif declarations := _part(tool, "function_declarations"):
            found.extend(_names(declarations))
        elif isinstance(name := getattr(tool, "name", None), str):
            found.append(name)
    return found


def _part(tool: Any, name: str) -> Any:
    return tool.get(name) if isinstance(tool, Mapping) else getattr(tool, name, None)


def answer_schema(value: Data | type | Callable[..., Any], backend: Backend) -> Data:
    """Return the Schema of an answer, given as LangChain takes them.

    Raises:
        FieldError: It is no schema.
        ArgumentError: It contains itself, which no Schema can say.
    """
    try:
        told = convert_to_json_schema(value)
    except (ValueError, TypeError, KeyError) as error:
        raise FieldError(
            "schema: expected a model of pydantic, a TypedDict or a JSON Schema with a title, got "
            f"{type(value).__name__}: {error}"
        ) from error
    return _schema(_document(value) or told, backend, "schema")


_FORMATS = ("json_schema", "json_object", "text")


def format_settings(value: Any, backend: Backend) -> Data:
    """Return the settings of generation that a `response_format` stands for.

    Args:
        value: A type, such as a model of pydantic, or a mapping as OpenAI and `ProviderStrategy` of
            LangChain write it: `{"type": "json_schema", "json_schema": {"schema": ...}}`,
            `{"type": "json_object"}` or `{"type": "text"}`. What it has beside the schema (`name`, `strict`)
            does not matter to Gemini.
        backend: Whose Schema is made.

    Raises:
        ArgumentError: It is something else, or the schema cannot be translated.
        FieldError: The schema is none.
    """
    if is_type(value):
        return {
            "response_mime_type": JSON,
            "response_schema": to_schema(value, backend, "response_format"),
        }
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind not in _FORMATS:
        raise ArgumentError(
            f"response_format is {value!r}; expected a type, or a mapping whose 'type' is one of "
            f"{', '.join(map(repr, _FORMATS))}"
        )
    if kind != "json_schema":
        return {"response_mime_type": JSON if kind == "json_object" else "text/plain"}
    described = value.get("json_schema", value)
    schema = _part(described, "schema")
    if schema is None:
        raise ArgumentError(
            "response_format has no schema; expected "
            "{'type': 'json_schema', 'json_schema': {'name': ..., 'schema': ...}}"
        )
    path = "response_format.json_schema.schema"
    return {"response_mime_type": JSON, "response_schema": to_schema(schema, backend, path)}
