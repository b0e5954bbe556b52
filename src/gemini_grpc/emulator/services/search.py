"""QueryCorpus and QueryDocument: the chunks that are closest to a question, by their embeddings.

Words that carry no meaning (`text.keywords` drops them) do not count. Filters are joined by AND, the
conditions of one filter by OR; what has no entry of the key, or one of another kind, meets no condition.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemini_grpc.emulator import names, status, text

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.store import Store
    from gemini_grpc.emulator.world import Call

SIZE = 768
"""How long the vectors are that chunks are found by."""
RESULTS = 10
RESULTS_LIMIT = 100

_PREFIXES = {"document": "document.custom_metadata.", "chunk": "chunk.custom_metadata."}

_NUMBERS: dict[str, Callable[[Any, Any], bool]] = {
    "LESS": operator.lt,
    "LESS_EQUAL": operator.le,
    "EQUAL": operator.eq,
    "GREATER_EQUAL": operator.ge,
    "GREATER": operator.gt,
    "NOT_EQUAL": operator.ne,
}
_STRINGS: dict[str, Callable[[Any, Any], bool]] = {"EQUAL": operator.eq, "NOT_EQUAL": operator.ne}
_LISTS: dict[str, Callable[[Any, Any], bool]] = {
    "INCLUDES": lambda stored, constant: constant in stored,
    "EXCLUDES": lambda stored, constant: constant not in stored,
}


@dataclass(frozen=True, slots=True)
class Test:
    """One condition, ready to be applied."""

    kind: str
    """The field of `CustomMetadata` it looks at."""
    compare: Callable[[Any, Any], bool]
    """Takes the stored value and the constant."""
    constant: object
    """What the stored value is compared with."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: the tests of one entry of metadata, of which one has to hold."""

    owner: str
    """`document` or `chunk`."""
    key: str
    """The key of the entry."""
    tests: tuple[Test, ...]
    """The conditions."""

    def holds(self, owners: dict[str, Data]) -> bool:
        """Tell whether a chunk passes, given itself and its document."""
        entries = owners[self.owner].get("custom_metadata", [])
        entry: Data = next((each for each in entries if each.get("key") == self.key), {})
        return any(
            test.compare(_plain(entry[test.kind]), test.constant)
            for test in self.tests
            if test.kind in entry
        )


def query_corpus(call: Call) -> Data:
    """Return the chunks of a corpus that fit a question best."""
    return _query(call, names.CORPUS, ("document", "chunk"))


def query_document(call: Call) -> Data:
    """Return the chunks of a document that fit a question best."""
    return _query(call, names.DOCUMENT, ("chunk",))


def find(
    store: Store, source: str, question: str, filters: tuple[Filter, ...], limit: int
) -> list[Data]:
    """Return the best chunks of a corpus or document as `RelevantChunk`, the closest first.

    Raises:
        StatusError: NOT_FOUND: there is no such corpus or document.
    """
    asked = embed(question)
    found = []
    with store.lock:
        whole = store.find(source)
        documents = [whole] if "/documents/" in source else store.records(f"{source}/documents")
        pairs = [
            (document.data, chunk)
            for document in documents
            for chunk in store.records(f"{document.name}/chunks")
        ]
    for document, chunk in pairs:
        if all(each.holds({"document": document, "chunk": chunk.data}) for each in filters):
            score = sum(map(operator.mul, asked, chunk.private["embedding"]))
            found.append(
                {"chunk_relevance_score": score, "chunk": chunk.data, "document": document}
            )
    return sorted(found, key=lambda each: -each["chunk_relevance_score"])[:limit]


def embed(said: str) -> list[float]:
    """Return the vector a text is found by."""
    return text.embed(" ".join(text.keywords(said)), SIZE)


def filters(given: list[Data], owners: tuple[str, ...], path: str) -> tuple[Filter, ...]:
    """Return the filters of a request, ready to be applied.

    Raises:
        StatusError: INVALID_ARGUMENT: a key or an operator will not do.
    """
    return tuple(_filter(each, owners, f"{path}[{index}]") for index, each in enumerate(given))


def _query(call: Call, pattern: str, owners: tuple[str, ...]) -> Data:
    request = call.request
    name = names.require(request, "name", pattern)
    wanted = filters(request.get("metadata_filters", []), owners, "metadata_filters")
    limit = min(request.get("results_count", RESULTS), RESULTS_LIMIT)
    return {"relevant_chunks": find(call.world.store, name, request["query"], wanted, limit)}


def _filter(given: Data, owners: tuple[str, ...], path: str) -> Filter:
    key = given.get("key", "")
    for owner in owners:
        prefix = _PREFIXES[owner]
        if key.startswith(prefix) and len(key) > len(prefix):
            break
    else:
        allowed = " or ".join(_PREFIXES[owner] for owner in owners)
        raise status.invalid(f"{path}.key", f"is {key!r}, expected {allowed} and a key")
    tests = tuple(
        _test(condition, f"{path}.conditions[{index}]")
        for index, condition in enumerate(given["conditions"])
    )
    return Filter(owner, key.removeprefix(prefix), tests)


def _test(condition: Data, path: str) -> Test:
    name = condition.get("operation", "OPERATOR_UNSPECIFIED")
    kinds = {
        "numeric_value": (("numeric_value", _NUMBERS),),
        "string_value": (("string_value", _STRINGS), ("string_list_value", _LISTS)),
    }
    field = next((field for field in kinds if field in condition), "")
    if not field:
        raise status.invalid(path, "has neither a string_value nor a numeric_value")
    for kind, operators in kinds[field]:
        if name in operators:
            return Test(kind, operators[name], condition[field])
    raise status.invalid(f"{path}.operation", f"is {name}, which does not suit a {field}")


def _plain(value: Any) -> Any:
    """Return a stored value as it is compared."""
    return value.get("values", []) if isinstance(value, dict) else value


HANDLERS = {
    "RetrieverService.QueryCorpus": query_corpus,
    "RetrieverService.QueryDocument": query_document,
}
