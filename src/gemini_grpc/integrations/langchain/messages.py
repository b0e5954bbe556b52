"""A conversation of LangChain as one of Gemini: what the model is told first, and the contents.

System messages, wherever they stand, make up the system instruction, in order; if nothing else is said,
they are said by the user. Results of tools that follow each other are one content, because Gemini expects
the results of all calls at once. A message of the model that says nothing is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from gemini_grpc.errors import ArgumentError, FieldError, nearest
from gemini_grpc.functions.result import to_json
from gemini_grpc.integrations.langchain import marks
from gemini_grpc.integrations.langchain.blocks import Reader

if TYPE_CHECKING:
    from gemini_grpc.generative.backend import Backend

Data = dict[str, Any]

_ROLES = {
    "system": "system", "developer": "system", "user": "user", "human": "user",
    "assistant": "model", "ai": "model", "model": "model",
}  # fmt: skip
"""Who speaks in a ChatMessage."""


class Conversation:
    """A conversation as the parts of Gemini's messages, described by dictionaries."""

    def __init__(self, messages: Iterable[BaseMessage], backend: Backend) -> None:
        """Read the messages.

        Raises:
            ArgumentError: A message has something that cannot be sent; the text has its path.
        """
        self._backend = backend
        self._names: dict[str | None, str] = {}  # of the functions, by the ids of their calls
        self._results: list[Data] | None = None  # the content that results are added to
        self.system: list[Data] = []
        """The parts of the system instruction."""
        self.contents: list[Data] = []
        """The messages of the user and the model."""
        for index, message in enumerate(messages):
            self._add(message, f"messages[{index}]")
        if self.system and not self.contents:
            self.contents, self.system = [{"role": "user", "parts": self.system}], []

    def _add(self, message: BaseMessage, path: str) -> None:
        add = next((_ADDERS[kind] for kind in type(message).__mro__ if kind in _ADDERS), None)
        if add is None:
            kind = type(message).__name__
            raise FieldError(f"{path}: a {kind} is nothing that can be said to a model")
        results, self._results = self._results, None
        if isinstance(message, (ToolMessage, FunctionMessage)):
            self._results = results
        add(self, message, path)

    def _say(self, role: str, message: BaseMessage, path: str) -> None:
        parts = self._parts(message, path)
        if role == "system":
            self.system.extend(parts)
        elif parts:
            self.contents.append({"role": role, "parts": parts})
        elif role == "user":
            raise ArgumentError(f"{path}: the message is empty; expected something to say")

    def _parts(self, message: BaseMessage, path: str) -> list[Data]:
        reader = Reader(self._backend, path, marks.from_gemini(message))
        return list(reader.parts(message))

    def _user(self, message: HumanMessage, path: str) -> None:
        self._say("user", message, path)

    def _system(self, message: SystemMessage, path: str) -> None:
        self._say("system", message, path)

    def _other(self, message: ChatMessage, path: str) -> None:
        role = _ROLES.get(message.role.lower())
        if role is None:
            hint = nearest(message.role, _ROLES)
            raise ArgumentError(
                f"{path}.role is {message.role!r}{hint}; expected 'user', 'model' or 'system'"
            )
        self._say(role, message, path)

    def _model(self, message: AIMessage, path: str) -> None:
        parts = [*self._parts(message, path), *self._calls(message)]
        if parts:
            self.contents.append({"role": "model", "parts": parts})

    def _calls(self, message: AIMessage) -> Iterator[Data]:
        signatures = message.additional_kwargs.get(marks.CALL_SIGNATURES, {})
        invalid = [
            {**call, "args": {"arguments": call["args"] or ""}}
            for call in message.invalid_tool_calls
            if call["name"]
        ]
        calls: Sequence[Any] = [*message.tool_calls, *invalid]
        for call in calls:
            self._names[call["id"]] = call["name"]
            fields = {"name": call["name"], "args": call["args"]}
            made = marks.with_id(fields, call["id"], "FunctionCall", self._backend)
            yield marks.signed({"function_call": made}, signatures.get(call["id"]), self._backend)

    def _tool(self, message: ToolMessage, path: str) -> None:
        name = message.name or self._names.get(message.tool_call_id)
        if name is None:
            raise ArgumentError(
                f"{path}: no message before it has the call {message.tool_call_id!r}; give the name of "
                "the tool, ToolMessage(..., name=...)"
            )
        self._result(name, message, path, message.tool_call_id, failed=message.status == "error")

    def _function(self, message: FunctionMessage, path: str) -> None:
        self._result(message.name, message, path)

    def _result(
        self,
        name: str,
        message: BaseMessage,
        path: str,
        call_id: str | None = None,
        *,
        failed: bool = False,
    ) -> None:
        """Add a result; what it has besides text follows it as parts of its own."""
        parts = self._parts(message, path)
        said = "\n".join(part["text"] for part in parts if "text" in part)
        fields = {"name": name, "response": {"error": said} if failed else _response(said)}
        made = marks.with_id(fields, call_id, "FunctionResponse", self._backend)
        if self._results is None:
            self._results = []
            self.contents.append({"role": "user", "parts": self._results})
        self._results.append({"function_response": made})
        self._results.extend(part for part in parts if "text" not in part)


def _response(said: str) -> Data:
    """Return the text of a tool as a function returns it: JSON that protobuf can hold is read.

    Any other text is the output as it is, such as one with NaN, which JSON does not have.
    """
    try:
        found = to_json(json.loads(said))
    except (ValueError, RecursionError):
        found = None
    if _depth(found) > _DEEPEST:
        found = None
    if isinstance(found, dict):
        return found
    return {"output": found if isinstance(found, list) else said}


_DEEPEST = 30
"""Levels of JSON, at most: protobuf reads 100 levels of messages, and an object takes three."""


def _depth(value: Any) -> int:
    """Return how many lists and dictionaries are inside each other."""
    if not isinstance(value, (dict, list)):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, inner), default=0)


_ADDERS: dict[type, Callable[[Conversation, Any, str], None]] = {
    HumanMessage: Conversation._user,
    AIMessage: Conversation._model,
    SystemMessage: Conversation._system,
    ToolMessage: Conversation._tool,
    FunctionMessage: Conversation._function,
    ChatMessage: Conversation._other,
}
"""How each kind of message is added."""
