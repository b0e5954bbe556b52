"""A chat: a model, and what has been said.

The history is exactly what successful exchanges have made. An exchange is parked until its answer is
complete and good; only then are its messages added, all at once. Messages that a chat is given are
copied.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative import reading
from gemini_grpc.generative._async import generating as async_generating
from gemini_grpc.generative._sync import generating
from gemini_grpc.generative.answer_errors import (
    BlockedPromptException,
    BrokenResponseError,
    BusyError,
    IncompleteIterationError,
    NoExchangeError,
    ResponseValidationError,
    StopCandidateException,
)
from gemini_grpc.generative.contents import to_content, to_contents
from gemini_grpc.generative.rounds import AutomaticFunctionCalling
from gemini_grpc.generative.template import Given

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gemini_grpc.generative._async.response import AsyncGenerateContentResponse
    from gemini_grpc.generative._sync.response import GenerateContentResponse
    from gemini_grpc.generative.answer import Answer
    from gemini_grpc.generative.model import Config, GenerativeModel, Options
    from gemini_grpc.generative.template import Question, Template
    from gemini_grpc.v1beta.types import Content

    Response = GenerateContentResponse | AsyncGenerateContentResponse


class ChatSession:
    """A chat with a model; `GenerativeModel.start_chat` makes one.

    Methods of both colours may be mixed. One message at a time: while an answer is waited for, sending
    another is a `BusyError`, and while a stream is read, an `IncompleteIterationError`. For several
    continuations of one chat, `copy.copy` it.
    """

    def __init__(
        self,
        model: GenerativeModel,
        history: object = None,
        enable_automatic_function_calling: bool | AutomaticFunctionCalling = False,
        *,
        response_validation: bool = True,
    ) -> None:
        """Begin a chat; see `GenerativeModel.start_chat`.

        Raises:
            ArgumentError: The history cannot be used, or the model gives several candidates.
        """
        self.model = model
        self._calling = AutomaticFunctionCalling.of(enable_automatic_function_calling)
        self._validates = response_validation
        self._busy = threading.Lock()
        self._pending: tuple[Any, Answer] | None = None  # what was sent, and its answer
        self._last: Answer | None = None
        self._history: list[Content] = []
        _refuse_candidates(model._current())
        self.history = history

    @property
    def enable_automatic_function_calling(self) -> bool:
        """Whether functions are called that the model asks for; it can be set, also to limits."""
        return self._calling is not None

    @enable_automatic_function_calling.setter
    def enable_automatic_function_calling(self, value: bool | AutomaticFunctionCalling) -> None:
        self._calling = AutomaticFunctionCalling.of(value)

    @property
    def history(self) -> list[Content]:
        """The messages of every exchange that has succeeded; the list may be changed.

        It can be set to anything that contents can be. Then an answer that is on its way is forgotten.
        What is put into the list may be the same; it becomes messages when the chat goes on.

        Raises:
            IncompleteIterationError: A stream has not been read to its end.
            BrokenResponseError: The last answer is unusable; `rewind` takes it back.
        """
        self._settle()
        return self._history

    @history.setter
    def history(self, value: object) -> None:
        empty = value is None or (isinstance(value, (list, tuple)) and not value)
        self._history = [] if empty else self._own(value)
        self._pending = self._last = None

    @property
    def last(self) -> Answer | None:
        """The last answer, which may be on its way; None before the first and after `rewind`."""
        return self._last if self._pending is None else self._pending[1]

    def send_message(
        self,
        content: object,
        *,
        generation_config: Config | None = None,
        safety_settings: object = None,
        stream: bool = False,
        tools: object = None,
        tool_config: object = None,
        labels: Mapping[str, str] | None = None,
        request_options: Options | None = None,
    ) -> GenerateContentResponse:
        """Say something, and return what the model answers.

        Args:
            content: A text, another part, a list of parts, or a message.
            generation_config: Settings for this message; they win over those of the model, one by one.
            safety_settings: The same, category by category.
            stream: Give the answer while it arrives; the history has it when it is complete.
            tools: Tools for this message, instead of those of the model.
            tool_config: When functions are called, instead of what the model has.
            labels: Labels for the bill of this call, on Vertex AI.
            request_options: Timeout, retry and metadata of each call.

        Raises:
            ArgumentError: An argument has a value that cannot be used; nothing was sent.
            IncompleteIterationError: The stream before has not been read to its end.
            BrokenResponseError: The answer before is unusable; `rewind` takes it back.
            BusyError: Another message is on its way.
            BlockedPromptException: The prompt was blocked.
            StopCandidateException: The model stopped for a reason that leaves no good answer.
            ResponseValidationError: There is no answer to go on from; the two before are such errors.
            RpcError: The call failed.
            TooManyRoundsError: The model goes on to call functions.
        """
        given = Given(generation_config, safety_settings, tools, tool_config, labels)
        with self._exchange(content, given, request_options) as (sent, question):
            response = generating.generate(question.synchronous(), stream=stream)
            self._receive(sent, response)
        return response

    async def send_message_async(
        self,
        content: object,
        *,
        generation_config: Config | None = None,
        safety_settings: object = None,
        stream: bool = False,
        tools: object = None,
        tool_config: object = None,
        labels: Mapping[str, str] | None = None,
        request_options: Options | None = None,
    ) -> AsyncGenerateContentResponse:
        """Say something, and return what the model answers; see `send_message`.

        If the task is cancelled, so is the call, and the history is as before.

        Raises:
            ArgumentError: An argument has a value that cannot be used; nothing was sent.
            AnswerError: As `send_message`.
            RpcError: The call failed.
        """
        given = Given(generation_config, safety_settings, tools, tool_config, labels)
        with self._exchange(content, given, request_options) as (sent, question):
            response = await async_generating.async_generate(question, stream=stream)
            self._receive(sent, response)
        return response

    def rewind(self) -> tuple[Content, Content]:
        """Take back the last exchange, function calls included, and return what was said in it.

        A stream that is on its way is left to its reader and forgotten; so is an answer that is
        unusable, of which what arrived is returned.

        Raises:
            NoExchangeError: There is none.
            ArgumentError: Something was put into the history that cannot be used.
            FieldError: Something was put into the history that is no message.
        """
        if self._pending is not None:
            (sent, answer), self._pending = self._pending, None
            self._last = None
            return sent, self._said(answer)
        self._convert()
        self._last = None
        asked = [index for index, content in enumerate(self._history[:-1]) if _asks(content)]
        if not asked:
            raise NoExchangeError("the history has no exchange to take back")
        sent, received = self._history[asked[-1]], self._history[-1]
        del self._history[asked[-1] :]
        return sent, received

    def __copy__(self) -> ChatSession:
        """Return a chat that goes on from the same history, with the same settings.

        Raises:
            IncompleteIterationError: A stream has not been read to its end.
            BrokenResponseError: The last answer is unusable.
            ArgumentError: Something was put into the history that cannot be used.
            FieldError: Something was put into the history that is no message.
        """
        made = ChatSession(
            self.model, self.history, self._calling or False, response_validation=self._validates
        )
        made._last = self._last
        return made

    def __repr__(self) -> str:
        state = "" if self._pending is None else ", waiting for the end of an answer"
        return f"ChatSession(model={self.model.model_name!r}, {len(self._history)} messages{state})"

    @contextmanager
    def _exchange(
        self, content: object, given: Given, options: Options | None
    ) -> Iterator[tuple[Any, Question]]:
        """Hold the chat for one exchange, and give what is sent."""
        if not self._busy.acquire(blocking=False):
            raise BusyError(
                "the chat waits for an answer already; send one message at a time, or copy.copy the chat"
            )
        try:
            self._settle()
            self._convert()
            backend = self.model._current().backend
            sent = backend.types.Content(to_content(content, backend, role="user"))
            question = self.model._ask([*self._history, sent], given, options, self._calling)
            _refuse_candidates(question.template)
            yield sent, question
        finally:
            self._busy.release()

    def _receive(self, sent: Any, response: Response) -> None:
        """Park an answer; one that is complete, or blocked at once, is good, or it is not kept."""
        self._pending = (sent, response)
        try:
            if response._done or _is_blocked(response):
                self._add(sent, response)
        except ResponseValidationError:
            self._pending = None
            raise

    def _settle(self) -> None:
        """Add the exchange that is parked."""
        if self._pending is None:
            return
        sent, answer = self._pending
        if not answer._done:
            raise IncompleteIterationError(
                "the last answer has not come to its end: iterate over the response, or call its "
                "resolve(), before going on with the chat; rewind() takes it back"
            )
        blocked = isinstance(answer.error, BlockedPromptException)
        if answer.error is not None and (self._validates or not blocked):
            raise _broken() from answer.error
        try:
            self._add(sent, answer)
        except ResponseValidationError as error:
            raise _broken() from error

    def _add(self, sent: Any, answer: Answer) -> None:
        """Add an exchange, unless nothing came of it."""
        if self._validates:
            self._validate(sent, answer)
        received = self._said(answer)
        if received.parts and not _is_blocked(answer):
            between = map(type(received), answer.automatic_function_calling_history)
            self._history += [sent, *between, received]
        self._last, self._pending = answer, None

    def _own(self, value: object) -> list[Content]:
        """Return what contents can be as messages of the chat's own."""
        backend = self.model._current().backend
        return [backend.types.Content(content) for content in to_contents(value, backend)]

    def _convert(self) -> None:
        """Make messages of what was put into the history."""
        content_type = self.model._current().backend.types.Content
        if not all(isinstance(content, content_type) for content in self._history):
            self._history[:] = self._own(self._history)

    def _validate(self, sent: Any, answer: Answer) -> None:
        """Refuse an answer that the chat cannot go on from."""
        message: Any = answer.message
        asked = [*self._history, sent]
        if _is_blocked(answer):
            raise BlockedPromptException(message, asked)
        if not message._pb.candidates:
            raise ResponseValidationError("the answer has no candidates", asked, [message])
        candidate = message._pb.candidates[0]
        if candidate.finish_reason not in reading.GOOD_ENDS:
            raise StopCandidateException(message.candidates[0], asked, [message])
        if not candidate.content.parts:
            raise ResponseValidationError(
                f"the answer has no parts; finish_reason is {reading.finish_reason(candidate)}",
                asked,
                [message],
            )

    def _said(self, answer: Answer) -> Content:
        """Return what the model has said, as a message of its own."""
        message: Any = answer.message
        content_type = self.model._current().backend.types.Content
        content: Any = content_type(role="model")
        if message._pb.candidates:
            content._pb.parts.extend(message._pb.candidates[0].content.parts)
        said: Content = content
        return said


def _asks(content: Any) -> bool:
    """Tell whether a message begins an exchange: the user's, and no results of functions."""
    parts = content._pb.parts
    return content.role == "user" and not any(part.HasField("function_response") for part in parts)


def _is_blocked(answer: Answer) -> bool:
    message: Any = answer.message
    return reading.is_blocked(message._pb)


def _refuse_candidates(template: Template) -> None:
    count = template.request.generation_config.candidate_count
    if count > 1:
        raise ArgumentError(f"candidate_count is {count}; a chat goes on from one candidate")


def _broken() -> BrokenResponseError:
    return BrokenResponseError(
        "the last answer cannot be used, so the chat cannot go on from it; rewind() takes it back"
    )
