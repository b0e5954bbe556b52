"""An answer of a model, complete or on its way: what both colours of response have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative import reading
from gemini_grpc.generative.accumulate import joined
from gemini_grpc.generative.answer_errors import IncompleteIterationError
from gemini_grpc.generative.parsing import parse_answer
from gemini_grpc.generative.schema import is_type

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

    from gemini_grpc.generative.rounds import Rounds
    from gemini_grpc.v1beta.types import Candidate, Content, GenerateContentResponse, Part

T = TypeVar("T")

INCOMPLETE = (
    "the stream has not come to its end: iterate over the response, or call its resolve(), before "
    "reading what belongs to the whole answer"
)


class Answer:
    """The messages of an answer that have arrived, and what they say together.

    The types of what it gives are those of the backend that answered.
    """

    _done = True
    _error: BaseException | None = None
    _rounds: Rounds | None = None  # of automatic function calling
    _between: Sequence[Content] = ()  # what the rounds have added, in a copy
    _first = 0  # where the messages of the last round begin

    def __init__(self, chunks: list[Any], *, schema: object = None, piece: bool = False) -> None:
        self._chunks = chunks  # messages of the API, of all rounds
        self._schema = schema
        self._piece = piece  # one message of a stream
        self._joined: tuple[int, Any] = (1, chunks[0])
        self._aside: tuple[int, Any] = (0, None)  # how many messages were read for it

    @property
    def message(self) -> GenerateContentResponse:
        """What has arrived so far as one message of the API; every field of the stream is in it."""
        count, whole = self._joined
        if count != len(self._chunks):
            messages = [each._pb for each in self._chunks[self._first :]]
            whole = type(self._chunks[0]).wrap(joined(messages))
            self._joined = (len(self._chunks), whole)
        found: GenerateContentResponse = whole
        return found

    @property
    def _besides(self) -> GenerateContentResponse:
        """What has arrived so far besides the candidates, which a stream may be asked for at every step.

        Each step joins what is new to what there was; what grows with the stream is in the candidates.
        """
        if self._done:
            return self.message
        count, known = self._aside
        if count != len(self._chunks):
            before = [known] if count > self._first else []
            new = [each._pb for each in self._chunks[max(count, self._first) :]]
            known = joined([*before, *new], without="candidates")
            self._aside = (len(self._chunks), known)
        found: GenerateContentResponse = type(self._chunks[0]).wrap(known)
        return found

    def _whole(self) -> GenerateContentResponse:
        if not self._done:
            raise IncompleteIterationError(INCOMPLETE)
        return self.message

    @property
    def text(self) -> str:
        """The text of the only candidate: its text parts one after the other, without thoughts.

        Of one message of a stream, it is the text that came with it, which may be empty. The texts of all
        messages add up to the text of the whole answer.

        Raises:
            IncompleteIterationError: The stream has not come to its end.
            NoAnswerError: There is no text, or there is more than text; the error says why.
        """
        whole: Any = self._whole()
        return reading.text_of(whole._pb, piece=self._piece)

    @property
    def thoughts(self) -> str:
        """What the model tells of its thinking; empty unless `include_thoughts` was asked for.

        Raises:
            IncompleteIterationError: The stream has not come to its end.
        """
        whole: Any = self._whole()
        return reading.thoughts_of(whole._pb)

    @property
    def candidates(self) -> MutableSequence[Candidate]:
        """The candidates.

        Raises:
            IncompleteIterationError: The stream has not come to its end.
        """
        return self._whole().candidates

    @property
    def parts(self) -> MutableSequence[Part]:
        """The parts of the only candidate, thoughts among them.

        Raises:
            IncompleteIterationError: The stream has not come to its end.
            NoAnswerError: There is no candidate, or there are several.
        """
        whole = self._whole()
        reading.only_candidate(whole._pb)  # type: ignore[attr-defined]  # the message underneath
        return whole.candidates[0].content.parts

    @property
    def function_calls(self) -> list[reading.FunctionCall]:
        """The functions that the first candidate wants to be called, in order.

        Raises:
            IncompleteIterationError: The stream has not come to its end.
        """
        whole: Any = self._whole()
        return reading.calls_of(whole._pb)

    @property
    def parsed(self) -> Any:
        """The JSON that the model answered, as the type that was given as `response_schema`.

        Type checkers do not know that type here; `parse` tells them.

        Without such a type these are dictionaries, lists and other plain values. JSON that comes in
        several parts goes on from one to the next.

        Raises:
            IncompleteIterationError: The stream has not come to its end.
            NoAnswerError: There is no text.
            MisfitError: The text is not JSON, or does not fit the type.
        """
        return self._parsed_as(self._schema)

    @overload
    def parse(self, schema: type[T]) -> T: ...
    @overload
    def parse(self, schema: Any) -> Any: ...
    def parse(self, schema: Any) -> Any:
        """Return the JSON that the model answered as a value of a type.

            recipes = response.parse(list[Recipe])  # list[Recipe], for type checkers too

        Args:
            schema: A dataclass, TypedDict, Enum, pydantic model, or a type such as `list[Recipe]`. It may
                differ from the `response_schema` of the request.

        Raises:
            IncompleteIterationError: The stream has not come to its end.
            NoAnswerError: There is no text.
            MisfitError: The text is not JSON, or does not fit the type.
            ArgumentError: The schema is not a type.
        """
        if not is_type(schema):
            raise ArgumentError(
                f"schema is {schema!r}; expected a type, such as a dataclass or list[int]"
            )
        return self._parsed_as(schema)

    def _parsed_as(self, schema: object) -> object:
        whole: Any = self._whole()
        return parse_answer(reading.text_of(whole._pb, piece=self._piece), schema)

    @property
    def prompt_feedback(self) -> GenerateContentResponse.PromptFeedback:
        """What was found about the prompt; in a stream it is there at once."""
        return self._besides.prompt_feedback

    @property
    def usage_metadata(self) -> GenerateContentResponse.UsageMetadata:
        """The tokens that were used, as far as the server has told."""
        return self._besides.usage_metadata

    @property
    def model_version(self) -> str:
        """The version of the model that answered."""
        return self._besides.model_version

    @property
    def response_id(self) -> str:
        """The id of the answer; empty where the backend has none."""
        return getattr(self._besides, "response_id", "")

    @property
    def automatic_function_calling_history(self) -> list[Content]:
        """What was said between the question and this answer: calls of functions and their results."""
        return list(self._between) if self._rounds is None else self._rounds.between

    @property
    def error(self) -> BaseException | None:
        """What ended the stream early; what had arrived before can be read all the same."""
        return self._error

    def to_dict(self) -> dict[str, Any]:
        """Return the whole answer as a dictionary: every field, enums as numbers.

        `type(response.message).to_dict(response.message, use_integers_for_enums=False)` has names.

        Raises:
            IncompleteIterationError: The stream has not come to its end.
        """
        whole: Any = self._whole()
        found: dict[str, Any] = type(whole).to_dict(whole)
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Return what copies and pickles have; functions that were called stay where they are.

        Raises:
            IncompleteIterationError: The stream has not come to its end.
        """
        self._whole()
        history = self.automatic_function_calling_history
        return {**self.__dict__, "_rounds": None, "_between": history}

    def __repr__(self) -> str:
        pb: Any = self.message if self._done else self._chunks[-1]
        state = [] if self._done else ["incomplete", f"message {len(self._chunks)}"]
        if self._error is not None:
            state = [f"error={type(self._error).__name__}"]
        return f"{type(self).__name__}({', '.join((*state, *reading.describe(pb._pb)))})"
