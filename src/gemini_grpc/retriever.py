"""Corpora under the name of google-generativeai: `retriever.create_corpus(...)`, in both colours."""

from __future__ import annotations

from gemini_grpc.generative._async.corpora import (
    create_corpus_async,
    delete_corpus_async,
    get_corpus_async,
    list_corpora_async,
)
from gemini_grpc.generative._sync.corpora import (
    create_corpus,
    delete_corpus,
    get_corpus,
    list_corpora,
)
from gemini_grpc.generative.chunks import Chunk, ChunkState
from gemini_grpc.generative.corpora import Corpus
from gemini_grpc.generative.custom_metadata import (
    Condition,
    CustomMetadata,
    MetadataFilter,
    Operator,
)
from gemini_grpc.generative.documents import Document
from gemini_grpc.generative.searchable import RelevantChunk

__all__ = [
    "Chunk",
    "ChunkState",
    "Condition",
    "Corpus",
    "CustomMetadata",
    "Document",
    "MetadataFilter",
    "Operator",
    "RelevantChunk",
    "create_corpus",
    "create_corpus_async",
    "delete_corpus",
    "delete_corpus_async",
    "get_corpus",
    "get_corpus_async",
    "list_corpora",
    "list_corpora_async",
]
