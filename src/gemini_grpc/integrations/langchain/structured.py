"""What reads an answer that was asked for in a certain form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from langchain_core.exceptions import OutputParserException
from langchain_core.output_parsers import (
    BaseGenerationOutputParser,
    BaseOutputParser,
    JsonOutputParser,
    PydanticOutputParser,
)
from langchain_core.output_parsers.openai_tools import (
    JsonOutputKeyToolsParser,
    PydanticToolsParser,
)
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass

if TYPE_CHECKING:
    from langchain_core.outputs import Generation

Method = Literal["json_schema", "function_calling", "json_mode"]
"""How the form is asked for: as the schema of the answer, as the call of a function, or in words only."""

METHODS = ("json_schema", "function_calling", "json_mode")

Parser = BaseOutputParser[Any] | BaseGenerationOutputParser[Any]


class _Deep:
    """A parser that raises LangChain's own error for JSON that is nested too deeply."""

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        try:
            return super().parse_result(result, partial=partial)  # type: ignore[misc]
        except RecursionError as error:
            text = result[0].text
            raise OutputParserException("the JSON is nested too deeply", llm_output=text) from error


class _Json(_Deep, JsonOutputParser):
    """Reads a dictionary."""


class _Model(_Deep, PydanticOutputParser[Any]):
    """Reads a model of pydantic."""


def parser(schema: Any, method: Method) -> Parser:
    """Return what reads an answer: for a model of pydantic as one of these, else as a dictionary."""
    model = isinstance(schema, type) and is_basemodel_subclass(schema)
    if method != "function_calling":
        return _Model(pydantic_object=schema) if model else _Json()
    if model:
        return PydanticToolsParser(tools=[schema], first_tool_only=True)
    name = convert_to_openai_tool(schema)["function"]["name"]
    return JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)


def with_raw(reads: Parser) -> Runnable[Any, dict[str, Any]]:
    """Return what gives the message, what was read in it, and the error if it could not be read."""

    def read(raw: Any) -> dict[str, Any]:
        try:
            return {"raw": raw, "parsed": reads.invoke(raw), "parsing_error": None}
        except ValueError as error:
            return {"raw": raw, "parsed": None, "parsing_error": error}

    return RunnableLambda(read)
