"""What a model answers, as LlamaIndex has answers: blocks, what is new in a stream, tokens, the message."""

from __future__ import annotations

import base64
from typing import Any

from llama_index.core.base.llms.types import (
    ChatResponse,
    ContentBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)

from gemini_grpc.generative import reading
from gemini_grpc.generative.accumulate import answer_of
from gemini_grpc.integrations.llama_index.blocks import Data, block_of
from gemini_grpc.integrations.llama_index.messages import SIGNATURES, ModelMessage

_ALWAYS = {
    "prompt_tokens": "prompt_token_count",
    "completion_tokens": "candidates_token_count",
    "total_tokens": "total_token_count",
}
_SOMETIMES = {
    "thoughts_tokens": "thoughts_token_count",
    "cached_tokens": "cached_content_token_count",
}
"""What LlamaIndex calls the numbers of tokens, and what the API does."""


class Reply:
    """An answer as far as it has arrived; in a stream, a text goes on from message to message."""

    def __init__(self) -> None:
        self._blocks: list[ContentBlock] = []
        self._signatures: list[str | None] = []
        self._answers: list[Any] = []  # the messages of a stream
        self._open = False  # the last block is a text that may go on
        self._usage: Data = {}
        self._tokens: dict[str, int] = {}

    def whole(self, answer: Any) -> ChatResponse:
        """Return the response for an answer that is one message.

        Raises:
            NoAnswerError: The prompt was blocked, or the model was stopped and said nothing.
        """
        response = self._add(answer, [reading.only_candidate(answer._pb)])
        response.delta = None
        response.additional_kwargs.pop("thinking_delta", None)
        return response

    def add(self, answer: Any) -> ChatResponse:
        """Return the response for one more message of a stream, with all that came before it.

        Raises:
            NoAnswerError: The prompt was blocked, or the model was stopped, before it said anything or by
                more than a limit.
        """
        self._answers.append(answer)
        pb = answer._pb
        there = pb.candidates or reading.is_blocked(pb)
        return self._add(answer, [reading.only_candidate(pb)] if there else [])

    def end(self) -> None:
        """Check that a stream that has ended has given the whole answer.

        Raises:
            BrokenResponseError: There was no message.
            IncompleteResponseError: The stream ended without a finish reason.
        """
        answer_of(self._answers)

    def _add(self, answer: Any, candidates: list[Any]) -> ChatResponse:
        parts = [part for candidate in candidates for part in candidate.content.parts]
        said, thought = "", ""
        for part in parts:
            new = self._take(part)
            if reading.is_thought(part):
                thought += new
            else:
                said += new
        silent = all(isinstance(each, ThinkingBlock) or each in _EMPTY for each in self._blocks)
        if candidates and (silent or not parts):
            ended = silent and candidates[0].finish_reason not in _NOT_STOPPED
            reading.text_of(answer._pb, piece=not ended)  # which knows why the model was stopped
        raw = self._raw(answer)
        more = {"thinking_delta": thought} if thought else {}
        return ChatResponse(
            message=self._message(), delta=said, raw=raw, additional_kwargs={**self._tokens, **more}
        )

    def _take(self, part: Any) -> str:
        """Add a part and return its text; a text goes on in the same block until a signature ends it."""
        signature = _signature(part)
        block = block_of(part)
        if block is None and signature:  # the part is nothing but a signature
            block = ThinkingBlock(content="") if reading.is_thought(part) else TextBlock(text="")
        if block is None or (block in _EMPTY and not signature):
            return ""
        if self._open and type(block) is type(self._blocks[-1]):
            self._blocks[-1] = _longer(self._blocks[-1], _text(block))
            self._signatures[-1] = signature
        else:
            self._blocks.append(block)
            self._signatures.append(signature)
        self._open = part.WhichOneof("data") in (None, "text") and not signature
        return _text(block)

    def _message(self) -> ModelMessage:
        told: Data = {}
        calls = [block for block in self._blocks if isinstance(block, ToolCallBlock)]
        if calls:
            told["tool_calls"] = [
                {"id": call.tool_call_id, "name": call.tool_name, "args": call.tool_kwargs}
                for call in calls
            ]
        if any(self._signatures):
            told[SIGNATURES] = list(self._signatures)
        return ModelMessage(
            role=MessageRole.ASSISTANT, blocks=list(self._blocks), additional_kwargs=told
        )

    def _raw(self, answer: Any) -> Data:
        """Return the message as a dictionary, with the candidate's fields beside those of the answer."""
        told: Data = type(answer).to_dict(answer)
        candidates = told.pop("candidates", None) or [{}]
        feedback = type(answer.prompt_feedback).to_dict(answer.prompt_feedback)
        used = answer._pb.usage_metadata
        if answer._pb.HasField("usage_metadata"):
            self._usage = told["usage_metadata"]
            self._tokens = {ours: getattr(used, name) for ours, name in _ALWAYS.items()}
            counts = {ours: getattr(used, name, 0) for ours, name in _SOMETIMES.items()}
            self._tokens |= {ours: count for ours, count in counts.items() if count}
        shown = {"prompt_feedback": feedback, "usage_metadata": self._usage}
        return {**feedback, **candidates[0], **told, **shown}


_NOT_STOPPED = (0, 1)
"""Unspecified and STOP: the finish reasons of an answer that has ended by itself, or goes on."""

_EMPTY = (TextBlock(text=""), ThinkingBlock(content=""))


def _text(block: ContentBlock) -> str:
    """Return the text of a block whose text may go on; empty for any other."""
    if isinstance(block, TextBlock):
        return block.text
    return (block.content or "") if isinstance(block, ThinkingBlock) else ""


def _longer(block: ContentBlock, text: str) -> ContentBlock:
    if isinstance(block, ThinkingBlock):
        return ThinkingBlock(content=_text(block) + text)
    return TextBlock(text=_text(block) + text)


def _signature(part: Any) -> str | None:
    data = getattr(part, "thought_signature", b"")
    return base64.b64encode(data).decode("ascii") if data else None
