"""Corpora and documents answer queries: with the passages in them that fit best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative._async.sending import async_send
from gemini_grpc.generative._sync.sending import send
from gemini_grpc.generative.chunks import Chunk
from gemini_grpc.generative.custom_metadata import to_filters
from gemini_grpc.generative.default import backend_of
from gemini_grpc.generative.editable import Editable
from gemini_grpc.generative.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.custom_metadata import MetadataFilter
    from gemini_grpc.generative.documents import Document
    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.wires import HasWires, Wires

MOST_RESULTS = 100


@dataclass(frozen=True, slots=True)
class RelevantChunk:
    """A passage that a query has found."""

    chunk_relevance_score: float
    """How well it fits; comparable within one query only."""
    chunk: Chunk
    """The passage."""
    document: Document | None
    """The document it is in; v1alpha does not tell."""


class Searchable(Editable):
    """A resource that answers queries."""

    __slots__ = ()

    name: str
    _QUERY: ClassVar[str]
    """The method that asks it."""

    def query(
        self,
        query: str,
        metadata_filters: Iterable[MetadataFilter | Mapping[str, Any]] | None = None,
        results_count: int | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Sequence[RelevantChunk]:
        """Return the passages in it that fit a question best, the best first.

        Args:
            query: The question.
            metadata_filters: What the facts about a passage must be; all of them must pass. A corpus
                can also be asked for facts about documents.
            results_count: How many passages at most, up to 100; 10 if nothing is said.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: There is no question, or a filter or the number cannot be used.
        """
        client = self._from(client)
        plan = self._querying(backend_of(client), query, metadata_filters, results_count)
        return send(plan, client, request_options)

    async def query_async(
        self,
        query: str,
        metadata_filters: Iterable[MetadataFilter | Mapping[str, Any]] | None = None,
        results_count: int | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Sequence[RelevantChunk]:
        """Return the passages in it that fit a question best, the best first; see `query`."""
        client = self._from(client)
        plan = self._querying(backend_of(client), query, metadata_filters, results_count)
        return await async_send(plan, client, request_options)

    def _querying(
        self, backend: Backend, query: object, filters: object, count: object
    ) -> Plan[Sequence[RelevantChunk]]:
        method = backend.method(self._QUERY)
        if not isinstance(query, str) or not query.strip():
            raise ArgumentError(f"query: expected a question, got {query!r:.80}")
        if count is not None and (type(count) is not int or not 0 < count <= MOST_RESULTS):
            raise ArgumentError(
                f"results_count is {count!r}; expected 1 to {MOST_RESULTS}, or None"
            )
        request = {
            "name": self.name,
            "query": query,
            "metadata_filters": to_filters(filters, backend),
            "results_count": count,
        }
        return Plan(method, request, _found)


def _found(answer: Any, wires: Wires) -> Sequence[RelevantChunk]:
    from gemini_grpc.generative.documents import Document  # documents are searchable themselves

    told = wires.backend.has("RelevantChunk", "document")
    return [
        RelevantChunk(
            found.chunk_relevance_score,
            Chunk.of(found.chunk, wires),
            Document.of(found.document, wires) if told else None,
        )
        for found in answer.relevant_chunks
    ]
