# Derived by `python -m codegen` from src/gemini_grpc/generative/_async/corpora.py. Do not edit.
"""Make, find and delete corpora."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.generative import corpora
from gemini_grpc.generative._sync.sending import items, send
from gemini_grpc.generative.default import backend_of, client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gemini_grpc.generative.corpora import Corpus
    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.wires import HasWires


def create_corpus(
    name: str | None = None,
    display_name: str | None = None,
    client: HasWires | None = None,
    request_options: Options = None,
) -> Corpus:
    """Make a corpus, which has no documents yet.

    Args:
        name: Its name or the last part of it; without one, the server makes one up.
        display_name: A label for people.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Raises:
        ArgumentError: It is no name of a corpus.
        UnsupportedError: Vertex AI has no corpora here.
    """
    client = client_of(client)
    plan = corpora.creating(backend_of(client), name, display_name)
    return send(plan, client, request_options)


def get_corpus(
    name: str, client: HasWires | None = None, request_options: Options = None
) -> Corpus:
    """Return a corpus.

    Args:
        name: Its name or the last part of it.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Raises:
        ArgumentError: It is no name of a corpus.
        UnsupportedError: Vertex AI has no corpora here.
    """
    client = client_of(client)
    return send(corpora.getting(backend_of(client), name), client, request_options)


def list_corpora(
    *,
    page_size: int | None = None,
    client: HasWires | None = None,
    request_options: Options = None,
) -> Iterator[Corpus]:
    """Return the corpora one after the other, the oldest first.

    Args:
        page_size: How many one call fetches; the next is made when they are used up.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of each call.

    Raises:
        ArgumentError: The page size cannot be used.
        UnsupportedError: Vertex AI has no corpora here.
    """
    client = client_of(client)
    return items(corpora.listing(backend_of(client), page_size), client, request_options)


def delete_corpus(
    name: str | Corpus,
    force: bool = False,
    client: HasWires | None = None,
    request_options: Options = None,
) -> None:
    """Delete a corpus.

    Args:
        name: Its name or the last part of it.
        force: Delete the documents in it too; without, a corpus that has some is refused.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Raises:
        ArgumentError: It is no name of a corpus.
        FailedPrecondition: There are documents in it.
        UnsupportedError: Vertex AI has no corpora here.
    """
    client = client_of(client)
    plan = corpora.deleting(backend_of(client), name, force)
    send(plan, client, request_options)
