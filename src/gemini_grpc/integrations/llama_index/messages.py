"""The messages of a chat put as the contents of a request.

- What the system and the developer say, wherever it stands, is the system instruction; if nothing else is
  said, it is said by the user.
- Results of tools are said by the user; those that follow each other are one content, in the order of their
  calls, because the API wants the results of parallel calls together. They belong to their calls by
  `tool_call_id`.
- Blocks that say nothing are left out, and so are messages without any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.types import ChatMessage, MessageRole, TextBlock, ToolCallBlock

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.functions import response_of

if TYPE_CHECKING:
    from gemini_grpc.integrations.llama_index.blocks import Data, Parts

SIGNATURES = "thought_signatures"
"""The key of `additional_kwargs` with a signature, or None, for each block, as base64."""

_SPEAKERS = {
    MessageRole.SYSTEM: "system",
    MessageRole.DEVELOPER: "system",
    MessageRole.USER: "user",
    MessageRole.ASSISTANT: "model",
    MessageRole.CHATBOT: "model",
    MessageRole.MODEL: "model",
    MessageRole.TOOL: "tool",
    MessageRole.FUNCTION: "tool",
}


class ModelMessage(ChatMessage):
    """A message of the model; its text is that of its blocks with nothing between them.

    The blocks of one text are apart only because of what belongs to them, such as a signature.
    """

    @property
    def content(self) -> str | None:
        """The text of the text blocks; None if there are none."""
        texts = [block.text for block in self.blocks if isinstance(block, TextBlock)]
        return "".join(texts) if texts else None

    @content.setter
    def content(self, content: str) -> None:
        ChatMessage.content.fset(self, content)  # type: ignore[attr-defined]  # mypy sees a str


@dataclass(slots=True)
class Conversation:
    """What is said to a model."""

    contents: list[Data] = field(default_factory=list)
    """The contents, as dictionaries in the words of the proto."""
    system: list[Data] = field(default_factory=list)
    """The parts of the system instruction."""


def conversation(messages: Sequence[ChatMessage], parts: Parts) -> Conversation:
    """Return the contents and the system instruction of a chat.

    Raises:
        FieldError: Something is no message, or a block cannot be sent.
        ArgumentError: The data of a block cannot be read, or a result has no call that it belongs to.
    """
    made = Conversation()
    called: dict[str, str] = {}
    for speaker, group in groupby(enumerate(messages), key=_speaker):
        if speaker == "tool":
            made.contents.append({"role": "user", "parts": _results(group, parts, called)})
            continue
        for index, message in group:
            said = _said(message, parts, f"messages[{index}]")
            called |= {
                call.tool_call_id or call.tool_name: call.tool_name for call in _calls(message)
            }
            if speaker == "system":
                made.system += said
            elif said:
                made.contents.append({"role": speaker, "parts": said})
    if made.system and not made.contents:
        return Conversation([{"role": "user", "parts": made.system}])
    return made


def _speaker(numbered: tuple[int, ChatMessage]) -> str:
    index, message = numbered
    if not isinstance(message, ChatMessage):
        kind = type(message).__name__
        raise FieldError(f"messages[{index}]: expected a ChatMessage, got {kind}")
    return _SPEAKERS[message.role]


def _calls(message: ChatMessage) -> Iterable[ToolCallBlock]:
    return (block for block in message.blocks if isinstance(block, ToolCallBlock))


def _said(message: ChatMessage, parts: Parts, path: str) -> list[Data]:
    """Return the parts of a message, with the signatures that belong to them."""
    signatures: list[Any] = message.additional_kwargs.get(SIGNATURES) or []
    if len(signatures) != len(message.blocks) or not parts.backend.has("Part", "thought_signature"):
        signatures = [None] * len(message.blocks)  # the blocks are others now
    said = []
    for index, (block, signature) in enumerate(zip(message.blocks, signatures, strict=True)):
        found = parts.of(block, f"{path}.blocks[{index}]")
        if signature and not found:  # an empty text that carries a signature
            found = [{"text": ""}]
        if signature:
            found[0]["thought_signature"] = signature
        said += found
    return said


def _results(
    group: Iterable[tuple[int, ChatMessage]], parts: Parts, called: Mapping[str, str]
) -> list[Data]:
    """Return the parts with the results of tools, in the order of their calls as far as that is known."""
    order = list(called)
    placed = []
    for index, message in group:
        call_id = str(message.additional_kwargs.get("tool_call_id"))
        place = order.index(call_id) if call_id in called else len(order)
        placed.append((place, _result(message, parts, called, f"messages[{index}]")))
    return [part for _, part in sorted(placed, key=lambda pair: pair[0])]


def _result(message: ChatMessage, parts: Parts, called: Mapping[str, str], path: str) -> Data:
    """Return the part with the result of a tool: its text, and images and the like beside it."""
    told = message.additional_kwargs
    call_id = told.get("tool_call_id")
    name = called.get(str(call_id)) or told.get("name") or call_id
    if not name:
        raise ArgumentError(
            f"{path}: the result of a tool needs the id of its call in additional_kwargs['tool_call_id'], "
            "or the name of the tool in additional_kwargs['name']"
        )
    response: Data = {"name": str(name), "response": response_of(message.content or "")}
    if parts.has_id("FunctionResponse", call_id):
        response["id"] = str(call_id)
    others = [block for block in message.blocks if not isinstance(block, TextBlock)]
    beside = [part for block in others for part in parts.of(block, f"{path}.blocks")]
    if beside:
        response["parts"] = beside
    return {"function_response": response}
