"""What Gemini answers as messages of LangChain: whole, or in chunks that add up to the same.

Every part of a stream is a chunk of its own. What belongs to the whole answer (usage, why it ended,
ratings) comes with the last chunk, so that adding up counts it once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, ToolCallChunk
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from gemini_grpc.generative import reading
from gemini_grpc.generative.accumulate import answer_of
from gemini_grpc.generative.answer_errors import BlockedPromptException
from gemini_grpc.integrations.langchain import marks
from gemini_grpc.integrations.langchain.pieces import Listener, Said, invalid, to_dict

Data = dict[str, Any]
Pb = Any  # a protobuf message of any backend

_BROKEN_CALLS = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"})
"""The finish reasons of answers whose call of a tool was no good."""
_TOLD_ELSEWHERE = ("content", "index", "token_count", "finish_reason")
_CHANGING = frozenset({"text", "reasoning"})
"""The blocks that go on from one chunk to the next."""


def result(answer: Any, model: str) -> ChatResult:
    """Return a whole answer.

    Args:
        answer: The message of the API.
        model: The model that was asked, in case the answer does not say.

    Raises:
        BlockedPromptException: The prompt was blocked.
        NoAnswerError: There is no candidate, and no reason why.
    """
    response: Pb = answer._pb
    refuse_blocked(answer)
    if not response.candidates:
        reading.only_candidate(response)
    generations = []
    for place, candidate in enumerate(response.candidates):
        said = Listener().hear(candidate.content.parts)
        said.invalid += _broken_calls(candidate)
        message = AIMessage(
            content=said.content,
            tool_calls=said.calls,
            invalid_tool_calls=said.invalid,
            additional_kwargs=said.additional,
            response_metadata=_metadata(response, candidate, model),
            usage_metadata=usage(response) if place == 0 else None,
        )
        generations.append(ChatGeneration(message=message))
    return ChatResult(generations=generations)


def refuse_blocked(answer: Any) -> None:
    """Raise if the prompt was blocked.

    Raises:
        BlockedPromptException: It was.
    """
    if reading.is_blocked(answer._pb):
        raise BlockedPromptException(answer)


class Streamed:
    """Makes chunks of the messages of a stream; the first candidate is the one that is streamed.

    A text is content as it is, as long as there is nothing but text; from the first other block on, and in
    version 1 of LangChain's output, content is blocks, whose `index` says which belong together.
    """

    def __init__(self, model: str, *, blocks: bool = False) -> None:
        self._model = model
        self._blocks = blocks
        self._listener = Listener()
        self._index = -1
        self._goes_on = ""  # the type of the block that the next one may go on with
        self._answers: list[Any] = []  # the messages so far

    def chunks(self, answer: Any) -> Iterator[ChatGenerationChunk]:
        """Yield the chunks of one message.

        Raises:
            BlockedPromptException: The prompt was blocked.
        """
        refuse_blocked(answer)
        self._answers.append(answer)
        response: Pb = answer._pb
        for candidate in response.candidates:
            if candidate.index == 0:
                for part in candidate.content.parts:
                    yield from self._chunks(self._listener.hear([part]))

    def end(self) -> ChatGenerationChunk:
        """Return the last chunk.

        Raises:
            BrokenResponseError: There was no message.
            IncompleteResponseError: The stream ended without a finish reason.
            NoAnswerError: There was no candidate, and no reason why.
        """
        whole: Pb = answer_of(self._answers)._pb
        if not whole.candidates:
            reading.only_candidate(whole)
        candidate = whole.candidates[0]
        candidate.ClearField("content")
        calls = [
            tool_call_chunk(name=call["name"], args=call["args"], id=call["id"], index=self._next())
            for call in _broken_calls(candidate)
        ]
        return _chunk(
            [] if self._blocks else "",
            tool_call_chunks=calls,
            response_metadata=_metadata(whole, candidate, self._model),
            usage_metadata=usage(whole),
            chunk_position="last",
        )

    def _chunks(self, said: Said) -> Iterator[ChatGenerationChunk]:
        for block in said.blocks:
            yield _chunk(self._content(block))
        for call in said.calls:
            args = json.dumps(call["args"], ensure_ascii=False)
            yield self._call_chunk(said, call["name"], args, call["id"])
        for wrong in said.invalid:
            yield self._call_chunk(said, wrong["name"], wrong["args"], wrong["id"])

    def _call_chunk(
        self, said: Said, name: str | None, args: str | None, call_id: str | None
    ) -> ChatGenerationChunk:
        call: ToolCallChunk = tool_call_chunk(name=name, args=args, id=call_id, index=self._next())
        return _chunk("", tool_call_chunks=[call], additional_kwargs=said.additional)

    def _content(self, block: Data) -> str | list[Any]:
        kind = block["type"]
        whole = kind not in _CHANGING or "extras" in block
        if whole or kind != self._goes_on:
            self._next()
        self._goes_on = "" if whole else kind
        self._blocks = self._blocks or whole or kind != "text"
        return [{**block, "index": self._index}] if self._blocks else str(block["text"])

    def _next(self) -> int:
        self._goes_on = ""
        self._index += 1
        return self._index


def _chunk(content: str | list[Any], **fields: Any) -> ChatGenerationChunk:
    metadata = fields.pop("response_metadata", {"model_provider": marks.PROVIDER})
    message = AIMessageChunk(content=content, response_metadata=metadata, **fields)
    return ChatGenerationChunk(message=message)


def _broken_calls(candidate: Pb) -> list[Any]:
    """Return the call that the model tried to make in vain, if that is why it stopped."""
    reason = reading.finish_reason(candidate)
    if reason not in _BROKEN_CALLS:
        return []
    return [invalid("", getattr(candidate, "finish_message", ""), reason)]


def _metadata(response: Pb, candidate: Pb, model: str) -> Data:
    """Return what is told of an answer besides what it says: every field of the candidate, as words."""
    told = to_dict(candidate)
    for name in _TOLD_ELSEWHERE:
        told.pop(name, None)
    found = {
        "model_provider": marks.PROVIDER,
        "model_name": response.model_version or model,
        "response_id": getattr(response, "response_id", ""),
        "finish_reason": reading.finish_reason(candidate),
        "safety_ratings": [],
        **told,
    }
    if response.HasField("prompt_feedback"):
        found["prompt_feedback"] = to_dict(response.prompt_feedback)
    return {name: value for name, value in found.items() if value != ""}


def usage(response: Pb) -> UsageMetadata | None:
    """Return the tokens of an answer; None if it does not tell.

    What tools have added to the prompt is input. What the model has thought is output, also where only the
    total tells of it (v1alpha).
    """
    if not response.HasField("usage_metadata"):
        return None
    told = response.usage_metadata
    prompt = told.prompt_token_count + getattr(told, "tool_use_prompt_token_count", 0)
    thoughts = getattr(told, "thoughts_token_count", 0)
    output = max(told.candidates_token_count + thoughts, told.total_token_count - prompt)
    found = UsageMetadata(input_tokens=prompt, output_tokens=output, total_tokens=prompt + output)
    cached, heard = told.cached_content_token_count, _sound(told, "prompt")
    if cached or heard:
        found["input_token_details"] = InputTokenDetails(cache_read=cached, audio=heard)
    spoken = _sound(told, "candidates")
    if thoughts or spoken:
        found["output_token_details"] = OutputTokenDetails(reasoning=thoughts, audio=spoken)
    return found


def _sound(told: Pb, what: str) -> int:
    """Return how many of the tokens are sound."""
    details = getattr(told, f"{what}_tokens_details", ())
    return sum(each.token_count for each in details if each.modality == _AUDIO)


_AUDIO = 4  # Modality.AUDIO, the same on every backend
