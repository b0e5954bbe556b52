"""DiscussService: conversations with the chat models of PaLM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.emulator import status, tokens
from gemini_grpc.emulator.answers import replies, safety
from gemini_grpc.emulator.answers.prompt import MODEL, Prompt, Turn
from gemini_grpc.emulator.services.models import find, require

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call

_SPEAKERS = ("0", "1")


def generate_message(call: Call) -> Data:
    """Return replies to the last message, and the messages that fitted into the prompt."""
    model = find(call, require(call.request, "model"), supports="generateMessage")
    prompt = _prompt(call.request)
    messages = _fitting(prompt, model["input_token_limit"])
    *before, last = messages
    speaker = _other(last["author"], messages)
    if safety.judge(last["content"], ()).blocked:
        return {"messages": messages, "filters": [{"reason": "SAFETY"}]}
    said = Prompt(
        said=last["content"],
        instruction=prompt.get("context", ""),
        history=tuple(
            Turn(MODEL if message.get("author") == speaker else "user", message["content"])
            for message in [*_examples(prompt), *before]
        ),
    )
    return {
        "candidates": [
            {"author": speaker, "content": replies.reply(said, seed=(call.world.seed, index))}
            for index in range(call.request.get("candidate_count", 1))
        ],
        "messages": messages,
    }


def count_message_tokens(call: Call) -> Data:
    """Return what a prompt counts: context, examples and messages."""
    find(call, require(call.request, "model"), supports="countMessageTokens")
    return {"token_count": _count(_prompt(call.request))}


def _prompt(request: Data) -> Data:
    """Return a prompt, the authors of its messages filled in."""
    prompt: Data = request["prompt"]
    messages = [
        {"author": message.get("author") or _SPEAKERS[index % 2], "content": message["content"]}
        for index, message in enumerate(prompt["messages"])
    ]
    return prompt | {"messages": messages}


def _examples(prompt: Data) -> list[Data]:
    return [example[side] for example in prompt.get("examples", ()) for side in ("input", "output")]


def _fitting(prompt: Data, limit: int) -> list[Data]:
    """Return the messages without as many of the oldest as are too much."""
    messages: list[Data] = prompt["messages"]
    excess = _count(prompt) - limit
    while excess > 0 and len(messages) > 1:
        excess -= tokens.count_text(messages[0]["content"])
        messages = messages[1:]
    if excess > 0:
        raise status.invalid("prompt", f"has {excess} tokens more than the {limit} of the model")
    return messages


def _count(prompt: Data) -> int:
    said = [message["content"] for message in (*_examples(prompt), *prompt["messages"])]
    return sum(map(tokens.count_text, [prompt.get("context", ""), *said]))


def _other(author: str, messages: list[Data]) -> str:
    """Return who replies: another one who has spoken, or else the other of two."""
    others = (message["author"] for message in reversed(messages) if message["author"] != author)
    return next(others, "0" if author == "1" else "1")


HANDLERS = {
    "DiscussService.GenerateMessage": generate_message,
    "DiscussService.CountMessageTokens": count_message_tokens,
}
