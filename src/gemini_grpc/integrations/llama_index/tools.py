"""The tools of LlamaIndex as functions of a request, and the calls of an answer as LlamaIndex takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.types import ChatMessage, ToolCallBlock
from llama_index.core.llms.llm import ToolSelection

from gemini_grpc.errors import ArgumentError
from gemini_grpc.functions.json_schema import from_json_schema
from gemini_grpc.generative.schema import narrowed
from gemini_grpc.generative.tools import FunctionDeclaration
from gemini_grpc.integrations.llama_index.messages import SIGNATURES

if TYPE_CHECKING:
    from llama_index.core.tools.types import BaseTool

    from gemini_grpc.generative.backend import Backend

Data = dict[str, Any]

_MODES = {
    "auto": "AUTO",
    "none": "NONE",
    "any": "ANY",
    "required": "ANY",
    "validated": "VALIDATED",
}
"""The words for a choice that is no tool, in any case; `required` is what other models call it."""


def declarations(tools: Sequence[BaseTool], backend: Backend) -> list[FunctionDeclaration]:
    """Return what a model is told of tools.

    Raises:
        ArgumentError: The parameters of a tool have no schema.
    """
    return [_declaration(tool, backend) for tool in tools]


def _declaration(tool: BaseTool, backend: Backend) -> FunctionDeclaration:
    told = tool.metadata
    document = told.get_parameters_dict()
    if (
        "type" not in document and told.fn_schema
    ):  # of a tree, LlamaIndex keeps no more than definitions
        document = told.fn_schema.model_json_schema()
    try:
        schema = narrowed(from_json_schema(document), backend)
    except ArgumentError as error:
        raise ArgumentError(f"tools: {told.get_name()}: {error}") from error
    return FunctionDeclaration(
        name=told.get_name(),
        description=told.description,
        parameters=schema if schema.get("properties") else None,
    )


def choice(
    wanted: str | Mapping[str, Any] | None, tools: Sequence[BaseTool], *, required: bool
) -> Data | None:
    """Return the `tool_config` of a choice; None leaves it to the model.

    Args:
        wanted: `auto`, `any` (or `required`), `none`, `validated`, the name of a tool, or a
            FunctionCallingConfig.
        tools: The tools there are.
        required: A tool has to be called, whatever `wanted` leaves open.

    Raises:
        ArgumentError: There is no such tool.
    """
    if wanted is None:
        return {"function_calling_config": {"mode": "ANY"}} if required and tools else None
    if isinstance(wanted, Mapping):
        return {"function_calling_config": dict(wanted)}
    names = [tool.metadata.get_name() for tool in tools]
    if wanted in names:
        return {"function_calling_config": {"mode": "ANY", "allowed_function_names": [wanted]}}
    mode = _MODES.get(str(wanted).lower())
    if mode is None:
        known = ", ".join([*_MODES, *names])
        raise ArgumentError(f"tool_choice is {wanted!r}; expected one of {known}")
    return {"function_calling_config": {"mode": "ANY" if required and mode == "AUTO" else mode}}


def selections(message: ChatMessage) -> list[ToolSelection]:
    """Return the calls that a message asks for."""
    return [
        ToolSelection(
            tool_id=block.tool_call_id or block.tool_name,
            tool_name=block.tool_name,
            tool_kwargs=block.tool_kwargs if isinstance(block.tool_kwargs, dict) else {},
        )
        for block in message.blocks
        if isinstance(block, ToolCallBlock)
    ]


def with_one_call(message: ChatMessage) -> ChatMessage:
    """Return a message without the calls after its first one: the API always may make several."""
    calls = [
        place for place, block in enumerate(message.blocks) if isinstance(block, ToolCallBlock)
    ]
    if len(calls) < 2:
        return message
    kept = [place for place in range(len(message.blocks)) if place not in calls[1:]]
    told = dict(message.additional_kwargs)
    for name, places in (("tool_calls", [0]), (SIGNATURES, kept)):
        if name in told:
            told[name] = [told[name][place] for place in places]
    blocks = [message.blocks[place] for place in kept]
    return type(message)(role=message.role, blocks=blocks, additional_kwargs=told)
