"""The parts of what Gemini says as standard blocks and tool calls of LangChain."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from google.protobuf.json_format import MessageToDict
from langchain_core.messages import InvalidToolCall, ToolCall

from gemini_grpc.generative import reading
from gemini_grpc.integrations.langchain import marks
from gemini_grpc.integrations.langchain.blocks import CODE
from gemini_grpc.rpc.json_values import print_json, struct

Data = dict[str, Any]
Pb = Any  # a protobuf message of any backend

_KINDS = ("image", "audio", "video")
"""The blocks that are named after the first word of a MIME type; the rest are files."""


@dataclass(slots=True)
class Said:
    """What a part or several come to."""

    blocks: list[Data] = field(default_factory=list)
    """Standard blocks of content."""
    calls: list[ToolCall] = field(default_factory=list)
    """Calls of tools."""
    invalid: list[InvalidToolCall] = field(default_factory=list)
    """Calls that cannot be made."""
    signatures: dict[str, str] = field(default_factory=dict)
    """The signatures of calls, by their ids."""

    @property
    def content(self) -> str | list[Any]:
        """The content of a message: a text if that is all there is."""
        if not self.blocks:
            return ""
        plain = len(self.blocks) == 1 and self.blocks[0].keys() == {"type", "text"}
        return str(self.blocks[0]["text"]) if plain else list(self.blocks)

    @property
    def additional(self) -> Data:
        """What the message carries besides."""
        return {marks.CALL_SIGNATURES: self.signatures} if self.signatures else {}


class Listener:
    """Reads the parts of one answer, in order."""

    def __init__(self) -> None:
        self._code_id = ""  # of the code that ran last

    def hear(self, parts: Iterable[Pb]) -> Said:
        """Return what parts come to."""
        said = Said()
        for part in parts:
            if part.HasField("function_call"):
                self._call(part, said)
            else:
                said.blocks.extend(self._block(part))
        return said

    def _call(self, part: Pb, said: Said) -> None:
        call = part.function_call
        call_id = getattr(call, "id", "") or marks.new_id()
        args = struct(call.args)
        if call.name:
            said.calls.append(ToolCall(name=call.name, args=args, id=call_id, type="tool_call"))
        else:
            said.invalid.append(invalid("", json.dumps(args), "the call has no name", call_id))
        if signature := _signature(part):
            said.signatures[call_id] = signature

    def _block(self, part: Pb) -> Iterator[Data]:
        signature = _signature(part)
        if reading.has_content(part):
            made = _WRITERS.get(part.WhichOneof("data"), _unknown)(self, part)
        elif signature:
            made = self._text(part)
        else:
            return  # a part without data, which ends some streams
        yield {**made, "extras": {"signature": signature}} if signature else made

    def _text(self, part: Pb) -> Data:
        if reading.is_thought(part):
            return {"type": "reasoning", "reasoning": part.text}
        return {"type": "text", "text": part.text}

    def _data(self, part: Pb) -> Data:
        blob = part.inline_data
        coded = base64.b64encode(blob.data).decode()
        return {"type": _kind(blob), "base64": coded, "mime_type": blob.mime_type}

    def _link(self, part: Pb) -> Data:
        file = part.file_data
        return {"type": _kind(file), "url": file.file_uri, "mime_type": file.mime_type}

    def _code(self, part: Pb) -> Data:
        self._code_id = marks.new_id()
        made = to_dict(part.executable_code)
        args = {"code": made.get("code", ""), "language": made.get("language", "python").lower()}
        return {"type": "server_tool_call", "name": CODE, "args": args, "id": self._code_id}

    def _code_result(self, part: Pb) -> Data:
        result = part.code_execution_result
        return {
            "type": "server_tool_result",
            "tool_call_id": self._code_id or marks.new_id(),
            "status": "success" if result.outcome == _OK else "error",
            "output": result.output,
        }


_OK = 1  # Outcome.OUTCOME_OK, the same on every backend

_WRITERS: Mapping[str, Callable[[Listener, Pb], Data]] = {
    "text": Listener._text,
    "inline_data": Listener._data,
    "file_data": Listener._link,
    "executable_code": Listener._code,
    "code_execution_result": Listener._code_result,
}
"""How each kind of part is put."""


def _unknown(_: Listener, part: Pb) -> Data:
    return {"type": "non_standard", "value": to_dict(part)}


def to_dict(message: Pb) -> Data:
    """Return a message as a dictionary in the words of the proto."""
    return print_json(partial(MessageToDict, preserving_proto_field_name=True), message)


def _kind(data: Pb) -> str:
    kind = data.mime_type.partition("/")[0]
    return kind if kind in _KINDS else "file"


def _signature(part: Pb) -> str:
    signature = getattr(part, "thought_signature", b"")
    return marks.signature_text(signature) if signature else ""


def invalid(name: str, args: str, error: str, call_id: str = "") -> InvalidToolCall:
    """Return a call that cannot be made."""
    return InvalidToolCall(
        type="invalid_tool_call", name=name, args=args, id=call_id or marks.new_id(), error=error
    )
