"""What grounds answers of Vertex AI in what is found.

For `Tool.from_google_search_retrieval` and `Tool.from_retrieval`.
"""

from __future__ import annotations

from gemini_grpc.aiplatform_v1.types import tool
from gemini_grpc.aiplatform_v1.types.tool import DynamicRetrievalConfig
from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative.default import backend_of

__all__ = ["DynamicRetrievalConfig", "GoogleSearchRetrieval", "Retrieval", "VertexAISearch"]


def GoogleSearchRetrieval(  # noqa: N802  # a class where code comes from
    dynamic_retrieval_config: DynamicRetrievalConfig | None = None,
) -> tool.GoogleSearchRetrieval:
    """Return a search with Google.

    Args:
        dynamic_retrieval_config: When to search; the model decides if not given.
    """
    return tool.GoogleSearchRetrieval(dynamic_retrieval_config=dynamic_retrieval_config)


def VertexAISearch(  # noqa: N802  # a class where code comes from
    datastore: str, *, project: str | None = None, location: str | None = None
) -> tool.VertexAISearch:
    """Return a data store of Vertex AI Search.

    Args:
        datastore: Its id, or its full name.
        project: Its project; that of the default client if not given.
        location: Its location; that of the default client if not given.

    Raises:
        ArgumentError: It is an id, and no project is known.
    """
    if "/" in datastore:
        return tool.VertexAISearch(datastore=datastore)
    backend = backend_of()
    project, location = project or backend.project, location or backend.location
    if not project or not location:
        raise ArgumentError(
            f"datastore is {datastore!r}, an id, so that project and location are needed as well"
        )
    parent = f"projects/{project}/locations/{location}/collections/default_collection"
    return tool.VertexAISearch(datastore=f"{parent}/dataStores/{datastore}")


def Retrieval(  # noqa: N802  # a class where code comes from
    source: tool.VertexAISearch | tool.VertexRagStore, disable_attribution: bool | None = None
) -> tool.Retrieval:
    """Return where to look.

    Args:
        source: A data store, or a corpus.
        disable_attribution: Accepted because vertexai's class has it; the server ignores it.
    """
    if isinstance(source, tool.VertexRagStore):
        return tool.Retrieval(vertex_rag_store=source)
    return tool.Retrieval(vertex_ai_search=source)
