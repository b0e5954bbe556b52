"""Corpora: documents that one query can search.

They are a feature of the Gemini API; on Vertex AI every function is an `UnsupportedError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from gemini_grpc.generative import documents, names
from gemini_grpc.generative._async.sending import async_items, async_send
from gemini_grpc.generative._sync.sending import items as sync_items
from gemini_grpc.generative._sync.sending import send as sync_send
from gemini_grpc.generative.default import backend_of
from gemini_grpc.generative.editable import mask
from gemini_grpc.generative.permissions import Permissions
from gemini_grpc.generative.plan import Plan, nothing, page
from gemini_grpc.generative.searchable import Searchable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
    from datetime import datetime

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.custom_metadata import CustomMetadata
    from gemini_grpc.generative.documents import Document
    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.wires import HasWires


class Corpus(Searchable):
    """A collection of documents."""

    __slots__ = ()
    EDITABLE = ("display_name",)
    _QUERY = "QueryCorpus"

    name: str
    """What to call it by: `corpora/manuals`."""
    display_name: str
    create_time: datetime | None
    update_time: datetime | None

    @property
    def permissions(self) -> Permissions:
        """Who may use it."""
        return Permissions(self)

    def _updating(self, backend: Backend, changed: dict[str, Any]) -> Plan[Self]:
        request = {"corpus": {"name": self.name, **changed}, "update_mask": mask(changed)}
        return Plan(backend.method("UpdateCorpus"), request, self.of)

    def create_document(
        self,
        name: str | None = None,
        display_name: str | None = None,
        custom_metadata: Mapping[str, Any]
        | Iterable[CustomMetadata | Mapping[str, Any]]
        | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Document:
        """Add a document, which has no text yet.

        Args:
            name: Its name or the last part of it; without one, the server makes one up.
            display_name: A label for people.
            custom_metadata: Facts about it, as a mapping of keys to texts, numbers or lists of texts.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: The name or a fact cannot be used.
        """
        client = self._from(client)
        plan = documents.creating(
            backend_of(client), self.name, name, display_name, custom_metadata
        )
        return sync_send(plan, client, request_options)

    async def create_document_async(
        self,
        name: str | None = None,
        display_name: str | None = None,
        custom_metadata: Mapping[str, Any]
        | Iterable[CustomMetadata | Mapping[str, Any]]
        | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Document:
        """Add a document, which has no text yet; see `create_document`."""
        client = self._from(client)
        plan = documents.creating(
            backend_of(client), self.name, name, display_name, custom_metadata
        )
        return await async_send(plan, client, request_options)

    def get_document(
        self,
        name: str,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Document:
        """Return a document.

        Args:
            name: Its name or the last part of it.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: It is no name of a document.
        """
        client = self._from(client)
        plan = documents.getting(backend_of(client), name, self.name)
        return sync_send(plan, client, request_options)

    async def get_document_async(
        self,
        name: str,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Document:
        """Return a document; see `get_document`."""
        client = self._from(client)
        plan = documents.getting(backend_of(client), name, self.name)
        return await async_send(plan, client, request_options)

    def list_documents(
        self,
        page_size: int | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Iterator[Document]:
        """Return the documents one after the other, the oldest first.

        Args:
            page_size: How many one call fetches; the next is made when they are used up.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: The page size cannot be used.
        """
        client = self._from(client)
        plan = documents.listing(backend_of(client), self.name, page_size)
        return sync_items(plan, client, request_options)

    def list_documents_async(
        self,
        page_size: int | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> AsyncIterator[Document]:
        """Return the documents one after the other, the oldest first; see `list_documents`."""
        client = self._from(client)
        plan = documents.listing(backend_of(client), self.name, page_size)
        return async_items(plan, client, request_options)

    def delete_document(
        self,
        name: str,
        force: bool = False,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> None:
        """Delete a document.

        Args:
            name: Its name or the last part of it.
            force: Delete the passages in it too; without, a document that has some is refused.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: It is no name of a document.
            FailedPrecondition: There are passages in it.
        """
        client = self._from(client)
        plan = documents.deleting(backend_of(client), name, force, self.name)
        sync_send(plan, client, request_options)

    async def delete_document_async(
        self,
        name: str,
        force: bool = False,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> None:
        """Delete a document; see `delete_document`."""
        client = self._from(client)
        plan = documents.deleting(backend_of(client), name, force, self.name)
        await async_send(plan, client, request_options)


def creating(backend: Backend, name: object, display_name: object) -> Plan[Corpus]:
    """Decide the call that makes a corpus."""
    method = backend.method("CreateCorpus")
    full = None if name is None else names.CORPUS.full(name, "name")
    return Plan(method, {"corpus": {"name": full, "display_name": display_name}}, Corpus.of)


def getting(backend: Backend, name: object) -> Plan[Corpus]:
    """Decide the call that gets one."""
    method = backend.method("GetCorpus")
    return Plan(method, {"name": names.CORPUS.full(name, "name")}, Corpus.of)


def listing(backend: Backend, page_size: int | None) -> Plan[Corpus]:
    """Decide the call that lists them."""
    return Plan(backend.method("ListCorpora"), page(page_size), Corpus.of)


def deleting(backend: Backend, name: object, force: bool) -> Plan[None]:
    """Decide the call that deletes one."""
    method = backend.method("DeleteCorpus")
    return Plan(method, {"name": names.CORPUS.full(name, "name"), "force": force}, nothing)
