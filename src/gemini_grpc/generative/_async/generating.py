"""Ask a model: the calls that generate, count and compute tokens, and rounds of function calling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemini_grpc.generative._async.response import AsyncGenerateContentResponse, Follow, Stream
from gemini_grpc.generative.invoking import async_call_all
from gemini_grpc.generative.request_options import call_options

if TYPE_CHECKING:
    from gemini_grpc.aiplatform_v1.types import ComputeTokensResponse
    from gemini_grpc.generative.request_options import CallOptions
    from gemini_grpc.generative.rounds import Rounds
    from gemini_grpc.generative.template import Question
    from gemini_grpc.generative.wires import Wires
    from gemini_grpc.v1beta.types import CountTokensResponse


async def async_generate(
    question: Question, *, stream: bool = False
) -> AsyncGenerateContentResponse:
    """Ask a question, and call functions until the answer is there if that was asked for.

    Raises:
        RpcError: A call failed.
        TooManyRoundsError: The model goes on to call functions.
        BrokenResponseError: A stream has no message.
    """
    rounds = question.rounds()
    schema = question.template.schema
    if stream:
        response = await AsyncGenerateContentResponse.from_iterator(
            await _start(question, question.request),
            schema=schema,
            follow=_follow(question, rounds),
        )
        response._needs_finish_reason = True
    else:
        answer = await _ask(question, question.request)
        while rounds is not None and await _call(rounds, answer._pb):
            answer = await _ask(question, rounds.request)
        response = AsyncGenerateContentResponse([answer], schema=schema)
    response._rounds = rounds
    return response


def _follow(question: Question, rounds: Rounds | None) -> Follow | None:
    """Return what begins the next round when a stream has ended."""
    if rounds is None:
        return None

    async def follow(answer: Any) -> Stream | None:
        if not await _call(rounds, answer):
            return None
        stream: Stream = await _start(question, rounds.request)
        return stream

    return follow


async def _call(rounds: Rounds, answer: Any) -> bool:
    """Make the calls that an answer asks for; tell whether there were any."""
    calls, settings = rounds.calls(answer), rounds.settings
    if calls:
        rounds.add(
            answer, await async_call_all(calls, settings.timeout, settings.max_concurrent_calls)
        )
    return bool(calls)


async def _ask(question: Question, request: Any) -> Any:
    return await _unary(question.wires, "GenerateContent", request, question.options)


async def _start(question: Question, request: Any) -> Any:
    wires = question.wires
    method = wires.backend.method("StreamGenerateContent")
    return await wires.async_channel.stream(method, request, None, *question.options)


async def async_count_tokens(question: Question) -> CountTokensResponse:
    """Count the tokens of a question.

    Raises:
        RpcError: The call failed.
    """
    request = question.count_request()
    found: CountTokensResponse = await _unary(
        question.wires, "CountTokens", request, question.options
    )
    return found


async def async_compute_tokens(question: Question) -> ComputeTokensResponse:
    """Return the tokens of the contents of a question.

    Raises:
        RpcError: The call failed.
    """
    request = question.compute_request()
    found: ComputeTokensResponse = await _unary(
        question.wires, "ComputeTokens", request, question.options
    )
    return found


async def async_get_cached(wires: Wires, name: str) -> Any:
    """Return the cached content of a name.

    Raises:
        RpcError: The call failed.
    """
    return await _unary(wires, "GetCachedContent", {"name": name}, call_options(None))


async def _unary(wires: Wires, method: str, request: Any, options: CallOptions) -> Any:
    channel, found = wires.async_channel, wires.backend.method(method)
    return await channel.unary(found, request, None, *options)
