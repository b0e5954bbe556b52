"""Tools and schemas of LangChain as what Gemini is told of them.

Whatever LangChain takes as a tool is declared with the Schema of its JSON Schema, as far as the backend can
say it. Tools of Gemini itself (`google_search`, a `Tool`, a message) are passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool

from gemini_grpc.errors import ArgumentError, FieldError, nearest
from gemini_grpc.functions import Function, Functions
from gemini_grpc.functions.json_schema import from_json_schema
from gemini_grpc.generative import tools
from gemini_grpc.generative.schema import narrowed
from gemini_grpc.generative.translation import pb_of

if TYPE_CHECKING:
    from gemini_grpc.generative.backend import Backend

Data = dict[str, Any]

_OURS = (str, tools.Tool, tools.FunctionDeclaration, Function, Functions)
_PARTS_OF_TOOLS = frozenset(tools.Tool.__dataclass_fields__)

_MODES: Mapping[object, str] = {
    None: "", "auto": "AUTO", "any": "ANY", "required": "ANY", True: "ANY",
    "none": "NONE", False: "NONE", "validated": "VALIDATED",
}  # fmt: skip
"""The words for when tools are called; any other is the name of the tool to call."""


def declared(given: Iterable[Any], backend: Backend) -> list[Any]:
    """Return tools as our models take them.

    Raises:
        FieldError: Something is no tool.
    """
    return [_declared(tool, backend, f"tools[{index}]") for index, tool in enumerate(given)]


def _declared(tool: Any, backend: Backend, path: str) -> Any:
    own = isinstance(tool, Mapping) and tool.keys() <= _PARTS_OF_TOOLS
    if own or isinstance(tool, _OURS) or pb_of(tool) is not None:
        return tool
    try:
        told = convert_to_openai_tool(tool)["function"]
    except (ValueError, TypeError, KeyError) as error:
        raise FieldError(
            f"{path}: expected a tool of LangChain, a function, a model of pydantic, a schema, or a tool "
            f"of Gemini, got {type(tool).__name__}: {error}"
        ) from error
    made = {"name": told["name"], "description": told.get("description", "")}
    parameters = told.get("parameters") or {}
    if parameters.get("properties"):
        made["parameters"] = narrowed(from_json_schema(parameters), backend)
    return made


def choice(value: object, given: Sequence[Any]) -> Data | None:
    """Return what `tool_choice` means as a tool config; None if nothing was said.

    Args:
        value: A mode (`auto`, `any`, `none`), the name of a tool, or a mapping that has the name of a
            function, as OpenAI writes it. True and `required` mean `any`.
        given: The tools, as `declared` returns them.

    Raises:
        ArgumentError: There is no tool of that name.
    """
    if isinstance(value, Mapping):
        value = value.get("function", value).get("name")
    if isinstance(value, (str, bool, type(None))) and value in _MODES:
        mode = _MODES[value]
        return {"function_calling_config": {"mode": mode}} if mode else None
    names = _names(given)
    if value not in names:
        modes = "'auto', 'any', 'none'"
        raise ArgumentError(
            f"tool_choice is {value!r}{nearest(str(value), names)}; expected {modes}, or the name of one "
            f"of the tools: {', '.join(names) or 'there is none'}"
        )
    return {"function_calling_config": {"mode": "ANY", "allowed_function_names": [value]}}


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
    """
    try:
        told = convert_to_json_schema(value)
    except (ValueError, TypeError, KeyError) as error:
        raise FieldError(
            "schema: expected a model of pydantic, a TypedDict or a JSON Schema with a title, got "
            f"{type(value).__name__}: {error}"
        ) from error
    return narrowed(from_json_schema(told), backend)
