"""The errors of answers that cannot be used as they were asked for.

    GeminiError
     +-- AnswerError
          +-- NoAnswerError           (also ValueError) there is no text, or none of the kind asked for
          +-- IncompleteIterationError  the stream has not come to its end
          +-- IncompleteResponseError the stream ended before the model had said why it stopped
          +-- BrokenResponseError     the stream of a chat ended in an error
          +-- TooManyRoundsError      (also RuntimeError) the model goes on to call functions
          +-- ResponseValidationError an answer that a chat cannot go on from
               +-- BlockedPromptException   the prompt was blocked
               +-- StopCandidateException   the model stopped for a reason that leaves no good answer
    UsageError
     +-- NoExchangeError              (also IndexError) there is nothing to take back
     +-- BusyError                    (also RuntimeError) the chat waits for an answer already

The names are those that users of other clients catch; what failed is in the attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import GeminiError, UsageError
from gemini_grpc.generative.member import word

if TYPE_CHECKING:
    from gemini_grpc.v1beta.types import Candidate, Content, GenerateContentResponse


class AnswerError(GeminiError):
    """An answer of a model cannot be used as it was asked for."""


class NoAnswerError(AnswerError, ValueError):
    """An answer has no text, or not of the kind asked for; the text says why.

    `args` are the message and, if the model stopped for a reason of safety, the safety ratings.
    """

    def __str__(self) -> str:
        return str(self.args[0])


class IncompleteIterationError(AnswerError):
    """What belongs to the whole answer was asked for before its stream came to the end."""


class IncompleteResponseError(AnswerError):
    """The stream of an answer ended without a finish reason, so the end of the answer is missing.

    The server, or something on the way to it, has closed the stream with the status OK all the same.
    An answer that is one message is always complete: it arrives as a whole or not at all.
    """

    def __init__(self, response: GenerateContentResponse) -> None:
        super().__init__(response)
        self.response = response
        """What has arrived, joined to one message."""

    def __str__(self) -> str:
        return (
            "the stream ended without a finish reason, so the end of the answer is missing; what has "
            "arrived is in response"
        )


class BrokenResponseError(AnswerError):
    """The last answer of a chat is unusable; its `__cause__` says why, and `rewind` takes it back."""


class TooManyRoundsError(AnswerError, RuntimeError):
    """The model goes on to call functions after as many rounds as were allowed."""

    def __init__(self, rounds: int, response: GenerateContentResponse) -> None:
        super().__init__(rounds, response)
        self.rounds = rounds
        """How many times functions were called."""
        self.response = response
        """The last answer, which has the calls that were not made."""

    def __str__(self) -> str:
        return (
            f"the model still calls functions after {self.rounds} rounds; allow more with "
            "AutomaticFunctionCalling(max_rounds=...), or look at response for what it wants"
        )


class ResponseValidationError(AnswerError):
    """A chat got an answer that it cannot go on from; its history is as before."""

    def __init__(
        self,
        message: str,
        request_contents: Sequence[Content] = (),
        responses: Sequence[GenerateContentResponse] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        """What is wrong."""
        self.request_contents = tuple(request_contents)
        """What was asked, with the history; empty if it was not asked in a chat."""
        self.responses = tuple(responses)
        """What the model answered: one message."""

    def __str__(self) -> str:
        return self.message


class BlockedPromptException(ResponseValidationError):
    """The prompt was blocked; the response has the reason in `prompt_feedback`."""

    def __init__(
        self, response: GenerateContentResponse, request_contents: Sequence[Content] = ()
    ) -> None:
        feedback = _pb(response).prompt_feedback
        text = f"the prompt was blocked: {word(feedback, 'block_reason')}"
        if said := getattr(feedback, "block_reason_message", ""):  # Vertex AI has it
            text += f": {said}"
        super().__init__(text, request_contents, [response])
        self.args = (response,)
        self.response = response
        """The message that said so."""


class StopCandidateException(ResponseValidationError):
    """The model stopped for a reason that leaves no good answer, such as SAFETY."""

    def __init__(
        self,
        candidate: Candidate,
        request_contents: Sequence[Content] = (),
        responses: Sequence[GenerateContentResponse] = (),
    ) -> None:
        said = f": {candidate.finish_message}" if getattr(candidate, "finish_message", "") else ""
        text = f"the model stopped for {word(_pb(candidate), 'finish_reason')}{said}"
        super().__init__(text, request_contents, responses)
        self.args = (candidate,)
        self.candidate = candidate
        """What there is of the answer."""


class NoExchangeError(UsageError, IndexError):
    """The history of a chat has no exchange to take back."""


class BusyError(UsageError, RuntimeError):
    """A chat was told something while it waited for an answer; use a copy for each conversation."""


def no_message() -> BrokenResponseError:
    """Return the error for a stream that ended without a message."""
    return BrokenResponseError("the stream ended without a single message")


def _pb(message: Any) -> Any:
    return message._pb
