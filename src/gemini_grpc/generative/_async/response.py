"""What the everyday API gives as the answer of a model, whole or as a stream of pieces."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Self

from gemini_grpc import errors
from gemini_grpc.generative import reading
from gemini_grpc.generative.answer import Answer
from gemini_grpc.generative.answer_errors import (
    BlockedPromptException,
    IncompleteResponseError,
    no_message,
)

if TYPE_CHECKING:
    from gemini_grpc.v1beta.types import GenerateContentResponse as Piece

Stream = AsyncIterable[Any]
"""Gives the messages of an answer."""

Follow = Callable[[Any], Awaitable[Stream | None]]
"""Given the answer of a stream that has ended, starts the stream that goes on with it, if any."""


class AsyncGenerateContentResponse(Answer):
    """The answer of a model.

    One that was asked for with `stream=True` is read while it arrives: iterate over it, and every item
    is a response with one message of the stream. Reading is always one message ahead, so that as soon as
    the last item is there, so is what belongs to the whole answer (`text`, `candidates`, `parts`);
    before, asking for it is an `IncompleteIterationError`. Iterating again gives the same items.

    A stream that fails keeps what has arrived: the error is raised where the next item was due, each
    time, and then `text` and the rest tell what there is; `error` says that it is not all.

    Use it in a `with` block, or `close` it, to leave early: that cancels the call on the server. So does
    dropping the last reference. Only one task or thread may read a response.
    """

    _stream: Any = None
    _follow: Follow | None = None
    _needs_finish_reason = False  # it is the answer of a service, which says when it is complete
    _checked = 0  # so many messages are known not to say that the prompt was blocked

    @classmethod
    def from_response(
        cls, response: Piece, *, schema: object = None, piece: bool = False
    ) -> AsyncGenerateContentResponse:
        """Return the answer that one message is.

        Args:
            response: A `GenerateContentResponse` of any backend.
            schema: The type that `parsed` gives.
            piece: It is one message of a stream.
        """
        return cls([response], schema=schema, piece=piece)

    @classmethod
    async def from_iterator(
        cls, iterator: AsyncIterable[Piece], *, schema: object = None, follow: Follow | None = None
    ) -> AsyncGenerateContentResponse:
        """Return the answer whose messages an iterator gives, once the first is there.

        Args:
            iterator: Gives the messages; if it has `cancel`, leaving early calls it.
            schema: The type that `parsed` gives.
            follow: Given the answer at the end, returns the iterator to go on with, or None.

        Raises:
            BrokenResponseError: There is no message.
        """
        stream = iterator.__aiter__()
        made = cls([await _first(stream)], schema=schema)
        made._stream = stream
        made._follow = follow
        made._done = False
        return made

    def __aiter__(self) -> AsyncIterator[AsyncGenerateContentResponse]:
        return AsyncPieces(self)

    async def resolve(self) -> None:
        """Read the stream to its end.

        Raises:
            BlockedPromptException: The prompt was blocked.
            RpcError: The stream failed, now or before.
            IncompleteResponseError: The stream ended without a finish reason.
        """
        while not self._done:
            await self._read()
        self._refuse_blocked()
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        """Cancel the call, if it still runs; what has arrived stays. Closing twice is fine."""
        if not self._done:
            self._end(errors.Cancelled("the stream was closed before its end"))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def _piece_at(self, place: int) -> Any:
        """Return a message, once the one after it is known; None after the last one."""
        while not self._done and place + 1 >= len(self._chunks):
            await self._read()
        if self._checked != len(self._chunks):
            self._refuse_blocked()
        if place < len(self._chunks):
            return self._chunks[place]
        if self._error is not None:
            raise self._error
        return None

    async def _read(self) -> None:
        """Read one more message, or find out that there is none; an error is kept for the next step."""
        try:
            try:
                self._chunks.append(await self._stream.__anext__())
                return
            except StopAsyncIteration:
                pass
            await self._go_on()
        except Exception as error:
            error.add_note(
                f"{len(self._chunks)} messages of the answer had arrived; the response has them"
            )
            self._end(error)
        except BaseException:  # whoever reads was stopped, and with that the call
            self._end(errors.Cancelled("reading the stream was cancelled"))
            raise

    async def _go_on(self) -> None:
        """Begin the next round of function calling, or come to the end.

        Raises:
            IncompleteResponseError: The stream has ended before the answer.
        """
        round_ = (each._pb for each in self._chunks[self._first :])
        if self._needs_finish_reason and not reading.is_complete(round_):
            raise IncompleteResponseError(self.message)
        stream = None
        if self._follow is not None:
            whole: Any = self.message
            stream = await self._follow(whole._pb)
        if stream is None:
            self._done = True
            self._stream = self._follow = None
            return
        self._stream = stream.__aiter__()
        message = await _first(self._stream)
        self._first = len(self._chunks)
        self._chunks.append(message)

    def _end(self, error: BaseException) -> None:
        cancel = getattr(self._stream, "cancel", None)
        self._done, self._error = True, error
        self._stream = self._follow = None
        if cancel is not None:
            cancel()

    def _refuse_blocked(self) -> None:
        for message in self._chunks[self._checked :]:
            if reading.is_blocked(message._pb):
                error = BlockedPromptException(message)
                if not self._done:
                    self._end(error)
                raise error
        self._checked = len(self._chunks)


class AsyncPieces(AsyncIterator[AsyncGenerateContentResponse]):
    """The messages of an answer, from the first on, each as a response of its own."""

    def __init__(self, response: AsyncGenerateContentResponse) -> None:
        self._response = response
        self._place = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AsyncGenerateContentResponse:
        """Return the next message, as a response.

        Raises:
            RpcError: The stream failed.
            IncompleteResponseError: The stream ended without a finish reason.
        """
        message = await self._response._piece_at(self._place)
        if message is None:
            raise StopAsyncIteration
        self._place += 1
        return AsyncGenerateContentResponse([message], piece=True)


async def _first(stream: Any) -> Any:
    try:
        return await stream.__anext__()
    except StopAsyncIteration:
        raise no_message() from None
