"""What one call of `embed_content` does: which requests are sent, and what becomes of the answers.

- A text, a message or a dictionary is one content; any other iterable is a list of contents, of any
  size, and each item has a vector of its own: the messages of `chat.history` too.
- The Gemini API takes up to a hundred contents in one call; Vertex AI takes them one by one.
- A title belongs to documents: it needs `task_type="retrieval_document"`, which it does not imply.
- What can be found wrong is found before anything is sent, in every item. What the server refuses is
  an error that names the item, or the items of the call that failed.
"""

from __future__ import annotations

import enum
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from gemini_grpc.errors import ArgumentError, Internal, RpcError, nearest
from gemini_grpc.generative.backend import Backend, UnsupportedError, Version
from gemini_grpc.generative.contents import to_content
from gemini_grpc.generative.vectors import OUTPUTS, Lists, Matrix, Vectors

if TYPE_CHECKING:
    import numpy as np
    from google.protobuf.message import Message as PbMessage
    from numpy.typing import NDArray

    from gemini_grpc.rpc.method import Method

BATCH = 100
"""How many contents the Gemini API takes in one call."""

_READERS = {"BatchEmbedContents": "Vectors", "EmbedContent": "Vector"}
_BATCHES_AT_ONCE = 4
_SINGLES_AT_ONCE = 8
_UNSPECIFIED = "TASK_TYPE_UNSPECIFIED"

TASK_TYPES = {
    _UNSPECIFIED: "unspecified",
    "RETRIEVAL_QUERY": "query",
    "RETRIEVAL_DOCUMENT": "document",
    "SEMANTIC_SIMILARITY": "similarity",
    "CLASSIFICATION": "classification",
    "CLUSTERING": "clustering",
    "QUESTION_ANSWERING": "qa",
    "FACT_VERIFICATION": "verification",
    "CODE_RETRIEVAL_QUERY": "code_query",
}
"""What vectors can be for, and a shorter name of each; names may be in any case."""

_NAMES = {name.lower(): full for full, short in TASK_TYPES.items() for name in (full, short)}

TaskType: TypeAlias = "str | int | enum.IntEnum"
"""A task by its name, its number on the backend, or as a member of the enum of any backend."""


class EmbeddingDict(TypedDict):
    """The vector of one content."""

    embedding: list[float]


class BatchEmbeddingDict(TypedDict):
    """The vectors of a list of contents, in order."""

    embedding: list[list[float]]


class ArrayEmbeddingDict(TypedDict):
    """The vector of one content, or the matrix of a list of contents, a row for each; float32."""

    embedding: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Task:
    """A call of `embed_content` that has been checked."""

    method: Method[Any, Any]
    """What is called; its answers are `Vectors`."""
    request_class: type[PbMessage]
    """The class of its requests."""
    fields: Mapping[str, Any]
    """What is the same for every content."""
    items: Sequence[str | PbMessage]
    """The contents; a text stands for itself."""
    several: bool
    """Whether a list was given."""
    size: int
    """How many contents go into one call."""
    at_once: int
    """How many calls are made at the same time."""
    found: Lists | Matrix
    """Where the vectors go."""

    @property
    def batches(self) -> Sequence[range]:
        """The indexes of the contents of each call."""
        count = len(self.items)
        return [range(start, min(start + self.size, count)) for start in range(0, count, self.size)]

    def request(self, batch: range) -> PbMessage:
        """Return the request for some of the contents."""
        fields = self.fields
        requests = [
            {"content": {"parts": [{"text": item}]} if isinstance(item, str) else item, **fields}
            for item in self.items[batch.start : batch.stop]
        ]
        if self.size == 1:
            return self.request_class(**requests[0])
        return self.request_class(model=fields["model"], requests=requests)

    def take(self, batch: range, vectors: Vectors) -> None:
        """Take the answer to the request for some of the contents.

        Raises:
            Internal: It has not one vector for each, one has no values, or they do not make a matrix.
        """
        if len(vectors) != len(batch):
            raise Internal(f"the server sent {len(vectors)} embeddings of {len(batch)} contents")
        index = 0
        for block in vectors.blocks:
            if not block.size:
                raise Internal(f"the server sent an embedding without values (requests[{index}])")
            index += block.rows
        self.found.put(batch.start, vectors)

    def explain(self, error: RpcError, batch: range) -> None:
        """Let the error of a call name the content that was refused, or those it was about."""
        error.method = self.method.path
        if not self.several:
            return
        named = re.search(r"\brequests\[(\d+)\]", str(error))
        if len(batch) == 1:
            where = f"[{batch.start}]"
        elif named and int(named[1]) < len(batch):
            where = f"[{batch[int(named[1])]}]"
        else:
            where = f"[{batch.start}:{batch.stop}]"
        error.message = f"content{where}: {error.message}"
        error.args = (error.message,)

    @property
    def result(self) -> Any:
        """What the user gets, when every answer has been taken."""
        return {"embedding": self.found.all() if self.several else self.found.only()}


def prepare(
    backend: Backend,
    model: str,
    content: object,
    output: str,
    task_type: TaskType | None,
    title: str | None,
    output_dimensionality: int | None,
    auto_truncate: bool | None,
) -> Task:
    """Check the arguments of `embed_content` and return what is to be done.

    Raises:
        ArgumentError: An argument has a value that cannot be used.
        FieldError: Something is no content.
        UnsupportedError: The backend lacks what is asked for.
    """
    name = backend.model(model)
    task = _task_type(task_type, backend)
    options = {
        "task_type": task,
        "title": _title(title, task, backend),
        "output_dimensionality": _dimensionality(output_dimensionality),
        "auto_truncate": _auto_truncate(auto_truncate, backend),
    }
    given: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    if backend.is_vertex and given:
        given = {"embed_content_config": given}
    if output not in OUTPUTS:
        raise ArgumentError(
            f"output is {output!r}{nearest(str(output), OUTPUTS)}; expected 'list' or 'numpy'"
        )
    several = _is_list(content)
    items = _items(content, backend) if several else [_item(content, backend, "content")]
    batched = several and not backend.is_vertex
    method = "BatchEmbedContents" if batched else "EmbedContent"
    return Task(
        _method(backend.version, method),
        backend.pb(f"{method}Request"),
        {"model": name, **given},
        items,
        several,
        size=BATCH if batched else 1,
        at_once=_BATCHES_AT_ONCE if batched else _SINGLES_AT_ONCE,
        found=OUTPUTS[output](len(items)),
    )


@cache
def _method(version: Version, name: str) -> Method[Any, Any]:
    """Return a method whose answers are not parsed, but read as vectors."""
    reader = f"gemini_grpc.generative.vectors:{_READERS[name]}"
    return replace(Backend(version).method(name), response=reader)


def _is_list(content: object) -> bool:
    """Tell whether there are several contents; a column of a table or an array of texts is a list."""
    one = isinstance(content, (str, bytes, bytearray, memoryview, Mapping))
    picture = getattr(content, "ndim", 1) != 1 or hasattr(content, "read")
    return isinstance(content, Iterable) and not one and not picture


def _items(contents: Any, backend: Backend) -> Sequence[str | PbMessage]:
    items = [
        # most are such texts, and there may be a hundred thousand
        item
        if type(item) is str and item and item.isascii()
        else _item(item, backend, f"content[{index}]")
        for index, item in enumerate(contents)
    ]
    if not items:
        raise ArgumentError("content is an empty list; expected at least one text or content")
    return items


def _item(value: Any, backend: Backend, path: str) -> str | PbMessage:
    """Return a text as it is, which is quick and takes little memory, and anything else as a Content."""
    if isinstance(value, str) and value and _is_unicode(value):
        return value
    content: PbMessage = to_content(value, backend, path=path)
    return content


def _is_unicode(text: str) -> bool:
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False


def _task_type(value: TaskType | None, backend: Backend) -> int | None:
    """Return the number of a task on the backend, None if none is said."""
    if value is None:
        return None
    values: Any = backend.pb("EmbedContentRequest").DESCRIPTOR.fields_by_name["task_type"].enum_type
    numbers: dict[str, int] = {each.name: each.number for each in values.values}
    if isinstance(value, enum.Enum):
        value = value.name  # enums of other backends and of google's package have other numbers
    if isinstance(value, str):
        name = _NAMES.get(value.strip().lower(), "")
        if name == _UNSPECIFIED:
            return None
        if name and name not in numbers:
            raise UnsupportedError(f"task_type: {backend.name} has no {name}")
        if name:
            return numbers[name]
    elif isinstance(value, int) and not isinstance(value, bool) and value in numbers.values():
        return value or None
    hint = nearest(value.lower(), _NAMES) if isinstance(value, str) else ""
    expected = ", ".join(name.lower() for name in numbers if numbers[name])
    raise ArgumentError(f"task_type is {value!r}{hint}; expected one of {expected}")


def _title(value: object, task: int | None, backend: Backend) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ArgumentError(f"title: expected a str, got {type(value).__name__}")
    if task is None or task != _task_type("RETRIEVAL_DOCUMENT", backend):
        raise ArgumentError(
            "title is only used with documents: pass task_type='retrieval_document' too, or leave title "
            "out"
        )
    return value


def _dimensionality(value: Any) -> int | None:
    if value is None:
        return None
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = 0
    if not 0 < number < 1 << 31:
        raise ArgumentError(
            f"output_dimensionality is {value!r}; expected how many numbers a vector shall have, 1 or more"
        )
    return number


def _auto_truncate(value: object, backend: Backend) -> bool | None:
    if value is None:
        return None
    if not isinstance(value, bool):
        raise ArgumentError(f"auto_truncate is {value!r}; expected True or False")
    if not backend.is_vertex:
        raise UnsupportedError(f"auto_truncate: {backend.name} has no such option; Vertex AI has")
    return value
