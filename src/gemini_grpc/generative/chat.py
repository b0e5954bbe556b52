"""A chat: a model, and what has been said.

The history is exactly what successful exchanges have made. An exchange is parked until its answer is
complete and good; only then are its messages added, all at once, and where it began is kept. Of an answer,
only parts that the service accepts again are added (`replay`). Messages that a chat is given are copied.
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
from gemini_grpc.generative.contents import async_read, to_content, to_contents
from gemini_grpc.generative.replay import replace_parts, replayable
from gemini_grpc.generative.rounds import AutomaticFunctionCalling
from gemini_grpc.generative.template import Given
from gemini_grpc.keywords import explain_keywords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gemini_grpc.generative._async.response import AsyncGenerateContentResponse
    from gemini_grpc.generative._sync.response import GenerateContentResponse
    from gemini_grpc.generative.answer import Answer
    from gemini_grpc.generative.argument_types import (
        ContentsType,
        ContentType,
        GenerationConfigType,
        RequestOptionsType,
        SafetySettingsType,
        ToolConfigType,
        ToolsType,
    )
    from gemini_grpc.generative.model import GenerativeModel
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
        history: ContentsType | None = None,
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
        self._changing = threading.RLock()  # held while the fields below change
        self._asking: list[Content] | None = None  # what is asked, until the answer is parked
        self._pending: tuple[list[Content], Answer] | None = None  # what was asked, and the answer
        self._last: Answer | None = None
        self._history: list[Content] = []
        self._begun: dict[int, Content] = {}  # what exchanges in the history began with, by id
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

        It can be set to anything that contents can be. Then an answer that is on its way is forgotten:
        whoever waits for it gets it, and it is not added. What is put into the list may be anything that
        contents can be as well; it becomes messages when the chat goes on.

        Raises:
            IncompleteIterationError: A stream has not been read to its end.
            BrokenResponseError: The last answer is unusable; `rewind` takes it back.
        """
        self._settle()
        return self._history

    @history.setter
    def history(self, value: ContentsType | None) -> None:
        empty = value is None or (isinstance(value, (list, tuple)) and not value)
        history = [] if empty else self._own(value)
        with self._changing:
            self._history, self._begun = history, {}
            self._asking = self._pending = self._last = None

    @property
    def last(self) -> Answer | None:
        """The last answer, which may be on its way; None before the first and after `rewind`."""
        return self._last if self._pending is None else self._pending[1]

    @explain_keywords
    def send_message(
        self,
        content: ContentType,
        *,
        generation_config: GenerationConfigType | None = None,
        safety_settings: SafetySettingsType | None = None,
        stream: bool = False,
        tools: ToolsType | None = None,
        tool_config: ToolConfigType | None = None,
        labels: Mapping[str, str] | None = None,
        request_options: RequestOptionsType | None = None,
    ) -> GenerateContentResponse:
        """Say something, and return what the model answers.

        Args:
            content: A text, another part, a list of parts, or a message of the user.
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
            ResponseValidationError: There is no answer to go on from, such as one without any part that has
                data; the two before are such errors.
            RpcError: The call failed.
            TooManyRoundsError: The model goes on to call functions.
        """
        given = Given(generation_config, safety_settings, tools, tool_config, labels)
        with self._exchange(content, given, request_options) as (asked, question):
            response = generating.generate(question.synchronous(), stream=stream)
            self._receive(asked, response)
        return response

    @explain_keywords
    async def send_message_async(
        self,
        content: ContentType,
        *,
        generation_config: GenerationConfigType | None = None,
        safety_settings: SafetySettingsType | None = None,
        stream: bool = False,
        tools: ToolsType | None = None,
        tool_config: ToolConfigType | None = None,
        labels: Mapping[str, str] | None = None,
        request_options: RequestOptionsType | None = None,
    ) -> AsyncGenerateContentResponse:
        """Say something, and return what the model answers; see `send_message`.

        If the task is cancelled, so is the call, and the history is as before.

        Raises:
            ArgumentError: An argument has a value that cannot be used; nothing was sent.
            AnswerError: As `send_message`.
            RpcError: The call failed.
        """
        given = Given(generation_config, safety_settings, tools, tool_config, labels)
        content = await async_read(content)
        with self._exchange(content, given, request_options) as (asked, question):
            response = await async_generating.async_generate(question, stream=stream)
            self._receive(asked, response)
        return response

    def rewind(self) -> tuple[Content, Content]:
        """Take back the last exchange, and return what was said in it.

        An exchange is what one message and its answer have added, functions that were called
        automatically included. An answer that is on its way is left to its reader and forgotten; so is
        one that is unusable. Of these, what arrived is returned. In a history that was given, an exchange
        begins with what the user says besides results of functions.

        Raises:
            NoExchangeError: There is none.
            ArgumentError: Something was put into the history that cannot be used.
            FieldError: Something was put into the history that is no message.
        """
        with self._changing:
            if self._asking is not None:
                asked, self._asking = self._asking, None
                self._last = None
                return asked[-1], self._said(None)
            parked = self._pending
            try:
                self._settle()
            except (IncompleteIterationError, BrokenResponseError):
                assert parked is not None
                self._pending = self._last = None
                return parked[0][-1], self._said(parked[1])
            self._convert()
            self._last = None
            begins = [
                index
                for index, content in enumerate(self._history[:-1])
                if id(content) in self._begun or _asks(content)
            ]
            if not begins:
                raise NoExchangeError("the history has no exchange to take back")
            sent, received = self._history[begins[-1]], self._history[-1]
            del self._history[begins[-1] :]
            return sent, received

    def __copy__(self) -> ChatSession:
        """Return a chat that goes on from the same history, with the same settings.

        Raises:
            IncompleteIterationError: A stream has not been read to its end.
            BrokenResponseError: The last answer is unusable.
            ArgumentError: Something was put into the history that cannot be used.
            FieldError: Something was put into the history that is no message.
        """
        with self._changing:
            history = self.history
            self._convert()
            made = ChatSession(
                self.model, None, self._calling or False, response_validation=self._validates
            )
            made._history = made._copies(history) if history else []
            both = zip(history, made._history, strict=True)
            made._begun = {id(new): new for old, new in both if id(old) in self._begun}
            made._last = self._last
        return made

    def __getstate__(self) -> dict[str, Any]:
        """Return what deep copies and pickles have; the model says what becomes of the client.

        Raises:
            IncompleteIterationError: A stream has not been read to its end.
            BrokenResponseError: The last answer is unusable.
            ArgumentError: Something was put into the history that cannot be used.
            FieldError: Something was put into the history that is no message.
        """
        with self._changing:
            history = self.history
            self._convert()
            return {
                "model": self.model,
                "history": list(history),
                "begun": [index for index, each in enumerate(history) if id(each) in self._begun],
                "calling": self._calling or False,
                "validates": self._validates,
                "last": self._last,
            }

    def __setstate__(self, state: dict[str, Any]) -> None:
        history, validates = state["history"], state["validates"]
        ChatSession.__init__(
            self, state["model"], None, state["calling"], response_validation=validates
        )
        self._history = self._copies(history) if history else []
        self._begun = {id(self._history[index]): self._history[index] for index in state["begun"]}
        self._last = state["last"]

    def __repr__(self) -> str:
        state = "" if self._pending is None else ", waiting for the end of an answer"
        return f"ChatSession(model={self.model.model_name!r}, {len(self._history)} messages{state})"

    @contextmanager
    def _exchange(
        self, content: object, given: Given, options: RequestOptionsType | None
    ) -> Iterator[tuple[list[Content], Question]]:
        """Hold the chat for one exchange, and give what is asked: what was said, and what is sent."""
        if not self._busy.acquire(blocking=False):
            raise BusyError(
                "the chat waits for an answer already; send one message at a time, or copy.copy the chat"
            )
        try:
            self._settle()
            backend = self.model._current().backend
            sent = backend.types.Content(to_content(content, backend, role="user"))
            if sent.role != "user":
                raise ArgumentError(
                    "content.role is 'model'; a message that is sent is the user's, and what the model "
                    "has said belongs in the history of the chat"
                )
            with self._changing:
                self._convert()
                asked = self._asking = [*self._history, sent]
            question = self.model._ask(asked, given, options, self._calling)
            _refuse_candidates(question.template)
            yield asked, question
        finally:
            self._asking = None
            self._busy.release()

    def _receive(self, asked: list[Content], response: Response) -> None:
        """Park an answer; one that is complete, or blocked at once, is good, or it is not kept.

        One that was asked for before the history was set or rewound is not kept either.
        """
        complete = response._done or _is_blocked(response)
        with self._changing:
            if complete:
                self._validate(asked, response)
            if self._asking is not asked:
                return
            self._asking = None
            if complete:
                self._add(asked, response)
            else:
                self._pending = (asked, response)

    def _settle(self) -> None:
        """Add the exchange that is parked."""
        with self._changing:
            if self._pending is None:
                return
            asked, answer = self._pending
            if not answer._done:
                raise IncompleteIterationError(
                    "the last answer has not come to its end: iterate over the response, or call its "
                    "resolve(), before going on with the chat; rewind() takes it back"
                )
            blocked = isinstance(answer.error, BlockedPromptException)
            if answer.error is not None and (self._validates or not blocked):
                raise _broken() from answer.error
            try:
                self._validate(asked, answer)
            except ResponseValidationError as error:
                raise _broken() from error
            self._add(asked, answer)

    def _add(self, asked: list[Content], answer: Answer) -> None:
        """Add an exchange, unless nothing came of it."""
        received = self._said(answer)
        if received.parts and not _is_blocked(answer):
            sent = asked[-1]
            between = map(type(received), answer.automatic_function_calling_history)
            self._history += [sent, *between, received]
            self._begun[id(sent)] = sent
        self._last, self._pending = answer, None

    def _copies(self, value: object) -> list[Content]:
        """Return what contents can be as messages of the chat's own."""
        backend = self.model._current().backend
        return [backend.types.Content(content) for content in to_contents(value, backend)]

    def _own(self, value: object) -> list[Content]:
        """Return what contents can be as messages of the chat's own, with what the service accepts again."""
        own: list[Any] = self._copies(value)
        for content in own:
            if content.role == "model":
                replace_parts(content._pb)
        return [content for content in own if content._pb.parts]

    def _convert(self) -> None:
        """Make messages of what was put into the history; those that are some stay the same."""
        backend = self.model._current().backend
        content_type = backend.types.Content
        own = {id(each._pb): each for each in self._history if isinstance(each, content_type)}
        if len(own) < len(self._history):
            made = to_contents(self._history, backend)
            self._history[:] = [own.get(id(content)) or content_type(content) for content in made]
        self._begun = {id(each): each for each in self._history if id(each) in self._begun}

    def _validate(self, asked: list[Content], answer: Answer) -> None:
        """Refuse an answer that the chat cannot go on from."""
        if not self._validates:
            return
        message: Any = answer.message
        if _is_blocked(answer):
            raise BlockedPromptException(message, asked)
        if not message._pb.candidates:
            raise ResponseValidationError("the answer has no candidates", asked, [message])
        candidate = message._pb.candidates[0]
        if candidate.finish_reason not in reading.GOOD_ENDS:
            raise StopCandidateException(message.candidates[0], asked, [message])
        if not any(replayable(candidate.content.parts)):
            what = "parts with data" if candidate.content.parts else "parts"
            raise ResponseValidationError(
                f"the answer has no {what}; finish_reason is {reading.finish_reason(candidate)}",
                asked,
                [message],
            )

    def _said(self, answer: Answer | None) -> Content:
        """Return what the model has said, as a message of its own; nothing before there is an answer."""
        content: Any = self.model._current().backend.types.Content(role="model")
        message: Any = None if answer is None else answer.message
        if message is not None and message._pb.candidates:
            content._pb.parts.extend(replayable(message._pb.candidates[0].content.parts))
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
